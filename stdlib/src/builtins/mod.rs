//! Actions that only compute: `["max", [1, 2]]`. They give what Python's functions of the same
//! names give, for values that JSON can write.

mod format;
mod items;
mod numbers;
mod text;

use crate::python::{Exception, Value};

/// What a builtin makes of its arguments.
pub type Call = fn(&Arguments) -> Result<Value, Exception>;

/// A builtin.
#[derive(Debug)]
pub struct Builtin {
    /// The name of the action.
    pub name: &'static str,
    /// What it does.
    pub call: Call,
}

/// Every builtin, by name. `print` writes its text with what it was called with, so the runtime
/// carries it out, by [`printed`].
#[rustfmt::skip]
pub const BUILTINS: &[Builtin] = &[
    Builtin { name: "abs", call: numbers::abs },
    Builtin { name: "all", call: items::all },
    Builtin { name: "any", call: items::any },
    Builtin { name: "ascii", call: text::ascii },
    Builtin { name: "bin", call: numbers::bin },
    Builtin { name: "callable", call: |_| Ok(Value::Bool(false)) },
    Builtin { name: "chr", call: text::chr },
    Builtin { name: "divmod", call: numbers::divmod },
    Builtin { name: "format", call: format::format },
    Builtin { name: "hash", call: text::hash },
    Builtin { name: "hex", call: numbers::hex },
    Builtin { name: "len", call: items::len },
    Builtin { name: "max", call: items::max },
    Builtin { name: "min", call: items::min },
    Builtin { name: "oct", call: numbers::oct },
    Builtin { name: "ord", call: text::ord },
    Builtin { name: "pow", call: numbers::pow },
    Builtin { name: "repr", call: |arguments| Ok(Value::Str(arguments.value("value").to_string())) },
    Builtin { name: "round", call: numbers::round },
    Builtin { name: "sorted", call: items::sorted },
    Builtin { name: "sum", call: numbers::sum },
];

/// The builtin of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

/// What `print` writes.
#[must_use]
pub fn printed(arguments: &Arguments) -> String {
    let word = |name: &str, otherwise: &str| match arguments.get(name) {
        Some(Value::Str(text)) => text.clone(),
        _ => otherwise.to_owned(),
    };
    let values: Vec<String> = arguments.items("values").iter().map(Value::text).collect();
    values.join(&word("sep", " ")) + &word("end", "\n")
}

/// The arguments of an action, by the names of its fields.
#[derive(Clone, Debug, Default)]
pub struct Arguments(pub Vec<(String, Value)>);

impl Arguments {
    /// The value of an argument, if it is given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// The text of an argument, if it is one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The number of an argument, if it is one.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Value::Int(number)) => Some(*number as f64),
            Some(Value::Float(number)) => Some(*number),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::None)
    }

    fn items(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Some(Value::List(items) | Value::Tuple(items)) => items,
            _ => &[],
        }
    }
}

fn type_error(message: impl Into<String>) -> Exception {
    Exception::new("TypeError", message)
}

/// What Python has numbers of any size for.
fn overflow() -> Exception {
    Exception::new("OverflowError", "the result has more than 64 bits, which results cannot hold")
}

/// A whole number as a result: within 64 bits, so that every reader of JSON can take it.
fn whole(number: Option<i128>) -> Result<Value, Exception> {
    let fits = |number: &i128| i64::try_from(*number).is_ok() || u64::try_from(*number).is_ok();
    number.filter(fits).map(Value::Int).ok_or_else(overflow)
}

#[cfg(test)]
mod tests;
