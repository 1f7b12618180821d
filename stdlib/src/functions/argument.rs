//! How functions read their arguments. They are values of any type, because a plan may
//! pass a variable or the result of another function; what has no value leaves a call
//! without a result.

use ld_vm::Value;

use super::{Parameter, ParameterKind};
use crate::operators::{Number, number};

/// The parameter of functions that change a text.
pub(super) const TEXT: Parameter =
    Parameter { name: "text", kind: ParameterKind::Text, doc: "Any text." };

/// The parameter of functions that count.
pub(super) const COUNTER: Parameter = Parameter {
    name: "name",
    kind: ParameterKind::Text,
    doc: "Which counter; without a name, one that all calls without a name share.",
};

/// The argument at a position; [`Value::Unset`] beyond the last.
pub(super) fn at<'v>(arguments: &[Value<'v>], position: usize) -> Value<'v> {
    arguments.get(position).copied().unwrap_or(Value::Unset)
}

/// Works on the text of a value; nothing is done when there is none.
pub(super) fn with_text<R>(value: Value<'_>, work: impl FnOnce(&[u8]) -> R) -> Option<R> {
    Some(match value {
        Value::Unset | Value::Null => return None,
        Value::Text(bytes) | Value::Json(bytes) => work(bytes),
        Value::Int(number) => work(itoa::Buffer::new().format(number).as_bytes()),
        Value::Bool(true) => work(b"true"),
        Value::Bool(false) => work(b"false"),
        Value::Float(_) => {
            let mut text = Vec::with_capacity(32);
            value.write_text(&mut text);
            work(&text)
        }
    })
}

/// The whole number that a value is, or says.
pub(super) fn whole(value: Value<'_>) -> Option<i64> {
    match number(value)? {
        Number::Int(number) => Some(number),
        Number::Float(number) => {
            let fits = number.fract() == 0.0 && number.abs() < i64::MAX as f64;
            fits.then_some(number as i64)
        }
    }
}

/// The text of an argument that is known before the run; `None` while it is not.
pub(super) fn constant_text<'v>(arguments: &[Value<'v>], position: usize) -> Option<&'v str> {
    at(arguments, position).bytes().and_then(|bytes| str::from_utf8(bytes).ok())
}

/// The name of a counter: the only argument, which must be known before the run, or none.
///
/// # Errors
/// When only the run can tell it.
pub(super) fn counter_name(arguments: &[Value<'_>]) -> Result<Box<[u8]>, String> {
    match arguments.first() {
        None => Ok(Box::default()),
        Some(name) => {
            let known = with_text(*name, |text| text.into());
            known.ok_or_else(|| "`name` must be known before the run".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_but_a_missing_one_has_a_text() {
        let text = |value| with_text(value, |text| String::from_utf8(text.to_vec()).unwrap());
        assert_eq!(text(Value::Int(-7)).unwrap(), "-7");
        assert_eq!(text(Value::Float(0.5)).unwrap(), "0.5");
        assert_eq!(text(Value::Bool(true)).unwrap(), "true");
        assert_eq!(text(Value::Json(b"[1]")).unwrap(), "[1]");
        assert_eq!(text(Value::Text(b"")).unwrap(), "");
        assert_eq!(text(Value::Unset), None);
    }

    #[test]
    fn whole_numbers_are_read_from_text_and_from_numbers_without_a_fraction() {
        assert_eq!(whole(Value::Text(b" 12 ")), Some(12));
        assert_eq!(whole(Value::Text(b"3.0")), Some(3));
        assert_eq!(whole(Value::Float(-2.0)), Some(-2));
        for value in [Value::Float(2.5), Value::Float(1e300), Value::Text(b"x"), Value::Unset] {
            assert_eq!(whole(value), None, "{value:?}");
        }
    }
}
