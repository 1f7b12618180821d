use ld_stdlib::operators::OPERATORS;

use super::{Expr, Kind, parse};
use crate::ir::Const;
use crate::{Options, Source};

/// The parts of an expression as nested calls.
fn shape(text: &str) -> String {
    fn write(expr: &Expr, text: &str) -> String {
        match &expr.kind {
            Kind::Const(Const::Text(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
            Kind::Const(value) => {
                let mut out = Vec::new();
                value.value().write_text(&mut out);
                String::from_utf8(out).unwrap()
            }
            Kind::Placeholder | Kind::Name => text[expr.range.clone()].to_owned(),
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| write(item, text)).collect();
                format!("[{}]", items.join(" "))
            }
            Kind::Call { name, arguments, .. } => {
                let mut words = vec![name.clone()];
                words.extend(arguments.iter().map(|argument| write(argument, text)));
                format!("({})", words.join(" "))
            }
        }
    }
    write(&parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")), text)
}

#[test]
fn operators_bind_as_everywhere() {
    for (text, expected) in [
        ("a + b * c", "(+ a (* b c))"),
        ("a - b - c", "(- (- a b) c)"),
        ("not a == b and c or d", "(or (and (not (== a b)) c) d)"),
        ("-a + 1", "(+ (negate a) 1)"),
        ("(a or b) and c", "(and (or a b) c)"),
        ("a && !b || c", "(or (and a (not b)) c)"),
        ("x not in [1, 'b']", "(not (in x [1 \"b\"]))"),
        ("x =~ '^a' and y matches \"b\"", "(and (matches x \"^a\") (matches y \"b\"))"),
        ("len(csv.users.name) >= 1.5e1", "(>= (len csv.users.name) 15.0)"),
        ("${a.b} != ${uuid()}", "(!= ${a.b} ${uuid()})"),
        ("order == android", "(== order android)"),
        (r#"'it\'s' + "\n""#, r#"(+ "it's" "\n")"#),
        ("true == False", "(== true false)"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_expression_says_where() {
    for (text, at, message) in [
        ("a = b", 2, "`=` does not belong here"),
        ("a ==", 4, "the expression ends too early"),
        ("", 0, "the expression ends too early"),
        ("(a", 2, "the expression ends too early"),
        ("a b", 2, "`b` does not belong here"),
        ("1 + * 2", 4, "`*` does not belong here"),
        ("'open", 0, "`'` does not belong here"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.range.start, error.message.as_str()), (at, message), "{text}");
    }
    assert!(parse(&"(".repeat(100_000)).is_err());
    assert!(parse(&"!".repeat(8000)).is_err());
    assert!(parse(&"a".repeat(9000)).is_err());
}

/// What an expression of constants gives, found by compiling it.
fn value(expression: &str) -> String {
    let plan = serde_json::json!([["LD_start_test", {
        "user_detail_dict": {"user": "fast_http_user"},
        "host": "http://127.0.0.1:1",
        "tasks": [
            {"set": {"result": {"expr": expression}}},
            {"method": "get", "request_url": "/${result}"},
        ],
    }]]);
    let compiled = crate::compile(&Source::new("plan.json", plan.to_string()), &Options::new());
    let problems: Vec<_> = compiled.diagnostics.iter().map(|problem| &problem.message).collect();
    let program = compiled.program.unwrap_or_else(|| panic!("{expression}: {problems:?}"));
    let listing = crate::listing(&program);
    let set = listing.lines().find(|line| line.contains("  set result ")).unwrap();
    let inside = set.split_once("{call value ").unwrap().1.rsplit_once("} ").unwrap().0;
    inside.trim_matches('"').to_owned()
}

#[test]
fn examples_of_operators_are_true_and_computed_before_the_run() {
    for operator in OPERATORS {
        for (expression, expected) in operator.examples {
            assert_eq!(value(expression), *expected, "{expression}");
        }
    }
}
