//! The operators of expressions: functions that plans write between their operands.
//!
//! They are linked like functions, under names no function can have or has. An operand
//! without a value makes the result of arithmetic one without a value, too, and makes a
//! comparison by order false.

use ld_vm::Value;
use ld_vm::link::{CallFn, Prepare};

/// The `prepare` of an operator that has nothing to prepare.
macro_rules! computed {
    (|$call:ident, $result:ident| $body:expr) => {
        |_| Ok(Box::new(|$call: &mut ld_vm::link::Call<'_>, $result: &mut ld_vm::Var| $body))
    };
}

mod arithmetic;
mod compare;
mod logic;
mod membership;
mod text;

pub(crate) use compare::order;

/// Every operator, by name.
pub const OPERATORS: &[Operator] = &[
    compare::UNEQUAL,
    arithmetic::REMAINDER,
    arithmetic::MULTIPLY,
    arithmetic::ADD,
    arithmetic::SUBTRACT,
    arithmetic::DIVIDE,
    compare::LESS,
    compare::AT_MOST,
    compare::EQUAL,
    compare::GREATER,
    compare::AT_LEAST,
    logic::AND,
    text::CONCAT,
    membership::CONTAINS,
    membership::IN,
    membership::MATCHES,
    arithmetic::NEGATE,
    logic::NOT,
    logic::OR,
    text::VALUE,
];

/// An operator of expressions.
#[derive(Debug)]
pub struct Operator {
    /// The name it is linked under; for most the way it is written.
    pub name: &'static str,
    /// How many operands it has.
    pub operands: usize,
    /// What its operands must be, as far as that is known before the run.
    pub takes: Takes,
    /// What it gives.
    pub gives: Gives,
    /// What it gives, as a sentence.
    pub doc: &'static str,
    /// Expressions and the text of what they give.
    pub examples: &'static [(&'static str, &'static str)],
    /// Makes what computes it out of the constant operands.
    pub prepare: Prepare<CallFn>,
}

/// What an operator can make sense of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Anything.
    Anything,
    /// Numbers, and texts that are numbers.
    Numbers,
    /// Two numbers or two texts.
    Ordered,
    /// Anything, and then text: a pattern.
    Pattern,
}

/// The type of what an operator or function gives, as far as that is known before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Text.
    Text,
    /// It depends on the operands.
    Anything,
}

/// The operator of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}

/// Whether a value is a number, or text that says one.
#[must_use]
pub fn is_number(value: Value<'_>) -> bool {
    number(value).is_some()
}

/// The number a value is, or that it says.
pub(crate) fn number(value: Value<'_>) -> Option<Number> {
    match value {
        Value::Bool(flag) => Some(Number::Int(i64::from(flag))),
        Value::Int(number) => Some(Number::Int(number)),
        Value::Float(number) => Some(Number::Float(number)),
        Value::Text(bytes) => {
            let text = str::from_utf8(bytes).ok()?.trim();
            // What Rust reads besides: `inf`, `nan`, `infinity`.
            let is_number =
                text.bytes().all(|byte| !byte.is_ascii_alphabetic() || byte | 32 == b'e');
            if !is_number {
                return None;
            }
            let whole = text.parse().map(Number::Int);
            whole.or_else(|_| text.parse().map(Number::Float)).ok()
        }
        Value::Unset | Value::Null | Value::Json(_) => None,
    }
}

/// A number of either kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// A whole number.
    Int(i64),
    /// Any other.
    Float(f64),
}

impl Number {
    pub(crate) const fn as_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

/// The operand at `position`; [`Value::Unset`] beyond the last.
fn operand<'v>(operands: &[Value<'v>], position: usize) -> Value<'v> {
    operands.get(position).copied().unwrap_or(Value::Unset)
}
