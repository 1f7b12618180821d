//! The numbers that a gRPC call ends with, and their names.

/// The names, by number.
pub const STATUSES: &[&str] = &[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a status. Failures are grouped by their text, so a number that has none is not
/// part of it.
#[must_use]
pub fn name(status: i64) -> &'static str {
    let name = usize::try_from(status).ok().and_then(|number| STATUSES.get(number));
    name.copied().unwrap_or("a status without a name")
}

/// The number of a name, in any case.
#[must_use]
pub fn number(name: &str) -> Option<i64> {
    let number = STATUSES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    i64::try_from(number).ok()
}
