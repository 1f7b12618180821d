//! The times of groups: several requests of a user and the pauses between them.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::names::named;
use super::{Distribution, RunInfo};
use crate::histogram::Histogram;
use crate::totals::Totals;

/// Figures by name of the group, in the order of the plan; an object in JSON.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups(pub Vec<(String, GroupSummary)>);

/// Figures of the groups of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupSummary {
    /// Groups finished.
    pub count: u64,
    /// Of these, groups in which a request failed.
    pub failures: u64,
    /// Times from begin to end, failed ones included.
    pub time: Distribution,
}

impl Groups {
    pub(super) fn new(run: &RunInfo, totals: &Totals) -> Self {
        let mut time = Histogram::new();
        let figures = named(run, |series| run.is_group(series)).into_iter().map(|named| {
            time.clear();
            let mut failures = 0;
            let all = named.series.iter().filter_map(|&series| u32::try_from(series).ok());
            for times in all.filter_map(|series| totals.groups().get(&series)) {
                time.merge(&times.all);
                failures += times.failures;
            }
            let time = Distribution::of(&time);
            (named.key, GroupSummary { count: time.count, failures, time })
        });
        Self(figures.collect())
    }

    /// Whether the plan has no groups.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Groups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, group) in &self.0 {
            map.serialize_entry(name, group)?;
        }
        map.end()
    }
}
