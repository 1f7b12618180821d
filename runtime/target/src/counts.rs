//! What a target was asked, counted per thread so that threads never meet on a cache line.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::routes::{ROUTES, Route};

/// How often one row of [`ROUTES`] was asked for.
#[derive(Debug, Clone, Copy)]
pub struct RouteCount {
    /// The row.
    pub route: &'static Route,
    /// Requests received whole that it answered.
    pub requests: u64,
}

/// The counters of one thread.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Counts {
    requests: AtomicU64,
    rejected: AtomicU64,
    connections: AtomicU64,
    closed: AtomicU64,
    routes: [AtomicU64; ROUTES.len()],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            requests: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            routes: [const { AtomicU64::new(0) }; ROUTES.len()],
        }
    }
}

impl Counts {
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Relaxed)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// Connections accepted and not yet closed.
    pub(crate) fn open(&self) -> u64 {
        // Closed first: a connection that ends between the two reads must not make this negative.
        let closed = self.closed.load(Relaxed);
        self.connections().saturating_sub(closed)
    }

    pub(crate) fn route(&self, index: usize) -> u64 {
        self.routes.get(index).map_or(0, |count| count.load(Relaxed))
    }

    /// Counts a whole request; `route` is its row, if one matched.
    pub(crate) fn request(&self, route: Option<usize>) {
        self.requests.fetch_add(1, Relaxed);
        if let Some(count) = route.and_then(|index| self.routes.get(index)) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn reject(&self) {
        self.rejected.fetch_add(1, Relaxed);
    }

    /// Counts a connection, open for as long as the value returned lives.
    pub(crate) fn connection(&self) -> OpenConnection<'_> {
        self.connections.fetch_add(1, Relaxed);
        OpenConnection { closed: &self.closed }
    }
}

pub(crate) struct OpenConnection<'a> {
    closed: &'a AtomicU64,
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.closed.fetch_add(1, Relaxed);
    }
}
