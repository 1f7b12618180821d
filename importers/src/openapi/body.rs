//! Bodies of requests, for each kind of media type.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::document::Node;
use super::generate::Generator;
use super::model::{Api, Operation, Parameter, Place, essence, examples, is_json, is_xml};
use super::schema::Schema;
use super::style::{Style, Written, literal, plain};
use super::xml;
use crate::body::FORM;
use crate::draft::Task;
use crate::notes::Notes;
use crate::text;

/// A field of a form.
struct Field<'d> {
    name: String,
    value: Value,
    schema: Schema<'d>,
    /// How the form says it is written, if it does.
    written: Option<Written>,
    content_type: Option<&'d str>,
}

/// Gives a task the body of its operation, if there is one.
pub(super) fn add(
    api: Api<'_>,
    operation: &Operation<'_>,
    generator: &mut Generator,
    task: &mut Task,
    notes: &mut Notes,
) {
    // From 3.1 on the encoding says how parts are written, too.
    let parts_have_styles = api.root.text("openapi").is_some_and(|it| !it.starts_with("3.0"));
    let place = &operation.place;
    let mut body = Body { place, generator, task, notes, parts_have_styles };
    if api.is_v2 { body.v2(api, operation) } else { body.v3(operation) }
}

struct Body<'a> {
    place: &'a str,
    generator: &'a mut Generator,
    task: &'a mut Task,
    notes: &'a mut Notes,
    /// Whether the styles of fields are those of parts as well.
    parts_have_styles: bool,
}

impl Body<'_> {
    fn v3(&mut self, operation: &Operation<'_>) {
        let Some(body) = operation.node.get("requestBody") else { return };
        let contents: Vec<_> = body.get("content").into_iter().flat_map(Node::members).collect();
        let types: Vec<&str> = contents.iter().map(|(name, _)| *name).collect();
        let Some(at) = preferred(&types) else { return };
        let Some((media_type, content)) = contents.get(at).copied() else { return };
        for (name, example) in content.get("examples").into_iter().flat_map(Node::members) {
            if let Some(url) = example.text("externalValue") {
                let why = format!("it is at {url}; nothing is fetched");
                self.notes.remark(self.place, &format!("example `{name}`"), &why);
            }
        }
        let schema = content.raw("schema").map(Schema::of).unwrap_or_default();
        let examples = examples(content);
        if matches!(essence(media_type).as_str(), FORM | "multipart/form-data") {
            self.generator.for_form = true;
            let fields = self.fields(&schema, &examples, content.get("encoding"));
            self.generator.for_form = false;
            self.form(media_type, fields);
        } else {
            self.value(media_type, &schema, &examples);
        }
        self.others(&types, at);
    }

    fn v2(&mut self, api: Api<'_>, operation: &Operation<'_>) {
        let mut types = api.media_types(operation, "consumes");
        if let Some(parameter) = operation.at(Place::Body).next() {
            if types.is_empty() {
                types.push("application/json");
            }
            let Some(at) = preferred(&types) else { return };
            let media_type = types.get(at).copied().unwrap_or_default();
            self.value(media_type, &parameter.schema(), &parameter.examples());
            self.others(&types, at);
            return;
        }
        let all: Vec<&Parameter<'_>> = operation.at(Place::Form).collect();
        if all.is_empty() {
            return;
        }
        let has_file = all.iter().any(|field| field.node.text("type") == Some("file"));
        let multipart = types.iter().copied().find(|name| essence(name) == "multipart/form-data");
        let urlencoded = types.iter().any(|name| essence(name) == FORM);
        let media_type = match multipart {
            Some(multipart) if has_file || !urlencoded => multipart,
            None if has_file => "multipart/form-data",
            _ => FORM,
        };
        let mut fields = Vec::new();
        for field in all {
            let schema = field.schema();
            let given = self.generator.example(&schema, field.examples(), field.name);
            let Some(value) = given.or_else(|| self.generator.value(&schema, field.name)) else {
                continue;
            };
            let written = Some(Written::of(field.node, Style::Form));
            let name = field.name.to_owned();
            fields.push(Field { name, value, schema, written, content_type: None });
        }
        self.form(media_type, fields);
    }

    /// Says which other media types the operation takes.
    fn others(&mut self, types: &[&str], at: usize) {
        let others: Vec<&str> =
            types.iter().enumerate().filter(|(number, _)| *number != at).map(|(_, t)| *t).collect();
        if !others.is_empty() {
            let used = types.get(at).unwrap_or(&"");
            let why = format!("the body is sent as {used}");
            self.notes.remark(self.place, &format!("body as {}", others.join(", ")), &why);
        }
    }

    /// A value that fits: one of the examples, or one that is made.
    fn made(&mut self, schema: &Schema<'_>, examples: &[&Value]) -> Option<Value> {
        let given = self.generator.example(schema, examples.iter().copied(), "body");
        let value = given.or_else(|| self.generator.value(schema, "body"));
        if value.is_none() {
            let why = "no value was found that fits its schema; write one";
            self.notes.drop(self.place, "body", why);
        }
        value
    }

    /// A body that is one value.
    fn value(&mut self, media_type: &str, schema: &Schema<'_>, examples: &[&Value]) {
        let text_of_xml = |value: &Value| value.as_str().map(ToOwned::to_owned);
        if is_xml(media_type) {
            let given = examples.iter().find_map(|example| text_of_xml(example));
            let text = match given {
                Some(text) => Some(text),
                None => self.made(schema, examples).map(|value| xml::document(schema, &value)),
            };
            return self.text(media_type, text);
        }
        let structured = matches!(schema.main_type(), Some("object" | "array"))
            || examples.iter().any(|example| example.is_object() || example.is_array());
        if is_json(media_type) || (media_type.contains('*') && structured) {
            let Some(value) = self.made(schema, examples) else { return };
            let media_type = if media_type.contains('*') { "application/json" } else { media_type };
            if media_type != "application/json" {
                self.header("Content-Type", media_type);
            }
            self.task.fields.insert("json".to_owned(), literal(value));
            self.notes.keep();
            return;
        }
        let is_text = essence(media_type).starts_with("text/") || !examples.is_empty();
        let value = self.made(schema, examples);
        if !is_text && schema.examples().next().is_none() {
            let why = "what is sent is made up; give a file in `body_file` instead";
            self.notes.approximate(self.place, &format!("body as {media_type}"), why);
        }
        let media_type = match media_type {
            "*/*" | "text/*" => "text/plain",
            "image/*" => "image/png",
            "audio/*" => "audio/mpeg",
            "video/*" => "video/mp4",
            known if known.contains('*') => "application/octet-stream",
            known => known,
        };
        self.text(media_type, value.map(|value| plain(&value)));
    }

    fn text(&mut self, media_type: &str, text: Option<String>) {
        let Some(text) = text else { return };
        self.header("Content-Type", media_type);
        self.task.fields.insert("data".to_owned(), json!(text::literal(&text)));
        self.notes.keep();
    }

    fn header(&mut self, name: &str, value: &str) {
        self.task.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The fields of a form that is described as an object.
    fn fields<'d>(
        &mut self,
        schema: &Schema<'d>,
        examples: &[&Value],
        encoding: Option<Node<'d>>,
    ) -> Vec<Field<'d>> {
        let Some(Value::Object(members)) = self.made(schema, examples) else { return Vec::new() };
        let members = members.into_iter().map(|(name, value)| {
            let encoding = encoding.and_then(|list| list.get(&name));
            let headers = encoding.and_then(|node| node.get("headers"));
            for (header, _) in headers.into_iter().flat_map(Node::members) {
                let why = "parts have no headers of their own beside their type";
                let what = format!("header {header} of the part `{name}`");
                self.notes.drop(self.place, &what, why);
            }
            let is_said = |node: &Node<'_>| {
                ["style", "explode", "allowReserved"].iter().any(|key| node.raw(key).is_some())
            };
            Field {
                schema: schema.property(&name).or_else(|| schema.additional()).unwrap_or_default(),
                written: encoding.filter(is_said).map(|node| Written::of(node, Style::Form)),
                content_type: encoding.and_then(|node| node.text("contentType")),
                name,
                value,
            }
        });
        members.collect()
    }

    fn form(&mut self, media_type: &str, fields: Vec<Field<'_>>) {
        if fields.is_empty() {
            return;
        }
        if essence(media_type) == FORM {
            self.urlencoded(&fields);
        } else {
            self.multipart(&fields);
        }
        self.notes.keep();
    }

    fn urlencoded(&mut self, fields: &[Field<'_>]) {
        let is_plain = |field: &Field<'_>| match &field.value {
            Value::Array(items) => {
                field.written.is_none_or(|written| written.explode)
                    && items.iter().all(|item| !item.is_object() && !item.is_array())
            }
            Value::Object(_) => false,
            _ => field.written.is_none_or(|written| !written.reserved),
        };
        if fields.iter().all(is_plain) {
            let members = fields.iter().map(|field| {
                let value = match &field.value {
                    Value::Array(items) => items.iter().map(plain).collect(),
                    value => json!(plain(value)),
                };
                (field.name.clone(), literal(value))
            });
            self.task.fields.insert("data".to_owned(), Value::Object(members.collect()));
            return;
        }
        let pairs = fields.iter().flat_map(|field| {
            let default = Written { style: Style::Form, explode: true, reserved: false };
            match (&field.value, field.written) {
                // What says nothing of its style is text of its type, and that is JSON.
                (Value::Object(_), None) => {
                    default.form_pairs(&field.name, &json!(field.value.to_string()))
                }
                (value, written) => written.unwrap_or(default).form_pairs(&field.name, value),
            }
        });
        let pairs: Vec<(String, String)> = pairs.collect();
        if !fields.iter().any(|field| field.written.is_some_and(|written| written.reserved)) {
            self.task.fields.insert("data".to_owned(), by_name(&pairs));
            return;
        }
        let pairs: Vec<String> =
            pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.header("Content-Type", FORM);
        self.task.fields.insert("data".to_owned(), json!(pairs.join("&")));
    }

    fn multipart(&mut self, fields: &[Field<'_>]) {
        let mut plain_fields = Map::new();
        let mut parts = Vec::new();
        let has_file = fields.iter().any(|field| file_type(field).is_some());
        for field in fields {
            if let Some(content_type) = file_type(field) {
                let count = field.value.as_array().map_or(1, Vec::len);
                for number in 1..=count {
                    parts.push(file(&field.name, content_type, number));
                }
                let why = "what is in the file is made up; name a real one in `path`";
                self.notes.remark(self.place, &format!("file `{}`", field.name), why);
                continue;
            }
            if let Some(written) = field.written.filter(|_| self.parts_have_styles) {
                for (name, text) in written.form_pairs(&field.name, &field.value) {
                    // Nobody decodes parts.
                    let [name, text] = [&name, &text]
                        .map(|text| text::literal(&percent_decode_str(text).decode_utf8_lossy()));
                    parts.push(json!({"field": name, "content": text, "filename": null}));
                }
                continue;
            }
            let items: Vec<&Value> = match &field.value {
                Value::Array(items) if !items.iter().any(Value::is_array) => items.iter().collect(),
                value => vec![value],
            };
            let is_plain = items.iter().all(|item| !item.is_object() && !item.is_array());
            if has_file && is_plain && field.content_type.is_none() {
                let texts: Vec<String> = items.into_iter().map(plain).collect();
                let value = match texts.as_slice() {
                    [one] if !field.value.is_array() => json!(one),
                    several => json!(several),
                };
                plain_fields.insert(field.name.clone(), literal(value));
                continue;
            }
            for item in items {
                let by_kind = (item.is_object() || item.is_array()).then_some("application/json");
                let content_type = field.content_type.and_then(first).or(by_kind);
                let content = match content_type {
                    Some(kind) if is_xml(kind) && !item.is_string() => {
                        let own = field.schema.item(0).filter(|_| field.value.is_array());
                        xml::document(own.as_ref().unwrap_or(&field.schema), item)
                    }
                    _ => plain(item),
                };
                let mut part = json!({"field": field.name, "content": text::literal(&content), "filename": null});
                if let (Some(part), Some(content_type)) = (part.as_object_mut(), content_type) {
                    part.insert("content_type".to_owned(), json!(content_type));
                }
                parts.push(part);
            }
        }
        if !plain_fields.is_empty() {
            self.task.fields.insert("data".to_owned(), Value::Object(plain_fields));
        }
        self.task.fields.insert("files".to_owned(), Value::Array(parts));
    }
}

/// Encoded pairs as an object of what they say; names that come again have a list.
fn by_name(pairs: &[(String, String)]) -> Value {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut members: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let value = Value::String(decoded(value));
        match members.get_mut(&decoded(name)) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => drop(members.insert(decoded(name), value)),
        }
    }
    literal(Value::Object(members))
}

/// The type of the file a field is, if it is one.
fn file_type<'d>(field: &Field<'d>) -> Option<&'d str> {
    let item = field.schema.item(0);
    let is_file = |schema: &Schema<'_>| {
        matches!(schema.text("format"), Some("binary"))
            || schema.text("type") == Some("file")
            || (schema.text("contentMediaType").is_some()
                && schema.text("contentEncoding").is_none())
    };
    let own = if is_file(&field.schema) {
        Some(field.schema.text("contentMediaType"))
    } else {
        item.filter(is_file).map(|item| item.text("contentMediaType"))
    };
    let said = field.content_type.and_then(first);
    let is_binary = |name: &str| !name.starts_with("text/plain") && !is_json(name) && !is_xml(name);
    match own {
        Some(own) => Some(said.or(own).unwrap_or("application/octet-stream")),
        // Nothing but the encoding says so in 3.1.
        None => said.filter(|name| is_binary(name) && field.schema.types().is_none()),
    }
}

/// The first of several types, if that is one.
fn first(types: &str) -> Option<&str> {
    types.split(',').map(str::trim).find(|name| !name.is_empty() && !name.contains('*'))
}

/// A small file of a type.
fn file(field: &str, content_type: &str, number: usize) -> Value {
    let ending = match essence(content_type).as_str() {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpg",
        "image/gif" => "gif",
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "text/plain" => "txt",
        "application/zip" => "zip",
        name if is_json(name) => "json",
        name if is_xml(name) => "xml",
        _ => "bin",
    };
    let stem = super::names::words(field).join("-");
    let stem = if stem.is_empty() { "file".to_owned() } else { stem };
    let stem = if number > 1 { format!("{stem}-{number}") } else { stem };
    json!({
        "field": field, "filename": format!("{stem}.{ending}"), "content": "load test",
        "content_type": content_type,
    })
}

/// Which of several media types is sent: JSON before forms before all others; exact ones first.
fn preferred(types: &[&str]) -> Option<usize> {
    let rank = |name: &str| match essence(name).as_str() {
        "application/json" => 0,
        _ if is_json(name) => 1,
        FORM => 2,
        "multipart/form-data" => 3,
        _ if is_xml(name) => 4,
        "text/plain" => 5,
        "*/*" => 6,
        _ => 7,
    };
    (0..types.len()).min_by_key(|&at| types.get(at).map_or(9, |name| rank(name)))
}
