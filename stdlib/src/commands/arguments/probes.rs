//! Arguments of what makes test payloads and probes for weaknesses.

use super::{AMOUNT, COUNT, LIST, OBJECT, POSITIVE, TEXTS, text};
use crate::field::{Field, Shape};

#[rustfmt::skip]
pub(in crate::commands) const MUTATE_TEXT: &[Field] = &[
    text("seed", "The text to vary.", r#""ada""#).required(),
    Field::new("count", COUNT, "How many variants.", "3").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const MUTATE_JSON: &[Field] = &[
    Field::new("seed", Shape::Any, "The value to vary.", r#"{"a": 1}"#).required(),
    Field::new("count", COUNT, "How many variants.", "3").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const TASK_FUZZ: &[Field] = &[
    Field::new("task", OBJECT, "The task to vary.", r#"{"method": "get", "request_url": "/"}"#).required(),
    Field::new("count", COUNT, "How many variants.", "3").default("5"),
];

#[rustfmt::skip]
pub(in crate::commands) const OWASP: &[Field] = &[
    Field::new("response_body", Shape::Any, "The body of a reply.", r#"{"id": 1}"#).required(),
    Field::new("headers", OBJECT, "Its headers.", "{}").required(),
    Field::new("records", LIST, "Records to look through.", "[]").required(),
    Field::new("sensitive_fields", TEXTS, "Names that must not be in the body.", r#"["password"]"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const CLAIMS: &[Field] = &[
    Field::new("claims", OBJECT, "The claims.", r#"{"sub": "ada"}"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const CLAIMS_KEY: &[Field] = &[
    Field::new("claims", OBJECT, "The claims.", r#"{"sub": "ada"}"#).required(),
    text("public_key_pem", "The public key to misuse.", r#""-----BEGIN PUBLIC KEY-----""#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const CLAIMS_SECRET: &[Field] = &[
    Field::new("claims", OBJECT, "The claims.", r#"{"sub": "ada"}"#).required(),
    text("secret", "The secret to sign with.", r#""s3cret""#).required(),
    Field::new("seconds_ago", COUNT, "For how long it has expired.", "60").default("3600"),
];

#[rustfmt::skip]
pub(in crate::commands) const JWT_PACK: &[Field] = &[
    Field::new("claims", OBJECT, "The claims.", r#"{"sub": "ada"}"#).required(),
    text("public_key_pem", "The public key to misuse.", r#""-----BEGIN PUBLIC KEY-----""#).default("null"),
    text("hmac_secret", "The secret to sign with.", r#""s3cret""#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const GRAPHQL_DEPTH: &[Field] = &[
    Field::new("depth", Shape::Integer { min: 1, max: 10_000 }, "How deep.", "5").default("20"),
    text("leaf_field", "The innermost field.", r#""name""#).default(r#""id""#),
];

#[rustfmt::skip]
pub(in crate::commands) const GRAPHQL_ALIASES: &[Field] = &[
    text("field", "The field.", r#""me""#).default(r#""viewer""#),
    Field::new("aliases", Shape::Integer { min: 1, max: 100_000 }, "How many times.", "10").default("100"),
];

#[rustfmt::skip]
pub(in crate::commands) const SSRF_TASKS: &[Field] = &[
    Field::new("template_task", OBJECT, "The task to vary.", r#"{"method": "get", "request_url": "/fetch"}"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const BODY: &[Field] = &[
    text("body", "The body.", r#""ok""#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const SMUGGLING: &[Field] = &[
    text("host", "The server.", r#""127.0.0.1""#).required(),
    text("path", "The path.", r#""/admin""#).default(r#""/""#),
];

#[rustfmt::skip]
pub(in crate::commands) const RATE_LIMIT: &[Field] = &[
    text("url", "The target.", r#""http://127.0.0.1:8080/""#).required(),
    text("method", "The method.", r#""POST""#).default(r#""GET""#),
    Field::new("burst", POSITIVE, "How many requests.", "10").default("100"),
    Field::new("delay_ms", AMOUNT, "The pause between them, in milliseconds.", "5").default("0"),
    Field::new("timeout", AMOUNT, "The time limit, in seconds.", "10").default("2"),
    Field::new("headers", Shape::Map(&Shape::Text), "Headers to send.", r#"{"X-Key": "1"}"#).default("null"),
    Field::new("rate_limit_statuses", Shape::List(&Shape::Integer { min: 100, max: 599 }), "The statuses that mean a limit.", "[429]").default("[429, 503]"),
];

#[rustfmt::skip]
pub(in crate::commands) const CLAIMS_PATH: &[Field] = &[
    Field::new("claims", OBJECT, "The claims.", r#"{"sub": "ada"}"#).required(),
    text("kid_path", "The path that stands for the key's name.", r#""../../etc/hostname""#).default(r#""../../dev/null""#),
    text("secret", "The secret to sign with.", r#""s3cret""#).default(r#""""#),
];

#[rustfmt::skip]
pub(in crate::commands) const GRAPHQL_PACK: &[Field] = &[
    text("field", "The field.", r#""me""#).default(r#""viewer""#),
    Field::new("depth", Shape::Integer { min: 1, max: 10_000 }, "How deep.", "5").default("20"),
    Field::new("aliases", Shape::Integer { min: 1, max: 100_000 }, "How many times.", "10").default("100"),
];
