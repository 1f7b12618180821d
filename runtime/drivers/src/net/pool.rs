//! Buffers that are used again.

use std::cell::RefCell;
use std::fmt;

/// How many idle buffers a shard keeps; with more users than this in flight at once, the
/// surplus goes back to the allocator.
const KEPT: usize = 1024;

/// Buffers not in use, for whoever needs one next: the last one given back, whose memory
/// is likeliest to be in the cache.
pub struct Pool<T>(RefCell<Vec<T>>);

impl<T: Default> Pool<T> {
    /// A buffer, new when none is idle. It holds whatever it was given back with.
    pub fn take(&self) -> T {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub fn put(&self, buffer: T) {
        let mut idle = self.0.borrow_mut();
        if idle.len() < KEPT {
            idle.push(buffer);
        }
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(RefCell::new(Vec::new()))
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("idle", &self.0.borrow().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_buffer_given_back_is_the_next_one_taken() {
        let pool = Pool::<Vec<u8>>::default();
        pool.put(vec![1]);
        pool.put(vec![2]);
        assert_eq!(pool.take(), [2]);
        assert_eq!(pool.take(), [1]);
        assert!(pool.take().is_empty());
    }

    #[test]
    fn the_surplus_is_freed() {
        let pool = Pool::<Vec<u8>>::default();
        (0..KEPT + 5).for_each(|_| pool.put(Vec::new()));
        assert_eq!(pool.0.borrow().len(), KEPT);
    }
}
