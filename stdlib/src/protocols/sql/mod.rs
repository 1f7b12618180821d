//! Databases: `sql_user`.
//!
//! A user keeps its connections over all of its ticks. Each task is committed when it is done,
//! unless it says otherwise.

mod address;
mod statement;

pub use address::{Dialect, shown};
pub use statement::{Key, Part, Statement, Style};

use ld_vm::{Escape, Needs};

use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType};
use crate::field::{Field, Shape};
use crate::template::{Piece, Template, Tree, TreeKind};

/// Positions of a request's parts.
pub mod part {
    /// The connection string as a JSON list: text and values of slots in turn, beginning with text.
    pub const CONNECTION: u8 = 0;
    /// The statements.
    pub const SQL: u8 = 1;
    /// The values as a JSON object or list; empty for none.
    pub const PARAMS: u8 = 2;
}

/// Positions of a request's numbers.
pub mod option {
    /// The time limit in nanoseconds; 0 for none.
    pub const TIMEOUT_NS: u8 = 0;
    /// How many rows must come; negative for any number.
    pub const EXPECT_ROWS: u8 = 1;
    /// How many rows are kept.
    pub const MAX_ROWS: u8 = 2;
    /// What becomes of what the task does: see the constants of [`super::transaction`].
    pub const TRANSACTION: u8 = 3;
}

/// What becomes of what a task does.
pub mod transaction {
    /// Each statement is committed by itself.
    pub const NONE: i64 = 0;
    /// All statements are committed together.
    pub const COMMIT: i64 = 1;
    /// All statements are taken back.
    pub const ROLLBACK: i64 = 2;
}

/// The time limit of a task that does not say one, in nanoseconds.
const TIMEOUT_NS: i64 = 60_000_000_000;

/// How many rows are kept of a task that does not say it.
const MAX_ROWS: i64 = 1000;

/// Where a task goes when neither it nor the run says: a database in memory, one for each user.
const CONNECTION: &str = "sqlite://";

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "sql",
    title: "SQL",
    doc: "Statements for PostgreSQL, MySQL, MariaDB and SQLite, on a connection that the user keeps.",
    users: &[UserType {
        key: "sql_user",
        doc: "A user that sends statements to a database and reads the rows that come back.",
    }],
    fields: FIELDS,
    offers: Needs::PAYLOAD,
    default_check: None,
    transient: &[],
    at_once: false,
    has_cookies: false,
    has_connection: true,
    parts: &["connection", "sql", "params"],
    options: &["timeout_ns", "expect_rows", "max_rows", "transaction"],
    prepare,
};

const FIELDS: &[Field] = &[
    Field::new(
        "connection_string",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "The database, as SQLAlchemy writes it: `postgresql://`, `mysql://` or `mariadb://` with \
         user, password, host and database, or `sqlite:///` and a path. Of placeholders that are \
         a part of it, what cannot stand in a URL is encoded.",
        r#""postgresql://app:${secret.DB_PASSWORD}@db.example/shop""#,
    )
    .default("a database in memory, one for each user"),
    Field::new(
        "expect_rows",
        Shape::Either(&[Shape::Integer { min: 0, max: i64::MAX }, Shape::Null]),
        "How many rows must come; of statements that give none, how many must be changed.",
        "1",
    )
    .default("any number"),
    Field::new(
        "max_rows",
        Shape::Either(&[Shape::Integer { min: 0, max: 10_000_000 }, Shape::Null]),
        "How many rows are kept for checks and extracts, 16 MiB of JSON at most. All are read and \
         counted.",
        "10",
    )
    .default("1000"),
    Field::new(
        "method",
        Shape::Any,
        "Accepted for the sake of existing plans; it changes nothing.",
        r#""query""#,
    ),
    Field::new(
        "params",
        Shape::Either(&[Shape::Map(&Shape::Any), Shape::List(&Shape::Any), Shape::Null]),
        "The values of `:name` in the statement, or a list of those of `?` and `$1`. They are sent \
         apart from the statement, or as literals that the database reads as nothing but values. \
         An object is JSON; a list is an array in PostgreSQL and JSON elsewhere.",
        r#"{"id": 7, "name": "${name}"}"#,
    )
    .default("none: the statement is sent as it is"),
    Field::new(
        "sql",
        Shape::Text,
        "The statement, or several with semicolons between them. What comes back is a JSON list of \
         row objects; of statements without rows, an object with `rows_affected`.",
        r#""select id, name from users where id = :id""#,
    )
    .required(),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The time limit of the whole task, connecting included, in seconds; 0 for none. The \
         connection is closed when it runs out.",
        "2.5",
    )
    .default("60"),
    Field::new(
        "transaction",
        Shape::Either(&[Shape::Choice(&["commit", "rollback"]), Shape::Null]),
        "`commit` makes all statements of the task one transaction, `rollback` also takes back \
         what they did.",
        r#""rollback""#,
    )
    .default("each statement is committed by itself"),
];

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let url = connection_string(task, &mut problems);
    let sql = task.text("sql").unwrap_or_default();
    check_values(task, &url, &sql, &mut problems, &mut notes);
    if let Some(method) = task.field("method") {
        notes.push(problem(
            method,
            ProblemKind::NoEffect,
            "`method` changes nothing here: the statement says what is done".to_owned(),
        ));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let transaction = match task.constant("transaction").unwrap_or_default().to_ascii_lowercase() {
        word if word == "commit" => transaction::COMMIT,
        word if word == "rollback" => transaction::ROLLBACK,
        _ => transaction::NONE,
    };
    Ok(Prepared {
        parts: vec![pieces(&url), sql, task.field("params").map(Tree::to_json).unwrap_or_default()],
        options: vec![
            task.nanoseconds("timeout").unwrap_or(TIMEOUT_NS),
            task.integer("expect_rows").unwrap_or(-1),
            task.integer("max_rows").unwrap_or(MAX_ROWS),
            transaction,
        ],
        method: "SQL".to_owned(),
        target: address::shown_template(&url),
        name: Template::text("sql"),
        check: None,
        notes,
    })
}

fn problem(tree: &Tree, kind: ProblemKind, message: String) -> Problem {
    Problem { span: tree.span, kind, message, label: String::new(), help: String::new() }
}

/// The connection string. Messages do not repeat it: there may be a password in it.
fn connection_string(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let is_said = |tree: &&Tree| !matches!(&tree.kind, TreeKind::Text(text) if text.is_empty());
    let Some(field) = task.field("connection_string").filter(is_said) else {
        return Template::text(CONNECTION);
    };
    let url = field.to_text();
    let prefix = url.prefix();
    let prefix = String::from_utf8_lossy(&prefix);
    if (url.constant().is_some() || prefix.contains(':'))
        && let Err(scheme) = Dialect::of(&prefix)
    {
        let message = if scheme.is_empty() {
            "this is no connection string: it has no scheme".to_owned()
        } else {
            format!("this build has no client for `{scheme}` databases")
        };
        problems.push(Problem {
            help: "write `postgresql://user:password@host:5432/database`, `mysql://…`, \
                   `mariadb://…` or `sqlite:///file.db`"
                .to_owned(),
            ..problem(field, ProblemKind::Value, message)
        });
    }
    url
}

/// Says which values a constant statement lacks, and which it does not ask for.
fn check_values(
    task: &Task<'_>,
    url: &Template,
    sql: &Template,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Problem>,
) {
    let (Some(field), Some(constant)) = (task.field("sql"), sql.constant()) else {
        return;
    };
    let constant = String::from_utf8_lossy(&constant);
    if constant.trim().is_empty() {
        problems.push(problem(field, ProblemKind::Value, "there is no statement here".to_owned()));
    }
    let Ok(dialect) = Dialect::of(&String::from_utf8_lossy(&url.prefix())) else {
        return;
    };
    let params = task.field("params");
    let style = match params.map(|params| &params.kind) {
        Some(TreeKind::List(_)) => Style::Numbered,
        _ => Style::Named,
    };
    let statements = Statement::all(&constant, dialect, style);
    let keys: Vec<&Key> = statements.iter().flat_map(Statement::keys).collect();
    match params.map(|params| (&params.kind, params)) {
        Some((TreeKind::Map(members), _)) => {
            let has = |name: &str| members.iter().any(|member| member.name == name);
            for key in &keys {
                if let Key::Name(name) = key
                    && !has(name)
                {
                    let message = format!("`:{name}` has no value in `params`");
                    problems.push(problem(field, ProblemKind::Missing, message));
                }
            }
            for member in members {
                if !keys.iter().any(|key| matches!(key, Key::Name(name) if *name == member.name)) {
                    let message = format!("the statement has no `:{}`", member.name);
                    notes.push(problem(&member.value, ProblemKind::NoEffect, message));
                }
            }
        }
        Some((TreeKind::List(items), params)) => {
            let positions = keys.iter().map(|key| match key {
                Key::Position(position) => position.saturating_add(1),
                Key::Name(_) => 0,
            });
            let wanted = positions.max().unwrap_or_default();
            if wanted > items.len() {
                let message =
                    format!("the statement asks for {wanted} values, `params` has {}", items.len());
                problems.push(problem(params, ProblemKind::Value, message));
            } else if let Some(item) = items.get(wanted) {
                let message = format!("the statement asks for {wanted} values only");
                notes.push(problem(item, ProblemKind::NoEffect, message));
            }
        }
        _ => {
            for key in keys {
                let Key::Name(name) = key else { continue };
                if name.starts_with(|char: char| char.is_alphabetic() || char == '_') {
                    problems.push(Problem {
                        help: format!(r#"add `"params": {{"{name}": …}}`"#),
                        ..problem(field, ProblemKind::Missing, format!("`:{name}` has no value"))
                    });
                }
            }
        }
    }
}

/// A template as a JSON list of its texts and of its slots' values in turn, so that the driver
/// can tell them apart.
fn pieces(template: &Template) -> Template {
    let mut list = Template::text("[\"");
    let mut is_text = true;
    for piece in &template.pieces {
        let slot = matches!(piece, Piece::Slot { .. });
        if slot == is_text {
            list.push_text("\", \"");
            is_text = !slot;
        } else if slot {
            list.push_text("\", \"\", \"");
        }
        let one = Template { pieces: vec![piece.clone()] };
        list.push_escaped(&one, Escape::JsonText);
    }
    list.push_text("\"]");
    list
}

#[cfg(test)]
mod tests;
