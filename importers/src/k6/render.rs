//! Values as texts and JSON of a plan, with placeholders for what only the plan knows.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::Value as Json;

use super::machine::Machine;
use super::value::Value;

impl<'a> Machine<'a, '_> {
    /// A text with placeholders for a value.
    pub(super) fn text_of(&mut self, value: &Value<'a>, span: Span) -> Option<String> {
        if let Value::Json(inner) = value {
            let inner = Rc::clone(inner);
            return Some(self.json_of(&inner, span).to_string());
        }
        let value = &self.as_text(value, span);
        if let Some(text) = value.to_text() {
            return Some(super::code::literal(&text));
        }
        let code = self.code(value, span)?;
        Some(self.template(&code))
    }

    /// JSON with placeholders for a value; what is not known is noted and left out.
    pub(super) fn json_of(&mut self, value: &Value<'a>, span: Span) -> Json {
        if self.levels >= super::machine::LEVELS || !self.burn() {
            return Json::Null;
        }
        self.levels += 1;
        let json = self.json_within(value, span);
        self.levels -= 1;
        json
    }

    pub(super) fn json_within(&mut self, value: &Value<'a>, span: Span) -> Json {
        match value {
            Value::Array(array) => {
                let items = array.items.borrow().clone();
                items.iter().map(|item| self.json_of(item, span)).collect()
            }
            Value::Object(object) if object.kind.get() == "date" => {
                let text = self.date_method(object, "toISOString", &[], span);
                self.json_of(&text, span)
            }
            Value::Object(object) if matches!(object.kind.get(), "mapped" | "hasher") => {
                self.drop(span, "a part of this value is not known");
                Json::Null
            }
            Value::Row(_) if !self.members_of(value).is_empty() => {
                let members = self.members_of(value);
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_string(), self.json_of(&value, span)))
                    .collect()
            }
            Value::Object(_) => {
                let members = value.members();
                let known = members
                    .iter()
                    .filter(|(_, value)| !matches!(value, Value::Undefined | Value::Function(_)));
                known.map(|(name, value)| (name.to_string(), self.json_of(value, span))).collect()
            }
            Value::Reply(_)
            | Value::Live(_)
            | Value::Row(_)
            | Value::Range(..)
            | Value::Test(_) => match self.code(value, span) {
                Some(code) => Json::String(self.template(&code)),
                None => {
                    self.drop(span, "a part of this value is not known");
                    Json::Null
                }
            },
            Value::Json(inner) => {
                let inner = Rc::clone(inner);
                Json::String(self.json_of(&inner, span).to_string())
            }
            Value::Unknown(why) => {
                let place = self.place(span);
                self.notes.drop(&place, &Rc::clone(why), "this value is not known");
                Json::Null
            }
            constant => super::machine::escaped(&constant.to_json().unwrap_or(Json::Null)),
        }
    }
}
