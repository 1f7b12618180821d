//! Folders and requests, in the order in which a run goes through them.

use serde_json::{Map, Value};

use super::detours::{Detour, Row, is_request};
use super::jumps::Jumps;
use super::request;
use super::script::{self, Compiled, Jump, Listen, Script, negated};
use super::variables::Variables;
use super::{is_disabled, text_of};
use crate::draft::Step;
use crate::notes::Notes;
use crate::source::Source;

/// Reads a collection.
pub(super) struct Reader<'r> {
    pub(super) source: &'r Source,
    pub(super) variables: &'r mut Variables,
    pub(super) notes: &'r mut Notes,
    examples: usize,
    descriptions: usize,
    jumps: Jumps,
    /// Jumps under conditions that are still to be put into blocks.
    detours: Vec<Detour>,
}

/// What requests have from the folders they are in.
#[derive(Clone, Default)]
pub(super) struct Inherited<'v> {
    pub(super) auth: Option<&'v Value>,
    /// `protocolProfileBehavior`, the inner ones over the outer ones.
    pub(super) behavior: Map<String, Value>,
    pub(super) scripts: Vec<Script>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(
        source: &'r Source,
        variables: &'r mut Variables,
        notes: &'r mut Notes,
    ) -> Self {
        let (jumps, detours) = (Jumps::default(), Vec::new());
        Self { source, variables, notes, examples: 0, descriptions: 0, jumps, detours }
    }

    /// The steps of a whole collection.
    pub(super) fn collection(&mut self, document: &Value) -> Vec<Step> {
        let place = self.source.name.clone();
        self.jumps = Jumps::of(document);
        let inherited = self.inherited(document, &Inherited::default(), &place);
        let steps = self.items(document, &inherited, &place);
        for detour in std::mem::take(&mut self.detours) {
            let why = "what is between the two is no whole; put it into a `while` block";
            self.notes.drop(&detour.place, "setNextRequest", why);
        }
        for (count, what) in
            [(self.examples, "saved examples"), (self.descriptions, "descriptions")]
        {
            if count > 0 {
                let why = "they say how replies look and what requests are for; no run needs them";
                self.notes.remark(&place, &format!("{count} {what}"), why);
            }
        }
        steps
    }

    fn items(&mut self, parent: &Value, inherited: &Inherited<'_>, place: &str) -> Vec<Step> {
        let items = parent.get("item").and_then(Value::as_array);
        let mut steps = Vec::new();
        let mut row = Row::of(parent, self.jumps.read());
        for item in items.into_iter().flatten() {
            row.begin(&mut steps);
            let name = text_of(item.get("name"));
            let place = format!("{place} › {}", name.as_deref().unwrap_or("(without a name)"));
            let mut new = if item.get("item").is_some_and(Value::is_array) {
                self.folder(item, name.as_deref(), inherited, &place)
            } else if is_request(item) {
                self.request(item, name, inherited, &place)
            } else {
                self.notes.drop_request(&place, "an item", "it has neither a request nor items");
                Vec::new()
            };
            if is_disabled(item) {
                self.notes.remark(&place, "switched off", "it is in the plan with `run_if: false`");
                new.iter_mut().for_each(switch_off);
            }
            steps.append(&mut new);
            row.take(&mut self.detours, &mut steps, self.variables, self.notes);
        }
        row.end(&mut steps);
        steps
    }

    fn folder(
        &mut self,
        folder: &Value,
        name: Option<&str>,
        inherited: &Inherited<'_>,
        place: &str,
    ) -> Vec<Step> {
        self.variables.enter(folder);
        self.count_description(folder);
        let inherited = self.inherited(folder, inherited, place);
        let steps = self.items(folder, &inherited, place);
        self.variables.leave();
        if steps.is_empty() {
            self.notes.remark(place, "a folder", "it is empty");
            return Vec::new();
        }
        vec![Step::group(name.filter(|name| !name.is_empty()).unwrap_or("folder"), steps)]
    }

    fn request(
        &mut self,
        item: &Value,
        name: Option<String>,
        inherited: &Inherited<'_>,
        place: &str,
    ) -> Vec<Step> {
        self.examples += item.get("response").and_then(Value::as_array).map_or(0, Vec::len);
        self.count_description(item);
        let inherited = self.inherited(item, inherited, place);
        let request = item.get("request").unwrap_or(&Value::Null);
        self.count_description(request);
        self.notes.keep_request();
        let mut steps = Vec::new();
        let scripts = &inherited.scripts;
        let before =
            script::run(scripts, Listen::Before, item, self.source, self.variables, self.notes);
        steps.extend(before.steps());
        let mut task = request::task(self, request, &inherited, place);
        task.name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        script::apply(&before.changes, &mut task);
        let after =
            script::run(scripts, Listen::After, item, self.source, self.variables, self.notes);
        task.assertions.extend(before.assertions.iter().chain(&after.assertions).cloned());
        task.extract.extend(after.extract.iter().cloned());
        let mut made = vec![task.into()];
        made.extend(after.steps());
        match &before.skip_if {
            Some(when) => steps.push(Step::block("if", negated(when), made)),
            None => steps.append(&mut made),
        }
        if self.jumps.enter() {
            let why = "a script goes from a request before to one behind; it is in the plan with \
                       `run_if: false`";
            self.notes.remark(place, "jumped over", why);
            steps.iter_mut().for_each(switch_off);
        } else if before.skips {
            let why = "its script never has it made; it is in the plan with `run_if: false`";
            self.notes.remark(place, "skipped", why);
            steps.iter_mut().for_each(switch_off);
        } else {
            self.goes_on(&before, &after, place);
        }
        steps
    }

    /// Takes in where scripts go on after a request.
    fn goes_on(&mut self, before: &Compiled, after: &Compiled, place: &str) {
        let mut next = after.next.as_ref().or(before.next.as_ref());
        let jumps: Vec<&Jump> = before.jumps.iter().chain(&after.jumps).collect();
        let from = self.jumps.read();
        let is_back = |jump: &Jump| self.jumps.position(&jump.next) < from;
        let back = jumps.iter().copied().find(|jump| is_back(jump));
        for jump in &jumps {
            // When it is not gone back, the opposite holds.
            let is_else = back.is_some_and(|back| {
                jump.when == negated(&back.when) || back.when == negated(&jump.when)
            });
            if is_else {
                next = Some(&jump.next);
                continue;
            }
            let to = self.jumps.position(&jump.next);
            let (when, place) = (jump.when.clone(), place.to_owned());
            self.detours.push(Detour { from, to, when, place });
        }
        if let Some(next) = next {
            match self.jumps.take(next) {
                Ok(()) => self.notes.keep(),
                Err(why) => self.notes.drop(place, "setNextRequest", why),
            }
        }
    }

    /// What is inherited from a collection, folder or request.
    fn inherited<'v>(
        &mut self,
        of: &'v Value,
        outer: &Inherited<'v>,
        place: &str,
    ) -> Inherited<'v> {
        let mut inner = outer.clone();
        if let Some(auth) = of.get("auth").filter(|auth| auth.is_object()) {
            inner.auth = Some(auth);
        }
        if let Some(behavior) = of.get("protocolProfileBehavior").and_then(Value::as_object) {
            inner.behavior.extend(behavior.clone());
        }
        inner.scripts.extend(script::of_events(of.get("event"), place, self.notes));
        inner
    }

    fn count_description(&mut self, of: &Value) {
        let described = of.get("description").and_then(super::description);
        self.descriptions += usize::from(described.is_some());
    }
}

/// Makes a step one that is never run.
fn switch_off(step: &mut Step) {
    let fields = match step {
        Step::Task(task) => &mut task.fields,
        Step::Block(block) => &mut block.head,
    };
    fields.insert("run_if".to_owned(), Value::Bool(false));
}
