//! Parts of the reply where only variables can stand: in texts, expressions and conditions.

use serde_json::{Map, Value as Json, json};

use super::value::{Part, Segment, Val, path};
use super::walk::Walk;
use super::{Did, Listen};

impl Walk<'_> {
    /// A placeholder for a part of the reply, which is taken out of it for that.
    pub(super) fn taken(&mut self, part: &Part) -> Option<String> {
        if let Part::Length(segments) = part {
            let list = self.taken(&Part::Json(segments.clone()))?;
            return Some(format!("${{len({list})}}"));
        }
        let name = self.take(&extraction(part)?, &name_of(part))?;
        Some(format!("${{{name}}}"))
    }

    /// The variable that something of the reply is extracted into.
    fn take(&mut self, source: &Map<String, Json>, wanted: &str) -> Option<String> {
        if self.listen == Listen::Before && self.sent.is_none() {
            return None;
        }
        let is_same = |known: &&Json| {
            let mut known = known.as_object().cloned().unwrap_or_default();
            known.retain(|key, _| key != "var" && key != "default");
            known == *source
        };
        let var = |known: &Json| known.get("var").and_then(Json::as_str).map(str::to_owned);
        let known = match &self.sent {
            Some(task) => task.borrow().extract.iter().find(is_same).and_then(var),
            None => self.compiled.extract.iter().find(is_same).and_then(var),
        };
        let is_changed = |name: &String| {
            let of = |did: &Did| matches!(did, Did::Set(known, _) if known == name);
            self.compiled.did.iter().any(of)
        };
        if let Some(name) = known.filter(|name| !is_changed(name)) {
            return Some(name);
        }
        let name = self.variables.fresh(wanted);
        let mut extract = Map::from_iter([("var".to_owned(), json!(name))]);
        extract.extend(source.clone());
        extract.insert("default".to_owned(), json!(""));
        self.derived.push(name.clone());
        match &self.sent {
            Some(task) => task.borrow_mut().extract.push(Json::Object(extract)),
            None => self.compiled.extract.push(Json::Object(extract)),
        }
        Some(name)
    }

    /// Whether a value counts as true, as an expression of the plan language.
    pub(super) fn condition(&mut self, value: &Val) -> Option<String> {
        match value {
            Val::Condition(expression) | Val::Expression(expression) => Some(expression.clone()),
            Val::Holds(assertions) => {
                let each: Option<Vec<String>> =
                    assertions.iter().map(|assertion| self.holds(assertion)).collect();
                each.filter(|each| !each.is_empty()).map(|each| each.join(" and "))
            }
            Val::Reply(_) | Val::Text(_) => self.operand(value),
            value => Some(value.truth()?.to_string()),
        }
    }

    /// A value as an operand of an expression.
    pub(super) fn operand(&mut self, value: &Val) -> Option<String> {
        match value {
            Val::Undefined | Val::Const(Json::Null) => Some("null".to_owned()),
            Val::Const(Json::String(_)) => quoted(&self.text(value)?),
            Val::Const(known @ (Json::Number(_) | Json::Bool(_))) => Some(known.to_string()),
            Val::Expression(expression) if expression.contains(' ') => {
                Some(format!("({expression})"))
            }
            Val::Expression(expression) => Some(expression.clone()),
            Val::Condition(condition) => Some(format!("({condition})")),
            Val::Text(text) => self.operand_of_text(text),
            Val::Reply(part) => {
                let text = self.taken(part)?;
                self.operand_of_text(&text)
            }
            _ => None,
        }
    }

    fn operand_of_text(&mut self, text: &str) -> Option<String> {
        let inside = text.strip_prefix("${")?.strip_suffix('}')?;
        if is_variable(inside) {
            return Some(inside.to_owned());
        }
        if let Some(list) = inside.strip_prefix("len(${").and_then(|rest| rest.strip_suffix("})")) {
            return is_variable(list).then(|| format!("len({list})"));
        }
        let is_call = inside.ends_with("()") && is_variable(inside.trim_end_matches("()"));
        if is_call {
            return Some(text.to_owned());
        }
        // A value that is used when the variable has none: it is given that first.
        let name = inside.strip_prefix("default(${")?.split('}').next()?.to_owned();
        is_variable(&name).then(|| {
            self.compiled.did.push(Did::Set(name.clone(), json!(text)));
            name
        })
    }

    /// Whether an assertion holds, as an expression of what is taken out of the reply.
    fn holds(&mut self, assertion: &Json) -> Option<String> {
        let text = |key: &str| assertion.get(key).and_then(Json::as_str);
        let part = match text("type")? {
            "status_code" => Part::Status,
            "header" => Part::Header(text("name")?.to_owned()),
            "contains" | "not_contains" => Part::Body,
            "json_path" => {
                let path = text("path")?;
                let last = path.rsplit(['.', '[', ']', '\'', '?', '@']);
                let wanted = last.into_iter().find(|part| is_variable(part)).unwrap_or("reply");
                let source = Map::from_iter([("path".to_owned(), json!(path))]);
                let name = self.take(&source, wanted)?;
                return compared(&name, assertion);
            }
            _ => return None,
        };
        let name = self.take(&extraction(&part)?, &name_of(&part))?;
        compared(&name, assertion)
    }
}

/// How a variable compares as an assertion says.
fn compared(name: &str, assertion: &Json) -> Option<String> {
    let text = |key: &str| assertion.get(key).and_then(Json::as_str);
    match (assertion.get("exists"), assertion.get("count")) {
        (Some(Json::Bool(true)), _) => return Some(format!("{name} != ''")),
        (Some(_), _) => return Some(format!("{name} == ''")),
        (_, Some(count)) => return Some(format!("len({name}) {} {count}", operator(text("op"))?)),
        _ => {}
    }
    let value = assertion.get("value")?;
    let value = match value {
        Json::String(text) => match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
        {
            Some(variable) if is_variable(variable) => variable.to_owned(),
            _ => quoted(text)?,
        },
        Json::Array(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| Some(item.to_string()), quoted))
                .collect();
            format!("[{}]", items?.join(", "))
        }
        value => value.to_string(),
    };
    let operator = match text("type")? {
        "contains" => "contains",
        "not_contains" => return Some(format!("{value} not in {name}")),
        _ => operator(text("op"))?,
    };
    Some(format!("{name} {operator} {value}"))
}

fn operator(op: Option<&str>) -> Option<&'static str> {
    Some(match op {
        None | Some("eq") => "==",
        Some("ne") => "!=",
        Some("lt") => "<",
        Some("le") => "<=",
        Some("gt") => ">",
        Some("ge") => ">=",
        Some("matches") => "matches",
        Some("in") => "in",
        Some(_) => return None,
    })
}

/// What takes a part out of the reply: an entry of `extract` without its variable.
pub(super) fn extraction(part: &Part) -> Option<Map<String, Json>> {
    let of = match part {
        Part::Json(segments) => {
            let all = segments.contains(&Segment::Each);
            let mut of = json!({"path": path(segments)});
            if let (true, Some(of)) = (all, of.as_object_mut()) {
                of.insert("match".to_owned(), json!(-1));
            }
            of
        }
        Part::Header(header) => json!({"from": "header", "name": header}),
        Part::Cookie(cookie) => json!({"from": "cookie", "name": cookie}),
        Part::Body => json!({"from": "body"}),
        Part::Status => json!({"from": "status_code"}),
        _ => return None,
    };
    of.as_object().cloned()
}

/// The name that a variable for a part has, when it is free.
fn name_of(part: &Part) -> String {
    match part {
        Part::Status => "status".to_owned(),
        Part::Body => "body".to_owned(),
        Part::Header(name) | Part::Cookie(name) => name.to_ascii_lowercase(),
        Part::Json(segments) => {
            let last = segments.iter().rev().find_map(|segment| match segment {
                Segment::Name(name) => Some(name.clone()),
                _ => None,
            });
            last.unwrap_or_else(|| "reply".to_owned())
        }
        _ => "reply".to_owned(),
    }
}

/// A text as expressions and functions take it, unless it has a quote itself.
pub(super) fn quoted(text: &str) -> Option<String> {
    (!text.contains(['\'', '\\'])).then(|| format!("'{text}'"))
}

pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}
