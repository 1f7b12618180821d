//! Arguments of data, governance and analysis.

use super::{COUNT, LIST, OBJECT, POSITIVE, SHARE, SUMMARY, TEXTS, object, text};
use crate::field::{Field, Shape};

#[rustfmt::skip]
pub(in crate::commands) const SCRUB: &[Field] = &[
    Field::new("value", Shape::Any, "The value.", r#"{"mail": "ada@example.org"}"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const SCRUB_TEXT: &[Field] = &[
    text("text", "The text.", r#""ada@example.org""#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const USER: &[Field] = &[
    object("overrides", "Fields to set instead of making them up.", r#"{"username": "ada"}"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const USER_POOL: &[Field] = &[
    Field::new("count", COUNT, "How many.", "10").required(),
    object("overrides", "Fields to set instead of making them up.", r#"{"password": "x"}"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const DB_FIXTURE: &[Field] = &[
    text("database_url", "The database.", r#""sqlite://test.db""#).required(),
    Field::new("setup_sql", TEXTS, "Statements to run now.", r#"["delete from t"]"#).default("null"),
    Field::new("teardown_sql", TEXTS, "Statements to run at the end.", r#"["delete from t"]"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const DB_TEARDOWN: &[Field] = &[
    object("fixture", "What `LD_apply_db_fixture` gave.", r#"{"database_url": "sqlite://test.db", "teardown_sql": []}"#).required(),
];

/// A query whose rows placeholders read, here and in `db_sources` of a run.
pub(in crate::commands) const DB_SOURCE: &[Field] = &[
    Field::new("name", Shape::ConstantText, "The name of the source.", r#""users""#).required(),
    Field::new(
        "connection_string",
        Shape::StartText,
        "The URL of the database: `sqlite:///FILE`, `postgresql://USER:PASSWORD@HOST/NAME` or \
         `mysql://USER:PASSWORD@HOST/NAME`. `${env.NAME}` and `${secret.NAME}` in it are filled, and \
         percent-encoded, when the run starts.",
        r#""postgresql://app:${secret.DB_PASSWORD}@127.0.0.1/shop""#,
    )
    .required(),
    Field::new(
        "query",
        Shape::ConstantText,
        "The query; its rows are fetched before the run.",
        r#""select name from users order by id""#,
    )
    .required(),
    CYCLE,
    MODE,
    ON_END,
];

pub(in crate::commands) const DB_SOURCES: &[Field] = &[Field::new(
    "sources",
    Shape::List(&Shape::Object(DB_SOURCE)),
    "The sources.",
    r#"[{"name": "users", "connection_string": "sqlite:///test.db", "query": "select name from users"}]"#,
)
.required()];

#[rustfmt::skip]
pub(in crate::commands) const AUDIT_ENTRY: &[Field] = &[
    text("log_path", "The log.", r#""audit.jsonl""#).required(),
    text("action", "What was done.", r#""release""#).required(),
    text("user", "Who did it; `LD_AUDIT_USER` or `anonymous` if absent.", r#""ada""#).default("null"),
    object("details", "Anything else.", r#"{"ticket": 7}"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const AUDIT_LOG: &[Field] = &[
    text("log_path", "The log.", r#""audit.jsonl""#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const SHARE_LINK: &[Field] = &[
    text("base_url", "What the link begins with.", r#""https://reports.example/view""#).required(),
    text("report_path", "The report.", r#""checkout.html""#).required(),
    text("secret", "What it is signed with.", r#""s3cret""#).required(),
    Field::new("expires_in_seconds", Shape::Integer { min: 60, max: 1_000_000_000 }, "How long it is good.", "3600").default("86400"),
    object("extra_claims", "Further claims.", r#"{"team": "shop"}"#).default("null"),
];

#[rustfmt::skip]
pub(in crate::commands) const VERIFY_LINK: &[Field] = &[
    text("token", "The token of the link.", r#""e30.AA""#).required(),
    text("secret", "What it was signed with.", r#""s3cret""#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const ROOT_CAUSE: &[Field] = &[
    object("diff_report", "What `LD_diff_runs` gave.", r#"{"regressions": []}"#).required(),
    Field::new("error_clusters", LIST, "What `LD_cluster_errors` gave.", "[]").required(),
    Field::new("summary", SUMMARY, "What `LD_summary` gave.", r#"{"totals": {"requests": 1}}"#).required(),
    object("extra_context", "Anything else.", r#"{"release": "1.2"}"#).default("null"),
    Field::new("include_git_log", Shape::Bool, "Whether the latest changes go along.", "false").default("true"),
];

#[rustfmt::skip]
pub(in crate::commands) const PROMPT: &[Field] = &[
    object("context", "What `LD_build_root_cause_prompt` gave.", r#"{"summary": {}}"#).required(),
];

#[rustfmt::skip]
pub(in crate::commands) const BREAKING_POINT: &[Field] = &[
    Field::new("probe", OBJECT, "The arguments of an `LD_start_test`, to be run with more and more users.", r#"{"user_detail_dict": {"user": "http_user"}}"#).required(),
    Field::new("min_users", POSITIVE, "The least number of users.", "10").default("1"),
    Field::new("max_users", POSITIVE, "The greatest number of users.", "500").default("1000"),
    Field::new("failure_threshold", SHARE, "The share of failures that counts as broken.", "0.05").default("0.01"),
    Field::new("max_iterations", POSITIVE, "How many runs at most.", "8").default("12"),
];

const CYCLE: Field = Field::new(
    "cycle",
    Shape::Bool,
    "Whether the rows start over after the last one; if not, placeholders of the source stay as \
     written from then on.",
    "false",
)
.default("true");

const MODE: Field = Field::new(
    "mode",
    Shape::Choice(&["shared", "per_user", "random", "unique"]),
    "Which rows a user gets: the next that no other user had in this pass, all of them in order \
     for itself, any at random, or one of its own for good.",
    r#""per_user""#,
)
.default(r#""shared""#);

const ON_END: Field = Field::new(
    "on_end",
    Shape::Choice(&["cycle", "stop_user", "error"]),
    "What happens after the last row: the rows start over, the user that wants one ends, or the \
     run ends as a failure. It says more than `cycle`, which it stands in place of.",
    r#""stop_user""#,
)
.default(r#""cycle""#);

const COLUMNS: Field = Field::new(
    "columns",
    Shape::List(&Shape::ConstantText),
    "The names of the columns of a CSV file whose first row is a row like the others.",
    r#"["name", "password"]"#,
)
.default("those in the first row");

const SKIP_HEADER: Field = Field::new(
    "skip_header",
    Shape::Bool,
    "Whether the first row is passed over when `columns` says the names.",
    "true",
)
.default("false");

const DELIMITER: Field = Field::new(
    "delimiter",
    Shape::ConstantText,
    "What stands between the values of a CSV file: one character of ASCII.",
    r#"";""#,
)
.default(r#"",""#);

/// What describes a data file of any format, in `data_sources` of a run.
pub(in crate::commands) const DATA_SOURCE: &[Field] = &[
    Field::new("name", Shape::ConstantText, "The name of the source.", r#""users""#).required(),
    Field::new(
        "file_path",
        Shape::ConstantText,
        "The file: CSV with the columns' names in its first row, a JSON array of objects, or an \
         object in each line.",
        r#""users.json""#,
    )
    .required(),
    Field::new(
        "format",
        Shape::Choice(&["csv", "json", "ndjson"]),
        "What the file is; without it the end of its name decides: `.json`, `.ndjson` and \
         `.jsonl`, otherwise CSV.",
        r#""ndjson""#,
    )
    .default("by the file's name"),
    MODE,
    ON_END,
    COLUMNS,
    SKIP_HEADER,
    DELIMITER,
];

/// What describes a CSV source, here and in `csv_sources` of a run.
pub(in crate::commands) const CSV_SOURCE: &[Field] = &[
    Field::new("name", Shape::ConstantText, "The name of the source.", r#""users""#).required(),
    Field::new(
        "file_path",
        Shape::ConstantText,
        "The file: UTF-8, values separated by commas, names of the columns in the first row.",
        r#""users.csv""#,
    )
    .required(),
    CYCLE,
    MODE,
    ON_END,
    COLUMNS,
    SKIP_HEADER,
    DELIMITER,
];

pub(in crate::commands) const CSV_SOURCES: &[Field] = &[Field::new(
    "sources",
    Shape::List(&Shape::Object(CSV_SOURCE)),
    "The sources.",
    r#"[{"name": "users", "file_path": "users.csv"}]"#,
)
.required()];

pub(in crate::commands) const VARIABLE: &[Field] = &[
    Field::new(
        "name",
        Shape::ConstantText,
        "The name; placeholders read it as `${NAME}` or `${var.NAME}`.",
        r#""tenant""#,
    )
    .required(),
    Field::new(
        "value",
        Shape::Any,
        "The value; it keeps its type. `null` is the same as no value.",
        r#""acme""#,
    )
    .required(),
];

pub(in crate::commands) const VARIABLES: &[Field] = &[Field::new(
    "variables",
    Shape::Map(&Shape::Any),
    "Names and values.",
    r#"{"tenant": "acme", "limit": 20}"#,
)
.required()];
