//! When a request that failed is sent again.

use crate::program::{Program, RetryRow, SideTables};
use crate::reply::FaultClass;

/// How often the request at hand was sent again, by why it had failed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Retried {
    transient: u8,
    flaky: u8,
    permanent: u8,
}

/// Why an attempt failed.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) class: FaultClass,
    /// The status of the reply.
    pub(crate) status: Option<i64>,
    /// A check of the plan did not hold, and it was one of the status.
    pub(crate) by_status: bool,
}

impl Retried {
    /// How many attempts there were before this one. The verifier keeps them below 256.
    pub(crate) fn attempts(self) -> u8 {
        self.transient.saturating_add(self.flaky).saturating_add(self.permanent)
    }

    /// Takes one more attempt out of its budget and says how long to wait before it, in
    /// nanoseconds; `None` when the budget is spent.
    pub(crate) fn again(
        &mut self,
        row: &RetryRow,
        failed: Attempt,
        tables: &SideTables,
        rng: &mut fastrand::Rng,
    ) -> Option<u64> {
        let (budget, spent) = match Kind::of(row, failed, tables) {
            Kind::Transient => (row.transient, &mut self.transient),
            Kind::Flaky => (row.flaky, &mut self.flaky),
            Kind::Permanent => (row.permanent, &mut self.permanent),
        };
        if u32::from(*spent) >= budget {
            return None;
        }
        *spent = spent.saturating_add(1);
        let earlier = i32::from(self.attempts()) - 1;
        // The cast cuts what is too large, and makes 0 of what is no number.
        let pause_ns = ((row.base_ns as f64 * row.factor.powi(earlier)) as u64).min(row.max_ns);
        Some(match (pause_ns as f64 * row.jitter) as u64 {
            0 => pause_ns,
            most_ns => pause_ns.saturating_add(rng.u64(..=most_ns)),
        })
    }
}

/// The budgets.
enum Kind {
    Transient,
    Flaky,
    Permanent,
}

impl Kind {
    fn of(row: &RetryRow, failed: Attempt, tables: &SideTables) -> Self {
        let passes = |status: i64| {
            Program::rows(&tables.options, row.statuses).iter().any(|row| row.value == status)
        };
        let of_status = failed.class == FaultClass::Status || failed.by_status;
        match failed.class {
            _ if of_status && failed.status.is_some_and(passes) => Self::Transient,
            FaultClass::Connect
            | FaultClass::Timeout
            | FaultClass::Reset
            | FaultClass::Closed
            | FaultClass::Protocol
            | FaultClass::Dropped => Self::Transient,
            FaultClass::Assertion => Self::Flaky,
            FaultClass::Status
            | FaultClass::Dns
            | FaultClass::Tls
            | FaultClass::Plan
            | FaultClass::Generator
            | FaultClass::Auth => Self::Permanent,
        }
    }
}
