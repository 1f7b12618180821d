//! Values against a validator that shares no code with ours, and specifications that are broken
//! in all ways.

use std::path::Path;

use serde_json::{Value, json};

use super::document::Files;
use super::generate::Generator;
use super::schema::Schema;
use crate::{Imported, Notes, Options, Source, broken, import, importer};

fn source(text: &str) -> Source {
    Source::new("x.yaml", text.as_bytes(), Path::new("")).unwrap()
}

/// What is made for a schema.
fn made(schema: &Value) -> Option<Value> {
    let text = schema.to_string();
    let files = Files::read(&source(&text), &mut Notes::default()).unwrap();
    Generator::default().value(&Schema::of(files.root()), "value")
}

fn imported(text: &str, options: &Options) -> Imported {
    let sources = [source(text)];
    import(importer(Some("openapi"), &sources).unwrap(), &sources, options).unwrap()
}

#[test]
fn made_values_are_valid_by_an_independent_validator() {
    let node = json!({"type": "object", "required": ["v"], "properties": {
        "v": {"type": "integer"}, "next": {"$ref": "#/$defs/node"}}});
    for schema in [
        json!({"type": "string", "minLength": 30}),
        json!({"type": "string", "maxLength": 2}),
        json!({"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$", "minLength": 9, "maxLength": 9}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "enum": ["a", "b"], "minLength": 1}),
        json!({"type": "integer", "minimum": 5, "multipleOf": 7}),
        json!({"type": "integer", "maximum": -3}),
        json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001}),
        json!({"type": "number", "multipleOf": 0.25, "minimum": 0.3, "maximum": 0.6}),
        json!({"type": ["null", "boolean"]}),
        json!({"type": "array", "minItems": 4, "uniqueItems": true, "items": {"type": "integer", "maximum": 9}}),
        json!({"type": "array", "minItems": 3, "uniqueItems": true, "items": {"enum": ["x", "y", "z"]}}),
        json!({"type": "array", "maxItems": 0, "items": {"type": "string"}}),
        json!({"type": "array", "prefixItems": [{"const": 1}, {"type": "boolean"}], "minItems": 2}),
        json!({"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}}),
        json!({"type": "object", "maxProperties": 1, "required": ["b"],
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}),
        json!({"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^[A-Z]{4}$"},
            "additionalProperties": true}),
        json!({"type": "object", "minProperties": 1, "patternProperties": {"^x-[a-z]{2}$": {"const": 3}},
            "additionalProperties": false}),
        json!({"allOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 3}}},
            {"properties": {"a": {"maximum": 3}}}]}),
        json!({"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}},
            {"type": "object", "required": ["b"], "properties": {"b": {"const": 2}}}]}),
        json!({"anyOf": [{"type": "string", "minLength": 50}, {"type": "integer"}], "maxLength": 10}),
        json!({"type": "object", "properties": {"a": {"type": "integer"}},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        json!({"$ref": "#/$defs/node", "$defs": {"node": node}}),
        json!({"type": "object", "required": ["self"], "$defs": {"me": {"type": "object", "required": ["self"],
            "properties": {"self": {"anyOf": [{"$ref": "#/$defs/me"}, {"type": "null"}]}}}},
            "properties": {"self": {"$ref": "#/$defs/me"}}}),
        json!({"oneOf": [{"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "integer"}}},
            {"type": "object", "required": ["a"], "properties": {"a": {}, "c": {"type": "object"}}}]}),
        json!({"type": "object", "minProperties": 1, "properties": {"a": {"type": "string",
            "oneOf": [{"title": "one"}, {"title": "other"}]}, "b": {"type": "boolean"}}}),
        json!({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["leaves"],
            "properties": {"leaves": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}}),
        json!({"type": "integer", "examples": ["no", 7]}),
        json!({"not": {"type": "string"}, "type": ["string", "integer"]}),
        json!({"type": "object", "required": ["land"], "properties": {"land": {"enum": ["US", "DE"]},
            "zip": {"type": "string"}, "plz": {"type": "string"}},
            "if": {"properties": {"land": {"const": "US"}}},
            "then": {"required": ["zip"], "properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
            "else": {"required": ["plz"]}}),
        json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": "b"}},
            "if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]},
            "else": {"required": ["y"], "properties": {"y": {"type": "integer"}}}}),
        json!({"type": "object", "properties": {"number": {"type": "string"}, "iban": {"type": "string"}},
            "anyOf": [{"required": ["number"]}, {"required": ["iban"]}],
            "not": {"required": ["number", "iban"]}}),
        json!({"type": "object", "properties": {"iban": {"type": "string"}}, "required": ["iban"],
            "dependentSchemas": {"iban": {"required": ["bic"],
                "properties": {"bic": {"type": "string", "minLength": 8}}}}}),
        json!({"type": "array", "items": {"type": "number"}, "contains": {"type": "integer", "minimum": 7},
            "minContains": 2}),
        json!({"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[a-z]{2}-[A-Z]{2}$"},
            "additionalProperties": {"type": "string"}}),
        json!({"type": "string", "not": {"enum": ["value", "string"]}, "maxLength": 7}),
        json!({"type": "integer", "minimum": 9_007_199_254_740_993_i64, "maximum": 9_007_199_254_740_993_i64}),
        json!({"allOf": [{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}], "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}),
    ] {
        let value = made(&schema).unwrap_or_else(|| panic!("nothing for {schema}"));
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        assert!(validator.is_valid(&value), "{schema}\n{value}");
    }
}

#[test]
fn schemas_that_nothing_fits_or_that_never_end_have_no_value() {
    assert_eq!(made(&json!(false)), None);
    let _ = made(&json!({"$ref": "#"}));
    let endless = json!({"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#"}}});
    assert_eq!(made(&endless), None);
    let wide: Vec<Value> = (0..40).map(|_| json!({"$ref": "#"})).collect();
    let _ = made(&json!({"anyOf": wide, "allOf": [{"$ref": "#"}]}));
    let many = json!({"type": "array", "minItems": 1e9, "items": {"type": "array", "minItems": 1e9, "items": {}}});
    assert_eq!(made(&many), None);
}

#[test]
fn operations_are_picked_by_id_or_by_method_and_path() {
    let text = "openapi: 3.0.0\npaths:\n  /a: {get: {operationId: readA}, post: {deprecated: true}}\n  /b: {get: {}}";
    let count = |options: &Options| imported(text, options).requests;
    assert_eq!(count(&Options::default()), 3);
    assert_eq!(count(&Options { skip_deprecated: true, ..Options::default() }), 2);
    let operations = vec![regex::Regex::new("^(readA|GET /b)$").unwrap()];
    assert_eq!(count(&Options { operations, ..Options::default() }), 2);
}

#[test]
fn optional_parameters_are_sent_on_request() {
    let text = "openapi: 3.0.0\npaths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}]}}}";
    let plan =
        |optional| imported(text, &Options { optional, ..Options::default() }).plan.to_string();
    assert!(!plan(false).contains("params"));
    assert!(plan(true).contains(r#""params":{"q":"q"}"#));
}

#[test]
fn the_kind_is_told_from_the_version() {
    let detected = |text: &str| super::detect(&source(text));
    for text in [
        "openapi: 3.1.0",
        "# x\n'swagger': \"2.0\"",
        "{\"openapi\":\"3.0.0\"}",
        "{\n  \"info\": {},\n  \"swagger\": \"2.0\"\n}",
    ] {
        assert!(detected(text), "{text}");
    }
    for text in [
        "curl https://a.example/openapi",
        "{\"log\": \"\\\"openapi\\\": \\\"3.0\\\"\"}",
        "a: {b: openapi}",
    ] {
        assert!(!detected(text), "{text}");
    }
}

#[test]
fn broken_specifications_are_refused_or_imported_but_never_end_the_program() {
    for case in ["own-bodies.yaml", "own-crud.yaml", "own-v2.yaml", "own-v31.yaml"] {
        // Another scalar, another reference, another indentation.
        broken::survive("openapi", case, b"{}[]:-#&*$ 0");
    }
}

#[test]
fn links_give_constants_and_bodies() {
    let plan = imported(
        r##"{"openapi": "3.0.3", "info": {}, "servers": [{"url": "https://a.example"}], "paths": {
            "/jobs": {"post": {"operationId": "make", "responses": {"201": {"description": "Made",
                "content": {"application/json": {"schema": {"type": "object"}}}, "links": {
                    "run": {"operationId": "run", "parameters": {"mode": "fast", "level": 3},
                        "requestBody": {"state": "${done}"}},
                    "tell": {"operationId": "tell", "requestBody": "$response.body#/owner/mail"},
                    "odd": {"operationId": "tell", "parameters": {"none": 1}}}}}}},
            "/run/{level}": {"put": {"operationId": "run", "parameters": [
                {"name": "mode", "in": "query", "schema": {"type": "string"}},
                {"name": "level", "in": "path", "required": true, "schema": {"type": "integer"}}],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {}}},
            "/tell": {"put": {"operationId": "tell",
                "requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}},
                "responses": {}}}}}"##,
        &Options::default(),
    );
    let text = plan.plan.to_string();
    for part in [
        r#"/run/3""#,
        r#""params":{"mode":"fast"}"#,
        r#""json":{"state":"${concat($)}{done}"}"#,
        r#""var":"mail","path":"owner.mail""#,
        r#""json":"${mail}""#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains(r#""level""#), "nothing reads it: {text}");
    assert!(plan.notes.to_json().to_string().contains("no parameter `none`"));
}

#[test]
fn headers_that_the_client_writes_are_no_parameters() {
    let plan = imported(
        r##"{"openapi": "3.0.3", "info": {}, "servers": [{"url": "https://a.example"}], "paths": {
            "/parts": {"put": {"parameters": [
                {"name": "Content-Length", "in": "header", "required": true, "schema": {"type": "integer"}},
                {"name": "X-Part", "in": "header", "required": true, "schema": {"type": "integer", "minimum": 7}}],
                "responses": {}}}}}"##,
        &Options::default(),
    );
    let text = plan.plan.to_string();
    assert!(!text.contains(r#""Content-Length":"#) && text.contains(r#""X-Part":"7""#), "{text}");
    assert!(plan.notes.to_json().to_string().contains("header Content-Length"));
}

#[test]
fn parameters_that_are_none_are_told_and_parts_are_written_as_their_type() {
    let text = r#"{"openapi": "3.0.0", "info": {}, "paths": {"/a": {"post": {
        "parameters": [{"name": "q", "in": "Query"}, {"name": "b", "in": "body"}, 5, {"name": "x"},
            {"name": "fine", "in": "query", "required": true,
                "schema": {"type": "string", "pattern": "^[a-z]{1,9}$"}}],
        "requestBody": {"content": {"multipart/form-data": {
            "schema": {"type": "object", "properties": {"meta": {"type": "object",
                "properties": {"k": {"type": "string"}}}}},
            "encoding": {"meta": {"contentType": "application/xml",
                "headers": {"X-Part": {"schema": {"type": "string"}}}}}}}}}}}}"#;
    let imported = imported(text, &Options::default());
    let dropped = imported.notes.list().iter().filter(|note| note.fate == crate::Fate::Dropped);
    let dropped: Vec<&str> = dropped.map(|note| note.what.as_str()).collect();
    let expected = [
        "parameter q",
        "parameter b",
        "parameter without a name",
        "parameter x",
        "header X-Part of the part `meta`",
    ];
    assert_eq!(dropped, expected);
    let task = &imported.plan["load_density"][0][1]["tasks"][0];
    assert_eq!(task["params"], json!({"fine": "fine"}));
    let content = task["files"][0]["content"].as_str().unwrap();
    assert!(content.ends_with("<k>k</k></root>"), "{content}");
}

#[test]
fn keys_stand_in_a_location_or_are_the_whole_reply() {
    let extracts = |response: &str| {
        let text = r#"{"openapi": "3.0.0", "info": {}, "paths": {
            "/users/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}]}},
            "/users": {"post": {"responses": {"201": RESPONSE}}}}}"#;
        let imported = imported(&text.replace("RESPONSE", response), &Options::default());
        imported.plan["load_density"][0][1]["tasks"][0]["extract"].clone()
    };
    assert_eq!(
        extracts(r#"{"headers": {"Location": {"schema": {"type": "string"}}}}"#),
        json!([{"var": "user_id", "from": "header", "name": "Location", "left": "/users/", "right": "/"}])
    );
    assert_eq!(
        extracts(r#"{"content": {"application/json": {"schema": {"type": "integer"}}}}"#),
        json!([{"var": "user_id", "path": ""}])
    );
    assert_eq!(extracts(r#"{"description": "x"}"#), Value::Null);
}
