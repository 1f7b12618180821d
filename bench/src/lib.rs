//! What the benchmark programs share: finding the tools, running one of them
//! pinned to a core while the operating system counts its CPU time, a server on
//! the other core, and the arithmetic over rounds.
//!
//! Nothing here is a test, and no test of the project depends on a time measured
//! here. `docs/benchmarks.md` has the method and the figures.

pub mod big_plan;
pub mod callgrind;
pub mod case;
pub mod locate;
pub mod machine;
pub mod nginx;
pub mod process;
pub mod rounds;
pub mod stages;
pub mod stats;
pub mod table;
pub mod tools;

use std::process::ExitCode;

/// How a benchmark program ends: what went wrong, if anything, is said.
pub fn outcome(program: &str, measured: anyhow::Result<()>) -> ExitCode {
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
