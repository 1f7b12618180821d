//! `ldvm`: runs a plan, or a program compiled from one; serves a target to try it on.

mod arguments;
mod demo;
mod load;
mod output;
mod plans;
mod run;
mod target;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Run(options) => run::run(&options),
        Command::RunStr(options) => run::run_str(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Target(options) => target::run(&options),
    }
}

/// The exit codes, which are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything went as it should; failed requests are results, not errors.
    Fine = 0,
    /// An action of the plan failed.
    ActionFailed = 1,
    /// The command line is wrong, or the input cannot be read. clap uses the same number.
    Usage = 2,
    /// The plan has errors.
    PlanErrors = 3,
    /// The run could not start, or something broke that it needs.
    Infrastructure = 4,
    /// The verdict is INVALID and `--strict` asks to fail then.
    Invalid = 5,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The one that counts when both happened.
    pub(crate) fn worse(self, other: Self) -> Self {
        const GRAVITY: [Exit; 7] = [
            Exit::Fine,
            Exit::Invalid,
            Exit::ActionFailed,
            Exit::Infrastructure,
            Exit::PlanErrors,
            Exit::Usage,
            Exit::Interrupted,
        ];
        let gravity = |exit| GRAVITY.iter().position(|other| *other == exit);
        if gravity(other) > gravity(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
