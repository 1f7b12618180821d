//! Fields and shapes as schemas.

use serde_json::{Map, Value as Json, json};

use super::{any_of, is_given};
use crate::field::{Field, Shape};

/// A number written as text, which the reference converts.
const NUMERIC: &str = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$";
/// The same, or a text with a placeholder.
const LATE: &str = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$|\$\{";

/// What an object with fields is part of.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The arguments of a command.
    Command(&'static str),
    /// Something of which nothing is left to be said elsewhere.
    Plain,
    /// A task or block of users of this protocol.
    Steps(&'static str),
    /// An assertion or extract, whose values may be known only while the test runs.
    Late,
}

impl Place {
    /// What the value of a field must look like. Where it need not be given, `null` means that it
    /// is not.
    pub(super) fn schema(self, field: &Field, with_null: bool) -> Json {
        let mut value = self.value(field);
        if with_null && !field.required && !matches!(self, Self::Late) {
            value = or_null(value);
        }
        match value.as_object_mut() {
            Some(members) => {
                members.insert("description".to_owned(), field.doc.into());
                value
            }
            None => json!({"description": field.doc}),
        }
    }

    fn value(self, field: &Field) -> Json {
        // Shapes do not go as deep as these.
        match (self, field.name) {
            (Self::Command("LD_execute_action"), "action_list") => {
                json!({"$ref": "#/$defs/document"})
            }
            (Self::Steps(protocol), "tasks" | "else") => {
                json!({"$ref": format!("#/$defs/{protocol}.steps")})
            }
            (_, "assertions") => json!({"type": "array", "items": {"$ref": "#/$defs/assertion"}}),
            (_, "extract") => json!({"type": "array", "items": {"$ref": "#/$defs/extract"}}),
            (_, "run_if" | "skip_if") => json!({"$ref": "#/$defs/condition"}),
            (Self::Late, _) => late(&field.shape),
            _ if !field.ready => json!({}),
            _ => shape(&field.shape),
        }
    }
}

/// An object with these fields and no others.
pub(super) fn fields(tables: &[&[Field]], place: Place) -> Json {
    let mut properties = Map::new();
    let mut given = Vec::new();
    for field in tables.iter().flat_map(|table| table.iter()) {
        let value = place.schema(field, true);
        for name in [field.name].into_iter().chain(field.aliases.iter().copied()) {
            properties.entry(name).or_insert_with(|| value.clone());
        }
        if field.required {
            given.push(is_given(field));
        }
    }
    let mut object =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Some(object), false) = (object.as_object_mut(), given.is_empty()) {
        object.insert("allOf".to_owned(), given.into());
    }
    object
}

/// Words in any case: as they are listed for editors, and by a pattern.
pub(super) fn words(words: &[&str]) -> Json {
    let any_case = |word: &&str| -> String {
        let letter = |c: char| match c.is_ascii_alphabetic() {
            true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
            false if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') => c.to_string(),
            false => format!("\\{c}"),
        };
        word.chars().map(letter).collect()
    };
    let pattern = words.iter().map(any_case).collect::<Vec<_>>().join("|");
    // Versions may stand there as numbers.
    let numbers = words.iter().filter_map(|word| word.parse::<serde_json::Number>().ok());
    let known: Vec<Json> =
        words.iter().map(|&word| word.into()).chain(numbers.map(Json::Number)).collect();
    json!({"anyOf": [{"enum": known}, {"type": "string", "pattern": format!("^({pattern})$")}]})
}

/// A value that is written before placeholders are filled.
pub(super) fn shape(shape: &Shape) -> Json {
    match shape {
        Shape::Any | Shape::Written => json!({}),
        Shape::Text => json!({"type": ["string", "number", "boolean"]}),
        Shape::ConstantText | Shape::StartText => json!({"type": "string"}),
        Shape::OpenChoice(known) => any_of(vec![
            words(known),
            json!({"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9a-zA-Z-]*[A-Z][!#$%&'*+.^_`|~0-9a-zA-Z-]*$"}),
        ]),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Number { min, max } => {
            json!({"type": ["number", "string"], "minimum": min, "maximum": max, "pattern": NUMERIC})
        }
        // Values near the ends of 64 bits are no numbers to other readers of JSON.
        Shape::Integer { min, max } => {
            let mut schema = json!({"type": ["integer", "string"], "pattern": NUMERIC});
            if let Some(members) = schema.as_object_mut() {
                let far = 1_i64 << 53;
                let bounds = [("minimum", *min), ("maximum", *max)];
                for (name, bound) in
                    bounds.into_iter().filter(|(_, bound)| (-far..=far).contains(bound))
                {
                    members.insert(name.to_owned(), bound.into());
                }
            }
            schema
        }
        Shape::Choice(known) | Shape::Later(known) => words(known),
        Shape::Map(value) => {
            // `null` is how other tools write "not given".
            let value = self::shape(value);
            json!({"type": "object", "additionalProperties": value})
        }
        Shape::Object(table) => fields(&[table], Place::Plain),
        Shape::List(item) => json!({"type": "array", "items": self::shape(item)}),
        Shape::Null => json!({"type": "null"}),
        Shape::Either(shapes) => any_of(shapes.iter().map(self::shape).collect()),
    }
}

/// A value that placeholders may stand for.
fn late(shape: &Shape) -> Json {
    match shape {
        Shape::Number { .. } | Shape::Integer { .. } => {
            json!({"type": ["number", "string"], "pattern": LATE})
        }
        Shape::List(_) => json!({"type": "array"}),
        Shape::Map(_) | Shape::Object(_) => json!({"type": "object"}),
        Shape::Either(shapes) => any_of(shapes.iter().map(late).collect()),
        _ => self::shape(shape),
    }
}

fn or_null(schema: Json) -> Json {
    match schema.as_object() {
        Some(members) if members.is_empty() => schema,
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}
