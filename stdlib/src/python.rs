//! Values as Python has them: what actions give back, and how result maps show it.
//!
//! Results are JSON with two kinds more, which the builtins need to give what the reference's do:
//! whole numbers beyond 64 bits while computing, and tuples.

use std::fmt::{self, Display, Write as _};

use serde_json::{Map, Number, Value as Json};

use crate::json::is_printable;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A double.
    Float(f64),
    /// A text.
    Str(String),
    /// A list.
    List(Vec<Self>),
    /// A tuple; an array in JSON.
    Tuple(Vec<Self>),
    /// An object in the order of its keys' first appearance.
    Dict(Vec<(String, Self)>),
}

impl Value {
    /// The name of its type: `int`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
        }
    }

    /// What `str()` makes of it: text as it is, everything else in its notation.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Str(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// The value as JSON. A number JSON readers cannot hold becomes its text.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                _ => Json::String(number.to_string()),
            },
            Self::Float(number) => Number::from_f64(*number)
                .map_or_else(|| Json::String(self.to_string()), Json::Number),
            Self::Str(text) => Json::String(text.clone()),
            Self::List(items) | Self::Tuple(items) => items.iter().map(Self::to_json).collect(),
            Self::Dict(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), value.to_json()));
                Json::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Self::None,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Int(number.into()),
                (_, Some(number)) => Self::Int(number.into()),
                _ => Self::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Self::Str(text),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => {
                Self::Dict(members.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

/// The notation that `repr()` gives: `'text'`, `5`, `1.0`, `None`, `True`, `{'a': [1, None]}`.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(flag) => f.write_str(if *flag { "True" } else { "False" }),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => {
                let mut text = Vec::new();
                ld_vm::value::write_float(*number, &mut text);
                f.write_str(&String::from_utf8_lossy(&text))
            }
            Self::Str(text) => f.write_str(&quoted(text)),
            Self::List(items) => {
                f.write_char('[')?;
                separated(f, items)?;
                f.write_char(']')
            }
            Self::Tuple(items) => {
                f.write_char('(')?;
                separated(f, items)?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Self::Dict(members) => {
                f.write_char('{')?;
                for (at, (name, value)) in members.iter().enumerate() {
                    let gap = if at == 0 { "" } else { ", " };
                    write!(f, "{gap}{}: {value}", quoted(name))?;
                }
                f.write_char('}')
            }
        }
    }
}

fn separated(f: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// A text in quotes: single ones, or double ones when that saves escapes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if character == quote => {
                out.push('\\');
                out.push(character);
            }
            _ if is_printable(character) => out.push(character),
            _ => push_escape(character, &mut out),
        }
    }
    out.push(quote);
    out
}

/// Appends `\x1b`, `\u200b` or `\U0001f600`.
pub(crate) fn push_escape(character: char, out: &mut String) {
    // Writing to a text does not fail.
    let _ = match u32::from(character) {
        code @ 0..0x100 => write!(out, "\\x{code:02x}"),
        code @ 0..0x1_0000 => write!(out, "\\u{code:04x}"),
        code => write!(out, "\\U{code:08x}"),
    };
}

/// An exception: what failing actions leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The name of its type: `ValueError`.
    pub kind: &'static str,
    /// What happened.
    pub message: String,
}

impl Exception {
    /// An exception.
    #[must_use]
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// The form `repr()` gives: `ValueError('max() iterable argument is empty')`.
impl Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.kind, quoted(&self.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        for (json, expected) in [
            ("null", "None"),
            ("[true, 1, 1.0, 1e20, 0.1]", "[True, 1, 1.0, 1e+20, 0.1]"),
            (r#""it's""#, r#""it's""#),
            (r#""it's \"x\"""#, r#"'it\'s "x"'"#),
            (r#""a\nb\u0001\\""#, r"'a\nb\x01\\'"),
            (r#"{"k": {"é": []}}"#, "{'k': {'é': []}}"),
        ] {
            let value = Value::from(serde_json::from_str::<Json>(json).unwrap());
            assert_eq!(value.to_string(), expected);
        }
        let pair = Value::Tuple(vec![Value::Int(3), Value::Int(1)]);
        assert_eq!(
            (pair.to_string().as_str(), pair.to_json().to_string().as_str()),
            ("(3, 1)", "[3,1]")
        );
        assert_eq!(Value::Tuple(vec![Value::None]).to_string(), "(None,)");
    }

    #[test]
    fn an_exception_is_its_type_and_its_message_in_quotes() {
        let text = "executor received invalid data ['nope']";
        let exception = Exception::new("LoadDensityTestExecuteException", text);
        assert_eq!(
            exception.to_string(),
            r#"LoadDensityTestExecuteException("executor received invalid data ['nope']")"#
        );
    }
}
