//! Scripts of the kind that most test plans have: variables that are put, and parts of replies.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::condition;
use super::reader::Reader;
use super::tree::Element;
use crate::draft::Step;

/// What a script does.
#[derive(Default)]
pub(super) struct Done {
    /// What is set, in order.
    pub(super) steps: Vec<Step>,
    /// What is taken out of the reply that the script is run after.
    pub(super) extracts: Vec<Value>,
}

/// What a statement is that changes nothing here.
static IDLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(import\s|package\s|//|(log|OUT|System\.out)\.|println\b|return\b[^(]*$|SampleResult\.set|prev\.set(Ignore|SampleLabel)|SampleResult\.setIgnore)").ok()
});
static PUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?:vars|props)\.put\(\s*["']([^"'$]+)["']\s*,\s*(.+)\)$"#).ok()
});
static LOCAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:def|var|let|const|final|String|int|long|Integer|Long|Object)\s+)+(\w+)\s*=\s*(.+)$").ok()
});
/// The JSON of the reply.
static JSON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:new\s+(?:groovy\.json\.)?JsonSlurper\(\)\.parseText|JSON\.parse)\(\s*(\S+)\s*\)$",
    )
    .ok()
});
/// A part of it, as text.
static PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:String\.valueOf\()?(\w+)((?:\??\.[A-Za-z_]\w*|\[\d+\])+?)(?:\.toString\(\)|\s+as\s+String)?\)?$").ok()
});

/// What a script does; nothing when it is more than is understood.
pub(super) fn read(reader: &mut Reader<'_>, element: &Element, script: &str) -> Option<Done> {
    let language = element.text("scriptLanguage").to_ascii_lowercase();
    let is_known = ["", "groovy", "beanshell", "javascript", "java"].contains(&language.as_str());
    if !is_known || script.trim().is_empty() || !element.text("parameters").trim().is_empty() {
        return None;
    }
    let mut done = Done::default();
    let mut jsons: Vec<String> = Vec::new();
    let mut replies: Vec<String> = Vec::new();
    let locals = std::mem::take(&mut reader.locals);
    let pending = reader.take_before();
    let read = statements(script)?
        .into_iter()
        .all(|statement| one(reader, &statement, &mut done, &mut jsons, &mut replies).is_some());
    reader.locals = locals;
    let is_alone = reader.take_before().is_empty();
    pending.into_iter().for_each(|step| reader.do_before(step));
    (read && is_alone).then_some(done)
}

fn one(
    reader: &mut Reader<'_>,
    statement: &str,
    done: &mut Done,
    jsons: &mut Vec<String>,
    replies: &mut Vec<String>,
) -> Option<()> {
    if IDLE.as_ref()?.is_match(statement) {
        return Some(());
    }
    if let Some(found) = LOCAL.as_ref()?.captures(statement) {
        let (name, value) = (found.get(1)?.as_str().to_owned(), found.get(2)?.as_str().trim());
        if is_reply(value, replies) {
            replies.push(name);
            return Some(());
        }
        if let Some(json) = JSON.as_ref()?.captures(value) {
            is_reply(json.get(1)?.as_str(), replies).then_some(())?;
            jsons.push(name);
            return Some(());
        }
        if part(value, jsons).is_some() {
            return None;
        }
        let value = condition::value(reader, value)?;
        reader.locals.insert(name, format!("({value})"));
        return Some(());
    }
    let found = PUT.as_ref()?.captures(statement)?;
    let (name, value) = (found.get(1)?.as_str(), found.get(2)?.as_str().trim());
    let is_property = statement.starts_with("props");
    let our = if is_property { reader.property_name(name) } else { reader.name(name) };
    reader.put.insert(our.clone());
    if let Some(path) = part(value, jsons) {
        done.extracts.push(json!({"var": our, "path": path}));
        return Some(());
    }
    if is_reply(value, replies) {
        done.extracts.push(json!({"var": our, "from": "body"}));
        return Some(());
    }
    let value = condition::value(reader, value)?;
    done.steps.push(Step::simple("set", json!({our: written(&value)})));
    Some(())
}

fn is_reply(value: &str, replies: &[String]) -> bool {
    let said = [
        "prev.getResponseDataAsString()",
        "prev.responseDataAsString",
        "SampleResult.getResponseDataAsString()",
    ];
    said.contains(&value) || replies.iter().any(|known| known == value)
}

/// The path of a part of the reply's JSON.
fn part(value: &str, jsons: &[String]) -> Option<String> {
    let found = PART.as_ref()?.captures(value)?;
    jsons.iter().any(|known| known == &found[1]).then_some(())?;
    let path = found.get(2)?.as_str().replace("?.", ".").replace('[', ".").replace(']', "");
    Some(path.trim_start_matches('.').to_owned())
}

/// An expression as the value of a variable: a text or a placeholder where it is no more than that.
fn written(expression: &str) -> Value {
    let inside = |quote: char| expression.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(text) = inside('\'').or_else(|| inside('"'))
        && !text.contains(['\'', '"'])
    {
        return json!(text);
    }
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let is_call = expression.strip_suffix("()").is_some_and(|name| name.chars().all(is_name));
    if is_call
        || expression.chars().all(is_name)
            && expression.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        return json!(format!("${{{expression}}}"));
    }
    match expression.parse::<i64>() {
        Ok(number) => json!(number.to_string()),
        Err(_) => json!({"expr": expression}),
    }
}

/// The statements of a script: lines and what stands between semicolons; nothing when blocks stand in it.
fn statements(script: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut current = String::new();
    let (mut quote, mut open) = (None, 0_usize);
    let mut chars = script.chars().peekable();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => {
                current.push(char);
                current.extend(chars.next());
                continue;
            }
            (Some(known), char) if known == char => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '/') if chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|next| *next != '\n') {
                    chars.next();
                }
                continue;
            }
            (None, '/') if chars.peek() == Some(&'*') => {
                let mut before = ' ';
                for next in chars.by_ref() {
                    if before == '*' && next == '/' {
                        break;
                    }
                    before = next;
                }
                continue;
            }
            (None, '{') if !current.ends_with('$') => return None,
            (None, '(' | '[') => open += 1,
            (None, ')' | ']') => open = open.checked_sub(1)?,
            (None, ';' | '\n') if open == 0 => {
                found.push(std::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(char);
    }
    found.push(current);
    let trimmed = found.iter().map(|statement| statement.trim().to_owned());
    Some(trimmed.filter(|statement| !statement.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::{part, statements, written};
    use serde_json::json;

    #[test]
    fn scripts_fall_into_statements() {
        let script = "a(1); b(\"x;y\") // why\n/* no; */ c(2,\n 3)";
        assert_eq!(statements(script).unwrap(), ["a(1)", "b(\"x;y\")", "c(2,\n 3)"]);
        assert_eq!(statements("if (a) { b() }"), None);
    }

    #[test]
    fn parts_of_replies_are_paths() {
        let jsons = ["json".to_owned()];
        assert_eq!(part("json.items[0].id.toString()", &jsons).unwrap(), "items.0.id");
        assert_eq!(part("String.valueOf(json.id)", &jsons).unwrap(), "id");
        assert_eq!(part("other.id", &jsons), None);
    }

    #[test]
    fn values_are_written_as_plainly_as_can_be() {
        assert_eq!(written("'a b'"), json!("a b"));
        assert_eq!(written("uuid()"), json!("${uuid()}"));
        assert_eq!(written("user"), json!("${user}"));
        assert_eq!(written("n + 1"), json!({"expr": "n + 1"}));
    }
}
