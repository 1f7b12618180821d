//! The reply a session holds until it has been used.

use std::borrow::Cow;

use ld_vm::{Fault, Meta, Needs, Reply};

use super::wire::{Buffer, Expect, Limits, ReplyReader};

/// What came back last. Holds a buffer only between the first byte of a reply and its use.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) reader: ReplyReader,
    pub(super) buffer: Buffer,
    /// The body, when it came in a content coding.
    pub(super) decoded: Option<Vec<u8>>,
    pub(super) fault: Option<Fault>,
}

impl Received {
    pub(super) fn new() -> Self {
        Self {
            reader: ReplyReader::new(Expect::default(), Limits::default()),
            buffer: Buffer::default(),
            decoded: None,
            fault: None,
        }
    }

    /// Whether there is memory that others can use.
    #[inline]
    pub(super) fn holds_memory(&self) -> bool {
        self.buffer.capacity() > 0 || self.decoded.is_some()
    }

    /// The reply as the machine reads it.
    pub(super) fn reply(&self, needs: Needs) -> Reply<'_> {
        if let Some(fault) = &self.fault {
            return Reply::fault(fault);
        }
        let payload = match &self.decoded {
            Some(decoded) => decoded.as_slice(),
            None if needs.contains(Needs::PAYLOAD) => self.reader.body(&self.buffer),
            None => &[],
        };
        let status = self.reader.head().map(|head| i64::from(head.status));
        Reply { status, meta: self, payload, ..Reply::EMPTY }
    }
}

impl Meta for Received {
    fn value(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.reader.fields(&self.buffer).joined(name)
    }
}
