//! What stands for the status of a task that does not check it itself.

use std::fmt::Write as _;

use ld_vm::{FaultClass, Kept, Needs, Reply, Value};

use super::{Assertion, Example, ExampleReply};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "status_below_400",
    fields: &[],
    needs: Needs::STATUS,
    class: FaultClass::Status,
    doc: "The status does not mean failure: it is below 400.",
    examples: &[
        Example { plan: "{}", reply: ExampleReply::status(399), failure: None },
        Example { plan: "{}", reply: ExampleReply::status(503), failure: Some("HTTP 503") },
    ],
    prepare: |_| Ok(Box::new(check)),
    internal: true,
};

fn check(_: &[Value<'_>], reply: &Reply<'_>, _: &mut Kept, failure: &mut String) -> bool {
    match reply.status {
        Some(status) if status >= 400 => {
            // Writing to a string cannot fail.
            let _ = write!(failure, "HTTP {status}");
            false
        }
        _ => true,
    }
}
