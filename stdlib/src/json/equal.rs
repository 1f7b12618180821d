//! When two JSON values are the same.

use ld_vm::Value;

use super::scan::Scanner;
use super::{Found, RawText};

/// Whether two values are equal as JSON values, in the reference's sense: numbers by value,
/// whole or not; `true` and `false` as 1 and 0; text only with text; arrays item by item;
/// objects by name, in any order, the last of several members of one name counting.
///
/// Comparing objects allocates; nothing else does, unless both sides are text with escapes.
#[must_use]
pub fn equal(a: Value<'_>, b: Value<'_>) -> bool {
    same(Found::of(a), Found::of(b))
}

/// The recursion is as deep as the values, which the scanner has bounded.
pub(super) fn same(a: Found<'_>, b: Found<'_>) -> bool {
    match (a, b) {
        (Found::Missing | Found::Null, Found::Missing | Found::Null) => true,
        (Found::Text(a), Found::Text(b)) => same_text(a, b),
        (Found::Json(a), Found::Json(b)) => {
            same_arrays(a, b).or_else(|| same_objects(a, b)).unwrap_or(false)
        }
        (Found::BigInt(a), Found::BigInt(b)) => a == b,
        (Found::BigInt(digits), other) | (other, Found::BigInt(digits)) => match other {
            // The exact decimal form of a double, as this one has no fraction.
            Found::Float(number) => format!("{number:.0}").as_bytes() == digits,
            _ => false,
        },
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => same_numbers(a, b),
            _ => false,
        },
    }
}

enum Number {
    Int(i64),
    Float(f64),
}

const fn number(found: Found<'_>) -> Option<Number> {
    match found {
        Found::Bool(flag) => Some(Number::Int(flag as i64)),
        Found::Int(number) => Some(Number::Int(number)),
        Found::Float(number) => Some(Number::Float(number)),
        _ => None,
    }
}

fn same_numbers(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a == b,
        (Number::Float(a), Number::Float(b)) => a == b,
        (Number::Int(int), Number::Float(float)) | (Number::Float(float), Number::Int(int)) => {
            // Both conversions together are exact: 2^53 + 1 must not equal 2^53, and 2^63
            // must not equal the greatest number below it.
            int as f64 == float && (float as i128) == i128::from(int)
        }
    }
}

fn same_text(a: RawText<'_>, b: RawText<'_>) -> bool {
    match (a.as_plain(), b.as_plain()) {
        (Some(plain), _) => b.is(plain),
        (None, Some(plain)) => a.is(plain),
        (None, None) => decoded(a) == decoded(b),
    }
}

fn decoded(text: RawText<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    text.decode(&mut out);
    out
}

/// `None` when they are not both arrays.
fn same_arrays(a: &[u8], b: &[u8]) -> Option<bool> {
    let (mut a, mut b) = (Scanner::new(a), Scanner::new(b));
    if (a.token()?, b.token()?) != (b'[', b'[') {
        return None;
    }
    if a.peek()? == b']' || b.peek()? == b']' {
        return Some(a.peek() == b.peek());
    }
    loop {
        if !same(a.value()?, b.value()?) {
            return Some(false);
        }
        match (a.token()?, b.token()?) {
            (b',', b',') => {}
            (a, b) => return Some(a == b),
        }
    }
}

/// `None` when they are not both objects.
fn same_objects(a: &[u8], b: &[u8]) -> Option<bool> {
    let (a, b) = (members(a)?, members(b)?);
    let is_same = |((name, a), (other, b)): (&(_, _), &(_, _))| name == other && same(*a, *b);
    Some(a.len() == b.len() && a.iter().zip(&b).all(is_same))
}

/// The members of an object by name, the last of each name; `None` when it is none.
fn members(json: &[u8]) -> Option<Vec<(Vec<u8>, Found<'_>)>> {
    let mut place = Scanner::new(json);
    if place.token()? != b'{' {
        return None;
    }
    let mut members = Vec::new();
    if place.peek()? == b'}' {
        return Some(members);
    }
    loop {
        let name = decoded(place.name()?);
        members.push((name, place.value()?));
        if place.token()? != b',' {
            break;
        }
    }
    // The sort is stable: reversed, the first of a name is the last one written.
    members.reverse();
    members.sort_by(|a, b| Ord::cmp(&a.0, &b.0));
    members.dedup_by(|later, kept| later.0 == kept.0);
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(a: &str, b: &str) -> bool {
        let (a, b) = (Value::Json(a.as_bytes()), Value::Json(b.as_bytes()));
        assert_eq!(equal(a, b), equal(b, a), "{a:?} {b:?}");
        equal(a, b)
    }

    #[test]
    fn numbers_are_compared_by_value() {
        for (a, b) in [
            ("5", "5.0"),
            ("0", "-0"),
            ("-0.0", "0"),
            ("1e2", "100"),
            ("true", "1"),
            ("false", "0.0"),
            ("18446744073709551616", "1.8446744073709552e19"),
            ("18446744073709551617", "18446744073709551617"),
            ("-9223372036854775808", "-9223372036854775808.0"),
            ("1e999", "1e1000"),
        ] {
            assert!(json(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("5", "6"),
            ("9007199254740993", "9007199254740992.0"),
            ("9223372036854775807", "9223372036854775808.0"),
            ("9223372036854775807", "9223372036854775808"),
            ("18446744073709551617", "1.8446744073709552e19"),
            ("1e999", "-1e999"),
            ("1", "0.5"),
            ("2", "true"),
            ("null", "0"),
            ("null", "false"),
        ] {
            assert!(!json(a, b), "{a} {b}");
        }
    }

    #[test]
    fn text_equals_only_text() {
        assert!(json(r#""a\u0062""#, r#""\u0061b""#));
        assert!(!json(r#""5""#, "5"));
        assert!(!json(r#""""#, "null"));
        assert!(!equal(Value::Text(b"[]"), Value::Json(b"[]")));
        assert!(equal(Value::Text(b"a\"b"), Value::Json(br#""a\"b""#)));
    }

    #[test]
    fn containers_are_compared_by_content() {
        for (a, b) in [
            ("[ ]", "[]"),
            ("{}", "{ }"),
            (r#"{"a":1,"b":[2,{"c":3}]}"#, r#"{ "b": [2.0, {"\u0063": 3}], "a": true }"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        ] {
            assert!(json(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("[]", "{}"),
            ("[1]", "[1,2]"),
            ("[1,2]", "[2,1]"),
            ("[]", "[1]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":2,"a":1}"#, r#"{"a":2}"#),
            ("[]", "null"),
        ] {
            assert!(!json(a, b), "{a} {b}");
        }
    }
}
