//! Arguments of servers, metrics, notifiers and annotations.

use super::{AMOUNT, OBJECT, PORT, POSITIVE, SUMMARY, flag, text};
use crate::field::{Field, Shape};

#[rustfmt::skip]
pub(in crate::commands) const SOCKET_SERVER: &[Field] = &[
    text("host", "The address to listen on.", r#""127.0.0.1""#).default(r#""localhost""#),
    Field::new("port", PORT, "The port.", "9941").default("9940"),
    flag("framed", "Whether messages carry their length."),
    text("token", "What clients must say.", r#""s3cret""#).default("null"),
    text("certfile", "The certificate, in PEM.", r#""cert.pem""#).default("null"),
    text("keyfile", "Its key, in PEM.", r#""key.pem""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const DASHBOARD: &[Field] = &[
    text("host", "The address to listen on.", r#""0.0.0.0""#).default(r#""127.0.0.1""#),
    Field::new("port", PORT, "The port.", "8766").default("8765"),
    Field::new("refresh_seconds", Shape::Number { min: 0.01, max: 86_400.0 }, "How often the page is brought up to date.", "2").default("1.0"),
    Field::new("window_seconds", Shape::Number { min: 0.01, max: 86_400.0 }, "What the current figures are of.", "30").default("10.0"),
];

#[rustfmt::skip]
pub(in crate::commands) const PROMETHEUS: &[Field] = &[
    Field::new("port", PORT, "The port.", "9647").default("9646"),
    text("addr", "The address to listen on.", r#""0.0.0.0""#).default(r#""127.0.0.1""#),
];

#[rustfmt::skip]
pub(in crate::commands) const INFLUXDB: &[Field] = &[
    Field::new("transport", Shape::Choice(&["udp", "http"]), "How to send.", r#""http""#).default(r#""udp""#),
    text("host", "The server, for UDP.", r#""10.0.0.1""#).default(r#""127.0.0.1""#),
    Field::new("port", PORT, "Its port, for UDP.", "8090").default("8089"),
    text("url", "The server, for HTTP.", r#""http://127.0.0.1:8086/write""#).default("null"),
    text("token", "What it asks for.", r#""t0ken""#).default("null"),
    text("measurement", "The name of the measurement.", r#""requests""#).default(r#""loaddensity_request""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "5").default("2.0"),
];

#[rustfmt::skip]
pub(in crate::commands) const OPENTELEMETRY: &[Field] = &[
    text("endpoint", "Where the collector is.", r#""http://127.0.0.1:4317""#).default("null"),
    text("service_name", "The name of the service.", r#""checkout""#).default(r#""loaddensity""#),
    Field::new("export_interval_ms", POSITIVE, "How often to send, in milliseconds.", "1000").default("5000"),
];

#[rustfmt::skip]
pub(in crate::commands) const TRACING: &[Field] = &[
    text("endpoint", "Where the collector is.", r#""http://127.0.0.1:4317""#).default("null"),
    text("service_name", "The name of the service.", r#""checkout""#).default(r#""loaddensity""#),
];

#[rustfmt::skip]
pub(in crate::commands) const DATADOG: &[Field] = &[
    text("service", "The name of the service.", r#""checkout""#).default(r#""loaddensity""#),
    text("env", "The environment.", r#""staging""#).default("null"),
    text("agent_url", "Where the agent is.", r#""http://127.0.0.1:8126""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const STATSD: &[Field] = &[
    text("host", "The server.", r#""10.0.0.1""#).default(r#""127.0.0.1""#),
    Field::new("port", PORT, "Its port.", "8126").default("8125"),
    text("prefix", "What names begin with.", r#""shop""#).default(r#""loaddensity""#),
];

#[rustfmt::skip]
pub(in crate::commands) const CHAT: &[Field] = &[
    text("webhook_url", "Where to post.", r#""https://hooks.example/1""#).required(),
    Field::new("summary", SUMMARY, "An object as `LD_summary` gives it; that of the runs so far if absent.", r#"{"totals": {"requests": 1}}"#).default("null"),
    text("title", "The title.", r#""Checkout""#).default(r#""LoadDensity run""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5.0"),
];

#[rustfmt::skip]
pub(in crate::commands) const PAGERDUTY: &[Field] = &[
    text("routing_key", "The key of the integration.", r#""R0""#).required(),
    Field::new("summary", SUMMARY, "An object as `LD_summary` gives it; that of the runs so far if absent.", r#"{"totals": {"requests": 1}}"#).default("null"),
    text("title", "The title.", r#""Checkout""#).default(r#""LoadDensity SLA breach""#),
    Field::new("severity", Shape::Choice(&["critical", "error", "warning", "info"]), "How bad it is.", r#""warning""#).default(r#""error""#),
    text("api_url", "Where to post.", r#""http://127.0.0.1:9000/""#).default(r#""https://events.pagerduty.com/v2/enqueue""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const OPSGENIE: &[Field] = &[
    text("api_key", "The key.", r#""k3y""#).required(),
    Field::new("summary", SUMMARY, "An object as `LD_summary` gives it; that of the runs so far if absent.", r#"{"totals": {"requests": 1}}"#).default("null"),
    text("message", "The title.", r#""Checkout is slow""#).default(r#""LoadDensity SLA breach""#),
    Field::new("priority", Shape::Choice(&["P1", "P2", "P3", "P4", "P5"]), "How urgent it is.", r#""P1""#).default(r#""P3""#),
    text("api_url", "Where to post.", r#""http://127.0.0.1:9000/""#).default(r#""https://api.opsgenie.com/v2/alerts""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const GITLAB: &[Field] = &[
    Field::new("project_id", Shape::Text, "The project.", "42").required(),
    Field::new("merge_request_iid", Shape::Text, "The merge request.", "7").required(),
    text("token", "The access token.", r#""t0ken""#).required(),
    Field::new("summary", SUMMARY, "An object as `LD_summary` gives it; that of the runs so far if absent.", r#"{"totals": {"requests": 1}}"#).default("null"),
    text("base_url", "Where the API is.", r#""https://git.example/api/v4""#).default(r#""https://gitlab.com/api/v4""#),
    text("title", "The title.", r#""Checkout""#).default(r#""LoadDensity run""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const GITHUB: &[Field] = &[
    text("title", "The title.", r#""Checkout""#).default(r#""LoadDensity""#),
];

#[rustfmt::skip]
pub(in crate::commands) const STUB_SERVER: &[Field] = &[
    Field::new("rules", Shape::List(&OBJECT), "What to answer to what.", r#"[{"path": "/", "body": "hello"}]"#).required(),
    text("host", "The address to listen on.", r#""0.0.0.0""#).default(r#""127.0.0.1""#),
    Field::new("port", PORT, "The port; 0 takes a free one.", "8081").default("0"),
];
