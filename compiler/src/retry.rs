//! How often a task is carried out again when it fails: `retry` of a task.

use ld_stdlib::protocols::Protocol;
use ld_stdlib::{Tree, TreeKind};

use crate::ir::Retry;
use crate::scenario::{nanoseconds, number};

/// What `retry` says; nothing where nothing would be tried again.
pub(crate) fn retry(written: &Tree, protocol: &Protocol) -> Option<Retry> {
    let TreeKind::Map(_) = written.kind else { return None };
    let given = |name: &str, default: f64| written.member(name).and_then(number).unwrap_or(default);
    let retry = Retry {
        transient: given("transient", 5.0) as u32,
        flaky: given("flaky", 2.0) as u32,
        permanent: given("permanent", 0.0) as u32,
        base_ns: nanoseconds(given("base_delay", 0.1)),
        max_ns: nanoseconds(given("max_delay", 5.0)),
        factor: given("backoff_factor", 2.0),
        jitter: given("jitter", 0.25),
        statuses: protocol.transient,
    };
    (retry.transient + retry.flaky + retry.permanent > 0).then_some(retry)
}
