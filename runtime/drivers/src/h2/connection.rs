//! A connection that speaks HTTP/2.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Failure;
use crate::driver::Stamps;
use crate::net::Stream;

/// How many bytes of one reply, and of all replies of a connection, a server may send ahead: as
/// much as browsers let it, so that a large reply is not held up by us.
const STREAM_WINDOW: u32 = 6 << 20;
const CONNECTION_WINDOW: u32 = 15 << 20;

/// An open connection.
#[derive(Clone)]
pub(crate) struct Open {
    requests: SendRequest<Bytes>,
    traffic: Rc<Traffic>,
}

/// Bytes that went over a connection and are not yet counted for a request.
#[derive(Debug, Default)]
struct Traffic {
    read: Cell<u64>,
    written: Cell<u64>,
}

impl Open {
    /// Begins to speak HTTP/2 on a new connection; heads may have `most_head` bytes. Frames are carried beside the user's own work, so
    /// that the server is answered while the user thinks.
    pub(crate) async fn begin(stream: Stream, most_head: u32) -> Result<Self, Failure> {
        let traffic = Rc::new(Traffic::default());
        let stream = Counted { stream, traffic: Rc::clone(&traffic) };
        let (requests, connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(most_head)
            .enable_push(false)
            .handshake(stream)
            .await?;
        // How it ends is told to the requests on it.
        tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(Self { requests, traffic })
    }

    /// Whether requests can be sent, as far as the server has told.
    pub(crate) fn is_usable(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        !matches!(self.requests.poll_ready(&mut cx), Poll::Ready(Err(_)))
    }

    /// Whether both are the same connection.
    #[cfg(feature = "http")]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.traffic, &other.traffic)
    }

    /// Counts what went over the connection for the request that ends now.
    pub(crate) fn count_bytes(&self, stamps: &mut Stamps) {
        stamps.bytes_in += self.traffic.read.take();
        stamps.bytes_out += self.traffic.written.take();
    }

    /// What to send one more request with, once the server takes one more.
    pub(crate) async fn ready(&mut self) -> Result<&mut SendRequest<Bytes>, Failure> {
        poll_fn(|cx| self.requests.poll_ready(cx)).await?;
        Ok(&mut self.requests)
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("traffic", &self.traffic).finish_non_exhaustive()
    }
}

/// A stream whose bytes are counted.
struct Counted {
    stream: Stream,
    traffic: Rc<Traffic>,
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        add(&this.traffic.read, buffer.filled().len() - before);
        outcome
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = outcome {
            add(&this.traffic.written, count);
        }
        outcome
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(count)) = outcome {
            add(&this.traffic.written, count);
        }
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

fn add(counter: &Cell<u64>, count: usize) {
    counter.set(counter.get().saturating_add(count as u64));
}
