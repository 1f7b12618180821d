//! XML bodies: values written as the `xml` objects of their schemas say.

use serde_json::Value;

use super::schema::Schema;
use super::style::plain;

/// Elements may be nested this deep.
const MAX_DEPTH: usize = 64;

/// A document of a value.
pub(super) fn document(schema: &Schema<'_>, value: &Value) -> String {
    let named = schema.named().iter().find_map(|(reference, _)| reference.rsplit('/').next());
    let name = about(schema, "name").or(named).unwrap_or("root");
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(schema, name, value, 0, &mut text);
    text
}

/// What the `xml` object of a schema says.
fn about<'d>(schema: &Schema<'d>, key: &str) -> Option<&'d str> {
    schema.all("xml").find_map(|xml| xml.text(key))
}

fn is(schema: &Schema<'_>, key: &str) -> bool {
    schema.all("xml").any(|xml| xml.flag(key) == Some(true))
}

/// The name with its prefix.
fn qualified(schema: &Schema<'_>, name: &str) -> String {
    match about(schema, "prefix") {
        Some(prefix) => format!("{prefix}:{name}"),
        None => name.to_owned(),
    }
}

fn element(schema: &Schema<'_>, name: &str, value: &Value, depth: usize, text: &mut String) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Value::Array(items) = value {
        return list(schema, name, items, depth, text);
    }
    let name = qualified(schema, name);
    text.push('<');
    text.push_str(&name);
    if let Some(namespace) = about(schema, "namespace") {
        let prefix = about(schema, "prefix").map_or(String::new(), |prefix| format!(":{prefix}"));
        text.push_str(&format!(" xmlns{prefix}=\"{}\"", escaped(namespace)));
    }
    let Value::Object(members) = value else {
        text.push_str(&format!(">{}</{name}>", escaped(&plain(value))));
        return;
    };
    let mut inside = String::new();
    for (member, value) in members {
        let own = schema.property(member).or_else(|| schema.additional()).unwrap_or_default();
        let member = about(&own, "name").unwrap_or(member);
        if is(&own, "attribute") {
            let member = qualified(&own, member);
            text.push_str(&format!(" {member}=\"{}\"", escaped(&plain(value))));
        } else {
            element(&own, member, value, depth + 1, &mut inside);
        }
    }
    text.push_str(&format!(">{inside}</{name}>"));
}

/// A list: its items one after the other, in an element of their own when they are wrapped.
fn list(schema: &Schema<'_>, name: &str, items: &[Value], depth: usize, text: &mut String) {
    let wrapped = is(schema, "wrapped") || depth == 0;
    let outer = qualified(schema, name);
    if wrapped {
        text.push_str(&format!("<{outer}>"));
    }
    for (position, item) in items.iter().enumerate() {
        let own = schema.item(position).unwrap_or_default();
        // The name of items that are not wrapped is their own too.
        let name = about(&own, "name").unwrap_or(name);
        element(&own, name, item, depth + 1, text);
    }
    if wrapped {
        text.push_str(&format!("</{outer}>"));
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
