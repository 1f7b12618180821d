//! Examples as they are sent.

use serde_json::Value;

use super::super::schema::Schema;
use super::MAX_DEPTH;

/// An example as it is sent: without the members that are only read.
pub(super) fn to_send(schema: &Schema<'_>, example: &Value, depth: usize) -> Value {
    match example {
        _ if depth > MAX_DEPTH => example.clone(),
        Value::Object(members) if !schema.is_text() => members
            .iter()
            .filter_map(|(name, value)| match schema.property(name) {
                Some(own) if own.flag("readOnly") => None,
                Some(own) => Some((name.clone(), to_send(&own, value, depth + 1))),
                None => Some((name.clone(), value.clone())),
            })
            .collect(),
        Value::Array(items) if !schema.is_text() => items
            .iter()
            .enumerate()
            .map(|(position, value)| match schema.item(position) {
                Some(own) => to_send(&own, value, depth + 1),
                None => value.clone(),
            })
            .collect(),
        _ => nearest(schema, example.clone()),
    }
}

/// An example with the type the schema asks for, where YAML or a hasty author wrote another:
/// numbers in quotes and texts without them.
fn nearest(schema: &Schema<'_>, example: Value) -> Value {
    let types = schema.types().unwrap_or_default();
    match (&example, types.as_slice()) {
        (Value::Number(_) | Value::Bool(_) | Value::Object(_), ["string"]) => {
            Value::String(example.to_string())
        }
        (Value::String(text), ["integer" | "number" | "boolean"]) => {
            let read = serde_json::from_str::<Value>(text).ok();
            read.filter(|value| value.is_number() || value.is_boolean()).unwrap_or(example)
        }
        (Value::String(text), ["object" | "array"]) => {
            let read = serde_json::from_str::<Value>(text).ok();
            read.filter(|value| value.is_object() || value.is_array()).unwrap_or(example)
        }
        _ => example,
    }
}
