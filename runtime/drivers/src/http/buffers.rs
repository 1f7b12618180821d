//! The read buffers of a shard.

use std::cell::{Cell, RefCell};

use super::wire::Buffer;

/// The memory that idle buffers may take, in bytes. Beyond it they are freed, so that
/// bodies of many megabytes do not stay around for the rest of the run.
const KEPT: usize = 64 << 20;

/// Read buffers not in use. The one given back last is taken first: its memory is
/// likeliest to be in the cache.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    idle: RefCell<Vec<Buffer>>,
    memory: Cell<usize>,
}

impl Buffers {
    /// An empty buffer.
    #[inline]
    pub(super) fn take(&self) -> Buffer {
        let buffer = self.idle.borrow_mut().pop().unwrap_or_default();
        self.memory.set(self.memory.get() - buffer.capacity());
        buffer
    }

    /// Gives a buffer back.
    #[inline]
    pub(super) fn put(&self, mut buffer: Buffer) {
        let memory = self.memory.get() + buffer.capacity();
        if buffer.capacity() > 0 && memory <= KEPT {
            buffer.clear();
            self.memory.set(memory);
            self.idle.borrow_mut().push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again_until_they_are_too_much() {
        let buffers = Buffers::default();
        let mut large = Buffer::default();
        large.extend(&vec![0; 40 << 20]);
        buffers.put(large);
        let mut second = Buffer::default();
        second.extend(&vec![0; 1 << 20]);
        buffers.put(second);
        assert_eq!(buffers.idle.borrow().len(), 1, "64 MiB and 1 MiB are too much");
        let again = buffers.take();
        assert_eq!((again.capacity(), again.len()), (64 << 20, 0));
        assert_eq!(buffers.memory.get(), 0);
        assert_eq!(buffers.take().capacity(), 0);
    }
}
