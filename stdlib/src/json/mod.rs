//! JSON as replies carry it: values found by scanning the bytes, without building a tree
//! unless a path asks for more than names and positions.
//!
//! | module | does |
//! |---|---|
//! | `path` | finds the value at a path: [`find`], [`Path`] |
//! | `query` | JSONPath: by scanning where that is possible, else in a tree |
//! | `scan` | reads tokens, and values, which it checks |
//! | `block` | passes over what is not asked for |
//! | `items` | goes through arrays and objects |
//! | `text` | what a string says: escapes, surrogates |
//! | `equal` | compares values: [`Found::equals`], [`equal`] |
//! | `repr` | writes values for people, in Python's notation: [`repr()`] |
//!
//! The grammar is that of RFC 8259, with three liberties: a byte order mark at the start
//! is passed over, bytes inside strings need not be UTF-8, and only the value that is
//! looked for is checked, not what stands around it (see [`find`]).

use ld_vm::{Value, Var};

mod block;
mod equal;
#[doc(hidden)]
pub mod fuzz;
mod items;
mod path;
mod query;
mod repr;
mod scan;
#[cfg(test)]
mod tests;
mod text;

pub use equal::equal;
pub(crate) use items::{has_member, items, len};
pub use path::{Path, find};
pub(crate) use query::{Count, Query, is_jsonpath};
pub use repr::{REPR_LIMIT, repr};
pub(crate) use repr::{is_printable, literal};
pub use text::RawText;

/// Arrays and objects nested deeper than this, inside the value at hand, are taken not to
/// be JSON.
pub const MAX_DEPTH: u32 = 128;

/// A value found in a document; borrows the document's bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'b> {
    /// There is none at this place, or the document is not JSON.
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; infinite when it is beyond the range of a double.
    Float(f64),
    /// A whole number that does not fit into 64 bits, as written.
    BigInt(&'b [u8]),
    /// A string.
    Text(RawText<'b>),
    /// An array or object, as written.
    Json(&'b [u8]),
}

impl<'b> Found<'b> {
    /// A value as something found; text that pretends to be JSON is [`Self::Missing`].
    #[must_use]
    pub fn of(value: Value<'b>) -> Self {
        match value {
            Value::Unset => Self::Missing,
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(flag),
            Value::Int(number) => Self::Int(number),
            Value::Float(number) => Self::Float(number),
            Value::Text(bytes) => Self::Text(RawText::plain(bytes)),
            Value::Json(bytes) => find(bytes, b""),
        }
    }

    /// Whether it equals a value as JSON values do, see [`equal`]. `null` equals what is
    /// missing.
    #[must_use]
    pub fn equals(self, value: Value<'_>) -> bool {
        equal::same(self, Found::of(value))
    }

    /// Appends its Python notation, see [`repr()`].
    pub fn repr(self, out: &mut String) {
        repr::write(self, out);
    }

    /// The JSON type: `null`, `boolean`, `number`, `string`, `array` or `object`; `None` when
    /// there is no value.
    #[must_use]
    pub fn type_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Missing => return None,
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::Float(_) | Self::BigInt(_) => "number",
            Self::Text(_) => "string",
            Self::Json(json) if json.first() == Some(&b'[') => "array",
            Self::Json(_) => "object",
        })
    }

    /// Puts the value into a variable; leaves it as it is when there is none.
    pub fn store(self, var: &mut Var) {
        match self {
            Self::Missing | Self::Null => {}
            Self::Bool(flag) => var.set(Value::Bool(flag)),
            Self::Int(number) => var.set(Value::Int(number)),
            Self::Float(number) => var.set(Value::Float(number)),
            Self::BigInt(raw) | Self::Json(raw) => var.set(Value::Json(raw)),
            Self::Text(text) => match text.as_plain() {
                Some(bytes) => var.set(Value::Text(bytes)),
                None => text.decode(var.text_mut()),
            },
        }
    }
}
