//! Arithmetic: `+`, `-`, `*`, `/`, `%`. Whole numbers stay whole as long as they fit.

use ld_vm::link::{Call, CallFn, Prepare};
use ld_vm::{Value, Var};

use super::{Gives, Number, Operator, Takes, number, operand};

pub(super) const ADD: Operator = Operator {
    name: "+",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Anything,
    doc: "The sum of two numbers; when one is neither a number nor text that is one, the texts of \
          both, one after the other.",
    examples: &[("1 + 2", "3"), ("'1' + 2", "3"), ("0.5 + 1", "1.5"), ("'a' + 1", "a1")],
    prepare: computed!(|call, result| {
        let (a, b) = (operand(call.arguments, 0), operand(call.arguments, 1));
        match (number(a), number(b)) {
            (Some(a), Some(b)) => {
                result.set(sum(a, b, i64::checked_add, |a, b| a + b));
            }
            _ if a.is_missing() || b.is_missing() => {}
            _ => {
                let text = result.text_mut();
                a.write_text(text);
                b.write_text(text);
            }
        }
    }),
};

const fn binary(
    name: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: Prepare<CallFn>,
) -> Operator {
    Operator {
        name,
        operands: 2,
        takes: Takes::Numbers,
        gives: Gives::Number,
        doc,
        examples,
        prepare,
    }
}

pub(super) const SUBTRACT: Operator = binary(
    "-",
    "The difference of two numbers.",
    &[("1 - 2", "-1"), ("1.5 - 1", "0.5")],
    computed!(|call, result| with_numbers(call, result, |a, b| sum(
        a,
        b,
        i64::checked_sub,
        |a, b| a - b
    ))),
);

pub(super) const MULTIPLY: Operator = binary(
    "*",
    "The product of two numbers.",
    &[("6 * 7", "42"), ("2 * 0.25", "0.5")],
    computed!(|call, result| with_numbers(call, result, |a, b| sum(
        a,
        b,
        i64::checked_mul,
        |a, b| a * b
    ))),
);

pub(super) const DIVIDE: Operator = binary(
    "/",
    "The quotient of two numbers, whole when it can be; nothing when the second is 0.",
    &[("6 / 3", "2"), ("1 / 4", "0.25"), ("(1 / 0) == null", "true")],
    computed!(|call, result| {
        with_numbers(call, result, |a, b| match (a, b) {
            (Number::Int(a), Number::Int(b)) if a.checked_rem(b) == Some(0) => Value::Int(a / b),
            (a, b) => finite(a.as_f64() / b.as_f64()),
        });
    }),
);

pub(super) const REMAINDER: Operator = binary(
    "%",
    "The remainder of a division, with the sign of the divisor; nothing when that is 0.",
    &[("7 % 3", "1"), ("-7 % 3", "2"), ("7.5 % 2", "1.5"), ("(1 % 0) == null", "true")],
    computed!(|call, result| {
        with_numbers(call, result, |a, b| match (a, b) {
            (Number::Int(a), Number::Int(b)) => match a.checked_rem(b) {
                Some(rest) if rest != 0 && (rest < 0) != (b < 0) => Value::Int(rest + b),
                Some(rest) => Value::Int(rest),
                None if b == -1 => Value::Int(0),
                None => Value::Unset,
            },
            (a, b) => {
                let (a, b) = (a.as_f64(), b.as_f64());
                finite(a - b * (a / b).floor())
            }
        });
    }),
);

pub(super) const NEGATE: Operator = Operator {
    name: "negate",
    operands: 1,
    takes: Takes::Numbers,
    gives: Gives::Number,
    doc: "The number with its sign turned, written `-x`.",
    examples: &[("-(1 + 2)", "-3"), ("-0.5", "-0.5")],
    prepare: computed!(|call, result| {
        result.set(match number(operand(call.arguments, 0)) {
            Some(Number::Int(number)) => match number.checked_neg() {
                Some(negated) => Value::Int(negated),
                None => Value::Float(-(number as f64)),
            },
            Some(Number::Float(number)) => Value::Float(-number),
            None => Value::Unset,
        });
    }),
};

fn with_numbers(
    call: &Call<'_>,
    result: &mut Var,
    compute: impl FnOnce(Number, Number) -> Value<'static>,
) {
    let numbers = (number(operand(call.arguments, 0)), number(operand(call.arguments, 1)));
    if let (Some(a), Some(b)) = numbers {
        result.set(compute(a, b));
    }
}

/// Whole if both are whole and the result fits.
fn sum(
    a: Number,
    b: Number,
    whole: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
) -> Value<'static> {
    if let (Number::Int(a), Number::Int(b)) = (a, b)
        && let Some(result) = whole(a, b)
    {
        return Value::Int(result);
    }
    finite(float(a.as_f64(), b.as_f64()))
}

/// JSON has no infinity and no NaN, so nothing here gives one.
fn finite(number: f64) -> Value<'static> {
    if number.is_finite() { Value::Float(number) } else { Value::Unset }
}
