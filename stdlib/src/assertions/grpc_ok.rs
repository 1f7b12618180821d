//! What stands for the status of a gRPC call whose task says nothing about it.

use ld_vm::{FaultClass, Kept, Needs, Reply, Value};

use super::{Assertion, Example, ExampleReply};
use crate::protocols::grpc::status_name;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "grpc_ok",
    fields: &[],
    needs: Needs::STATUS.union(Needs::META),
    class: FaultClass::Status,
    doc: "The call ended with OK.",
    examples: &[
        Example { plan: "{}", reply: ExampleReply::status(0), failure: None },
        Example { plan: "{}", reply: ExampleReply::status(14), failure: Some("UNAVAILABLE") },
        Example {
            plan: "{}",
            reply: ExampleReply {
                status: 5,
                headers: &[("grpc-message", "no such user")],
                body: "",
                ms: 0,
            },
            failure: Some("NOT_FOUND: no such user"),
        },
    ],
    prepare: |_| Ok(Box::new(check)),
    internal: true,
};

fn check(_: &[Value<'_>], reply: &Reply<'_>, _: &mut Kept, failure: &mut String) -> bool {
    let status = reply.status.unwrap_or(0);
    if status == 0 {
        return true;
    }
    failure.push_str(status_name(status));
    if let Some(message) = reply.meta.value(b"grpc-message").filter(|text| !text.is_empty()) {
        failure.push_str(": ");
        failure.push_str(&String::from_utf8_lossy(&message));
    }
    false
}
