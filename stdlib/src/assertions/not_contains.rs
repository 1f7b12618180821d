//! `not_contains`: a text does not occur in the body.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::{Assertion, Example, ExampleReply, contains, operand};
use crate::json;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "not_contains",
    fields: contains::FIELDS,
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The text does not occur in the body.",
    examples: &[
        Example {
            plan: r#"{"type": "not_contains", "value": "error"}"#,
            reply: ExampleReply::body("all well"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "not_contains", "value": "error"}"#,
            reply: ExampleReply::body("an error"),
            failure: Some("body unexpectedly contains 'error'"),
        },
    ],
    prepare,
    internal: false,
};

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let search = contains::Search::new(operand(operands, 0));
    Ok(Box::new(move |operands, reply, _, failure| {
        let value = operand(operands, 0);
        let occurs = search.finds(value, reply);
        if occurs {
            failure.push_str("body unexpectedly contains ");
            json::repr(value, failure);
        }
        !occurs
    }))
}
