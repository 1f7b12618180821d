//! Lists and texts that are known, lists in the reply, and what is done with each of their items.

use serde_json::{Value as Json, json};

use super::check;
use super::value::{Part, Segment, Val, number, path};
use super::walk::Walk;

/// Longer lists are not gone through item by item.
pub(super) const MOST_ITEMS: usize = 200;

/// The items of a known list.
pub(super) fn items(of: &Val) -> Option<Vec<Val>> {
    let items: Vec<Val> = match of {
        Val::Const(Json::Array(items)) => items.iter().cloned().map(Val::Const).collect(),
        Val::Tree(Json::Array(items)) => items.iter().map(of_tree).collect(),
        _ => return None,
    };
    Some(items).filter(|items| items.len() <= MOST_ITEMS)
}

/// A value within an object or list whose texts are those of the plan.
pub(super) fn of_tree(value: &Json) -> Val {
    match value {
        Json::String(text) => Val::Text(text.clone()),
        Json::Array(_) | Json::Object(_) => Val::Tree(value.clone()),
        scalar => Val::Const(scalar.clone()),
    }
}

impl Walk<'_> {
    /// A method of a list that is known.
    pub(super) fn of_list(&mut self, items: Vec<Val>, name: &str, arguments: &[Val]) -> Val {
        let first = arguments.first().cloned().unwrap_or(Val::Undefined);
        let position = |value: Option<&Val>| value.and_then(Val::as_number);
        match (name, &first) {
            ("map" | "forEach" | "filter" | "find" | "some" | "every", Val::Function(function)) => {
                let mut results = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    let arguments = [item.clone(), Val::Const(json!(at))];
                    results.push(self.call_function(function, &arguments));
                }
                if name == "forEach" {
                    return Val::Undefined;
                }
                if name == "map" {
                    return self.tree(results, Json::Array);
                }
                let truths: Option<Vec<bool>> = results.iter().map(Val::truth).collect();
                let Some(truths) = truths else { return Val::Unknown };
                let mut kept = items.into_iter().zip(&truths).filter(|(_, holds)| **holds);
                match name {
                    "some" => Val::Const(json!(truths.contains(&true))),
                    "every" => Val::Const(json!(!truths.contains(&false))),
                    "find" => kept.next().map_or(Val::Undefined, |(item, _)| item),
                    _ => {
                        let kept = kept.map(|(item, _)| item).collect();
                        self.tree(kept, Json::Array)
                    }
                }
            }
            ("join", between) => {
                let between = if *between == Val::Undefined { "," } else { "" };
                let between = first.as_text().unwrap_or(between).to_owned();
                let mut text = Val::text("");
                for (at, item) in items.into_iter().enumerate() {
                    if at > 0 {
                        text = self.add(text, Val::text(&between));
                    }
                    text = self.add(text, item);
                }
                text
            }
            ("includes", wanted) => match items.iter().all(|item| matches!(item, Val::Const(_))) {
                true => Val::Const(json!(items.contains(wanted))),
                false => Val::Unknown,
            },
            ("indexOf", wanted) => {
                let at = items.iter().position(|item| item == wanted);
                Val::Const(at.map_or(json!(-1), |at| json!(at)))
            }
            ("concat", more) => match self::items(more) {
                Some(more) => self.tree(items.into_iter().chain(more).collect(), Json::Array),
                None => Val::Unknown,
            },
            ("slice", _) => {
                match range(items.len(), position(Some(&first)), position(arguments.get(1))) {
                    Some((from, to)) => {
                        let part = items.into_iter().skip(from).take(to.saturating_sub(from));
                        self.tree(part.collect(), Json::Array)
                    }
                    None => Val::Unknown,
                }
            }
            ("reverse", _) => self.tree(items.into_iter().rev().collect(), Json::Array),
            ("pop" | "shift", _) => Val::Unknown,
            _ => Val::Unknown,
        }
    }

    /// A method of a known text, unless it is not one of those.
    pub(super) fn of_text(&mut self, text: &str, name: &str, arguments: &[Val]) -> Option<Val> {
        let word = |at: usize| arguments.get(at).and_then(Val::as_text);
        let count = |at: usize| arguments.get(at).and_then(Val::as_number);
        // Placeholders have other lengths and letters than their values.
        let is_plain = !text.contains("{{");
        Some(Val::text(&match (name, is_plain) {
            ("toString" | "valueOf" | "normalize", _) => text.to_owned(),
            ("trim", _) => text.trim().to_owned(),
            ("toUpperCase" | "toLocaleUpperCase", true) => text.to_uppercase(),
            ("toLowerCase" | "toLocaleLowerCase", true) => text.to_lowercase(),
            ("concat", _) => {
                let more: Option<Vec<&str>> = arguments.iter().map(Val::as_text).collect();
                format!("{text}{}", more?.concat())
            }
            ("replace" | "replaceAll", _) => match (arguments.first()?, word(1)) {
                (Val::Const(Json::String(old)), Some(new)) if name == "replace" => {
                    text.replacen(old.as_str(), new, 1)
                }
                (Val::Const(Json::String(old)), Some(new)) => text.replace(old.as_str(), new),
                (Val::Pattern(pattern), Some(new)) if !new.contains('$') => {
                    regex::Regex::new(pattern).ok()?.replace_all(text, new).into_owned()
                }
                _ => return None,
            },
            ("padStart" | "padEnd", true) => {
                let missing = (whole(count(0)?)?).saturating_sub(text.chars().count());
                let fill = if arguments.len() > 1 { word(1)? } else { " " };
                let fill: String = fill.chars().cycle().take(missing).collect();
                if name == "padStart" { fill + text } else { text.to_owned() + &fill }
            }
            ("repeat", _) => {
                let times = whole(count(0)?)?;
                text.repeat(times.min(MOST_ITEMS * 10))
            }
            ("substring" | "slice" | "substr", true) => {
                let chars: Vec<char> = text.chars().collect();
                let to = match (name, count(1)) {
                    ("substr", Some(length)) => Some(count(0)? + length),
                    (_, to) => to,
                };
                let (from, to) = range(chars.len(), count(0), to)?;
                chars.into_iter().skip(from).take(to.saturating_sub(from)).collect()
            }
            ("split", true) => {
                let between = word(0)?;
                let parts: Vec<&str> = text.split(between).collect();
                let parts = if between.is_empty() { Vec::new() } else { parts };
                return (!parts.is_empty()).then(|| Val::Const(json!(parts)));
            }
            ("includes" | "startsWith" | "endsWith", true) => {
                let part = word(0)?;
                return Some(Val::Const(json!(match name {
                    "includes" => text.contains(part),
                    "startsWith" => text.starts_with(part),
                    _ => text.ends_with(part),
                })));
            }
            _ => return None,
        }))
    }

    /// A method of a list in the reply that takes a function of its items.
    pub(super) fn of_reply_list(&mut self, list: &[Segment], name: &str, function: &Val) -> Val {
        let Val::Function(function) = function else { return Val::Unknown };
        let with = |segment: Segment| {
            let mut segments = list.to_vec();
            segments.push(segment);
            segments
        };
        if matches!(name, "map" | "forEach") {
            let each = Val::Reply(Part::Json(with(Segment::Each)));
            let result = self.call_function(function, &[each, Val::Unknown]);
            return if name == "map" { result } else { Val::Undefined };
        }
        let filter = match self.call_function(function, &[Val::Item("@".to_owned()), Val::Unknown])
        {
            Val::Filter(filter) | Val::Item(filter) => filter,
            _ => return Val::Unknown,
        };
        let found = with(Segment::Where(filter.clone()));
        let holds = |path: String, op: &str| {
            Val::Holds(vec![json!({"type": "json_path", "path": path, "op": op, "count": 0})])
        };
        match name {
            "find" | "filter" => Val::Reply(Part::Json(found)),
            "some" => holds(path(&found), "gt"),
            "every" => holds(path(&with(Segment::Where(check::not(&filter)))), "eq"),
            _ => Val::Unknown,
        }
    }
}

/// From and to, both within a length; negative positions count from its end.
#[expect(clippy::cast_precision_loss, reason = "lengths are small")]
fn range(length: usize, from: Option<f64>, to: Option<f64>) -> Option<(usize, usize)> {
    let place = |at: f64| {
        let at = if at < 0.0 { at + length as f64 } else { at };
        whole(at.clamp(0.0, length as f64))
    };
    Some((place(from.unwrap_or(0.0))?, place(to.unwrap_or(length as f64))?))
}

fn whole(value: f64) -> Option<usize> {
    number(value)
        .as_u64()
        .and_then(|value| usize::try_from(value).ok())
        .filter(|value| *value <= 4096)
}
