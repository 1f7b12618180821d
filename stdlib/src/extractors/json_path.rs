//! `json_path`: a value of the body's JSON.

use ld_vm::{Needs, Reply, Value, Var};

use super::{Example, Extractor};
use crate::assertions::{ExampleReply, PATH, text};
use crate::json;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "json_path",
    fields: &[PATH],
    needs: Needs::PAYLOAD,
    doc: "The value at a path of the body's JSON, with its type; `null` counts as missing.",
    examples: &[
        Example {
            plan: r#"{"var": "token", "path": "data.token"}"#,
            reply: ExampleReply::body(r#"{"data": {"token": "a\u0031\/b"}}"#),
            found: Some(r#""a1/b""#),
        },
        Example {
            plan: r#"{"var": "first", "from": "json_path", "path": "items.0"}"#,
            reply: ExampleReply::body(r#"{"items": [{"id": 3}, {"id": 7}]}"#),
            found: Some(r#"{"id": 3}"#),
        },
        Example {
            plan: r#"{"var": "total", "path": "total"}"#,
            reply: ExampleReply::body(r#"{"total": 12.50}"#),
            found: Some("12.5"),
        },
        Example {
            plan: r#"{"var": "next", "path": "next"}"#,
            reply: ExampleReply::body(r#"{"next": null}"#),
            found: None,
        },
    ],
    extract,
};

fn extract(operands: &[Value<'_>], reply: &Reply<'_>, result: &mut Var) {
    let path = text(operands.first().copied().unwrap_or(Value::Null));
    json::find(reply.payload, &path).store(result);
}
