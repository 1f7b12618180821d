//! Extractors, and other things that are done after a request.

use serde_json::{Map, Value, json};

use super::groovy;
use super::jdbc;
use super::processors;
use super::reader::Reader;
use super::steps::choice;
use super::tree::Element;
use crate::draft::{Step, Task};

/// Adds what is done after a request: to the request, or as steps behind it.
pub(super) fn add(reader: &mut Reader<'_>, element: &Element, task: &mut Task) -> Vec<Step> {
    let scope = element.text("Sample.scope");
    if matches!(scope, "variable") {
        let what = format!("extracting from the variable `{}`", element.text("Scope.variable"));
        reader.drop(&what, "values are taken out of replies");
        return vec![Step::todo(&what, "")];
    }
    let mut behind = Vec::new();
    let made = match element.class.as_str() {
        "RegexExtractor" => regex(reader, element, &mut behind),
        "BoundaryExtractor" => boundary(reader, element),
        "JSONPostProcessor" => json_paths(reader, element),
        "JSONPathExtractor" => json_of(
            reader,
            element.text("VAR"),
            element.text("JSONPATH"),
            "1",
            element.text("DEFAULT"),
        )
        .map(|extract| vec![extract]),
        "JMESPathExtractor" => jmespath(reader, element),
        "HtmlExtractor" => css(reader, element),
        "XPathExtractor" => xpath(reader, element, "XPathExtractor"),
        "XPath2Extractor" => xpath(reader, element, "XPathExtractor2"),
        "DebugPostProcessor" => {
            reader.remark("debug post-processor", "it shows variables only");
            return Vec::new();
        }
        "ResultAction" => {
            reader.drop("action after a failure", "users go on after a failure");
            return Vec::new();
        }
        "JDBCPostProcessor" => return vec![jdbc::step(reader, element)],
        other => {
            let Some(done) = groovy::read(reader, element, &processors::script_of(element)) else {
                return vec![processors::script(reader, element, other)];
            };
            behind.extend(done.steps);
            Some(done.extracts)
        }
    };
    match made {
        Some(extracts) => {
            for extract in extracts {
                reader.keep();
                task.extract.push(extract);
            }
        }
        None => {
            let what = element.class.clone();
            let why = "what it looks for cannot be said here; extract it in another way";
            reader.drop(&what, why);
            let name = element.name.replace("${", "$");
            return vec![Step::todo(&format!("extract what `{name}` extracts"), &said(element))];
        }
    }
    behind
}

/// How an extractor says what it looks for.
fn said(element: &Element) -> String {
    let keys = ["RegexExtractor.regex", "JSONPostProcessor.jsonPathExprs", "JSONPATH"];
    let more = ["HtmlExtractor.expr", "XPathExtractor.xpathQuery", "XPathExtractor2.xpathQuery"];
    let found = keys.iter().chain(&more).map(|key| element.text(key)).find(|text| !text.is_empty());
    found.unwrap_or_default().to_owned()
}

/// The variables that hold all that an extractor finds.
pub(super) fn list_names(element: &Element) -> Vec<String> {
    let pairs = [
        ("RegexExtractor.match_number", "RegexExtractor.refname"),
        ("BoundaryExtractor.match_number", "BoundaryExtractor.refname"),
        ("HtmlExtractor.match_number", "HtmlExtractor.refname"),
        ("XPathExtractor.matchNumber", "XPathExtractor.refname"),
        ("XPathExtractor2.matchNumber", "XPathExtractor2.refname"),
        ("JMESExtractor.matchNumber", "JMESExtractor.referenceName"),
    ];
    let mut names: Vec<String> = pairs
        .iter()
        .filter(|(number, _)| element.text(number).trim() == "-1")
        .map(|(_, name)| element.text(name).trim().to_owned())
        .collect();
    let numbers = element.text("JSONPostProcessor.match_numbers");
    for (at, name) in element.text("JSONPostProcessor.referenceNames").split(';').enumerate() {
        let number = numbers.split(';').nth(at).unwrap_or(numbers).trim();
        if number == "-1" {
            names.push(name.trim().to_owned());
        }
    }
    if element.class.starts_with("JDBC") {
        names.extend(element.text("variableNames").split(',').map(|name| name.trim().to_owned()));
    }
    names.retain(|name| !name.is_empty());
    names
}

/// What all extractors have in common.
fn extract(reader: &mut Reader<'_>, name: &str, from: &str) -> Map<String, Value> {
    let mut extract = Map::new();
    extract.insert("var".to_owned(), json!(reader.name(name.trim())));
    extract.insert("from".to_owned(), json!(from));
    extract
}

/// Adds which match counts and what it is without one.
fn finish(
    reader: &mut Reader<'_>,
    mut extract: Map<String, Value>,
    number: &str,
    without_number: i64,
    default: &str,
) -> Option<Value> {
    let number = match number.trim() {
        "" => without_number,
        number => reader.constant(number)?.trim().parse().ok()?,
    };
    if number != 1 {
        extract.insert("match".to_owned(), json!(number.max(-1)));
    }
    if number == -1 {
        // Nothing is left of what was found before.
        extract.insert("default".to_owned(), json!([]));
    } else if !default.is_empty() {
        match reader.constant(default) {
            Some(default) => {
                extract.insert("default".to_owned(), json!(default));
            }
            None => reader.drop("the default of an extractor", "it is known in the run only"),
        }
    }
    Some(Value::Object(extract))
}

fn regex(reader: &mut Reader<'_>, element: &Element, behind: &mut Vec<Step>) -> Option<Vec<Value>> {
    let get = |key: &str| element.text(key);
    let name = get("RegexExtractor.refname").trim().to_owned();
    let pattern = reader.text(get("RegexExtractor.regex"));
    let number = get("RegexExtractor.match_number");
    let default = get("RegexExtractor.default");
    match get("RegexExtractor.useHeaders") {
        "" | "false" | "unescaped" | "as_document" => {}
        "true" => {
            let extract = of_header(reader, &name, &pattern)?;
            return finish(reader, extract, "", 1, default).map(|extract| vec![extract]);
        }
        "code" => {
            let extract = extract(reader, &name, "status_code");
            return finish(reader, extract, "", 1, default).map(|extract| vec![extract]);
        }
        _ => return None,
    }
    if !pattern.contains("${") {
        regex::Regex::new(&pattern).ok()?;
    }
    let mut of_group = |name: &str, group: u64| {
        let mut extract = extract(reader, name, "regex");
        extract.insert("pattern".to_owned(), json!(pattern));
        if group != 1 {
            extract.insert("group".to_owned(), json!(group));
        }
        finish(reader, extract, number, 0, default)
    };
    let mut extracts = Vec::new();
    let template = pieces(get("RegexExtractor.template"));
    match template.as_slice() {
        [] => extracts.push(of_group(&name, 1)?),
        [Piece::Group(group)] => extracts.push(of_group(&name, *group)?),
        pieces => {
            // Each group for itself, put together behind the request.
            for piece in pieces {
                if let Piece::Group(group) = piece {
                    extracts.push(of_group(&format!("{name}_g{group}"), *group)?);
                }
            }
            // Without a match it is the default, and not put together of several.
            if !pieces.contains(&Piece::Group(0)) {
                extracts.push(of_group(&format!("{name}_g0"), 0)?);
            }
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(plain) => text.push_str(plain),
                    Piece::Group(group) => {
                        let group = reader.name(&format!("{name}_g{group}"));
                        text.push_str(&format!("${{{group}}}"));
                    }
                }
            }
            let our = reader.name(&name);
            let put_together = Step::simple("set", json!({our.as_str(): text}));
            if number.trim() == "-1" {
                behind.push(put_together);
            } else {
                for extract in &mut extracts {
                    if let Some(extract) = extract.as_object_mut() {
                        extract.insert("default".to_owned(), json!(""));
                    }
                }
                let whole = reader.name(&format!("{name}_g0"));
                let otherwise = match default {
                    "" => Vec::new(),
                    default => {
                        let default = reader.text(default);
                        vec![Step::simple("set", json!({our: default}))]
                    }
                };
                let condition = format!("{whole} != ''");
                behind.extend(reader.take_before());
                behind.push(choice("if", &condition, vec![put_together], otherwise));
            }
        }
    }
    // JMeter keeps each group in a variable of its own, too.
    let groups = regex::Regex::new(&pattern).map_or(1, |pattern| pattern.captures_len());
    for group in 0..groups.min(20) {
        let of_its_own = format!("{name}_g{group}");
        let our = reader.name(&of_its_own);
        let is_there = extracts.iter().any(|extract| extract.get("var") == Some(&json!(our)));
        if reader.used.contains(&of_its_own) && !is_there {
            let mut extract = extract(reader, &of_its_own, "regex");
            extract.insert("pattern".to_owned(), json!(pattern));
            extract.insert("group".to_owned(), json!(group));
            extracts.extend(finish(reader, extract, number, 0, ""));
        }
    }
    Some(extracts)
}

/// A piece of a template such as `$1$-$2$`.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Group(u64),
}

fn pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut plain = String::new();
    while let Some((before, behind)) = rest.split_once('$') {
        plain.push_str(before);
        match behind.split_once('$').map(|(number, behind)| (number.parse(), behind)) {
            Some((Ok(group), behind)) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Group(group));
                rest = behind;
            }
            _ => {
                plain.push('$');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The header that a pattern takes whole: `Location: (.+)`.
fn of_header(reader: &mut Reader<'_>, name: &str, pattern: &str) -> Option<Map<String, Value>> {
    let (header, value) = pattern.trim_start_matches('^').split_once(':')?;
    let is_name =
        !header.is_empty() && header.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let value = value.trim_start_matches("\\s*").trim_start_matches("\\s+").trim();
    let value = value.trim_end_matches("\\r").trim_end_matches('$');
    let is_whole = matches!(
        value,
        "(.+)" | "(.*)" | "(.+?)" | "(.*?)" | "(\\S+)" | "(.+)\\n" | "(.*)\\n" | "([^\\r\\n]+)"
    );
    if !is_name || !is_whole {
        return None;
    }
    let mut extract = extract(reader, name, "header");
    extract.insert("name".to_owned(), json!(header));
    Some(extract)
}

fn boundary(reader: &mut Reader<'_>, element: &Element) -> Option<Vec<Value>> {
    let get = |key: &str| element.text(key);
    if !matches!(get("BoundaryExtractor.useHeaders"), "" | "false" | "unescaped" | "as_document") {
        return None;
    }
    let mut extract = extract(reader, get("BoundaryExtractor.refname"), "boundary");
    extract.insert("left".to_owned(), json!(reader.text(get("BoundaryExtractor.lboundary"))));
    extract.insert("right".to_owned(), json!(reader.text(get("BoundaryExtractor.rboundary"))));
    let number = get("BoundaryExtractor.match_number");
    finish(reader, extract, number, 0, get("BoundaryExtractor.default")).map(|one| vec![one])
}

fn json_paths(reader: &mut Reader<'_>, element: &Element) -> Option<Vec<Value>> {
    let parts = |key: &str| -> Vec<String> {
        element.text(key).split(';').map(|part| part.trim().to_owned()).collect()
    };
    let names = parts("JSONPostProcessor.referenceNames");
    let paths = parts("JSONPostProcessor.jsonPathExprs");
    let numbers = parts("JSONPostProcessor.match_numbers");
    let defaults = parts("JSONPostProcessor.defaultValues");
    if element.flag("JSONPostProcessor.compute_concat", false) {
        reader.drop("all values in one text", "use a list of all matches");
    }
    let mut extracts = Vec::new();
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let path = paths.get(at)?;
        let number = numbers.get(at).map_or("", String::as_str);
        // Without a number JMeter draws one of the matches; of a single one that is the first.
        let is_single = !path.contains(['*', '?', ':', ',']) && !path.contains("..");
        let number = if is_single && matches!(number, "" | "0") { "1" } else { number };
        let default = defaults.get(at).map_or("", String::as_str);
        extracts.push(json_of(reader, name, path, number, default)?);
    }
    Some(extracts)
}

fn json_of(
    reader: &mut Reader<'_>,
    name: &str,
    path: &str,
    number: &str,
    default: &str,
) -> Option<Value> {
    let path = json_path(&reader.text(path.trim()))?;
    let mut extract = extract(reader, name, "json_path");
    extract.insert("path".to_owned(), json!(path));
    finish(reader, extract, number, 0, default)
}

/// A path of Jayway's JSONPath as one of RFC 9535, where it is nearly the same.
pub(super) fn json_path(path: &str) -> Option<String> {
    let path = if path.starts_with('$') { path.to_owned() } else { format!("$.{path}") };
    // Functions behind the path, and regular expressions, are Jayway's own.
    let own = [
        "length()", "min()", "max()", "avg()", "sum()", "concat(", "keys()", "=~", " nin ", " in [",
    ];
    if own.iter().any(|own| path.contains(own)) || path.ends_with('.') || path.contains("..[?(@)") {
        return None;
    }
    // `.name-with-dashes` has to stand in brackets.
    let mut written = String::new();
    let mut rest = path.as_str();
    while let Some(at) = rest.find('.') {
        let (before, behind) = rest.split_at_checked(at)?;
        written.push_str(before);
        let in_brackets = before.matches('[').count() > before.matches(']').count();
        let behind = behind.get(1..)?;
        let end = behind.find(['.', '[', ']', '(', ')', ' ', '=', '<', '>', '!', '&', '|', ',']);
        let (name, behind) = behind.split_at_checked(end.unwrap_or(behind.len()))?;
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '*');
        if is_name || in_brackets || name.contains(['\'', '"', '$', '{', '}']) {
            written.push('.');
            written.push_str(name);
        } else {
            // After two points one has been written.
            let point = if written.ends_with('.') { "." } else { "" };
            written.push_str(&format!("{point}['{name}']"));
        }
        rest = behind;
    }
    written.push_str(rest);
    Some(written)
}

fn jmespath(reader: &mut Reader<'_>, element: &Element) -> Option<Vec<Value>> {
    let get = |key: &str| element.text(key);
    let mut extract = extract(reader, get("JMESExtractor.referenceName"), "jmespath");
    let path = reader.text(get("JMESExtractor.jmesPathExpression").trim());
    extract.insert("path".to_owned(), json!(path));
    match get("JMESExtractor.matchNumber").trim() {
        "" | "0" | "1" | "-1" => {}
        _ => reader.approximate("the match number", "the value of the expression is taken whole"),
    }
    finish(reader, extract, "1", 1, get("JMESExtractor.defaultValue")).map(|one| vec![one])
}

fn css(reader: &mut Reader<'_>, element: &Element) -> Option<Vec<Value>> {
    let get = |key: &str| element.text(key);
    let mut extract = extract(reader, get("HtmlExtractor.refname"), "css");
    let selector = reader.text(get("HtmlExtractor.expr"));
    // What only Jsoup and Jodd know.
    if [":contains", ":eq(", ":matches", ":lt(", ":gt("].iter().any(|own| selector.contains(own)) {
        return None;
    }
    extract.insert("selector".to_owned(), json!(selector));
    let attribute = reader.text(get("HtmlExtractor.attribute"));
    if !attribute.is_empty() {
        extract.insert("attribute".to_owned(), json!(attribute));
    }
    let number = get("HtmlExtractor.match_number");
    finish(reader, extract, number, 0, get("HtmlExtractor.default")).map(|one| vec![one])
}

fn xpath(reader: &mut Reader<'_>, element: &Element, prefix: &str) -> Option<Vec<Value>> {
    let get = |key: &str| element.text(&format!("{prefix}.{key}")).to_owned();
    let mut extract = extract(reader, &get("refname"), "xpath");
    let path = reader.text(&get("xpathQuery"));
    if !path.contains("${") {
        is_xpath(&path).then_some(())?;
    }
    if element.flag(&format!("{prefix}.tolerant"), false) {
        reader.approximate("tidy", "the body must be well-formed XML");
    }
    extract.insert("path".to_owned(), json!(path));
    finish(reader, extract, &get("matchNumber"), 1, &get("default")).map(|one| vec![one])
}

/// Whether a text is an XPath expression of a length that can be checked.
pub(super) fn is_xpath(path: &str) -> bool {
    !path.is_empty() && path.len() <= 2000 && xpath_eval::parse(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_groups_and_text() {
        assert_eq!(pieces("$1$"), [Piece::Group(1)]);
        let mixed =
            [Piece::Text("a$".into()), Piece::Group(2), Piece::Text("-".into()), Piece::Group(1)];
        assert_eq!(pieces("a$$2$-$1$"), mixed);
        assert_eq!(pieces("x"), [Piece::Text("x".into())]);
    }

    #[test]
    fn paths_are_those_of_the_rfc() {
        for (path, ours) in [
            ("$.a.b[0].c", "$.a.b[0].c"),
            ("a.b", "$.a.b"),
            ("$..item-list[*].id", "$..['item-list'][*].id"),
            ("$.item-list", "$['item-list']"),
            ("$.x[?(@.k == 'v.w')].n", "$.x[?(@.k == 'v.w')].n"),
        ] {
            assert_eq!(json_path(path).as_deref(), Some(ours), "{path}");
        }
        assert_eq!(json_path("$.a.length()"), None);
    }
}
