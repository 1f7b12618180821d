//! What a user wants of the world, and what the world gives it.

use std::fmt;
use std::ops::Range;

use crate::link::{Clock, Linked};
use crate::program::{ForkId, OptionRow, Program, RequestRow, SeriesId, SourceId, ThrottleId};
use crate::reply::{FaultClass, Needs, Reply};
use crate::scratch::{Scratch, ScratchPool};
use crate::value::Value;

/// A row of a data source: its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowNumber(pub u64);

/// The data sources of a shard.
pub trait Rows {
    /// The next row of a source for a user.
    fn next(&mut self, source: SourceId, fetch: Fetch<'_>) -> Fetched;
    /// A cell; [`Value::Unset`] when there is no such row, or it is too short to have it.
    fn cell(&self, source: SourceId, row: RowNumber, column: u32) -> Value<'_>;
}

/// Who wants a row.
#[derive(Debug)]
pub struct Fetch<'f> {
    /// The user's number in the run, from 0.
    pub user: u32,
    /// The row of the source that the user had before.
    pub before: Option<RowNumber>,
    /// The user's random numbers.
    pub rng: &'f mut fastrand::Rng,
}

/// What a data source has for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// A row. One behind the last has no cells.
    Row(RowNumber),
    /// No more rows: placeholders stay as written.
    Nothing,
    /// No more rows, and so much is to end.
    Stop(Scope),
}

/// No data sources.
#[derive(Clone, Copy, Debug)]
pub struct NoRows;

impl Rows for NoRows {
    fn next(&mut self, _source: SourceId, _fetch: Fetch<'_>) -> Fetched {
        Fetched::Nothing
    }
    fn cell(&self, _source: SourceId, _row: RowNumber, _column: u32) -> Value<'_> {
        Value::Unset
    }
}

/// What a step may use of the world, besides the reply.
pub struct World<'w> {
    /// Data rows.
    pub rows: &'w mut dyn Rows,
    /// The time, for functions that tell it.
    pub clock: &'w dyn Clock,
    /// Buffers for rendering.
    pub scratch: &'w mut ScratchPool,
}

/// What a step is resumed with.
#[derive(Clone, Copy, Debug)]
pub enum Resume<'r> {
    /// After anything but a request.
    Go,
    /// After [`Effect::Request`]: what came back.
    Reply(Reply<'r>),
}

/// What a user wants of the world.
#[derive(Debug)]
pub enum Effect<'u> {
    /// Carry out a request; resume with [`Resume::Reply`].
    Request(Request<'u>),
    /// Record the outcome of the request just replied to.
    Sample(Sample<'u>),
    /// Record an attempt that failed, wait so many nanoseconds, and step again for the next.
    Retry(Sample<'u>, u64),
    /// Wait, in nanoseconds, from the end of what came before.
    Wait(u64),
    /// Take a turn of a throttle, and wait for it.
    Throttle(ThrottleId),
    /// The tick is over. Wait this long, in nanoseconds, and step again for the next one.
    End(u64),
    /// A group begins; its time is a sample of this series.
    Enter(SeriesId),
    /// The group that began last is over.
    Leave,
    /// Forget the cookies that servers gave the user.
    Forget,
    /// A text of the plan for whoever watches the run.
    Log(&'u [u8]),
    /// Nothing more is to be done by this user, or in this run.
    Stop(Scope),
    /// A data source has no more rows, and the run is to fail of it.
    UsedUp(SourceId),
    /// Do the lanes of a fork at once; resume when all have [joined](Effect::Join).
    Fork(ForkId),
    /// The lane is over.
    Join,
    /// The tick looped [`MAX_ROUNDS`](super::MAX_ROUNDS) times without a request or pause, and ends
    /// with the next step.
    Stuck,
}

/// What [`Effect::Stop`] ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The user; [`User::leave`](super::User::leave) says whether something is left to do.
    User,
    /// The run.
    Run,
}

/// A request as the driver sees it: named parts and numbers, rendered and ready.
#[derive(Clone, Copy)]
pub struct Request<'u> {
    linked: &'u Linked,
    row: &'u RequestRow,
    /// Where each part lies in the constant pool; `None` for one that is rendered.
    parts: &'u [Option<Range<u32>>],
    options: &'u [OptionRow],
    scratch: Option<&'u Scratch>,
}

impl<'u> Request<'u> {
    pub(super) fn new(
        linked: &'u Linked,
        row: &'u RequestRow,
        scratch: Option<&'u Scratch>,
    ) -> Self {
        let parts = Program::rows(&linked.parts, row.parts);
        let options = Program::rows(&linked.program.tables.options, row.options);
        Self { linked, row, parts, options, scratch }
    }

    /// The bytes of a part, by its position in the protocol's list of parts; empty when
    /// the request has no such part.
    #[inline]
    #[must_use]
    pub fn part(&self, part: u8) -> &'u [u8] {
        match self.parts.get(usize::from(part)) {
            Some(Some(range)) => self.linked.program.consts.slice(range),
            Some(None) => self.scratch.map_or(&[], |scratch| scratch.part(part)),
            None => &[],
        }
    }

    /// A number that goes with the request, by its position in the protocol's list of
    /// options; 0 when the request has no such option.
    #[inline]
    #[must_use]
    pub fn option(&self, option: u8) -> i64 {
        self.options.get(usize::from(option)).map_or(0, |row| row.value)
    }

    /// What the task reads of the reply.
    #[inline]
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::from_bits(self.row.needs).unwrap_or_default()
    }

    /// The name of its protocol.
    #[must_use]
    pub fn protocol(&self) -> &'u str {
        let row = self.linked.program.tables.protocols.get(self.row.protocol.index());
        row.map_or("", |row| self.linked.program.consts.text(row.name))
    }

    /// The series its sample will belong to.
    #[must_use]
    pub const fn series(&self) -> SeriesId {
        self.row.series
    }

    /// How many parts there are.
    #[must_use]
    pub const fn parts(&self) -> u8 {
        // The verifier keeps the count below MAX_PARTS.
        self.row.parts.count as u8
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = (0..self.parts()).map(|part| String::from_utf8_lossy(self.part(part)));
        f.debug_struct("Request")
            .field("series", &self.series())
            .field("parts", &parts.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The outcome of a request, to be recorded with the stamps of its exchange.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'u> {
    /// The series it belongs to.
    pub series: SeriesId,
    /// Why it failed, if it did.
    pub failure: Option<Failure<'u>>,
    /// How many placeholders had no value and were sent as written.
    pub unresolved: u32,
    /// How many checks did not hold that only count.
    pub soft_failures: u32,
    /// How many attempts at the same request failed before this one.
    pub attempt: u8,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure<'u> {
    /// The class it is counted under.
    pub class: FaultClass,
    /// What happened, for a person.
    pub text: &'u str,
}
