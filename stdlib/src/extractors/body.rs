//! `body`: the whole body.

use ld_vm::{Needs, Value};

use super::{Example, Extractor};
use crate::assertions::ExampleReply;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "body",
    fields: &[],
    needs: Needs::PAYLOAD,
    doc: "The whole body as text, after any `Content-Encoding` was undone; an empty one counts as \
          missing.",
    examples: &[
        Example {
            plan: r#"{"var": "id", "from": "body"}"#,
            reply: ExampleReply::body("17"),
            found: Some(r#""17""#),
        },
        Example {
            plan: r#"{"var": "id", "from": "body"}"#,
            reply: ExampleReply::body(""),
            found: None,
        },
    ],
    prepare: |_| {
        Ok(Box::new(|_, reply, _, result| {
            if !reply.payload.is_empty() {
                result.set(Value::Text(reply.payload));
            }
        }))
    },
};
