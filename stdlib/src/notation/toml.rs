//! TOML, by the `toml` crate.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{MAX_DEPTH, Parsed, Problem, span, tree};
use crate::template::{Member, Template, Tree, TreeKind};

/// Reads a document.
///
/// # Errors
/// What is wrong with it. Of several problems of the notation only the first is told: most others
/// come of it.
pub fn parse(text: &str) -> Parsed {
    let root = DeTable::parse(text).map_err(|error| {
        let range = error.span().unwrap_or_default();
        vec![Problem::new(span(range.start, range.end), error.message())]
    })?;
    let mut problems = Vec::new();
    let place = span(root.span().start, root.span().end);
    let kind = table(root.get_ref(), 1, &mut problems);
    if problems.is_empty() { Ok(tree(place, kind)) } else { Err(problems) }
}

fn table(table: &DeTable<'_>, depth: usize, problems: &mut Vec<Problem>) -> TreeKind {
    let members = table.iter().map(|(key, item)| Member {
        name: key.get_ref().to_string(),
        name_span: span(key.span().start, key.span().end),
        value: value(item, depth, problems),
    });
    TreeKind::Map(members.collect())
}

fn value(item: &Spanned<DeValue<'_>>, depth: usize, problems: &mut Vec<Problem>) -> Tree {
    let place = span(item.span().start, item.span().end);
    let mut refuse = |message: &str| {
        problems.push(Problem::new(place, message));
        TreeKind::Null
    };
    let kind = match item.get_ref() {
        _ if depth >= MAX_DEPTH => refuse("this is nested too deeply"),
        DeValue::String(text) => TreeKind::Text(Template::text(text.as_bytes())),
        DeValue::Boolean(flag) => TreeKind::Bool(*flag),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => TreeKind::Int(number),
            Err(_) => refuse("this number has more than 64 bits"),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => TreeKind::Float(number),
            _ => refuse("this is not a number that JSON could write"),
        },
        // What has a type of its own in TOML is text everywhere else.
        DeValue::Datetime(time) => TreeKind::Text(Template::text(time.to_string())),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| value(item, depth + 1, problems));
            TreeKind::List(items.collect())
        }
        DeValue::Table(inner) => table(inner, depth + 1, problems),
    };
    tree(place, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let tree = parse(text).unwrap();
        String::from_utf8(tree.to_json().constant().unwrap()).unwrap()
    }

    #[test]
    fn values_are_those_of_json() {
        let text =
            "b = 0x1F\na = [1, 2.5, \"x\", true, {k = 1_000}]\nd = 2026-11-22\n[t.u]\nv = 'w'";
        assert_eq!(
            json(text),
            r#"{"b": 31, "a": [1, 2.5, "x", true, {"k": 1000}], "d": "2026-11-22", "t": {"u": {"v": "w"}}}"#
        );
    }

    #[test]
    fn problems_have_their_places() {
        for (text, at) in [("a = 1\nb = \n", "\n"), ("a = 1\na = 2\n", "a"), ("a = nan", "nan")] {
            let problems = parse(text).unwrap_err();
            let range = problems[0].span.range();
            assert!(range.start > 0 && text[range.clone()].len() <= 3, "{text:?}: {problems:?}");
            assert!(text[range].contains(at) || at == "\n", "{text:?}: {problems:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(&deep).is_err());
        let fine = format!("a = {}{}", "[".repeat(50), "]".repeat(50));
        assert!(parse(&fine).is_ok());
    }
}
