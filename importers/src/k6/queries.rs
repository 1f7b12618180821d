//! Lists in replies: `filter`, `find`, `map` and their like are JSONPath (RFC 9535).

use std::cell::Cell;
use std::rc::Rc;

use oxc_span::Span;
use serde_json::Value as Json;

use super::code::Code;
use super::machine::Machine;
use super::operators::turned;
use super::value::{Object, Part, Test, Value, What, is_plain};

impl<'a> Machine<'a, '_> {
    /// A method of a list in a reply; nothing when it is none that a query can say.
    pub(super) fn list_method(
        &mut self,
        part: &Part,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Option<Value<'a>> {
        let query = match &part.what {
            What::Json(path) => query_of(path),
            What::Found(query) => query.clone(),
            _ => return None,
        };
        let made = |what| Some(Value::Reply(Rc::new(Part { what, hint: None, ..part.clone() })));
        let first = arguments.first();
        match name {
            "filter" | "find" | "some" | "every" => {
                let condition = self.condition_of_item(part, first?, name == "every", span)?;
                let found = matching(&query, &condition)?;
                match name {
                    "filter" => made(What::Found(found)),
                    "find" => made(What::One(found, 1)),
                    _ => {
                        let op = if name == "some" { ">" } else { "==" };
                        let count = made(What::FoundCount(found))?;
                        Some(Value::test(Test::Compare(op, count, Value::Number(0.0))))
                    }
                }
            }
            "map" | "flatMap" => {
                let function = first?;
                let (is_plain, value) = self.of_item(part, function, span);
                let inner = match &value {
                    Value::Reply(inner) => Some(&inner.what),
                    _ => None,
                };
                let list = Value::Reply(Rc::new(part.clone()));
                match (is_plain, inner) {
                    (true, Some(What::Item(path))) => {
                        let each = if name == "flatMap" { "[*]" } else { "" };
                        let path = path.strip_prefix('@')?;
                        made(What::Found(format!("{}{path}{each}", items(&query))))
                    }
                    (true, _) if shape(&part.what, &value).is_some() => {
                        made(What::Shaped(shape(&part.what, &value)?))
                    }
                    (true, _) => Some(mapped(list, function.clone())),
                    (false, _) => {
                        self.for_each(span, &list, function);
                        Some(Value::Unknown(Rc::from(self.words(span))))
                    }
                }
            }
            "slice" | "concat" if matches!(part.what, What::Found(_)) => {
                Some(Value::Unknown(Rc::from(self.words(span))))
            }
            "at" => match (first?.to_number()?, &part.what) {
                (at, What::Json(path)) => {
                    made(What::Json(super::reply::dotted(path, &at.to_string())))
                }
                (at, _) if at >= 0.0 => Some(self.part_member(part, &at.to_string())),
                (at, _) => {
                    let list = self.code(&Value::Reply(Rc::new(part.clone())), span)?;
                    let at = Code::Const(super::value::json_number(at));
                    Some(Value::live(Code::Call("item", vec![list, at])))
                }
            },
            "pop" | "shift" => {
                let at = Value::Number(if name == "pop" { -1.0 } else { 0.0 });
                self.approximate(span, "the list stays as it is");
                self.list_method(part, "at", &[at], span)
            }
            "slice" if matches!(part.what, What::Json(_)) => {
                let bound = |value: Option<&Value<'_>>| match value {
                    None => Some(String::new()),
                    Some(value) => value.to_text(),
                };
                let bounds = format!("{}:{}", bound(first)?, bound(arguments.get(1))?);
                made(What::Found(format!("{query}[{bounds}]")))
            }
            _ => None,
        }
    }

    /// A member of what a function makes of each item.
    pub(super) fn mapped_member(&mut self, of: &Value<'a>, name: &str, span: Span) -> Value<'a> {
        let Some((list, function)) = parts_of_mapped(of) else { return Value::Undefined };
        if name.parse::<usize>().is_err() {
            return self.get(&list, name, span);
        }
        let item = self.get(&list, name, span);
        self.call(&function, vec![item], span)
    }

    /// A method of the same.
    pub(super) fn mapped_method(
        &mut self,
        of: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        if let ("forEach", Some(function)) = (name, arguments.first()) {
            self.for_each(span, of, function);
            return Value::Undefined;
        }
        Value::Unknown(Rc::from(self.words(span)))
    }

    /// What a function gives for an item that is not known, and whether it does nothing else.
    fn of_item(&mut self, part: &Part, function: &Value<'a>, span: Span) -> (bool, Value<'a>) {
        let item = Part { what: What::Item("@".to_owned()), hint: None, ..part.clone() };
        let arguments = vec![Value::Reply(Rc::new(item)), Value::unknown("which item this is")];
        let (notes, requests) = (self.notes.clone(), self.requests.len());
        let taken = self.taken.clone();
        let (steps, value) = self.apart(|machine| machine.call(function, arguments, span));
        if !steps.is_empty() {
            // It is done for each item, or not at all.
            *self.notes = notes;
            self.requests.truncate(requests);
            self.retake(taken);
        }
        (steps.is_empty(), value)
    }

    /// The condition of a filter that a function is.
    fn condition_of_item(
        &mut self,
        part: &Part,
        function: &Value<'a>,
        is_negated: bool,
        span: Span,
    ) -> Option<String> {
        let (is_plain, value) = self.of_item(part, function, span);
        let value = if is_negated { self.not(value) } else { value };
        if is_plain { self.filter(&value, span) } else { None }
    }

    fn filter(&mut self, value: &Value<'a>, span: Span) -> Option<String> {
        if let Some(path) = item_path(value) {
            // What JavaScript takes for true.
            let falsy = ["null", "false", "0", "''"].map(|none| format!(" && {path} != {none}"));
            return Some(format!("({path}{})", falsy.concat()));
        }
        let Value::Test(test) = value else { return None };
        match &**test {
            Test::Compare(op, left, right) => {
                if let (Some(path), Value::Undefined | Value::Null) = (item_path(left), right) {
                    let there = format!("{path} && {path} != null");
                    return Some(match *op {
                        "==" => format!("!({there})"),
                        _ => format!("({there})"),
                    });
                }
                // `!!x === true`
                if let (Value::Test(_), Value::Bool(wanted)) = (left, right) {
                    let condition = self.filter(left, span)?;
                    let is_same = *wanted == (*op == "==");
                    return Some(if is_same { condition } else { format!("!({condition})") });
                }
                let (left, op, right) = match (operand_path(left), operand_path(right)) {
                    (Some(path), _) => (path, *op, right),
                    (None, Some(path)) => (path, turned(op), left),
                    _ => return None,
                };
                let right = match operand_path(right) {
                    Some(path) => path,
                    None => self.literal_of(right, span)?,
                };
                Some(format!("{left} {op} {right}"))
            }
            Test::All(parts) => {
                let parts: Option<Vec<_>> =
                    parts.iter().map(|part| self.filter(part, span)).collect();
                Some(parts?.join(" && "))
            }
            Test::Any(parts) => {
                let parts: Option<Vec<_>> =
                    parts.iter().map(|part| self.filter(part, span)).collect();
                Some(format!("({})", parts?.join(" || ")))
            }
            Test::Not(inner) => Some(format!("!({})", self.filter(inner, span)?)),
            Test::Contains(all, one) => match (item_path(all), item_path(one)) {
                (Some(path), None) => {
                    let text = one.to_text()?;
                    let (part, whole) = (quoted(&regex::escape(&text)), quoted(&text));
                    // Of a text or of a list.
                    Some(format!("(search({path}, {part}) || {path}[?@ == {whole}])"))
                }
                (None, Some(path)) => {
                    let items = all.items()?;
                    let all: Option<Vec<String>> = items
                        .iter()
                        .map(|item| Some(format!("{path} == {}", self.literal_of(item, span)?)))
                        .collect();
                    Some(format!("({})", all?.join(" || ")))
                }
                _ => None,
            },
            Test::Matches(text, pattern) if !pattern.starts_with("(?") => {
                Some(format!("search({}, {})", item_path(text)?, quoted(pattern)))
            }
            Test::Matches(..) | Test::Is(..) => None,
        }
    }

    /// A value to compare with; what the plan knows has to be known to be a text or a number.
    fn literal_of(&mut self, value: &Value<'a>, span: Span) -> Option<String> {
        match value {
            Value::Range(_, _, true) => Some(self.code(value, span)?.template()?),
            Value::Live(code) if code.is_text() => Some(format!("'{}'", self.template(code))),
            Value::Row(_) => {
                let code = self.code(value, span)?;
                Some(format!("'{}'", self.template(&code)))
            }
            other => match other.to_json()? {
                Json::String(text) => Some(quoted(&text)),
                Json::Array(_) | Json::Object(_) => None,
                plain => Some(plain.to_string()),
            },
        }
    }
}

/// What a function makes of each item of a list that is not known.
fn mapped<'a>(list: Value<'a>, function: Value<'a>) -> Value<'a> {
    let object = Object { kind: Cell::new("mapped"), ..Object::default() };
    object.set("list", list);
    object.set("function", function);
    Value::Object(Rc::new(object))
}

/// The list and the function that such a value was made of.
pub(super) fn parts_of_mapped<'a>(value: &Value<'a>) -> Option<(Value<'a>, Value<'a>)> {
    match value {
        Value::Object(object) if object.kind.get() == "mapped" => {
            Some((value.member("list")?, value.member("function")?))
        }
        _ => None,
    }
}

/// The JMESPath expression for a list of objects, each made of parts of an item and constants.
fn shape(list: &What, object: &Value<'_>) -> Option<String> {
    let What::Json(path) = list else { return None };
    let names = path.split('.').filter(|name| !name.is_empty());
    let path = names.fold(String::new(), |path, name| match name.parse::<i64>() {
        Ok(at) => format!("{path}[{at}]"),
        Err(_) if path.is_empty() => jmespath_name(name),
        Err(_) => format!("{path}.{}", jmespath_name(name)),
    });
    Some(format!("{path}[*].{}", shape_of(object)?))
}

fn shape_of(value: &Value<'_>) -> Option<String> {
    if let Some(path) = item_path(value) {
        let path = path.strip_prefix('@')?.trim_start_matches('.');
        let is_plain = !path.contains("['");
        return is_plain.then(|| if path.is_empty() { "@".to_owned() } else { path.to_owned() });
    }
    if let Some(json) = value.to_json() {
        return Some(format!(
            "`{}`",
            super::machine::escaped(&json).to_string().replace('`', "\\`")
        ));
    }
    if !is_plain(value) {
        return None;
    }
    let members = value.members().into_iter();
    let members: Option<Vec<String>> = members
        .map(|(name, value)| Some(format!("{}: {}", jmespath_name(&name), shape_of(&value)?)))
        .collect();
    Some(format!("{{{}}}", members?.join(", ")))
}

fn jmespath_name(name: &str) -> String {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let is_plain =
        name.chars().all(is_name) && !name.starts_with(|char: char| char.is_ascii_digit());
    if is_plain { name.to_owned() } else { serde_json::json!(name).to_string() }
}

/// Where a value is in the item that a filter is about.
fn item_path(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Reply(part) => match &part.what {
            What::Item(path) => Some(path.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A side of a comparison that the item has.
fn operand_path(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Reply(part) => match &part.what {
            What::Item(path) => Some(path.clone()),
            What::ItemLength(path) => Some(format!("length({path})")),
            _ => None,
        },
        _ => None,
    }
}

/// All items of what a query finds: of lists their items, of what was found already these.
fn items(query: &str) -> String {
    if is_list_of_found(query) { query.to_owned() } else { format!("{query}[*]") }
}

/// Whether a query finds the items rather than a list of them.
fn is_list_of_found(query: &str) -> bool {
    ["[?", "[*]", ":"].iter().any(|sign| query.contains(sign))
}

/// The items of a query that a condition holds for. What is found already is looked at again only
/// while it is still the items themselves.
fn matching(query: &str, condition: &str) -> Option<String> {
    let inner = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let condition = match inner {
        Some(inner) if !inner.contains(['(', ')']) => inner,
        _ => condition,
    };
    if !is_list_of_found(query) {
        return Some(format!("{query}[?{condition}]"));
    }
    let inner = query.strip_suffix(']')?;
    let start = inner.find("[?")?;
    let first = inner.get(start + 2..)?;
    let is_one = !first.contains("[?") || first.matches('[').count() == first.matches(']').count();
    let joined = |part: &str| {
        if part.contains("||") { format!("({part})") } else { part.to_owned() }
    };
    let (start, first) = (inner.get(..start)?, joined(first));
    is_one.then(|| format!("{start}[?{first} && {}]", joined(condition)))
}

/// The query for a dotted path.
fn query_of(path: &str) -> String {
    let parts = path.split('.').filter(|part| !part.is_empty());
    parts.fold("$".to_owned(), |query, part| within(&query, part))
}

/// A query, or a path in an item, one member further in.
pub(super) fn within(query: &str, name: &str) -> String {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if name.parse::<i64>().is_ok() {
        format!("{query}[{name}]")
    } else if name.chars().all(is_name) && !name.starts_with(|char: char| char.is_ascii_digit()) {
        format!("{query}.{name}")
    } else {
        format!("{query}[{}]", quoted(name))
    }
}

/// A text in a query.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{}'", super::code::literal(&text))
}

/// A word for what a query finds.
pub(super) fn word_of(query: &str) -> String {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let outside = match query.find("[?") {
        Some(start) if query.ends_with(']') => query.get(..start).unwrap_or(query),
        _ => query.rsplit(']').next().unwrap_or(query),
    };
    let mut words = outside.rsplit(|char| !is_name(char)).filter(|word| !word.is_empty());
    words.next().unwrap_or("found").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{matching, query_of, word_of};

    #[test]
    fn queries_are_made_of_paths_and_conditions() {
        assert_eq!(query_of("data.0.my-list"), "$.data[0]['my-list']");
        assert_eq!(query_of(""), "$");
        assert_eq!(matching("$.a", "@.b == 1").unwrap(), "$.a[?@.b == 1]");
        assert_eq!(matching("$.a[?@.b == 1]", "@.c").unwrap(), "$.a[?@.b == 1 && @.c]");
        assert_eq!(matching("$.a", "(@.b || @.c)").unwrap(), "$.a[?@.b || @.c]");
        assert_eq!(matching("$.a[?@.b || @.c]", "@.d").unwrap(), "$.a[?(@.b || @.c) && @.d]");
        assert_eq!(matching("$.a[?@.b == 1].c", "@.d"), None);
        assert_eq!(word_of("$.items[?@.active].id"), "id");
        assert_eq!(word_of("$.items[?@.a == 'b']"), "items");
    }
}
