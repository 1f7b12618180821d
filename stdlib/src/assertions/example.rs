//! Replies small enough to stand in a table, for the examples of assertions and extractors.

use std::borrow::Cow;

use ld_vm::{Meta, Reply};

/// A reply written out.
#[derive(Clone, Copy, Debug)]
pub struct ExampleReply {
    /// The status.
    pub status: i64,
    /// Headers, each name once.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: &'static str,
    /// How long the exchange took, in milliseconds.
    pub ms: u32,
}

impl ExampleReply {
    /// Only a status.
    #[must_use]
    pub const fn status(status: i64) -> Self {
        Self { status, headers: &[], body: "", ms: 0 }
    }

    /// Status 200 with headers.
    #[must_use]
    pub const fn headers(headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { status: 200, headers, body: "", ms: 0 }
    }

    /// Status 200 with a body.
    #[must_use]
    pub const fn body(body: &'static str) -> Self {
        Self { status: 200, headers: &[], body, ms: 0 }
    }

    /// Status 200 after so many milliseconds.
    #[must_use]
    pub const fn after_ms(ms: u32) -> Self {
        Self { status: 200, headers: &[], body: "", ms }
    }

    /// The reply as the machine reads it.
    #[must_use]
    pub fn reply(&self) -> Reply<'_> {
        Reply {
            status: Some(self.status),
            meta: self,
            payload: self.body.as_bytes(),
            elapsed_ns: u64::from(self.ms) * 1_000_000,
            ..Reply::EMPTY
        }
    }

    /// The reply in the words of the reference: what matters of it.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.headers, self.body) {
            ([], "") if self.ms > 0 => format!("a reply after {} ms", self.ms),
            ([], "") => format!("status {}", self.status),
            ([], body) => format!("body `{body}`"),
            (headers, _) => {
                let lines: Vec<_> =
                    headers.iter().map(|(name, value)| format!("`{name}: {value}`")).collect();
                lines.join(", ")
            }
        }
    }
}

impl Meta for ExampleReply {
    fn value(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        let found = self.headers.iter().find(|(n, _)| n.as_bytes().eq_ignore_ascii_case(name))?;
        Some(Cow::Borrowed(found.1.as_bytes()))
    }
}
