//! YAML as JSON values.

use ld_stdlib::notation::yaml;
use ld_stdlib::template::{Tree, TreeKind};
use serde_json::{Number, Value};

use crate::source::{Failure, Source};

/// Reads a document.
///
/// # Errors
/// What is wrong with it, and the line.
pub(crate) fn parse(source: &Source) -> Result<Value, Failure> {
    yaml::parse_foreign(&source.text).map(value).map_err(|problems| {
        // The notation ends at the first.
        let first = problems.into_iter().next();
        let (at, message) = first.map_or_else(
            || (0, "this is no YAML".to_owned()),
            |problem| (problem.span.start as usize, problem.message),
        );
        Failure::new(&format!("{}:{}", source.name, source.line(at)), message)
    })
}

fn value(tree: Tree) -> Value {
    match tree.kind {
        TreeKind::Null => Value::Null,
        TreeKind::Bool(flag) => Value::Bool(flag),
        TreeKind::Int(number) => Value::from(number),
        TreeKind::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        TreeKind::Json(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        TreeKind::Text(text) => {
            let bytes = text.constant().unwrap_or_default();
            Value::String(String::from_utf8_lossy(&bytes).into_owned())
        }
        TreeKind::List(items) => items.into_iter().map(value).collect(),
        TreeKind::Map(members) => {
            members.into_iter().map(|member| (member.name, value(member.value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, Failure> {
        parse(&Source::new("x.yaml", text.as_bytes(), Path::new("")).unwrap())
    }

    #[test]
    fn values_are_those_of_the_core_schema_with_aliases_and_merges() {
        assert_eq!(
            read("[1, 0x1F, 1.5, yes, 2026-11-22, ~, '1', !!str 5, true]").unwrap(),
            json!([1, 31, 1.5, "yes", "2026-11-22", null, "1", "5", true])
        );
        assert_eq!(
            read("a: &x {k: 1}\nb: *x\nc: {<<: *x, k: 2, l: 3}\n200: {<<: [*x]}").unwrap(),
            json!({"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 2, "l": 3}, "200": {"k": 1}})
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, message) in [
            ("a: 1\na: 2", 2, "`a` is here twice"),
            ("a: &x [*x]", 1, "this alias stands inside of what it repeats"),
            ("a: 1\n---\nb: 2", 2, "this is one document, and here begins another"),
        ] {
            let failure = read(text).unwrap_err();
            assert_eq!(
                (failure.place, failure.message),
                (format!("x.yaml:{line}"), message.into())
            );
        }
        assert!(read("a: [1, 2\nb: 3").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn few_lines_cannot_stand_for_more_than_memory_holds() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert!(read(&text).unwrap_err().message.contains("more than"));
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
    }
}
