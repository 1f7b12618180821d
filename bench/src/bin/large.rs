//! Measures runs that are large in another way than by users: data files of many rows and
//! bytes, many series. Memory at its most and CPU time per request, beside the same run with
//! little of it.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use ld_bench::case::Transport;
use ld_bench::locate;
use ld_bench::machine::{self, Cores};
use ld_bench::nginx::Nginx;
use ld_bench::process;
use ld_bench::table::Table;
use serde_json::{Value, json};

/// Time a run may take beyond its seconds, to read its data.
const GRACE: Duration = Duration::from_secs(120);

#[derive(Parser)]
#[command(about = "Measures runs with large data files and many names.")]
struct Arguments {
    /// Rows to measure: few, rows1m, csv1gb, names2000; all when none is named.
    rows: Vec<String>,
    /// Seconds per run.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// The ldvm to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldvm: Option<PathBuf>,
}

/// One run.
struct Case {
    name: &'static str,
    title: &'static str,
    /// Rows of the data file, and the bytes of each.
    rows: (u64, usize),
    /// Tasks, each with a name of its own.
    names: u32,
}

const CASES: &[Case] = &[
    Case { name: "few", title: "100 rows, one name", rows: (100, 40), names: 1 },
    Case { name: "rows1m", title: "1 000 000 rows of 40 bytes", rows: (1_000_000, 40), names: 1 },
    Case { name: "csv1gb", title: "a file of 1 GB", rows: (5_000_000, 200), names: 1 },
    Case { name: "names2000", title: "2 000 names", rows: (100, 40), names: 2_000 },
];

fn main() -> ExitCode {
    ld_bench::outcome("large", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let program = locate::own("ldvm", arguments.ldvm.as_deref())?;
    let cores = Cores::choose()?;
    let server = Nginx::start(cores.server)?;
    println!("{}\n{cores}\n", machine::describe());
    let mut table =
        Table::new(&["", "file", "memory, at most", "CPU \u{b5}s/request", "requests", "errors"]);
    let wanted = |case: &&Case| {
        arguments.rows.is_empty() || arguments.rows.iter().any(|name| name == case.name)
    };
    for case in CASES.iter().filter(wanted) {
        let folder = tempfile::tempdir()?;
        let bytes = write_rows(&folder.path().join("rows.csv"), case.rows)?;
        fs::write(folder.path().join("plan.json"), plan(case.names).to_string())?;
        let summary = folder.path().join("summary.json");
        let mut command = Command::new(&program);
        command.arg("run").arg(folder.path().join("plan.json"));
        command.args([
            "--host",
            &server.origin(Transport::Plain),
            "--users",
            "64",
            "--spawn-rate",
            "100000",
        ]);
        command.args(["--threads", "1", "--no-progress", "--quiet", "--wait", "0"]);
        command.args(["--duration", &format!("{}s", arguments.seconds)]);
        command.arg("--summary").arg(&summary);
        let limit = Duration::from_secs(arguments.seconds.into()) + GRACE;
        let finished = process::run(&mut command, cores.generator, limit)?;
        if !finished.status.success() {
            bail!("{}: {}: {}", case.name, finished.status, finished.tail());
        }
        let (requests, errors) = counted(&summary)?;
        table.row([
            case.title.to_owned(),
            format!("{:.1} MB", bytes as f64 / 1e6),
            format!("{:.1} MB", finished.peak as f64 / 1e6),
            format!("{:.2}", finished.cpu.total().as_secs_f64() * 1e6 / requests),
            format!("{requests:.0}"),
            format!("{errors:.0}"),
        ]);
    }
    println!("{table}load {}", machine::load());
    Ok(())
}

/// Writes a data file of so many rows, each about so many bytes long; returns its length.
fn write_rows(path: &Path, (rows, width): (u64, usize)) -> Result<u64> {
    let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    let mut file = BufWriter::new(file);
    writeln!(file, "id,name,note")?;
    let note = "n".repeat(width.saturating_sub(28));
    for row in 0..rows {
        writeln!(file, "{row:09},customer-{row:07},{note}")?;
    }
    file.flush()?;
    Ok(fs::metadata(path)?.len())
}

fn plan(names: u32) -> Value {
    let task = |number| {
        json!({"method": "get", "request_url": "/", "name": format!("task {number}"),
               "headers": {"X-Customer": "${csv.rows.id} ${csv.rows.name}"}})
    };
    json!([["LD_start_test", {
        "user_detail_dict": {"user": "fast_http_user"}, "wait_time": 0,
        "csv_sources": [{"name": "rows", "file_path": "rows.csv"}],
        "tasks": (0..names).map(task).collect::<Vec<_>>(),
    }]])
}

/// Requests and failures of a summary.
fn counted(summary: &Path) -> Result<(f64, f64)> {
    let summary: Value = serde_json::from_slice(&fs::read(summary)?)?;
    let number = |pointer: &str| {
        summary.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("no {pointer}"))
    };
    Ok((number("/totals/requests")?, number("/totals/failures")?))
}
