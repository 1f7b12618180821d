//! What a run shows while it goes on.

use super::text::{clip, printable, shorten, width};
use super::units;
use crate::snapshot::Snapshot;
use crate::summary::RunInfo;

/// How many seconds the little curve of requests per second shows.
pub const SPARK_SECONDS: usize = 10;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const BAR: std::ops::RangeInclusive<usize> = 10..=48;
const PLAN: usize = 40;

/// Three lines to be redrawn in place on a terminal `columns` wide, each ended by a line feed.
///
/// `history` holds the requests per second of the seconds so far, the newest last; only the last
/// [`SPARK_SECONDS`] are looked at. No line is wider than the terminal, or redrawing would tear.
#[must_use]
pub fn progress_lines(
    run: &RunInfo,
    snapshot: &Snapshot,
    history: &[f64],
    columns: usize,
) -> String {
    let figures = format!(
        "  rps {} {}   {}   {}",
        units::count(snapshot.rps.round() as u64),
        sparkline(history),
        outcomes(snapshot, "   "),
        percentiles(snapshot, "   "),
    );
    let generator = format!("  generator {}", health(snapshot, " · "));
    let lines = [position(run, snapshot, columns), figures, generator];
    lines.map(|line| clip(&line, columns) + "\n").concat()
}

/// One line, without a line feed, for where lines cannot be redrawn.
#[must_use]
pub fn plain_line(snapshot: &Snapshot) -> String {
    format!(
        "{}  {}  {} rps  {}  {}  generator {}",
        units::clock(snapshot.elapsed_s),
        users(snapshot),
        units::count(snapshot.rps.round() as u64),
        outcomes(snapshot, "  "),
        percentiles(snapshot, "  "),
        health(snapshot, "  "),
    )
}

/// What runs, and how far it is.
fn position(run: &RunInfo, snapshot: &Snapshot, columns: usize) -> String {
    let plan = shorten(&printable(&run.plan), PLAN);
    let elapsed = units::clock(snapshot.elapsed_s);
    let mut line = format!("{plan}  ·  {}  ·  {elapsed}", users(snapshot));
    if let Some(planned) = run.duration_planned {
        let planned = planned.as_secs_f64();
        line.push_str(&format!(" / {}  ", units::clock(planned)));
        let room = columns.saturating_sub(width(&line)).min(*BAR.end());
        if room >= *BAR.start() && planned > 0.0 {
            line.push_str(&bar(snapshot.elapsed_s / planned, room));
        }
    }
    line
}

fn users(snapshot: &Snapshot) -> String {
    let plural = if snapshot.active_users == 1 { "" } else { "s" };
    format!("{} user{plural}", units::count(snapshot.active_users))
}

fn outcomes(snapshot: &Snapshot, gap: &str) -> String {
    let Snapshot { ok, failed, .. } = *snapshot;
    let mut text = format!("ok {}{gap}failed {}", units::count(ok), units::count(failed));
    if failed > 0 {
        let share = units::percent(failed as f64 / (ok + failed) as f64);
        text.push_str(&format!(" ({share})"));
    }
    text
}

fn percentiles(snapshot: &Snapshot, gap: &str) -> String {
    let Snapshot { ok, failed, p50_ms, p95_ms, p99_ms, .. } = *snapshot;
    let time = |ms| if ok + failed == 0 { "–".to_owned() } else { units::duration_ms(ms) };
    format!("p50 {}{gap}p95 {}{gap}p99 {}", time(p50_ms), time(p95_ms), time(p99_ms))
}

fn health(snapshot: &Snapshot, gap: &str) -> String {
    let mut text = units::cores(snapshot.cores);
    if snapshot.lateness_p99_ms > 0.0 {
        let lateness = units::duration_ms(snapshot.lateness_p99_ms);
        text.push_str(&format!("{gap}lateness p99 {lateness}"));
    }
    format!("{text}{gap}{}", snapshot.verdict)
}

/// A bar of which `share` (0–1) is heavy, to half a column.
fn bar(share: f64, columns: usize) -> String {
    let halves = (share.clamp(0.0, 1.0) * 2.0 * columns as f64) as usize;
    let mut bar = "━".repeat(halves / 2);
    if halves % 2 == 1 {
        bar.push('╸');
    }
    bar + &"─".repeat(columns - halves.div_ceil(2))
}

/// The last seconds as a curve from nothing to the highest of them.
fn sparkline(history: &[f64]) -> String {
    let recent = history.get(history.len().saturating_sub(SPARK_SECONDS)..).unwrap_or(history);
    let highest = recent.iter().copied().fold(0.0, f64::max);
    let level = |&rate: &f64| {
        let share = if highest > 0.0 { rate / highest } else { 0.0 };
        let step = (share * (LEVELS.len() - 1) as f64).round() as usize;
        LEVELS.get(step).copied().unwrap_or('█')
    };
    recent.iter().map(level).collect()
}
