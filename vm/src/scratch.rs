//! Buffers that a user borrows from its shard while a request is under way.
//!
//! Thinking users hold none, which is what keeps an idle user small.

use std::ops::Range;

use crate::counts::ShardCounts;
use crate::kept::Kept;
use crate::mask::Made;
use crate::value::Var;

/// The parts of a request a program may render, and text operands beside them.
pub const MAX_PARTS: usize = 64;

/// What one request renders: the bytes of its parts, one after the other, and the
/// text of its failure.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) out: Vec<u8>,
    /// Where each rendered part begins; it ends where the next one in order begins.
    pub(crate) starts: Vec<(u8, u32)>,
    pub(crate) failure: String,
    /// What was rendered that was made of secrets.
    pub(crate) made: Made,
}

impl Scratch {
    pub(crate) fn begin_part(&mut self, part: u8) {
        let start = u32::try_from(self.out.len()).unwrap_or(u32::MAX);
        self.starts.push((part, start));
    }

    /// The rendered bytes of a part; empty when the part was not rendered.
    pub(crate) fn part(&self, part: u8) -> &[u8] {
        self.out.get(self.range(part)).unwrap_or_default()
    }

    fn range(&self, part: u8) -> Range<usize> {
        let Some(at) = self.starts.iter().position(|&(number, _)| number == part) else {
            return 0..0;
        };
        let start = self.starts.get(at).map_or(0, |&(_, start)| start as usize);
        let end = self.starts.get(at + 1).map_or(self.out.len(), |&(_, start)| start as usize);
        start..end
    }

    fn clear(&mut self) {
        self.out.clear();
        self.starts.clear();
        self.failure.clear();
        self.made.clear();
    }
}

/// What a shard keeps for its users: spare buffers, the one variable that extractors write to
/// before it changes place with the user's, and counters.
#[derive(Debug)]
pub struct ScratchPool {
    #[expect(clippy::vec_box, reason = "users hold the box; moving it is one pointer")]
    free: Vec<Box<Scratch>>,
    pub(crate) spare: Var,
    /// Where the results of calls stand that are operands of other calls.
    pub(crate) results: Vec<Var>,
    /// A new value on its way into a variable.
    pub(crate) assigned: Var,
    /// Where the text of a failure is written before it is known to be one.
    pub(crate) failure: String,
    /// What was made of texts that only the run knows.
    pub(crate) kept: Kept,
    /// What is counted for the run.
    pub(crate) counts: ShardCounts,
    /// What was worked since a user gave way last, in bytes.
    pub(crate) worked: usize,
}

impl Default for ScratchPool {
    /// That of an only shard.
    fn default() -> Self {
        Self::of_shard(0, 1)
    }
}

/// A buffer that grew beyond this, in bytes, is dropped instead of kept for reuse, so
/// that one huge body does not stay in memory for the rest of the run.
const KEEP_CAPACITY: usize = 1 << 20;

impl ScratchPool {
    /// That of shard `shard` of `shards`, with nothing in it.
    #[must_use]
    pub fn of_shard(shard: u32, shards: u32) -> Self {
        Self {
            free: Vec::new(),
            spare: Var::default(),
            results: Vec::new(),
            assigned: Var::default(),
            failure: String::new(),
            kept: Kept::default(),
            counts: ShardCounts::new(shard, shards),
            worked: 0,
        }
    }

    pub(crate) fn take(&mut self) -> Box<Scratch> {
        self.free.pop().unwrap_or_default()
    }

    pub(crate) fn put_back(&mut self, mut scratch: Box<Scratch>) {
        if scratch.out.capacity() <= KEEP_CAPACITY {
            scratch.clear();
            self.free.push(scratch);
        }
    }
}
