//! `regex`: what a group of a regular expression matches in the body.

use ld_vm::link::{ExtractFn, Tools};
use ld_vm::{Needs, Value};
use regex::bytes::{Captures, Regex};

use super::wanted::{MATCH, position};
use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, PATTERN, text};
use crate::field::{Field, Shape};
use crate::late::Late;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "regex",
    fields: &[
        PATTERN,
        Field::new(
            "group",
            Shape::Either(&[Shape::Integer { min: 0, max: 1000 }, Shape::ConstantText]),
            "The group, by number or name; 0 is all that matches.",
            "2",
        )
        .default("1, or 0 when there is no group"),
        MATCH,
    ],
    needs: Needs::PAYLOAD,
    doc: "What a group of a regular expression matches in the body, as text.",
    examples: &[
        Example {
            plan: r#"{"var": "id", "from": "regex", "pattern": "order (\\d+)"}"#,
            reply: ExampleReply::body("order 17, order 18"),
            found: Some(r#""17""#),
        },
        Example {
            plan: r#"{"var": "id", "from": "regex", "pattern": "order \\d+", "match": 2}"#,
            reply: ExampleReply::body("order 17, order 18"),
            found: Some(r#""order 18""#),
        },
        Example {
            plan: r#"{"var": "ids", "from": "regex", "pattern": "(?<what>\\w+) (?<id>\\d+)", "group": "id", "match": -1}"#,
            reply: ExampleReply::body("order 17, order 18"),
            found: Some(r#"["17","18"]"#),
        },
        Example {
            plan: r#"{"var": "id", "from": "regex", "pattern": "order (\\d+)"}"#,
            reply: ExampleReply::body("no orders"),
            found: None,
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    let pattern = Late::<Regex>::new(operand(operands, 0))?;
    if let Some(regex) = pattern.known() {
        Group::of(operand(operands, 1), regex)?;
    }
    Ok(Box::new(move |operands, reply, tools, result| {
        let Tools { rng, kept } = tools;
        // A pattern that turns out to be none, or to lack the group, finds nothing.
        let _ = pattern.with(operand(operands, 0), kept, |regex, _| {
            let group = Group::of(operand(operands, 1), regex)?;
            let asked = operand(operands, 2);
            let matches = || regex.captures_iter(reply.payload);
            let count = if asked == Value::Int(0) { matches().count() } else { 0 };
            match position(asked, count, rng) {
                Some(position) => {
                    let found = matches().nth(position);
                    if let Some(found) = found.as_ref().and_then(|found| group.get(found)) {
                        result.set(Value::Text(found));
                    }
                }
                None => {
                    let all = matches();
                    let all: Vec<_> = all
                        .filter_map(|found| group.get(&found).map(String::from_utf8_lossy))
                        .collect();
                    if !all.is_empty() {
                        result.set(Value::Json(&serde_json::to_vec(&all).unwrap_or_default()));
                    }
                }
            }
            Ok::<(), String>(())
        });
    }))
}

/// A group of a pattern that is known to have it, by its number.
struct Group(usize);

impl Group {
    fn of(asked: Value<'_>, regex: &Regex) -> Result<Self, String> {
        let groups = regex.captures_len();
        let number = match asked {
            Value::Null | Value::Unset => usize::from(groups > 1),
            Value::Int(number) => usize::try_from(number).unwrap_or(usize::MAX),
            other => {
                let name = text(other);
                let by_name = |group: &Option<&str>| group.is_some_and(|g| g.as_bytes() == &*name);
                let by_number = || str::from_utf8(&name).ok()?.trim().parse().ok();
                let named = regex.capture_names().position(|group| by_name(&group));
                named.or_else(by_number).unwrap_or(usize::MAX)
            }
        };
        if number < groups {
            return Ok(Self(number));
        }
        let asked = String::from_utf8_lossy(&text(asked)).into_owned();
        Err(format!("`{}` has no group {asked}", regex.as_str()))
    }

    fn get<'b>(&self, found: &Captures<'b>) -> Option<&'b [u8]> {
        found.get(self.0).map(|group| group.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_the_pattern_lacks_is_refused() {
        for (pattern, group) in [
            ("a", Value::Int(1)),
            ("(a)", Value::Int(2)),
            ("(?<x>a)", Value::Text(b"y")),
            ("(a", Value::Null),
        ] {
            let operands = [Value::Text(pattern.as_bytes()), group];
            assert!(prepare(&operands).is_err(), "{pattern} {group:?}");
        }
    }
}
