//! Counts of what the network layer did, for the summary.

use std::cell::Cell;
use std::mem;

/// Counts since the shard began.
#[derive(Debug, Default)]
pub struct Counters {
    opened: Cell<u64>,
    reopened: Cell<u64>,
    exhausted: Cell<u64>,
    abandoned: Cell<u64>,
}

impl Counters {
    /// Connections opened, TLS included where there is any.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// Connections opened again because the server had closed an idle one.
    #[must_use]
    pub fn reopened(&self) -> u64 {
        self.reopened.get()
    }

    /// Connections that could not be opened because the generator itself ran out of
    /// descriptors, ports or socket memory.
    #[must_use]
    pub fn exhausted(&self) -> u64 {
        self.exhausted.get()
    }

    /// Attempts to open a connection that ended with the run, so that what was to be sent
    /// over it never was.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned.get()
    }

    /// Notes a connection opened.
    pub fn count_opened(&self) {
        self.opened.set(self.opened.get() + 1);
    }

    /// Notes that a connection opened is in place of one that was found closed.
    pub fn count_reopened(&self) {
        self.reopened.set(self.reopened.get() + 1);
    }

    /// Notes that the generator ran out of something.
    pub fn count_exhausted(&self) {
        self.exhausted.set(self.exhausted.get() + 1);
    }

    /// Marks that a connection is being opened.
    pub(super) fn attempt(&self) -> Attempt<'_> {
        Attempt(self)
    }
}

/// A connection being opened; abandoned when dropped before it [ended](Self::end).
#[must_use]
pub(super) struct Attempt<'c>(&'c Counters);

impl Attempt<'_> {
    /// The attempt has come to its end, good or bad.
    pub(super) fn end(self) {
        mem::forget(self);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.0.abandoned.set(self.0.abandoned.get() + 1);
    }
}
