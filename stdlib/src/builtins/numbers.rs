//! `abs`, `bin`, `divmod`, `hex`, `oct`, `pow`, `round`, `sum`.

use super::{Arguments, overflow, type_error, whole};
use crate::python::{Exception, Value};

/// A number of either kind; booleans count as whole numbers, as in Python.
#[derive(Clone, Copy)]
enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Int((*flag).into())),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Float(number) => Some(Self::Float(*number)),
            _ => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

fn number(arguments: &Arguments, name: &str) -> Result<Number, Exception> {
    let value = arguments.value(name);
    Number::of(value).ok_or_else(|| type_error(format!("{} is not a number", value.type_name())))
}

pub(super) fn abs(arguments: &Arguments) -> Result<Value, Exception> {
    match number(arguments, "number")? {
        Number::Int(number) => whole(number.checked_abs()),
        Number::Float(number) => Ok(Value::Float(number.abs())),
    }
}

pub(super) fn bin(arguments: &Arguments) -> Result<Value, Exception> {
    digits(arguments, |number| format!("0b{number:b}"))
}

pub(super) fn oct(arguments: &Arguments) -> Result<Value, Exception> {
    digits(arguments, |number| format!("0o{number:o}"))
}

pub(super) fn hex(arguments: &Arguments) -> Result<Value, Exception> {
    digits(arguments, |number| format!("0x{number:x}"))
}

fn digits(arguments: &Arguments, write: fn(u128) -> String) -> Result<Value, Exception> {
    match number(arguments, "number")? {
        Number::Int(number) => {
            let sign = if number < 0 { "-" } else { "" };
            Ok(Value::Str(format!("{sign}{}", write(number.unsigned_abs()))))
        }
        Number::Float(_) => Err(type_error("'float' object cannot be interpreted as an integer")),
    }
}

pub(super) fn divmod(arguments: &Arguments) -> Result<Value, Exception> {
    let by_zero = |message| Exception::new("ZeroDivisionError", message);
    match (number(arguments, "a")?, number(arguments, "b")?) {
        (Number::Int(_), Number::Int(0)) => Err(by_zero("integer division or modulo by zero")),
        (Number::Int(a), Number::Int(b)) => {
            let (mut quotient, mut rest) = (a / b, a % b);
            if rest != 0 && (rest < 0) != (b < 0) {
                quotient -= 1;
                rest += b;
            }
            Ok(Value::Tuple(vec![whole(Some(quotient))?, whole(Some(rest))?]))
        }
        (a, b) => {
            let (a, b) = (a.float(), b.float());
            if b == 0.0 {
                return Err(by_zero("float divmod()"));
            }
            let mut rest = a % b;
            let mut quotient = (a - rest) / b;
            if rest == 0.0 {
                rest = 0.0_f64.copysign(b);
            } else if (rest < 0.0) != (b < 0.0) {
                rest += b;
                quotient -= 1.0;
            }
            Ok(Value::Tuple(vec![Value::Float(quotient.round()), Value::Float(rest)]))
        }
    }
}

pub(super) fn pow(arguments: &Arguments) -> Result<Value, Exception> {
    let (base, exp) = (number(arguments, "base")?, number(arguments, "exp")?);
    if let Some(modulus) = arguments.get("mod") {
        return match (base, exp, Number::of(modulus)) {
            (Number::Int(base), Number::Int(exp), Some(Number::Int(modulus))) => {
                power_modulo(base, exp, modulus)
            }
            _ => {
                Err(type_error("pow() 3rd argument not allowed unless all arguments are integers"))
            }
        };
    }
    match (base, exp) {
        (Number::Int(base), Number::Int(exp)) if exp >= 0 => match (base, u32::try_from(exp)) {
            (0 | 1, _) => Ok(Value::Int(if exp == 0 { 1 } else { base })),
            (-1, _) => Ok(Value::Int(if exp % 2 == 0 { 1 } else { -1 })),
            (_, Ok(exp)) => whole(base.checked_pow(exp)),
            (_, Err(_)) => Err(overflow()),
        },
        (base, exp) => {
            let (base, exp) = (base.float(), exp.float());
            if base == 0.0 && exp < 0.0 {
                let message = "0.0 cannot be raised to a negative power";
                return Err(Exception::new("ZeroDivisionError", message));
            }
            let result = base.powf(exp);
            if result.is_nan() {
                let message = "the result is a complex number, which results cannot hold";
                return Err(Exception::new("ValueError", message));
            }
            if result.is_infinite() {
                return Err(Exception::new(
                    "OverflowError",
                    "(34, 'Numerical result out of range')",
                ));
            }
            Ok(Value::Float(result))
        }
    }
}

/// By squaring; the operands' size is that of results, so no product overflows.
fn power_modulo(base: i128, exp: i128, modulus: i128) -> Result<Value, Exception> {
    let value_error = |message| Exception::new("ValueError", message);
    if modulus == 0 {
        return Err(value_error("pow() 3rd argument cannot be 0"));
    }
    let Ok(mut exp) = u128::try_from(exp) else {
        return Err(value_error("a negative exponent with a modulus is not supported"));
    };
    if i64::try_from(modulus).is_err() {
        return Err(overflow());
    }
    let mut result = 1_i128.rem_euclid(modulus);
    let mut square = base.rem_euclid(modulus);
    while exp > 0 {
        if exp % 2 == 1 {
            result = (result * square).rem_euclid(modulus);
        }
        square = (square * square).rem_euclid(modulus);
        exp /= 2;
    }
    // A remainder has the sign of the modulus.
    if modulus < 0 && result != 0 {
        result += modulus;
    }
    whole(Some(result))
}

pub(super) fn round(arguments: &Arguments) -> Result<Value, Exception> {
    let digits = match arguments.get("ndigits") {
        Some(Value::Int(digits)) => Some(i32::try_from(*digits).unwrap_or_default()),
        _ => None,
    };
    match (number(arguments, "number")?, digits) {
        (Number::Int(number), None | Some(0..)) => whole(Some(number)),
        (Number::Int(number), Some(digits)) => whole(round_whole(number, digits.unsigned_abs())),
        (Number::Float(number), None) => {
            let number = number.round_ties_even();
            if number.abs() < 1e30 { whole(Some(number as i128)) } else { Err(overflow()) }
        }
        (Number::Float(number), Some(digits)) => Ok(Value::Float(round_float(number, digits))),
    }
}

/// To a multiple of ten to the power of `digits`, ties to the even one.
fn round_whole(number: i128, digits: u32) -> Option<i128> {
    let Some(unit) = 10_i128.checked_pow(digits) else { return Some(0) };
    let (below, rest) = (number.div_euclid(unit), number.rem_euclid(unit));
    let up = 2 * rest > unit || (2 * rest == unit && below % 2 != 0);
    (below + i128::from(up)).checked_mul(unit)
}

/// By way of the decimal notation, which is exact, so that 2.675 becomes 2.67 as in Python.
fn round_float(number: f64, digits: i32) -> f64 {
    match usize::try_from(digits) {
        Ok(digits) => format!("{number:.digits$}").parse().unwrap_or(number),
        Err(_) => {
            let unit = 10_f64.powi(-digits);
            if unit.is_finite() { (number / unit).round_ties_even() * unit } else { 0.0 }
        }
    }
}

pub(super) fn sum(arguments: &Arguments) -> Result<Value, Exception> {
    let zero = Value::Int(0);
    let mut total = number_or(arguments.get("start").unwrap_or(&zero), "int")?;
    for item in arguments.items("iterable") {
        let kind = if matches!(total, Number::Int(_)) { "int" } else { "float" };
        total = match (total, number_or(item, kind)?) {
            (Number::Int(total), Number::Int(item)) => {
                Number::Int(total.checked_add(item).ok_or_else(overflow)?)
            }
            (total, item) => Number::Float(total.float() + item.float()),
        };
    }
    match total {
        Number::Int(total) => whole(Some(total)),
        Number::Float(total) => Ok(Value::Float(total)),
    }
}

fn number_or(item: &Value, left: &str) -> Result<Number, Exception> {
    Number::of(item).ok_or_else(|| {
        let right = item.type_name();
        type_error(format!("unsupported operand type(s) for +: '{left}' and '{right}'"))
    })
}
