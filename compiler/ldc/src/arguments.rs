//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ld_compiler::diag::{Code, suggest};
use ld_compiler::lint::{self, LINTS, Level};

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
    /// Put plans into the usual layout; comments stay
    Fmt(FmtOptions),
    /// Explain a code such as LD0203 or a lint, or list all codes
    Explain(ExplainOptions),
    /// Print a JSON Schema (2020-12) of plans, for editors
    Schema,
    /// List the lints, and how loud each is unless a plan or call says otherwise
    Lints,
    /// Make a plan of what another tool recorded or wrote
    Import(Box<ImportOptions>),
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
    /// Cure in the files what needs no thought, then say what is left; `-` is cured to standard
    /// output. JSON only
    #[arg(long)]
    pub(crate) fix: bool,
    #[command(flatten)]
    pub(crate) forms: Forms,
    #[command(flatten)]
    pub(crate) lints: Lints,
}

/// How loud lints are, whatever the plan says. The last of these lists counts.
#[derive(Debug, Args)]
pub(crate) struct Lints {
    /// Say nothing about this lint, by name or code
    #[arg(long, value_name = "LINT", value_parser = lint)]
    pub(crate) allow: Vec<Code>,
    /// Warn of what this lint finds
    #[arg(long, value_name = "LINT", value_parser = lint)]
    pub(crate) warn: Vec<Code>,
    /// Take what this lint finds for an error; `warnings` is everything
    #[arg(long, value_name = "LINT", value_parser = denied)]
    pub(crate) deny: Vec<Denied>,
}

/// What `--deny` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Lint(Code),
    Warnings,
}

impl Lints {
    /// The levels of the lints named.
    pub(crate) fn levels(&self) -> Vec<(Code, Level)> {
        let all = self.allow.iter().map(|code| (*code, Level::Off));
        let all = all.chain(self.warn.iter().map(|code| (*code, Level::Warning)));
        let denied = self.deny.iter().filter_map(|denied| match denied {
            Denied::Lint(code) => Some((*code, Level::Error)),
            Denied::Warnings => None,
        });
        all.chain(denied).collect()
    }

    /// Whether no warning is to pass.
    pub(crate) fn no_warnings(&self) -> bool {
        self.deny.contains(&Denied::Warnings)
    }
}

fn denied(name: &str) -> Result<Denied, String> {
    if name == "warnings" { Ok(Denied::Warnings) } else { lint(name).map(Denied::Lint) }
}

fn lint(name: &str) -> Result<Code, String> {
    lint::find(name).map(|lint| lint.code).ok_or_else(|| {
        match suggest(name, LINTS.iter().map(|lint| lint.name)) {
            Some(meant) => format!("no such lint; did you mean `{meant}`?"),
            None => "no such lint; `ldc lints` lists them".to_owned(),
        }
    })
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct FmtOptions {
    /// Plans in JSON, which are written anew; `-` goes from standard input to standard output
    #[arg(required = true, value_name = "PLAN")]
    pub(crate) plans: Vec<PathBuf>,
    /// Write nothing; say which plans are in another layout, and exit with 1 if any is
    #[arg(long)]
    pub(crate) check: bool,
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
    #[command(flatten)]
    pub(crate) forms: Forms,
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
    #[command(flatten)]
    pub(crate) forms: Forms,
}

/// How values are written.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Forms {
    /// Write what placeholders stand for as LoadDensity does: always as text, `True`, `[1, 'a']`
    #[arg(long)]
    pub(crate) strict_compat: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Passes {
    /// Do what the plan says word by word, without preparing anything
    #[arg(long)]
    pub(crate) no_opt: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The code, LD0203 or only 203, or the name of a lint
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXIT_CODES)]
pub(crate) struct ImportOptions {
    /// The kind of source (curl or openapi), when it cannot be told from it, and the files; `-` is standard
    /// input
    #[arg(required = true, value_name = "[KIND] FILE")]
    pub(crate) sources: Vec<PathBuf>,
    /// The plan to write; standard output when absent or `-`
    #[arg(long, short, value_name = "PLAN.json")]
    pub(crate) output: Option<PathBuf>,
    /// Write what became of the source's parts to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) notes: Option<PathBuf>,
    /// Write the secrets of the source to this file, for `ldvm run --secrets`
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// Fail when less than this share of the source is kept, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub(crate) min_fidelity: Option<f64>,
    /// Virtual users
    #[arg(long)]
    pub(crate) users: Option<u64>,
    /// Users started per second
    #[arg(long)]
    pub(crate) spawn_rate: Option<f64>,
    /// Seconds the run takes
    #[arg(long)]
    pub(crate) duration: Option<f64>,
    /// Only requests whose URL this regular expression matches; may be repeated
    #[arg(long, value_name = "RE")]
    pub(crate) include: Vec<regex::Regex>,
    /// No requests whose URL this regular expression matches; may be repeated
    #[arg(long, value_name = "RE")]
    pub(crate) exclude: Vec<regex::Regex>,
    /// What the most frequent origin of the source becomes
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Keep headers that clients make themselves
    #[arg(long)]
    pub(crate) keep_headers: bool,
    /// Keep recorded cookies
    #[arg(long)]
    pub(crate) keep_cookies: bool,
    /// Leave out images, styles, scripts, fonts and calls of analytics
    #[arg(long)]
    pub(crate) skip_static: bool,
    /// Pauses: `recorded`, `none` or a factor; those that the source asks for when absent
    #[arg(long, value_name = "WHICH", value_parser = crate::import::think_time)]
    pub(crate) think_time: Option<ld_importers::ThinkTime>,
    /// Only operations of a specification whose id, or method and path (`GET /pets`), this
    /// regular expression matches; may be repeated
    #[arg(long, value_name = "RE")]
    pub(crate) operations: Vec<regex::Regex>,
    /// Leave out operations that a specification calls deprecated
    #[arg(long)]
    pub(crate) skip_deprecated: bool,
    /// Send all parameters and members that a specification calls optional
    #[arg(long)]
    pub(crate) optional: bool,
    /// The user type of the plan
    #[arg(long, value_name = "KEY", default_value = "fast_http_user")]
    pub(crate) user: String,
}

const IMPORT_EXIT_CODES: &str = "\
Exit codes:
  0  a plan was made
  1  nothing could be made of the source, or less of it than --min-fidelity asks for
  2  wrong usage, or a file that cannot be read or written";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
