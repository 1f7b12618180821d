//! Comparisons: `==`, `!=`, `<`, `<=`, `>`, `>=`.

use std::cmp::Ordering;

use ld_vm::Value;
use ld_vm::link::{Call, CallFn, Prepare};

use super::{Gives, Number, Operator, Takes, number, operand};
use crate::json;

pub(super) const EQUAL: Operator = Operator {
    name: "==",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "Whether two values are equal: numbers by value, also when one of them is text that is \
          a number; lists and objects by content; a value that is absent equals `null`.",
    examples: &[
        ("2 == 2.0", "true"),
        ("'2' == 2", "true"),
        ("'2' == '2.0'", "false"),
        ("[1, 'a'] == [1, 'a']", "true"),
        ("null == 0", "false"),
    ],
    prepare: computed!(|call, result| result.set(Value::Bool(is_equal(call)))),
};

pub(super) const UNEQUAL: Operator = Operator {
    name: "!=",
    operands: 2,
    takes: Takes::Anything,
    gives: Gives::Bool,
    doc: "Whether two values are not equal, as `==` sees it.",
    examples: &[("1 != 2", "true"), ("'a' != 'a'", "false")],
    prepare: computed!(|call, result| result.set(Value::Bool(!is_equal(call)))),
};

const fn by_order(
    name: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: Prepare<CallFn>,
) -> Operator {
    Operator {
        name,
        operands: 2,
        takes: Takes::Ordered,
        gives: Gives::Bool,
        doc,
        examples,
        prepare,
    }
}

pub(super) const LESS: Operator = by_order(
    "<",
    "Whether the first comes before the second: numbers by value, texts by their characters.",
    &[("1 < 2", "true"), ("'10' < 9", "false"), ("'a' < 'b'", "true"), ("null < 1", "false")],
    computed!(|call, result| result.set(ordered(call, Ordering::is_lt))),
);

pub(super) const AT_MOST: Operator = by_order(
    "<=",
    "Whether the first comes before the second or is equal to it.",
    &[("2 <= 2", "true"), ("'b' <= 'a'", "false")],
    computed!(|call, result| result.set(ordered(call, Ordering::is_le))),
);

pub(super) const GREATER: Operator = by_order(
    ">",
    "Whether the first comes after the second.",
    &[("10 > 9", "true"), ("'10' > '9'", "false")],
    computed!(|call, result| result.set(ordered(call, Ordering::is_gt))),
);

pub(super) const AT_LEAST: Operator = by_order(
    ">=",
    "Whether the first comes after the second or is equal to it.",
    &[("0.5 >= 0.5", "true"), ("1 >= 2", "false")],
    computed!(|call, result| result.set(ordered(call, Ordering::is_ge))),
);

fn is_equal(call: &Call<'_>) -> bool {
    equal(operand(call.arguments, 0), operand(call.arguments, 1))
}

/// Equality of expressions and predicates: that of JSON values, but that text which is a
/// number equals a number. What data files hold is all text.
pub(crate) fn equal(a: Value<'_>, b: Value<'_>) -> bool {
    let is_number = |value| matches!(value, Value::Int(_) | Value::Float(_));
    match (a, b) {
        (text @ Value::Text(_), other) | (other, text @ Value::Text(_)) if is_number(other) => {
            order(text, other).is_some_and(Ordering::is_eq)
        }
        _ => json::equal(a, b),
    }
}

fn ordered(call: &Call<'_>, holds: fn(Ordering) -> bool) -> Value<'static> {
    let order = order(operand(call.arguments, 0), operand(call.arguments, 1));
    Value::Bool(order.is_some_and(holds))
}

/// How two values stand to each other; `None` when they cannot be compared.
pub(crate) fn order(a: Value<'_>, b: Value<'_>) -> Option<Ordering> {
    if let (Value::Text(a), Value::Text(b)) = (a, b) {
        return Some(a.cmp(b));
    }
    match (number(a)?, number(b)?) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
    }
}
