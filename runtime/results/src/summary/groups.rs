//! The times of groups: several requests of a user and the pauses between them.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::{Distribution, RunInfo};
use crate::totals::Totals;

/// Figures by name of the group, in the order of the plan.
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
        let is_group = |series: &usize| run.groups.get(*series).copied().unwrap_or_default();
        let series = (0..run.names.len()).filter(is_group);
        let figures = series.filter_map(|series| {
            let name = run.names.get(series)?.clone();
            let times = totals.groups().get(&u32::try_from(series).ok()?);
            let time =
                times.map_or_else(Distribution::default, |times| Distribution::of(&times.all));
            let failures = times.map_or(0, |times| times.failures);
            Some((name, GroupSummary { count: time.count, failures, time }))
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
        let by_name: BTreeMap<_, _> = self.0.iter().map(|(name, group)| (name, group)).collect();
        by_name.serialize(serializer)
    }
}
