//! A compiled plan: code, constants and side tables.

mod ids;
mod kinds;
mod tables;

use std::ops::Range;

pub use self::ids::*;
pub use self::kinds::*;
pub use self::tables::*;

/// A program, as read and not yet verified. [`verify`](crate::verify::verify) says
/// whether it may run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The instruction words.
    pub code: Vec<u32>,
    /// The constant pool.
    pub consts: Consts,
    /// Everything wider than an operand.
    pub tables: SideTables,
    /// The plan's file name, for messages.
    pub file: String,
    /// The plan's text, unless it was stripped. `ldvm run` compiles it again when the
    /// command line changes something that was folded into the code.
    pub source: String,
    /// Whether it was compiled for values in the reference's forms, so that its text is
    /// compiled again in the same way.
    pub strict_compat: bool,
}

/// The constant pool: byte strings, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consts {
    /// The end of each constant in `bytes`; it begins where the one before ends.
    pub(crate) ends: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
}

impl Consts {
    /// How many constants there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a constant; empty for an id outside the pool, which the verifier
    /// does not let pass.
    #[must_use]
    pub fn bytes(&self, id: ConstId) -> &[u8] {
        self.slice(&self.range(id))
    }

    /// Where a constant lies in the pool.
    pub(crate) fn range(&self, id: ConstId) -> Range<u32> {
        let end = |index: usize| self.ends.get(index).copied();
        let start = id.index().checked_sub(1).and_then(end).unwrap_or(0);
        start..end(id.index()).unwrap_or(start)
    }

    /// The bytes of a range of the pool.
    #[inline]
    pub(crate) fn slice(&self, range: &Range<u32>) -> &[u8] {
        self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// A constant as text; bytes that are not UTF-8 give an empty text, which the
    /// verifier does not let pass where text is expected.
    #[must_use]
    pub fn text(&self, id: ConstId) -> &str {
        std::str::from_utf8(self.bytes(id)).unwrap_or_default()
    }

    /// Appends a constant.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> ConstId {
        let id = ConstId(u32::try_from(self.ends.len()).unwrap_or(u32::MAX));
        self.bytes.extend_from_slice(bytes);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        id
    }
}

impl Program {
    /// The rows of a run of ids; empty when it lies outside the table, which the verifier
    /// does not let pass.
    #[must_use]
    pub fn rows<I: Id, R>(table: &[R], many: Many<I>) -> &[R] {
        let first = many.first.number() as usize;
        table.get(first..first.saturating_add(many.count as usize)).unwrap_or_default()
    }

    /// The value of a row of the value table.
    #[must_use]
    pub fn value(&self, id: ValueId) -> crate::Value<'_> {
        use crate::Value;
        let Some(row) = self.tables.values.get(id.index()) else {
            return Value::Unset;
        };
        let constant = || ConstId(u32::try_from(row.bits).unwrap_or(u32::MAX));
        match row.kind {
            ValueKind::Null => Value::Null,
            ValueKind::Bool => Value::Bool(row.bits != 0),
            ValueKind::Int => Value::Int(row.bits.cast_signed()),
            ValueKind::Float => Value::Float(f64::from_bits(row.bits)),
            ValueKind::Text => Value::Text(self.consts.bytes(constant())),
            ValueKind::Json => Value::Json(self.consts.bytes(constant())),
        }
    }

    /// The place in the plan that an instruction comes from.
    #[must_use]
    pub fn line_of(&self, address: Addr) -> Option<&LineRow> {
        let after = self.tables.lines.partition_point(|row| row.address <= address);
        self.tables.lines.get(after.checked_sub(1)?)
    }
}
