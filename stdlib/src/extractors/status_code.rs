//! `status_code`: the status of the reply.

use ld_vm::link::Tools;
use ld_vm::{Needs, Reply, Value, Var};

use super::{Example, Extractor};
use crate::assertions::ExampleReply;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "status_code",
    fields: &[],
    needs: Needs::STATUS,
    doc: "The status, as a number.",
    examples: &[Example {
        plan: r#"{"var": "status", "from": "status_code"}"#,
        reply: ExampleReply::status(201),
        found: Some("201"),
    }],
    prepare: |_| Ok(Box::new(extract)),
};

fn extract(_: &[Value<'_>], reply: &Reply<'_>, _: &mut Tools<'_>, result: &mut Var) {
    if let Some(status) = reply.status {
        result.set(Value::Int(status));
    }
}
