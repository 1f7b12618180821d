//! What a summary says of the load itself: scenarios, warm-up, ticks that start at a rate.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::{NameSummary, Users};

/// The users of a scenario with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScenarioUsers {
    /// The scenario's name.
    pub name: String,
    /// Users the plan asked for; 0 where as many come as are needed.
    pub planned: u64,
    /// Users that started.
    pub started: u64,
}

/// What was left out of all other figures because it belongs to the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Warmup {
    /// How long it lasted.
    pub duration_s: f64,
    /// Requests that finished.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
}

/// Waiting for turns of throttles, which is no part of response times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Throttled {
    /// Requests that waited.
    pub requests: u64,
    /// How long they waited in all.
    pub waited_s: f64,
}

/// Requests that were sent again because the attempt before had failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// How many; each counts as a request of its own, too.
    pub attempts: u64,
    /// Those of them that succeeded.
    pub recovered: u64,
}

/// What became of ticks that were to start at a rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Arrivals {
    /// Ticks that started.
    pub started: u64,
    /// Those of them that had to wait because as many users as there may be were busy.
    pub late: u64,
    /// Ticks that were due and had not started when the run ended.
    pub missed: u64,
    /// Users there were at once, at most.
    pub users: u64,
    /// Users there may be at most.
    pub max_users: u64,
}

/// Figures by scenario, in the order of the plan; an object in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct PerScenario(pub Vec<(String, ScenarioSummary)>);

/// Figures of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioSummary {
    /// How many users there were to be, and were.
    pub users: Users,
    /// The same figures as those of a name, of all its requests.
    #[serde(flatten)]
    pub figures: NameSummary,
}

impl Arrivals {
    /// Adds what became of other ticks.
    pub const fn add(&mut self, other: Self) {
        let Self { started, late, missed, users, max_users } = other;
        self.started += started;
        self.late += late;
        self.missed += missed;
        self.users += users;
        self.max_users += max_users;
    }
}

impl Serialize for PerScenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, summary) in &self.0 {
            map.serialize_entry(name, summary)?;
        }
        map.end()
    }
}
