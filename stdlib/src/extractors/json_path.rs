//! `json_path`: a value of the body's JSON.

use ld_vm::link::{ExtractFn, Tools};
use ld_vm::{Needs, Value};

use super::wanted::{MATCH, position};
use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, PATH};
use crate::json::{Count, Query};
use crate::late::Late;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "json_path",
    fields: &[PATH, MATCH],
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
        Example {
            plan: r#"{"var": "id", "path": "$.items[?@.name == 'b'].id"}"#,
            reply: ExampleReply::body(
                r#"{"items": [{"id": 3, "name": "a"}, {"id": 7, "name": "b"}]}"#,
            ),
            found: Some("7"),
        },
        Example {
            plan: r#"{"var": "ids", "path": "$.items[*].id", "match": -1}"#,
            reply: ExampleReply::body(r#"{"items": [{"id": 3}, {"id": 7}]}"#),
            found: Some("[3,7]"),
        },
        Example {
            plan: r#"{"var": "second", "path": "n", "match": 2}"#,
            reply: ExampleReply::body(r#"{"n": 5}"#),
            found: None,
        },
        Example {
            plan: r#"{"var": "all", "path": "$.n", "match": -1}"#,
            reply: ExampleReply::body(r#"{"n": 5}"#),
            found: Some("[5]"),
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    let prepared = Late::<Query>::new(path(operands))?;
    Ok(Box::new(move |operands, reply, tools, result| {
        // A path that turns out to be none finds nothing.
        let Tools { rng, kept } = tools;
        let _ = prepared.with(path(operands), kept, |query, _| {
            let wanted = |count| position(operand(operands, 1), count, rng);
            query.look(reply.payload, wanted, |found, count| {
                // Of a list of all, an empty one counts as missing.
                if count != Count::Of(0) {
                    found.store(result);
                }
            });
        });
    }))
}

fn path<'v>(operands: &[Value<'v>]) -> Value<'v> {
    operands.first().copied().unwrap_or(Value::Null)
}
