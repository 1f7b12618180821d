//! Blocks: what may stand in a list of tasks besides tasks. A block is an object with the
//! block's key.

use crate::field::{Field, Shape};

/// A kind of block.
#[derive(Debug)]
pub struct Block {
    /// The key that makes an object this block.
    pub key: &'static str,
    /// Its other keys. Every block can have [`STEP_FIELDS`] besides.
    pub fields: &'static [Field],
    /// What it does, as a sentence.
    pub doc: &'static str,
    /// An example, as JSON; `TASK` stands for any task.
    pub example: &'static str,
}

/// The keys of every block; tasks have them as well.
pub const STEP_FIELDS: &[Field] = &[RUN_IF, SKIP_IF, WEIGHT];

/// See [`STEP_FIELDS`].
pub const RUN_IF: Field = Field::new(
    "run_if",
    Shape::Any,
    "Runs it only when this holds: a text or value that counts as true, or an object with \
     `equals`, `not_equals`, `in`, `truthy` or `expr`.",
    r#"{"equals": ["${tier}", "gold"]}"#,
);

/// See [`STEP_FIELDS`].
pub const SKIP_IF: Field = Field::new(
    "skip_if",
    Shape::Any,
    "Leaves it out when this holds; written like `run_if`.",
    r#""${done}""#,
);

/// See [`STEP_FIELDS`].
pub const WEIGHT: Field = Field::new(
    "weight",
    Shape::Number { min: 0.0, max: 1e9 },
    "How often it is picked in mode `weighted`, as a share; fractions are cut off.",
    "3",
)
.default("1");

/// A list of tasks and blocks.
const STEPS: Shape =
    Shape::Either(&[Shape::List(&Shape::Map(&Shape::Any)), Shape::Map(&Shape::Any), Shape::Null]);

/// Of a run or scenario: steps before the first tick.
pub const ON_START: Field = Field::new(
    "on_start",
    STEPS,
    "What a user does once, before its first tick.",
    r#"[{"method": "post", "request_url": "/login"}]"#,
);

/// Of a run or scenario: steps after the last tick.
pub const ON_STOP: Field = Field::new(
    "on_stop",
    STEPS,
    "What a user does once, after its last tick.",
    r#"[{"method": "post", "request_url": "/logout"}]"#,
);

/// Of a run: steps before its first user starts.
pub const SETUP: Field = Field::new(
    "setup",
    Shape::Either(&[Shape::List(&Shape::Map(&Shape::Any)), Shape::Object(APART), Shape::Null]),
    "What is done once, before the first user starts, by a user of its own: steps, or an object \
     with `tasks`. It is in no statistics. Users start with the variables it leaves. The first \
     request that fails ends it, and fails the run.",
    r#"[{"method": "post", "request_url": "/tenants", "extract": [{"var": "tenant", "path": "id"}]}]"#,
);

/// Of a run: steps after its last user has ended.
pub const TEARDOWN: Field = Field::new(
    "teardown",
    Shape::Either(&[Shape::List(&Shape::Map(&Shape::Any)), Shape::Object(APART), Shape::Null]),
    "What is done once, after the last user has ended, also when the run was interrupted; written \
     like `setup`, whose variables it has. It is in no statistics; a request that fails is a warning.",
    r#"[{"method": "delete", "request_url": "/tenants/${tenant}"}]"#,
);

/// The fields of `setup` and `teardown` as objects.
pub const APART: &[Field] = &[
    Field::new("user", Shape::ConstantText, "The user type.", r#""http_user""#)
        .default("that of `user_detail_dict`"),
    Field::new(
        "host",
        Shape::Text,
        "What relative targets are relative to.",
        r#""http://127.0.0.1:8080""#,
    )
    .aliases(&["base_url"])
    .default("that of the run"),
    APART_TASKS.required(),
];

const APART_TASKS: Field = Field::new(
    "tasks",
    Shape::Any,
    "The steps, in order.",
    r#"[{"method": "post", "request_url": "/tenants"}]"#,
);

const TASKS: Field = Field::new("tasks", Shape::Any, "The steps inside, in order.", "[TASK]");

/// Every block, by key.
pub const BLOCKS: &[Block] = &[
    Block {
        key: "clear_cookies",
        fields: &[],
        doc: "Forgets the cookies that servers gave the user.",
        example: r#"{"clear_cookies": true}"#,
    },
    Block {
        key: "foreach",
        fields: &[
            Field::new(
                "as",
                Shape::ConstantText,
                "The variable that takes each item.",
                r#""item""#,
            )
            .default("item"),
            TASKS.required(),
        ],
        doc: "Runs the steps once for each item of a list.",
        example: r#"{"foreach": "${ids}", "as": "id", "tasks": [TASK]}"#,
    },
    Block {
        key: "group",
        fields: &[TASKS.required()],
        doc: "Runs the steps and records their time together, pauses included, as a series of its \
              own; it fails when one of its requests does.",
        example: r#"{"group": "checkout", "tasks": [TASK]}"#,
    },
    Block {
        key: "if",
        fields: &[
            TASKS.aliases(&["then"]).required(),
            Field::new("else", Shape::Any, "The steps to run when it does not hold.", "[TASK]"),
        ],
        doc: "Runs the steps when an expression holds.",
        example: r#"{"if": "stock > 0", "tasks": [TASK], "else": [TASK]}"#,
    },
    Block {
        key: "interleave",
        fields: &[],
        doc: "Runs one of the steps, the next one each time this user comes by.",
        example: r#"{"interleave": [TASK, TASK]}"#,
    },
    Block {
        key: "log",
        fields: &[],
        doc: "Writes a text to the terminal.",
        example: r#"{"log": "user ${name} has ${count} items"}"#,
    },
    Block {
        key: "once",
        fields: &[],
        doc: "Runs the steps the first time this user comes by, and never again.",
        example: r#"{"once": [TASK]}"#,
    },
    Block {
        key: "parallel",
        fields: &[Field::new(
            "max",
            Shape::Integer { min: 1, max: 1000 },
            "How many requests to one host may be under way at once, each on a connection of its \
             own.",
            "2",
        )
        .default("6")],
        doc: "Makes the requests of all tasks at once, as browsers do, and goes on when all are \
              answered. What they extract is there afterwards. Only tasks may stand in it.",
        example: r#"{"parallel": [TASK, TASK], "max": 6}"#,
    },
    Block {
        key: "pause",
        fields: &[],
        doc: "Waits: a number of seconds, or a range to draw from.",
        example: r#"{"pause": {"min": 0.5, "max": 2}}"#,
    },
    Block {
        key: "pick",
        fields: &[],
        doc: "Runs one of the branches, or with the rest of the hundred percent none.",
        example: r#"{"pick": [{"percent": 30, "tasks": [TASK]}, {"percent": 10, "tasks": [TASK]}]}"#,
    },
    Block {
        key: "random",
        fields: &[],
        doc: "Runs one of the steps, drawn anew each time.",
        example: r#"{"random": [TASK, TASK]}"#,
    },
    Block {
        key: "repeat",
        fields: &[TASKS.required()],
        doc: "Runs the steps a number of times.",
        example: r#"{"repeat": 3, "tasks": [TASK]}"#,
    },
    Block {
        key: "set",
        fields: &[],
        doc: "Sets variables: a text with placeholders, any other value, or `{\"expr\": …}`.",
        example: r#"{"set": {"next": {"expr": "page + 1"}, "url": "/list?page=${page}"}}"#,
    },
    Block {
        key: "stop_run",
        fields: &[],
        doc: "Ends the whole run.",
        example: r#"{"stop_run": true}"#,
    },
    Block {
        key: "stop_user",
        fields: &[],
        doc: "Ends this user.",
        example: r#"{"stop_user": true}"#,
    },
    Block {
        key: "todo",
        fields: &[Field::new(
            "source",
            Shape::ConstantText,
            "How the source of an imported plan says it.",
            r#""login(data.user)""#,
        )],
        doc: "Does nothing: a mark for what is still to be written.",
        example: r#"{"todo": "log in as the user of this row"}"#,
    },
    Block {
        key: "while",
        fields: &[
            TASKS.required(),
            Field::new(
                "max_iterations",
                Shape::Integer { min: 1, max: 1_000_000_000 },
                "The most rounds.",
                "50",
            )
            .default("1000"),
        ],
        doc: "Runs the steps while an expression holds.",
        example: r#"{"while": "state != 'done'", "tasks": [TASK], "max_iterations": 20}"#,
    },
];

/// The fields of a branch of `pick`.
pub const BRANCH_FIELDS: &[Field] = &[
    Field::new("percent", Shape::Number { min: 0.0, max: 100.0 }, "Its share.", "30").required(),
    TASKS.required(),
];

/// The block of this key.
#[must_use]
pub fn find(key: &str) -> Option<&'static Block> {
    BLOCKS.iter().find(|block| block.key == key)
}
