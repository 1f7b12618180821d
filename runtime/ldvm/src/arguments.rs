//! The command line.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ld_runtime::Gate;

const EXIT_CODES: &str = "\
Exit codes:
  0    fine (failed requests are results, not errors)
  1    an action of the plan failed
  2    wrong usage, or input that cannot be read
  3    the plan has errors
  4    the run could not start, or was cut by a fault of its own machine
  5    the verdict is INVALID (with --strict)
  130  interrupted by Ctrl-C; the summary is complete up to there";

/// Runs load-test plans.
#[derive(Debug, Parser)]
#[command(name = "ldvm", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run plans (JSON, YAML, TOML) or compiled ones (.ldb)
    Run(RunOptions),
    /// Run a plan given as text
    RunStr(RunStrOptions),
    /// Run a shipped plan against an embedded server, to see what it looks like
    Demo(DemoOptions),
    /// Serve the embedded HTTP server, to try plans on
    Target(TargetOptions),
}

/// What to run.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct RunOptions {
    /// Plans, run one after the other: .json, .yaml, .toml or .ldb files, `-` for standard input,
    /// or folders, of which every plan is run in the order of the names
    #[arg(required = true, value_name = "PLAN")]
    pub(crate) plans: Vec<PathBuf>,
    /// Stop after the first plan that fails
    #[arg(long)]
    pub(crate) fail_fast: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// A plan to run, as text.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct RunStrOptions {
    /// The plan, in JSON
    pub(crate) plan: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What to change about a plan, and what to show of it.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Base URL of relative targets
    #[arg(long, value_name = "URL")]
    pub(crate) host: Option<String>,
    /// Set a variable; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) var: Vec<(String, String)>,
    /// Write what placeholders stand for as LoadDensity does: always as text, `True`, `[1, 'a']`
    #[arg(long)]
    pub(crate) strict_compat: bool,
    /// Take secrets from a file: lines of NAME=value, or a JSON object
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// Connect elsewhere than the URL says, as in curl; empty parts match all
    #[arg(long, value_name = "HOST:PORT:ADDR:PORT")]
    pub(crate) connect_to: Vec<String>,
    /// Accept any TLS certificate
    #[arg(long)]
    pub(crate) insecure: bool,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// How much load, instead of what the plan says.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Load")]
pub(crate) struct LoadOptions {
    /// How many users
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<NonZeroU32>,
    /// Users started per second
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) spawn_rate: Option<f64>,
    /// How long, from the start (500ms, 30s, 2m, 1h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// End each user after this many ticks
    #[arg(long, value_name = "N")]
    pub(crate) iterations: Option<NonZeroU64>,
    /// Pause between ticks, in seconds or with a unit: 0, 500ms, 0.1-0.2
    #[arg(long, value_name = "TIME[-TIME]", value_parser = wait)]
    pub(crate) wait: Option<(Duration, Duration)>,
    /// Threads, each on a core of its own [default: one per core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Seed of all random choices [default: from the clock]
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// Wait for due times by spinning at the end: later by less, for a busier core
    #[arg(long)]
    pub(crate) spin: bool,
}

/// What to show and keep.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Write what each action gave back as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
    /// Print what each action gave back, key and value in turn
    #[arg(long)]
    pub(crate) print_results: bool,
    /// Fail unless every run keeps to this, such as 'p95(checkout) < 300ms' or
    /// 'failure_rate < 1% over 30s abort'; may be repeated
    #[arg(long, value_name = "GATE", value_parser = gate)]
    pub(crate) gate: Vec<Gate>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Show no progress while running
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Exit with 5 when the verdict is INVALID
    #[arg(long)]
    pub(crate) strict: bool,
}

/// The demo's options.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// Where the embedded server listens.
#[derive(Debug, Args)]
#[command(after_help = ld_target::routes_text())]
pub(crate) struct TargetOptions {
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Address
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// Threads
    #[arg(long, default_value = "1")]
    pub(crate) threads: NonZeroUsize,
}

fn gate(text: &str) -> Result<Gate, String> {
    Gate::parse(text).map_err(|bad| match bad.meant {
        Some(meant) => format!("{}; did you mean `{meant}`?", bad.message),
        None => bad.message,
    })
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("expected a number above zero".to_owned()),
    }
}

/// A time with its unit; a bare number is in seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a time such as 500ms, 30s, 2m or 1h".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| expected())?;
    let seconds = match unit {
        "us" | "µs" => number / 1e6,
        "ms" => number / 1e3,
        "" | "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(expected()),
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration < Duration::from_secs(100 * 365 * 86_400))
        .ok_or_else(expected)
}

fn wait(text: &str) -> Result<(Duration, Duration), String> {
    let Some((min, max)) = text.split_once('-') else {
        return duration(text).map(|wait| (wait, wait));
    };
    let (min, max) = (duration(min)?, duration(max)?);
    if min > max {
        return Err("the range ends before it begins".to_owned());
    }
    Ok((min, max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("500ms", Duration::from_millis(500)),
            ("30s", Duration::from_secs(30)),
            ("2m", Duration::from_secs(120)),
            ("1.5h", Duration::from_secs(5400)),
            ("0", Duration::ZERO),
            ("0.25", Duration::from_millis(250)),
        ] {
            assert_eq!(duration(text), Ok(expected));
        }
        for text in ["", "s", "-1s", "1d", "nan", "1e400", "99999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn waits_are_times_or_ranges() {
        let ms = Duration::from_millis;
        assert_eq!(wait("0"), Ok((ms(0), ms(0))));
        assert_eq!(wait("0.1-0.2"), Ok((ms(100), ms(200))));
        assert_eq!(wait("100ms-1s"), Ok((ms(100), ms(1000))));
        assert!(wait("2-1").is_err());
    }
}
