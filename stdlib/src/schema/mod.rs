//! A JSON Schema (2020-12) of plans, written from the tables: for editors, and for programs that
//! write plans.
//!
//! It describes the language, with what this build cannot carry out yet. What a schema cannot
//! say is left to the compiler: placeholders and their names, expressions, URLs, and which
//! fields contradict each other.

mod shape;
mod steps;

use serde_json::{Map, Value as Json, json};

use crate::commands::{COMMANDS, Command};
use crate::field::Field;
use crate::protocols::PROTOCOLS;

use shape::{Place, fields};

/// Where the schema says that it comes from.
const ID: &str = "https://loaddensity.readthedocs.io/schema/action-1.0.json";

/// The schema of documents. `known` are the names of all commands; those of the language if
/// absent.
#[must_use]
pub fn schema(known: Option<&[String]>) -> Json {
    let names: Vec<&str> = match known {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => COMMANDS.iter().map(|command| command.name).collect(),
    };
    let mut defs = Map::new();
    defs.insert("document".to_owned(), document());
    defs.insert(
        "actions".to_owned(),
        json!({
            "type": "array", "minItems": 1, "items": {"$ref": "#/$defs/action"},
        }),
    );
    defs.insert("action".to_owned(), action(&names));
    for command in COMMANDS.iter().filter(|command| names.contains(&command.name)) {
        defs.insert(command.name.to_owned(), arguments(command));
    }
    steps::define(&mut defs);
    for protocol in PROTOCOLS {
        steps::define_for(protocol, &mut defs);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "LoadDensity action JSON",
        "$ref": "#/$defs/document",
        "$defs": defs,
    })
}

fn document() -> Json {
    // Other keys beside these are passed over with a warning.
    json!({
        "type": ["array", "object"],
        "if": {"type": "array"},
        "then": {"$ref": "#/$defs/actions"},
        "else": {
            "required": ["load_density"],
            "properties": {
                "load_density": {"$ref": "#/$defs/actions"},
                "metadata": metadata(),
            },
        },
    })
}

fn metadata() -> Json {
    json!({
        "description": "What a document says about itself, and how loud lints are.",
        "type": ["object", "null"],
        "properties": {
            "name": true,
            "owner": true,
            "tags": true,
            "description": true,
            "allow": {"type": ["array", "null"], "items": {"type": "string"}},
            "lints": {
                "type": ["object", "null"],
                "additionalProperties": {
                    "enum": ["off", "warning", "error", "allow", "warn", "deny"],
                },
            },
        },
    })
}

fn action(names: &[&str]) -> Json {
    let known = COMMANDS.iter().filter(|command| names.contains(&command.name));
    let each: Vec<Json> = known
        .map(|command| {
            let least = if is_alone(command) { 1 } else { 2 };
            let arguments = format!("#/$defs/{}", command.name);
            json!({
                "if": {"prefixItems": [{"const": command.name}]},
                "then": {"prefixItems": [true, {"$ref": arguments}], "minItems": least},
            })
        })
        .collect();
    json!({
        "type": "array",
        "minItems": 1,
        "prefixItems": [{"enum": names}, {"type": ["object", "array"]}],
        "items": false,
        "allOf": each,
    })
}

/// Whether a command can do without arguments.
fn is_alone(command: &Command) -> bool {
    !command.fields.iter().any(|field| field.required) && command.name != "LD_start_test"
}

/// The arguments of a command, by name or by position.
fn arguments(command: &Command) -> Json {
    let place = Place::Command(command.name);
    let mut by_name = fields(&[command.fields], place);
    if command.name == "LD_start_test" {
        steps::of_run(&mut by_name);
    }
    let by_position = if command.open {
        json!({"type": "array"})
    } else {
        let least = command.fields.iter().rposition(|field| field.required).map_or(0, |at| at + 1);
        let by_name = |field: &Field| json!({"$ref": format!("#/$defs/{}/else/properties/{}", command.name, field.name)});
        let items: Vec<Json> = command.fields.iter().map(by_name).collect();
        let mut list = json!({"type": "array", "minItems": least, "maxItems": items.len()});
        // An empty list of items is not allowed.
        if let (Some(list), false) = (list.as_object_mut(), items.is_empty()) {
            list.insert("prefixItems".to_owned(), items.into());
        }
        list
    };
    json!({
        "description": command.doc,
        "if": {"type": "array"},
        "then": by_position,
        "else": by_name,
    })
}

/// Alternatives, unless there is only one.
fn any_of(mut schemas: Vec<Json>) -> Json {
    match schemas.len() {
        1 => schemas.pop().unwrap_or(Json::Bool(true)),
        _ => json!({"anyOf": schemas}),
    }
}

/// That a field is there under one of its names.
fn is_given(field: &Field) -> Json {
    let names = [field.name].into_iter().chain(field.aliases.iter().copied());
    any_of(names.map(|name| json!({"required": [name]})).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(plan: &Json) -> bool {
        jsonschema::validator_for(&schema(None)).unwrap().is_valid(plan)
    }

    fn run(tasks: Json) -> Json {
        json!([["LD_start_test", {"user_detail_dict": {"user": "http_user"}, "tasks": tasks}]])
    }

    #[test]
    fn it_is_a_schema() {
        assert!(jsonschema::meta::is_valid(&schema(None)));
        assert!(jsonschema::meta::is_valid(&schema(Some(&["LD_summary".to_owned()]))));
    }

    #[test]
    fn documents_are_lists_of_actions_with_arguments() {
        assert!(accepts(&json!([
            ["LD_summary"],
            ["max", [1, 2]],
            ["LD_register_variable", ["a", 1]]
        ])));
        assert!(accepts(&json!({"load_density": [["LD_summary", {}]], "metadata": {"name": "a"}})));
        for wrong in [
            json!([]),
            json!(7),
            json!({"load_density": [["LD_summary"]], "metadata": {"allow": "a"}}),
            json!({"actions": [["LD_summary"]]}),
            json!([["LD_sumary"]]),
            json!([["LD_summary", {}, {}]]),
            json!([["LD_register_variable", {"name": "a"}]]),
            json!([["LD_register_variable"]]),
            json!([["LD_register_variable", {"name": "a", "value": 1, "vlaue": 2}]]),
        ] {
            assert!(!accepts(&wrong), "{wrong}");
        }
    }

    #[test]
    fn names_of_commands_can_be_given() {
        let known = ["LD_summary".to_owned(), "LD_of_a_package".to_owned()];
        let schema = jsonschema::validator_for(&schema(Some(&known))).unwrap();
        assert!(schema.is_valid(&json!([["LD_of_a_package", [1]], ["LD_summary"]])));
        assert!(!schema.is_valid(&json!([["LD_clear_records"]])));
    }

    #[test]
    fn tasks_have_the_fields_of_their_users() {
        let get = json!({"method": "get", "url": "/"});
        for fine in [
            json!([get]),
            json!({"get": {"url": "/"}}),
            json!({"mode": "weighted", "tasks": [get]}),
            json!([{"if": "a > 1", "then": [get], "else": get}, {"group": "a", "tasks": [get]}]),
            json!([{"method": "GET", "url": "/", "timeout": "5", "assertions": [
                {"type": "Status_Code", "value": "${code}"}], "extract": [{"var": "a"}]}]),
        ] {
            assert!(accepts(&run(fine.clone())), "{fine}");
        }
        for wrong in [
            json!([]),
            json!([{"method": "get"}]),
            json!([{"method": "fetch", "url": "/"}]),
            json!([{"method": "get", "url": "/", "timeout": "soon"}]),
            json!([{"method": "sendrecv", "payload": "a"}]),
            json!([{"if": "a > 1", "do": [get]}]),
            json!([{"method": "get", "url": "/", "assertions": [{"type": "status"}]}]),
            json!([{"method": "get", "url": "/", "extract": [{"path": "a"}]}]),
        ] {
            assert!(!accepts(&run(wrong.clone())), "{wrong}");
        }
    }
}
