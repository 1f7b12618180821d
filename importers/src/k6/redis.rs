//! Redis: the commands of a client become tasks of `redis_user`.

use std::cell::Cell;
use std::rc::Rc;

use oxc_span::Span;
use serde_json::{Map, Value as Json, json};

use super::machine::{Machine, Node, Sent};
use super::value::{Object, Part, Test, Value, What, json_number};
use crate::draft::Task;

/// The user type of the tasks.
pub(super) const USER: &str = "redis_user";

/// The port of Redis.
const PORT: u16 = 6379;

/// A method of a client.
struct Command {
    name: &'static str,
    /// The method of a task.
    method: &'static str,
    /// The fields that its arguments stand in.
    fields: &'static [&'static str],
    /// Whether the last of these takes all arguments that are left.
    is_many: bool,
    gives: Gives,
}

/// What a command gives to the script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Text,
    /// Text, or an error when there is none.
    TextOrError,
    /// A number, a list or an object.
    Json,
    /// Whether it is so, which Redis says by 1 and 0.
    Flag,
}

const fn command(
    name: &'static str,
    method: &'static str,
    fields: &'static [&'static str],
    gives: Gives,
) -> Command {
    Command { name, method, fields, is_many: false, gives }
}

const fn many(
    name: &'static str,
    method: &'static str,
    fields: &'static [&'static str],
    gives: Gives,
) -> Command {
    Command { is_many: true, ..command(name, method, fields, gives) }
}

/// The methods of a client.
const COMMANDS: &[Command] = &[
    command("decr", "decr", &["key"], Gives::Json),
    command("decrBy", "decrby", &["key", "amount"], Gives::Json),
    many("del", "delete", &["key"], Gives::Json),
    many("exists", "exists", &["key"], Gives::Json),
    command("expire", "expire", &["key", "expire"], Gives::Flag),
    command("get", "get", &["key"], Gives::TextOrError),
    command("getDel", "getdel", &["key"], Gives::TextOrError),
    command("getSet", "getset", &["key", "value"], Gives::TextOrError),
    many("hdel", "hdel", &["key", "field"], Gives::Json),
    command("hget", "hget", &["key", "field"], Gives::TextOrError),
    command("hgetall", "hgetall", &["key"], Gives::Json),
    command("hincrby", "hincrby", &["key", "field", "amount"], Gives::Json),
    command("hkeys", "hkeys", &["key"], Gives::Json),
    command("hlen", "hlen", &["key"], Gives::Json),
    command("hset", "hset", &["key", "field", "value"], Gives::Json),
    command("hsetnx", "hsetnx", &["key", "field", "value"], Gives::Flag),
    command("hvals", "hvals", &["key"], Gives::Json),
    command("incr", "incr", &["key"], Gives::Json),
    command("incrBy", "incrby", &["key", "amount"], Gives::Json),
    command("lindex", "lindex", &["key", "index"], Gives::TextOrError),
    command("llen", "llen", &["key"], Gives::Json),
    command("lpop", "lpop", &["key"], Gives::TextOrError),
    many("lpush", "lpush", &["key", "value"], Gives::Json),
    command("lrange", "lrange", &["key", "start", "stop"], Gives::Json),
    command("lrem", "lrem", &["key", "count", "value"], Gives::Json),
    command("lset", "lset", &["key", "index", "value"], Gives::Text),
    many("mget", "mget", &["key"], Gives::Json),
    command("persist", "persist", &["key"], Gives::Flag),
    command("randomKey", "randomkey", &[], Gives::TextOrError),
    command("rpop", "rpop", &["key"], Gives::TextOrError),
    many("rpush", "rpush", &["key", "value"], Gives::Json),
    many("sadd", "sadd", &["key", "value"], Gives::Json),
    many("sendCommand", "command", &["command", "args"], Gives::Text),
    command("set", "set", &["key", "value", "expire"], Gives::Text),
    command("sismember", "sismember", &["key", "value"], Gives::Flag),
    command("smembers", "smembers", &["key"], Gives::Json),
    command("spop", "spop", &["key"], Gives::TextOrError),
    command("srandmember", "srandmember", &["key"], Gives::TextOrError),
    many("srem", "srem", &["key", "value"], Gives::Json),
    command("ttl", "ttl", &["key"], Gives::Json),
];

impl<'a> Machine<'a, '_> {
    /// `new redis.Client(…)`.
    pub(super) fn redis_client(&mut self, options: &Value<'a>, span: Span) -> Value<'a> {
        let fields = match options {
            Value::Object(_) => self.redis_options(options, span),
            Value::Undefined | Value::Null => Err("no server is named"),
            url => match self.text_of(url, span) {
                Some(url) => Ok(std::iter::once(("url".to_owned(), json!(url))).collect()),
                None => Err("its URL cannot be decided"),
            },
        };
        match fields {
            Ok(fields) => {
                let client = Object { kind: Cell::new("redis"), ..Object::default() };
                #[expect(clippy::cast_precision_loss, reason = "a count of clients")]
                client.set("number of the client", Value::Number(self.redis.len() as f64));
                self.redis.push(fields);
                Value::Object(Rc::new(client))
            }
            Err(why) => {
                self.drop(span, why);
                // What is called on it is told where it is called.
                Value::native("redis.client")
            }
        }
    }

    /// The fields of a task that say where the server is and who asks.
    fn redis_options(
        &mut self,
        options: &Value<'a>,
        span: Span,
    ) -> Result<Map<String, Json>, &'static str> {
        let (place, mut fields) = (self.place(span), Map::new());
        let (mut server, mut scheme) = (None, "redis");
        for (name, value) in options.members() {
            match &*name {
                "socket" => {
                    let part = |name: &str| value.member(name);
                    let host = part("host").and_then(|host| self.text_of(&host, span));
                    let host = host.ok_or("its host cannot be decided")?;
                    let port = match part("port") {
                        Some(port) => {
                            self.text_of(&port, span).ok_or("its port cannot be decided")?
                        }
                        None => PORT.to_string(),
                    };
                    server = Some(format!("{host}:{port}"));
                    for (name, value) in value.members() {
                        match (&*name, value.to_number()) {
                            ("host" | "port", _) => {}
                            ("tls", _) => {
                                scheme = "rediss";
                                self.redis_tls(&value, &mut fields, span);
                            }
                            ("readTimeout", Some(ms)) if ms > 0.0 => {
                                fields.insert("timeout".to_owned(), json_number(ms / 1000.0));
                            }
                            (name, _) => {
                                self.notes.drop(&place, name, "a task has nothing like it");
                            }
                        }
                    }
                }
                // Of earlier versions.
                "addrs" => {
                    let addresses = value.items().unwrap_or_default();
                    let [address] = addresses.as_slice() else {
                        return Err("a plan speaks to one server, and not to a cluster");
                    };
                    server = self.text_of(address, span);
                }
                "cluster" | "masterName" | "sentinelUsername" | "sentinelPassword" => {
                    return Err("a plan speaks to one server, and not to a cluster");
                }
                "username" | "password" => match self.text_of(&value, span) {
                    Some(text) if text.is_empty() => {}
                    Some(text) => {
                        fields.insert(name.to_string(), json!(text));
                    }
                    None => self.notes.drop(&place, &name, "its value cannot be decided"),
                },
                "database" | "db" => match self.redis_argument(&value, span) {
                    Some(number) => {
                        fields.insert("database".to_owned(), number);
                    }
                    None => self.notes.drop(&place, &name, "its value cannot be decided"),
                },
                other => self.notes.drop(&place, other, "a task has nothing like it"),
            }
        }
        let server = server.ok_or("no server is named")?;
        fields.shift_insert(0, "url".to_owned(), json!(format!("{scheme}://{server}")));
        Ok(fields)
    }

    fn redis_tls(&mut self, tls: &Value<'a>, fields: &mut Map<String, Json>, span: Span) {
        let place = self.place(span);
        let mut pair = Map::new();
        for (name, value) in tls.members() {
            let file = match value.items().as_deref() {
                Some([one]) => self.opened_path(one),
                Some(_) => None,
                None => self.opened_path(&value),
            };
            match (&*name, file) {
                ("ca", Some(path)) => {
                    fields.insert("verify".to_owned(), json!(path));
                }
                ("cert" | "key", Some(path)) => {
                    pair.insert(name.to_string(), json!(path));
                }
                ("insecureSkipTLSVerify", _) if value.truth() == Some(true) => {
                    fields.insert("verify".to_owned(), json!(false));
                }
                _ => self.notes.drop(&place, &name, "it is no file that the script opens"),
            }
        }
        if let (Some(cert), Some(key)) = (pair.get("cert"), pair.get("key")) {
            fields.insert("cert".to_owned(), json!([cert, key]));
        }
    }

    /// The path of a file that was opened, by what was in it.
    fn opened_path(&self, value: &Value<'a>) -> Option<String> {
        match value {
            Value::Text(text) => {
                let known = self.opened.iter().find(|(known, _)| Rc::ptr_eq(known, text));
                known.map(|(_, path)| path.clone())
            }
            other => other.member("path").and_then(|path| path.to_text()),
        }
    }

    /// A method of a client.
    pub(super) fn redis_command(
        &mut self,
        client: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let unknown = |machine: &Self| Value::Unknown(Rc::from(machine.words(span)));
        let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
            self.todo("do by Redis what the script does", span);
            return unknown(self);
        };
        if self.loading {
            self.drop(span, "k6 sends nothing while it loads a script");
            return Value::Undefined;
        }
        let number = client.member("number of the client").and_then(|number| number.to_number());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was a count"
        )]
        let number = number.unwrap_or_default() as usize;
        let mut task = Task {
            place: self.place(span),
            user: Some(USER),
            method: command.method.to_owned(),
            fields: self.redis.get(number).cloned().unwrap_or_default(),
            ..Task::default()
        };
        let Some(own) = self.redis_arguments(command, arguments, span) else {
            let (place, words) = (self.place(span), self.words(span));
            self.notes.drop_request(&place, &words, "its arguments cannot be decided");
            self.todo_step("send this command", span);
            return unknown(self);
        };
        task.name = Some(name_of(command, &own));
        task.fields.extend(own);
        self.notes.keep_request();
        let request = self.requests.len();
        let is_in_loop = self.loops.iter().any(|around| around.is_live);
        self.requests.push(Sent { task, is_in_loop, ..Sent::default() });
        self.steps.push(Node::Request(request));
        let part = |what| Value::Reply(Rc::new(Part { request, what, hint: None }));
        match command.gives {
            Gives::Text => part(What::Body),
            Gives::TextOrError => {
                let why = "where there is no value k6 throws; the plan goes on with an empty text";
                self.remark(span, why);
                part(What::Body)
            }
            Gives::Json => part(What::Json(String::new())),
            Gives::Flag => {
                let said = part(What::Json(String::new()));
                Value::test(Test::Compare("==", said, Value::Number(1.0)))
            }
        }
    }

    /// The fields of a command; `None` when an argument is not known or not there.
    fn redis_arguments(
        &mut self,
        command: &Command,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Option<Map<String, Json>> {
        let mut fields = Map::new();
        for (at, &field) in command.fields.iter().enumerate() {
            let takes_rest = command.is_many && at + 1 == command.fields.len();
            let given = match takes_rest {
                true => arguments.get(at..).unwrap_or_default(),
                false => arguments.get(at..=at).unwrap_or_default(),
            };
            // Without seconds, and with none, a key stays.
            let is_for_ever = matches!(given, [] | [Value::Undefined | Value::Null])
                || matches!(given, [Value::Number(seconds)] if *seconds == 0.0);
            if command.method == "set" && field == "expire" && is_for_ever {
                continue;
            }
            let mut values = Vec::with_capacity(given.len());
            for value in given {
                values.push(self.redis_argument(value, span)?);
            }
            let value = match values.len() {
                _ if field == "args" => Json::Array(values),
                0 => return None,
                1 => values.pop()?,
                _ => Json::Array(values),
            };
            fields.insert(field.to_owned(), value);
        }
        Some(fields)
    }

    /// An argument as k6 sends it.
    fn redis_argument(&mut self, value: &Value<'a>, span: Span) -> Option<Json> {
        match value {
            Value::Bool(flag) => Some(json!(i32::from(*flag))),
            Value::Number(number) => Some(json_number(*number)),
            Value::Undefined | Value::Null => None,
            // What k6 refuses to send.
            Value::Object(_) | Value::Array(_) | Value::Function(_) => None,
            other => self.text_of(other, span).map(Json::String),
        }
    }

    /// Whether a value is of the reply to a command.
    pub(super) fn is_of_redis(&self, value: &Value<'a>) -> bool {
        let of = |part: &Part| {
            let sent = self.requests.get(part.request);
            sent.is_some_and(|sent| sent.task.user == Some(USER))
        };
        match value {
            Value::Reply(part) => of(part),
            Value::Test(test) => match &**test {
                Test::Compare(_, Value::Reply(part), _) => of(part),
                _ => false,
            },
            _ => false,
        }
    }
}

/// What a command is counted under: its name and its key, without what differs from one to the next.
fn name_of(command: &Command, fields: &Map<String, Json>) -> String {
    let what = fields.get("command").or_else(|| fields.get("key"));
    let what = match what {
        Some(Json::Array(keys)) => keys.first(),
        other => other,
    };
    let text = what.and_then(Json::as_str).unwrap_or_default();
    let mut name = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        name.push_str(before);
        name.push_str("{}");
        let end = crate::text::placeholder_end(after);
        rest = after.get(end + 1..).unwrap_or_default();
    }
    name.push_str(rest);
    if command.method == "command" {
        return name.to_ascii_lowercase();
    }
    format!("{} {name}", command.method).trim_end().to_owned()
}
