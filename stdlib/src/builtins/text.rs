//! `ascii`, `chr`, `hash`, `ord`.

use super::{Arguments, type_error, whole};
use crate::python::{Exception, Value, push_escape};

pub(super) fn ascii(arguments: &Arguments) -> Result<Value, Exception> {
    let mut out = String::new();
    for character in arguments.value("value").to_string().chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            push_escape(character, &mut out);
        }
    }
    Ok(Value::Str(out))
}

pub(super) fn chr(arguments: &Arguments) -> Result<Value, Exception> {
    let code = match arguments.value("code") {
        Value::Int(code) => u32::try_from(*code).ok(),
        _ => None,
    };
    match code.and_then(char::from_u32) {
        Some(character) => Ok(Value::Str(character.into())),
        None => Err(Exception::new("ValueError", "chr() arg not in range(0x110000)")),
    }
}

pub(super) fn ord(arguments: &Arguments) -> Result<Value, Exception> {
    let text = arguments.text("character").unwrap_or_default();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(Value::Int(u32::from(character).into())),
        _ => Err(type_error(format!(
            "ord() expected a character, but string of length {} found",
            text.chars().count()
        ))),
    }
}

/// What whole numbers are taken modulo of, and texts by FNV-1a; the same in every process.
const MERSENNE_61: i128 = (1 << 61) - 1;

pub(super) fn hash(arguments: &Arguments) -> Result<Value, Exception> {
    let value = arguments.value("value");
    let number = match value {
        Value::None => 0,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => hash_whole(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e30 => {
            hash_whole(*number as i128)
        }
        Value::Float(number) => fnv(&number.to_bits().to_le_bytes()),
        Value::Str(text) if text.is_empty() => 0,
        Value::Str(text) => fnv(text.as_bytes()),
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => {
            return Err(type_error(format!("unhashable type: '{}'", value.type_name())));
        }
    };
    whole(Some(number))
}

fn hash_whole(number: i128) -> i128 {
    match number.signum() * (number.abs() % MERSENNE_61) {
        -1 => -2,
        hash => hash,
    }
}

fn fnv(bytes: &[u8]) -> i128 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, step);
    hash.cast_signed().into()
}
