//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  fine; there may be warnings
  1  the plan has errors
  2  wrong usage, or a file that cannot be read or written";

/// Compiles load-test plans.
#[derive(Debug, Parser)]
#[command(name = "ldc", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong with plans
    Check(CheckOptions),
    /// Compile a plan into a file that `ldvm` runs
    Compile(CompileOptions),
    /// List what a plan, or a compiled one, does
    Dump(DumpOptions),
    /// Explain a code such as LD0203, or list all codes
    Explain(ExplainOptions),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CheckOptions {
    /// Plans in JSON, YAML (.yaml, .yml) or TOML (.toml); `-` is JSON from standard input
    #[arg(required = true, value_name = "PLAN")]
    pub(crate) plans: Vec<PathBuf>,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// How `ldc check` prints.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people: excerpts of the plan with remarks
    Text,
    /// For programs: a JSON object per line
    Json,
    /// For GitHub workflows: annotations
    Github,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CompileOptions {
    /// The plan in JSON, YAML or TOML; `-` is JSON from standard input
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// The file to write; `-` is standard output
    #[arg(long, short, value_name = "OUT.ldb")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) passes: Passes,
    /// Leave the plan's text out; `ldvm` can then not change hosts and variables
    #[arg(long)]
    pub(crate) strip: bool,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct DumpOptions {
    /// A plan or a compiled one; `-` is standard input
    #[arg(value_name = "PLAN|FILE.ldb")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) passes: Passes,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Passes {
    /// Do what the plan says word by word, without preparing anything
    #[arg(long)]
    pub(crate) no_opt: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The code: LD0203, or only 203
    pub(crate) code: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
