//! What a run prints when it is done.

use std::cmp::Reverse;

use serde_json::{Map, Value};
use std::fmt::Write as _;

use super::text::{left, printable, right, shorten, width, wrap};
use super::units;
use crate::gates::GateResult;
use crate::generator::VerdictState;
use crate::summary::{
    Arrivals, Distribution, ErrorGroup, Groups, NameSummary, Retries, Summary, Throttled, Warmup,
};

/// Columns a table cell takes at least, the gap before it included.
const CELL: usize = 9;
const GAP: usize = 2;
const INDENT: usize = 2;
const NAME: std::ops::RangeInclusive<usize> = 14..=36;
/// Columns of a failure's text.
const FAILURE_TEXT: std::ops::RangeInclusive<usize> = 36..=60;
/// More than this is no longer read; the JSON file has all.
const MAX_NAMES: usize = 40;
const MAX_FAILURES: usize = 20;
const MAX_UNRESOLVED: usize = 5;
const HEADINGS: [&str; 8] = ["requests", "failed", "rps", "p50", "p95", "p99", "p99.9", "max"];
/// Columns before the times: what the service time row has none of.
const COUNTS: usize = 3;

/// The text of a finished run: verdict, table, failures, connections. Ends with a line feed.
#[must_use]
pub fn summary(summary: &Summary) -> String {
    let table = Table::new(summary);
    let mut out = String::new();
    header(&mut out, summary, table.width());
    table.print(&mut out);
    groups(&mut out, &summary.groups, table.name_width);
    gates(&mut out, &summary.gates);
    failures(&mut out, summary);
    footer(&mut out, summary);
    out
}

/// One line that says what ran and the verdict, and below it why the verdict is not VALID.
fn header(out: &mut String, summary: &Summary, columns: usize) {
    let Summary { duration, users, generator, verdict, .. } = summary;
    let mut parts = vec![printable(&summary.plan)];
    parts.push(match duration.planned_s {
        // A run ends a moment after its planned time; only a real difference is worth a word.
        Some(planned) if duration.achieved_s < planned * 0.99 => {
            format!("{} of {}", seconds(duration.achieved_s), seconds(planned))
        }
        _ => seconds(duration.achieved_s),
    });
    parts.push(if users.achieved < users.planned {
        format!("{} of {}", units::count(users.achieved), plural(users.planned, "user"))
    } else {
        plural(users.achieved, "user")
    });
    parts.push(plural(generator.threads as u64, "thread"));
    if summary.interrupted {
        parts.push("interrupted".to_owned());
    }
    let what = parts.join("   ");
    let state = verdict.state.to_string();
    let gap = columns.saturating_sub(width(&state)).max(width(&what) + GAP);
    line(out, &format!("{}{state}", left(&what, gap)));
    if verdict.state != VerdictState::Valid {
        for reason in &verdict.reasons {
            for wrapped in wrap(reason, columns - INDENT) {
                line(out, &format!("  {wrapped}"));
            }
        }
    }
    about(out, &summary.metadata, columns);
    line(out, "");
}

/// What the plan says about itself.
fn about(out: &mut String, metadata: &Map<String, Value>, columns: usize) {
    let text = |key: &str| match metadata.get(key) {
        Some(Value::String(text)) => Some(printable(text)),
        Some(Value::Array(items)) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).map(printable).collect();
            Some(items.join(", "))
        }
        Some(Value::Null) | None => None,
        Some(other) => Some(printable(&other.to_string())),
    };
    let parts: Vec<_> =
        ["name", "owner", "tags", "description"].into_iter().filter_map(text).collect();
    if !parts.is_empty() {
        for wrapped in wrap(&parts.join(" · "), columns - INDENT) {
            line(out, &format!("  {wrapped}"));
        }
    }
}

/// Rows of equally many cells below headings, each column as wide as its widest cell.
struct Table {
    names: Vec<(String, Vec<String>)>,
    left_out: usize,
    all: Vec<String>,
    service: Vec<String>,
    name_width: usize,
    cell_widths: Vec<usize>,
}

impl Table {
    fn new(summary: &Summary) -> Self {
        let names: Vec<_> = shown_names(summary)
            .into_iter()
            .map(|(name, figures)| (shorten(&printable(name), *NAME.end()), name_cells(figures)))
            .collect();
        let all = cells(
            summary.totals.requests,
            summary.totals.failures,
            summary.rps,
            &summary.response_time,
        );
        let mut service = vec![String::new(); COUNTS];
        service.extend(times(&summary.service_time));
        let longest_name = names.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        let cell_widths = HEADINGS.iter().enumerate().map(|(column, heading)| {
            let rows = names.iter().map(|(_, cells)| cells).chain([&all, &service]);
            let widest = rows.filter_map(|cells| cells.get(column)).map(|cell| width(cell)).max();
            (widest.unwrap_or(0).max(width(heading)) + GAP).max(CELL)
        });
        Self {
            cell_widths: cell_widths.collect(),
            left_out: summary.per_name.0.len() - names.len(),
            name_width: longest_name.max(*NAME.start()),
            names,
            all,
            service,
        }
    }

    fn width(&self) -> usize {
        INDENT + self.name_width + self.cell_widths.iter().sum::<usize>()
    }

    fn print(&self, out: &mut String) {
        line(out, &self.row("", &HEADINGS.map(str::to_owned)));
        for (name, cells) in &self.names {
            line(out, &self.row(name, cells));
        }
        if self.left_out > 0 {
            let more = plural(self.left_out as u64, "name");
            line(out, &format!("  … {more} with fewer requests: see the summary file"));
        }
        line(out, &self.row("all", &self.all));
        let caption = "response time, from the moment a request was due";
        line(out, &right(caption, self.width()));
        line(out, &self.row("service time (all)", &self.service));
    }

    /// A name longer than its column runs on into cells that are empty.
    fn row(&self, name: &str, cells: &[String]) -> String {
        let mut text = format!("{:INDENT$}{name}", "");
        let mut end = INDENT + self.name_width;
        for (cell, columns) in cells.iter().zip(&self.cell_widths) {
            end += columns;
            if !cell.is_empty() {
                let room = end.saturating_sub(width(&text));
                text.push_str(&right(cell, room));
            }
        }
        text
    }
}

/// A line for each group, below the requests.
fn groups(out: &mut String, groups: &Groups, name_width: usize) {
    if groups.is_empty() {
        return;
    }
    line(out, "");
    line(out, "  groups, from begin to end");
    for (name, group) in &groups.0 {
        let name = left(&shorten(&printable(name), *NAME.end()), name_width);
        let counts = [units::count(group.count), units::count(group.failures)];
        let cells = counts.into_iter().chain([String::new()]).chain(times(&group.time));
        let cells: String = cells.map(|cell| right(&cell, CELL)).collect();
        line(out, &format!("{:INDENT$}{name}{cells}", ""));
    }
}

/// The names with the most requests, in the order of the plan.
fn shown_names(summary: &Summary) -> Vec<&(String, NameSummary)> {
    let mut names: Vec<_> = summary.per_name.0.iter().enumerate().collect();
    names.sort_by_key(|(_, (_, figures))| Reverse(figures.requests));
    names.truncate(MAX_NAMES);
    names.sort_by_key(|&(position, _)| position);
    names.into_iter().map(|(_, name)| name).collect()
}

fn name_cells(figures: &NameSummary) -> Vec<String> {
    cells(figures.requests, figures.failures, figures.rps, &figures.response_time)
}

fn cells(requests: u64, failures: u64, rps: f64, response: &Distribution) -> Vec<String> {
    let mut cells = vec![units::count(requests), units::count(failures), units::rate(rps)];
    cells.extend(times(response));
    cells
}

fn times(distribution: &Distribution) -> Vec<String> {
    let Distribution { count, p50_ms, p95_ms, p99_ms, p99_9_ms, max_ms, .. } = *distribution;
    let text = |ms| if count == 0 { "–".to_owned() } else { units::duration_ms(ms) };
    [p50_ms, p95_ms, p99_ms, p99_9_ms, max_ms].map(text).to_vec()
}

/// A line per gate: whether the run kept to it, and the figure that decided.
fn gates(out: &mut String, gates: &[GateResult]) {
    if gates.is_empty() {
        return;
    }
    line(out, "");
    line(out, "  gates");
    let texts: Vec<_> = gates.iter().map(|gate| printable(&gate.gate)).collect();
    let widest = texts.iter().map(|text| width(text)).max().unwrap_or(0);
    for (gate, text) in gates.iter().zip(&texts) {
        let word = if gate.passed { "PASS" } else { "FAIL" };
        let shown = gate.shown();
        let mut remarks = Vec::new();
        if gate.actual.is_none() {
            remarks.push(gate.reason.clone());
        }
        remarks.extend(gate.failed_at_s.map(|at| format!("at {}", units::clock(at))));
        if gate.aborted {
            remarks.push("stopped the run".to_owned());
        }
        let remarks = if remarks.is_empty() { "" } else { &format!("   {}", remarks.join(", ")) };
        line(out, &format!("  {word}  {}   {shown}{remarks}", left(text, widest)));
    }
}

fn failures(out: &mut String, summary: &Summary) {
    let errors = &summary.errors;
    if errors.is_empty() {
        return;
    }
    line(out, "");
    line(out, "  failures");
    let shown = errors.iter().take(MAX_FAILURES);
    let shown: Vec<_> =
        shown.map(|group| FailureLine::new(summary.per_name.key(group), group)).collect();
    let widest = |part: fn(&FailureLine) -> &str| {
        shown.iter().map(|failure| width(part(failure))).max().unwrap_or(0)
    };
    let names = widest(|failure| &failure.name);
    let texts = widest(|failure| &failure.text).max(*FAILURE_TEXT.start());
    let firsts = widest(|failure| &failure.first);
    for FailureLine { count, name, text, first, last } in &shown {
        let (name, text) = (left(name, names), left(text, texts));
        let (count, first) = (right(count, 8), left(first, firsts));
        line(out, &format!("{count}  {name}   {text}   first {first}  last {last}"));
    }
    if let Some(rest) = errors.get(MAX_FAILURES..).filter(|rest| !rest.is_empty()) {
        let count = units::count(rest.iter().map(|group| group.count).sum());
        let kinds = plural(rest.len() as u64, "other kind");
        line(out, &format!("{}  of {kinds}: see the summary file", right(&count, 8)));
    }
}

struct FailureLine {
    count: String,
    name: String,
    text: String,
    first: String,
    last: String,
}

impl FailureLine {
    fn new(name: &str, group: &ErrorGroup) -> Self {
        let text = match &group.sample {
            Some(sample) => format!("{}, such as {sample}", group.text),
            None => group.text.clone(),
        };
        Self {
            count: units::count(group.count),
            name: shorten(&printable(name), *NAME.end()),
            text: shorten(&printable(&text), *FAILURE_TEXT.end()),
            first: units::clock(group.first_s),
            last: units::clock(group.last_s),
        }
    }
}

/// What the run used, and what else should be known about it.
fn footer(out: &mut String, summary: &Summary) {
    let Summary { connections, bytes, generator, .. } = summary;
    line(out, "");
    let mut used = format!(
        "  {} opened, {} reopened · {} out, {} in · generator {}",
        plural(connections.opened, "connection"),
        units::count(connections.reopened),
        units::bytes(bytes.out),
        units::bytes(bytes.in_),
        units::cores(generator.cores),
    );
    if generator.lateness.count > 0 {
        used.push_str(", lateness p99 ");
        used.push_str(&units::duration_ms(generator.lateness.p99_ms));
    }
    line(out, &used);
    load(out, summary);
    if summary.cut > 0 {
        let requests = plural(summary.cut, "request");
        line(out, &format!("  {requests} still in flight at the end, not counted above"));
    }
    unresolved(out, summary);
    if summary.soft_failures > 0 {
        let checks = plural(summary.soft_failures, "soft check");
        line(out, &format!("  {checks} did not hold, and failed nothing"));
    }
    if summary.dropped_messages > 0 {
        let messages = plural(summary.dropped_messages, "message");
        line(out, &format!("  {messages} dropped unread, because too many waited for their user"));
    }
}

/// What is unusual about the load: ticks at a rate, paces that were not kept, a warm-up.
fn load(out: &mut String, summary: &Summary) {
    if let Some(arrivals) = summary.arrivals {
        let Arrivals { started, late, missed, users, max_users } = arrivals;
        let mut text = format!(
            "  {} started at their rate, with {} of {}",
            plural(started, "tick"),
            units::count(users),
            plural(max_users, "user"),
        );
        if late > 0 {
            let _ = write!(text, ", {} late", units::count(late));
        }
        if missed > 0 {
            let _ = write!(text, ", {} never", units::count(missed));
        }
        line(out, &text);
    }
    if summary.overruns > 0 {
        line(out, &format!("  {} took longer than their pace", plural(summary.overruns, "tick")));
    }
    let Throttled { requests, waited_s } = summary.throttled;
    if requests > 0 {
        let held = plural(requests, "request");
        let each = units::duration_ms(waited_s * 1e3 / requests as f64);
        line(out, &format!("  {held} held back by throttles, {each} each on average"));
    }
    let Retries { attempts, recovered } = summary.retries;
    if attempts > 0 {
        let again = plural(attempts, "request");
        let worked = units::count(recovered);
        line(out, &format!("  {again} sent again after failures, {worked} of them with success"));
    }
    let Warmup { duration_s, requests, failures } = summary.warmup;
    if duration_s > 0.0 {
        let mut text = format!(
            "  {} in the warm-up of {}, not counted above",
            plural(requests, "request"),
            seconds(duration_s),
        );
        if failures > 0 {
            let _ = write!(text, ", {} failed", units::count(failures));
        }
        line(out, &text);
    }
}

fn unresolved(out: &mut String, summary: &Summary) {
    if summary.unresolved == 0 {
        return;
    }
    let mut names: Vec<_> =
        summary.per_name.0.iter().filter(|(_, figures)| figures.unresolved > 0).collect();
    names.sort_by_key(|(_, figures)| Reverse(figures.unresolved));
    let mut which: Vec<_> = names
        .iter()
        .take(MAX_UNRESOLVED)
        .map(|(name, figures)| {
            let name = shorten(&printable(name), *NAME.end());
            format!("{name} {}", units::count(figures.unresolved))
        })
        .collect();
    if names.len() > MAX_UNRESOLVED {
        which.push("…".to_owned());
    }
    let placeholders = plural(summary.unresolved, "placeholder");
    line(out, &format!("  {placeholders} sent unresolved: {}", which.join(", ")));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn plural(number: u64, what: &str) -> String {
    format!("{} {what}{}", units::count(number), if number == 1 { "" } else { "s" })
}

/// Tenths of a second as long as they matter.
fn seconds(seconds: f64) -> String {
    if seconds < 600.0 { format!("{seconds:.1} s") } else { units::clock(seconds) }
}
