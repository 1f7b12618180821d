//! Choices that only the environment decides: the plan has what the script does when the environment
//! says nothing.

use oxc_span::Span;
use serde_json::{Value as Json, json};

use super::code::Code;
use super::machine::Machine;
use super::value::Value;

impl<'a> Machine<'a, '_> {
    /// A value as it is when the environment says nothing; nothing when anything else has a say in it.
    pub(super) fn without_environment(
        &mut self,
        value: &Value<'a>,
        span: Span,
    ) -> Option<Value<'a>> {
        let code = match value {
            Value::Live(code) => (**code).clone(),
            Value::Test(_) => self.code(value, span)?,
            _ => return None,
        };
        let found = self.unset(&code)?;
        self.approximate(
            span,
            "the environment decides here; the plan has what is done when it says nothing",
        );
        Some(if found.is_null() { Value::Undefined } else { Value::from_json(&found) })
    }

    /// What a module decides while it is loaded is decided before the plan is there.
    pub(super) fn when_loading(&mut self, value: Value<'a>, span: Span) -> Value<'a> {
        if !self.loading || value.is_known() {
            return value;
        }
        self.without_environment(&value, span).unwrap_or(value)
    }

    fn unset(&self, code: &Code) -> Option<Json> {
        let is_true = |value: &Json| match value {
            Json::Null => false,
            Json::Bool(holds) => *holds,
            Json::String(text) => !text.is_empty(),
            Json::Number(number) => number.as_f64() != Some(0.0),
            _ => true,
        };
        Some(match code {
            Code::Const(value) => value.clone(),
            Code::Name(name) if name.starts_with("env.") => Json::Null,
            Code::Name(name) if self.of_environment.contains(name) => {
                self.variables.get(name)?.clone()
            }
            Code::Name(_) => return None,
            Code::Call("default", parts) => {
                let parts = parts.iter().map(|part| self.unset(part));
                let parts: Vec<Json> = parts.collect::<Option<_>>()?;
                parts.into_iter().find(is_true).unwrap_or(Json::Null)
            }
            Code::Call(name @ ("lower" | "upper"), parts) => {
                let text = super::code::plain(&self.unset(parts.first()?)?);
                json!(if *name == "lower" { text.to_lowercase() } else { text.to_uppercase() })
            }
            Code::Call(..) => return None,
            Code::Concat(parts) => {
                let parts: Option<Vec<Json>> = parts.iter().map(|part| self.unset(part)).collect();
                json!(parts?.iter().map(super::code::plain).collect::<String>())
            }
            Code::Op("==", left, right) => json!(self.unset(left)? == self.unset(right)?),
            Code::Op("!=", left, right) => json!(self.unset(left)? != self.unset(right)?),
            Code::Op("and", left, right) => {
                json!(is_true(&self.unset(left)?) && is_true(&self.unset(right)?))
            }
            Code::Op("or", left, right) => {
                json!(is_true(&self.unset(left)?) || is_true(&self.unset(right)?))
            }
            Code::Op(..) => return None,
            Code::Not(inner) => json!(!is_true(&self.unset(inner)?)),
        })
    }
}
