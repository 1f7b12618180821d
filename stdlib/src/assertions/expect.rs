//! What assertions about a value inside a reply have in common: that it compares with a value
//! of the plan, that it is there, how many of it there are, of which type it is.

use ld_vm::{Kept, Value};

use super::operand;
use crate::compare::Comparison;
use crate::field::{Field, Shape};
use crate::json::{self, Count, Found};

pub(super) const VALUE: Field = Field::new(
    "value",
    Shape::Any,
    "What the first one is compared with, by `op`; without it and the other ways to ask, there \
     must only be one.",
    r#""Shop""#,
);

pub(super) const EXISTS: Field = Field::new(
    "exists",
    Shape::Bool,
    "Instead of `value`: whether there must be such a value, or must not; `null` is one.",
    "true",
);

pub(super) const COUNT: Field = Field::new(
    "count",
    Shape::Integer { min: 0, max: i64::MAX },
    "Instead of `value`: how many there must be, or how many characters a text must have, compared \
     by `op`.",
    "3",
);

pub(super) const TYPE: Field = Field::new(
    "value_type",
    Shape::Choice(&["array", "boolean", "null", "number", "object", "string"]),
    "Instead of `value`: the JSON type it must have.",
    r#""array""#,
);

/// At which positions the operands stand; the assertion has no such field when there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) value: usize,
    pub(super) op: usize,
    pub(super) exists: usize,
    pub(super) count: Option<usize>,
    pub(super) value_type: Option<usize>,
}

/// What is expected when the plan says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// A value equal to `null`.
    Null,
    /// A value.
    Exists,
}

/// An expectation, prepared.
pub(super) struct Expect {
    aspect: Aspect,
    /// The position of the operand it compares with.
    operand: usize,
}

enum Aspect {
    Value(Comparison),
    Exists(bool),
    Count(Comparison),
    Type(&'static str),
}

/// What was found.
pub(super) struct Actual<'a> {
    /// The kind of assertion, for the failure's text.
    pub(super) kind: &'static str,
    /// Where it was looked for, as the plan says it.
    pub(super) place: &'a [u8],
    /// The first value.
    pub(super) found: Found<'a>,
    /// How many there are.
    pub(super) count: Count,
}

impl Expect {
    pub(super) fn new(
        operands: &[Value<'_>],
        places: Places,
        otherwise: Otherwise,
    ) -> Result<Self, String> {
        let at = |place: usize| operand(operands, place);
        let maybe = |place: Option<usize>| place.map_or(Value::Null, at);
        let (value, op, exists) = (at(places.value), at(places.op), at(places.exists));
        let (count, kind) = (maybe(places.count), maybe(places.value_type));
        let given = [value, exists, count, kind].iter().filter(|&&v| v != Value::Null).count();
        if given > 1 {
            return Err(
                "only one of `value`, `exists`, `count` and `value_type` can be asked for \
                        in one assertion"
                    .to_owned(),
            );
        }
        let is_compared = value != Value::Null || count != Value::Null;
        if op != Value::Null && !is_compared && given > 0 {
            return Err("there is nothing for `op` to compare with".to_owned());
        }
        let (aspect, operand) = if let Value::Bool(exists) = exists {
            (Aspect::Exists(exists), places.exists)
        } else if count != Value::Null {
            (Aspect::Count(Comparison::new(op, count)?), places.count.unwrap_or(places.value))
        } else if let Value::Text(name) = kind {
            let names = type_names();
            let name = names.iter().find(|known| name.eq_ignore_ascii_case(known.as_bytes()));
            let name =
                name.ok_or_else(|| format!("`value_type` is one of {}", names.join(", ")))?;
            (Aspect::Type(name), places.value_type.unwrap_or(places.value))
        } else if given == 0 && op == Value::Null && otherwise == Otherwise::Exists {
            (Aspect::Exists(true), places.exists)
        } else {
            (Aspect::Value(Comparison::new(op, value)?), places.value)
        };
        Ok(Self { aspect, operand })
    }

    /// Whether the expectation is met; when not, the failure's text says so.
    #[inline]
    pub(super) fn check(
        &self,
        operands: &[Value<'_>],
        actual: &Actual<'_>,
        kept: &mut Kept,
        failure: &mut String,
    ) -> bool {
        let expected = operand(operands, self.operand);
        let holds = match &self.aspect {
            Aspect::Value(comparison) => comparison.holds(actual.found, expected, kept),
            Aspect::Exists(exists) => (actual.found != Found::Missing) == *exists,
            Aspect::Count(comparison) => comparison.holds(actual.number(), expected, kept),
            Aspect::Type(name) => actual.found.type_name() == Some(name),
        };
        if !holds {
            self.describe(expected, actual, failure);
        }
        holds
    }

    #[cold]
    fn describe(&self, expected: Value<'_>, actual: &Actual<'_>, failure: &mut String) {
        failure.push_str(actual.kind);
        failure.push(' ');
        failure.push_str(&String::from_utf8_lossy(actual.place));
        let got = match &self.aspect {
            Aspect::Value(comparison) => {
                comparison.describe(expected, failure);
                actual.found
            }
            Aspect::Count(comparison) => {
                failure.push_str(" count");
                comparison.describe(expected, failure);
                actual.number()
            }
            Aspect::Type(name) => {
                failure.push_str(" expected type ");
                failure.push_str(name);
                actual.found
            }
            Aspect::Exists(true) => return failure.push_str(" expected to exist"),
            Aspect::Exists(false) => {
                failure.push_str(" expected not to exist");
                actual.found
            }
        };
        failure.push_str(", got ");
        got.repr(failure);
    }
}

impl Actual<'_> {
    fn number(&self) -> Found<'static> {
        let count = match self.count {
            Count::Of(count) => Some(count),
            Count::Inside => match self.found {
                Found::Json(json) => json::len(json).map(|len| len as u64),
                Found::Text(text) => {
                    let mut decoded = Vec::new();
                    text.decode(&mut decoded);
                    Some(String::from_utf8_lossy(&decoded).chars().count() as u64)
                }
                _ => None,
            },
        };
        count.map_or(Found::Missing, |count| Found::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    }
}

fn type_names() -> &'static [&'static str] {
    match TYPE.shape {
        Shape::Choice(names) => names,
        _ => &[],
    }
}
