//! The reader of one reply.

use super::body::Framing;
use super::buffer::Buffer;
use super::chunked::{Chunks, Step};
use super::error::WireError;
use super::head::{Fields, Head, holds_end};

/// What is to be done with the reply to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The request was a HEAD: its reply has no body.
    pub to_head_request: bool,
    /// The body is to be kept; otherwise it is counted and dropped.
    pub body: bool,
}

/// What one reply may take of memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of all heads, interim replies included, and again of all trailers.
    pub head: usize,
    /// Of a body that is kept, before and after it is decoded.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 256 << 10, body: 64 << 20 }
    }
}

/// Whether a reply is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// It is, and the buffer holds nothing else.
    Done,
}

/// Reads one reply out of the buffer of a connection.
///
/// The buffer must be empty before the first byte of the reply, and be cleared when the
/// reply has been used.
#[derive(Debug)]
pub struct ReplyReader {
    expect: Expect,
    limits: Limits,
    state: State,
    head: Head,
    /// Bytes of the body, without chunk sizes, whether kept or dropped.
    body_len: u64,
    /// Bytes of the body kept in the buffer, after the head.
    kept: usize,
    /// Bytes of interim replies that went before.
    interim: usize,
    /// How much of the buffer is known not to hold the end of the head.
    searched: usize,
    /// How much the buffer must hold before an unfinished head is looked at again.
    look_again: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    /// In a body of which so many bytes are still to come.
    Length(u64),
    Chunks(Chunks),
    UntilClose,
    Done,
}

impl ReplyReader {
    /// A reader at the first byte of a reply.
    #[inline]
    #[must_use]
    pub fn new(expect: Expect, limits: Limits) -> Self {
        Self {
            expect,
            limits,
            state: State::Head,
            head: Head::UNREAD,
            body_len: 0,
            kept: 0,
            interim: 0,
            searched: 0,
            look_again: 0,
        }
    }

    /// Takes in what has been added to `buffer` since the last call.
    ///
    /// # Errors
    /// The bytes are not a reply, or exceed a limit, or go on after its end. The
    /// connection is of no more use then.
    // What all requests go through is one piece of code, whoever else feeds a reader.
    #[inline(always)]
    pub fn feed(&mut self, buffer: &mut Buffer) -> Result<Progress, WireError> {
        if matches!(self.state, State::Head) && !self.read_head(buffer)? {
            return Ok(Progress::More);
        }
        let new = buffer.len().saturating_sub(self.body_start());
        match self.state {
            State::Length(left) => {
                let left = left.checked_sub(new as u64).ok_or(WireError::Surplus)?;
                self.take_body(new, buffer)?;
                self.state = if left == 0 { State::Done } else { State::Length(left) };
            }
            State::Chunks(chunks) => self.read_chunks(chunks, buffer)?,
            State::UntilClose => self.take_body(new, buffer)?,
            // What follows 101 is not HTTP.
            State::Done if new > 0 && self.head.status != 101 => return Err(WireError::Surplus),
            State::Done | State::Head => {}
        }
        Ok(if matches!(self.state, State::Done) { Progress::Done } else { Progress::More })
    }

    /// Takes in that the peer has closed its side of the connection.
    ///
    /// # Errors
    /// The reply is not complete.
    pub fn end(&mut self, buffer: &mut Buffer) -> Result<(), WireError> {
        match self.state {
            State::Done => Ok(()),
            State::UntilClose => {
                self.state = State::Done;
                Ok(())
            }
            State::Head if buffer.is_empty() && self.interim == 0 => {
                Err(WireError::ClosedBeforeReply)
            }
            State::Head => {
                // What came last may not have been looked at yet.
                Head::read(buffer, self.expect.to_head_request)?;
                Err(WireError::ClosedInHead)
            }
            State::Length(left) => Err(WireError::ClosedInBody(left.saturating_add(self.body_len))),
            State::Chunks(_) => Err(WireError::ClosedInChunks),
        }
    }

    /// The head, once it has been read.
    #[inline]
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        (self.head.status != 0).then_some(&self.head)
    }

    /// The header fields, none before the head has been read.
    #[must_use]
    pub fn fields<'b>(&self, buffer: &'b Buffer) -> Fields<'b> {
        Fields::new(buffer.filled().get(..self.head.len as usize).unwrap_or_default())
    }

    /// The bytes of the body that were kept, still in their content coding.
    #[must_use]
    pub fn body<'b>(&self, buffer: &'b Buffer) -> &'b [u8] {
        let start = self.head.len as usize;
        buffer.filled().get(start..start + self.kept).unwrap_or_default()
    }

    /// Whether an interim reply has come (RFC 9110 §15.2).
    #[must_use]
    pub fn has_interim(&self) -> bool {
        self.interim > 0
    }

    /// The bytes of the body so far, kept or dropped, without chunk sizes and trailers.
    #[must_use]
    pub fn body_len(&self) -> u64 {
        self.body_len
    }

    /// Where in the buffer new bytes of the body begin.
    #[inline]
    fn body_start(&self) -> usize {
        self.head.len as usize + self.kept
    }

    /// Whether the head is complete; the state is that of its body then.
    #[inline]
    fn read_head(&mut self, buffer: &mut Buffer) -> Result<bool, WireError> {
        loop {
            if self.look_again != 0 && !self.is_worth_a_look(buffer) {
                return Ok(false);
            }
            let Some(head) = Head::read(buffer, self.expect.to_head_request)? else {
                return self.wait_for_head(buffer);
            };
            if self.interim + head.len as usize > self.limits.head {
                return Err(WireError::HeadTooLarge(self.limits.head));
            }
            if head.status < 200 && head.status != 101 {
                self.skip_interim(head.len as usize, buffer);
                continue;
            }
            self.state = match head.framing {
                Framing::None | Framing::Length(0) => State::Done,
                Framing::Length(length) => {
                    if self.expect.body && length > self.limits.body as u64 {
                        return Err(WireError::BodyTooLarge(self.limits.body));
                    }
                    State::Length(length)
                }
                Framing::Chunked => State::Chunks(Chunks::START),
                Framing::UntilClose => State::UntilClose,
            };
            self.head = head;
            return Ok(true);
        }
    }

    /// Whether an unfinished head should be parsed once more. Bytes that trickle in would
    /// cost a parse each otherwise: only the end of the head or twice as many bytes (so
    /// that what is malformed shows without it) are worth one.
    #[cold]
    fn is_worth_a_look(&mut self, buffer: &Buffer) -> bool {
        let found = holds_end(buffer.filled(), self.searched);
        // The end may begin with the last bytes that are here.
        self.searched = buffer.len().saturating_sub(2);
        found || buffer.len() >= self.look_again
    }

    #[cold]
    fn wait_for_head(&mut self, buffer: &Buffer) -> Result<bool, WireError> {
        if self.interim + buffer.len() > self.limits.head {
            return Err(WireError::HeadTooLarge(self.limits.head));
        }
        self.searched = buffer.len().saturating_sub(2);
        self.look_again = (2 * buffer.len()).max(64);
        Ok(false)
    }

    /// Drops an interim reply (RFC 9110 §15.2).
    #[cold]
    fn skip_interim(&mut self, len: usize, buffer: &mut Buffer) {
        buffer.drop_front(len);
        self.interim += len;
        self.searched = 0;
        self.look_again = 0;
    }

    /// Keeps or drops `count` new bytes of the body, the last in the buffer.
    #[inline]
    fn take_body(&mut self, count: usize, buffer: &mut Buffer) -> Result<(), WireError> {
        self.body_len += count as u64;
        if !self.expect.body {
            buffer.truncate(self.body_start());
            return Ok(());
        }
        self.kept += count;
        if self.kept > self.limits.body {
            return Err(WireError::BodyTooLarge(self.limits.body));
        }
        Ok(())
    }

    /// Takes the data out of chunks, so that a body that is kept lies in one piece.
    fn read_chunks(&mut self, mut chunks: Chunks, buffer: &mut Buffer) -> Result<(), WireError> {
        let mut at = self.body_start();
        let mut is_last = false;
        while let Some(bytes) = buffer.filled().get(at..)
            && !bytes.is_empty()
        {
            if is_last {
                return Err(WireError::Surplus);
            }
            match chunks.step(bytes, self.limits.head)? {
                Step::Around(count) => at += count,
                Step::Data(count) => {
                    self.body_len += count as u64;
                    if self.expect.body {
                        buffer.move_down(at..at + count, self.body_start());
                        self.kept += count;
                        if self.kept > self.limits.body {
                            return Err(WireError::BodyTooLarge(self.limits.body));
                        }
                    }
                    at += count;
                }
                Step::End(count) => {
                    at += count;
                    is_last = true;
                }
            }
        }
        buffer.truncate(self.body_start());
        self.state = if is_last { State::Done } else { State::Chunks(chunks) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_head_is_parsed_a_few_times_however_slowly_it_comes() {
        let mut head = String::from("HTTP/1.1 200 OK\r\n");
        (0..2_000).for_each(|n| head.push_str(&format!("x-{n}: {n}\r\n")));
        let mut reader = ReplyReader::new(Expect::default(), Limits::default());
        let mut buffer = Buffer::default();
        let mut looks = 0;
        for byte in head.bytes() {
            buffer.extend(&[byte]);
            let before = reader.look_again;
            assert_eq!(reader.feed(&mut buffer), Ok(Progress::More));
            looks += usize::from(before != reader.look_again);
        }
        assert!(looks <= 16, "{looks}");
    }

    #[test]
    fn a_dropped_body_of_any_size_takes_no_memory() {
        let mut reader = ReplyReader::new(Expect::default(), Limits::default());
        let mut buffer = Buffer::default();
        buffer.extend(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        for _ in 0..10_000 {
            buffer.extend(&[b'x'; 4096]);
            assert_eq!(reader.feed(&mut buffer), Ok(Progress::More));
        }
        assert_eq!(reader.body_len(), 40_960_000);
        assert_eq!(buffer.capacity(), 16 * 1024);
    }

    #[test]
    fn the_reader_is_small() {
        assert!(size_of::<ReplyReader>() <= 136, "{}", size_of::<ReplyReader>());
    }
}
