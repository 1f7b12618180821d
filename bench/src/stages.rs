//! The stages of the program, each as something small to repeat: `benches/` measures
//! their time and allocations, the `stages` program counts their instructions.
//!
//! One call of a stage is one unit of its work: one sample filed, one reply read, one
//! tick run, one plan compiled.

mod compile;
mod json;
mod load;
mod machine;
mod record;
mod template;
mod tick;
mod wire;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;

/// A stage, ready to be repeated.
pub type Call = Box<dyn FnMut()>;

/// Calls that warm a stage up, and how long they may take together.
const WARM_UP: (u32, Duration) = (50_000, Duration::from_millis(200));

/// One thing to measure.
pub struct Stage {
    /// The stage and the case, `record/ok`.
    pub name: &'static str,
    /// What one call does.
    pub doc: &'static str,
    /// Makes everything ready; what this costs is no part of the figures.
    pub prepare: fn() -> Result<Call>,
}

impl Stage {
    /// The stage after enough calls that caches are filled and what is allocated once
    /// has been.
    ///
    /// # Errors
    /// When the stage cannot be prepared.
    pub fn warm(&self) -> Result<Call> {
        let mut call = (self.prepare)()?;
        let started = Instant::now();
        let (calls, limit) = WARM_UP;
        for _ in 0..calls {
            call();
            if started.elapsed() > limit {
                break;
            }
        }
        Ok(call)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.split_once('/').map_or(self.name, |(_, case)| case))
    }
}

/// All stages, in the order a plan goes through them.
pub fn all() -> impl Iterator<Item = &'static Stage> {
    [
        compile::STAGES,
        load::STAGES,
        tick::STAGES,
        template::STAGES,
        json::STAGES,
        wire::STAGES,
        record::STAGES,
    ]
    .into_iter()
    .flatten()
}

/// The cases of one stage: `record` has all whose name begins with `record/`.
pub fn of(stage: &'static str) -> impl Iterator<Item = &'static Stage> {
    all().filter(move |case| case.name.split('/').next() == Some(stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_runs() {
        for stage in all().filter(|stage| !stage.name.ends_with("/big")) {
            let mut call = (stage.prepare)().expect(stage.name);
            call();
            call();
        }
    }

    #[test]
    fn names_are_unique_and_say_what_a_call_does() {
        let mut names: Vec<&str> = all().map(|stage| stage.name).collect();
        assert!(all().all(|stage| stage.name.contains('/') && !stage.doc.is_empty()));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
