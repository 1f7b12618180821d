//! What an operation's responses say a good reply is.

use serde_json::{Value, json};

use super::document::Node;
use super::model::{Api, Operation, is_json};
use super::schema::Schema;
use crate::draft::Task;

/// A reply that an operation may give.
#[derive(Clone, Debug)]
pub(super) struct Response<'d> {
    /// `200`, `2XX` or `default`.
    pub(super) status: &'d str,
    pub(super) node: Node<'d>,
    /// Its media types and their schemas.
    pub(super) contents: Vec<(&'d str, Option<Schema<'d>>)>,
}

/// The replies that are good ones: of 2xx, or else those of any other kind.
pub(super) fn good<'d>(api: Api<'d>, operation: &Operation<'d>) -> Vec<Response<'d>> {
    let responses = operation.node.get("responses");
    let all: Vec<Response<'d>> = responses
        .into_iter()
        .flat_map(Node::members)
        .map(|(status, node)| Response { status, node, contents: contents(api, operation, node) })
        .collect();
    let of = |class: char| {
        let is_of = |response: &&Response<'_>| response.status.starts_with(class);
        all.iter().filter(is_of).cloned().collect::<Vec<_>>()
    };
    let is_default = |response: &&Response<'_>| response.status == "default";
    [of('2'), all.iter().filter(is_default).cloned().collect(), of('3'), of('1')]
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn contents<'d>(
    api: Api<'d>,
    operation: &Operation<'d>,
    node: Node<'d>,
) -> Vec<(&'d str, Option<Schema<'d>>)> {
    if api.is_v2 {
        let Some(schema) = node.raw("schema") else { return Vec::new() };
        let mut types = api.media_types(operation, "produces");
        if types.is_empty() {
            types.push("application/json");
        }
        return types.into_iter().map(|name| (name, Some(Schema::of(schema)))).collect();
    }
    let contents = node.get("content").into_iter().flat_map(Node::members);
    contents.map(|(name, content)| (name, content.raw("schema").map(Schema::of))).collect()
}

/// Asks for one of the media types and checks what can be checked without reading the body.
pub(super) fn add(responses: &[Response<'_>], task: &mut Task) {
    task.assertions.extend(status(responses));
    if responses.iter().any(|response| response.status.starts_with('3')) {
        task.fields.insert("allow_redirects".to_owned(), json!(false));
    }
    let mut types: Vec<&str> = Vec::new();
    for (name, _) in responses.iter().flat_map(|response| &response.contents) {
        if !types.contains(name) {
            types.push(name);
        }
    }
    let wanted = types.iter().find(|name| is_json(name)).or_else(|| types.first());
    let is_said = task.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept"));
    if let Some(wanted) = wanted.filter(|_| !is_said) {
        task.headers.push(("Accept".to_owned(), (*wanted).to_owned()));
    }
    let [response] = responses else { return };
    if let ([one], Some(wanted)) = (response.contents.as_slice(), wanted)
        && !one.0.contains('*')
        && response.status != "default"
    {
        let pattern = match is_json(wanted) {
            true => "json".to_owned(),
            false => regex::escape(&super::model::essence(wanted)),
        };
        task.assertions.push(json!({
            "type": "header", "name": "Content-Type", "op": "matches", "value": pattern,
        }));
    }
    for (name, header) in response.node.get("headers").into_iter().flat_map(Node::members) {
        if header.flag("required") == Some(true) && !name.eq_ignore_ascii_case("content-type") {
            task.assertions.push(json!({"type": "header", "name": name, "exists": true}));
        }
    }
}

/// The check of the status, if the responses say more than that it is no error.
fn status(responses: &[Response<'_>]) -> Vec<Value> {
    let codes: Vec<u16> = responses.iter().filter_map(|r| r.status.parse().ok()).collect();
    let check = |op: &str, value: Value| json!({"type": "status_code", "op": op, "value": value});
    let ranges: Vec<u16> = responses
        .iter()
        .filter(|response| response.status.to_ascii_lowercase().ends_with("xx"))
        .filter_map(|response| response.status.get(..1)?.parse().ok())
        .collect();
    match (codes.as_slice(), ranges.as_slice()) {
        (_, [class, ..]) => {
            vec![check("ge", json!(class * 100)), check("lt", json!((class + 1) * 100))]
        }
        ([], []) => Vec::new(),
        ([one], []) => vec![json!({"type": "status_code", "value": one})],
        (several, []) => vec![check("in", json!(several))],
    }
}
