//! The grammar's parser, which is generated.

use pest_derive::Parser;

/// Reads gates.
#[derive(Parser)]
#[grammar = "gate/gate.pest"]
pub(super) struct Grammar;
