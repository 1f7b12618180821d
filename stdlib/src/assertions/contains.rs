//! `contains`: a text occurs in the body.

use ld_vm::{FaultClass, Needs, Reply, Value};
use memchr::memmem;

use super::{Assertion, Example, ExampleReply, operand, text, unbounded};
use crate::field::{Field, Shape};
use crate::json;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "contains",
    fields: FIELDS,
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The text occurs in the body, byte for byte in UTF-8.",
    examples: &[
        Example {
            plan: r#"{"type": "contains", "value": "in stock"}"#,
            reply: ExampleReply::body("3 in stock"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "contains", "value": "it's"}"#,
            reply: ExampleReply::body("3 in stock"),
            failure: Some(r#"body does not contain "it's""#),
        },
        Example {
            plan: r#"{"type": "contains", "value": 4}"#,
            reply: ExampleReply::body("3 in stock"),
            failure: Some("body does not contain 4"),
        },
    ],
    bounds: unbounded,
    check,
    internal: false,
};

pub(super) const FIELDS: &[Field] = &[Field::new(
    "value",
    Shape::Any,
    "The text; other values by their text form, arrays and objects as JSON.",
    r#""in stock""#,
)
.required()];

fn check(operands: &[Value<'_>], reply: &Reply<'_>, failure: &mut String) -> bool {
    let value = operand(operands, 0);
    let holds = occurs(value, reply);
    if !holds {
        failure.push_str("body does not contain ");
        json::repr(value, failure);
    }
    holds
}

/// Whether the text form of `value` occurs in the body.
pub(super) fn occurs(value: Value<'_>, reply: &Reply<'_>) -> bool {
    memmem::find(reply.payload, &text(value)).is_some()
}
