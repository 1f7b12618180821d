//! What became of a source's parts.

use std::collections::HashSet;

use serde_json::{Value, json};

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The plan does the same.
    Kept,
    /// The plan does something near it.
    Approximated,
    /// The plan does nothing of it.
    Dropped,
}

/// How much a note matters to someone who is about to run the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// The plan sends or checks something else than the source.
    Warning,
    /// A request is missing, or will not do what it is there for.
    Error,
}

impl Fate {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Approximated => "approximated",
            Self::Dropped => "dropped",
        }
    }
}

impl Severity {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A remark about a part of a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note {
    /// Where in the source: a line, or the way through its structure.
    pub place: String,
    /// The part: `--limit-rate 1M`.
    pub what: String,
    /// Why, and what could be done.
    pub why: String,
    /// What became of it.
    pub fate: Fate,
    /// How much it matters.
    pub severity: Severity,
}

/// All remarks of an import, and how much of the source the plan keeps.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    notes: Vec<Note>,
    /// The same, to find one that is made again.
    known: HashSet<Note>,
    kept: f64,
    all: f64,
}

/// What a whole request counts in the fidelity; its parts count one each.
const REQUEST: f64 = 5.0;

impl Notes {
    /// A part is kept and needs no remark.
    pub(crate) fn keep(&mut self) {
        self.count(1.0, 1.0);
    }

    /// A request is kept.
    pub(crate) fn keep_request(&mut self) {
        self.count(REQUEST, REQUEST);
    }

    /// A request is not in the plan.
    pub(crate) fn drop_request(&mut self, place: &str, what: &str, why: &str) {
        self.count(0.0, REQUEST);
        self.push(place, what, why, Fate::Dropped, Severity::Error);
    }

    /// A part is done differently.
    pub(crate) fn approximate(&mut self, place: &str, what: &str, why: &str) {
        self.count(0.5, 1.0);
        self.push(place, what, why, Fate::Approximated, Severity::Warning);
    }

    /// A part is left out.
    pub(crate) fn drop(&mut self, place: &str, what: &str, why: &str) {
        self.count(0.0, 1.0);
        self.push(place, what, why, Fate::Dropped, Severity::Warning);
    }

    /// A remark about a part that is kept.
    pub(crate) fn remark(&mut self, place: &str, what: &str, why: &str) {
        self.push(place, what, why, Fate::Kept, Severity::Info);
    }

    /// One note on something that is there several times.
    pub(crate) fn several(&mut self, place: &str, what: &str, why: &str, fate: Fate, times: usize) {
        #[expect(clippy::cast_precision_loss, reason = "parts of a source that fits into memory")]
        let times = times as f64;
        let severity = match fate {
            Fate::Kept => Severity::Info,
            Fate::Approximated => {
                self.count(0.5 * times, times);
                Severity::Warning
            }
            Fate::Dropped => {
                self.count(0.0, times);
                Severity::Warning
            }
        };
        self.push(place, what, why, fate, severity);
    }

    fn count(&mut self, kept: f64, all: f64) {
        self.kept += kept;
        self.all += all;
    }

    fn push(&mut self, place: &str, what: &str, why: &str, fate: Fate, severity: Severity) {
        let (place, what, why) = (place.to_owned(), what.to_owned(), why.to_owned());
        let note = Note { place, what, why, fate, severity };
        if self.known.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    /// Changes all texts of the remarks.
    pub(crate) fn rewrite(&mut self, text: impl Fn(&mut String)) {
        for note in &mut self.notes {
            text(&mut note.what);
            text(&mut note.why);
        }
    }

    /// The remarks, as they were made.
    #[must_use]
    pub fn list(&self) -> &[Note] {
        &self.notes
    }

    /// The share of the source that the plan keeps, from 0 to 1: a request counts five, each of
    /// its parts one, an approximated part half. An empty source is kept whole.
    #[must_use]
    pub fn fidelity(&self) -> f64 {
        if self.all > 0.0 { self.kept / self.all } else { 1.0 }
    }

    /// `{"fidelity": 0.97, "notes": [{"place", "what", "why", "fate", "severity"}]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let notes: Vec<Value> = self
            .notes
            .iter()
            .map(|note| {
                json!({
                    "place": note.place, "what": note.what, "why": note.why,
                    "fate": note.fate.name(), "severity": note.severity.name(),
                })
            })
            .collect();
        json!({"fidelity": (self.fidelity() * 1000.0).floor() / 1000.0, "notes": notes})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fidelity_weighs_requests_more_than_their_parts() {
        let mut notes = Notes::default();
        assert!((notes.fidelity() - 1.0).abs() < 1e-9);
        notes.keep_request();
        notes.drop("1", "--x", "");
        assert!((notes.fidelity() - 5.0 / 6.0).abs() < 1e-9);
        notes.approximate("1", "--y", "");
        assert!((notes.fidelity() - 5.5 / 7.0).abs() < 1e-9);
    }

    #[test]
    fn the_same_remark_is_made_once() {
        let mut notes = Notes::default();
        notes.drop("1", "--x", "no");
        notes.drop("1", "--x", "no");
        assert_eq!(notes.list().len(), 1);
    }
}
