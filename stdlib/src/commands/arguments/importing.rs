//! Arguments of what turns other tools' formats into plans.

use super::{AMOUNT, LIST, OBJECT, POSITIVE, TEXTS, object, text};
use crate::field::{Field, Shape};

/// Where the result goes besides.
const OUTPUT: Field =
    text("output_path", "The result is also written to this file, as JSON.", r#""tasks.json""#)
        .default("null");

// What several of them take.
const USER: Field =
    text("user", "The user type of the document.", r#""http_user""#).default(r#""fast_http_user""#);
const SPAWN_RATE: Field =
    Field::new("spawn_rate", AMOUNT, "Users started per second.", "10").default("5");
const TEST_TIME: Field =
    Field::new("test_time", AMOUNT, "How long, in seconds.", "30").default("60");
const TEN_USERS: Field = Field::new("user_count", POSITIVE, "How many users.", "50").default("10");
const TWENTY_USERS: Field =
    Field::new("user_count", POSITIVE, "How many users.", "50").default("20");
const INCLUDE: Field =
    Field::new("include", TEXTS, "Only URLs that match one of these.", r#"["/api/"]"#)
        .default("null");
const EXCLUDE: Field =
    Field::new("exclude", TEXTS, "No URLs that match one of these.", r#"["/static/"]"#)
        .default("null");
const VARIABLES: Field =
    object("variables", "Variables of the document.", r#"{"tenant": "acme"}"#).default("null");
const BASE_URL: Field =
    text("base_url", "What paths are relative to.", r#""http://127.0.0.1:8080""#).default("null");
const HAR: Field = Field::new(
    "har",
    Shape::Either(&[OBJECT, LIST, Shape::ConstantText]),
    "The HAR, or its file.",
    r#""session.har""#,
)
.required();
const COLLECTION: Field = Field::new(
    "collection",
    Shape::Either(&[OBJECT, LIST, Shape::ConstantText]),
    "The collection, or its file.",
    r#""shop.postman.json""#,
)
.required();
const SPEC: Field = Field::new(
    "spec",
    Shape::Either(&[OBJECT, LIST, Shape::ConstantText]),
    "The description, or its file.",
    r#""openapi.json""#,
)
.required();
const SCRIPT: Field = text("source", "The script, or its file.", r#""script.js""#).required();
const ROOT: Field = text("root", "The plan as text, or its file.", r#""plan.jmx""#).required();

/// A file to read.
#[rustfmt::skip]
pub(in crate::commands) const FILE_PATH: &[Field] = &[
    text("file_path", "The file, or the document as text.", r#""session.har""#).required(),
    OUTPUT,
];

pub(in crate::commands) const HAR_TASKS: &[Field] = &[HAR, INCLUDE, EXCLUDE, OUTPUT];

pub(in crate::commands) const HAR_DOCUMENT: &[Field] =
    &[HAR, USER, TEN_USERS, SPAWN_RATE, TEST_TIME, INCLUDE, EXCLUDE, OUTPUT];

pub(in crate::commands) const POSTMAN_TASKS: &[Field] = &[COLLECTION, OUTPUT];

pub(in crate::commands) const POSTMAN_DOCUMENT: &[Field] =
    &[COLLECTION, USER, TEN_USERS, SPAWN_RATE, TEST_TIME, OUTPUT];

pub(in crate::commands) const OPENAPI_TASKS: &[Field] = &[SPEC, BASE_URL, OUTPUT];

pub(in crate::commands) const OPENAPI_DOCUMENT: &[Field] =
    &[SPEC, USER, TEN_USERS, SPAWN_RATE, TEST_TIME, OUTPUT];

pub(in crate::commands) const K6_TASKS: &[Field] = &[SCRIPT, OUTPUT];

pub(in crate::commands) const K6_DOCUMENT: &[Field] =
    &[SCRIPT, USER, TEN_USERS, SPAWN_RATE, TEST_TIME, OUTPUT];

pub(in crate::commands) const JMETER_TASKS: &[Field] = &[ROOT, OUTPUT];

pub(in crate::commands) const JMETER_DOCUMENT: &[Field] =
    &[ROOT, USER, TEN_USERS, SPAWN_RATE, TEST_TIME, OUTPUT];

#[rustfmt::skip]
pub(in crate::commands) const CURL: &[Field] = &[
    text("command", "The command.", r#""curl http://127.0.0.1:8080/""#).required(),
    OUTPUT,
];

#[rustfmt::skip]
pub(in crate::commands) const FROM_OPENAPI: &[Field] = &[
    Field::new("openapi_path", Shape::Either(&[OBJECT, Shape::ConstantText]), "The description, or its file.", r#""openapi.json""#).required(),
    USER,
    TWENTY_USERS,
    SPAWN_RATE,
    TEST_TIME,
    VARIABLES,
    BASE_URL,
    OUTPUT,
];

#[rustfmt::skip]
pub(in crate::commands) const FROM_CURLS: &[Field] = &[
    Field::new("curls", TEXTS, "The commands.", r#"["curl http://127.0.0.1:8080/"]"#).required(),
    USER,
    TWENTY_USERS,
    SPAWN_RATE,
    TEST_TIME,
    VARIABLES,
    OUTPUT,
];

#[rustfmt::skip]
pub(in crate::commands) const CDP_TARGETS: &[Field] = &[
    text("devtools_url", "Where the browser listens.", r#""http://127.0.0.1:9223""#).default(r#""http://127.0.0.1:9222""#),
];

#[rustfmt::skip]
pub(in crate::commands) const CDP_SESSION: &[Field] = &[
    text("target_ws_url", "The WebSocket of the tab.", r#""ws://127.0.0.1:9222/devtools/page/1""#).required(),
    Field::new("duration_seconds", AMOUNT, "How long to record.", "10").default("30"),
    Field::new("timeout_seconds", AMOUNT, "How long to wait for a message.", "2").default("1"),
];

#[rustfmt::skip]
pub(in crate::commands) const CDP_HAR: &[Field] = &[
    text("target_ws_url", "The WebSocket of the tab.", r#""ws://127.0.0.1:9222/devtools/page/1""#).required(),
    text("output_path", "The file to write.", r#""session.har""#).required(),
    Field::new("duration_seconds", AMOUNT, "How long to record.", "10").default("30"),
];
