//! Arguments of rules about results, and of what keeps runs within limits.

use super::{COUNT, SHARE, SUMMARY, text};
use crate::field::{Field, Shape};

#[rustfmt::skip]
pub(in crate::commands) const SLA: &[Field] = &[
    Field::new("rules", Shape::List(&Shape::Object(RULE)), "The rules.", r#"[{"type": "latency_p95", "value": 300}]"#).required(),
    Field::new("summary", SUMMARY, "An object as `LD_summary` gives it; that of the runs so far if absent.", r#"{"totals": {"requests": 1}}"#).default("null"),
];

/// What a rule says.
#[rustfmt::skip]
pub(in crate::commands) const RULE: &[Field] = &[
    text("type", "The figure: `latency_p50`, `latency_p90`, `latency_p95`, `latency_p99`, `latency_mean`, `failure_rate` or `requests`.", r#""latency_p95""#).required(),
    text("name", "Only requests of this name; all without it.", r#""checkout""#).default("null"),
    text("op", "How it compares: `lt`, `lte`, `gt` or `gte`.", r#""lt""#).default(r#""lte""#),
    Field::new("value", Shape::Number { min: f64::MIN, max: f64::MAX }, "The number it is compared with; times in milliseconds, rates from 0 to 1.", "300").required(),
];

#[rustfmt::skip]
pub(in crate::commands) const BUDGET: &[Field] = &[
    Field::new("threshold", SHARE, "The share of failed requests above which a run is stopped.", "0.1").default("0.05"),
    Field::new("window_seconds", Shape::Number { min: 1.0, max: 86_400.0 }, "Over how many of the last seconds.", "10").default("30"),
    Field::new("min_samples", COUNT, "With fewer requests in that time nothing is stopped.", "100").default("50"),
    Field::new("runner_quit_callback", Shape::Null, "A function, which JSON has none of; `on_trip` stands in its place.", "null").default("null"),
    Field::new("on_trip", Shape::Choice(&["stop", "mark"]), "Whether the run is stopped then, or only fails at its end.", r#""mark""#).default(r#""stop""#),
];

#[rustfmt::skip]
pub(in crate::commands) const CONDITIONER: &[Field] = &[
    Field::new("latency_ms", Shape::Number { min: 0.0, max: 1e9 }, "What is added to each request, in milliseconds.", "50").default("0"),
    Field::new("jitter_ms", Shape::Number { min: 0.0, max: 1e9 }, "By how much that varies up and down.", "10").default("0"),
    Field::new("loss_rate", SHARE, "The share of requests that fail instead of being sent.", "0.01").default("0"),
    text("name_filter", "Only requests whose name contains this.", r#""checkout""#).default("null"),
];
