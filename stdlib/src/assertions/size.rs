//! `size`: how long the body is.

use std::fmt::Write as _;

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::{Assertion, Example, ExampleReply, operand};
use crate::compare::{Comparison, OP};
use crate::field::{Field, Shape};
use crate::operators::{Number, number};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "size",
    fields: &[
        Field::new(
            "value",
            Shape::Either(&[
                Shape::Integer { min: 0, max: i64::MAX },
                Shape::List(&Shape::Integer { min: 0, max: i64::MAX }),
            ]),
            "The length of the body in bytes, after any `Content-Encoding` was undone.",
            "2048",
        )
        .required(),
        OP,
    ],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body is as long as this, or compares with it as `op` says.",
    examples: &[
        Example {
            plan: r#"{"type": "size", "value": 5}"#,
            reply: ExampleReply::body("12345"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "size", "op": "lt", "value": 5}"#,
            reply: ExampleReply::body("12345"),
            failure: Some("size expected < 5 bytes, got 5"),
        },
        Example {
            plan: r#"{"type": "size", "value": "5"}"#,
            reply: ExampleReply::body("12345"),
            failure: None,
        },
    ],
    prepare,
    internal: false,
};

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let comparison = Comparison::new(operand(operands, 1), operand(operands, 0))?;
    Ok(Box::new(move |operands, reply, kept, failure| {
        let expected = operand(operands, 0);
        let actual = i64::try_from(reply.payload.len()).unwrap_or(i64::MAX);
        let holds = comparison.holds_number(actual, expected, kept, said);
        if !holds {
            failure.push_str("size");
            comparison.describe(expected, failure);
            // Writing to a string cannot fail.
            let _ = write!(failure, " bytes, got {actual}");
        }
        holds
    }))
}

/// The number that a text says.
fn said(text: Value<'_>) -> Option<Value<'static>> {
    Some(match number(text)? {
        Number::Int(number) => Value::Int(number),
        Number::Float(number) => Value::Float(number),
    })
}
