//! What became of gates.

use serde::Serialize;

use crate::render::units;

/// A gate, and whether the run kept to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateResult {
    /// The gate as text.
    pub gate: String,
    /// Whether the run kept to it.
    pub passed: bool,
    /// The figure that decided: the first that did not keep to the gate, or the last. None when
    /// there was nothing to judge.
    pub actual: Option<f64>,
    /// Its unit.
    pub unit: GateUnit,
    /// Why it failed; empty when it passed.
    pub reason: String,
    /// When it failed, in seconds since its run started, when that was before the end.
    pub failed_at_s: Option<f64>,
    /// Whether it stopped the run.
    pub aborted: bool,
}

/// The unit of a gate's figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum GateUnit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// A share, 0–1.
    #[serde(rename = "share")]
    Share,
    /// So many per second.
    #[serde(rename = "per_s")]
    PerSecond,
    /// So many.
    #[serde(rename = "count")]
    Count,
}

impl GateResult {
    /// The figure that decided, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let Some(actual) = self.actual else { return "no data".to_owned() };
        match self.unit {
            GateUnit::Milliseconds => units::duration_ms(actual),
            GateUnit::Share => units::percent(actual),
            GateUnit::PerSecond => format!("{}/s", units::rate(actual)),
            GateUnit::Count => units::count(actual as u64),
        }
    }
}
