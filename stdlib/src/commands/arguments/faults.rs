//! Arguments of what injects faults with the help of other tools.

use super::{AMOUNT, OBJECT, TEXTS, object, text};
use crate::field::{Field, Shape};

/// What all commands for Toxiproxy have.
#[rustfmt::skip]
pub(in crate::commands) const TOXI: &[Field] = &[
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TOXI_PROXY: &[Field] = &[
    text("name", "The name of the proxy.", r#""db""#).required(),
    text("listen", "Where it listens.", r#""127.0.0.1:5433""#).required(),
    text("upstream", "Where it leads.", r#""127.0.0.1:5432""#).required(),
    Field::new("enabled", Shape::Bool, "Whether it works at once.", "false").default("true"),
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TOXI_ADD: &[Field] = &[
    text("proxy_name", "The proxy.", r#""db""#).required(),
    text("toxic_name", "The name of the fault.", r#""slow""#).required(),
    text("toxic_type", "Its kind.", r#""latency""#).required(),
    object("attributes", "Its settings.", r#"{"latency": 100}"#).required(),
    Field::new("stream", Shape::Choice(&["downstream", "upstream"]), "The direction.", r#""upstream""#).default(r#""downstream""#),
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TOXI_REMOVE: &[Field] = &[
    text("proxy_name", "The proxy.", r#""db""#).required(),
    text("toxic_name", "The name of the fault.", r#""slow""#).required(),
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TOXI_LATENCY: &[Field] = &[
    text("proxy_name", "The proxy.", r#""db""#).required(),
    Field::new("latency_ms", AMOUNT, "The latency, in milliseconds.", "100").required(),
    Field::new("jitter_ms", AMOUNT, "By how much it varies.", "10").default("0"),
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TOXI_BANDWIDTH: &[Field] = &[
    text("proxy_name", "The proxy.", r#""db""#).required(),
    Field::new("rate_kbps", AMOUNT, "Kilobytes per second.", "64").required(),
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TOXI_PROXIES: &[Field] = &[
    Field::new("names", TEXTS, "The proxies.", r#"["db"]"#).required(),
    text("base_url", "Where Toxiproxy listens.", r#""http://127.0.0.1:8475""#).default(r#""http://127.0.0.1:8474""#),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const MANIFEST: &[Field] = &[
    Field::new("manifest", OBJECT, "The manifest.", r#"{"kind": "NetworkChaos"}"#).required(),
    text("namespace", "The namespace.", r#""shop""#).default("null"),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("30"),
];

#[rustfmt::skip]
pub(in crate::commands) const NETWORK_DELAY: &[Field] = &[
    text("name", "The name of the object.", r#""slow""#).required(),
    text("namespace", "The namespace.", r#""shop""#).required(),
    Field::new("selector_labels", Shape::Map(&Shape::ConstantText), "Which workloads.", r#"{"app": "db"}"#).required(),
    text("latency", "The latency.", r#""50ms""#).default(r#""100ms""#),
    text("duration", "For how long.", r#""1m""#).default(r#""30s""#),
];
