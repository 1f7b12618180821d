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
    Field::later("retry", "Tries again after a failure, with growing pauses."),
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
    WEIGHT,
];

/// The ways to go through a scenario's tasks in one tick.
pub const MODES: &[&str] = &["sequence", "weighted"];
