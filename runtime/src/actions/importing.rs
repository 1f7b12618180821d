//! Actions that turn what other tools wrote into tasks and documents.

use std::fs;
use std::path::Path;

use ld_importers::{Failure, Imported, Options, Source, import, importer, load};
use ld_stdlib::builtins::Arguments;
use ld_stdlib::python::Value;
use serde_json::{Value as Json, json};

use super::ActionError;

/// What a command makes of its source.
#[derive(Clone, Copy)]
enum Gives {
    /// The source as it stands.
    Source,
    /// The tasks alone.
    Tasks,
    /// The first task.
    Task,
    /// A document.
    Document,
    /// A document that sets variables before the run and writes a summary after it.
    Generated,
}

/// A command: the format, the argument that holds the source, and what it gives.
type Row = (&'static str, &'static str, &'static str, Gives);

#[rustfmt::skip]
const COMMANDS: &[Row] = &[
    ("LD_curl_to_task", "curl", "command", Gives::Task),
    ("LD_generate_from_curls", "curl", "curls", Gives::Generated),
    ("LD_generate_from_openapi", "openapi", "openapi_path", Gives::Generated),
    ("LD_har_to_action_json", "har", "har", Gives::Document),
    ("LD_har_to_tasks", "har", "har", Gives::Tasks),
    ("LD_jmeter_to_action_json", "jmeter", "root", Gives::Document),
    ("LD_jmeter_to_tasks", "jmeter", "root", Gives::Tasks),
    ("LD_k6_script_to_action_json", "k6", "source", Gives::Document),
    ("LD_k6_script_to_tasks", "k6", "source", Gives::Tasks),
    ("LD_load_har", "har", "file_path", Gives::Source),
    ("LD_load_jmeter_jmx", "jmeter", "file_path", Gives::Source),
    ("LD_load_k6_script", "k6", "file_path", Gives::Source),
    ("LD_load_openapi", "openapi", "file_path", Gives::Source),
    ("LD_load_postman_collection", "postman", "file_path", Gives::Source),
    ("LD_openapi_to_action_json", "openapi", "spec", Gives::Document),
    ("LD_openapi_to_tasks", "openapi", "spec", Gives::Tasks),
    ("LD_postman_to_action_json", "postman", "collection", Gives::Document),
    ("LD_postman_to_tasks", "postman", "collection", Gives::Tasks),
];

/// Carries out a command of this module; `None` when it is none.
pub(super) fn carry_out(
    command: &str,
    arguments: &Arguments,
) -> Option<Result<Value, ActionError>> {
    let row = COMMANDS.iter().find(|(name, ..)| *name == command)?;
    Some(made(row, arguments).map(Into::into))
}

fn made(&(_, kind, argument, gives): &Row, arguments: &Arguments) -> Result<Json, ActionError> {
    let source = source(arguments.get(argument), kind)?;
    let importer = importer(Some(kind), &[]).map_err(failed)?;
    let imported = |whole_urls| {
        let options = Options { whole_urls, ..options(arguments, gives)? };
        import(importer, std::slice::from_ref(&source), &options).map_err(failed)
    };
    let result = match gives {
        Gives::Source => load(importer, &source).map_err(failed)?,
        Gives::Tasks => Json::Array(tasks(imported(true)?)),
        Gives::Task => tasks(imported(true)?).into_iter().find(is_request).unwrap_or_default(),
        Gives::Document => imported(false)?.plan,
        Gives::Generated => generated(imported(false)?, arguments),
    };
    if let Some(path) = arguments.text("output_path") {
        fs::write(path, format!("{result:#}\n")).map_err(|error| {
            ActionError::new("OSError", format!("`{path}` cannot be written: {error}"))
        })?;
    }
    Ok(result)
}

/// A source given as the path of a file, as text, as values, or as a list of commands.
fn source(given: Option<&Value>, kind: &str) -> Result<Source, ActionError> {
    let text = match given {
        Some(Value::Str(text)) => text.clone(),
        Some(Value::List(lines)) if lines.iter().all(|line| matches!(line, Value::Str(_))) => {
            lines.iter().map(Value::text).collect::<Vec<_>>().join("\n")
        }
        Some(value) => value.to_json().to_string(),
        None => String::new(),
    };
    let path = Path::new(&text);
    // A document has at least one of these; the name of a file hardly ever.
    let is_inline = kind == "curl" || text.contains(['\n', '{', '<', ';']);
    if is_inline && !path.is_file() {
        return Source::new("<inline>", text, Path::new(".")).map_err(failed);
    }
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ActionError::new("FileNotFoundError", text.as_str()),
        _ => ActionError::new("OSError", format!("`{text}` cannot be read: {error}")),
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Source::new(&text, bytes, folder.unwrap_or(Path::new("."))).map_err(failed)
}

/// What the arguments ask for. What a source says of load goes before the reference's numbers,
/// and after those that are given.
fn options(arguments: &Arguments, gives: Gives) -> Result<Options, ActionError> {
    let generated = matches!(gives, Gives::Generated);
    let users = arguments.number("user_count").or(generated.then_some(20.0));
    let mut options = Options {
        users: users.map(|users| users as u64),
        spawn_rate: arguments.number("spawn_rate"),
        duration: arguments.number("test_time"),
        base_url: arguments.text("base_url").map(str::to_owned),
        include: patterns(arguments, "include")?,
        exclude: patterns(arguments, "exclude")?,
        ..Options::default()
    };
    if let Some(user) = arguments.text("user") {
        user.clone_into(&mut options.user);
    }
    Ok(options)
}

fn patterns(arguments: &Arguments, name: &str) -> Result<Vec<regex::Regex>, ActionError> {
    let Some(Value::List(patterns)) = arguments.get(name) else { return Ok(Vec::new()) };
    let compiled = patterns.iter().map(|pattern| {
        regex::Regex::new(&pattern.text())
            .map_err(|error| ActionError::new("error", format!("`{name}`: {error}")))
    });
    compiled.collect()
}

fn failed(failure: Failure) -> ActionError {
    ActionError::new("LoadDensityTestJsonException", failure.to_string())
}

/// The arguments of the run of an imported plan.
fn run(imported: &mut Imported) -> Json {
    imported.plan.pointer_mut("/load_density/0/1").map(Json::take).unwrap_or_default()
}

/// All tasks of a plan in the order in which a user meets them, those before and after the rest
/// included. A block before them sets the variables of the plan, if there are any.
fn tasks(mut imported: Imported) -> Vec<Json> {
    fn add(tasks: &mut Vec<Json>, of: &mut Json, lists: &[&str]) {
        for list in lists {
            if let Some(Json::Array(list)) = of.get_mut(*list) {
                tasks.append(list);
            }
        }
    }
    let mut run = run(&mut imported);
    let variables = run.get("variables");
    let mut tasks: Vec<Json> = variables.map(|set| json!({"set": set})).into_iter().collect();
    add(&mut tasks, &mut run, &["setup", "on_start", "tasks"]);
    if let Some(Json::Object(scenarios)) = run.get_mut("scenarios") {
        for scenario in scenarios.values_mut() {
            add(&mut tasks, scenario, &["on_start", "tasks", "on_stop"]);
        }
    }
    add(&mut tasks, &mut run, &["on_stop", "teardown"]);
    tasks
}

fn is_request(task: &Json) -> bool {
    task.get("request_url").is_some()
}

fn generated(mut imported: Imported, arguments: &Arguments) -> Json {
    let mut actions = Vec::new();
    if let Some(variables @ Value::Dict(_)) = arguments.get("variables") {
        actions.push(json!(["LD_register_variables", {"variables": variables.to_json()}]));
    }
    actions.push(json!(["LD_start_test", run(&mut imported)]));
    actions.push(json!(["LD_generate_summary_report", {"report_name": "summary"}]));
    if let Some(list) = imported.plan.get_mut("load_density") {
        *list = Json::Array(actions);
    }
    imported.plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use ld_stdlib::commands::COMMANDS as KNOWN;

    fn call(command: &str, arguments: Json) -> Result<Json, ActionError> {
        let Json::Object(members) = arguments else { panic!("an object") };
        let members = members.into_iter().map(|(name, value)| (name, value.into())).collect();
        carry_out(command, &Arguments(members)).unwrap().map(|value| value.to_json())
    }

    #[test]
    fn each_row_is_a_command_with_that_argument() {
        for (name, _, argument, _) in COMMANDS {
            let command = KNOWN.iter().find(|command| command.name == *name).unwrap();
            assert!(command.ready, "{name}");
            assert!(command.fields.iter().any(|field| field.name == *argument), "{name}");
        }
    }

    #[test]
    fn a_curl_command_is_a_task_with_its_whole_url() {
        let task = call("LD_curl_to_task", json!({"command": "curl -X PUT http://a.test/x?y=1"}));
        assert_eq!(
            task.unwrap(),
            json!({
                "name": "PUT /x",
                "method": "put",
                "request_url": "http://a.test/x?y=1",
                "allow_redirects": false,
            })
        );
    }

    #[test]
    fn sources_are_files_texts_or_values() {
        let har = json!({"log": {"version": "1.2", "entries": [
            {"request": {"method": "GET", "url": "http://a.test/x", "headers": []},
             "response": {"status": 200, "headers": [], "content": {}}}
        ]}});
        let folder = std::env::temp_dir().join(format!("ld-importing-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, out) = (folder.join("x.har"), folder.join("tasks.json"));
        fs::write(&file, har.to_string()).unwrap();
        let given = [json!(file), json!(har.to_string()), har.clone()];
        let results = given.map(|given| {
            call("LD_har_to_tasks", json!({"har": given, "output_path": out})).unwrap()
        });
        let written: Json = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(results[0][0]["request_url"], "http://a.test/x");
        assert!(results.iter().all(|result| *result == written), "{results:?}");
        assert_eq!(call("LD_load_har", json!({"file_path": har.to_string()})).unwrap(), har);
    }

    #[test]
    fn variables_of_tasks_are_set_before_them() {
        let parameter = json!({
            "name": "id", "in": "path", "required": true, "schema": {"type": "integer"},
        });
        let spec = json!({
            "openapi": "3.0.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/p/{id}": {"get": {"parameters": [parameter], "responses": {}}}},
        });
        let arguments = json!({"spec": spec, "base_url": "http://b.test/"});
        let tasks = call("LD_openapi_to_tasks", arguments).unwrap();
        assert!(tasks[0]["set"]["p_id"].is_number(), "{tasks}");
        assert_eq!(tasks[1]["request_url"], "http://b.test/p/${p_id}");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let missing = call("LD_load_har", json!({"file_path": "no-such.har"})).unwrap_err();
        assert_eq!(missing.exception.kind, "FileNotFoundError");
        let broken = call("LD_load_openapi", json!({"file_path": "{\n  \"a\" 1}"})).unwrap_err();
        assert!(
            broken.exception.message.starts_with("<inline>:2:7: "),
            "{}",
            broken.exception.message
        );
    }

    #[test]
    fn nothing_that_cannot_be_read_is_skipped() {
        let curls = json!({"curls": ["curl http://a.test/1", "curl 'http://a.test/2"]});
        let failure = call("LD_generate_from_curls", curls).unwrap_err();
        assert!(failure.exception.message.starts_with("<inline>:2: "), "{failure}");
    }

    #[test]
    fn credentials_are_named_and_the_load_of_the_source_is_kept() {
        let task = call("LD_curl_to_task", json!({"command": "curl -u ada:sesame http://a.test/"}));
        assert_eq!(task.unwrap()["auth"]["password"], "${secret.PASSWORD}");
        let script = "import http from 'k6/http';\n\
                      export const options = { vus: 3, duration: '7s' };\n\
                      export default function () { http.get('http://a.test/'); }";
        let document = call("LD_k6_script_to_action_json", json!({"source": script})).unwrap();
        let run = &document["load_density"][0][1];
        assert_eq!([&run["user_count"], &run["test_time"]], [3, 7]);
        let asked = json!({"source": script, "user_count": 5});
        let document = call("LD_k6_script_to_action_json", asked).unwrap();
        assert_eq!(document["load_density"][0][1]["user_count"], 5);
    }

    #[test]
    fn test_plans_are_given_as_text() {
        let plan = "<jmeterTestPlan><hashTree/></jmeterTestPlan>";
        assert_eq!(call("LD_load_jmeter_jmx", json!({"file_path": plan})).unwrap(), plan);
    }

    #[test]
    fn generated_documents_set_variables_and_end_with_a_summary() {
        let arguments = json!({
            "curls": ["curl http://a.test/1", "curl http://a.test/2"],
            "variables": {"tenant": "acme"},
        });
        let document = call("LD_generate_from_curls", arguments).unwrap();
        let actions = document["load_density"].as_array().unwrap();
        let names: Vec<&Json> = actions.iter().map(|action| &action[0]).collect();
        assert_eq!(names, ["LD_register_variables", "LD_start_test", "LD_generate_summary_report"]);
        assert_eq!(actions[1][1]["user_count"], 20);
        assert_eq!(actions[1][1]["tasks"].as_array().unwrap().len(), 2);
    }
}
