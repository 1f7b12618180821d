//! What a run is to be, before it is: users and time.

use std::time::Duration;

use ld_vm::{
    Program,
    program::{LoadKind, RunRow, ScenarioRow},
};

use crate::schedule::Levels;

/// What a run is to be.
pub(super) struct Plan {
    /// How long it is to take, if that is known.
    pub(super) duration: Option<Duration>,
    /// How many users there may be at once.
    pub(super) users: u64,
    pub(super) scenarios: Vec<ScenarioPlan>,
    /// How long its warm-up is to last.
    pub(super) warmup: Duration,
}

/// What a scenario is to be.
pub(super) struct ScenarioPlan {
    /// Empty for a run's only scenario without a name.
    pub(super) name: String,
    /// How many users are to start; 0 where as many start as are needed.
    pub(super) users: u64,
    /// How many users there may be at most, where they start as they are needed.
    pub(super) max_users: u64,
}

impl Plan {
    pub(super) fn new(program: &Program, run: &RunRow) -> Self {
        let rows = Program::rows(&program.tables.scenarios, run.scenarios);
        let ends: Option<Vec<u64>> = rows.iter().map(|row| end_ns(program, row)).collect();
        let last_ns = ends.and_then(|ends| ends.into_iter().max()).unwrap_or(u64::MAX);
        let end_ns = last_ns.min(run.duration_ns);
        Self {
            duration: (end_ns != u64::MAX).then(|| Duration::from_nanos(end_ns)),
            users: rows.iter().map(|row| u64::from(row.users)).sum(),
            scenarios: rows.iter().map(|row| ScenarioPlan::new(program, row, end_ns)).collect(),
            warmup: Duration::from_nanos(run.warmup_ns),
        }
    }

    /// How many users there are to be, of those that do not start as they are needed.
    pub(super) fn closed_users(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.users).sum()
    }

    /// How many users may start as they are needed, if any scenario has such.
    pub(super) fn max_users(&self) -> Option<u64> {
        let most: u64 = self.scenarios.iter().map(|scenario| scenario.max_users).sum();
        (most > 0).then_some(most)
    }
}

impl ScenarioPlan {
    /// Of the scenario of a row, in a run that ends at a time.
    fn new(program: &Program, row: &ScenarioRow, end_ns: u64) -> Self {
        let name = program.consts.text(row.name);
        let stages = Program::rows(&program.tables.stages, row.stages);
        let (users, max_users) = match row.load {
            LoadKind::Batches => (row.users, 0),
            LoadKind::Levels => {
                let left_ns = end_ns.saturating_sub(row.start_after_ns);
                let lives = Levels::new(stages);
                let lives = lives.lives().filter(|life| life.start_ns < left_ns).count();
                (u32::try_from(lives).unwrap_or(u32::MAX), 0)
            }
            LoadKind::Uniform | LoadKind::Poisson => (0, row.users),
        };
        Self { name: name.to_owned(), users: users.into(), max_users: max_users.into() }
    }
}

/// When a scenario's load ends by itself, in nanoseconds from the start of the run.
fn end_ns(program: &Program, row: &ScenarioRow) -> Option<u64> {
    let stages = Program::rows(&program.tables.stages, row.stages);
    let lengths = stages.iter().map(|stage| stage.duration_ns);
    let end_ns = lengths.fold(row.start_after_ns, u64::saturating_add);
    (row.load != LoadKind::Batches && end_ns != u64::MAX).then_some(end_ns)
}
