//! Routes about when a reply comes, and when a connection ends.

use std::time::Duration;

use serde_json::json;

use super::Call;
use crate::reply::{Payload, Reply};

/// Longest delay and longest pause: ten minutes.
const MAX_MS: u64 = 600_000;

/// Most lines of a stream.
const MAX_LINES: u64 = 1_000_000;

pub(super) fn delay(call: &Call<'_>, reply: &mut Reply) {
    let Some(ms) = call.number(MAX_MS, reply) else { return };
    reply.delay = Duration::from_millis(ms);
    reply.json(200, &json!({"delay_ms": ms}));
}

pub(super) fn stream(call: &Call<'_>, reply: &mut Reply) {
    let Some(count) = call.number(MAX_LINES, reply) else { return };
    let Some(pause_ms) = call.option("pause", 100, MAX_MS, reply) else { return };
    reply.content("application/x-ndjson", b"");
    reply.payload = Payload::Lines { count, pause: Duration::from_millis(pause_ms) };
}

pub(super) fn close(_: &Call<'_>, reply: &mut Reply) {
    reply.close = true;
    reply.json(200, &json!({"closing": true}));
}
