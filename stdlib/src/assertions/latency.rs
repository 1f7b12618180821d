//! `latency`: how long the exchange took.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::{Assertion, Example, ExampleReply, operand};
use crate::compare::{Comparison, OP};
use crate::field::{Field, Shape};
use crate::json::Found;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "latency",
    fields: &[
        Field::new(
            "value",
            Shape::Number { min: 0.0, max: 1e12 },
            "The service time in milliseconds, from the first byte sent to the last one received.",
            "300",
        )
        .required(),
        OP.default(r#""le""#),
    ],
    needs: Needs::NONE,
    class: FaultClass::Assertion,
    doc: "The exchange took at most this long, or a time that compares with it as `op` says.",
    examples: &[
        Example {
            plan: r#"{"type": "latency", "value": 300}"#,
            reply: ExampleReply::after_ms(299),
            failure: None,
        },
        Example {
            plan: r#"{"type": "latency", "value": 300}"#,
            reply: ExampleReply::after_ms(301),
            failure: Some("latency expected <= 300 ms, got 301.0"),
        },
        Example {
            plan: r#"{"type": "latency", "op": "gt", "value": 0.5}"#,
            reply: ExampleReply::after_ms(1),
            failure: None,
        },
    ],
    prepare,
    internal: false,
};

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let op = match operand(operands, 1) {
        Value::Null => Value::Text(b"le"),
        op => op,
    };
    let comparison = Comparison::new(op, operand(operands, 0))?;
    Ok(Box::new(move |operands, reply, kept, failure| {
        let expected = operand(operands, 0);
        let actual = Found::Float(reply.elapsed_ns as f64 / 1e6);
        let holds = comparison.holds(actual, expected, kept);
        if !holds {
            failure.push_str("latency");
            comparison.describe(expected, failure);
            failure.push_str(" ms, got ");
            actual.repr(failure);
        }
        holds
    }))
}
