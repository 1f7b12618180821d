//! Arguments of HTTP samplers: as a query, or as a form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::functions;
use super::reader::Reader;
use super::tree::Element;
use crate::draft::Task;
use crate::text::placeholder_end;

/// What Java encodes in forms and queries; a blank becomes `+`.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// An argument of a sampler.
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether JMeter encodes it; else it is sent as it stands.
    encodes: bool,
    /// What stands between name and value.
    equals: bool,
    pub(super) content_type: String,
}

impl Argument {
    /// An argument that is sent as `name=value`.
    pub(super) fn new(name: String, value: String, encodes: bool) -> Self {
        Self { name, value, encodes, equals: true, content_type: String::new() }
    }
}

/// Reads arguments.
pub(super) fn read(reader: &mut Reader<'_>, elements: &[&Element]) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for element in elements.iter().filter(|element| element.enabled) {
        arguments.push(Argument {
            name: reader.text(element.text("Argument.name")),
            value: reader.text(element.text("Argument.value")),
            encodes: element.flag("HTTPArgument.always_encode", false),
            equals: element.flag("HTTPArgument.use_equals", true)
                || !element.text("Argument.value").is_empty(),
            content_type: reader.text(element.text("HTTPArgument.content_type")),
        });
        reader.keep();
    }
    arguments
}

/// Adds arguments to the query: as `params` when those are sent as JMeter sends them.
pub(super) fn query(task: &mut Task, arguments: &[Argument]) {
    let arguments: Vec<&Argument> =
        arguments.iter().filter(|argument| !argument.name.is_empty()).collect();
    let Some((first, _)) = arguments.split_first() else { return };
    let is_same = |argument: &&&Argument| {
        let (name, value) = (&argument.name, &argument.value);
        let same = |text: &str| encoded(text) == text && !text.contains("${");
        let is_named = !name.contains("${") && !value.contains(['*', '~']) && argument.equals;
        is_named && same(name) && (argument.encodes || same(value))
    };
    let distinct = arguments
        .iter()
        .enumerate()
        .all(|(at, one)| arguments.iter().take(at).all(|other| other.name != one.name));
    let before = task.url.contains('?');
    if distinct && arguments.iter().filter(is_same).count() == arguments.len() {
        let params: Map<String, Value> =
            arguments.iter().map(|one| (one.name.clone(), json!(one.value))).collect();
        task.fields.insert("params".to_owned(), Value::Object(params));
        return;
    }
    let mut query = String::new();
    for argument in &arguments {
        if !std::ptr::eq(*argument, *first) || before {
            query.push('&');
        }
        let text = |text: &str| if argument.encodes { encoded(text) } else { text.to_owned() };
        query.push_str(&text(&argument.name));
        if argument.equals {
            query.push('=');
        }
        query.push_str(&text(&argument.value));
    }
    task.url.push_str(if before { "" } else { "?" });
    task.url.push_str(&query);
}

/// Makes a form of arguments.
pub(super) fn form(task: &mut Task, arguments: &[Argument]) {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.name.is_empty()) {
        // What is not encoded counts as encoded already.
        let text = |text: &str| if argument.encodes { text.to_owned() } else { decoded(text) };
        pairs.push((text(&argument.name), text(&argument.value)));
    }
    let is_named = |(name, value): &(String, String)| {
        !name.contains("${") && !value.contains(['*', '~']) && !name.contains(['*', '~'])
    };
    // A name that comes again must follow at once: its values are a list.
    let is_list = pairs.iter().enumerate().all(|(at, (name, _))| {
        let first = pairs.iter().position(|(known, _)| known == name).unwrap_or(at);
        pairs.get(first..at).is_some_and(|between| between.iter().all(|(known, _)| known == name))
    });
    if pairs.iter().all(is_named) && is_list {
        let mut form: Map<String, Value> = Map::new();
        for (name, value) in pairs {
            match form.get_mut(&name) {
                Some(Value::Array(values)) => values.push(json!(value)),
                Some(first) => *first = json!([first.take(), value]),
                None => {
                    form.insert(name, json!(value));
                }
            }
        }
        task.fields.insert("data".to_owned(), Value::Object(form));
    } else {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        task.fields.insert("data".to_owned(), json!(pairs.join("&")));
        if crate::body::header(task, "content-type").is_none() {
            task.headers.push(("Content-Type".to_owned(), crate::body::FORM.to_owned()));
        }
    }
}

/// Text as Java encodes it; placeholders are encoded when their value is known.
fn encoded(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        written.push_str(&plainly_encoded(before));
        let inside = behind.get(2..).unwrap_or_default();
        let end = (2 + placeholder_end(inside) + 1).min(behind.len());
        let (placeholder, behind) = behind.split_at_checked(end).unwrap_or((behind, ""));
        match functions::argument(placeholder) {
            Some(argument) => written.push_str(&format!("${{url_encode({argument})}}")),
            None => written.push_str(placeholder),
        }
        rest = behind;
    }
    written + &plainly_encoded(rest)
}

fn plainly_encoded(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string().replace("%20", "+")
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}
