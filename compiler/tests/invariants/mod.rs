//! What holds for any input of the front end, checked by the mutation tests and the
//! fuzz targets alike.

use ld_compiler::diag::{self, Diagnostic, Severity, Source, Span, render};
use ld_compiler::json::{self, Kind, Node};
use ld_compiler::template::{self, Piece, Token};
use ld_compiler::{NoFiles, Options, compile};
use ld_vm::format;
use ld_vm::verify::verify;
use serde_json::Value;

/// Reads `text` as JSON, as a template and as a plan.
pub(crate) fn check(text: &str) {
    check_json(text);
    check_template(text);
    check_compile(text);
}

/// There is a program or a reason, and the program is one the machine accepts.
pub(crate) fn check_compile(text: &str) {
    check_compile_named("plan.json", text);
}

/// The same for the notation that the name's extension stands for.
pub(crate) fn check_compile_named(name: &str, text: &str) {
    let source = Source::new(name, text);
    for optimise in [true, false] {
        let compiled = compile(&source, &Options { optimise, files: &NoFiles, ..Options::new() });
        let errors = compiled.diagnostics.iter().any(|d| d.severity == Severity::Error);
        assert_eq!(compiled.program.is_none(), errors, "{:?}", compiled.diagnostics);
        for problem in &compiled.diagnostics {
            for label in &problem.labels {
                assert!(text.get(label.span.range()).is_some(), "{problem:?} cuts a character");
            }
        }
        if let Some(program) = compiled.program {
            assert_eq!(verify(&program), Ok(()), "the machine refuses what was compiled");
            assert_eq!(format::read(&format::write(&program)), Ok(program));
        }
    }
}

/// Places are in the text, problems print, and JSON is what another parser says it is.
pub(crate) fn check_json(text: &str) {
    let mut problems = Vec::new();
    let root = json::parse(text, &mut problems);
    check_node(text, &root, Span::new(0, text.len() as u32));
    check_problems(text, &problems);

    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    assert!(errors > 0 || !has_invalid(&root), "something is invalid and nothing says why");
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            assert_eq!(errors, 0, "valid JSON is refused: {problems:?}");
            assert!(equal(&root, &value), "{root:?} is not {value}");
        }
        Err(error) => assert!(
            !problems.is_empty() || text.starts_with('\u{feff}'),
            "nothing is said about JSON that is wrong: {error}"
        ),
    }
}

fn check_node(text: &str, node: &Node<'_>, within: Span) {
    assert!(text.get(node.span.range()).is_some(), "{:?} cuts a character", node.span);
    assert!(
        within.start <= node.span.start && node.span.end <= within.end,
        "a value leaves its list"
    );
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| check_node(text, item, node.span)),
        Kind::Object(members) => {
            for (index, member) in members.iter().enumerate() {
                assert!(text.get(member.key.span.range()).is_some(), "a key cuts a character");
                let twice = members.iter().skip(index + 1).any(|m| m.key.text == member.key.text);
                assert!(!twice, "the key {} is there twice", member.key.text);
                check_node(text, &member.value, node.span);
            }
        }
        Kind::String(string) => check_locate(text, node.span, string),
        Kind::Number(number) => assert!(number.as_f64().is_finite(), "{}", number.text()),
        Kind::Null | Kind::Bool(_) | Kind::Invalid => {}
    }
}

/// The places of the characters of a text follow each other in the file.
fn check_locate(text: &str, span: Span, string: &str) {
    let mut end = span.start;
    for (offset, char) in string.char_indices().take(64) {
        let place = json::Locator::new(text, span).locate(&(offset..offset + char.len_utf8()));
        assert!(text.get(place.range()).is_some(), "{place:?} cuts a character");
        assert!(end <= place.start && place.end <= span.end, "{place:?} is out of order");
        assert!(!place.is_empty(), "no place for {char:?} in {:?}", text.get(span.range()));
        end = place.end;
    }
}

fn check_problems(text: &str, problems: &[Diagnostic]) {
    assert!(problems.len() <= json::MAX_PROBLEMS + 2, "{} problems", problems.len());
    for problem in problems {
        assert!(problem.span().is_some(), "{problem:?} has no place");
        for label in &problem.labels {
            assert!(text.get(label.span.range()).is_some(), "{problem:?} cuts a character");
        }
    }
    let mut sorted = problems.to_vec();
    diag::sort(&mut sorted);
    sorted.truncate(8);
    let source = Source::new("plan.json", text);
    let printed = render::text(&sorted, &source, render::Style::default());
    let headers = printed.lines().filter(|l| l.starts_with("error[") || l.starts_with("warning["));
    assert!(headers.count() >= sorted.len(), "a problem is not printed");
    assert!(
        !printed.contains(|c: char| c.is_control() && c != '\n'),
        "a control character is printed"
    );
    assert_eq!(render::json(&sorted, &source).lines().count(), sorted.len());
    assert_eq!(render::github(&sorted, &source).lines().count(), sorted.len());
}

fn has_invalid(node: &Node<'_>) -> bool {
    match &node.kind {
        Kind::Invalid => true,
        Kind::Array(items) => items.iter().any(has_invalid),
        Kind::Object(members) => members.iter().any(|member| has_invalid(&member.value)),
        _ => false,
    }
}

fn equal(node: &Node<'_>, value: &Value) -> bool {
    match (&node.kind, value) {
        (Kind::Null, Value::Null) => true,
        (Kind::Bool(a), Value::Bool(b)) => a == b,
        (Kind::Number(a), Value::Number(b)) => match (b.as_i64(), b.as_u64(), b.as_f64()) {
            (Some(b), _, _) => a.as_i64() == Some(b) || a.as_f64() == b as f64,
            (_, Some(b), _) => a.as_u64() == Some(b),
            // The other parser may be off by one in the last digit.
            (_, _, Some(b)) => (a.as_f64() - b).abs() <= b.abs() * 1e-15,
            _ => false,
        },
        (Kind::String(a), Value::String(b)) => a == b,
        (Kind::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Kind::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|a| b.get(&*a.key.text).is_some_and(|b| equal(&a.value, b)))
        }
        _ => false,
    }
}

/// The pieces cover the text, and what is a placeholder is what a plain reading of the
/// grammar says.
pub(crate) fn check_template(text: &str) {
    let mut problems = Vec::new();
    let pieces = template::parse(text, |problem| problems.push(problem));
    let mut at = 0;
    let mut placeholders = Vec::new();
    let mut after_text = false;
    for piece in &pieces {
        let is_text = matches!(piece, Piece::Text(_));
        let range = match piece {
            Piece::Text(range) => range,
            Piece::Placeholder(placeholder) => {
                placeholders.push(&text[placeholder.range.clone()]);
                check_token(text, &placeholder.token);
                &placeholder.range
            }
        };
        assert_eq!(range.start, at, "the pieces have a gap");
        assert!(range.end > at, "a piece is empty");
        assert!(!(after_text && is_text), "two texts stand next to each other");
        after_text = is_text;
        at = range.end;
    }
    assert_eq!(at, text.len(), "the pieces end early");
    for problem in &problems {
        assert!(text.get(problem.range.clone()).is_some(), "{problem:?} cuts a character");
    }
    // Calls may hold braces; where they end is told by rules of their own.
    if !text.contains('(') {
        assert_eq!(placeholders, expected_placeholders(text));
    }
}

fn check_token(text: &str, token: &Token<'_>) {
    let names = match token {
        Token::Bare(name) => vec![name],
        Token::Prefixed { prefix, rest } => vec![prefix, rest],
        Token::Function { name, arguments } => {
            for argument in arguments {
                assert!(text.get(argument.range.clone()).is_some(), "an argument cuts a character");
            }
            vec![name]
        }
    };
    for name in names {
        assert_eq!(text.get(name.range.clone()), Some(name.text));
        assert!(!name.text.is_empty(), "a name is empty");
    }
}

fn expected_placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}').map(|length| start + length) else { break };
        let body = rest[start + 2..end].trim();
        let dotted = body.split_once('.').is_some_and(|(a, b)| a.is_empty() || b.is_empty());
        if !body.is_empty() && !body.contains("${") && !dotted {
            found.push(&rest[start..=end]);
        }
        rest = &rest[end + 1..];
    }
    found
}
