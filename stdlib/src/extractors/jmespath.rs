//! `jmespath`: what a JMESPath expression makes of the body's JSON.

use jmespath::{Expression, Variable, compile};
use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};

use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, text};
use crate::field::{Field, Shape};
use crate::json;

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
    let path = operand(operands, 0);
    let known = (path != Value::Unset).then(|| read(path)).transpose()?;
    Ok(Box::new(move |operands, reply, _, result| {
        let late;
        let expression = match &known {
            Some(expression) => expression,
            // An expression that turns out to be none finds nothing.
            None => match read(operand(operands, 0)) {
                Ok(expression) => {
                    late = expression;
                    &late
                }
                Err(_) => return,
            },
        };
        let Some(body) =
            str::from_utf8(reply.payload).ok().and_then(|b| Variable::from_json(b).ok())
        else {
            return;
        };
        if let Ok(found) = expression.search(body)
            && let Ok(written) = serde_json::to_vec(&found)
        {
            json::find(&written, b"").store(result);
        }
    }))
}

fn read(path: Value<'_>) -> Result<Expression<'static>, String> {
    let path = String::from_utf8_lossy(&text(path)).into_owned();
    compile(&path).map_err(|error| {
        format!("`{path}` is not JMESPath, from character {} on", error.offset + 1)
    })
}
