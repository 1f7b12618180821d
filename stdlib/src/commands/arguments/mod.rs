//! The arguments of commands, by what the commands are about. One line per argument.

use crate::field::{Field, Shape};

pub(super) mod builtins;
pub(super) mod data;
pub(super) mod exports;
pub(super) mod faults;
pub(super) mod files;
pub(super) mod importing;
pub(super) mod probes;
pub(super) mod records;
pub(super) mod reports;
pub(super) mod rules;

/// A list of anything.
const LIST: Shape = Shape::List(&Shape::Any);
/// An object of anything.
const OBJECT: Shape = Shape::Map(&Shape::Any);
/// A list of texts.
const TEXTS: Shape = Shape::List(&Shape::ConstantText);
/// A document: a list of actions, or an object that holds it.
pub(super) const DOCUMENT: Shape = Shape::Either(&[LIST, OBJECT]);
/// What other commands return as `LD_summary` does; null for the runs so far.
const SUMMARY: Shape = OBJECT;
/// A whole number from 0.
const COUNT: Shape = Shape::Integer { min: 0, max: i64::MAX };
/// A whole number from 1.
const POSITIVE: Shape = Shape::Integer { min: 1, max: i64::MAX };
/// A TCP or UDP port; 0 takes a free one.
const PORT: Shape = Shape::Integer { min: 0, max: 65_535 };
/// A share of a whole.
const SHARE: Shape = Shape::Number { min: 0.0, max: 1.0 };
/// A number that is not negative.
const AMOUNT: Shape = Shape::Number { min: 0.0, max: 1e15 };

/// A text.
const fn text(name: &'static str, doc: &'static str, example: &'static str) -> Field {
    Field::new(name, Shape::ConstantText, doc, example)
}

/// An object or null.
const fn object(name: &'static str, doc: &'static str, example: &'static str) -> Field {
    Field::new(name, OBJECT, doc, example)
}

/// `true` or `false`, `false` by default.
const fn flag(name: &'static str, doc: &'static str) -> Field {
    Field::new(name, Shape::Bool, doc, "true").default("false")
}
