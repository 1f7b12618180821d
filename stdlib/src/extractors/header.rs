//! `header`: the value of a header.

use ld_vm::link::Tools;
use ld_vm::{Needs, Reply, Value, Var};
use memchr::memmem;
use percent_encoding::percent_decode;

use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, text};
use crate::field::{Field, Shape};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "header",
    fields: &[
        Field::new("name", Shape::Text, "The header's name, in any case.", r#""Location""#)
            .required(),
        Field::new(
            "left",
            Shape::Text,
            "What stands before a part of it; empty for its start.",
            r#""code=""#,
        )
        .default(r#""""#),
        Field::new(
            "right",
            Shape::Text,
            "What stands after that part; its end where it is empty or not there.",
            r#""&""#,
        )
        .default(r#""""#),
        Field::new("decode", Shape::Bool, "Whether percent-encoding is undone.", "true")
            .default("false"),
    ],
    needs: Needs::META,
    doc: "The value of a header as text; repeated headers are joined with `, `.",
    examples: &[
        Example {
            plan: r#"{"var": "etag", "from": "header", "name": "etag"}"#,
            reply: ExampleReply::headers(&[("ETag", "W/\"7\"")]),
            found: Some(r#""W/\"7\"""#),
        },
        Example {
            plan: r#"{"var": "next", "from": "header", "name": "Location"}"#,
            reply: ExampleReply::headers(&[("ETag", "W/\"7\"")]),
            found: None,
        },
        Example {
            plan: r#"{"var": "code", "from": "header", "name": "Location", "left": "code=", "right": "&", "decode": true}"#,
            reply: ExampleReply::headers(&[("Location", "/done?state=1&code=4%2F0A")]),
            found: Some(r#""4/0A""#),
        },
        Example {
            plan: r#"{"var": "code", "from": "header", "name": "Location", "left": "code="}"#,
            reply: ExampleReply::headers(&[("Location", "/done?error=denied")]),
            found: None,
        },
    ],
    prepare: |_| Ok(Box::new(extract)),
};

fn extract(operands: &[Value<'_>], reply: &Reply<'_>, _: &mut Tools<'_>, result: &mut Var) {
    let name = text(operands.first().copied().unwrap_or(Value::Null));
    let Some(value) = reply.meta.value(&name) else { return };
    let [left, right] = [1, 2].map(|at| text(operand(operands, at)));
    let Some(mut part) = behind(&value, &left) else { return };
    if !right.is_empty()
        && let Some(end) = memmem::find(part, &right)
    {
        part = part.get(..end).unwrap_or_default();
    }
    if operand(operands, 3) == Value::Bool(true) {
        let decoded: Vec<u8> = percent_decode(part).collect();
        return result.set(Value::Text(&decoded));
    }
    result.set(Value::Text(part));
}

/// What stands behind a text.
fn behind<'v>(value: &'v [u8], left: &[u8]) -> Option<&'v [u8]> {
    value.get(memmem::find(value, left)? + left.len()..)
}
