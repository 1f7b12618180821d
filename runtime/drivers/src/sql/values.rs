//! The values of a task, and how each database gets them.

use std::collections::HashMap;
use std::fmt::Write as _;

use ld_stdlib::protocols::sql::{Key, Part, Statement};
use serde_json::Value;
use sqlx::mysql::MySqlArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{MySql, Sqlite};

/// The values of a task, by name or by position.
#[derive(Debug)]
pub(super) enum Values {
    Named(HashMap<String, Value>),
    Numbered(Vec<Value>),
}

impl Values {
    /// Reads a JSON object or list.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => Ok(Self::Named(members.into_iter().collect())),
            Ok(Value::Array(items)) => Ok(Self::Numbered(items)),
            Ok(_) => Err("`params` is neither an object nor a list".to_owned()),
            Err(why) => Err(format!("`params` is no JSON: {why}")),
        }
    }

    fn value(&self, key: &Key) -> Result<&Value, String> {
        match (self, key) {
            (Self::Named(all), Key::Name(name)) => {
                all.get(name).ok_or_else(|| format!("`:{name}` has no value in `params`"))
            }
            (Self::Numbered(all), Key::Position(position)) => {
                let number = position.wrapping_add(1);
                all.get(*position).ok_or_else(|| format!("`params` has no value {number}"))
            }
            _ => Err("`params` does not fit the placeholders of the statement".to_owned()),
        }
    }

    /// The values that a statement asks for, each once.
    pub(super) fn of<'v>(&'v self, statement: &Statement) -> Result<Vec<&'v Value>, String> {
        statement.keys().into_iter().map(|key| self.value(key)).collect()
    }

    /// The values that a statement asks for, each wherever it stands.
    pub(super) fn of_each<'v>(&'v self, statement: &Statement) -> Result<Vec<&'v Value>, String> {
        let parts = statement.parts.iter().filter_map(|part| match part {
            Part::Value(key) => Some(self.value(key)),
            Part::Text(_) => None,
        });
        parts.collect()
    }
}

/// The text of a statement; `value` writes what stands for the value of a number from 0.
pub(super) fn written(statement: &Statement, mut value: impl FnMut(usize, &mut String)) -> String {
    let keys = statement.keys();
    let mut text = String::new();
    for part in &statement.parts {
        match part {
            Part::Text(sql) => text.push_str(sql),
            Part::Value(key) => {
                let number = keys.iter().position(|known| *known == key).unwrap_or_default();
                value(number, &mut text);
            }
        }
    }
    text
}

/// Writes a value as a literal of PostgreSQL that is nothing but a value, whatever is in it. Its
/// type is left open, so that the place where it stands decides.
pub(super) fn write_literal(value: &Value, out: &mut String) -> Result<(), String> {
    let text = match value {
        Value::Null => {
            out.push_str("NULL");
            return Ok(());
        }
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        Value::Array(items) => {
            let mut text = String::new();
            write_array(items, &mut text);
            text
        }
    };
    if text.contains('\0') {
        return Err("texts of PostgreSQL cannot hold the character NUL".to_owned());
    }
    // What is behind an `E` means the same however the server is set up.
    out.push_str(if text.contains('\\') { " E'" } else { "'" });
    for char in text.chars() {
        if matches!(char, '\'' | '\\') {
            out.push(char);
        }
        out.push(char);
    }
    out.push('\'');
    Ok(())
}

/// Writes the text of an array of PostgreSQL.
fn write_array(items: &[Value], out: &mut String) {
    out.push('{');
    for (number, item) in items.iter().enumerate() {
        out.push_str(if number == 0 { "" } else { "," });
        let text = match item {
            Value::Array(items) => {
                write_array(items, out);
                continue;
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                // Writing into a text cannot fail.
                let _ = write!(out, "{item}");
                continue;
            }
            Value::String(text) => text.clone(),
            Value::Object(_) => item.to_string(),
        };
        out.push('"');
        for char in text.chars() {
            if matches!(char, '"' | '\\') {
                out.push('\\');
            }
            out.push(char);
        }
        out.push('"');
    }
    out.push('}');
}

/// Gives a value to a statement of MySQL.
pub(super) fn bind_mysql<'q>(
    query: Query<'q, MySql, MySqlArguments>,
    value: &Value,
) -> Query<'q, MySql, MySqlArguments> {
    match value {
        Value::Null => query.bind(None::<String>),
        Value::Bool(flag) => query.bind(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => query.bind(number),
            (_, Some(number), _) => query.bind(number),
            (_, _, Some(number)) => query.bind(number),
            _ => query.bind(number.to_string()),
        },
        Value::String(text) => query.bind(text.clone()),
        Value::Array(_) | Value::Object(_) => query.bind(value.to_string()),
    }
}

/// Gives a value to a statement of SQLite.
pub(super) fn bind_sqlite<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    value: &Value,
) -> Query<'q, Sqlite, SqliteArguments> {
    match value {
        Value::Null => query.bind(None::<String>),
        Value::Bool(flag) => query.bind(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => query.bind(number),
            (_, Some(number)) => query.bind(number),
            _ => query.bind(number.to_string()),
        },
        Value::String(text) => query.bind(text.clone()),
        Value::Array(_) | Value::Object(_) => query.bind(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use ld_stdlib::protocols::sql::{Dialect, Style};
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_are_nothing_but_values() {
        for (value, expected) in [
            (json!(null), "NULL"),
            (json!(true), "'true'"),
            (json!(-1.5), "'-1.5'"),
            (json!("it's"), "'it''s'"),
            (json!("\\' or 1=1 --"), " E'\\\\'' or 1=1 --'"),
            (json!({"a": "it's"}), "'{\"a\":\"it''s\"}'"),
            (json!([1, null, "a\"b", [true]]), " E'{1,null,\"a\\\\\"b\",[true]}'"),
        ] {
            let mut literal = String::new();
            write_literal(&value, &mut literal).unwrap();
            let expected = expected.replace("[true]", "{true}");
            assert_eq!(literal, expected);
        }
        assert!(write_literal(&json!("a\0"), &mut String::new()).is_err());
    }

    #[test]
    fn a_value_that_stands_twice_is_sent_once_or_twice() {
        let all = Statement::all("select :a, :b, :a", Dialect::Postgres, Style::Named);
        let values = Values::parse(br#"{"b": 2, "a": 1}"#).unwrap();
        let text = written(&all[0], |number, out| *out += &format!("${}", number + 1));
        assert_eq!(text, "select $1, $2, $1");
        assert_eq!(values.of(&all[0]).unwrap(), [&json!(1), &json!(2)]);
        assert_eq!(values.of_each(&all[0]).unwrap(), [&json!(1), &json!(2), &json!(1)]);
    }

    #[test]
    fn values_that_are_not_there_are_told() {
        let named = Statement::all("select :a", Dialect::MySql, Style::Named);
        let values = Values::parse(b"{}").unwrap();
        assert_eq!(values.of(&named[0]).unwrap_err(), "`:a` has no value in `params`");
        let numbered = Statement::all("select ?, $0", Dialect::Sqlite, Style::Numbered);
        let values = Values::parse(b"[1]").unwrap();
        assert_eq!(values.of(&numbered[0]).unwrap_err(), "`params` has no value 0");
        assert!(Values::parse(b"7").is_err() && Values::parse(b"{").is_err());
    }
}
