//! Lanes: what a user does at once.
//!
//! A lane is a user that has nothing of its own to remember: it borrows the variables and rows of
//! the user it belongs to for as long as a step takes. Lanes are stepped one at a time, so what
//! one of them extracts is there for all.

use super::{Request, User};
use crate::link::Linked;
use crate::program::LaneId;

impl User {
    /// A lane, to be stepped by [`Self::lend`] until it has [joined](super::Effect::Join).
    #[must_use]
    pub fn lane(&mut self, linked: &Linked, lane: LaneId) -> Self {
        let row = linked.program.tables.lanes.get(lane.index());
        let entry = row.map_or(self.entry, |row| row.entry);
        let (wait, iteration, request) = (self.wait, self.iteration, self.request);
        Self { wait, iteration, request, ..Self::at(entry, self.id, self.rng.fork()) }
    }

    /// Lets a lane work with the memory of its user.
    pub fn lend<R>(&mut self, lane: &mut Self, work: impl FnOnce(&mut Self) -> R) -> R {
        self.exchange(lane);
        let result = work(lane);
        self.exchange(lane);
        result
    }

    fn exchange(&mut self, lane: &mut Self) {
        std::mem::swap(&mut self.memory, &mut lane.memory);
        std::mem::swap(&mut self.counters, &mut lane.counters);
    }

    /// The request that a lane wants carried out, once more: that of the effect borrows the lane
    /// while it has its user's memory.
    #[must_use]
    pub fn request<'u>(&'u self, linked: &'u Linked) -> Option<Request<'u>> {
        let row = linked.program.tables.requests.get(self.request.index())?;
        Some(Request::new(linked, row, self.scratch.as_deref()))
    }
}
