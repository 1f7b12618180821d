//! What series are called in a summary, and which of them are summed up as one.

use std::collections::HashMap;

use super::RunInfo;

/// Series of one name in one scenario.
pub(super) struct Named<'r> {
    /// What they are told from all others by: the name, with the scenario where several scenarios
    /// have it.
    pub(super) key: String,
    pub(super) name: &'r str,
    pub(super) scenario: Option<&'r str>,
    pub(super) method: &'r str,
    pub(super) series: Vec<usize>,
}

/// The series that are meant, by scenario and name, in the order of the plan.
pub(super) fn named(run: &RunInfo, is_meant: impl Fn(usize) -> bool) -> Vec<Named<'_>> {
    let mut all: Vec<Named<'_>> = Vec::with_capacity(run.names.len());
    let mut positions = HashMap::new();
    let mut uses: HashMap<&str, u32> = HashMap::new();
    for (series, name) in run.names.iter().enumerate().filter(|&(series, _)| is_meant(series)) {
        let scenario = run.scenario_of(series);
        let position = *positions.entry((scenario, name)).or_insert(all.len());
        if let Some(named) = all.get_mut(position) {
            named.series.push(series);
        } else {
            *uses.entry(name).or_default() += 1;
            let method = run.methods.get(series).map_or("", String::as_str);
            all.push(Named { key: String::new(), name, scenario, method, series: vec![series] });
        }
    }
    for Named { key, name, scenario, .. } in &mut all {
        *key = match scenario {
            Some(scenario) if uses.get(name).is_some_and(|&uses| uses > 1) => {
                format!("{scenario}: {name}")
            }
            _ => (*name).to_owned(),
        };
    }
    all
}

impl RunInfo {
    /// The scenario of a series, where it has a name.
    pub(super) fn scenario_of(&self, series: usize) -> Option<&str> {
        self.scenarios.get(series).map(String::as_str).filter(|scenario| !scenario.is_empty())
    }

    pub(super) fn is_group(&self, series: usize) -> bool {
        self.groups.get(series).is_some_and(|is_group| *is_group)
    }

    /// Whether a series is of requests that are in the statistics.
    pub(super) fn is_of_requests(&self, series: usize) -> bool {
        !self.is_group(series) && !self.apart.get(series).is_some_and(|is_apart| *is_apart)
    }
}
