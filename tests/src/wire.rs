//! Requests as servers of tests read them off a connection.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

/// Most bytes of a request head; the clients under test send far fewer.
const MAX_HEAD: usize = 64 * 1024;

/// A request as the server saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The number of its connection, from 0, in the order they were accepted.
    pub connection: u64,
    /// Its method.
    pub method: String,
    /// Its target, path and query.
    pub target: String,
    /// Names, as they were written, and values, in their order.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// What the client said when it shook hands, over TLS.
    pub tls: Option<Handshake>,
}

/// What the server knows of its client from the TLS handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// The host asked for (RFC 6066 §3).
    pub server_name: Option<String>,
    /// Whether the client took up an earlier session again.
    pub resumed: bool,
    /// Whether the client showed a certificate.
    pub has_certificate: bool,
    /// The protocol agreed on (RFC 7301).
    pub protocol: Option<String>,
}

impl Seen {
    /// The value of a header, the first if there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|header| header.0.eq_ignore_ascii_case(name));
        found.next().map(|header| header.1.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path of the target.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// A reply with a `Content-Length`.
#[must_use]
pub fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut reply = format!("HTTP/1.1 {status} Status\r\n");
    for (name, value) in headers {
        reply.push_str(&format!("{name}: {value}\r\n"));
    }
    reply.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [reply.as_bytes(), body].concat()
}

/// Shakes hands with a client of a TLS server.
pub(crate) fn shake_hands(
    stream: &TcpStream,
    config: &Arc<ServerConfig>,
) -> io::Result<(StreamOwned<ServerConnection, TcpStream>, Handshake)> {
    let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(&mut &*stream)?;
    }
    let handshake = Handshake {
        server_name: session.server_name().map(|name| AsRef::<str>::as_ref(&name).to_owned()),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        has_certificate: session.peer_certificates().is_some(),
        protocol: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
    };
    Ok((StreamOwned::new(session, stream.try_clone()?), handshake))
}

/// Whether a reply ends its connection.
pub(crate) fn is_last(reply: &[u8]) -> bool {
    let mut head = reply.split(|byte| *byte == b'\n').take_while(|line| *line != b"\r");
    head.any(|line| line.eq_ignore_ascii_case(b"connection: close\r"))
}

/// Reads a request, head and body; `None` at the end of the connection. `input` holds what was read
/// of the next one, `bytes_in` counts what is read.
pub(crate) fn receive(
    stream: &mut impl Read,
    input: &mut Vec<u8>,
    bytes_in: &AtomicU64,
) -> io::Result<Option<Seen>> {
    let mut more = |input: &mut Vec<u8>| -> io::Result<bool> {
        let mut block = [0; 16 * 1024];
        let read = stream.read(&mut block)?;
        bytes_in.fetch_add(read as u64, Ordering::SeqCst);
        input.extend(block.iter().take(read));
        Ok(read > 0)
    };
    let head_len = loop {
        if let Some(at) = input.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at.saturating_add(4);
        }
        if input.len() > MAX_HEAD || !more(input)? {
            return Ok(None);
        }
    };
    let head: Vec<u8> = input.drain(..head_len).collect();
    let mut seen = parse(&String::from_utf8_lossy(&head));
    if seen.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        return chunks(input, &mut seen.body, more).map(|whole| whole.then_some(seen));
    }
    let length = seen.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while input.len() < length {
        if !more(input)? {
            return Ok(None);
        }
    }
    seen.body = input.drain(..length).collect();
    Ok(Some(seen))
}

/// Reads a body in chunks (RFC 9112 §7.1), without trailers; whether it came to its end.
fn chunks(
    input: &mut Vec<u8>,
    body: &mut Vec<u8>,
    mut more: impl FnMut(&mut Vec<u8>) -> io::Result<bool>,
) -> io::Result<bool> {
    loop {
        let line = loop {
            if let Some(at) = input.windows(2).position(|bytes| bytes == b"\r\n") {
                break input.drain(..at.saturating_add(2)).collect::<Vec<u8>>();
            }
            if input.len() > MAX_HEAD || !more(input)? {
                return Ok(false);
            }
        };
        let size = String::from_utf8_lossy(&line);
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { return Ok(false) };
        while input.len() < size.saturating_add(2) {
            if !more(input)? {
                return Ok(false);
            }
        }
        body.extend(input.drain(..size));
        input.drain(..2);
        if size == 0 {
            return Ok(true);
        }
    }
}

fn parse(head: &str) -> Seen {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(':'));
    Seen {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.trim_start().to_owned()))
            .collect(),
        ..Seen::default()
    }
}
