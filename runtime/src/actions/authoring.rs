//! Actions for those who write plans: formatting, linting, the schema, YAML and TOML.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ld_stdlib::builtins::Arguments;
use ld_stdlib::python::Value;
use ld_stdlib::{notation, rules, schema};
use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use serde_json::{Map, Value as Json};

use super::ActionError;

/// Keys of a task that come first, in this order.
const FIRST: [&str; 6] = ["method", "request_url", "url", "name", "weight", "timeout"];

/// `LD_format_action_document`.
pub(super) fn document(arguments: &Arguments) -> Value {
    in_order(given(arguments, "doc")).into()
}

/// `LD_format_action_string`.
pub(super) fn string(arguments: &Arguments) -> Result<Value, ActionError> {
    let text = arguments.text("text").unwrap_or_default();
    Ok(Value::Str(laid_out(text, arguments)?))
}

/// `LD_format_action_file`.
pub(super) fn file(arguments: &Arguments) -> Result<Value, ActionError> {
    let path = arguments.text("file_path").unwrap_or_default();
    if !Path::new(path).is_file() {
        return Err(ActionError::new("FileNotFoundError", path));
    }
    let text = fs::read_to_string(path).map_err(os_error(path))?;
    let text = laid_out(&text, arguments)?;
    fs::write(path, &text).map_err(os_error(path))?;
    Ok(Value::Str(text))
}

/// `LD_lint_action`.
pub(super) fn lint(arguments: &Arguments) -> Value {
    findings(&given(arguments, "actions"), arguments)
}

/// `LD_lint_action_file`.
pub(super) fn lint_file(arguments: &Arguments) -> Result<Value, ActionError> {
    let path = arguments.text("path").unwrap_or_default();
    let failed = |why: &dyn std::fmt::Display| {
        ActionError::new("LoadDensityTestJsonException", format!("`{path}` cannot be read: {why}"))
    };
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let document: Json = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    Ok(findings(&document, arguments))
}

/// `LD_export_schema`.
pub(super) fn export_schema(arguments: &Arguments) -> Result<Value, ActionError> {
    let written = arguments.text("path").unwrap_or_default();
    let path = Path::new(written);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(os_error(written))?;
    }
    let schema = schema::schema(known(arguments).as_deref());
    fs::write(path, format!("{schema:#}")).map_err(os_error(written))?;
    let path = fs::canonicalize(path).map_err(os_error(written))?;
    Ok(Value::Str(path.to_string_lossy().into_owned()))
}

/// `LD_write_action_yaml`.
pub(super) fn write_yaml(arguments: &Arguments) -> Result<Value, ActionError> {
    let text = notation::yaml::write(&given(arguments, "action_doc"));
    write(arguments.text("yaml_save_path").unwrap_or_default(), &text)
}

/// `LD_write_action_toml`.
pub(super) fn write_toml(arguments: &Arguments) -> Result<Value, ActionError> {
    let text = toml::to_string(&given(arguments, "action_doc")).map_err(|error| {
        let message = format!("the document cannot be written as TOML: {error}");
        ActionError::new("LoadDensityTestJsonException", message)
    })?;
    write(arguments.text("toml_save_path").unwrap_or_default(), &text)
}

fn given(arguments: &Arguments, name: &str) -> Json {
    arguments.get(name).map_or(Json::Null, Value::to_json)
}

fn write(path: &str, text: &str) -> Result<Value, ActionError> {
    fs::write(path, text).map_err(|error| {
        let message = format!("`{path}` cannot be written: {error}");
        ActionError::new("LoadDensityTestJsonException", message)
    })?;
    Ok(Value::None)
}

fn os_error(path: &str) -> impl Fn(io::Error) -> ActionError {
    move |error| ActionError::new("OSError", format!("{path}: {error}"))
}

fn known(arguments: &Arguments) -> Option<Vec<String>> {
    match arguments.get("known_commands") {
        Some(Value::List(names)) => Some(names.iter().map(Value::text).collect()),
        _ => None,
    }
}

fn findings(document: &Json, arguments: &Arguments) -> Value {
    Json::Array(rules::lint(document, known(arguments).as_deref())).into()
}

/// A document with the keys of its tasks in the usual order.
fn in_order(document: Json) -> Json {
    match document {
        Json::Array(actions) => actions.into_iter().map(action).collect(),
        Json::Object(mut members) => {
            if let Some(list @ Json::Array(_)) = members.get_mut("load_density") {
                *list = in_order(list.take());
            }
            Json::Object(members)
        }
        other => other,
    }
}

fn action(mut action: Json) -> Json {
    let payload = match action.as_array_mut().map(Vec::as_mut_slice) {
        Some([_, payload]) => payload,
        _ => return action,
    };
    if let Some(Json::Array(tasks)) = payload.get_mut("tasks") {
        for task in tasks {
            if let Json::Object(members) = task {
                let mut ordered = Map::new();
                for name in FIRST {
                    if let Some(value) = members.get(name) {
                        ordered.insert(name.to_owned(), value.clone());
                    }
                }
                for (name, value) in std::mem::take(members) {
                    ordered.entry(name).or_insert(value);
                }
                *members = ordered;
            }
        }
    }
    action
}

/// A document in the reference's layout, with a line end.
fn laid_out(text: &str, arguments: &Arguments) -> Result<String, ActionError> {
    let failed = |error: serde_json::Error| ActionError::new("JSONDecodeError", error.to_string());
    let document = in_order(serde_json::from_str(text).map_err(failed)?);
    let width = arguments.number("indent").unwrap_or(2.0) as usize;
    let indent = vec![b' '; width];
    let mut out = Vec::new();
    let layout = Layout(PrettyFormatter::with_indent(&indent));
    let mut writer = Serializer::with_formatter(&mut out, layout);
    document.serialize(&mut writer).map_err(failed)?;
    out.push(b'\n');
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Layout and numbers as the reference writes them.
struct Layout<'i>(PrettyFormatter<'i>);

impl Formatter for Layout<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }

    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        out.write_all(Value::Float(value).text().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn arguments(pairs: Json) -> Arguments {
        let Json::Object(members) = pairs else { panic!("an object") };
        Arguments(members.into_iter().map(|(name, value)| (name, value.into())).collect())
    }

    #[test]
    fn keys_of_tasks_are_put_into_the_usual_order_and_nothing_is_lost() {
        let task =
            json!({"json": {"b": 1, "a": 2}, "name": "n", "request_url": "/é", "method": "get"});
        let plan =
            json!({"load_density": [["LD_start_test", {"tasks": [task]}], ["x"]], "metadata": {}});
        let text =
            string(&arguments(json!({"text": plan.to_string(), "indent": 1}))).unwrap().text();
        assert_eq!(
            text,
            "{\n \"load_density\": [\n  [\n   \"LD_start_test\",\n   {\n    \"tasks\": [\n     {\n      \
             \"method\": \"get\",\n      \"request_url\": \"/é\",\n      \"name\": \"n\",\n      \"json\": \
             {\n       \"b\": 1,\n       \"a\": 2\n      }\n     }\n    ]\n   }\n  ],\n  [\n   \"x\"\n  ]\n \
             ],\n \"metadata\": {}\n}\n"
        );
        let again = string(&arguments(json!({"text": text, "indent": 1}))).unwrap();
        assert_eq!(again.text(), text);
    }
}
