//! Measures the import of a large recording: time, and memory at its most beside the size of
//! the file.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use ld_bench::locate;
use ld_bench::machine::{self, Cores};
use ld_bench::process;
use ld_bench::table::Table;
use serde_json::json;

/// Time an import may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Items in the JSON of a reply.
const ITEMS: u64 = 60;

#[derive(Parser)]
#[command(about = "Measures the import of a large HAR file.")]
struct Arguments {
    /// Millions of bytes of the recording, about.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    megabytes: u64,
    /// Write the recording here and keep it.
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// The ldc to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldc: Option<PathBuf>,
}

fn main() -> ExitCode {
    ld_bench::outcome("recording", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let program = locate::own("ldc", arguments.ldc.as_deref())?;
    let cores = Cores::choose()?;
    println!("{}\n{cores}\n", machine::describe());
    let folder = tempfile::tempdir()?;
    let path = arguments.keep.clone().unwrap_or_else(|| folder.path().join("large.har"));
    let bytes = write_recording(&path, arguments.megabytes * 1_000_000)?;
    let mut command = Command::new(&program);
    command.arg("import").arg(&path).arg("-o").arg(folder.path().join("plan.json"));
    let finished = process::run(&mut command, cores.generator, LIMIT)?;
    if !finished.status.success() {
        bail!("{}: {}", finished.status, finished.tail());
    }
    let mut table = Table::new(&["recording", "CPU time", "memory, at most", "times the file"]);
    table.row([
        format!("{:.1} MB", bytes as f64 / 1e6),
        format!("{:.2} s", finished.cpu.total().as_secs_f64()),
        format!("{:.1} MB", finished.peak as f64 / 1e6),
        format!("{:.2}", finished.peak as f64 / bytes as f64),
    ]);
    println!("{table}load {}", machine::load());
    Ok(())
}

/// Writes a recording of visits with a page, its assets and calls whose tokens come from the
/// replies before them, until it has about so many bytes; returns how many.
fn write_recording(path: &Path, bytes: u64) -> Result<u64> {
    let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    let mut file = BufWriter::new(file);
    write!(file, "{{\"log\": {{\"version\": \"1.2\", \"creator\": {{\"name\": \"bench\"}}, ")?;
    write!(file, "\"pages\": [], \"entries\": [")?;
    let mut written = 0;
    for visit in 0_u64.. {
        for (number, entry) in entries(visit).iter().enumerate() {
            let between = if visit == 0 && number == 0 { "" } else { ",\n" };
            let entry = format!("{between}{entry}");
            written += entry.len() as u64;
            file.write_all(entry.as_bytes())?;
        }
        if written >= bytes {
            break;
        }
    }
    write!(file, "]}}}}")?;
    file.flush()?;
    Ok(fs::metadata(path)?.len())
}

/// The entries of a visit: a page, an image and two calls.
fn entries(visit: u64) -> [String; 4] {
    let token = token(visit);
    let page = format!(
        "<html><head><meta name=\"csrf-token\" content=\"{token}\"></head><body>{}</body></html>",
        "<p class=\"text\">Some words that stand on the page.</p>\n".repeat(150)
    );
    let items: Vec<_> = (0..ITEMS)
        .map(|item| json!({"id": visit * 1000 + item, "name": "an \"item\"", "price": 9.5}))
        .collect();
    let reply = json!({"session": {"key": self::token(visit + (1 << 40))}, "items": items});
    let call = json!({"csrf": token, "item": visit * 1000 + 7, "note": "a note"});
    [
        entry(visit, 0, "GET", "/", "text/html", &page, None),
        entry(visit, 1, "GET", "/logo.png", "image/png", &"iVBORw0KGgo".repeat(900), None),
        entry(visit, 2, "POST", "/api/items", "application/json", &reply.to_string(), Some(&call)),
        entry(
            visit,
            3,
            "GET",
            &format!("/api/items/{}?key={}", visit * 1000 + 7, self::token(visit + (1 << 40))),
            "application/json",
            "{\"ok\": true}",
            None,
        ),
    ]
}

fn entry(
    visit: u64,
    number: u64,
    method: &str,
    path: &str,
    mime: &str,
    text: &str,
    body: Option<&serde_json::Value>,
) -> String {
    let header = |name: &str, value: &str| json!({"name": name, "value": value});
    let headers = [
        header("accept", "*/*"),
        header("accept-language", "en"),
        header("content-type", "application/json"),
        header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0.0.0"),
    ];
    let post = body.map(|body| json!({"mimeType": "application/json", "text": body.to_string()}));
    // Milliseconds since 1970, as some recorders write it.
    let started = 1_700_000_000_000 + visit * 4000 + number * 900;
    json!({
        "startedDateTime": started.to_string(),
        "time": 300,
        "request": {
            "method": method, "url": format!("https://shop.example{path}"),
            "httpVersion": "HTTP/1.1", "headers": headers, "queryString": [], "cookies": [],
            "postData": post,
        },
        "response": {
            "status": 200, "headers": headers, "cookies": [],
            "content": {"mimeType": mime, "size": text.len(), "text": text}, "redirectURL": "",
        },
        "cache": {}, "timings": {"send": 0, "wait": 300, "receive": 0},
    })
    .to_string()
}

/// A token that looks drawn at random and is always the same.
fn token(seed: u64) -> String {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{mixed:016x}{:016x}", mixed.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}
