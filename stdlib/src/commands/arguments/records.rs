//! Arguments of what stores and compares runs.

use super::{AMOUNT, LIST, OBJECT, POSITIVE, SUMMARY, object, text};
use crate::field::{Field, Shape};

#[rustfmt::skip]
pub(in crate::commands) const PERSIST: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    text("label", "A label for the run.", r#""nightly""#).default("null"),
    object("metadata", "Anything else about the run.", r#"{"commit": "a1b2"}"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const LIST_RUNS: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    Field::new("limit", POSITIVE, "How many runs at most.", "5").default("20"),
];

#[rustfmt::skip]
pub(in crate::commands) const FETCH_RUN: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    Field::new("run_id", POSITIVE, "The number of the run.", "3").required(),
];

#[rustfmt::skip]
pub(in crate::commands) const TREND: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    Field::new("limit", POSITIVE, "How many runs at most.", "5").default("10"),
    text("name_filter", "Only names that contain this.", r#""checkout""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const CLUSTER: &[Field] = &[
    Field::new("records", Shape::List(&OBJECT), "Records of failures with `name`, `error` and `status_code`; the failures of the runs so far if absent.", r#"[{"name": "login", "error": "HTTP 503"}]"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const DIFF: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    Field::new("baseline_run_id", POSITIVE, "The run to compare with.", "1").required(),
    Field::new("current_run_id", POSITIVE, "The run that is compared.", "2").required(),
    Field::new("tolerance", AMOUNT, "How much worse is still the same, as a share.", "0.2").default("0.10"),
];

#[rustfmt::skip]
pub(in crate::commands) const CALIBRATE: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    Field::new("runs_to_use", POSITIVE, "How many of the newest runs count.", "5").default("10"),
    Field::new("tolerance_pct", AMOUNT, "How much worse is still good, in percent.", "20").default("10"),
    text("name_filter", "Only names that contain this.", r#""checkout""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const CANARY: &[Field] = &[
    Field::new("baseline_summary", SUMMARY, "The summary to compare with.", r#"{"totals": {"requests": 1}}"#).required(),
    Field::new("candidate_summary", SUMMARY, "The summary that is judged.", r#"{"totals": {"requests": 1}}"#).required(),
    Field::new("sla_rules", LIST, "Rules the candidate must keep.", "[]").required(),
    Field::new("tolerance_pct", AMOUNT, "How much worse is still good, in percent.", "20").default("10"),
];

#[rustfmt::skip]
pub(in crate::commands) const TAG: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    Field::new("run_id", POSITIVE, "The number of the run.", "3").required(),
    object("tags", "Tags and their values.", r#"{"branch": "main"}"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const SEARCH_TAG: &[Field] = &[
    text("database_path", "The SQLite file.", r#""runs.db""#).required(),
    text("key", "The tag.", r#""branch""#).required(),
    Field::new("value", Shape::Text, "Its value.", r#""main""#).required(),
];
