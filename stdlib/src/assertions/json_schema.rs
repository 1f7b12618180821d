//! `json_schema`: the body is JSON of a given shape.

use jsonschema::{PatternOptions, Validator};
use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};
use serde_json::Value as Tree;

use super::{Assertion, Example, ExampleReply, operand};
use crate::field::{Field, Shape};
use crate::json::REPR_LIMIT;
use crate::late::{Late, Written};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "json_schema",
    fields: &[
        Field::new(
            "schema",
            Shape::Either(&[Shape::Map(&Shape::Any), Shape::Bool]),
            "The schema. Drafts 4 to 2020-12; `$ref` only within it; patterns without look-around \
             and back-references.",
            r#"{"type": "object", "required": ["id"]}"#,
        ),
        Field::new(
            "file",
            Shape::ConstantText,
            "Instead of `schema`: a file that holds it, read when the plan is compiled.",
            r#""order.schema.json""#,
        )
        .content(),
    ],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body is JSON and valid by a JSON Schema.",
    examples: &[
        Example {
            plan: r#"{"type": "json_schema", "schema": {"required": ["id"], "properties": {"id": {"type": "integer"}}}}"#,
            reply: ExampleReply::body(r#"{"id": 7}"#),
            failure: None,
        },
        Example {
            plan: r#"{"type": "json_schema", "schema": {"properties": {"items": {"items": {"type": "integer"}}}}}"#,
            reply: ExampleReply::body(r#"{"items": [1, "2"]}"#),
            failure: Some(r#"json_schema: "2" is not of type "integer" at /items/1"#),
        },
        Example {
            plan: r#"{"type": "json_schema", "schema": {"type": "object"}}"#,
            reply: ExampleReply::body("<html>"),
            failure: Some("json_schema: the body is not JSON"),
        },
    ],
    prepare,
    internal: false,
};

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    // A schema with placeholders in it is known only in the run, a file's before.
    let at = match (operand(operands, 0), operand(operands, 1)) {
        (Value::Null, Value::Null) => return Err("it needs a `schema` or a `file`".to_owned()),
        (_, Value::Null) => 0,
        (Value::Null, _) => 1,
        _ => return Err("only one of `schema` and `file` can be given".to_owned()),
    };
    let schema = Late::<Validator>::new(operand(operands, at))?;
    Ok(Box::new(move |operands, reply, kept, failure| {
        let outcome =
            schema.with(operand(operands, at), kept, |schema, _| validate(schema, reply.payload));
        let outcome = outcome.and_then(|outcome| outcome);
        if let Err(why) = &outcome {
            failure.push_str("json_schema: ");
            failure.extend(why.chars().take(REPR_LIMIT));
        }
        outcome.is_ok()
    }))
}

impl Written for Validator {
    fn read(text: &str) -> Result<Self, String> {
        let schema: Tree = serde_json::from_str(text)
            .map_err(|error| format!("the schema is not JSON: {error}"))?;
        // The other engine takes exponential time on patterns and texts that are made for it.
        let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
        options.build(&schema).map_err(|error| format!("the schema is not valid: {error}"))
    }
}

fn validate(schema: &Validator, body: &[u8]) -> Result<(), String> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let Ok(tree) = serde_json::from_slice::<Tree>(body) else {
        return Err("the body is not JSON".to_owned());
    };
    schema.validate(&tree).map_err(|error| match error.instance_path().as_str() {
        "" => error.to_string(),
        place => format!("{error} at {place}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_cannot_be_used_is_refused() {
        for schema in [
            r#"{"type": "thing"}"#,
            r#"{"$ref": "http://example.org/schema.json"}"#,
            r##"{"$ref": "#/$defs/nothing"}"##,
            r#"{"pattern": "(a"}"#,
            r#"{"pattern": "(?=a)"}"#,
            "{",
        ] {
            assert!(prepare(&[Value::Json(schema.as_bytes())]).is_err(), "{schema}");
        }
        assert!(prepare(&[]).is_err());
        assert!(prepare(&[Value::Json(b"{}"), Value::Text(b"{}")]).is_err());
    }
}
