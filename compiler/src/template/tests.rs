use super::*;

/// The pieces written plainly and the kinds of problems.
fn outcome(text: &str) -> (Vec<String>, Vec<(ProblemKind, &str)>) {
    let mut problems = Vec::new();
    let pieces = parse(text, |problem| problems.push((problem.kind, problem.range)));
    let mut at = 0;
    let plain = pieces
        .iter()
        .map(|piece| {
            let range = match piece {
                Piece::Text(range) => range,
                Piece::Placeholder(placeholder) => &placeholder.range,
            };
            assert_eq!(range.start, at, "the pieces of {text} have a gap");
            at = range.end;
            match piece {
                Piece::Text(range) => text[range.clone()].to_owned(),
                Piece::Placeholder(placeholder) => plain(text, &placeholder.token),
            }
        })
        .collect();
    assert_eq!(at, text.len(), "the pieces of {text} end early");
    (plain, problems.into_iter().map(|(kind, range)| (kind, &text[range])).collect())
}

fn plain(text: &str, token: &Token<'_>) -> String {
    let name = |name: &Name<'_>| {
        assert_eq!(&text[name.range.clone()], name.text);
        name.text.to_owned()
    };
    match token {
        Token::Bare(bare) => format!("<{}>", name(bare)),
        Token::Prefixed { prefix, rest } => format!("<{}|{}>", name(prefix), name(rest)),
        Token::Function { name: function, arguments } => {
            let arguments: Vec<String> = arguments.iter().map(name).collect();
            format!("<{}({})>", name(function), arguments.join("|"))
        }
    }
}

#[track_caller]
fn pieces(text: &str, expected: &[&str]) {
    let (found, problems) = outcome(text);
    assert_eq!(found, expected, "{text}");
    assert_eq!(problems, [], "{text}");
}

#[track_caller]
fn stays(text: &str, kind: ProblemKind, at: &str) {
    assert_eq!(outcome(text), (vec![text.to_owned()], vec![(kind, at)]));
}

#[test]
fn text_without_placeholders_is_one_piece() {
    pieces("", &[]);
    pieces("plain $ { } $x {y}", &["plain $ { } $x {y}"]);
}

#[test]
fn placeholders_are_told_apart() {
    pieces("/a/${id}?b=${csv.users.first name}", &["/a/", "<id>", "?b=", "<csv|users.first name>"]);
    pieces("${VAR.x}${y}", &["<VAR|x>", "<y>"]);
    pieces("${ var.x }", &["<var|x>"]);
    pieces("${x|d}", &["<x|d>"]);
    pieces("${var.x}}", &["<var|x>", "}"]);
    pieces("$${x} \\${x}", &["$", "<x>", " \\", "<x>"]);
}

#[test]
fn functions_take_arguments() {
    pieces("${uuid()}${UUID( )}", &["<uuid()>", "<UUID()>"]);
    pieces("${randint( 1 , -5 )}", &["<randint(1|-5)>"]);
    pieces(r#"${f("a, b", 'c', d.e)}"#, &[r#"<f("a, b"|'c'|d.e)>"#]);
    pieces("${f(1,)}", &["<f(1|)>"]);
    pieces("${f(it's, 2)}", &["<f(it's|2)>"]);
}

#[test]
fn arguments_may_hold_placeholders_and_braces() {
    pieces("a${f(${x}, y-${g(1)})}b", &["a", "<f(${x}|y-${g(1)})>", "b"]);
    pieces(r#"${f({"a": {}})}"#, &[r#"<f({"a": {}})>"#]);
}

#[test]
fn parentheses_that_do_not_match_end_at_the_first_brace() {
    pieces("${f((, [1,2)}}", &["<f((|[1|2)>", "}"]);
}

#[test]
fn a_part_of_a_text_has_the_places_of_the_whole() {
    let text = "${f(a${x}, ${y})}";
    let pieces = parse_part(text, 4..9, |problem| panic!("{problem:?}"));
    let Some([Piece::Text(Range { start: 4, end: 5 }), Piece::Placeholder(inner)]) =
        pieces.as_array()
    else {
        panic!("{pieces:?}");
    };
    assert_eq!(&text[inner.range.clone()], "${x}");
}

#[test]
fn what_only_resembles_a_function_is_a_name() {
    pieces("${f(1) }", &["<f(1)>"]);
    pieces("${f(1)x}", &["<f(1)x>"]);
    pieces("${2f()}", &["<2f()>"]);
    pieces("${()}", &["<()>"]);
    pieces("${var.f()}", &["<var|f()>"]);
}

#[test]
fn malformed_placeholders_stay_text() {
    stays("a ${var.x", ProblemKind::Unterminated, "${var.x");
    stays("a ${} b", ProblemKind::Empty, "${}");
    stays("${  }", ProblemKind::Empty, "${  }");
    stays("${var.}", ProblemKind::Empty, "${var.}");
    stays("${.x}", ProblemKind::Empty, "${.x}");
    stays("${var.${var.x}}", ProblemKind::Nested, "${var.${var.x}");
    stays("${a b ${c}", ProblemKind::Unterminated, "${a b ");
    stays("${upper(${x)}", ProblemKind::Unterminated, "${upper(");
    stays("${var.f(${x})}", ProblemKind::Nested, "${var.f(${x}");
}

#[test]
fn after_a_malformed_placeholder_the_next_one_counts() {
    let (found, problems) = outcome("${} ${x} ${");
    assert_eq!(found, ["${} ", "<x>", " ${"]);
    assert_eq!(problems, [(ProblemKind::Empty, "${}"), (ProblemKind::Unterminated, "${")]);
}

#[test]
fn names_may_be_of_any_script() {
    pieces("${\u{dc}ber.sch\u{f6}n}", &["<\u{dc}ber|sch\u{f6}n>"]);
    pieces("${\u{3000}x\u{a0}}", &["<x>"]);
}
