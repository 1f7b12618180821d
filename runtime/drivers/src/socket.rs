//! TCP and UDP: a socket for each request.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use ld_stdlib::protocols::payload;
use ld_stdlib::protocols::socket::{option, part};
use ld_vm::{Fault, FaultClass, Needs, Reply, Request};
use memchr::memmem;
use tokio::io::{AsyncWrite, Interest};
use tokio::net::UdpSocket;

use crate::driver::{Driver, Exchange, Stamps};
use crate::expect::unmet;
use crate::net::{Deadline, Endpoint, Net, Stream, TlsOptions, io_fault};

/// Room for one read: the largest datagram fits.
const CHUNK_BYTES: usize = 1 << 16;

/// As many bytes are kept while an expected text is looked for.
const MOST_BYTES: usize = 16 << 20;

/// A reply that took more memory than this is freed before the next one.
const KEPT_BYTES: usize = 1 << 12;

/// TCP and UDP.
pub struct Socket {
    net: Rc<Net>,
    chunk: RefCell<Box<[u8]>>,
}

/// What a user keeps between requests: memory, no connection.
#[derive(Debug)]
pub struct Session {
    deadline: Deadline,
    received: Vec<u8>,
    fault: Option<Fault>,
}

impl Driver for Socket {
    type Session = Session;

    fn new(net: Rc<Net>) -> Self {
        Self { net, chunk: RefCell::new(vec![0; CHUNK_BYTES].into()) }
    }

    fn session(&self, _user: u32) -> Session {
        Session { deadline: self.net.deadline(), received: Vec::new(), fault: None }
    }

    async fn exchange<'s>(
        &'s self,
        session: &'s mut Session,
        request: Request<'_>,
    ) -> Exchange<'s> {
        session.received.clear();
        session.received.shrink_to(KEPT_BYTES);
        let mut stamps = Stamps::default();
        let received = Received {
            bytes: &mut session.received,
            wanted: Wanted::of(&request),
            stamps: &mut stamps,
        };
        let outcome = self.carry_out(&request, received, &session.deadline).await;
        session.deadline.disarm();
        stamps.done_ns = self.net.now_ns();
        if stamps.sent_ns == 0 {
            stamps.sent_ns = stamps.done_ns;
        }
        session.fault = outcome.err();
        let reply = match &session.fault {
            Some(fault) => Reply::fault(fault),
            None => Reply { payload: &session.received, ..Reply::EMPTY },
        };
        Exchange { reply, stamps }
    }
}

impl Socket {
    async fn carry_out(
        &self,
        request: &Request<'_>,
        mut received: Received<'_>,
        deadline: &Deadline,
    ) -> Result<(), Fault> {
        let endpoint = endpoint(request.part(part::TARGET))?;
        let mut payload = request.part(part::PAYLOAD);
        let decoded;
        if request.option(option::HEX) != 0 {
            decoded = payload::decode(payload).map_err(|why| {
                Fault::new(FaultClass::Plan, format!("the payload is not hexadecimal: {why}"))
            })?;
            if let Some(decoded) = &decoded {
                payload = decoded;
            }
        }
        let begun_ns = self.net.now_ns();
        let until_ns = match u64::try_from(request.option(option::TIMEOUT_NS)) {
            Ok(limit_ns) if limit_ns > 0 => begun_ns.saturating_add(limit_ns),
            _ => u64::MAX,
        };
        let mut peer = if request.option(option::UDP) != 0 {
            let peer = self.net.datagrams(&endpoint, deadline, until_ns).await?;
            received.stamps.connect_ns = self.net.now_ns().saturating_sub(begun_ns);
            Peer::Datagrams(peer)
        } else {
            let dialed = self.net.dial(&endpoint, &PLAIN, deadline, until_ns).await?;
            received.stamps.connect_ns = dialed.connect_ns;
            Peer::Stream(dialed.stream)
        };
        deadline.arm(until_ns);
        received.stamps.sent_ns = self.net.now_ns();
        let exchanged = deadline.within(async {
            received.stamps.bytes_out = peer.send(payload).await?;
            self.receive(&mut peer, &mut received).await
        });
        match exchanged.await {
            Ok(Ok(())) => received.check(),
            Ok(Err(error)) => Err(io_fault(&error)),
            Err(_) => Err(Fault::new(FaultClass::Timeout, received.wanted.timed_out())),
        }
    }

    /// Reads until what is wanted has come or the peer has closed.
    async fn receive(&self, peer: &mut Peer, received: &mut Received<'_>) -> io::Result<()> {
        while let Some(room) = received.room() {
            let (is_found, is_over) = match peer {
                Peer::Stream(stream) => self.read(stream, room, received).await?,
                Peer::Datagrams(socket) => self.read_datagram(socket, received).await?,
            };
            if is_found || is_over {
                break;
            }
        }
        Ok(())
    }

    /// One read; whether it brought the expected text, and whether it was the last.
    async fn read(
        &self,
        stream: &mut Stream,
        room: usize,
        received: &mut Received<'_>,
    ) -> io::Result<(bool, bool)> {
        poll_fn(|cx| {
            let mut chunk = self.chunk.borrow_mut();
            let chunk = chunk.get_mut(..room.min(CHUNK_BYTES)).unwrap_or_default();
            let count = ready!(stream.poll_read_into(cx, chunk))?;
            let is_found = received.take(chunk.get(..count).unwrap_or_default(), &self.net);
            Poll::Ready(Ok((is_found, count == 0)))
        })
        .await
    }

    /// The same for a datagram, which is read whole, or its rest would be lost uncounted.
    async fn read_datagram(
        &self,
        socket: &UdpSocket,
        received: &mut Received<'_>,
    ) -> io::Result<(bool, bool)> {
        loop {
            // That nobody listens comes as an error, which does not count as readable.
            if socket.ready(Interest::READABLE | Interest::ERROR).await?.is_error() {
                let refused = socket.try_io(Interest::ERROR, || match socket.take_error()? {
                    Some(error) => Err(error),
                    None => Err(ErrorKind::WouldBlock.into()),
                });
                refused.or_else(pass_over)?;
            }
            let mut chunk = self.chunk.borrow_mut();
            match socket.try_recv(&mut chunk) {
                Ok(count) => {
                    let is_found = received.take(chunk.get(..count).unwrap_or_default(), &self.net);
                    return Ok((is_found, received.wanted.bytes > 0));
                }
                Err(error) => pass_over(error)?,
            }
        }
    }
}

/// Nothing yet is no error.
fn pass_over(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::WouldBlock { Ok(()) } else { Err(error) }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

const PLAIN: TlsOptions = TlsOptions::new();

fn endpoint(target: &[u8]) -> Result<Endpoint, Fault> {
    let text = String::from_utf8_lossy(target);
    Endpoint::parse(&text, None, false)
        .map_err(|why| Fault::new(FaultClass::Plan, format!("`{text}` is no target: {why}")))
}

/// The other side of a socket.
enum Peer {
    Stream(Stream),
    Datagrams(UdpSocket),
}

impl Peer {
    /// Sends all of a payload; the bytes sent.
    async fn send(&mut self, payload: &[u8]) -> io::Result<u64> {
        let mut sent = 0;
        match self {
            Self::Datagrams(socket) => sent = socket.send(payload).await?,
            Self::Stream(stream) => {
                while let Some(rest) = payload.get(sent..).filter(|rest| !rest.is_empty()) {
                    sent += poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, rest)).await?;
                }
            }
        }
        Ok(sent as u64)
    }
}

/// What a request expects to read.
#[derive(Clone, Copy)]
struct Wanted<'r> {
    /// How many bytes; 0 when only the text says how far to read.
    bytes: usize,
    /// The text that must come; empty for none.
    text: &'r [u8],
    /// Whether the bytes are needed when they have come.
    keep: bool,
}

impl<'r> Wanted<'r> {
    fn of(request: &Request<'r>) -> Self {
        let text = request.part(part::EXPECT);
        let bytes = usize::try_from(request.option(option::EXPECT_BYTES)).unwrap_or(0);
        let keep = !text.is_empty() || request.needs().contains(Needs::PAYLOAD);
        Self { bytes, text, keep }
    }

    fn timed_out(&self) -> String {
        if self.text.is_empty() {
            "timed out waiting for the response".to_owned()
        } else {
            format!("timed out waiting for '{}'", String::from_utf8_lossy(self.text))
        }
    }
}

/// What has been read so far.
struct Received<'s> {
    bytes: &'s mut Vec<u8>,
    wanted: Wanted<'s>,
    stamps: &'s mut Stamps,
}

impl Received<'_> {
    /// How many bytes may still be read; `None` when that was all.
    fn room(&self) -> Option<usize> {
        let wanted = match self.wanted {
            Wanted { bytes: 0, text: [], .. } => 0,
            Wanted { bytes: 0, .. } => MOST_BYTES,
            Wanted { bytes, .. } => bytes,
        };
        let count = usize::try_from(self.stamps.bytes_in).unwrap_or(usize::MAX);
        wanted.checked_sub(count).filter(|&room| room > 0)
    }

    /// Takes what was read; whether the expected text ended the reading.
    fn take(&mut self, chunk: &[u8], net: &Net) -> bool {
        self.stamps.bytes_in += chunk.len() as u64;
        if self.stamps.first_byte_ns == 0 && !chunk.is_empty() {
            self.stamps.first_byte_ns = net.now_ns();
        }
        if !self.wanted.keep {
            return false;
        }
        // The text may have begun in what came before.
        let seen = self.bytes.len().saturating_sub(self.wanted.text.len());
        self.bytes.extend_from_slice(chunk);
        if self.wanted.bytes > 0 {
            self.bytes.truncate(self.wanted.bytes);
            return false;
        }
        let unseen = self.bytes.get(seen..).unwrap_or_default();
        memmem::find(unseen, self.wanted.text).is_some()
    }

    /// Whether the expected text is there.
    fn check(&self) -> Result<(), Fault> {
        let text = self.wanted.text;
        if text.is_empty() || memmem::find(self.bytes, text).is_some() {
            return Ok(());
        }
        Err(unmet(text))
    }
}

#[cfg(test)]
mod tests;
