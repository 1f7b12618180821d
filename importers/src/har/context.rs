//! What is known while entries are read, and what is to be told of many of them at once.

use std::collections::HashSet;
use std::path::{Component, Path};

use crate::notes::{Fate, Notes};
use crate::options::Options;
use crate::source::Source;
use crate::text::literal;

/// What is known while the entries of a recording are read.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) source: &'a Source,
    pub(super) tally: Tally,
    /// Whether any reply has a status; if none has, those without are no failures.
    pub(super) has_statuses: bool,
    /// Variables that the recording itself takes out of replies.
    pub(super) variables: HashSet<String>,
    /// Names of cookies that replies have set.
    pub(super) set_cookies: HashSet<String>,
    /// Names of cookies that requests have sent and no reply before them had set.
    pub(super) old_cookies: Vec<String>,
    /// Whether a reply gives a token to log in with, and whether a request sends credentials.
    pub(super) gives_token: bool,
    pub(super) sends_token: bool,
    /// The origin of the first request.
    pub(super) origin: Option<String>,
}

impl Context<'_> {
    /// What is in a file beside the recording that an entry names for its content.
    pub(super) fn attached(&mut self, file: &str, place: &str) -> Option<Vec<u8>> {
        // A recording may come from anybody: what is elsewhere is none of its business.
        let is_beside =
            Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
        let bytes = if is_beside { self.source.sibling(file) } else { None };
        if bytes.is_none() {
            let why = "the file is not beside the recording, or is too large";
            self.tally.note(Fate::Dropped, place, &format!("the content in {file}"), why);
        }
        bytes
    }

    /// A text of the recording as a plan says it: a placeholder only where the recording has
    /// a variable of that name.
    pub(super) fn text(&self, text: &str) -> String {
        if self.variables.is_empty() || !text.contains("${") {
            return literal(text);
        }
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            written.push_str(before);
            match after.split_once('}') {
                Some((name, behind)) if self.variables.contains(name) => {
                    written.extend(["${", name, "}"]);
                    rest = behind;
                }
                _ => {
                    written.push_str(&literal("${"));
                    rest = after;
                }
            }
        }
        written.push_str(rest);
        written
    }
}

/// Remarks that hold for many entries are made once, with the first place and how many there are.
#[derive(Default)]
pub(super) struct Tally {
    rows: Vec<Row>,
}

struct Row {
    fate: Fate,
    what: String,
    why: String,
    place: Option<String>,
    times: usize,
}

impl Tally {
    /// Something that needs no place.
    pub(super) fn kept(&mut self, what: &str, why: &str) {
        self.add(Fate::Kept, None, what, why);
    }

    /// Something at a place.
    pub(super) fn note(&mut self, fate: Fate, place: &str, what: &str, why: &str) {
        self.add(fate, Some(place), what, why);
    }

    fn add(&mut self, fate: Fate, place: Option<&str>, what: &str, why: &str) {
        // There are few different ones, and nearly always it is one of the last.
        let same = |row: &&mut Row| row.fate == fate && row.what == what && row.why == why;
        if let Some(row) = self.rows.iter_mut().rev().take(64).find(same) {
            row.times += 1;
            return;
        }
        let (what, why, place) = (what.to_owned(), why.to_owned(), place.map(ToOwned::to_owned));
        self.rows.push(Row { fate, what, why, place, times: 1 });
    }

    /// Makes the remarks.
    pub(super) fn tell(self, source: &str, notes: &mut Notes) {
        for Row { fate, what, why, place, times } in self.rows {
            let place = match (place, times) {
                (Some(place), 1) => place,
                (Some(place), _) => format!("{place} and {} more", times - 1),
                (None, _) => source.to_owned(),
            };
            notes.several(&place, &what, &why, fate, times);
        }
    }
}
