//! Redis (and what speaks its protocol, RESP): `redis_user`.
//!
//! A user has one connection, kept from task to task and from tick to tick. A task is a command,
//! or several that are sent at once. However it is said, it becomes a list of commands in JSON,
//! which is how arguments with any text in them travel to the driver.

mod address;
mod methods;

use ld_vm::{Escape, Needs};

pub use address::{Address, is_database};
use methods::{ARGUMENT_FIELDS, Form, Method};

use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType, tls};
use crate::field::{Field, Shape};
use crate::template::{Template, Tree, TreeKind};

/// Positions of a request's parts.
pub mod part {
    /// The URL, `redis://…` or `rediss://…`.
    pub const URL: u8 = 0;
    /// The user's name, in place of that of the URL; empty for that.
    pub const USERNAME: u8 = 1;
    /// The password, in place of that of the URL; empty for that.
    pub const PASSWORD: u8 = 2;
    /// The number of the database, in place of that of the URL; empty for that.
    pub const DATABASE: u8 = 3;
    /// The commands: a JSON array of arrays, of which each begins with a command's name.
    pub const COMMANDS: u8 = 4;
    /// What the result must be, as text.
    pub const EXPECT: u8 = 5;
    /// The path of a CA file or folder.
    pub const CA: u8 = 6;
    /// The path of the client certificate.
    pub const CERT: u8 = 7;
    /// The path of the client certificate's key; empty when it is in the same file.
    pub const KEY: u8 = 8;
}

/// Positions of a request's numbers.
pub mod option {
    /// The time limit in nanoseconds; 0 for none.
    pub const TIMEOUT_NS: u8 = 0;
    /// 0 to accept any certificate.
    pub const VERIFY: u8 = 1;
    /// 1 when something is expected, be it the empty text.
    pub const EXPECTS: u8 = 2;
    /// 1 when the result is the list of the commands' results.
    pub const PIPELINE: u8 = 3;
    /// 1 when the commands stand between `MULTI` and `EXEC`.
    pub const TRANSACTION: u8 = 4;
}

/// The time limit of a task that does not say one, in nanoseconds.
const TIMEOUT_NS: i64 = 5_000_000_000;

/// Where a task goes that does not say.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379/0";

/// The method that sends any command.
const COMMAND: &str = "command";

/// The method that sends several commands.
const PIPELINE: &str = "pipeline";

/// Commands after which a connection is no longer one for commands and their replies.
const TAKES_OVER: &[&str] = &["MONITOR", "PSUBSCRIBE", "PSYNC", "SSUBSCRIBE", "SUBSCRIBE", "SYNC"];

/// Whether what a command starts does not end with its reply.
#[must_use]
pub fn takes_over(command: &[u8]) -> bool {
    TAKES_OVER.iter().any(|name| command.eq_ignore_ascii_case(name.as_bytes()))
}

/// What a task can do.
const NAMES: &[&str] = &[
    "append",
    "command",
    "decr",
    "decrby",
    "delete",
    "exists",
    "expire",
    "get",
    "getdel",
    "getset",
    "hdel",
    "hexists",
    "hget",
    "hgetall",
    "hincrby",
    "hkeys",
    "hlen",
    "hmget",
    "hset",
    "hsetnx",
    "hvals",
    "incr",
    "incrby",
    "incrbyfloat",
    "lindex",
    "llen",
    "lpop",
    "lpush",
    "lrange",
    "lrem",
    "lset",
    "ltrim",
    "mget",
    "mset",
    "persist",
    "ping",
    "pipeline",
    "publish",
    "randomkey",
    "rpop",
    "rpush",
    "sadd",
    "scard",
    "set",
    "sismember",
    "smembers",
    "spop",
    "srandmember",
    "srem",
    "strlen",
    "ttl",
    "type",
];

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "redis",
    title: "Redis",
    doc: "Commands to a Redis server over TCP and TLS, one connection per user, kept across \
          ticks. The payload of a reply is its text; numbers are written out, lists are JSON \
          arrays, what `HGETALL` gives is a JSON object, and nil is no payload at all. An error \
          that the server replies is a failure of the class `status`.",
    users: &[UserType {
        key: "redis_user",
        doc: "A user that sends commands over a connection of its own.",
    }],
    fields: FIELDS,
    offers: Needs::PAYLOAD,
    default_check: None,
    transient: &[],
    at_once: false,
    has_cookies: false,
    has_connection: true,
    parts: &["url", "username", "password", "database", "commands", "expect", "ca", "cert", "key"],
    options: &["timeout_ns", "verify", "expects", "pipeline", "transaction"],
    prepare,
};

const ONE: Shape = Shape::Either(&[Shape::Text, Shape::Null]);
const ONE_OR_MORE: Shape = Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Null]);

const FIELDS: &[Field] = &[
    Field::new(
        "amount",
        ONE,
        "By how much `incrby`, `decrby` and `hincrby` change a number.",
        "10",
    )
    .default("1"),
    Field::new(
        "args",
        Shape::Either(&[Shape::List(&Shape::Any), Shape::Null]),
        "The arguments of `command`: text as it is, objects and arrays as JSON.",
        r#"["scores", 12.5, "${name}"]"#,
    )
    .default("none"),
    Field::new(
        "cert",
        Shape::Either(&[Shape::ConstantText, Shape::List(&Shape::ConstantText), Shape::Null]),
        "The client certificate: a PEM file with certificate and key, or a pair of files.",
        r#"["client.pem", "client.key"]"#,
    )
    .path()
    .aliases(&["client_cert"]),
    Field::new("command", ONE, "The command that the method `command` sends.", r#""ZADD""#),
    Field::new(
        "commands",
        Shape::Either(&[Shape::List(&Shape::List(&Shape::Any)), Shape::Null]),
        "The commands of a `pipeline`, which are sent together: each a list of the command and \
         its arguments.",
        r#"[["INCR", "hits"], ["EXPIRE", "hits", 60]]"#,
    ),
    Field::new(
        "count",
        ONE,
        "How many values to take (`lpop`, `rpop`, `spop`, `srandmember`), or to remove (`lrem`).",
        "2",
    )
    .default("one; with `lrem`, all"),
    Field::new("database", ONE, "The number of the database.", "1")
        .default("that of the URL, else 0"),
    Field::new(
        "expect",
        Shape::Any,
        "What the result must be, as text: `True` for a set value, numbers written out, nil as \
         the empty text, lists as JSON.",
        r#""True""#,
    )
    .default("any result but an error"),
    Field::new(
        "expire",
        ONE,
        "The seconds after which the key of `set` or `expire` is gone.",
        "60",
    )
    .default("never"),
    Field::new(
        "field",
        ONE_OR_MORE,
        "The field of a hash; `hdel` and `hmget` take several.",
        r#""email""#,
    ),
    Field::new("index", ONE, "The position in a list (`lindex`, `lset`).", "-1").default("0"),
    Field::new(
        "key",
        ONE_OR_MORE,
        "The key; `delete`, `exists` and `mget` take several. The channel of `publish`.",
        r#""cart:${user}""#,
    ),
    Field::new(
        "method",
        Shape::Choice(NAMES),
        "What to do: the command of this name, any `command`, or several in a `pipeline`.",
        r#""get""#,
    )
    .required(),
    Field::new("password", ONE, "The password.", r#""${env.REDIS_PASSWORD}""#)
        .default("that of the URL, else none"),
    Field::new("start", ONE, "The first position of `lrange` and `ltrim`.", "0").default("0"),
    Field::new("stop", ONE, "The last position of `lrange` and `ltrim`.", "9")
        .default("-1: the last"),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The time limit of the whole task, connecting included, in seconds; 0 for none.",
        "2.5",
    )
    .default("5"),
    Field::new(
        "transaction",
        Shape::Bool,
        "Whether the commands of a `pipeline` are carried out all together, between `MULTI` and \
         `EXEC`, or else not at all.",
        "true",
    )
    .default("false"),
    Field::new(
        "url",
        ONE,
        "The server: `redis://user:password@host:port/database`, or `rediss://…` for TLS. Another \
         URL than that of the open connection replaces it.",
        r#""redis://127.0.0.1:6379/0""#,
    )
    .default("`redis://127.0.0.1:6379/0`"),
    Field::new("username", ONE, "The name of the user at the server.", r#""app""#)
        .default("that of the URL, else the server's default user"),
    Field::new(
        "value",
        Shape::Any,
        "The value: text as it is, objects as JSON. Methods that take several take a list of \
         them; `hset` and `mset` an object of names and values.",
        r#""${uuid()}""#,
    )
    .default("with `set` and `getset`, the empty text"),
    tls::VERIFY,
];

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let method = task.constant("method").unwrap_or_default().to_ascii_lowercase();
    let commands = commands(task, &method, &mut problems);
    let url = url(task, &mut problems);
    if let Some(database) = task.constant("database")
        && let Some(field) = task.field("database")
        && !is_database(&database)
    {
        problems.push(Problem {
            span: field.span,
            kind: ProblemKind::Value,
            message: format!("`{database}` is no number of a database"),
            label: "databases have numbers, from 0".to_owned(),
            help: String::new(),
        });
    }
    let authorities = tls::authorities(task, &mut problems);
    let (cert, key) = tls::certificate(task, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let expected = task.field("expect");
    let expect = match expected.map(|tree| &tree.kind) {
        // As the reference writes them.
        Some(TreeKind::Bool(true)) => Template::text("True"),
        Some(TreeKind::Bool(false)) => Template::text("False"),
        _ => task.text("expect").unwrap_or_default(),
    };
    let is_pipeline = method == PIPELINE;
    let mut name = Template::text(&method);
    if method == COMMAND
        && let Some(command) = task.constant("command")
    {
        name = Template::text(command.to_ascii_lowercase());
    }
    Ok(Prepared {
        options: vec![
            task.nanoseconds("timeout").unwrap_or(TIMEOUT_NS),
            i64::from(task.flag("verify").unwrap_or(true)),
            i64::from(expected.is_some()),
            i64::from(is_pipeline),
            i64::from(is_pipeline && task.flag("transaction").unwrap_or(false)),
        ],
        method: "REDIS".to_owned(),
        target: address::without_user(&url),
        name,
        parts: vec![
            url,
            task.text("username").unwrap_or_default(),
            task.text("password").unwrap_or_default(),
            task.text("database").unwrap_or_default(),
            commands,
            expect,
            authorities,
            cert,
            key,
        ],
        check: None,
        notes: notes(task, &method),
    })
}

fn url(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let is_said = |tree: &&Tree| !matches!(&tree.kind, TreeKind::Text(text) if text.is_empty());
    let Some(field) = task.field("url").filter(is_said) else {
        return Template::text(DEFAULT_URL);
    };
    let url = field.to_text();
    let constant = url.constant().map(|url| String::from_utf8_lossy(&url).into_owned());
    if let Some(why) = constant.and_then(|url| Address::parse(&url).err()) {
        problems.push(Problem {
            span: field.span,
            kind: ProblemKind::Value,
            message: format!("this is no URL of a Redis server: {why}"),
            label: "nothing can be connected to".to_owned(),
            help: "write `redis://user:password@host:port/database`, or `rediss://` for TLS"
                .to_owned(),
        });
    }
    url
}

/// The commands as JSON.
fn commands(task: &Task<'_>, method: &str, problems: &mut Vec<Problem>) -> Template {
    let mut list = List::default();
    match method {
        COMMAND => {
            let command = task.field("command");
            let Some(command) = command else {
                problems.push(missing(task, method, "command"));
                return Template::default();
            };
            refuse_takeover(command, problems);
            list.begin();
            list.push(command);
            if let Some(TreeKind::List(args)) = task.field("args").map(|tree| &tree.kind) {
                args.iter().for_each(|arg| list.push(arg));
            }
            list.end();
        }
        PIPELINE => {
            let commands = match task.field("commands").map(|tree| &tree.kind) {
                Some(TreeKind::List(commands)) => commands.as_slice(),
                _ => &[],
            };
            if commands.is_empty() {
                problems.push(missing(task, method, "commands"));
            }
            for command in commands {
                let TreeKind::List(words) = &command.kind else { continue };
                match words.first() {
                    Some(name) => refuse_takeover(name, problems),
                    None => problems.push(Problem {
                        span: command.span,
                        kind: ProblemKind::Missing,
                        message: "a command of the pipeline is empty".to_owned(),
                        label: "no command".to_owned(),
                        help: r#"write `["INCR", "key"]`"#.to_owned(),
                    }),
                }
                list.begin();
                words.iter().for_each(|word| list.push(word));
                list.end();
            }
        }
        _ => {
            if let Some(method) = methods::find(method) {
                list.begin();
                list.push_text(method.command);
                arguments(task, method, &mut list, problems);
                list.end();
            }
        }
    }
    list.finish()
}

/// Adds the arguments of a method.
fn arguments(
    task: &Task<'_>,
    method: &'static Method,
    list: &mut List,
    problems: &mut Vec<Problem>,
) {
    for argument in method.arguments {
        let field = task.field(argument.field);
        match (argument.form, field) {
            (Form::Maybe | Form::Expiry, None) => {}
            (Form::Or(default), None) => list.push_text(default),
            (Form::One | Form::Many | Form::Pairs, None) => {
                problems.push(missing(task, method.name, argument.field));
            }
            (Form::Expiry, Some(field)) => {
                list.push_text("EX");
                list.push(field);
            }
            (Form::Many, Some(Tree { kind: TreeKind::List(items), span })) => {
                if items.is_empty() {
                    problems.push(empty(*span, argument.field));
                }
                items.iter().for_each(|item| list.push(item));
            }
            (Form::Pairs, Some(field)) => pairs(task, method, field, list, problems),
            (Form::One | Form::Or(_) | Form::Maybe, Some(field))
                if argument.field != "value" && matches!(field.kind, TreeKind::List(_)) =>
            {
                problems.push(Problem {
                    span: field.span,
                    kind: ProblemKind::Value,
                    message: format!("`{}` takes one `{}`", method.name, argument.field),
                    label: "a list".to_owned(),
                    help: String::new(),
                });
            }
            (_, Some(field)) => list.push(field),
        }
    }
}

/// Adds the names and values of an object, or the value of the field that was added before.
fn pairs(
    task: &Task<'_>,
    method: &'static Method,
    field: &Tree,
    list: &mut List,
    problems: &mut Vec<Problem>,
) {
    let has_field = method.arguments.iter().any(|argument| argument.field == "field");
    match &field.kind {
        TreeKind::Map(members) if !(has_field && task.field("field").is_some()) => {
            if members.is_empty() {
                problems.push(empty(field.span, "value"));
            }
            for member in members {
                list.push_text(&member.name);
                list.push(&member.value);
            }
        }
        _ if !has_field => problems.push(Problem {
            span: field.span,
            kind: ProblemKind::Value,
            message: format!("`{}` takes an object of keys and values", method.name),
            label: "not an object".to_owned(),
            help: r#"write `"value": {"key": "value"}`"#.to_owned(),
        }),
        _ if task.field("field").is_none() => {
            problems.push(missing(task, method.name, "field"));
        }
        _ => list.push(field),
    }
}

fn refuse_takeover(command: &Tree, problems: &mut Vec<Problem>) {
    let name = command.to_text().constant().unwrap_or_default();
    if takes_over(&name) {
        let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
        problems.push(Problem {
            span: command.span,
            kind: ProblemKind::Value,
            message: format!("`{name}` takes the connection over, which a task cannot wait for"),
            label: "no single reply ends this".to_owned(),
            help: String::new(),
        });
    }
}

fn missing(task: &Task<'_>, method: &str, field: &str) -> Problem {
    Problem {
        span: task.span,
        kind: ProblemKind::Missing,
        message: format!("`{method}` needs `{field}`"),
        label: format!("there is no `{field}`"),
        help: String::new(),
    }
}

fn empty(span: crate::Span, field: &str) -> Problem {
    Problem {
        span,
        kind: ProblemKind::Missing,
        message: format!("`{field}` is empty"),
        label: "at least one is needed".to_owned(),
        help: String::new(),
    }
}

/// Fields that do not belong to the method.
fn notes(task: &Task<'_>, method: &str) -> Vec<Problem> {
    let own = ARGUMENT_FIELDS.iter().copied().chain(["args", "command", "commands", "transaction"]);
    let is_heeded = |field: &str| match method {
        COMMAND => matches!(field, "command" | "args"),
        PIPELINE => matches!(field, "commands" | "transaction"),
        _ => methods::find(method)
            .is_some_and(|method| method.arguments.iter().any(|argument| argument.field == field)),
    };
    let in_vain = own.filter(|field| !is_heeded(field));
    let in_vain = in_vain.filter_map(|field| Some((field, task.field(field)?.span)));
    let problem = |(field, span)| Problem {
        span,
        kind: ProblemKind::NoEffect,
        message: format!("`{field}` changes nothing where the method is `{method}`"),
        label: "this is not looked at".to_owned(),
        help: "leave it out".to_owned(),
    };
    in_vain.map(problem).collect()
}

/// Commands, written as JSON.
#[derive(Default)]
struct List {
    json: Template,
    is_first: bool,
}

impl List {
    fn begin(&mut self) {
        self.json.push_text(if self.json.is_empty() { "[[" } else { ",[" });
        self.is_first = true;
    }

    fn end(&mut self) {
        self.json.push_text("]");
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.json.push_text(",");
        }
    }

    fn push_text(&mut self, text: &str) {
        self.push_template(&Template::text(text));
    }

    fn push_template(&mut self, text: &Template) {
        self.comma();
        self.json.push_text("\"");
        self.json.push_escaped(text, Escape::JsonText);
        self.json.push_text("\"");
    }

    fn push(&mut self, value: &Tree) {
        match &value.kind {
            TreeKind::Text(text) => self.push_template(text),
            TreeKind::Null => self.push_text(""),
            _ => {
                self.comma();
                self.json.push(&value.to_json());
            }
        }
    }

    fn finish(mut self) -> Template {
        self.json.push_text("]");
        self.json
    }
}

#[cfg(test)]
mod tests;
