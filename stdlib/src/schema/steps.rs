//! Runs, scenarios, tasks and blocks as schemas, for each protocol.

use serde_json::{Map, Value as Json, json};

use super::any_of;
use super::shape::{Place, fields, shape, words};
use crate::assertions::{self, ASSERTIONS};
use crate::blocks::{self, BLOCKS, BRANCH_FIELDS, Block, STEP_FIELDS};
use crate::extractors::{self, EXTRACTORS};
use crate::load::SCENARIO;
use crate::protocols::{PROTOCOLS, Protocol};
use crate::scenario::{PAUSE, TASK_FIELDS};

/// The user type of users about which the plan says nothing.
const DEFAULT_USER: &str = "fast_http_user";

/// What each user of a run or scenario does besides its tasks.
const BESIDES: &[&str] = &["on_start", "on_stop"];
/// What a user of its own does once in a run.
const APART: &[&str] = &["setup", "teardown"];

/// Defines what tasks of all protocols have in common.
pub(super) fn define(defs: &mut Map<String, Json>) {
    let operators = ["equals", "not_equals", "in", "truthy", "expr"];
    let members: Map<String, Json> = operators
        .iter()
        .map(|name| {
            let value = match *name {
                "truthy" => json!({}),
                "expr" => json!({"type": "string"}),
                _ => json!({"type": "array", "minItems": 2, "maxItems": 2}),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    defs.insert(
        "condition".to_owned(),
        json!({
            "not": {"type": "array"},
            "if": {"type": "object"},
            "then": {"minProperties": 1, "maxProperties": 1, "properties": members},
        }),
    );
    let rows = ASSERTIONS.iter().filter(|row| !row.internal);
    let rows = rows.map(|row| (row.name, row.doc, row.fields)).collect::<Vec<_>>();
    defs.insert("assertion".to_owned(), entry("type", None, &rows, assertions::ENTRY_FIELDS));
    let rows = EXTRACTORS.iter().map(|row| (row.name, row.doc, row.fields)).collect::<Vec<_>>();
    let default = Some(extractors::DEFAULT);
    defs.insert("extract".to_owned(), entry("from", default, &rows, extractors::ENTRY_FIELDS));
    let mut apart = fields(&[blocks::APART], Place::Plain);
    refer(&mut apart, |_| any_protocol("steps"), || any_protocol("steps"));
    let lists = json!({"type": "array", "items": any_protocol("step")});
    defs.insert("apart".to_owned(), json!({"anyOf": [lists, apart, {"type": "null"}]}));
    let mut scenario = fields(&[SCENARIO], Place::Plain);
    refer(&mut scenario, |_| any_protocol("tasks"), || any_protocol("steps"));
    let own = PROTOCOLS.iter().map(|protocol| {
        json!({
            "if": {"properties": {"user": {"enum": users(protocol)}}, "required": ["user"]},
            "then": {"properties": of(protocol)},
        })
    });
    let own: Vec<Json> = own.collect();
    add_all(&mut scenario, own);
    defs.insert("scenario".to_owned(), scenario);
}

/// Entries of a list, told apart by a word that one of their members is.
fn entry(
    member: &str,
    default: Option<&str>,
    rows: &[(&'static str, &'static str, &'static [crate::Field])],
    common: &'static [crate::Field],
) -> Json {
    let names: Vec<&str> = rows.iter().map(|(name, ..)| *name).collect();
    let kinds: Vec<Json> = rows
        .iter()
        .map(|(name, doc, own)| {
            let mut entry = fields(&[own, common], Place::Late);
            if let Some(properties) = entry.get_mut("properties").and_then(Json::as_object_mut) {
                properties.insert(member.to_owned(), json!({"description": doc}));
            }
            let is_this = json!({"properties": {member: words(&[*name])}, "required": [member]});
            let condition = match default == Some(*name) {
                true => json!({"anyOf": [is_this, {"not": {"required": [member]}}]}),
                false => is_this,
            };
            json!({"if": condition, "then": entry})
        })
        .collect();
    let mut entry = json!({
        "type": "object",
        "properties": {member: words(&names)},
        "allOf": kinds,
    });
    if let (Some(entry), None) = (entry.as_object_mut(), default) {
        entry.insert("required".to_owned(), json!([member]));
    }
    entry
}

/// Defines tasks and blocks of one protocol.
pub(super) fn define_for(protocol: &'static Protocol, defs: &mut Map<String, Json>) {
    let name = protocol.name;
    let place = Place::Steps(name);
    let reference = |what: &str| json!({"$ref": format!("#/$defs/{name}.{what}")});
    // Where tasks are written by method, it stands outside.
    let mut by_method = fields(&[TASK_FIELDS, protocol.fields], place);
    let needs_method = json!({"required": ["method"]});
    if let Some(needs) = by_method.get_mut("allOf").and_then(Json::as_array_mut) {
        needs.retain(|need| *need != needs_method);
    }
    drop_empty_all_of(&mut by_method);
    let has_method = protocol.fields.iter().any(|field| field.name == "method" && field.required);
    let needed: &[&str] = if has_method { &["method"] } else { &[] };
    let task = json!({"allOf": [reference("task-by-method")], "required": needed});
    let is_block: Vec<Json> = BLOCKS.iter().map(|block| json!({"required": [block.key]})).collect();
    let mut kinds: Vec<Json> = BLOCKS
        .iter()
        .map(|block| json!({"if": {"required": [block.key]}, "then": self::block(block, place, protocol)}))
        .collect();
    // A task that names its user type has that type's fields, any other those of the scenario's.
    let others = PROTOCOLS.iter().filter(|other| other.name != name);
    for other in others.clone() {
        let names_it =
            json!({"properties": {"user": {"enum": users(other)}}, "required": ["user"]});
        let is_its = json!({"allOf": [names_it, {"not": {"anyOf": is_block}}]});
        let task = json!({"$ref": format!("#/$defs/{}.task", other.name)});
        kinds.push(json!({"if": is_its, "then": task}));
    }
    let elsewhere: Vec<&str> = others.flat_map(users).collect();
    let names_other = json!({"properties": {"user": {"enum": elsewhere}}, "required": ["user"]});
    let is_other = [is_block.as_slice(), &[names_other]].concat();
    kinds.push(json!({"if": {"not": {"anyOf": is_other}}, "then": reference("task")}));
    let method = protocol.fields.iter().find(|field| field.name == "method");
    let methods = method.map_or_else(|| json!({}), |field| shape(&field.shape));
    let list = json!({"type": "array", "minItems": 1, "items": reference("step")});
    let map = json!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": methods,
        "additionalProperties": reference("task-by-method"),
    });
    let new = [
        ("task", task),
        ("task-by-method", by_method),
        ("step", json!({"type": "object", "allOf": kinds})),
        (
            "steps",
            json!({"anyOf": [
                {"type": "array", "items": reference("step")},
                reference("step"),
            ]}),
        ),
        (
            "tasks",
            json!({
                "if": {"type": "object", "required": ["tasks"]},
                "then": {
                    "properties": {"mode": {}, "tasks": {"anyOf": [list, map]}},
                    "additionalProperties": false,
                },
                "else": {"anyOf": [list, map]},
            }),
        ),
    ];
    defs.extend(new.into_iter().map(|(what, schema)| (format!("{name}.{what}"), schema)));
}

fn drop_empty_all_of(schema: &mut Json) {
    let is_empty =
        |schema: &Json| schema.get("allOf").and_then(Json::as_array).is_some_and(Vec::is_empty);
    if is_empty(schema)
        && let Some(members) = schema.as_object_mut()
    {
        members.remove("allOf");
    }
}

fn block(block: &Block, place: Place, protocol: &Protocol) -> Json {
    let reference = |what: &str| json!({"$ref": format!("#/$defs/{}.{what}", protocol.name)});
    let steps = || reference("steps");
    let value = match block.key {
        "if" | "while" => json!({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/condition"}]}),
        "interleave" | "once" | "random" => steps(),
        "group" | "log" => json!({"type": ["string", "number", "boolean"]}),
        "parallel" if protocol.at_once => {
            json!({"anyOf": [{"type": "array", "items": reference("task")}, reference("task")]})
        }
        "parallel" => false.into(),
        "pause" => shape(&PAUSE),
        "pick" => json!({"type": "array", "items": fields(&[BRANCH_FIELDS], place)}),
        "set" => json!({"type": "object"}),
        "clear_cookies" | "stop_run" | "stop_user" => json!({"type": "boolean"}),
        "todo" => json!({"type": "string"}),
        _ => json!({"not": {"type": "null"}}),
    };
    let mut schema = fields(&[block.fields, STEP_FIELDS], place);
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        properties.insert(block.key.to_owned(), value);
    }
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), block.doc.into());
    }
    schema
}

/// Completes the arguments of `LD_start_test`: what its tasks may say depends on its users.
pub(super) fn of_run(run: &mut Json) {
    refer(
        run,
        |name| if name == "tasks" { any_protocol("tasks") } else { json!({}) },
        || any_protocol("steps"),
    );
    if let Some(members) = run.as_object_mut() {
        // Others are passed over with a warning.
        members.insert("additionalProperties".to_owned(), true.into());
        let scenarios =
            json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/scenario"}});
        if let Some(properties) = members.get_mut("properties").and_then(Json::as_object_mut) {
            properties
                .insert("scenarios".to_owned(), json!({"anyOf": [scenarios, {"type": "null"}]}));
        }
    }
    let is = |protocol: &Protocol| {
        let known = json!({"properties": {"user_detail_dict": {
            "properties": {"user": {"enum": users(protocol)}}, "required": ["user"],
        }}, "required": ["user_detail_dict"]});
        match users(protocol).contains(&DEFAULT_USER) {
            true => json!({"anyOf": [known, {"not": {"properties": {"user_detail_dict": {
                "required": ["user"],
            }}}}]}),
            false => known,
        }
    };
    let mut all: Vec<Json> = PROTOCOLS
        .iter()
        .map(|protocol| json!({"if": is(protocol), "then": {"properties": of(protocol)}}))
        .collect();
    // One kind of users with their tasks, or several.
    all.push(json!({"anyOf": [
        {"required": ["user_detail_dict", "tasks"]},
        {"required": ["scenarios"], "properties": {"scenarios": {"type": "object"}}},
    ]}));
    add_all(run, all);
}

fn users(protocol: &Protocol) -> Vec<&'static str> {
    protocol.users.iter().map(|user| user.key).collect()
}

/// What lists of steps must be for users of a protocol.
fn of(protocol: &Protocol) -> Json {
    let reference = |what: &str| json!({"$ref": format!("#/$defs/{}.{what}", protocol.name)});
    let mut properties = Map::new();
    properties.insert("tasks".to_owned(), reference("tasks"));
    for name in BESIDES {
        let steps = json!({"anyOf": [reference("steps"), {"type": "null"}]});
        properties.insert((*name).to_owned(), steps);
    }
    properties.into()
}

fn any_protocol(what: &str) -> Json {
    let all = PROTOCOLS.iter().map(|row| json!({"$ref": format!("#/$defs/{}.{what}", row.name)}));
    any_of(all.collect())
}

/// Replaces what an object says of its lists of steps.
fn refer(object: &mut Json, tasks: impl Fn(&str) -> Json, steps: impl Fn() -> Json) {
    let Some(properties) = object.get_mut("properties").and_then(Json::as_object_mut) else {
        return;
    };
    for (name, value) in properties.iter_mut() {
        if name == "tasks" {
            *value = tasks(name);
        } else if BESIDES.contains(&name.as_str()) {
            *value = json!({"anyOf": [steps(), {"type": "null"}]});
        } else if APART.contains(&name.as_str()) {
            *value = json!({"$ref": "#/$defs/apart"});
        }
    }
}

fn add_all(object: &mut Json, more: Vec<Json>) {
    if let Some(members) = object.as_object_mut() {
        let all = members.entry("allOf").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.extend(more);
        }
    }
}
