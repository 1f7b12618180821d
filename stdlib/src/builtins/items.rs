//! `all`, `any`, `len`, `max`, `min`, `sorted`.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Arguments, type_error};
use crate::python::{Exception, Value};

pub(super) fn all(arguments: &Arguments) -> Result<Value, Exception> {
    Ok(Value::Bool(iterate(arguments.value("iterable"))?.iter().all(is_true)))
}

pub(super) fn any(arguments: &Arguments) -> Result<Value, Exception> {
    Ok(Value::Bool(iterate(arguments.value("iterable"))?.iter().any(is_true)))
}

pub(super) fn len(arguments: &Arguments) -> Result<Value, Exception> {
    let length = match arguments.value("obj") {
        Value::Str(text) => text.chars().count(),
        Value::List(items) | Value::Tuple(items) => items.len(),
        Value::Dict(members) => members.len(),
        other => {
            return Err(type_error(format!("object of type '{}' has no len()", other.type_name())));
        }
    };
    Ok(Value::Int(length as i128))
}

pub(super) fn max(arguments: &Arguments) -> Result<Value, Exception> {
    extreme(arguments, "max", '>', Ordering::Greater)
}

pub(super) fn min(arguments: &Arguments) -> Result<Value, Exception> {
    extreme(arguments, "min", '<', Ordering::Less)
}

/// The first of the items that no other goes before.
fn extreme(
    arguments: &Arguments,
    name: &str,
    sign: char,
    wanted: Ordering,
) -> Result<Value, Exception> {
    let values = arguments.items("values");
    let items = match values {
        [] => return Err(type_error(format!("{name} expected at least 1 argument, got 0"))),
        [only] => iterate(only)?,
        several => Cow::Borrowed(several),
    };
    let mut items = items.iter();
    let Some(mut best) = items.next() else {
        let message = format!("{name}() arg is an empty sequence");
        return Err(Exception::new("ValueError", message));
    };
    for item in items {
        if compare(item, best, sign)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

pub(super) fn sorted(arguments: &Arguments) -> Result<Value, Exception> {
    let mut items = iterate(arguments.value("iterable"))?.into_owned();
    // Whether all can be compared shows before anything moves.
    for (left, right) in items.iter().zip(items.iter().skip(1)) {
        compare(right, left, '<')?;
    }
    let order = |a: &Value, b: &Value| compare(a, b, '<').unwrap_or(Ordering::Equal);
    if matches!(arguments.get("reverse"), Some(Value::Bool(true))) {
        // Equal items keep their order in this direction, too.
        items.sort_by(|a, b| order(b, a));
    } else {
        items.sort_by(order);
    }
    Ok(Value::List(items))
}

/// What a loop over a value goes through: items, keys, characters.
fn iterate(value: &Value) -> Result<Cow<'_, [Value]>, Exception> {
    match value {
        Value::List(items) | Value::Tuple(items) => Ok(Cow::Borrowed(items)),
        Value::Dict(members) => {
            Ok(members.iter().map(|(name, _)| Value::Str(name.clone())).collect())
        }
        Value::Str(text) => Ok(text.chars().map(|c| Value::Str(c.into())).collect()),
        other => Err(type_error(format!("'{}' object is not iterable", other.type_name()))),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(flag) => *flag,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::List(items) | Value::Tuple(items) => !items.is_empty(),
        Value::Dict(members) => !members.is_empty(),
    }
}

fn compare(left: &Value, right: &Value, sign: char) -> Result<Ordering, Exception> {
    if let (Some(left), Some(right)) = (as_number(left), as_number(right)) {
        return Ok(left.partial_cmp(&right).unwrap_or(Ordering::Equal));
    }
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Ok(left.cmp(right)),
        (Value::List(left), Value::List(right)) => {
            for (left, right) in left.iter().zip(right) {
                if left != right {
                    let order = compare(left, right, sign)?;
                    if order != Ordering::Equal {
                        return Ok(order);
                    }
                }
            }
            Ok(left.len().cmp(&right.len()))
        }
        _ => {
            let (left, right) = (left.type_name(), right.type_name());
            let message =
                format!("'{sign}' not supported between instances of '{left}' and '{right}'");
            Err(type_error(message))
        }
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}
