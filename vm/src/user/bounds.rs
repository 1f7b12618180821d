//! How much a user may make between two requests: values have a greatest length, and steps that
//! make much of them give way to others.

use crate::scratch::ScratchPool;
use crate::value::Value;

/// The longest value that a plan may make, keep in a variable or put into a request, in bytes.
/// Bodies have the same bound. A function whose result may be much longer than its arguments stops
/// once it is beyond this: that it was too long is told by whoever called it.
pub const MAX_VALUE: usize = 64 << 20;

/// What a failure of this kind says.
pub(crate) const TOO_LONG: &str = "a value of more than 64 MiB was made: variables, results of \
     functions and requests have to be shorter; set variables that grow anew";

/// What a user works before it gives way, in bytes that it reads and writes.
const TURN: usize = 64 << 20;

/// What it takes to look at a value of no length, in bytes worked meanwhile.
const LOOK: usize = 256;

/// How long values are together.
pub(crate) fn length(values: &[Value<'_>]) -> usize {
    let lengths = values.iter().map(|value| value.bytes().map_or(0, <[u8]>::len));
    lengths.fold(0, usize::saturating_add)
}

impl ScratchPool {
    /// Counts a value that a step made.
    pub(crate) const fn worked(&mut self, length: usize) {
        self.worked = self.worked.saturating_add(length).saturating_add(LOOK);
    }

    /// Whether it is time to give way; counting begins anew then.
    pub(crate) const fn gives_way(&mut self) -> bool {
        let gives_way = self.worked > TURN;
        if gives_way {
            self.worked = 0;
        }
        gives_way
    }

    /// Counting begins anew: the step gives way anyhow.
    pub(crate) const fn rest(&mut self) {
        self.worked = 0;
    }
}
