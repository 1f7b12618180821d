//! How much load a run or one of its scenarios makes, and when.

use crate::blocks::{ON_START, ON_STOP};
use crate::field::{Field, Shape};
use crate::scenario::{CONNECTION, CONNECTION_STRING, PAUSE, RANGE};

/// Users a run may have.
const USERS: Shape = Shape::Integer { min: 1, max: 10_000_000 };
/// Users at a point of a shape, where fractions are cut off.
const LEVEL: Shape = Shape::Number { min: 0.0, max: 1e7 };
/// Users started or stopped per second.
const SPAWNING: Shape = Shape::Number { min: 0.001, max: 1e9 };
/// Things per unit of time.
const RATE: Shape = Shape::Number { min: 0.0, max: 1e9 };

/// `user_count`.
pub const USER_COUNT: Field =
    Field::new("user_count", USERS, "How many users there are once all have started.", "200")
        .default("50");

/// `spawn_rate`.
pub const SPAWN_RATE: Field =
    Field::new("spawn_rate", SPAWNING, "How many users start per second.", "50").default("10");

/// `load_shape`.
pub const LOAD_SHAPE: Field = Field::new(
    "load_shape",
    Shape::Either(&[Shape::Choice(SHAPES), Shape::Null]),
    "How the number of users changes in the course of the run, in place of `user_count` and \
     `spawn_rate`; the details are in `shape_config`.",
    r#""stages""#,
)
.default("null");

/// `shape_config`.
pub const SHAPE_CONFIG: Field = Field::new(
    "shape_config",
    Shape::Either(&[Shape::Object(STAGES), Shape::Object(SPIKE), Shape::Object(SOAK), Shape::Null]),
    "The details of `load_shape`.",
    r#"{"stages": [{"duration": 30, "users": 10, "spawn_rate": 2}]}"#,
)
.default("null");

/// `arrival`.
pub const ARRIVAL: Field = Field::new(
    "arrival",
    Shape::Either(&[Shape::Object(ARRIVALS), Shape::Null]),
    "Starts ticks at a rate, whether or not earlier ones are done, in place of `user_count` and \
     `spawn_rate`: every start takes a free user, or another one.",
    r#"{"rate": 200, "duration": 30, "max_users": 500}"#,
);

/// `wait_time`.
pub const WAIT_TIME: Field = Field::new(
    "wait_time",
    PAUSE,
    "The pause after each tick, in seconds, fixed or drawn from a range.",
    r#"{"min": 0.5, "max": 1.5}"#,
)
.default(r#"{"min": 0.1, "max": 0.2}"#);

/// `pace`.
pub const PACE: Field = Field::new(
    "pace",
    Shape::Either(&[Shape::SECONDS, Shape::Object(RANGE), Shape::Null]),
    "The time from when a tick is due until the next one is, in seconds, in place of \
     `wait_time`; what comes after a tick that took longer starts at once.",
    "2",
);

/// `warmup`.
pub const WARMUP: Field = Field::new(
    "warmup",
    Shape::SECONDS,
    "How long, in seconds from the start, requests are left out of the statistics; they are \
     counted apart.",
    "5",
)
.default("0");

/// `stop_timeout`.
pub const STOP_TIMEOUT: Field = Field::new(
    "stop_timeout",
    Shape::SECONDS,
    "How long, in seconds, requests under way at the end of the run may take before they are cut.",
    "10",
)
.default("0");

/// `max_rps`.
pub const MAX_RPS: Field = Field::new(
    "max_rps",
    Shape::Either(&[Shape::Number { min: 1e-6, max: 1e9 }, Shape::Null]),
    "Holds all requests of the run together to so many per second.",
    "500",
)
.default("no limit");

/// `scenarios`.
pub const SCENARIOS: Field = Field::new(
    "scenarios",
    Shape::Either(&[Shape::Map(&Shape::Object(SCENARIO)), Shape::Null]),
    "Several kinds of users in one run, by name, in place of `tasks`; what a scenario does not say \
     is as the run says.",
    r#"{"visitors": {"tasks": [{"method": "get", "request_url": "/"}], "weight": 3}}"#,
);

/// The fields of a scenario.
pub const SCENARIO: &[Field] = &[
    Field::new("user", Shape::ConstantText, "The user type.", r#""http_user""#)
        .default("that of the run"),
    Field::new(
        "host",
        Shape::Text,
        "What relative targets are relative to.",
        r#""http://127.0.0.1:8080""#,
    )
    .aliases(&["base_url"])
    .default("that of the run"),
    CONNECTION,
    CONNECTION_STRING,
    ON_START,
    ON_STOP,
    Field::new(
        "tasks",
        Shape::Either(&[Shape::List(&Shape::Map(&Shape::Any)), Shape::Map(&Shape::Any)]),
        "What each user does in a tick.",
        r#"[{"method": "get", "request_url": "/"}]"#,
    )
    .required(),
    Field::new("user_count", USERS, "How many users there are once all have started.", "20")
        .default("its share of the run's"),
    SPAWN_RATE,
    LOAD_SHAPE,
    SHAPE_CONFIG,
    ARRIVAL,
    WAIT_TIME,
    PACE,
    Field::new(
        "iterations",
        Shape::Either(&[Shape::Integer { min: 1, max: i64::MAX }, Shape::Null]),
        "After how many ticks a user ends.",
        "100",
    )
    .default("that of the run"),
    Field::new(
        "start_after",
        Shape::SECONDS,
        "When it begins, in seconds after the start of the run.",
        "10",
    )
    .default("0"),
    Field::new(
        "weight",
        Shape::Number { min: 0.0, max: 1e9 },
        "Its share of the run's `user_count` or `arrival`, beside those of other scenarios without \
         load of their own.",
        "3",
    )
    .default("1"),
];

/// The words for `load_shape`.
pub const SHAPES: &[&str] = &["stages", "spike", "soak"];

/// The fields of `shape_config` for a shape.
#[must_use]
pub fn shape_fields(shape: &str) -> &'static [Field] {
    match shape {
        "spike" => SPIKE,
        "soak" => SOAK,
        _ => STAGES,
    }
}

/// `shape_config` of shape `stages`.
pub const STAGES: &[Field] = &[Field::new(
    "stages",
    Shape::List(&Shape::Object(STAGE)),
    "The stages, one after the other; the run ends after the last.",
    r#"[{"duration": 30, "users": 10, "spawn_rate": 2}]"#,
)];

/// A stage of shape `stages`.
pub const STAGE: &[Field] = &[
    Field::new("duration", Shape::SECONDS, "How long it lasts, in seconds.", "30").default("0"),
    Field::new("users", LEVEL, "How many users there are to be.", "10").default("0"),
    Field::new(
        "spawn_rate",
        SPAWNING,
        "How many users per second start, or stop, until there are.",
        "2",
    )
    .default("1; with a linear `ramp`, no limit"),
    Field::new(
        "ramp",
        Shape::Choice(&["step", "linear"]),
        "Whether `users` counts from the start of the stage, or is reached at its end, evenly \
         from what the stage before it says.",
        r#""linear""#,
    )
    .default(r#""step""#),
];

/// `shape_config` of shape `spike`.
pub const SPIKE: &[Field] = &[
    Field::new("baseline_users", LEVEL, "Users before and after the spike.", "10").default("0"),
    Field::new("spike_users", LEVEL, "Users in the spike.", "100").default("baseline_users"),
    Field::new("spawn_rate", SPAWNING, "How many users per second start, or stop.", "50")
        .default("10"),
    Field::new("pre_seconds", Shape::SECONDS, "Seconds before the spike.", "10").default("30"),
    Field::new("spike_seconds", Shape::SECONDS, "Seconds of the spike.", "5").default("30"),
    Field::new("post_seconds", Shape::SECONDS, "Seconds after the spike.", "10").default("30"),
];

/// `shape_config` of shape `soak`.
pub const SOAK: &[Field] = &[
    Field::new("users", LEVEL, "Users once the ramp is over.", "100").default("0"),
    Field::new("spawn_rate", SPAWNING, "How many users per second start, or stop, at most.", "10")
        .default("a tenth of `users`, at least 1"),
    Field::new("ramp_seconds", Shape::SECONDS, "Seconds until all users are there.", "30")
        .default("60"),
    Field::new("hold_seconds", Shape::SECONDS, "Seconds all users are there.", "300")
        .default("600"),
    Field::new("cooldown_seconds", Shape::SECONDS, "Seconds until no user is left.", "30")
        .default("60"),
];

/// The fields of `arrival`.
pub const ARRIVALS: &[Field] = &[
    Field::new("rate", RATE, "Ticks started per `unit`; before the first stage, if there are stages.", "200")
        .default("0 before stages, else required"),
    Field::new("unit", Shape::Choice(UNITS), "What rates are per.", r#""m""#).default(r#""s""#),
    Field::new("duration", Shape::SECONDS, "How long ticks are started, in seconds.", "30")
        .default("as long as the run lasts"),
    Field::new(
        "stages",
        Shape::List(&Shape::Object(ARRIVAL_STAGE)),
        "How the rate changes, one stage after the other, in place of `duration`.",
        r#"[{"duration": 10, "rate": 500}]"#,
    ),
    Field::new(
        "distribution",
        Shape::Choice(&["uniform", "poisson"]),
        "Whether starts are evenly apart, or as random as those of people who know nothing of each \
         other.",
        r#""poisson""#,
    )
    .default(r#""uniform""#),
    Field::new(
        "max_users",
        USERS,
        "How many users there are at most; while all are busy, starts wait, and are counted as late.",
        "500",
    )
    .default("10000"),
];

/// A stage of `arrival`.
pub const ARRIVAL_STAGE: &[Field] = &[
    Field::new("duration", Shape::SECONDS, "How long it lasts, in seconds.", "30").required(),
    Field::new("rate", RATE, "The rate at its end, reached evenly.", "500").required(),
];

/// The words for `unit` of `arrival`: second, minute, hour.
pub const UNITS: &[&str] = &["s", "m", "h"];
