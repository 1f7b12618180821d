//! What every task and every run may say, whatever the protocol.

use crate::blocks::{RUN_IF, SKIP_IF, WEIGHT};
use crate::field::{Field, Shape};

const TEXT_MAP: Shape = Shape::Map(&Shape::Any);

/// A duration in seconds, or a range to draw from.
pub const PAUSE: Shape = Shape::Either(&[Shape::SECONDS, Shape::Object(RANGE), Shape::Null]);

/// The fields of a range to draw a pause from.
pub const RANGE: &[Field] = &[
    Field::new("min", Shape::SECONDS, "The shortest, in seconds.", "0.5").default("0"),
    Field::new("max", Shape::SECONDS, "The longest, in seconds.", "1.5").default("min"),
];

/// The fields of `throttle`.
pub const THROTTLE: &[Field] = &[
    Field::new("rps", Shape::Number { min: 1e-6, max: 1e9 }, "Requests per second.", "50")
        .required(),
    Field::new("key", Shape::ConstantText, "What is shared with other tasks.", r#""search""#)
        .default("the task's `name`, or `default`"),
    Field::new(
        "burst",
        Shape::Integer { min: 1, max: 4_294_967_295 },
        "How many requests may go at once after a pause.",
        "10",
    )
    .default("`rps` without its fraction, at least 1"),
];

/// How often a request may be sent again.
const BUDGET: Shape = Shape::Integer { min: 0, max: 80 };

/// The fields of `retry`.
pub const RETRY: &[Field] = &[
    Field::new(
        "transient",
        BUDGET,
        "How often after failures that may be over: no connection, a broken one, a time limit, \
         bytes that break the protocol, statuses like 503.",
        "3",
    )
    .default("5"),
    Field::new(
        "flaky",
        BUDGET,
        "How often after a reply for which a check did not hold or a required extract had no value.",
        "1",
    )
    .default("2"),
    Field::new("permanent", BUDGET, "How often after any other failure.", "1").default("0"),
    Field::new("base_delay", Shape::SECONDS, "The first pause, in seconds.", "0.2").default("0.1"),
    Field::new("max_delay", Shape::SECONDS, "The longest pause, in seconds.", "2").default("5.0"),
    Field::new(
        "backoff_factor",
        Shape::Number { min: 0.0, max: 1e6 },
        "By how much each pause is longer than the one before.",
        "1.5",
    )
    .default("2.0"),
    Field::new(
        "jitter",
        Shape::Number { min: 0.0, max: 1e3 },
        "How much is added to a pause at random, at most, as a share of it.",
        "0.5",
    )
    .default("0.25"),
];

/// The fields of every task, besides those of its protocol.
pub const TASK_FIELDS: &[Field] = &[
    Field::new(
        "assertions",
        Shape::Either(&[Shape::List(&TEXT_MAP), Shape::Null]),
        "Checks of the reply, in order; the first that does not hold fails the request.",
        r#"[{"type": "status_code", "value": 200}]"#,
    ),
    Field::new(
        "extract",
        Shape::Either(&[Shape::List(&TEXT_MAP), Shape::Null]),
        "Values taken out of the reply into variables, once all checks hold.",
        r#"[{"var": "token", "from": "json_path", "path": "data.token"}]"#,
    ),
    Field::new("name", Shape::Text, "The name the task's samples are counted under.", r#""login""#)
        .default("the target"),
    Field::new(
        "retry",
        Shape::Either(&[Shape::Object(RETRY), Shape::Null]),
        "Sends a request that failed again, as it was, after pauses that grow. Every attempt is \
         recorded, under the same name.",
        r#"{"transient": 3, "base_delay": 0.2}"#,
    )
    .default("none"),
    RUN_IF,
    SKIP_IF,
    Field::new(
        "think_time",
        Shape::Either(&[Shape::SECONDS, Shape::Object(RANGE), Shape::Null]),
        "A pause after the request, in seconds, fixed or drawn from a range.",
        r#"{"min": 0.2, "max": 0.5}"#,
    )
    .default("none"),
    Field::new(
        "throttle",
        Shape::Either(&[Shape::Object(THROTTLE), Shape::Null]),
        "Holds the task to a rate, together with all tasks that have the same `key`; waiting is no \
         part of the response time.",
        r#"{"rps": 50, "key": "search"}"#,
    )
    .default("none"),
    USER,
    WEIGHT,
];

/// `user` of a task.
pub const USER: Field = Field::new(
    "user",
    Shape::ConstantText,
    "The user type whose task it is, where that is another than its scenario's: users may do tasks \
     of several protocols, with a connection for each.",
    r#""websocket_user""#,
)
.default("that of the scenario");

/// `connection` of a run or scenario.
pub const CONNECTION: Field = Field::new(
    "connection",
    Shape::Either(&[Shape::Map(&Shape::Any), Shape::Null]),
    "Fields that tasks have in common, for user types that connect to one server; a task's own \
     fields count before them.",
    r#"{"url": "redis://127.0.0.1:6379/0"}"#,
);

/// `connection_string` of a run or scenario.
pub const CONNECTION_STRING: Field = Field::new(
    "connection_string",
    Shape::Text,
    "The database of tasks that do not name one themselves.",
    r#""sqlite:///test.db""#,
);

/// The ways to go through a scenario's tasks in one tick.
pub const MODES: &[&str] = &["sequence", "weighted"];
