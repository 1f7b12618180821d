//! Failures, grouped: memory grows with the number of kinds, never with the number of failures.

use std::collections::BTreeMap;

/// Distinct texts kept for one series and class; further ones share a group.
pub const MAX_TEXTS: usize = 16;

/// A longer failure text is cut to this many bytes before it is compared and kept.
pub const MAX_TEXT_BYTES: usize = 512;

const OTHER_TEXTS: &str = "other texts";

/// Failures of one series, class and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// What went wrong, or `other texts` for the group of those beyond [`MAX_TEXTS`].
    pub text: String,
    /// The first text that fell into `other texts`.
    pub sample: Option<String>,
    /// How many there were.
    pub count: u64,
    /// Time of the first, in nanoseconds since the run started.
    pub first_ns: u64,
    /// Time of the last, in nanoseconds since the run started.
    pub last_ns: u64,
}

/// All failure groups of a recorder or of the totals, by series number and class.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    kinds: BTreeMap<(u32, &'static str), Kind>,
}

/// The groups of one series and class.
#[derive(Debug, Default)]
struct Kind {
    texts: Vec<FailureGroup>,
    others: Option<FailureGroup>,
}

impl Failures {
    /// Counts one failure; allocates only when it starts a group.
    pub(crate) fn add(&mut self, series: u32, class: &'static str, text: &str, at_ns: u64) {
        self.kinds.entry((series, class)).or_default().add(clip(text), Times::once(at_ns));
    }

    /// Adds all of `other` to this.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (series, class, group) in other.iter() {
            let kind = self.kinds.entry((series, class)).or_default();
            match &group.sample {
                Some(sample) => kind.add_other(sample, group.times()),
                None => kind.add(&group.text, group.times()),
            }
        }
    }

    /// Sets all counts to zero. The groups stay, so that a failure that keeps happening allocates
    /// nothing after the first time.
    pub(crate) fn clear(&mut self) {
        for kind in self.kinds.values_mut() {
            for group in kind.texts.iter_mut().chain(&mut kind.others) {
                (group.count, group.first_ns, group.last_ns) = (0, u64::MAX, 0);
            }
        }
    }

    /// Every group that was hit, with its series and class, in order of both.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &'static str, &FailureGroup)> {
        self.kinds.iter().flat_map(|(&(series, class), kind)| {
            let groups = kind.texts.iter().chain(&kind.others);
            groups.filter(|group| group.count > 0).map(move |group| (series, class, group))
        })
    }
}

impl Kind {
    fn add(&mut self, text: &str, times: Times) {
        if let Some(known) = self.texts.iter_mut().find(|group| group.text == text) {
            known.add(times);
        } else if self.texts.len() < MAX_TEXTS {
            self.texts.push(FailureGroup::new(text, None, times));
        } else {
            self.add_other(text, times);
        }
    }

    fn add_other(&mut self, text: &str, times: Times) {
        match &mut self.others {
            Some(others) => others.add(times),
            None => {
                let sample = Some(text.to_owned());
                self.others = Some(FailureGroup::new(OTHER_TEXTS, sample, times));
            }
        }
    }
}

impl FailureGroup {
    fn new(text: &str, sample: Option<String>, times: Times) -> Self {
        let Times { count, first_ns, last_ns } = times;
        Self { text: text.to_owned(), sample, count, first_ns, last_ns }
    }

    fn add(&mut self, times: Times) {
        self.count += times.count;
        self.first_ns = self.first_ns.min(times.first_ns);
        self.last_ns = self.last_ns.max(times.last_ns);
    }

    fn times(&self) -> Times {
        Times { count: self.count, first_ns: self.first_ns, last_ns: self.last_ns }
    }
}

/// How often and between when.
#[derive(Clone, Copy)]
struct Times {
    count: u64,
    first_ns: u64,
    last_ns: u64,
}

impl Times {
    fn once(at_ns: u64) -> Self {
        Self { count: 1, first_ns: at_ns, last_ns: at_ns }
    }
}

/// The first [`MAX_TEXT_BYTES`] bytes, not splitting a character: texts quote what peers send.
fn clip(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(failures: &Failures) -> Vec<(u32, &'static str, &str, u64)> {
        failures
            .iter()
            .map(|(series, class, g)| (series, class, g.text.as_str(), g.count))
            .collect()
    }

    #[test]
    fn equal_series_class_and_text_are_one_group_with_first_and_last_time() {
        let mut failures = Failures::default();
        for at_ns in [30, 10, 20] {
            failures.add(1, "assertion", "status_code expected 200, got 503", at_ns);
        }
        failures.add(1, "timeout", "status_code expected 200, got 503", 5);
        let group = failures.iter().next().unwrap().2;
        assert_eq!((group.count, group.first_ns, group.last_ns), (3, 10, 30));
        assert_eq!(failures.iter().count(), 2);
    }

    #[test]
    fn texts_beyond_the_limit_share_one_group_that_quotes_the_first() {
        let mut failures = Failures::default();
        for number in 0..MAX_TEXTS + 5 {
            failures.add(0, "assertion", &format!("got {number}"), 0);
        }
        let all: Vec<_> = failures.iter().collect();
        assert_eq!(all.len(), MAX_TEXTS + 1);
        let others = all.last().unwrap().2;
        assert_eq!((others.text.as_str(), others.count), ("other texts", 5));
        assert_eq!(others.sample.as_deref(), Some("got 16"));
    }

    #[test]
    fn merging_keeps_every_count_even_when_the_texts_differ() {
        let (mut left, mut right) = (Failures::default(), Failures::default());
        for number in 0..20 {
            left.add(0, "a", &format!("left {number}"), 1);
            right.add(0, "a", &format!("right {number}"), 2);
        }
        left.merge(&right);
        assert_eq!(left.iter().map(|(_, _, group)| group.count).sum::<u64>(), 40);
        assert_eq!(left.iter().count(), MAX_TEXTS + 1);
    }

    #[test]
    fn cleared_groups_are_not_reported_but_count_again() {
        let mut failures = Failures::default();
        failures.add(0, "a", "x", 1);
        failures.add(0, "a", "y", 1);
        failures.clear();
        assert_eq!(failures.iter().count(), 0);
        failures.add(0, "a", "x", 9);
        assert_eq!(groups(&failures), [(0, "a", "x", 1)]);
        assert_eq!(failures.iter().next().unwrap().2.first_ns, 9);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let mut failures = Failures::default();
        failures.add(0, "a", &"é".repeat(MAX_TEXT_BYTES), 1);
        failures.add(0, "a", &"é".repeat(MAX_TEXT_BYTES + 9), 1);
        assert_eq!(groups(&failures), [(0, "a", "é".repeat(MAX_TEXT_BYTES / 2).as_str(), 2)]);
    }
}
