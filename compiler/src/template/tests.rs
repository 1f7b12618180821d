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
            let arguments: Vec<String> =
                arguments.iter().map(|argument| format!("{:?}", argument.value)).collect();
            format!("<{}({})>", name(function), arguments.join(","))
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
    pieces("${randint( 1 , -5 )}", &["<randint(Integer(1),Integer(-5))>"]);
    pieces(r#"${f("a, b", 'c', d.e)}"#, &[r#"<f(Quoted("a, b"),Quoted("c"),Bare("d.e"))>"#]);
    pieces("${f(1,)}", &[r#"<f(Integer(1),Bare(""))>"#]);
    pieces("${f(it's, 2)}", &[r#"<f(Bare("it's"),Integer(2))>"#]);
    pieces("${f(99999999999999999999)}", &[r#"<f(Bare("99999999999999999999"))>"#]);
    pieces("${f('a)}", &[r#"<f(Bare("'a"))>"#]);
}

#[test]
fn what_only_resembles_a_function_is_a_name() {
    pieces("${f(1) }", &["<f(Integer(1))>"]);
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
