//! One request and its reply on an open connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ld_vm::{Fault, FaultClass};
use tokio::io::AsyncWrite as _;

use super::buffers::Buffers;
use super::message::Beyond;
use super::received::Received;
use super::wire::{Progress, WireError};
use crate::driver::Stamps;
use crate::net::{Deadline, Net, Stream, io_fault};

/// A buffer that reads fill grows up to this many bytes, whatever becomes of what they
/// read: fewer system calls for large bodies.
const STREAMING_SIZE: usize = 64 * 1024;

/// As many pieces of a request are handed to the system at once.
const SLICES: usize = 16;

/// Writes a request and reads its reply: one write and one read when both fit.
///
/// Sending and receiving go on side by side, because a server may refuse a request before
/// it has read all of it.
pub(super) struct Trip<'t> {
    pub(super) net: &'t Net,
    pub(super) buffers: &'t Buffers,
    pub(super) stream: &'t mut Stream,
    pub(super) received: &'t mut Received,
    pub(super) deadline: &'t Deadline,
    pub(super) stamps: &'t mut Stamps,
    /// The time limit in nanoseconds, for the text of its fault.
    pub(super) limit_ns: u64,
    pub(super) head: &'t [u8],
    /// What follows the head, when it is too large to stand in one piece with it.
    pub(super) tail: &'t [u8],
    /// What is out of the ordinary.
    pub(super) beyond: Option<&'t Beyond<'t>>,
    pub(super) progress: Sending,
}

/// How far a trip has come.
#[derive(Debug, Default)]
pub(super) struct Sending {
    written: usize,
    /// Only the head is sent, until the server asks for the body.
    pub(super) is_held: bool,
    /// Everything has been handed to the system.
    pub(super) is_sent: bool,
    /// Why nothing more can be sent; a reply may come nevertheless.
    broken: Option<io::Error>,
    /// Something of the reply has come.
    pub(super) is_answered: bool,
}

impl Sending {
    /// Nothing yet; only the head is to go at first when `is_held`.
    #[inline]
    pub(super) fn new(is_held: bool) -> Self {
        Self { is_held, ..Self::default() }
    }
}

impl Future for Trip<'_> {
    /// Whether the reply came; the connection is of no more use if not.
    type Output = Result<(), Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let outcome = loop {
            if !this.progress.is_sent && this.progress.broken.is_none() {
                match this.send(cx) {
                    Poll::Ready(Ok(())) => this.progress.is_sent = !this.progress.is_held,
                    Poll::Ready(Err(error)) => this.progress.broken = Some(error),
                    Poll::Pending => {}
                }
            }
            match this.receive(cx) {
                Poll::Ready(outcome) => break outcome,
                Poll::Pending if this.progress.is_held && this.goes_on(cx) => {}
                Poll::Pending => {
                    if this.deadline.poll_expired(cx).is_pending() {
                        return Poll::Pending;
                    }
                    break Err(this.timed_out());
                }
            }
        };
        this.stamps.done_ns = this.net.now_ns();
        if this.progress.is_answered && this.stamps.first_byte_ns == 0 {
            this.stamps.first_byte_ns = this.stamps.done_ns;
        }
        Poll::Ready(outcome)
    }
}

impl Trip<'_> {
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(beyond) = self.beyond {
            return self.send_pieces(beyond, cx);
        }
        let total = self.head.len() + self.tail.len();
        let mut stream = Pin::new(&mut *self.stream);
        while self.progress.written < total {
            let written = self.progress.written;
            let count = match self.head.get(written..) {
                Some(head) if self.tail.is_empty() => ready!(stream.as_mut().poll_write(cx, head))?,
                Some(head) => {
                    let slices = [IoSlice::new(head), IoSlice::new(self.tail)];
                    ready!(stream.as_mut().poll_write_vectored(cx, &slices))?
                }
                None => {
                    let tail = self.tail.get(written - self.head.len()..).unwrap_or_default();
                    ready!(stream.as_mut().poll_write(cx, tail))?
                }
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.progress.written += count;
            self.stamps.bytes_out += count as u64;
        }
        stream.poll_flush(cx)
    }

    /// The same for a body in several pieces, or one that is held back.
    #[cold]
    fn send_pieces(&mut self, beyond: &Beyond<'_>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let pieces = [self.head, self.tail].into_iter().chain(beyond.more.iter().copied());
        let pieces = pieces.take(if self.progress.is_held { 1 } else { usize::MAX });
        loop {
            let mut passed = self.progress.written;
            let mut slices = [IoSlice::new(&[]); SLICES];
            let left = pieces.clone().filter_map(|piece| {
                let rest = piece.get(passed..);
                passed = passed.saturating_sub(piece.len());
                rest.filter(|rest| !rest.is_empty())
            });
            let mut used = 0;
            for (slice, rest) in slices.iter_mut().zip(left) {
                *slice = IoSlice::new(rest);
                used += 1;
            }
            let mut stream = Pin::new(&mut *self.stream);
            if used == 0 {
                return stream.poll_flush(cx);
            }
            let slices = slices.get(..used).unwrap_or_default();
            let count = ready!(stream.as_mut().poll_write_vectored(cx, slices))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.progress.written += count;
            self.stamps.bytes_out += count as u64;
        }
    }

    /// Whether a body held back is sent now: the server has asked for it, or says nothing
    /// (RFC 9110 §10.1.1).
    #[cold]
    fn goes_on(&mut self, cx: &mut Context<'_>) -> bool {
        let until_ns = self.beyond.map_or(u64::MAX, |beyond| beyond.until_ns);
        let is_late = self.deadline.poll_expired(cx).is_ready();
        let is_given_up = is_late && self.net.now_ns() < until_ns;
        if !self.received.reader.has_interim() && !is_given_up {
            return false;
        }
        self.progress.is_held = false;
        self.deadline.arm(until_ns);
        true
    }

    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let Received { reader, buffer, .. } = &mut *self.received;
        if buffer.capacity() == 0 {
            *buffer = self.buffers.take();
        }
        loop {
            let room = buffer.room();
            let room_len = room.len();
            let count = match self.stream.poll_read_into(cx, room) {
                Poll::Pending => {
                    // Who waits for the first byte needs no buffer for it yet.
                    if buffer.is_empty() {
                        self.buffers.put(std::mem::take(buffer));
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Ok(count)) => count,
                // Many servers end TLS without saying so.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(io_fault(&error))),
            };
            if count == 0 {
                return Poll::Ready(match (reader.end(buffer), &self.progress.broken) {
                    (Ok(()), _) => Ok(()),
                    (Err(WireError::ClosedBeforeReply), Some(error)) => Err(io_fault(error)),
                    (Err(error), _) => Err(error.into()),
                });
            }
            self.progress.is_answered = true;
            self.stamps.bytes_in += count as u64;
            buffer.advance(count);
            match reader.feed(buffer) {
                Ok(Progress::Done) => return Poll::Ready(Ok(())),
                Ok(Progress::More) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
            if self.stamps.first_byte_ns == 0 {
                self.stamps.first_byte_ns = self.net.now_ns();
            }
            if count == room_len && buffer.capacity() < STREAMING_SIZE {
                buffer.grow();
            }
        }
    }

    #[cold]
    fn timed_out(&self) -> Fault {
        let phase = match &self.progress {
            Sending { is_answered: true, .. } => "in the middle of the reply",
            Sending { is_held: true, .. } | Sending { is_sent: true, .. } => {
                "waiting for the reply to begin"
            }
            _ => "sending the request",
        };
        timed_out(phase, self.limit_ns)
    }
}

/// The fault of a request whose time is over, by what it was about and its limit in nanoseconds.
pub(super) fn timed_out(phase: &str, limit_ns: u64) -> Fault {
    let limit_s = limit_ns as f64 / 1e9;
    Fault::new(FaultClass::Timeout, format!("timed out {phase} (limit {limit_s} s)"))
}
