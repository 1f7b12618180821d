//! `header`: a header has exactly this value.

use ld_vm::{FaultClass, Needs, Reply, Value};

use super::{Assertion, Example, ExampleReply, operand, text};
use crate::field::{Field, Shape};
use crate::json;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "header",
    fields: &[
        Field::new("name", Shape::Text, "The header's name, in any case.", r#""Content-Type""#)
            .required(),
        Field::new(
            "value",
            Shape::Any,
            "The value, exactly as it must arrive; only text ever equals a header. `null` for \
             a header that must be absent.",
            r#""application/json""#,
        )
        .default("null"),
    ],
    needs: Needs::META,
    class: FaultClass::Assertion,
    doc: "The header has exactly this value; repeated headers are joined with `, `.",
    examples: &[
        Example {
            plan: r#"{"type": "header", "name": "content-type", "value": "text/plain"}"#,
            reply: ExampleReply::headers(&[("Content-Type", "text/plain")]),
            failure: None,
        },
        Example {
            plan: r#"{"type": "header", "name": "X-Cache", "value": "HIT"}"#,
            reply: ExampleReply::headers(&[("X-Cache", "hit")]),
            failure: Some("header X-Cache expected 'HIT', got 'hit'"),
        },
        Example {
            plan: r#"{"type": "header", "name": "Age", "value": 5}"#,
            reply: ExampleReply::headers(&[("Age", "5")]),
            failure: Some("header Age expected 5, got '5'"),
        },
        Example {
            plan: r#"{"type": "header", "name": "Server"}"#,
            reply: ExampleReply::headers(&[("Date", "Sun, 22 Nov 2026 20:41:54 GMT")]),
            failure: None,
        },
        Example {
            plan: r#"{"type": "header", "name": "Server", "value": "nginx"}"#,
            reply: ExampleReply::headers(&[("Date", "Sun, 22 Nov 2026 20:41:54 GMT")]),
            failure: Some("header Server expected 'nginx', got None"),
        },
    ],
    prepare: |_| Ok(Box::new(check)),
    internal: false,
};

fn check(operands: &[Value<'_>], reply: &Reply<'_>, failure: &mut String) -> bool {
    let name = text(operand(operands, 0));
    let expected = operand(operands, 1);
    let actual = reply.meta.value(&name);
    let holds = match (expected, &actual) {
        (Value::Text(expected), Some(actual)) => expected == &**actual,
        (Value::Null | Value::Unset, None) => true,
        _ => false,
    };
    if !holds {
        failure.push_str("header ");
        failure.push_str(&String::from_utf8_lossy(&name));
        failure.push_str(" expected ");
        json::repr(expected, failure);
        failure.push_str(", got ");
        json::repr(actual.as_deref().map_or(Value::Null, Value::Text), failure);
    }
    holds
}
