//! A connection: plain TCP, or TLS over it.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// An open connection.
///
/// Reads and writes go straight to the socket; nothing is buffered but TLS records. A read
/// that does not fill its buffer tells the reactor that the socket is drained, so a reply
/// that fits costs one system call. After writing to TLS, flush: the last record may still
/// be in memory.
#[derive(Debug)]
pub enum Stream {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS; boxed, because its state is a few kilobytes that plain connections need not pay.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What an idle connection turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Still usable, as far as the peer has told.
    Open,
    /// Closed or reset by the peer.
    Closed,
    /// Bytes arrived that nobody asked for, so what comes next cannot be told apart.
    Unsolicited,
}

impl Stream {
    /// Looks at a connection between two requests, without waiting. Makes a system call
    /// only when the reactor has been told that something arrived.
    pub fn idle(&mut self) -> Idle {
        let mut byte = [0];
        let read = match self {
            Self::Plain(tcp) => tcp.try_read(&mut byte),
            Self::Tls(tls) => {
                // What arrived may be a session ticket, which is no data: let TLS see it.
                let mut buffer = ReadBuf::new(&mut byte);
                let mut cx = Context::from_waker(Waker::noop());
                match Pin::new(tls.as_mut()).poll_read(&mut cx, &mut buffer) {
                    Poll::Pending => return Idle::Open,
                    Poll::Ready(result) => result.map(|()| buffer.filled().len()),
                }
            }
        };
        match read {
            Ok(0) => Idle::Closed,
            Ok(_) => Idle::Unsolicited,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Idle::Open,
            Err(_) => Idle::Closed,
        }
    }

    /// Reads what is there, at most as much as fits; 0 is the end of the stream.
    ///
    /// # Errors
    /// What the socket or TLS reports. A peer that ends a TLS stream without saying so is
    /// [`io::ErrorKind::UnexpectedEof`].
    #[inline]
    pub fn poll_read_into(
        &mut self,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(room);
        Pin::new(self).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    /// Where the connection goes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    /// Whether the TLS handshake resumed an earlier session; `None` without TLS.
    #[must_use]
    pub fn resumed(&self) -> Option<bool> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => {
                Some(tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed))
            }
        }
    }

    /// The application protocol that TLS agreed on.
    #[must_use]
    pub fn alpn(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => tls.get_ref().1.alpn_protocol(),
        }
    }

    /// Closes in order as far as that takes no waiting: TLS says goodbye, TCP sends what
    /// is left.
    pub fn close(mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        // A peer that does not take the goodbye at once goes without.
        let _ = Pin::new(&mut self).poll_shutdown(&mut cx);
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, bytes),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}
