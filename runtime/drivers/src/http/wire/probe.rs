//! One reply replayed in pieces: the door for tests and fuzzers.

use super::buffer::Buffer;
use super::error::WireError;
use super::reader::{Expect, Limits, Progress, ReplyReader};
use crate::http::decode::{DecodeError, Decoder};

/// What a reply came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) keep_alive: bool,
    pub(super) head: Vec<u8>,
    pub(super) body_len: u64,
    pub(super) body: Result<Vec<u8>, DecodeError>,
}

/// Feeds the pieces of a reply to a reader, then the end of the stream.
pub(super) fn replay<'p>(
    pieces: impl IntoIterator<Item = &'p [u8]>,
    expect: Expect,
    limits: Limits,
    buffer: &mut Buffer,
) -> Result<Outcome, WireError> {
    buffer.clear();
    let mut reader = ReplyReader::new(expect, limits);
    let mut progress = Progress::More;
    for piece in pieces {
        buffer.extend(piece);
        progress = reader.feed(buffer)?;
    }
    if progress == Progress::More {
        reader.end(buffer)?;
    }
    let head = reader.head().ok_or(WireError::ClosedBeforeReply)?;
    let body = reader.body(buffer);
    let decoded = if head.codings.is_none() {
        Ok(body.to_vec())
    } else {
        let mut out = Vec::new();
        Decoder::default().decode(head.codings, body, limits.body, &mut out).map(|()| out)
    };
    Ok(Outcome {
        status: head.status,
        keep_alive: head.keep_alive,
        head: buffer.filled().get(..head.len as usize).unwrap_or_default().to_vec(),
        body_len: reader.body_len(),
        body: decoded,
    })
}

/// Reads `data` as a reply, whole and in pieces, as a fuzzer's entry: the first byte
/// says what is expected of the reply and how it is cut.
///
/// # Panics
/// When the outcome depends on the pieces, or memory is out of proportion: both are
/// defects of the reader.
pub fn probe_reply(data: &[u8]) {
    let Some((&control, reply)) = data.split_first() else { return };
    let expect = Expect { to_head_request: control & 1 != 0, body: control & 2 != 0 };
    let limits = Limits { body: 1 << 20, ..Limits::default() };
    let piece_len = usize::from(control >> 2).max(1);
    let [mut buffer, mut pieces_buffer] = [Buffer::default(), Buffer::default()];
    let whole = replay([reply], expect, limits, &mut buffer);
    let pieces = replay(reply.chunks(piece_len), expect, limits, &mut pieces_buffer);
    assert_eq!(whole, pieces, "in pieces of {piece_len}");
    assert_eq!(whole, replay([reply], expect, limits, &mut buffer), "the head being known");
    for buffer in [buffer, pieces_buffer] {
        assert!(buffer.capacity() <= reply.len().max(8 * 1024) * 2, "{}", buffer.capacity());
    }
}
