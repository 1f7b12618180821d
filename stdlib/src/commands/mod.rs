//! The actions of a document: what a list like `["LD_summary", {}]` begins with.

use crate::field::Field;

mod start_test;
mod table;

pub use start_test::START_TEST;
pub use table::COMMANDS;

/// An action.
#[derive(Debug)]
pub struct Command {
    /// The name, case included.
    pub name: &'static str,
    /// The arguments, in the order they have when given as an array; none when this build
    /// does not carry the action out.
    pub fields: &'static [Field],
    /// What it does, as a sentence.
    pub doc: &'static str,
    /// Whether this build carries it out; if not, using it is an error.
    pub ready: bool,
}

impl Command {
    const fn new(name: &'static str, fields: &'static [Field], doc: &'static str) -> Self {
        Self { name, fields, doc, ready: true }
    }

    /// An action of the language that this build does not carry out.
    const fn later(name: &'static str, doc: &'static str) -> Self {
        Self { name, fields: &[], doc, ready: false }
    }
}

/// The action of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}
