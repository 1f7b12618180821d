//! Counts of what the network layer did, for the summary.

use std::cell::Cell;
use std::mem;
use std::ops::AddAssign;

use super::fault::Shortage;

/// How many connections could not be opened because the generator itself ran out of
/// something, by what that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exhausted {
    /// For want of a local port.
    pub ports: u64,
    /// For want of a file descriptor.
    pub descriptors: u64,
    /// For want of memory for sockets.
    pub memory: u64,
}

impl AddAssign for Exhausted {
    fn add_assign(&mut self, other: Self) {
        let Self { ports, descriptors, memory } = other;
        self.ports += ports;
        self.descriptors += descriptors;
        self.memory += memory;
    }
}

/// Counts since the shard began.
#[derive(Debug, Default)]
pub struct Counters {
    opened: Cell<u64>,
    reopened: Cell<u64>,
    exhausted: Cell<Exhausted>,
    abandoned: Cell<u64>,
    dropped: Cell<u64>,
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

    /// Connections that could not be opened because the generator itself ran out of something.
    #[must_use]
    pub fn exhausted(&self) -> Exhausted {
        self.exhausted.get()
    }

    /// Attempts to open a connection that ended with the run, so that what was to be sent
    /// over it never was.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned.get()
    }

    /// Messages that came unasked and were thrown away unread, because too many waited.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// Notes messages thrown away unread.
    pub fn count_dropped(&self, messages: u64) {
        self.dropped.set(self.dropped.get() + messages);
    }

    /// Notes a connection opened.
    pub fn count_opened(&self) {
        self.opened.set(self.opened.get() + 1);
    }

    /// Notes that a connection opened is in place of one that was found closed.
    pub fn count_reopened(&self) {
        self.reopened.set(self.reopened.get() + 1);
    }

    /// Notes that a connection could not be opened because the generator ran out of something.
    pub fn count_exhausted(&self, of: Shortage) {
        let mut exhausted = self.exhausted.get();
        match of {
            Shortage::Ports => exhausted.ports += 1,
            Shortage::Descriptors => exhausted.descriptors += 1,
            Shortage::Memory => exhausted.memory += 1,
        }
        self.exhausted.set(exhausted);
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
