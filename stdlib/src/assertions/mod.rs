//! The checks of a reply that a task can ask for: objects in its `assertions`, whose
//! `type` is one of these names.

use std::borrow::Cow;

use ld_vm::link::{CheckFn, Prepare};
use ld_vm::{FaultClass, Needs, Value};

use crate::field::{Field, Shape};

mod body_hash;
mod contains;
mod css;
mod example;
mod expect;
mod graphql_errors;
mod grpc_ok;
mod header;
mod json_path;
mod json_schema;
mod latency;
mod matches;
mod not_contains;
mod regex;
mod size;
mod status_below_400;
mod status_code;
mod xpath;

pub(crate) use css::{ATTRIBUTE, SELECTOR, attribute};
pub use example::ExampleReply;
pub(crate) use json_path::PATH;
pub(crate) use regex::PATTERN;
pub(crate) use xpath::XPATH;

/// Every assertion, by name.
pub const ASSERTIONS: &[Assertion] = &[
    body_hash::ASSERTION,
    contains::ASSERTION,
    css::ASSERTION,
    graphql_errors::ASSERTION,
    grpc_ok::ASSERTION,
    header::ASSERTION,
    json_path::ASSERTION,
    json_schema::ASSERTION,
    latency::ASSERTION,
    not_contains::ASSERTION,
    regex::ASSERTION,
    size::ASSERTION,
    status_below_400::ASSERTION,
    status_code::ASSERTION,
    xpath::ASSERTION,
];

/// The fields of every assertion, besides `type` and its own.
pub const ENTRY_FIELDS: &[Field] = &[Field::new(
    "soft",
    Shape::Bool,
    "Whether it is only counted when it does not hold, and does not fail the request.",
    "true",
)
.default("false")];

/// A check of a reply.
#[derive(Debug)]
pub struct Assertion {
    /// The name; plans may write it in any case.
    pub name: &'static str,
    /// The fields besides `type`. The check gets their values as operands in this order,
    /// [`Value::Null`] for one that is absent.
    pub fields: &'static [Field],
    /// What it reads of the reply.
    pub needs: Needs,
    /// What its failures are counted as.
    pub class: FaultClass,
    /// When it holds, as a sentence.
    pub doc: &'static str,
    /// Replies, and what it says to them.
    pub examples: &'static [Example],
    /// Makes the check out of the constant operands.
    pub prepare: Prepare<CheckFn>,
    /// Whether it only stands in for what a plan does not say; plans cannot name it.
    pub internal: bool,
}

/// An assertion and a reply.
#[derive(Debug)]
pub struct Example {
    /// The assertion as a plan writes it.
    pub plan: &'static str,
    /// The reply it looks at.
    pub reply: ExampleReply,
    /// The failure's text, unless it holds.
    pub failure: Option<&'static str>,
}

/// The assertion of this name, in any case; internal ones too.
#[must_use]
pub fn find(name: &str) -> Option<&'static Assertion> {
    ASSERTIONS.iter().find(|assertion| assertion.name.eq_ignore_ascii_case(name))
}

/// The operand at `position`; [`Value::Null`] beyond the last.
pub(crate) fn operand<'v>(operands: &[Value<'v>], position: usize) -> Value<'v> {
    operands.get(position).copied().unwrap_or(Value::Null)
}

/// The text form of a value; nothing for a missing one.
pub(crate) fn text<'v>(value: Value<'v>) -> Cow<'v, [u8]> {
    match value {
        Value::Text(bytes) | Value::Json(bytes) => Cow::Borrowed(bytes),
        other => {
            let mut text = Vec::new();
            other.write_text(&mut text);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ld_vm::Kept;

    /// A JSON value as an operand.
    fn constant(value: &serde_json::Value) -> Value<'static> {
        let leak = |text: String| &*Vec::leak(text.into_bytes());
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(flag) => Value::Bool(*flag),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(number) => Value::Int(number),
                None => Value::Float(number.as_f64().unwrap()),
            },
            serde_json::Value::String(text) => Value::Text(leak(text.clone())),
            other => Value::Json(leak(other.to_string())),
        }
    }

    /// The operands of an object of a plan, whose keys besides `apart` must be `fields`.
    pub(crate) fn operands(plan: &str, fields: &[Field], apart: &[&str]) -> Vec<Value<'static>> {
        let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
        for key in plan.as_object().unwrap().keys() {
            let known = apart.contains(&key.as_str()) || fields.iter().any(|f| f.is_called(key));
            assert!(known, "{key} in {plan}");
        }
        for field in fields.iter().filter(|field| field.required) {
            assert!(plan.get(field.name).is_some(), "{} is missing in {plan}", field.name);
        }
        fields.iter().map(|f| plan.get(f.name).map_or(Value::Null, constant)).collect()
    }

    /// The operands as they are known before the run when every placeholder that may stand in
    /// them does.
    pub(crate) fn unknown(operands: &[Value<'static>], fields: &[Field]) -> Vec<Value<'static>> {
        let pairs = operands.iter().zip(fields);
        let late = pairs.map(|(value, field)| {
            let is_constant = *value == Value::Null || field.shape.is_constant();
            if is_constant { *value } else { Value::Unset }
        });
        late.collect()
    }

    #[test]
    fn examples_are_true() {
        for assertion in ASSERTIONS {
            for Example { plan, reply, failure } in assertion.examples {
                let operands = operands(plan, assertion.fields, &["type"]);
                // Prepared for the operands, and for not knowing them before the run.
                for known in [operands.clone(), unknown(&operands, assertion.fields)] {
                    let check = (assertion.prepare)(&known).expect(plan);
                    let mut text = String::new();
                    let kept = &mut Kept::default();
                    let holds = check(&operands, &reply.reply(), kept, &mut text);
                    assert_eq!(holds, failure.is_none(), "{plan} {reply:?}");
                    assert_eq!(text, failure.unwrap_or_default(), "{plan} {reply:?}");
                }
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(find("Status_Code").unwrap().name, "status_code");
        assert!(find("status").is_none());
    }
}
