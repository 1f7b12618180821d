//! `contains`: a text occurs in the body.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Reply, Value};
use memchr::memmem;

use super::{Assertion, Example, ExampleReply, operand, text};
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
    prepare,
    internal: false,
};

pub(super) const FIELDS: &[Field] = &[Field::new(
    "value",
    Shape::Any,
    "The text; other values by their text form, arrays and objects as JSON.",
    r#""in stock""#,
)
.required()];

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let search = Search::new(operand(operands, 0));
    Ok(Box::new(move |operands, reply, _, failure| {
        let value = operand(operands, 0);
        let holds = search.finds(value, reply);
        if !holds {
            failure.push_str("body does not contain ");
            json::repr(value, failure);
        }
        holds
    }))
}

/// A search for the text form of a value, prepared when that is known before the run.
pub(super) struct Search(Option<memmem::Finder<'static>>);

impl Search {
    pub(super) fn new(value: Value<'_>) -> Self {
        let is_known = value != Value::Unset;
        Self(is_known.then(|| memmem::Finder::new(&*text(value)).into_owned()))
    }

    /// Whether the text form of `value`, the one it was made for, occurs in the body.
    pub(super) fn finds(&self, value: Value<'_>, reply: &Reply<'_>) -> bool {
        match &self.0 {
            Some(finder) => finder.find(reply.payload).is_some(),
            None => memmem::find(reply.payload, &text(value)).is_some(),
        }
    }
}
