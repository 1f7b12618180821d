//! An open connection: a task of its own reads it, so that pings are answered and messages
//! taken in while the user thinks.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use futures_util::{Sink, Stream as _};
use ld_stdlib::protocols::websocket::Address;
use ld_vm::{Fault, FaultClass};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::AbortHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_key};
use tokio_tungstenite::tungstenite::http::header::{self, HeaderMap, HeaderName};
use tokio_tungstenite::tungstenite::http::{self};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::fault::{ended, handshake_failed, ws_fault};
use crate::driver::Stamps;
use crate::net::{Net, Stream};

/// The most messages that wait for a user.
const MOST_WAITING: usize = 256;

/// The most bytes of messages that wait for a user; a single message may be larger.
const MOST_WAITING_BYTES: usize = 256 << 10;

/// The largest message taken from a server, in bytes.
pub(super) const MOST_MESSAGE_BYTES: usize = 16 << 20;

/// How much is read at once, in bytes; each open connection has a buffer of this size.
const READ_BYTES: usize = 4 << 10;

/// An open connection.
pub(super) struct Connection {
    shared: Rc<Shared>,
    reader: AbortHandle,
}

struct Shared {
    socket: RefCell<WebSocketStream<Metered>>,
    traffic: Rc<Traffic>,
    inbox: RefCell<Inbox>,
}

/// What has come and not been read by the user.
#[derive(Default)]
struct Inbox {
    messages: VecDeque<Received>,
    bytes: usize,
    end: Option<End>,
    user: Option<Waker>,
}

/// A message.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    /// When it came.
    pub(super) arrived_ns: u64,
}

/// Why nothing more will come.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The server said goodbye.
    Closed(Option<CloseFrame>),
    /// The server closed the connection without a word.
    Gone,
    /// Something went wrong.
    Failed(Fault),
}

impl End {
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Closed(frame) => ended(frame.as_ref()),
            Self::Gone => {
                Fault::new(FaultClass::Closed, "the server closed the connection without a goodbye")
            }
            Self::Failed(fault) => fault,
        }
    }
}

/// The request that asks a server to speak WebSocket (RFC 6455 §4.1).
pub(super) fn handshake(address: &Address, headers: HeaderMap) -> Result<Request, Fault> {
    let scheme = if address.endpoint.tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{}", address.authority, address.path);
    let mut request = Request::builder()
        .uri(url)
        .header(header::HOST, &address.authority)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, generate_key())
        .body(())
        .map_err(|error| unsendable(&error))?;
    let mut last: Option<HeaderName> = None;
    for (name, value) in headers {
        // Of a repeated header only the first has its name; it replaces ours.
        match name {
            Some(name) => {
                request.headers_mut().insert(name.clone(), value);
                last = Some(name);
            }
            None => {
                if let Some(name) = &last {
                    request.headers_mut().append(name.clone(), value);
                }
            }
        }
    }
    Ok(request)
}

fn unsendable(error: &http::Error) -> Fault {
    Fault::new(FaultClass::Plan, format!("the handshake cannot be sent: {error}"))
}

impl Connection {
    /// Carries out the handshake and begins to read.
    pub(super) async fn open(
        stream: Stream,
        handshake: Request,
        net: &Rc<Net>,
        stamps: &mut Stamps,
    ) -> Result<Self, Fault> {
        let traffic = Rc::new(Traffic::default());
        let stream = Metered { stream, traffic: Rc::clone(&traffic) };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .max_message_size(Some(MOST_MESSAGE_BYTES))
            .max_frame_size(Some(MOST_MESSAGE_BYTES));
        let opened =
            tokio_tungstenite::client_async_with_config(handshake, stream, Some(config)).await;
        let socket = match opened {
            Ok((socket, _)) => RefCell::new(socket),
            Err(error) => {
                traffic.settle(stamps);
                return Err(handshake_failed(error));
            }
        };
        let shared = Rc::new(Shared { socket, traffic, inbox: RefCell::default() });
        let (reading, net) = (Rc::clone(&shared), Rc::clone(net));
        let reader = tokio::task::spawn_local(async move { reading.read(&net).await });
        Ok(Self { shared, reader: reader.abort_handle() })
    }

    /// Whether messages can be sent, as far as the server has told.
    pub(super) fn is_open(&self) -> bool {
        self.shared.inbox.borrow().end.is_none()
    }

    /// Sends a message.
    pub(super) async fn send(&self, message: Message) -> Result<(), Fault> {
        let mut message = Some(message);
        let sent = poll_fn(|cx| {
            let mut socket = self.shared.socket.borrow_mut();
            let mut socket = Pin::new(&mut *socket);
            if message.is_some() {
                ready!(socket.as_mut().poll_ready(cx))?;
            }
            if let Some(message) = message.take() {
                socket.as_mut().start_send(message)?;
            }
            socket.poll_flush(cx)
        });
        match sent.await {
            Ok(()) => Ok(()),
            // What the server said before it left tells more than that writing failed.
            Err(error) => Err(match self.shared.inbox.borrow().end.clone() {
                Some(end) => end.into_fault(),
                None => ws_fault(error),
            }),
        }
    }

    /// The next message; those that came before the end come first.
    pub(super) async fn next(&self) -> Result<Received, End> {
        poll_fn(|cx| {
            let mut inbox = self.shared.inbox.borrow_mut();
            if let Some(message) = inbox.messages.pop_front() {
                inbox.bytes -= message.bytes.len();
                return Poll::Ready(Ok(message));
            }
            inbox.poll_end(cx).map(Err)
        })
        .await
    }

    /// The end of the connection.
    pub(super) async fn end(&self) -> End {
        poll_fn(|cx| self.shared.inbox.borrow_mut().poll_end(cx)).await
    }

    /// Adds to the stamps what was sent and received since the last time.
    pub(super) fn settle(&self, stamps: &mut Stamps) {
        self.shared.traffic.settle(stamps);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.shared.inbox.borrow().messages.len();
        f.debug_struct("Connection").field("waiting", &waiting).finish_non_exhaustive()
    }
}

impl Shared {
    /// Reads until the end. Pings are answered by the protocol's implementation, as long as
    /// somebody reads.
    async fn read(&self, net: &Net) {
        loop {
            let next = poll_fn(|cx| Pin::new(&mut *self.socket.borrow_mut()).poll_next(cx)).await;
            let mut inbox = self.inbox.borrow_mut();
            match next {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    let (bytes, arrived_ns) = (message.into_data(), net.now_ns());
                    net.counters.count_dropped(inbox.deliver(Received { bytes, arrived_ns }));
                }
                // Reading goes on, which sends our side of the goodbye.
                Some(Ok(Message::Close(frame))) => inbox.finish(End::Closed(frame)),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return inbox.finish(match error {
                        Error::Protocol(error) if super::fault::is_gone(&error) => End::Gone,
                        error => End::Failed(ws_fault(error)),
                    });
                }
                None => return inbox.finish(End::Gone),
            }
        }
    }
}

impl Inbox {
    /// Puts a message behind the others, and says how many of these had to go for it.
    fn deliver(&mut self, message: Received) -> u64 {
        let mut dropped = 0;
        self.bytes += message.bytes.len();
        self.messages.push_back(message);
        while self.messages.len() > MOST_WAITING
            || (self.bytes > MOST_WAITING_BYTES && self.messages.len() > 1)
        {
            if let Some(oldest) = self.messages.pop_front() {
                self.bytes -= oldest.bytes.len();
                dropped += 1;
            }
        }
        self.wake();
        dropped
    }

    /// The first end is the reason; what follows it is only its consequence.
    fn finish(&mut self, end: End) {
        self.end.get_or_insert(end);
        self.wake();
    }

    fn poll_end(&mut self, cx: &Context<'_>) -> Poll<End> {
        match &self.end {
            Some(end) => Poll::Ready(end.clone()),
            None => {
                self.user = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn wake(&mut self) {
        if let Some(user) = self.user.take() {
            user.wake();
        }
    }
}

/// Bytes that went over a connection since they were last counted.
#[derive(Default)]
struct Traffic {
    written: Cell<u64>,
    read: Cell<u64>,
}

impl Traffic {
    fn settle(&self, stamps: &mut Stamps) {
        stamps.bytes_out += self.written.take();
        stamps.bytes_in += self.read.take();
    }
}

/// A stream that counts.
struct Metered {
    stream: Stream,
    traffic: Rc<Traffic>,
}

impl Metered {
    fn count_written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = written {
            self.traffic.written.update(|sum| sum + count as u64);
        }
        written
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let count = buffer.filled().len() - before;
        self.traffic.read.update(|sum| sum + count as u64);
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.count_written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.count_written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
