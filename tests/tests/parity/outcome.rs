//! What came of a run, in the same form for both sides: JSON, with everything left out that
//! is another in every run.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ld_tests::command::Outcome;
use ld_tests::witness::Seen;
use serde_json::{Map, Value, json};

use super::peers::Peers;

/// Headers that say what a request means, besides those that begin with `x-`.
const HEADERS: &[&str] =
    &["host", "content-type", "accept", "accept-encoding", "authorization", "cookie"];

/// From the report of `tests/peers/reference.py`.
pub(crate) fn of_reference(report: &Value, peers: &Peers, files: &[(String, Value)]) -> Value {
    let mut names = Map::new();
    for record in report["records"].as_array().unwrap() {
        let error = record["error"].as_str();
        count(&mut names, peers, record["name"].as_str().unwrap(), error, 1);
    }
    let mut outcome = outcome(report["exit"].clone(), names, peers, files);
    outcome["results"] = result(&report["results"], peers);
    outcome
}

/// From how `ldvm` ended and what it wrote.
pub(crate) fn of_ldvm(
    ended: &Outcome,
    summary: &Value,
    results: &Value,
    peers: &Peers,
    files: &[(String, Value)],
) -> Value {
    if ended.code == Some(3) {
        return json!({"exit": 3, "refused": codes(ended, "error")});
    }
    let mut names = Map::new();
    for (name, figures) in summary["per_name"].as_object().into_iter().flatten() {
        let failures = figures["failures"].as_u64().unwrap();
        count(&mut names, peers, name, None, figures["requests"].as_u64().unwrap() - failures);
    }
    for error in summary["errors"].as_array().into_iter().flatten() {
        let text = |key: &str| error[key].as_str().unwrap();
        let times = error["count"].as_u64().unwrap();
        count(&mut names, peers, text("name"), Some(text("text")), times);
    }
    let mut outcome = outcome(json!(ended.code), names, peers, files);
    outcome["results"] = result(&results["documents"][0]["map"], peers);
    outcome
}

/// The codes of the diagnostics of this severity.
pub(crate) fn codes(ended: &Outcome, severity: &str) -> Vec<String> {
    let lines = ended.stderr.lines().filter_map(|line| line.strip_prefix(severity));
    lines.filter_map(|line| Some(line.strip_prefix('[')?.get(..6)?.to_owned())).collect()
}

/// Adds successes, or failures with a text, to those of a name.
fn count(
    names: &mut Map<String, Value>,
    peers: &Peers,
    name: &str,
    error: Option<&str>,
    times: u64,
) {
    if times == 0 {
        return;
    }
    let none = || json!({"succeeded": 0, "failed": 0, "failures": []});
    let of_name = names.entry(steady(&peers.abstracted(name))).or_insert_with(none);
    let key = if error.is_some() { "failed" } else { "succeeded" };
    of_name[key] = json!(of_name[key].as_u64().unwrap() + times);
    let texts = of_name["failures"].as_array_mut().unwrap();
    let text = error.map(|text| json!(steady(&peers.abstracted(text))));
    texts.extend(text.filter(|text| !texts.contains(text)));
}

fn outcome(
    exit: Value,
    names: Map<String, Value>,
    peers: &Peers,
    files: &[(String, Value)],
) -> Value {
    let (seen, sockets) = peers.seen();
    let requests: Vec<Value> = seen.iter().map(|seen| request(seen, peers)).collect();
    let mut outcome = json!({"exit": exit, "requests": requests, "names": names});
    if !sockets.is_empty() {
        outcome["sockets"] = sockets.into();
    }
    for (name, content) in files {
        outcome["files"][name] = match content {
            Value::String(text) => peers.abstracted(text).into(),
            schema if schema.get("$schema").is_some() => described(schema),
            content => summary(content, peers),
        };
    }
    outcome
}

fn request(seen: &Seen, peers: &Peers) -> Value {
    let text = seen.text();
    let is_multipart = seen.header("content-type").is_some_and(|it| it.starts_with("multipart/"));
    let boundary = text.lines().next().and_then(|line| line.strip_prefix("--"));
    let boundary = boundary.filter(|_| is_multipart);
    let plain = |text: &str| {
        let text = steady(&peers.abstracted(text));
        boundary.map_or_else(|| text.clone(), |boundary| text.replace(boundary, "<boundary>"))
    };
    let mut request = json!({"line": format!("{} {}", seen.method, plain(&seen.target))});
    for (name, value) in &seen.headers {
        let name = name.to_ascii_lowercase();
        // Which is what its absence means (RFC 9110 §12.5.1).
        if (name.as_str(), value.as_str()) == ("accept", "*/*") {
            continue;
        }
        if HEADERS.contains(&name.as_str()) || name.starts_with("x-") {
            request["headers"][name] = plain(value).into();
        }
    }
    if !seen.body.is_empty() {
        request["body"] = match std::str::from_utf8(&seen.body) {
            Ok(text) => serde_json::from_str(&plain(text)).unwrap_or_else(|_| plain(text).into()),
            Err(_) => json!({"base64": BASE64_STANDARD.encode(&seen.body)}),
        };
    }
    request
}

/// A result map, or a value in one.
fn result(value: &Value, peers: &Peers) -> Value {
    let plain = |text: &str| steady(&peers.abstracted(text));
    match value {
        Value::Object(members) if members.contains_key("latency_overall") => summary(value, peers),
        Value::Object(members) => {
            let members = members.iter();
            members.map(|(key, value)| (plain(key), result(value, peers))).collect()
        }
        Value::Array(items) => items.iter().map(|item| result(item, peers)).collect(),
        Value::String(text) => plain(text).into(),
        other => other.clone(),
    }
}

/// What the two have in common of a summary: counts, and of times only that they are there.
fn summary(content: &Value, peers: &Peers) -> Value {
    const TOTALS: [&str; 4] = ["requests", "successes", "failures", "failure_rate"];
    const LATENCY: [&str; 8] =
        ["count", "min_ms", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"];
    let part = |value: &Value, keys: &[&str]| -> Value {
        let had = keys.iter().filter_map(|key| Some((*key, value.get(key)?)));
        let kept = had.map(|(key, value)| match value.as_f64() {
            Some(time) if key.ends_with("_ms") && time >= 0.0 => (key.to_owned(), json!("a time")),
            Some(number) => (key.to_owned(), json!(number)),
            None => (key.to_owned(), value.clone()),
        });
        Value::Object(kept.collect())
    };
    let names = content["per_name"].as_object().into_iter().flatten();
    let names = names.map(|(name, figures)| (peers.abstracted(name), part(figures, &LATENCY)));
    json!({
        "totals": part(&content["totals"], &TOTALS),
        "latency_overall": part(&content["latency_overall"], &LATENCY),
        "per_name": Value::Object(names.collect()),
    })
}

/// What there is to know of a schema of documents: its head, whether it is a schema, and which
/// documents it takes.
fn described(schema: &Value) -> Value {
    let documents = [
        json!([["LD_summary"]]),
        json!({"load_density": [["LD_summary", {}]]}),
        json!([["print", ["text"]]]),
        json!({"load_density": [["LD_summary"]], "metadata": {"name": "shop"}}),
        json!([]),
        json!([["LD_sumary"]]),
        json!([["LD_summary", 7]]),
    ];
    let mut described = Map::new();
    for key in ["$schema", "$id", "title"] {
        described.insert(key.to_owned(), schema[key].clone());
    }
    let validator = jsonschema::validator_for(schema).ok();
    described.insert("is_schema".to_owned(), validator.is_some().into());
    let takes = |validator: jsonschema::Validator| -> Vec<Value> {
        documents.into_iter().filter(|document| validator.is_valid(document)).collect()
    };
    described.insert("takes".to_owned(), validator.map(takes).into());
    Value::Object(described)
}

/// Replaces what is another each time: version 4 UUIDs and local times.
fn steady(text: &str) -> String {
    const SHAPES: [(&str, &str); 2] =
        [("hhhhhhhh-hhhh-4hhh-hhhh-hhhhhhhhhhhh", "<uuid>"), ("dddd-dd-ddTdd:dd:dd", "<now>")];
    let mut steady = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let found = SHAPES.iter().find(|(shape, _)| has_shape(rest, shape));
        let (piece, len) = found.map_or((&rest[..first.len_utf8()], first.len_utf8()), |found| {
            (found.1, found.0.len())
        });
        steady.push_str(piece);
        rest = &rest[len..];
    }
    steady
}

/// Whether a text begins with a shape: `d` a digit, `h` one in base 16, all else itself.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            b'h' => byte.is_ascii_hexdigit(),
            _ => byte == wanted,
        })
}
