//! Variables of all levels, and texts that refer to them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use regex::Regex;
use serde_json::{Map, Value, json};

use super::{dynamic, is_disabled, text_of};
use crate::notes::Notes;
use crate::options::Options;
use crate::source::Source;
use crate::text;

/// Values refer to other variables; deeper than this they go in circles.
const MAX_DEPTH: usize = 19;

/// Begins the name by which a text of the plan is referred to.
const QUOTED: char = '\u{1}';

/// A text is longer than this only when values that refer to each other multiply.
const MAX_EXPANDED: usize = 1 << 20;

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    /// What stands between `${` and `}`, and whether its value may be something else than text.
    Code {
        code: String,
        is_typed: bool,
    },
    /// A text of the plan.
    Plan(String),
}

/// The variables of all levels.
#[derive(Debug, Default)]
pub(super) struct Variables {
    environment: Map<String, Value>,
    collection: Map<String, Value>,
    globals: Map<String, Value>,
    /// Of the folders that are open, the innermost last.
    folders: Vec<Map<String, Value>>,
    /// Those that scripts set.
    set: HashSet<String>,
    /// Those that a script before has set.
    set_before: HashSet<String>,
    /// Those in whose place their values stand.
    expanded: HashSet<String>,
    /// Texts that scripts set them to, where those are known.
    set_to: HashMap<String, String>,
    /// Those that are read before a script sets them.
    early: Vec<String>,
    /// Their names in the plan.
    names: HashMap<String, String>,
    /// What the plan declares, by their names there.
    declared: Map<String, Value>,
    unknown: Vec<String>,
    /// Texts of the plan that texts of the source have in them, see [`quote`](Self::quote).
    quoted: Vec<String>,
}

impl Variables {
    /// Takes those of an environment or of globals.
    pub(super) fn declare(
        &mut self,
        document: &Value,
        globals: bool,
        source: &Source,
        notes: &mut Notes,
    ) {
        let level = if globals { &mut self.globals } else { &mut self.environment };
        let values = document.get("values").and_then(Value::as_array);
        for entry in values.into_iter().flatten() {
            let name = text_of(entry.get("key")).unwrap_or_default();
            if is_disabled(entry) {
                notes.remark(&source.name, &name, "a variable that is switched off");
            } else {
                level.insert(name, entry.get("value").cloned().unwrap_or_default());
            }
        }
    }

    /// Takes those of a collection itself.
    pub(super) fn declare_collection(&mut self, document: &Value) {
        self.collection.extend(of_list(document.get("variable")));
    }

    /// Those of a folder count until [`leave`](Self::leave).
    pub(super) fn enter(&mut self, folder: &Value) {
        self.folders.push(of_list(folder.get("variable")));
    }

    pub(super) fn leave(&mut self) {
        self.folders.pop();
    }

    /// Finds the variables that scripts set, wherever they are in a collection: their values are
    /// not what the collection says.
    pub(super) fn find_set(&mut self, document: &Value) {
        let pattern =
            r#"(\w+\.set|setEnvironmentVariable|setGlobalVariable)\(\s*["'`]([^"'`]+)["'`]"#;
        let Ok(pattern) = Regex::new(pattern) else { return };
        let mut rest = vec![document];
        while let Some(value) = rest.pop() {
            match value {
                Value::String(text) => {
                    for found in pattern.captures_iter(text) {
                        let (Some(setter), Some(name)) = (found.get(1), found.get(2)) else {
                            continue;
                        };
                        if self.hidden(setter.as_str(), name.as_str()).is_none() {
                            self.set.insert(name.as_str().to_owned());
                        }
                    }
                }
                Value::Array(items) => rest.extend(items),
                Value::Object(members) => {
                    rest.extend(
                        members
                            .iter()
                            .filter(|(key, _)| *key != "response")
                            .map(|(_, value)| value),
                    );
                }
                _ => {}
            }
        }
    }

    /// The inner level that has a variable, too, which a call sets at an outer one: its value there
    /// is the one that counts.
    pub(super) fn hidden(&self, setter: &str, name: &str) -> Option<&'static str> {
        let of_collection = setter.ends_with("collectionVariables.set");
        let is_global = setter.ends_with("globals.set") || setter.ends_with("setGlobalVariable");
        if (of_collection || is_global) && self.environment.contains_key(name) {
            return Some("environment");
        }
        (is_global && self.collection.contains_key(name)).then_some("collection")
    }

    /// What a variable is before any script runs.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        let folders = self.folders.iter().rev().find_map(|level| level.get(name));
        let found = self.environment.get(name).or(folders);
        found.or_else(|| self.collection.get(name)).or_else(|| self.globals.get(name))
    }

    /// A variable that a script reads, as a placeholder; it is declared when that is used.
    pub(super) fn placeholder(&mut self, name: &str) -> String {
        format!("${{{}}}", self.plan_name(name))
    }

    /// A text of the plan as a text of the source: [`text`](Self::text) gives it back as it is.
    pub(super) fn quote(&mut self, text: &str) -> String {
        if let Some(plain) = text::plain(text).filter(|plain| !plain.contains("{{")) {
            return plain;
        }
        self.declare_mentioned(&json!(text));
        self.quoted.push(text.to_owned());
        format!("{{{{{QUOTED}{}}}}}", self.quoted.len() - 1)
    }

    /// Declares the variables that a value of the plan refers to.
    pub(super) fn declare_mentioned(&mut self, value: &Value) {
        self.mentioned(value).iter().for_each(|name| self.declare_used(name));
    }

    /// Declares those of them that have a value; the others are nothing until a script sets them.
    pub(super) fn declare_known(&mut self, value: &Value) {
        let names = self.mentioned(value).into_iter().filter(|name| self.value(name).is_some());
        let names: Vec<String> = names.collect();
        names.iter().for_each(|name| self.declare_used(name));
    }

    /// The names of the variables that a value of the plan refers to.
    fn mentioned(&self, value: &Value) -> Vec<String> {
        let text = value.to_string();
        let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let words: HashSet<&str> = text.split(|char| !is_letter(char)).collect();
        let names = self.names.iter().filter(|(_, plan_name)| words.contains(plan_name.as_str()));
        names.map(|(name, _)| name.clone()).collect()
    }

    /// Whether nothing gives a variable of the plan a value, neither a source nor a script.
    pub(super) fn is_unknown(&self, plan_name: &str) -> bool {
        let mut of = self.names.iter().filter(|(_, known)| *known == plan_name);
        of.any(|(name, _)| !self.is_set(name) && self.value(name).is_none())
    }

    /// Whether a variable of the plan may be nothing, or empty, when it is read.
    pub(super) fn may_be_nothing(&self, plan_name: &str) -> bool {
        let mut of = self.names.iter().filter(|(_, known)| *known == plan_name);
        of.any(|(name, _)| {
            self.is_set(name)
                || self
                    .value(name)
                    .and_then(|value| text_of(Some(value)))
                    .is_none_or(|text| text.is_empty())
        })
    }

    /// A name for a variable of the plan that no source has.
    pub(super) fn fresh(&mut self, wanted: &str) -> String {
        let mut number = 1_u32;
        loop {
            let name = if number == 1 { wanted.to_owned() } else { format!("{wanted}_{number}") };
            let is_taken =
                self.names.contains_key(&name) || self.is_set(&name) || self.value(&name).is_some();
            let plan_name = format!("{QUOTED}{name}");
            if !is_taken && !self.names.contains_key(&plan_name) {
                self.set.insert(plan_name.clone());
                self.set_before.insert(plan_name.clone());
                return self.plan_name_of(&plan_name, &name);
            }
            number += 1;
        }
    }

    /// A variable that begins a URL and has no value gets one that can be sent to.
    pub(super) fn is_origin(&mut self, plan_name: &str, with_scheme: bool) {
        if self.unknown.iter().any(|unknown| unknown == plan_name)
            && let Some(value) = self.declared.get_mut(plan_name)
        {
            *value = json!(if with_scheme { "http://127.0.0.1:8080" } else { "127.0.0.1" });
        }
    }

    /// The text that a variable of the plan is at the start.
    pub(super) fn declared_text(&self, plan_name: &str) -> Option<&str> {
        self.declared.get(plan_name)?.as_str()
    }

    /// Whether scripts set a variable.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.set.contains(name)
    }

    /// Remembers the text that a script sets a variable to, or that it is not known any more.
    pub(super) fn is_set_to(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.set_to.insert(name.to_owned(), text.to_owned()),
            None => self.set_to.remove(name),
        };
    }

    /// Whether a text is nothing but a variable that has an empty value.
    pub(super) fn is_empty(&self, raw: &str) -> bool {
        let name = raw.trim().strip_prefix("{{").and_then(|name| name.strip_suffix("}}"));
        name.is_some_and(|name| {
            !self.is_set(name) && self.value(name).and_then(Value::as_str) == Some("")
        })
    }

    /// Takes in that a script sets a variable.
    pub(super) fn sets(&mut self, name: &str) {
        self.set.insert(name.to_owned());
        self.set_before.insert(name.to_owned());
        self.declare_used(name);
    }

    /// Takes in that a script would set a variable, and the plan does not.
    pub(super) fn is_not_set(&mut self, name: &str) {
        if !self.set_before.contains(name) {
            self.set.remove(name);
        }
    }

    /// A text in the terms of the plan.
    pub(super) fn text(&mut self, raw: &str) -> String {
        let pieces = self.pieces(raw);
        self.render(&pieces, str::to_owned)
    }

    /// A text of pieces, what is known of it written by `encode`.
    pub(super) fn render(&self, pieces: &[Piece], encode: impl Fn(&str) -> String) -> String {
        let mut written = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(known) => text::append(&mut written, &text::literal(&encode(known))),
                Piece::Code { code, .. } => {
                    written.push_str(&format!("${{{code}}}"));
                }
                Piece::Plan(text) => text::append(&mut written, text),
            }
        }
        written
    }

    /// The parts of a text with `{{…}}` in it.
    pub(super) fn pieces(&mut self, raw: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut budget = MAX_EXPANDED;
        let raw = self.with_inner_names(raw);
        self.expand(&raw, 0, &mut budget, &mut pieces);
        pieces
    }

    /// A text with the values of variables in it that are part of the name of another, as in
    /// `{{key_{{stage}}}}`.
    fn with_inner_names<'t>(&self, raw: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(raw);
        for _ in 0..MAX_DEPTH {
            let mut written = String::new();
            let mut rest = &*text;
            let mut replaced = false;
            while let Some(end) = rest.find("}}") {
                let (before, after) = rest.split_at(end);
                let inner = before.rsplit_once("{{").filter(|(outer, _)| outer.contains("{{"));
                let value = inner.and_then(|(outer, name)| {
                    let value = match self.is_set(name) {
                        true => self.set_to.get(name).cloned(),
                        false => text_of(self.value(name)),
                    };
                    value.filter(|_| after.contains("}}")).map(|value| (outer, value))
                });
                match value {
                    Some((outer, value)) => {
                        written.push_str(outer);
                        written.push_str(&value);
                        replaced = true;
                    }
                    None => {
                        written.push_str(before);
                        written.push_str("}}");
                    }
                }
                rest = after.get(2..).unwrap_or_default();
            }
            if !replaced || written.len() > MAX_EXPANDED {
                break;
            }
            written.push_str(rest);
            text = Cow::Owned(written);
        }
        text
    }

    fn expand(&mut self, raw: &str, depth: usize, budget: &mut usize, pieces: &mut Vec<Piece>) {
        let mut rest = raw;
        while let Some(end) = rest.find("}}") {
            let before = rest.get(..end).unwrap_or_default();
            let after = rest.get(end + 2..).unwrap_or_default();
            let start = before.rfind("{{");
            let name = start.and_then(|at| before.get(at + 2..));
            match (start, name) {
                (Some(at), Some(name)) if !name.contains(['{', '}']) => {
                    push_text(pieces, before.get(..at).unwrap_or_default());
                    self.reference(name, depth, budget, pieces);
                }
                _ => push_text(pieces, rest.get(..end + 2).unwrap_or_default()),
            }
            rest = after;
        }
        push_text(pieces, rest);
    }

    fn reference(&mut self, name: &str, depth: usize, budget: &mut usize, pieces: &mut Vec<Piece>) {
        let quoted =
            name.strip_prefix(QUOTED).and_then(|at| self.quoted.get(at.parse::<usize>().ok()?));
        if let Some(text) = quoted {
            let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
            let name = name.filter(|name| self.names.values().any(|known| known == name));
            pieces.push(match name {
                Some(name) => Piece::Code { code: name.to_owned(), is_typed: true },
                None => Piece::Plan(text.clone()),
            });
            return;
        }
        if let Some(code) = name.strip_prefix('$').and_then(dynamic::placeholder) {
            let is_typed = dynamic::is_number(code);
            pieces.push(Piece::Code { code: code.to_owned(), is_typed });
            return;
        }
        let in_folder = !self.environment.contains_key(name)
            && self.folders.iter().any(|level| level.contains_key(name));
        let value = self.value(name).and_then(|value| text_of(Some(value)));
        if let Some(text) = value.filter(|text| {
            !self.is_set(name) && (in_folder || (text.contains("{{") && text.contains("}}")))
        }) && depth < MAX_DEPTH
            && let Some(left) = budget.checked_sub(text.len())
        {
            *budget = left;
            self.expanded.insert(name.to_owned());
            self.expand(&text, depth + 1, budget, pieces);
            return;
        }
        self.declare_used(name);
        pieces.push(Piece::Code { code: self.plan_name(name), is_typed: self.is_set(name) });
    }

    /// Declares a variable with the value it has at the start, if it has one.
    fn declare_used(&mut self, name: &str) {
        let plan_name = self.plan_name(name);
        if self.declared.contains_key(&plan_name) {
            return;
        }
        let value = match self.value(name).cloned() {
            None if self.set_before.contains(name) => return,
            None if self.is_set(name) => {
                self.early.push(plan_name.clone());
                json!(format!("{{{{{name}}}}}"))
            }
            None => {
                self.unknown.push(plan_name.clone());
                json!(format!("{{{{{name}}}}}"))
            }
            Some(Value::String(text)) => json!(text),
            Some(Value::Null) => json!(""),
            Some(scalar) => json!(scalar.to_string()),
        };
        self.declared.insert(plan_name, value);
    }

    /// The name as plans can have it.
    pub(super) fn plan_name(&mut self, name: &str) -> String {
        match self.names.get(name) {
            Some(known) => known.clone(),
            None => self.plan_name_of(name, name),
        }
    }

    /// A name as plans can have it, for one that has none yet.
    fn plan_name_of(&mut self, name: &str, wanted: &str) -> String {
        let mut wanted: String = wanted
            .trim()
            .chars()
            .map(|char| if char.is_ascii_alphanumeric() { char } else { '_' })
            .collect();
        if wanted.is_empty() || wanted.starts_with(|char: char| char.is_ascii_digit()) {
            wanted.insert(0, '_');
        }
        let mut free = wanted.clone();
        let mut number = 2_u32;
        while self.names.values().any(|taken| *taken == free) {
            free = format!("{wanted}_{number}");
            number += 1;
        }
        self.names.insert(name.to_owned(), free.clone());
        free
    }

    /// What the plan declares. A base URL that was asked for takes the place of a variable that is
    /// one.
    pub(super) fn finish(self, options: &Options, notes: &mut Notes) -> Map<String, Value> {
        let mut declared = self.declared;
        if !self.unknown.is_empty() {
            let why = "no source says what they are: give the environment too, or set them in \
                       `variables` of the plan";
            notes.approximate("variables", &self.unknown.join(", "), why);
        }
        if !self.early.is_empty() {
            let why = "they are read before a script sets them, and sent as they are written until \
                       then";
            notes.remark("variables", &self.early.join(", "), why);
        }
        let is_base = |name: &str| {
            let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            ["baseurl", "host", "url", "apiurl", "server"]
                .contains(&name.to_ascii_lowercase().as_str())
        };
        if let Some(url) = &options.base_url
            && let Some((_, value)) = declared.iter_mut().find(|(name, _)| is_base(name))
        {
            *value = json!(url.trim_end_matches('/'));
        }
        let levels = [&self.environment, &self.collection, &self.globals];
        let unused: Vec<&str> = levels
            .iter()
            .flat_map(|level| level.keys())
            .filter(|name| !self.names.contains_key(*name) && !self.expanded.contains(*name))
            .map(String::as_str)
            .collect();
        if !unused.is_empty() {
            notes.remark("variables", &unused.join(", "), "no request refers to them; left out");
        }
        declared
    }
}

/// A list of variables, or an object of names and values.
fn of_list(list: Option<&Value>) -> Map<String, Value> {
    match list {
        Some(Value::Array(entries)) => entries
            .iter()
            .filter(|entry| !is_disabled(entry))
            .filter_map(|entry| {
                let name = text_of(entry.get("key").or_else(|| entry.get("id")))?;
                Some((name, entry.get("value").cloned().unwrap_or_default()))
            })
            .collect(),
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        let source = Source::new("x", b"", Path::new("")).unwrap();
        let notes = &mut Notes::default();
        let values = json!({"values": [
            {"key": "host", "value": "a.example"}, {"key": "url", "value": "https://{{host}}/{{v}}"},
            {"key": "v", "value": "9", "enabled": false}, {"key": "loop", "value": "{{loop}}"},
        ]});
        variables.declare(&values, false, &source, notes);
        variables.declare_collection(&json!({"variable": [
            {"key": "host", "value": "other"}, {"key": "v", "value": 1}, {"key": "x-y", "value": "z"},
        ]}));
        variables
    }

    #[test]
    fn inner_levels_hide_outer_ones_and_values_refer_to_others() {
        let mut variables = variables();
        assert_eq!(variables.text("{{url}}/{{x-y}}"), "https://${host}/${v}/${x_y}");
        assert_eq!(variables.declared.get("host"), Some(&json!("a.example")));
        assert_eq!(variables.declared.get("v"), Some(&json!("1")));
        variables.enter(&json!({"variable": [{"key": "v", "value": "2"}]}));
        assert_eq!(variables.text("{{v}}"), "2");
    }

    #[test]
    fn what_has_no_value_is_sent_as_it_is_written() {
        let mut variables = variables();
        assert_eq!(
            variables.text("{{nobody}} {{a} }} {{$nothing}}"),
            "${nobody} {{a} }} ${_nothing}"
        );
        assert_eq!(variables.declared.get("nobody"), Some(&json!("{{nobody}}")));
        assert_eq!(variables.text("${x} {{$guid}}"), "${concat($)}{x} ${uuid()}");
    }

    #[test]
    fn circles_end() {
        let mut variables = variables();
        assert_eq!(variables.text("{{loop}}"), "${loop}");
    }
}
