//! The arguments of `LD_start_test`.

use super::arguments::data::{CSV_SOURCE, DATA_SOURCE, DB_SOURCE};
use crate::blocks::{ON_START, ON_STOP, SETUP, TEARDOWN};
use crate::field::{Field, Shape};
use crate::load::{
    ARRIVAL, LOAD_SHAPE, MAX_RPS, PACE, SCENARIOS, SHAPE_CONFIG, SPAWN_RATE, STOP_TIMEOUT,
    USER_COUNT, WAIT_TIME, WARMUP,
};
use crate::scenario::{CONNECTION, CONNECTION_STRING};

/// The arguments, in their order as positions; those beyond `engine` only have names.
pub const START_TEST: &[Field] = &[
    Field::new(
        "user_detail_dict",
        Shape::Object(USER_DETAIL),
        "What the users are.",
        r#"{"user": "fast_http_user"}"#,
    )
    .default("required, unless there are `scenarios`"),
    USER_COUNT,
    SPAWN_RATE,
    Field::new(
        "test_time",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "How long the run lasts, in seconds from its start; `null` for as long as users are \
         at work.",
        "30",
    )
    .default("60"),
    Field::new(
        "web_ui_dict",
        Shape::Null,
        "Where a page about the run is served; this build serves none.",
        "null",
    )
    .default("null"),
    Field::new(
        "runner_mode",
        Shape::Either(&[Shape::Later(&["master", "worker"]), Shape::Choice(&["local"])]),
        "The part this process has in a run; this build runs everything in one process.",
        r#""local""#,
    )
    .default(r#""local""#),
    LOAD_SHAPE,
    SHAPE_CONFIG,
    Field::new(
        "engine",
        Shape::Choice(&["asyncio", "locust"]),
        "Accepted for the sake of existing plans: there is one engine.",
        r#""locust""#,
    )
    .default(r#""locust""#),
    ON_START,
    ON_STOP,
    Field::new(
        "tasks",
        Shape::Either(&[Shape::List(&Shape::Map(&Shape::Any)), Shape::Map(&Shape::Any)]),
        "What each user does in a tick: an array of tasks, or an object with `mode` \
         (`sequence` or `weighted`) and `tasks`. A run without any is refused.",
        r#"[{"method": "get", "request_url": "http://127.0.0.1:8080/"}]"#,
    ),
    Field::new(
        "variables",
        Shape::Either(&[Shape::Map(&Shape::Any), Shape::Null]),
        "Variables that the users start with, in place of earlier ones of the same names.",
        r#"{"tenant": "acme"}"#,
    ),
    Field::new(
        "csv_sources",
        Shape::Either(&[Shape::List(&Shape::Object(CSV_SOURCE)), Shape::Null]),
        "CSV files to register before the users start, as by `LD_register_csv_sources`.",
        r#"[{"name": "users", "file_path": "users.csv", "cycle": true}]"#,
    ),
    Field::new(
        "db_sources",
        Shape::Either(&[Shape::List(&Shape::Object(DB_SOURCE)), Shape::Null]),
        "Database queries to register before the users start, as by `LD_register_db_sources`; \
         placeholders read them as `${db.NAME.COLUMN}`.",
        r#"[{"name": "users", "connection_string": "sqlite:///test.db", "query": "select name from users"}]"#,
    ),
    Field::new(
        "host",
        Shape::Text,
        "What relative targets of tasks are relative to.",
        r#""http://127.0.0.1:8080""#,
    ),
    WAIT_TIME,
    Field::new(
        "iterations",
        Shape::Either(&[Shape::Integer { min: 1, max: i64::MAX }, Shape::Null]),
        "After how many ticks a user ends.",
        "100",
    )
    .default("no limit"),
    Field::new(
        "http2",
        Shape::Bool,
        "Whether tasks of `async_http_user` that say nothing else have the `http_version` `auto`.",
        "false",
    )
    .default("false"),
    CONNECTION_STRING,
    Field::later("bootstrap_servers", "The brokers of `kafka_user`."),
    CONNECTION,
    Field::later("base_url", "What relative targets are relative to, for engine `asyncio`."),
    Field::later("max_in_flight", "How many requests may be under way at once."),
    Field::later("master_bind_host", "The address a master listens on."),
    Field::later("master_bind_port", "The port a master listens on."),
    Field::later("master_host", "The address of a worker's master."),
    Field::later("master_port", "The port of a worker's master."),
    Field::later("expected_workers", "How many workers a master waits for."),
    Field::later("worker_startup_timeout", "How long a master waits for workers."),
    Field::later("worker_heartbeat_interval", "How often a worker shows that it is alive."),
    Field::later("worker_lost_timeout", "After how long a silent worker is lost."),
    Field::later("worker_startup_policy", "Whether a run starts without all workers."),
    Field::later("distributed_records", "Whether a worker sends its records to the master."),
    Field::later("record_batch_size", "How many records are sent at once."),
    Field::later("record_batch_bytes", "How many bytes of records are sent at once."),
    Field::later("record_max_bytes", "The greatest size of a record."),
    Field::later("record_max_pending", "How many batches may be unanswered."),
    Field::later("record_pending_bytes", "How many bytes of batches may be unanswered."),
    Field::later("record_flush_interval", "After how long an incomplete batch is sent."),
    Field::later("record_drain_timeout", "How long the last batches may take."),
    ARRIVAL,
    PACE,
    WARMUP,
    STOP_TIMEOUT,
    SCENARIOS,
    MAX_RPS,
    Field::new(
        "gates",
        Shape::List(&Shape::Either(&[Shape::ConstantText, Shape::Object(GATE)])),
        "What the run must keep to, each as a text or an object; the action fails when it does not.",
        r#"["p95(checkout) < 300ms", {"gate": "failure_rate < 1%", "for": "30s", "abort": true}]"#,
    ),
    Field::new(
        "data_sources",
        Shape::Either(&[Shape::List(&Shape::Object(DATA_SOURCE)), Shape::Null]),
        "Data files of any format to register before the users start; placeholders read them as \
         `${data.NAME.COLUMN}`.",
        r#"[{"name": "users", "file_path": "users.json", "mode": "unique"}]"#,
    ),
    SETUP,
    TEARDOWN,
];

/// A gate with what else can be said about it.
pub const GATE: &[Field] = &[
    Field::new(
        "gate",
        Shape::ConstantText,
        "The figure, whose, how it compares and the limit.",
        r#""p95(checkout) < 300ms""#,
    )
    .required(),
    Field::new(
        "for",
        GATE_TIME,
        "It is about any so much of the run, as `30s` or in seconds; without it about the whole.",
        r#""30s""#,
    ),
    Field::new("after", GATE_TIME, "Nothing is judged before this time of the run.", r#""10s""#)
        .default("0"),
    Field::new("abort", Shape::Bool, "Whether the run is stopped when it does not hold.", "true")
        .default("false"),
];

const GATE_TIME: Shape =
    Shape::Either(&[Shape::Number { min: 0.0, max: 1e9 }, Shape::ConstantText]);

const USER_DETAIL: &[Field] = &[
    Field::new("user", Shape::ConstantText, "The user type.", r#""http_user""#)
        .default(r#""fast_http_user""#),
    Field::new(
        "host",
        Shape::Text,
        "The same as `host` of the run, which goes before it.",
        r#""http://127.0.0.1:8080""#,
    )
    .aliases(&["base_url"]),
];
