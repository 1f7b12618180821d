//! Buffers that are used again.

use std::cell::{Cell, RefCell};
use std::fmt;

/// How many idle buffers a shard keeps; with more users than this in flight at once, the
/// surplus goes back to the allocator.
const KEPT: usize = 1024;

/// The memory that idle buffers may take, in bytes.
const KEPT_BYTES: usize = 64 << 20;

/// Buffers not in use, for whoever needs one next: the last one given back, whose memory
/// is likeliest to be in the cache.
#[derive(Default)]
pub struct Pool {
    idle: RefCell<Vec<Vec<u8>>>,
    memory: Cell<usize>,
}

impl Pool {
    /// A buffer, new when none is idle. It holds whatever it was given back with.
    pub fn take(&self) -> Vec<u8> {
        let buffer = self.idle.borrow_mut().pop().unwrap_or_default();
        self.memory.set(self.memory.get() - buffer.capacity());
        buffer
    }

    /// Gives a buffer back.
    pub fn put(&self, buffer: Vec<u8>) {
        let mut idle = self.idle.borrow_mut();
        let memory = self.memory.get() + buffer.capacity();
        if idle.len() < KEPT && memory <= KEPT_BYTES {
            self.memory.set(memory);
            idle.push(buffer);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("idle", &self.idle.borrow().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_buffer_given_back_is_the_next_one_taken() {
        let pool = Pool::default();
        pool.put(vec![1]);
        pool.put(vec![2]);
        assert_eq!(pool.take(), [2]);
        assert_eq!(pool.take(), [1]);
        assert!(pool.take().is_empty());
    }

    #[test]
    fn the_surplus_is_freed() {
        let pool = Pool::default();
        (0..KEPT + 5).for_each(|_| pool.put(Vec::new()));
        assert_eq!(pool.idle.borrow().len(), KEPT);
    }

    #[test]
    fn few_large_buffers_are_a_surplus_as_well() {
        let pool = Pool::default();
        (0..3).for_each(|_| pool.put(Vec::with_capacity(30 << 20)));
        assert_eq!(pool.idle.borrow().len(), 2);
        pool.take();
        pool.put(Vec::with_capacity(30 << 20));
        assert_eq!(pool.idle.borrow().len(), 2, "what is taken makes room");
    }
}
