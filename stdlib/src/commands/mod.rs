//! The actions of a document: what a list like `["LD_summary", {}]` begins with.

use crate::field::Field;

mod arguments;
mod start_test;
mod table;

pub use start_test::{GATE, START_TEST};
pub use table::COMMANDS;

/// An action.
#[derive(Debug)]
pub struct Command {
    /// The name, case included.
    pub name: &'static str,
    /// The arguments, in the order they have when given as an array.
    pub fields: &'static [Field],
    /// Whether an array is the value of the first argument as a whole, as for `print`.
    pub open: bool,
    /// What it does, as a sentence.
    pub doc: &'static str,
    /// Whether this build carries it out; if not, using it is an error.
    pub ready: bool,
}

impl Command {
    const fn new(name: &'static str, fields: &'static [Field], doc: &'static str) -> Self {
        Self { name, fields, open: false, doc, ready: true }
    }

    /// An action that takes any number of positional arguments.
    const fn open(name: &'static str, fields: &'static [Field], doc: &'static str) -> Self {
        Self { open: true, ..Self::new(name, fields, doc) }
    }

    /// An action of the language that this build does not carry out.
    const fn later(name: &'static str, fields: &'static [Field], doc: &'static str) -> Self {
        Self { ready: false, ..Self::new(name, fields, doc) }
    }
}

/// The action of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}
