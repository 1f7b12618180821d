//! `jmespath`: what a JMESPath expression makes of the body's JSON.

use jmespath::{Expression, Variable, compile};
use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};

use super::{Example, Extractor, operand};
use crate::assertions::ExampleReply;
use crate::field::{Field, Shape};
use crate::json;
use crate::late::{Late, Written};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "jmespath",
    fields: &[Field::new(
        "path",
        Shape::Text,
        "The expression.",
        r#""items[?price > `10`].id | [0]""#,
    )
    .required()],
    needs: Needs::PAYLOAD,
    doc: "What a JMESPath expression makes of the body's JSON; `null` counts as missing.",
    examples: &[
        Example {
            plan: r#"{"var": "ids", "from": "jmespath", "path": "items[?price > `4`].id"}"#,
            reply: ExampleReply::body(
                r#"{"items": [{"id": 3, "price": 5}, {"id": 7, "price": 2}, {"id": 8, "price": 9}]}"#,
            ),
            found: Some("[3,8]"),
        },
        Example {
            plan: r#"{"var": "count", "from": "jmespath", "path": "length(items)"}"#,
            reply: ExampleReply::body(r#"{"items": [1, 2]}"#),
            found: Some("2"),
        },
        Example {
            plan: r#"{"var": "name", "from": "jmespath", "path": "name"}"#,
            reply: ExampleReply::body(r#"{"items": []}"#),
            found: None,
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    let expression = Late::<Expression<'static>>::new(operand(operands, 0))?;
    Ok(Box::new(move |operands, reply, tools, result| {
        // An expression that turns out to be none finds nothing.
        let _ = expression.with(operand(operands, 0), tools.kept, |expression, _| {
            let body = str::from_utf8(reply.payload).ok();
            let body = body.and_then(|body| Variable::from_json(body).ok());
            if let Some(body) = body
                && let Ok(found) = expression.search(body)
                && let Ok(written) = serde_json::to_vec(&found)
            {
                json::find(&written, b"").store(result);
            }
        });
    }))
}

impl Written for Expression<'static> {
    fn read(text: &str) -> Result<Self, String> {
        compile(text).map_err(|error| {
            format!("`{text}` is not JMESPath, from character {} on", error.offset + 1)
        })
    }
}
