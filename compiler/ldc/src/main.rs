//! `ldc`: checks, formats, compiles, lists, explains and imports plans.
//!
//! Here is only the way from the command line to `ld-compiler` and back to the
//! terminal: results go to standard output, complaints to standard error.

mod arguments;
mod check;
mod compile;
mod dump;
mod explain;
mod fmt;
mod import;
mod input;
mod lints;
mod output;

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

use crate::arguments::{Arguments, Command};
use crate::output::print;

/// A compilation is a great many small allocations.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How a call ended. Later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Fine,
    /// The plan has errors.
    PlanErrors,
    /// The call is wrong, or something cannot be read or written.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::PlanErrors => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check(options) => check::run(&options),
        Command::Compile(options) => compile::run(&options),
        Command::Dump(options) => dump::run(&options),
        Command::Fmt(options) => fmt::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Lints => lints::run(),
        Command::Import(options) => import::run(&options),
        Command::Schema => print(ld_compiler::schema().as_bytes()).map(|()| Exit::Fine),
    };
    match result {
        Ok(exit) | Err(exit) => exit.into(),
    }
}
