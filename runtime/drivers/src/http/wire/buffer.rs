//! The bytes of a connection between the socket and the reader.

use std::ops::Range;

use super::head::Seen;

/// The size of a buffer that has read something, in bytes; it doubles from here on.
const FIRST_SIZE: usize = 16 * 1024;

/// Bytes received and room for more.
///
/// The room is initialised once and handed to the socket as it is, so that a buffer
/// which is used again costs nothing to prepare.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// The head read last out of this buffer, whoever read it.
    pub(super) seen: Option<Box<Seen>>,
}

impl Buffer {
    /// What has been received and not been dropped.
    #[inline]
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// The number of bytes received and not dropped.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// The bytes of memory it holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Room for the next read, never empty: a full buffer doubles. Say with
    /// [`advance`](Self::advance) how much of it was used.
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() {
            self.grow();
        }
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// Doubles the memory.
    #[cold]
    pub fn grow(&mut self) {
        let size = self.bytes.len().saturating_mul(2).max(FIRST_SIZE);
        self.bytes.resize(size, 0);
    }

    /// Takes the first `count` bytes of the room as received.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
    }

    /// Appends bytes as if they had been read.
    pub fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            let count = room.len().min(bytes.len());
            let (now, later) = bytes.split_at(count);
            if let Some(room) = room.get_mut(..count) {
                room.copy_from_slice(now);
            }
            self.advance(count);
            bytes = later;
        }
    }

    /// Drops everything.
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Drops everything from `len` on.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.filled = self.filled.min(len);
    }

    /// Drops the first `count` bytes.
    pub(super) fn drop_front(&mut self, count: usize) {
        let count = count.min(self.filled);
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Copies the bytes of `from`, which have been received, to where `to` begins,
    /// which is before them.
    #[inline]
    pub(super) fn move_down(&mut self, from: Range<usize>, to: usize) {
        if from.start != to && from.end <= self.filled && from.start >= to {
            self.bytes.copy_within(from, to);
        }
    }

    /// Overwrites the byte at `at`, if it has been received.
    pub(super) fn put(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut(..self.filled).and_then(|all| all.get_mut(at)) {
            *place = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_never_empty_and_keeps_what_was_received() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.capacity(), 0);
        let bytes: Vec<u8> = (0..40_000u32).map(|n| n as u8).collect();
        buffer.extend(&bytes);
        assert_eq!(buffer.filled(), bytes);
        assert!(!buffer.room().is_empty());
        assert_eq!(buffer.capacity(), 4 * FIRST_SIZE);
    }

    #[test]
    fn dropping_the_front_moves_the_rest_down() {
        let mut buffer = Buffer::default();
        buffer.extend(b"interimfinal");
        buffer.drop_front(7);
        assert_eq!(buffer.filled(), b"final");
        buffer.drop_front(100);
        assert!(buffer.is_empty());
    }
}
