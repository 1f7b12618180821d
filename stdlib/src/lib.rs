//! What a plan can say: one table per kind of thing, one file and one row per thing.
//!
//! | table | rows | read by |
//! |---|---|---|
//! | [`protocols::PROTOCOLS`] | user types, task fields, what a reply offers | compiler, drivers |
//! | [`functions::FUNCTIONS`] | `${uuid()}` and the like | compiler, machine |
//! | [`operators::OPERATORS`] | operators of expressions | compiler, machine |
//! | [`assertions::ASSERTIONS`] | checks of a reply | compiler, machine |
//! | [`extractors::EXTRACTORS`] | values taken out of a reply | compiler, machine |
//! | [`commands::COMMANDS`] | actions of a document | compiler, runtime |
//! | [`builtins::BUILTINS`] | those actions that only compute | runtime |
//!
//! Nothing here performs I/O or holds state: rows are functions from arguments to
//! results. What a thread compiled lately (patterns of the run) it keeps, and nothing
//! depends on it.

pub mod assertions;
pub mod blocks;
pub mod builtins;
pub mod commands;
mod compare;
pub mod compress;
pub mod endpoint;
pub mod extractors;
pub mod faker;
pub mod field;
pub mod functions;
pub mod gate;
pub mod json;
mod late;
pub mod load;
pub mod markup;
pub mod notation;
pub mod operators;
mod pattern;
pub mod protocols;
pub mod python;
pub mod rules;
pub mod scenario;
pub mod schema;
mod span;
pub mod template;

pub use endpoint::{BadEndpoint, Endpoint};
pub use field::{Field, Shape};
pub use span::Span;
pub use template::{Piece, Template, Tree, TreeKind};

use ld_vm::Tables;
use ld_vm::link::Assertion;

/// The tables a program is linked against. `protocol` says which drivers a build has.
#[must_use]
pub fn tables(protocol: fn(&str) -> bool) -> Tables {
    Tables {
        function: |name| {
            let operator = || operators::find(name).map(|row| row.prepare);
            functions::find(name).map(|row| row.prepare).or_else(operator)
        },
        assertion: |name| {
            let row = assertions::find(name)?;
            let is_of_status = row.needs == ld_vm::Needs::STATUS;
            Some(Assertion { prepare: row.prepare, class: row.class, is_of_status })
        },
        extractor: |name| extractors::find(name).map(|row| row.prepare),
        protocol,
        at_once: |name| protocols::PROTOCOLS.iter().any(|row| row.name == name && row.at_once),
    }
}
