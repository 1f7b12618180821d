//! `header`: the value of a header.

use ld_vm::link::Tools;
use ld_vm::{Needs, Reply, Value, Var};

use super::{Example, Extractor};
use crate::assertions::{ExampleReply, text};
use crate::field::{Field, Shape};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "header",
    fields: &[Field::new("name", Shape::Text, "The header's name, in any case.", r#""Location""#)
        .required()],
    needs: Needs::META,
    doc: "The value of a header as text; repeated headers are joined with `, `.",
    examples: &[
        Example {
            plan: r#"{"var": "etag", "from": "header", "name": "etag"}"#,
            reply: ExampleReply::headers(&[("ETag", "W/\"7\"")]),
            found: Some(r#""W/\"7\"""#),
        },
        Example {
            plan: r#"{"var": "next", "from": "header", "name": "Location"}"#,
            reply: ExampleReply::headers(&[("ETag", "W/\"7\"")]),
            found: None,
        },
    ],
    prepare: |_| Ok(Box::new(extract)),
};

fn extract(operands: &[Value<'_>], reply: &Reply<'_>, _: &mut Tools<'_>, result: &mut Var) {
    let name = text(operands.first().copied().unwrap_or(Value::Null));
    if let Some(value) = reply.meta.value(&name) {
        result.set(Value::Text(&value));
    }
}
