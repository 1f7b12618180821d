use super::*;
use crate::diag::Code;

fn read(text: &str) -> (Node<'_>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let node = parse(text, &mut problems);
    (node, problems)
}

/// The codes found, and the tree written plainly.
fn outcome(text: &str) -> (String, Vec<Code>) {
    let (node, problems) = read(text);
    (plain(&node), problems.iter().map(|problem| problem.code).collect())
}

fn plain(node: &Node<'_>) -> String {
    let list = |items: Vec<String>| items.join(",");
    match &node.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.text().into(),
        Kind::String(text) => format!("{text:?}"),
        Kind::Array(items) => format!("[{}]", list(items.iter().map(plain).collect())),
        Kind::Object(members) => {
            let member = |m: &Member<'_>| format!("{}:{}", m.key.text, plain(&m.value));
            format!("{{{}}}", list(members.iter().map(member).collect()))
        }
        Kind::Invalid => "?".into(),
    }
}

#[track_caller]
fn check(text: &str, tree: &str, codes: &[Code]) {
    assert_eq!(outcome(text), (tree.to_owned(), codes.to_vec()), "{text}");
}

#[test]
fn json_is_read_without_a_word() {
    check(
        " {\"a\": [1, -2.5e3, true, false, null, \"x\\n\"], \"b\": {}, \"c\": []}\n",
        r#"{a:[1,-2.5e3,true,false,null,"x\n"],b:{},c:[]}"#,
        &[],
    );
    check("\u{feff}[]", "[]", &[]);
    check("5", "5", &[]);
}

#[test]
fn spans_cover_values_with_quotes_and_keys_without() {
    let text = r#"{"ab": [ 12, "c\u00e9" ]}"#;
    let (node, _) = read(text);
    let member = node.get("ab").expect("the member");
    let slice = |span: Span| &text[span.range()];
    assert_eq!(slice(node.span), text);
    assert_eq!(slice(member.key.span), "ab");
    assert_eq!(slice(member.value.span), r#"[ 12, "c\u00e9" ]"#);
    let items = member.value.as_array().expect("a list");
    assert_eq!(slice(items[0].span), "12");
    assert_eq!(slice(items[1].span), r#""c\u00e9""#);
    assert_eq!(items[1].as_str(), Some("c\u{e9}"));
}

#[test]
fn texts_without_escapes_are_borrowed() {
    let (node, _) = read(r#"["plain", "esc\taped"]"#);
    let items = node.as_array().expect("a list");
    assert!(matches!(items[0].kind, Kind::String(Cow::Borrowed(_))));
    assert!(matches!(items[1].kind, Kind::String(Cow::Owned(_))));
}

#[test]
fn a_missing_comma_costs_nothing_else() {
    check(r#"{"a": 1 "b": 2}"#, "{a:1,b:2}", &[Code::MissingComma]);
    check("[1 2\n3]", "[1,2,3]", &[Code::MissingComma; 2]);
    check("[1; 2]", "[1,2]", &[Code::MissingComma]);
    check(r#"[{} {}]"#, "[{},{}]", &[Code::MissingComma]);
}

#[test]
fn a_missing_colon_or_value_costs_nothing_else() {
    check(r#"{"a" 1, "b": 2}"#, "{a:1,b:2}", &[Code::MissingColon]);
    check(r#"{"a" = 1, "b" => 2}"#, "{a:1,b:2}", &[Code::MissingColon; 2]);
    check(r#"{"a", "b": 2}"#, "{a:?,b:2}", &[Code::MissingColon]);
    check(r#"{"a": , "b": }"#, "{a:?,b:?}", &[Code::MissingValue; 2]);
}

#[test]
fn keys_and_texts_in_the_wrong_clothes_are_understood() {
    check("{a: 1, b_2: 2}", "{a:1,b_2:2}", &[Code::BadKey; 2]);
    check("{'a': 'it\\\\s'}", r#"{a:"it\\s"}"#, &[Code::WrongQuotes; 2]);
    check("[\u{201c}a\u{201d}]", r#"["a"]"#, &[Code::WrongQuotes]);
    check("{: 1, \"b\": 2}", "{b:2}", &[Code::BadKey]);
    check("{[1], \"b\": 2}", "{b:2}", &[Code::BadKey]);
    check("[get, http://a/b]", r#"["get","http://a/b"]"#, &[Code::UnquotedText; 2]);
    check("[True, None]", "[true,null]", &[Code::UnquotedText; 2]);
    check(r#"{"m": get", "u": 1}"#, r#"{m:"get",u:1}"#, &[Code::UnquotedText]);
}

#[test]
fn a_missing_closing_quote_ends_the_text_where_it_was_meant_to_end() {
    check("{\"a\": \"x,\n\"b\": 2}", r#"{a:"x",b:2}"#, &[Code::UnterminatedString]);
    check("[{\"a\": \"x},\n1]", r#"[{a:"x"},1]"#, &[Code::UnterminatedString]);
    check(r#"{"a: "x", "b": 2}"#, r#"{a:"x",b:2}"#, &[Code::UnterminatedString]);
    check(r#"{"a": "x, "b": 2}"#, r#"{a:"x",b:2}"#, &[Code::UnterminatedString]);
    check("[\"abc", "[\"abc\"]", &[Code::UnterminatedString, Code::UnclosedBracket]);
}

#[test]
fn a_text_over_two_lines_is_one_text() {
    check("[\"one\ntwo\", 3]", r#"["one\ntwo",3]"#, &[Code::ControlCharacter]);
}

#[test]
fn a_bracket_of_the_wrong_kind_is_told_from_a_missing_one() {
    check(r#"{"a": [1, 2}, "b": 3}"#, "{a:[1,2],b:3}", &[Code::MismatchedBracket]);
    check(r#"[{"a": [1, 2}, {"b": 3}]"#, "[{a:[1,2]},{b:3}]", &[Code::UnclosedBracket]);
    check(r#"{"a": [[1, 2}"#, "{a:[[1,2]]}", &[Code::UnclosedBracket]);
    check("[1, 2}", "[1,2]", &[Code::MismatchedBracket]);
    check(r#"[{"a": 1]"#, "[{a:1}]", &[Code::UnclosedBracket]);
    check("[[1, 2", "[[1,2]]", &[Code::UnclosedBracket]);
    check("[1]]", "[1]", &[Code::MismatchedBracket]);
}

#[test]
fn comments_and_trailing_commas_are_linted_once() {
    let text = "// a\n[1, /* b */ 2, [3,],\n]";
    check(text, "[1,2,[3]]", &[Code::Comment, Code::TrailingComma]);
    let (_, problems) = read(text);
    assert_eq!(problems[0].notes, ["there are 2 of them in this file"]);
    check("[1] /* x", "[1]", &[Code::UnterminatedComment]);
}

#[test]
fn commas_without_items_are_reported() {
    check("[,1,,2]", "[1,2]", &[Code::ExtraComma; 2]);
    check("{,\"a\":1}", "{a:1}", &[Code::ExtraComma]);
    check("[,]", "[]", &[Code::ExtraComma]);
}

#[test]
fn of_equal_keys_the_last_counts() {
    check(r#"{"a": 1, "b": 2, "a": 3, "a": 4}"#, "{b:2,a:4}", &[Code::DuplicateKey; 2]);
    let many: Vec<String> = (0..40).map(|n| format!("\"k{}\": {n}", n % 30)).collect();
    let text = format!("{{{}}}", many.join(","));
    let (node, problems) = read(&text);
    assert_eq!(problems.len(), 10);
    assert_eq!(node.as_object().map(<[_]>::len), Some(30));
    let value = node.get("k5").and_then(|m| m.value.as_number()).and_then(Number::as_i64);
    assert_eq!(value, Some(35));
}

#[test]
fn numbers_json_does_not_know_are_explained() {
    check("[+1, 007, .5, 30s]", "[1,7,.5,30]", &[Code::BadNumber; 4]);
    check("[NaN, -Infinity, 1e999, 0x10]", "[?,?,?,?]", &[Code::BadNumber; 4]);
}

#[test]
fn nesting_beyond_the_limit_is_skipped() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert_eq!(outcome(&deep(MAX_DEPTH)).1, []);
    assert_eq!(outcome(&deep(MAX_DEPTH + 1)).1, [Code::TooDeep]);
    let (tree, codes) = outcome(&format!("[{}, 7]", deep(100_000)));
    assert!(tree.ends_with(",7]"));
    assert_eq!(codes, [Code::TooDeep]);
    assert_eq!(outcome(&"[{\"a\":".repeat(100_000)).1, [Code::TooDeep, Code::UnclosedBracket]);
}

#[test]
fn what_is_not_a_document_is_said_so() {
    check("", "?", &[Code::EmptyDocument]);
    check(" \n// only this\n", "?", &[Code::EmptyDocument, Code::Comment]);
    check("]", "?", &[Code::MismatchedBracket]);
    check("[1] [2]", "[1]", &[Code::TextAfterEnd]);
    check("[1], [2]", "[1]", &[Code::ExtraComma]);
}

#[test]
fn one_mistake_is_one_problem_and_the_next_line_is_checked_again() {
    check("[1 @ 2 % 3 =\n, 4 @]", "[1,2,3,4]", &[Code::UnexpectedCharacter; 2]);
    check("# hm\n[1]", "[1]", &[Code::UnexpectedCharacter]);
    check("[1,\u{a0}2]", "[1,2]", &[Code::UnexpectedCharacter]);
}

#[test]
fn the_list_of_problems_ends() {
    let (_, problems) = read(&format!("[{}]", "+1,\n".repeat(100_000)));
    assert_eq!(problems.len(), MAX_PROBLEMS + 1, "and the lint for the last comma");
    assert_eq!(problems[MAX_PROBLEMS - 1].code, Code::TooManyProblems);
}
