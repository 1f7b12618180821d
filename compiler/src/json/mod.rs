//! The JSON front end: text to a tree that remembers where everything stood.
//!
//! [`parse`] never fails. It returns a tree of whatever could be understood and a
//! list of every problem met on the way; what could not be understood is
//! [`Kind::Invalid`], and since that was reported already, later stages pass over
//! it without a word. Comments and trailing commas are accepted with a warning.
//!
//! Time and memory are proportional to the input, nesting is limited, and texts
//! without escapes are borrowed from the source.

mod literal;
mod number;
mod parser;
mod recover;
mod string;
#[cfg(test)]
mod tests;
pub(crate) mod trivia;

use std::borrow::Cow;

pub(crate) use literal::literal;
pub use number::Number;
pub use string::Locator;

use crate::diag::{Diagnostic, Span};

/// Brackets may be nested this deep.
pub const MAX_DEPTH: usize = 128;

/// So many problems are listed; the last one then says that there are more.
pub const MAX_PROBLEMS: usize = 200;

/// Reads JSON text into a tree; problems are appended to `problems`.
///
/// A byte order mark at the beginning is passed over.
#[must_use]
pub fn parse<'s>(text: &'s str, problems: &mut Vec<Diagnostic>) -> Node<'s> {
    parser::Parser::new(text, problems).document()
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'s> {
    /// From the first to the last character of the value, quotes and brackets included.
    pub span: Span,
    /// The value.
    pub kind: Kind<'s>,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind<'s> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Number<'s>),
    /// A text with its escapes resolved.
    String(Cow<'s, str>),
    /// A list.
    Array(Vec<Node<'s>>),
    /// An object. Its keys are unique: of equal ones the last counts, as reported.
    Object(Vec<Member<'s>>),
    /// Something that was not understood, and reported.
    Invalid,
}

/// A key of an object with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'s> {
    /// The key.
    pub key: Key<'s>,
    /// The value.
    pub value: Node<'s>,
}

/// A key and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key<'s> {
    /// The text between the quotes, escapes resolved.
    pub text: Cow<'s, str>,
    /// The text between the quotes.
    pub span: Span,
}

impl<'s> Node<'s> {
    /// What kind of value this is, in the words used towards users.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a text",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
            Kind::Invalid => "nothing usable",
        }
    }

    /// Whether the value was not understood, which has been reported.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self.kind, Kind::Invalid)
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if this is one.
    #[must_use]
    pub fn as_number(&self) -> Option<Number<'s>> {
        match self.kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Node<'s>]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members in the order of the file, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[Member<'s>]> {
        match &self.kind {
            Kind::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member of this key, if this is an object that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Member<'s>> {
        self.as_object()?.iter().find(|member| member.key.text == key)
    }
}

#[cfg(test)]
mod size {
    use super::*;

    #[test]
    fn nodes_are_small() {
        assert_eq!(size_of::<Node<'_>>(), 40);
        assert_eq!(size_of::<Member<'_>>(), 72);
    }
}
