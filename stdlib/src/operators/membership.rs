//! `in`, `contains`, `matches`.

use ld_vm::Value;
use ld_vm::link::CallFn;
use memchr::memmem;
use regex::bytes::Regex;

use super::compare::equal;
use super::{Gives, Operator, Takes, operand};
use crate::json;
use crate::pattern;

pub(super) const IN: Operator = Operator {
    name: "in",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "Whether the first is an item of a list, the name of a member of an object, or a part of \
          a text. `not in` is its opposite.",
    examples: &[
        ("2 in [1, 2]", "true"),
        ("'ell' in 'hello'", "true"),
        ("3 not in [1, 2]", "true"),
        ("1 in null", "false"),
    ],
    prepare: computed!(|call, result| {
        let found = contains(operand(call.arguments, 1), operand(call.arguments, 0));
        result.set(Value::Bool(found));
    }),
};

pub(super) const CONTAINS: Operator = Operator {
    name: "contains",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "`in` the other way round.",
    examples: &[("'hello' contains 'ell'", "true"), ("[1, 2] contains '2'", "true")],
    prepare: computed!(|call, result| {
        let found = contains(operand(call.arguments, 0), operand(call.arguments, 1));
        result.set(Value::Bool(found));
    }),
};

pub(super) const MATCHES: Operator = Operator {
    name: "matches",
    operands: 2,
    takes: Takes::Pattern,
    gives: Gives::Bool,
    doc: "Whether a regular expression matches some part of a text. Also written `=~`.",
    examples: &[
        ("'order 7' matches '[0-9]+'", "true"),
        ("'order' =~ '^[0-9]+$'", "false"),
        ("null matches '.*'", "false"),
    ],
    prepare: |operands| match operand(operands, 1) {
        Value::Unset => Ok(Box::new(|call, result| {
            // The pattern is known only now; one that is none matches nothing.
            let value = operand(call.arguments, 0);
            let pattern = text_of(operand(call.arguments, 1));
            let matches = pattern.is_ok_and(|pattern| {
                let compiled = call.kept.of(pattern.as_bytes(), || pattern::compile(pattern));
                compiled.as_ref().as_ref().is_ok_and(|regex| is_match(regex, value))
            });
            result.set(Value::Bool(matches));
        })),
        pattern => {
            let regex = pattern::compile(text_of(pattern)?)?;
            let call: CallFn = Box::new(move |call, result| {
                result.set(Value::Bool(is_match(&regex, operand(call.arguments, 0))));
            });
            Ok(call)
        }
    },
};

fn text_of<'v>(pattern: Value<'v>) -> Result<&'v str, String> {
    let text = pattern.bytes().and_then(|bytes| str::from_utf8(bytes).ok());
    Ok(text.ok_or("the pattern must be text")?)
}

fn is_match(regex: &Regex, value: Value<'_>) -> bool {
    match value {
        Value::Text(bytes) | Value::Json(bytes) => regex.is_match(bytes),
        other if other.is_missing() => false,
        other => {
            let mut text = Vec::new();
            other.write_text(&mut text);
            regex.is_match(&text)
        }
    }
}

/// Whether `needle` is in a list, an object or a text.
fn contains(haystack: Value<'_>, needle: Value<'_>) -> bool {
    match haystack {
        Value::Json(container) => match json::items(container) {
            Some(mut items) => items.any(|item| item.with_value(|item| equal(item, needle))),
            None => match needle {
                Value::Text(name) => json::has_member(container, name),
                _ => false,
            },
        },
        Value::Text(text) => {
            let mut written = Vec::new();
            let needle = match needle {
                Value::Text(bytes) => bytes,
                other if other.is_missing() => return false,
                other => {
                    other.write_text(&mut written);
                    &written
                }
            };
            memmem::find(text, needle).is_some()
        }
        _ => false,
    }
}
