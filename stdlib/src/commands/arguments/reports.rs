//! Arguments of the reports.

use super::{AMOUNT, COUNT, LIST, OBJECT, POSITIVE, SUMMARY, text};
use crate::field::{Field, Shape};

/// Objects as a plan writes them, or null.
const RECORDS: Shape = Shape::Either(&[Shape::List(&OBJECT), Shape::Null]);

#[rustfmt::skip]
pub(in crate::commands) const SUMMARISE: &[Field] = &[
    Field::new("success", RECORDS, "Records to sum up as successes, with `name` or `test_url` and `response_time_ms`; without any list, what the runs so far measured.", r#"[{"name": "a", "response_time_ms": 12.5}]"#).default("null"),
    Field::new("failures", RECORDS, "The same, to sum up as failures.", r#"[{"name": "a", "response_time_ms": 30.0}]"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const SUMMARY_REPORT: &[Field] = &[
    text("report_name", "The path of the file, without `.json`.", r#""checkout""#).default(r#""loaddensity-summary""#),
];

#[rustfmt::skip]
pub(in crate::commands) const HTML: &[Field] = &[
    text("html_name", "The path of the file, without `.html`.", r#""checkout""#).default(r#""default_name""#),
];

#[rustfmt::skip]
pub(in crate::commands) const JSON: &[Field] = &[
    text("json_file_name", "The path of the files, without `_success.json` and `_failure.json`.", r#""checkout""#).default(r#""default_name""#),
];

#[rustfmt::skip]
pub(in crate::commands) const XML: &[Field] = &[
    text("xml_file_name", "The path of the files, without `_success.xml` and `_failure.xml`.", r#""checkout""#).default(r#""default_name""#),
];

#[rustfmt::skip]
pub(in crate::commands) const CSV: &[Field] = &[
    text("csv_name", "The path of the file, without `.csv`.", r#""checkout""#).default(r#""default_name""#),
];

#[rustfmt::skip]
pub(in crate::commands) const JUNIT: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-junit""#),
];

#[rustfmt::skip]
pub(in crate::commands) const CHART: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-charts""#),
    Field::new("bucket_size_seconds", Shape::Number { min: 1e-3, max: 1e9 }, "The width of a bucket of time.", "0.5").default("1.0"),
    Field::new("max_buckets", POSITIVE, "How many of the newest buckets are drawn.", "600").default("10000"),
];

#[rustfmt::skip]
pub(in crate::commands) const HISTOGRAM: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-histogram""#),
    Field::new("bins", POSITIVE, "How many bars.", "20").default("50"),
];

#[rustfmt::skip]
pub(in crate::commands) const PDF: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-summary""#),
    Field::new("summary", SUMMARY, "An object as `LD_summary` gives it; that of the runs so far if absent.", r#"{"totals": {"requests": 1}}"#).default("null"),
    text("title", "The title.", r#""Checkout""#).default(r#""LoadDensity run""#),
];

#[rustfmt::skip]
pub(in crate::commands) const ALLURE: &[Field] = &[
    text("output_dir", "The folder of the files.", r#""allure""#).default(r#""allure-results""#),
    text("label", "A label for the environment.", r#""nightly""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const EXCEL: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-records""#),
    text("extra_label", "A label beside the records.", r#""nightly""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const SARIF: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-sarif""#),
    text("tool_version", "The version in the file.", r#""2.0""#).default(r#""1.0""#),
    Field::new("extra_records", LIST, "Further records.", "[]").default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const CYCLONEDX: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-sbom""#),
];

#[rustfmt::skip]
pub(in crate::commands) const SERVICE_MAP: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-service-map""#),
    Field::new("min_weight", COUNT, "Rarer connections are left out.", "2").default("1"),
];

#[rustfmt::skip]
pub(in crate::commands) const COST: &[Field] = &[
    text("report_name", "The path of the file, without its ending.", r#""checkout""#).default(r#""loaddensity-cost""#),
    Field::new("duration_seconds", AMOUNT, "How long the run took.", "3600").default("0"),
    Field::new("workers", COUNT, "How many machines.", "4").default("1"),
    Field::new("hourly_rate_usd", AMOUNT, "What a machine costs per hour.", "0.1").default("0.05"),
    Field::new("egress_gb", AMOUNT, "Gigabytes sent out.", "12").default("0"),
    Field::new("egress_rate_usd_per_gb", AMOUNT, "What a gigabyte costs.", "0.08").default("0.09"),
    Field::new("extras_usd", Shape::Map(&AMOUNT), "Further costs by name.", r#"{"licence": 3.5}"#).default("null"),
];
