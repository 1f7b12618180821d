//! Databases: `k6/x/sql`, whose statements are tasks of `sql_user`.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::{Value as Json, json};

use super::machine::{Machine, Node, Sent};
use super::value::{Part, Value, What};
use crate::databases;
use crate::draft::Task;

/// As much of a statement is its name.
const NAME_CHARS: usize = 60;

impl<'a> Machine<'a, '_> {
    /// A function of `k6/x/sql`, or of a database that it opened: `sql.db.0.query`.
    pub(super) fn sql(&mut self, path: &str, arguments: &[Value<'a>], span: Span) -> Value<'a> {
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        let function = path.rsplit('.').next().unwrap_or(path);
        if function == "open" {
            return self.open_database(&argument(0), &argument(1), span);
        }
        // Older scripts say `sql.query(db, …)`.
        let database = |path: &str| {
            let number = path.strip_prefix("sql.db.")?.split('.').next()?.parse::<usize>();
            number.ok()
        };
        let (database, arguments) = match (database(path), arguments) {
            (Some(number), all) => (Some(number), all),
            (None, [Value::Native(path), rest @ ..]) => (database(path), rest),
            (None, all) => (None, all),
        };
        let url = database.and_then(|number| self.databases.get(number).cloned());
        match (function, url) {
            ("exec" | "query" | "execContext" | "queryContext", Some(url)) => {
                self.sql_statement(url, arguments, span)
            }
            ("close", _) => Value::Undefined,
            _ => {
                if !self.loading {
                    self.todo("do by SQL what the script does", span);
                }
                Value::Unknown(Rc::from(self.words(span)))
            }
        }
    }

    fn open_database(&mut self, driver: &Value<'a>, source: &Value<'a>, span: Span) -> Value<'a> {
        let driver = match driver {
            Value::Native(path) => path.strip_prefix("sql.driver.").map(str::to_owned),
            other => other.to_text(),
        };
        let source = self.text_of(source, span);
        let made = match (driver, source) {
            (Some(driver), Some(source)) => databases::of_go(&driver, &source),
            _ => Err("what is opened cannot be decided".to_owned()),
        };
        match made {
            Ok(connection) => {
                for option in connection.left {
                    let what = format!("the option `{option}` of a database");
                    self.notes.approximate(&self.place(span), &what, "it is left out");
                }
                self.databases.push(connection.url);
                Value::native(&format!("sql.db.{}", self.databases.len() - 1))
            }
            Err(why) => {
                // What is opened may have a password in it.
                self.notes.drop(&self.place(span), "a database", &why);
                Value::native("sql.none")
            }
        }
    }

    /// A statement and its values.
    fn sql_statement(&mut self, url: String, arguments: &[Value<'a>], span: Span) -> Value<'a> {
        if self.loading {
            self.drop(span, "what is done while the script is loaded; move it to `setup`");
            return Value::Unknown(Rc::from(self.words(span)));
        }
        let (sql, values) = match arguments {
            [sql, values @ ..] => (self.text_of(sql, span), values),
            [] => (None, arguments),
        };
        let Some(sql) = sql else {
            self.todo("send this statement", span);
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut task = Task {
            place: self.place(span),
            user: Some("sql_user"),
            name: Some(shortened(&words)),
            ..Task::default()
        };
        task.fields.insert("connection_string".to_owned(), json!(url));
        task.fields.insert("sql".to_owned(), json!(sql));
        if !values.is_empty() {
            let values: Vec<Json> = values.iter().map(|value| self.json_of(value, span)).collect();
            task.fields.insert("params".to_owned(), Json::Array(values));
        }
        self.notes.keep_request();
        let request = self.requests.len();
        let is_in_loop = self.loops.iter().any(|around| around.is_live);
        self.requests.push(Sent { task, is_in_loop, ..Sent::default() });
        self.steps.push(Node::Request(request));
        Value::Reply(Rc::new(Part { request, what: What::Json(String::new()), hint: None }))
    }
}

/// What a result of `exec` says of itself, by the name of the method that asks.
pub(super) fn result_member(method: &str) -> Option<&'static str> {
    match method {
        "rowsAffected" => Some("rows_affected"),
        "lastInsertId" => Some("last_insert_id"),
        _ => None,
    }
}

/// The beginning of a statement up to a word's end, without cutting a placeholder.
fn shortened(words: &str) -> String {
    let mut name = String::new();
    for word in words.split(' ') {
        if !name.is_empty() && name.chars().count() + word.chars().count() > NAME_CHARS {
            name.push('…');
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(word);
    }
    name
}
