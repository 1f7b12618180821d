//! Variables that scripts set, and what is known of them from there on.

use oxc_span::Span;
use serde_json::{Map, Value as Json, json};

use super::value::{Part, Segment, Val};
use super::walk::Walk;
use super::{Did, Listen, derive, mentions};

impl Walk<'_> {
    /// Sets a variable: by an extract, or in a block of its own.
    pub(super) fn set(&mut self, name: &str, value: Val, span: Span) {
        let known = value.as_text().filter(|_| self.path.is_empty());
        self.variables.is_set_to(name, known);
        let var = self.variables.plan_name(name);
        self.forget(&var, &value);
        // What the script reads back is what it has set.
        let read = match &value {
            Val::Const(_) | Val::Reply(_) => value.clone(),
            _ => Val::Text(format!("${{{var}}}")),
        };
        let extract = match &value {
            Val::Reply(_) if self.listen == Listen::Before && self.sent.is_none() => None,
            Val::Reply(Part::Json(segments)) if segments.contains(&Segment::Each) => {
                // A loop ends with the last one.
                let last = segments.iter().map(|segment| match segment {
                    Segment::Each => Segment::Position(-1),
                    other => other.clone(),
                });
                derive::extraction(&Part::Json(last.collect()))
            }
            Val::Reply(part) => derive::extraction(part),
            _ => None,
        };
        let is_set_before =
            self.compiled.did.iter().any(|did| matches!(did, Did::Set(known, _) if *known == var));
        if let Some(source) = extract.filter(|_| !is_set_before) {
            self.notes.keep();
            self.variables.sets(name);
            self.names.insert(format!("variable {name}"), read);
            let mut extract = Map::from_iter([("var".to_owned(), json!(var))]);
            extract.extend(source);
            let extract = Json::Object(extract);
            match &self.sent {
                Some(task) => task.borrow_mut().extract.push(extract),
                None => self.compiled.extract.push(extract),
            }
            return;
        }
        let value = match value {
            Val::Expression(expression) | Val::Condition(expression) => {
                Some(json!({"expr": expression}))
            }
            value => self.text(&value).map(Json::String),
        };
        self.names.insert(format!("variable {name}"), read);
        let Some(value) = value else {
            self.variables.is_not_set(name);
            let why = "the value is known only to the script; set the variable by hand";
            return self.drop(span, why);
        };
        self.notes.keep();
        self.variables.sets(name);
        match &value {
            Json::String(text) if !text.starts_with("${default(") => {
                self.variables.declare_mentioned(&value);
            }
            _ => self.variables.declare_known(&value),
        }
        self.compiled.did.push(Did::Set(var, value));
    }

    /// Takes a variable's value away.
    pub(super) fn unset(&mut self, name: &str) {
        self.notes.keep();
        self.variables.is_set_to(name, None);
        self.variables.sets(name);
        let var = self.variables.plan_name(name);
        self.forget(&var, &Val::Undefined);
        self.names.insert(format!("variable {name}"), Val::Undefined);
        self.compiled.did.push(Did::Set(var, Json::Null));
    }

    /// What was said in terms of a variable that changes is not known any more, but for the value
    /// that it changes to.
    fn forget(&mut self, var: &str, to: &Val) {
        for (name, value) in &mut self.names {
            let of = match &*value {
                Val::Text(text) | Val::Expression(text) | Val::Condition(text) => text,
                _ => continue,
            };
            if mentions(of, var) && !name.starts_with("variable ") {
                *value = match &*value {
                    same @ Val::Expression(_) if same == to => Val::Expression(var.to_owned()),
                    _ => Val::Unknown,
                };
            }
        }
        let jumps = self.compiled.jumps.len();
        self.compiled.jumps.retain(|jump| !mentions(&jump.when, var));
        if self.compiled.jumps.len() != jumps {
            let why = "what it depends on is changed after it";
            self.notes.drop(self.place, "setNextRequest", why);
        }
    }

    /// Takes back what was taken out of the reply for something that came to nothing.
    pub(super) fn leave_out_unused(&mut self) {
        let (did, jumps) =
            (format!("{:?}", self.compiled.did), format!("{:?}", self.compiled.jumps));
        let other = format!("{:?} {:?}", self.compiled.changes, self.compiled.skip_if);
        let unused: Vec<String> = self
            .derived
            .iter()
            .filter(|name| {
                let others = [did.as_str(), &jumps, &other];
                // One mention is the extract of a request of the script's own.
                let count = |text: &&str| {
                    let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
                    text.split(|char| !is_letter(char)).filter(|word| word == name).count()
                };
                let own = self
                    .compiled
                    .extract
                    .iter()
                    .any(|known| known.get("var") == Some(&json!(name)));
                others.iter().map(count).sum::<usize>() <= usize::from(!own)
            })
            .cloned()
            .collect();
        let is_used = |extract: &Json| {
            let var = extract.get("var").and_then(Json::as_str);
            !var.is_some_and(|var| unused.iter().any(|name| name == var))
        };
        self.compiled.extract.retain(is_used);
        retain_extracts(&mut self.compiled.did, &is_used);
    }
}

/// Keeps some of what the requests of a script's own give.
fn retain_extracts(dids: &mut [Did], keep: &impl Fn(&Json) -> bool) {
    for did in dids {
        match did {
            Did::Sent(task) => task.borrow_mut().extract.retain(keep),
            Did::If(_, then, otherwise) => {
                retain_extracts(then, keep);
                retain_extracts(otherwise, keep);
            }
            _ => {}
        }
    }
}
