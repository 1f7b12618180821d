//! `json_path`: a value of the body's JSON equals a value of the plan.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::{Assertion, Example, ExampleReply, operand, text};
use crate::field::{Field, Shape};
use crate::json::{self, Found};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "json_path",
    fields: &[
        PATH,
        Field::new(
            "value",
            Shape::Any,
            "The value. Numbers are compared by value, `true` and `false` as 1 and 0, arrays and \
             objects whatever the order of names; text equals only text; `null` also equals an \
             absent value.",
            r#""paid""#,
        )
        .default("null"),
    ],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body is JSON, and the value at the path equals this one.",
    examples: &[
        Example {
            plan: r#"{"type": "json_path", "path": "order.state", "value": "paid"}"#,
            reply: ExampleReply::body(r#"{"order": {"state": "paid"}}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "items.-1.id", "value": 7}"#,
            reply: ExampleReply::body(r#"{"items": [{"id": 3}, {"id": 7.0}]}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "id", "value": "5"}"#,
            reply: ExampleReply::body(r#"{"id": 5}"#),
            failure: Some("json_path id expected '5', got 5"),
        },
        Example {
            plan: r#"{"type": "json_path", "path": "user", "value": {"b": [1], "a": null}}"#,
            reply: ExampleReply::body(r#"{"user": {"a": null, "b": [true]}}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_path", "path": "ok", "value": true}"#,
            reply: ExampleReply::body("<html>"),
            failure: Some("json_path ok expected True, got None"),
        },
    ],
    prepare,
    internal: false,
};

/// Where a value stands in a document; shared with the extractor of the same name.
pub(crate) const PATH: Field = Field::new(
    "path",
    Shape::Text,
    "Names and positions joined with points, positions from 0, negative ones from the end; \
     empty for the whole body.",
    r#""items.0.id""#,
)
.default(r#""""#)
.advice(plain_path);

/// The path that one in JSONPath or with brackets stands for, as far as it is that simple.
fn plain_path(path: &str) -> Option<String> {
    let foreign =
        path == "$" || path.starts_with("$.") || path.starts_with("$[") || path.contains('[');
    foreign.then(|| {
        let path = path.strip_prefix('$').unwrap_or(path).replace(['[', ']', '\'', '"'], ".");
        let segments: Vec<_> = path.split('.').filter(|segment| !segment.is_empty()).collect();
        segments.join(".")
    })
}

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    Ok(match prepared_path(operand(operands, 0)) {
        Some(path) => Box::new(move |operands, reply, failure| {
            check(path.find(reply.payload), operands, failure)
        }),
        None => Box::new(|operands, reply, failure| {
            let found = json::find(reply.payload, &text(operand(operands, 0)));
            check(found, operands, failure)
        }),
    })
}

/// The path, when it is known before the run; shared with the extractor of the same name.
pub(crate) fn prepared_path(path: Value<'_>) -> Option<json::Path> {
    (path != Value::Unset).then(|| json::Path::new(&text(path)))
}

#[inline]
fn check(found: Found<'_>, operands: &[Value<'_>], failure: &mut String) -> bool {
    let expected = operand(operands, 1);
    let holds = found.equals(expected);
    if !holds {
        failure.push_str("json_path ");
        failure.push_str(&String::from_utf8_lossy(&text(operand(operands, 0))));
        failure.push_str(" expected ");
        json::repr(expected, failure);
        failure.push_str(", got ");
        found.repr(failure);
    }
    holds
}
