//! The server's end of one connection, as a fault sees it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustls::ServerConnection;

/// Most bytes of a request head; the clients under test send far fewer.
const MAX_HEAD: usize = 64 * 1024;

/// The server's end of one connection.
#[derive(Debug)]
pub struct Peer<'a> {
    socket: &'a TcpStream,
    tls: Option<ServerConnection>,
    /// Bytes read and not yet used.
    input: Vec<u8>,
    requests: &'a AtomicU64,
}

impl<'a> Peer<'a> {
    pub(super) fn new(
        socket: &'a TcpStream,
        tls: Option<ServerConnection>,
        requests: &'a AtomicU64,
    ) -> Self {
        Self { socket, tls, input: Vec::new(), requests }
    }

    /// Reads a request, head and body, and counts it; `false` when the client has ended the
    /// connection instead.
    pub(super) fn request(&mut self) -> io::Result<bool> {
        let head_len = loop {
            if let Some(at) = self.input.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at.saturating_add(4);
            }
            if self.input.len() > MAX_HEAD || !self.read_some()? {
                return Ok(false);
            }
        };
        let head: Vec<u8> = self.input.drain(..head_len).collect();
        let length = content_length(&String::from_utf8_lossy(&head));
        while self.input.len() < length {
            if !self.read_some()? {
                return Ok(false);
            }
        }
        self.input.drain(..length);
        self.requests.fetch_add(1, Ordering::SeqCst);
        Ok(true)
    }

    /// Reads something, whatever it is; `false` at the end of the stream.
    pub(super) fn read_some(&mut self) -> io::Result<bool> {
        let mut block = [0; 4096];
        let read = match &mut self.tls {
            Some(tls) => rustls::Stream::new(tls, &mut &*self.socket).read(&mut block)?,
            None => (&mut &*self.socket).read(&mut block)?,
        };
        self.input.extend(block.iter().take(read));
        Ok(read > 0)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => {
                let mut socket = self.socket;
                let mut stream = rustls::Stream::new(tls, &mut socket);
                stream.write_all(bytes)?;
                stream.flush()
            }
            None => (&mut &*self.socket).write_all(bytes),
        }
    }

    /// Sends past TLS, straight into the socket.
    pub(super) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&mut &*self.socket).write_all(bytes)
    }

    /// Ends this direction; the client's stays open.
    pub(super) fn end_sending(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// Makes the end of this connection a reset instead of an orderly close.
    pub(super) fn reset_at_end(&mut self) -> io::Result<()> {
        Ok(set_socket_linger(self.socket, Some(Duration::ZERO))?)
    }

    /// Waits until the client ends the connection, or this server is stopped.
    pub(super) fn stall(&mut self) -> io::Result<()> {
        while self.read_some()? {
            self.input.clear();
        }
        Ok(())
    }
}

fn content_length(head: &str) -> usize {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = pairs.filter(|pair| pair.0.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|pair| pair.1.trim().parse().ok()).unwrap_or(0)
}
