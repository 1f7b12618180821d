//! `not_contains`: a text does not occur in the body.

use ld_vm::{FaultClass, Needs, Reply, Value};

use super::{Assertion, Example, ExampleReply, contains, operand, unbounded};
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
    bounds: unbounded,
    check,
    internal: false,
};

fn check(operands: &[Value<'_>], reply: &Reply<'_>, failure: &mut String) -> bool {
    let value = operand(operands, 0);
    let occurs = contains::occurs(value, reply);
    if occurs {
        failure.push_str("body unexpectedly contains ");
        json::repr(value, failure);
    }
    !occurs
}
