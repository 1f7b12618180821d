//! Requests that are made again, or not made, as a script decides: `while` and `if` blocks around
//! the steps between it and the request that it names.

use serde_json::{Map, Value, json};

use super::script::negated;
use super::variables::Variables;
use crate::draft::Step;
use crate::notes::Notes;

/// Blocks in each other are hard to read; further jumps are noted.
const MOST_OPEN: usize = 6;

/// A jump to another request under a condition.
#[derive(Clone, Debug)]
pub(super) struct Detour {
    /// How many requests there are up to the one that jumps, itself included.
    pub(super) from: usize,
    /// How many there are before the one that it jumps to.
    pub(super) to: usize,
    pub(super) when: String,
    pub(super) place: String,
}

/// The items of a collection or folder, while their steps are put together.
#[derive(Debug)]
pub(super) struct Row {
    /// How many requests there are before each item, and before what follows the last one.
    starts: Vec<usize>,
    /// Where the steps of the items begin that stand in no block.
    begins: Vec<Option<usize>>,
    /// What is jumped over from a step on, up to the request that so many are before.
    open: Vec<(usize, Detour)>,
}

impl Row {
    /// The items of something, before which there are so many requests.
    pub(super) fn of(parent: &Value, before: usize) -> Self {
        let mut starts = vec![before];
        for item in parent.get("item").and_then(Value::as_array).into_iter().flatten() {
            starts.push(starts.last().copied().unwrap_or(before) + requests(item));
        }
        Self { starts, begins: Vec::new(), open: Vec::new() }
    }

    /// Begins with the next item.
    pub(super) fn begin(&mut self, steps: &mut Vec<Step>) {
        let start = self.starts.get(self.begins.len()).copied().unwrap_or_default();
        self.close(start, steps);
        self.begins.push(Some(steps.len()));
    }

    /// Puts the jumps out of the item that was read last into effect; those that lead elsewhere
    /// are left.
    pub(super) fn take(
        &mut self,
        detours: &mut Vec<Detour>,
        steps: &mut Vec<Step>,
        variables: &mut Variables,
        notes: &mut Notes,
    ) {
        let end = self.starts.get(self.begins.len()).copied().unwrap_or_default();
        for detour in std::mem::take(detours) {
            if detour.from != end {
                detours.push(detour);
            } else if detour.to < detour.from {
                self.back(detour, detours, steps, variables, notes);
            } else {
                self.forward(detour, detours, steps, notes);
            }
        }
    }

    /// Ends the list.
    pub(super) fn end(mut self, steps: &mut Vec<Step>) {
        self.close(usize::MAX, steps);
    }

    fn back(
        &mut self,
        detour: Detour,
        detours: &mut Vec<Detour>,
        steps: &mut Vec<Step>,
        variables: &mut Variables,
        notes: &mut Notes,
    ) {
        let first = self
            .starts
            .iter()
            .zip(&self.begins)
            .position(|(start, begin)| *start == detour.to && begin.is_some());
        let begin = first.and_then(|first| self.begins.get(first).copied().flatten());
        let (Some(first), Some(begin)) = (first, begin) else {
            detours.push(detour);
            return;
        };
        self.enclose(begin, notes);
        notes.keep();
        let again = variables.fresh("again");
        let set = |value: Value| Step::simple("set", Map::from_iter([(again.clone(), value)]));
        let mut round = steps.split_off(begin.min(steps.len()));
        round.push(set(json!({"expr": detour.when})));
        steps.push(set(json!(true)));
        steps.push(Step::block("while", again.as_str(), round));
        self.begins.iter_mut().skip(first + 1).for_each(|begin| *begin = None);
    }

    fn forward(
        &mut self,
        detour: Detour,
        detours: &mut Vec<Detour>,
        steps: &[Step],
        notes: &mut Notes,
    ) {
        let end = self.starts.last().copied().unwrap_or_default();
        let is_here = self.starts.contains(&detour.to) || detour.to > end;
        if !is_here || self.open.len() >= MOST_OPEN {
            let why = "what is between the two is no whole; put it into `if` blocks";
            return notes.drop(&detour.place, "setNextRequest", why);
        }
        if detour.to > end {
            // The rest of the folder, and what is behind it.
            detours.push(Detour { from: end, ..detour.clone() });
        } else {
            notes.keep();
        }
        self.open.push((steps.len(), detour));
    }

    /// Ends what is jumped over before an item.
    fn close(&mut self, start: usize, steps: &mut Vec<Step>) {
        while let Some((begin, detour)) = self.open.pop_if(|(_, detour)| detour.to <= start) {
            let over = steps.split_off(begin.min(steps.len()));
            if !over.is_empty() {
                steps.push(Step::block("if", negated(&detour.when), over));
            }
            let is_inside = |at: &usize| *at > begin;
            self.begins
                .iter_mut()
                .filter(|at| at.as_ref().is_some_and(is_inside))
                .for_each(|at| *at = None);
        }
    }

    /// Notes what begins within a block and ends behind it.
    fn enclose(&mut self, begin: usize, notes: &mut Notes) {
        let crossing = self.open.extract_if(.., |(at, _)| *at > begin);
        for (_, detour) in crossing {
            let why = "it leads out of requests that are made again; put them into `if` blocks";
            notes.drop(&detour.place, "setNextRequest", why);
        }
    }
}

/// How many requests there are in an item.
fn requests(item: &Value) -> usize {
    match item.get("item").and_then(Value::as_array) {
        Some(items) => items.iter().map(requests).sum(),
        None => usize::from(is_request(item)),
    }
}

/// Whether an item is a request.
pub(super) fn is_request(item: &Value) -> bool {
    item.get("request").is_some_and(|request| request.is_object() || request.is_string())
}
