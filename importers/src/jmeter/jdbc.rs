//! Databases: the configuration of connections, and what is asked of them.

use serde_json::{Value, json};

use super::processors;
use super::reader::Reader;
use super::timers::seconds;
use super::tree::Element;
use crate::databases;
use crate::draft::{Step, Task};

/// A pool of connections, as the test plan says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    url: String,
    user: String,
    password: String,
    /// Whether each statement is committed by itself.
    commits: bool,
}

/// Keeps what a configuration of connections says.
pub(super) fn pool(reader: &mut Reader<'_>, element: &Element) {
    let pool = Pool {
        url: element.text("dbUrl").trim().to_owned(),
        user: element.text("username").to_owned(),
        password: element.text("password").to_owned(),
        commits: element.flag("autocommit", true),
    };
    reader.at(element, |reader| {
        reader.keep();
        if let Ok(connection) = databases::of_jdbc(&pool.url, "", "") {
            for option in connection.left {
                reader.approximate(&format!("`{option}` of the database's URL"), "it is left out");
            }
        }
        let most = element.text("poolMax").trim();
        if !matches!(most, "" | "0") {
            let what = format!("a pool of {most} connections");
            reader.approximate(&what, "each user has a connection of its own");
        }
        if !element.text("initQuery").trim().is_empty() {
            reader.drop("what is done with a new connection", "do it in `on_start`");
        }
        if !matches!(element.text("transactionIsolation").trim(), "" | "DEFAULT") {
            let why = "say it in a statement of `on_start`";
            reader.drop("the isolation of transactions", why);
        }
    });
    reader.pools.insert(element.text("dataSource").trim().to_owned(), pool);
}

/// What a statement does, or a step to be written.
pub(super) fn step(reader: &mut Reader<'_>, element: &Element) -> Step {
    match task(reader, element) {
        Ok(task) => {
            reader.notes.keep_request();
            task.into()
        }
        Err(why) => {
            let class = &element.class;
            reader.notes.drop_request(&reader.place, class, &why);
            let name = element.name.replace("${", "$");
            Step::todo(&format!("do what `{name}` ({class}) does"), &processors::said(element))
        }
    }
}

fn task(reader: &mut Reader<'_>, element: &Element) -> Result<Task, String> {
    let source = element.text("dataSource").trim();
    let name = reader.constant(source).unwrap_or_default();
    let pool = reader.pools.get(name.trim()).cloned();
    let pool = pool.ok_or_else(|| format!("there is no connection configuration `{source}`"))?;
    let [url, user, password] =
        [&pool.url, &pool.user, &pool.password].map(|text| reader.text(text));
    let connection = databases::of_jdbc(&url, &user, &password)?;
    let kind = element.text("queryType").trim();
    let is_prepared = kind.starts_with("Prepared");
    let sql = match kind {
        "Select Statement" | "Update Statement" | "" => reader.text(element.text("query")),
        "Prepared Select Statement" | "Prepared Update Statement" => {
            reader.text(element.text("query"))
        }
        "Commit" | "AutoCommit(true)" => "COMMIT".to_owned(),
        "Rollback" => "ROLLBACK".to_owned(),
        "AutoCommit(false)" => "BEGIN".to_owned(),
        "Callable Statement" => {
            return Err("call the procedure by a statement of the database, such as `CALL`".into());
        }
        other => return Err(format!("what `{other}` is cannot be told before the run")),
    };
    if matches!(kind, "Commit" | "Rollback") && !pool.commits {
        let why = "a transaction begins with the first statement there; put a `BEGIN` before it";
        reader.approximate("connections that do not commit by themselves", why);
    } else if !pool.commits {
        let why = "each statement is committed by itself; give the task a `transaction`";
        reader.approximate("connections that do not commit by themselves", why);
    }
    let mut task = Task {
        place: reader.place.clone(),
        user: Some("sql_user"),
        name: Some(element.name.clone()).filter(|name| !name.trim().is_empty()),
        ..Task::default()
    };
    task.fields.insert("connection_string".to_owned(), json!(connection.url));
    task.fields.insert("sql".to_owned(), json!(sql.trim()));
    if is_prepared {
        let values = values(reader, element)?;
        if !values.is_empty() {
            task.fields.insert("params".to_owned(), Value::Array(values));
        }
    }
    match reader.number(element.text("queryTimeout")) {
        Some(limit) if limit > 0.0 => {
            task.fields.insert("timeout".to_owned(), seconds(limit));
        }
        _ => {}
    }
    match reader.count(element.text("resultSetMaxRows")) {
        Some(most) if most > 0 => {
            task.fields.insert("max_rows".to_owned(), json!(most));
        }
        _ => {}
    }
    if !element.text("resultVariable").trim().is_empty() {
        let why = "take values out of the reply, which is a JSON list of rows";
        reader.drop("a variable that holds the rows", why);
    }
    let folds = connection.url.starts_with("postgresql");
    columns(reader, element, databases::columns(&sql, folds), &mut task);
    Ok(task)
}

/// The values of a prepared statement, which stand in a line of a CSV file.
fn values(reader: &mut Reader<'_>, element: &Element) -> Result<Vec<Value>, String> {
    let line = element.text("queryArguments");
    if line.is_empty() {
        return Ok(Vec::new());
    }
    let fields = fields(line);
    let kinds: Vec<&str> = element.text("queryArgumentsTypes").split(',').map(str::trim).collect();
    let mut values = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let kind = kinds.get(at).copied().unwrap_or_default().to_ascii_uppercase();
        if kind.starts_with("OUT") || kind.starts_with("INOUT") {
            return Err("values that a statement gives back are its rows here".to_owned());
        }
        let is_whole =
            matches!(kind.as_str(), "INTEGER" | "INT" | "BIGINT" | "SMALLINT" | "TINYINT");
        let is_number = is_whole || matches!(kind.as_str(), "DOUBLE" | "FLOAT" | "REAL");
        let text = reader.text(field);
        values.push(
            match (field.as_str(), text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
                ("]NULL[", ..) => Value::Null,
                (_, Ok(number), _) if is_number => json!(number),
                (_, _, Ok(number)) if is_number && !is_whole => json!(number),
                _ => json!(text),
            },
        );
    }
    Ok(values)
}

/// The fields of a line: what stands in quotes may hold commas, and quotes that are doubled.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut is_quoted, mut depth) = (false, 0_usize);
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        let Some(field) = fields.last_mut() else { break };
        match char {
            '"' if is_quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            // A comma between the arguments of a function divides nothing.
            '$' if chars.peek() == Some(&'{') => {
                depth += 1;
                field.push(char);
            }
            '}' => {
                depth = depth.saturating_sub(1);
                field.push(char);
            }
            ',' if !is_quoted && depth == 0 => fields.push(String::new()),
            _ => field.push(char),
        }
    }
    fields
}

/// Takes the columns that have variables out of the rows, as lists.
fn columns(
    reader: &mut Reader<'_>,
    element: &Element,
    known: Vec<Option<String>>,
    task: &mut Task,
) {
    let variables = element.text("variableNames");
    if variables.trim().is_empty() {
        return;
    }
    for (at, variable) in variables.split(',').map(str::trim).enumerate() {
        if variable.is_empty() {
            continue;
        }
        let column = known.get(at).cloned().flatten().unwrap_or_else(|| {
            let what = format!("the column of `{variable}`");
            let why = "which one it is cannot be told from the statement; it is taken to have \
                       the variable's name";
            reader.approximate(&what, why);
            variable.to_owned()
        });
        let is_plain = column.chars().all(|char| char.is_alphanumeric() || char == '_');
        let path = if is_plain {
            format!("$[*].{column}")
        } else {
            format!("$[*]['{}']", column.replace('\\', "\\\\").replace('\'', "\\'"))
        };
        let var = reader.name(variable);
        reader.keep();
        task.extract.push(
            json!({"var": var, "from": "json_path", "path": path, "match": -1, "default": []}),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_between_commas() {
        assert_eq!(fields("a,,\"b, \"\"c\"\"\",]NULL["), ["a", "", "b, \"c\"", "]NULL["]);
        assert_eq!(fields("${__Random(1,6)},x"), ["${__Random(1,6)}", "x"]);
    }
}
