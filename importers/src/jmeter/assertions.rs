//! Assertions.

use serde_json::{Value, json};

use super::reader::Reader;
use super::tree::Element;
use crate::draft::Task;

/// How a response assertion compares.
struct How {
    is_pattern: bool,
    is_whole: bool,
    not: bool,
    any: bool,
}

/// Adds the checks of an assertion to a request.
pub(super) fn add(reader: &mut Reader<'_>, element: &Element, task: &mut Task) {
    let made = match element.class.as_str() {
        "ResponseAssertion" => response(reader, element, task),
        "DurationAssertion" => reader
            .number(element.text("DurationAssertion.duration"))
            .map(|limit| vec![json!({"type": "latency", "value": super::timers::seconds(limit)})]),
        "SizeAssertion" => size(reader, element),
        "JSONPathAssertion" => json_path(reader, element),
        "XPathAssertion" => {
            xpath(reader, element.text("XPath.xpath"), element.flag("XPath.negate", false))
        }
        "XPath2Assertion" => {
            xpath(reader, element.text("XPath.xpath"), element.flag("XPath.negate", false))
        }
        "MD5HexAssertion" => {
            let value = reader.text(element.text("MD5HexAssertion.size"));
            Some(vec![json!({"type": "body_hash", "algorithm": "md5", "value": value})])
        }
        "JMESPathAssertion" => jmespath(reader, element, task),
        _ => None,
    };
    match made {
        Some(checks) => {
            reader.keep();
            task.assertions.extend(checks);
        }
        None => {
            let what = element.class.clone();
            let why = match what.as_str() {
                class if class.starts_with("JSR223") || class.starts_with("Bean") => {
                    "what a script checks has to be written by hand"
                }
                _ => "there is no such check, or what it compares cannot be told before the run",
            };
            reader.drop(&what, why);
        }
    }
}

fn response(reader: &mut Reader<'_>, element: &Element, task: &mut Task) -> Option<Vec<Value>> {
    let bits = reader.count(element.text("Assertion.test_type")).unwrap_or(2);
    let how = How {
        is_pattern: bits & (8 | 16) == 0,
        is_whole: bits & (1 | 8) != 0,
        not: bits & 4 != 0,
        any: bits & 32 != 0,
    };
    // The name has been misspelt from the beginning.
    let strings: Vec<String> = element
        .texts("Asserion.test_strings")
        .chain(element.texts("Assertion.test_strings"))
        .map(str::to_owned)
        .collect();
    let strings: Vec<String> = strings.iter().map(|text| reader.text(text)).collect();
    if element.flag("Assertion.assume_success", false) {
        let asked = |check: &Value| check.get("type") == Some(&json!("status_code"));
        if !task.assertions.iter().any(asked) {
            task.assertions.push(json!({"type": "status_code", "op": "ge", "value": 0}));
        }
    }
    if strings.is_empty() {
        return Some(Vec::new());
    }
    match element.text("Assertion.test_field") {
        "" | "Assertion.response_data" | "Assertion.response_data_as_document" => {
            body(&strings, &how)
        }
        "Assertion.response_code" => status(&strings, &how),
        "Assertion.response_headers" => headers(&strings, &how),
        "Assertion.response_message" => {
            // What servers say with 200.
            let is_ok = |text: &String| text.trim().eq_ignore_ascii_case("ok");
            if how.not || !strings.iter().all(is_ok) {
                return None;
            }
            reader.approximate("the message of the status", "the status must be 200");
            Some(vec![json!({"type": "status_code", "value": 200})])
        }
        _ => None,
    }
}

/// A check of the body for each text, or one for all when one of them is enough.
fn body(strings: &[String], how: &How) -> Option<Vec<Value>> {
    let pattern = |text: &String| {
        let text = if how.is_pattern { text.clone() } else { escaped(text)? };
        let text = if how.is_whole { format!("(?s)\\A(?:{text})\\z") } else { text };
        // What has a placeholder in it is read in the run.
        (text.contains("${") || regex::Regex::new(&text).is_ok()).then_some(text)
    };
    if how.any && strings.len() > 1 {
        let patterns: Option<Vec<String>> = strings.iter().map(pattern).collect();
        let patterns: Vec<String> =
            patterns?.into_iter().map(|pattern| format!("(?:{pattern})")).collect();
        let mut check = json!({"type": "regex", "pattern": patterns.join("|")});
        if how.not
            && let Some(check) = check.as_object_mut()
        {
            check.insert("exists".to_owned(), json!(false));
        }
        return Some(vec![check]);
    }
    let checks = strings.iter().map(|text| {
        Some(match (how.is_pattern || how.is_whole, how.not) {
            (false, false) => json!({"type": "contains", "value": text}),
            (false, true) => json!({"type": "not_contains", "value": text}),
            (true, false) => json!({"type": "regex", "pattern": pattern(text)?}),
            (true, true) => json!({"type": "regex", "pattern": pattern(text)?, "exists": false}),
        })
    });
    checks.collect()
}

/// A check of the status.
fn status(strings: &[String], how: &How) -> Option<Vec<Value>> {
    let number = |text: &String| {
        let number = text.trim().parse::<u64>().ok()?;
        (100..1000).contains(&number).then_some(number)
    };
    let numbers: Option<Vec<u64>> = strings.iter().map(number).collect();
    match (numbers.as_deref(), how.not) {
        (Some([one]), false) => Some(vec![json!({"type": "status_code", "value": one})]),
        (Some(many), false) if how.any => {
            Some(vec![json!({"type": "status_code", "op": "in", "value": many})])
        }
        (Some(many), true) => {
            let check = |one: &u64| json!({"type": "status_code", "op": "ne", "value": one});
            Some(many.iter().map(check).collect())
        }
        (Some(many), false) => {
            Some(many.iter().map(|one| json!({"type": "status_code", "value": one})).collect())
        }
        (None, not) => {
            let texts: Option<Vec<String>> = strings
                .iter()
                .map(|text| {
                    let text = if how.is_pattern { text.clone() } else { escaped(text)? };
                    Some(if how.is_whole { format!("^(?:{text})$") } else { text })
                })
                .collect();
            let texts = texts?;
            if not || texts.iter().any(|text| regex::Regex::new(text).is_err()) {
                return None;
            }
            let check =
                |text: String| json!({"type": "status_code", "op": "matches", "value": text});
            Some(if how.any {
                vec![check(texts.join("|"))]
            } else {
                texts.into_iter().map(check).collect()
            })
        }
    }
}

/// A check of one header, where a text says which.
fn headers(strings: &[String], how: &How) -> Option<Vec<Value>> {
    if how.not || (how.any && strings.len() > 1) {
        return None;
    }
    let checks = strings.iter().map(|text| {
        let (name, value) = text.split_once(':')?;
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let name = name.trim();
        let value = value.trim();
        let pattern = if how.is_pattern { value.to_owned() } else { escaped(value)? };
        let fits = is_name(name) && regex::Regex::new(&pattern).is_ok();
        if value.is_empty() {
            return fits.then(|| json!({"type": "header", "name": name, "exists": true}));
        }
        fits.then(|| json!({"type": "header", "name": name, "op": "matches", "value": pattern}))
    });
    checks.collect()
}

/// A text as a pattern that matches it; nothing when it has a placeholder in it.
fn escaped(text: &str) -> Option<String> {
    (!text.contains("${")).then(|| regex::escape(text))
}

fn size(reader: &mut Reader<'_>, element: &Element) -> Option<Vec<Value>> {
    let field = element.text("Assertion.test_field");
    match field {
        "SizeAssertion.response_data" => {}
        "" | "SizeAssertion.response_network_size" => {
            reader.approximate("the size of a whole reply", "the size of its body is checked");
        }
        _ => return None,
    }
    let value = reader.count(element.text("SizeAssertion.size"))?;
    let op = match element.text("SizeAssertion.operator") {
        "2" => "ne",
        "3" => "gt",
        "4" => "lt",
        "5" => "ge",
        "6" => "le",
        _ => return Some(vec![json!({"type": "size", "value": value})]),
    };
    Some(vec![json!({"type": "size", "op": op, "value": value})])
}

fn json_path(reader: &mut Reader<'_>, element: &Element) -> Option<Vec<Value>> {
    let path = reader.text(element.text("JSON_PATH").trim());
    let path = super::extractors::json_path(&path)?;
    let not = element.flag("INVERT", false);
    if element.flag("EXPECT_NULL", false) {
        let op = if not { "ne" } else { "eq" };
        return Some(vec![json!({"type": "json_path", "path": path, "op": op, "value": null})]);
    }
    if !element.flag("JSONVALIDATION", false) {
        return Some(vec![json!({"type": "json_path", "path": path, "exists": !not})]);
    }
    expected(reader, element, &path, not)
}

/// A check of a value that is compared as a text.
fn expected(
    reader: &mut Reader<'_>,
    element: &Element,
    path: &str,
    not: bool,
) -> Option<Vec<Value>> {
    let value = reader.text(element.text("EXPECTED_VALUE"));
    if element.flag("ISREGEX", true) {
        let is_plain = !value.is_empty()
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b" _-@:/".contains(&b));
        if not || !(is_plain || regex::Regex::new(&value).is_ok()) {
            return None;
        }
        let pattern = format!("^(?:{value})$");
        let pattern = if is_plain { format!("^{value}$") } else { pattern };
        return Some(vec![
            json!({"type": "json_path", "path": path, "op": "matches", "value": pattern}),
        ]);
    }
    // The text of a number or list is compared with that of the value.
    let check = match serde_json::from_str::<Value>(&value) {
        Ok(parsed @ (Value::Number(_) | Value::Bool(_))) if not => {
            return Some(vec![
                json!({"type": "json_path", "path": path, "op": "ne", "value": parsed}),
                json!({"type": "json_path", "path": path, "op": "ne", "value": value}),
            ]);
        }
        Ok(parsed @ (Value::Number(_) | Value::Bool(_))) => {
            json!({"type": "json_path", "path": path, "op": "in", "value": [parsed, value]})
        }
        Ok(parsed @ (Value::Array(_) | Value::Object(_))) => {
            json!({"type": "json_path", "path": path, "op": if not {"ne"} else {"eq"}, "value": parsed})
        }
        _ if not => json!({"type": "json_path", "path": path, "op": "ne", "value": value}),
        _ => json!({"type": "json_path", "path": path, "value": value}),
    };
    Some(vec![check])
}

/// A JMESPath of names and positions is a path of ours.
fn jmespath(reader: &mut Reader<'_>, element: &Element, _task: &mut Task) -> Option<Vec<Value>> {
    let path = reader.text(element.text("JMES_PATH").trim());
    let is_simple =
        !path.is_empty() && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.[]".contains(&b));
    if !is_simple {
        return None;
    }
    let path = format!("$.{path}");
    let not = element.flag("INVERT", false);
    if element.flag("EXPECT_NULL", false) {
        let op = if not { "ne" } else { "eq" };
        return Some(vec![json!({"type": "json_path", "path": path, "op": op, "value": null})]);
    }
    if !element.flag("JSONVALIDATION", false) {
        return Some(vec![json!({"type": "json_path", "path": path, "exists": !not})]);
    }
    expected(reader, element, &path, not)
}

fn xpath(reader: &mut Reader<'_>, path: &str, not: bool) -> Option<Vec<Value>> {
    let path = reader.text(path.trim());
    (!path.contains("${") && super::extractors::is_xpath(&path))
        .then(|| vec![json!({"type": "xpath", "path": path, "exists": !not})])
}
