//! A server that keeps every request it gets and answers as a test wants: what was sent is
//! compared with what the server saw, not with what the client says it sent.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use crate::acceptor::Acceptor;

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

type Answer = dyn Fn(&Seen) -> Vec<u8> + Send + Sync;

/// The server; it ends when dropped.
#[derive(Debug)]
pub struct Witness {
    is_tls: bool,
    state: Arc<State>,
    acceptor: Acceptor,
}

#[derive(Debug, Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Witness {
    /// Starts a server that answers each request with the bytes that `answer` gives. It closes
    /// a connection after a reply that says so (`Connection: close`), and when there are none.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_with(None, Arc::new(answer))
    }

    /// The same over TLS.
    ///
    /// # Errors
    /// What the system says.
    pub fn start_tls(
        config: ServerConfig,
        answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_with(Some(Arc::new(config)), Arc::new(answer))
    }

    fn start_with(tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> io::Result<Self> {
        let state = Arc::<State>::default();
        let is_tls = tls.is_some();
        let seeing = Arc::clone(&state);
        let acceptor = Acceptor::start(move |stream, connection| {
            // However it ends, the client is to notice.
            let _ = serve(stream, tls.as_ref(), connection, &answer, &seeing);
            let _ = stream.shutdown(Shutdown::Both);
        })?;
        Ok(Self { is_tls, state, acceptor })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.acceptor.addr()
    }

    /// `http://127.0.0.1:port` or the same with `https`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.addr())
    }

    /// The requests so far, in the order they came.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The targets of [`seen`](Self::seen).
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// Waits until there were `count` requests, or for `limit`; whether there were.
    #[must_use]
    pub fn await_requests(&self, count: usize, limit: Duration) -> bool {
        let due = Instant::now() + limit;
        while Instant::now() < due {
            if self.state.seen.lock().unwrap_or_else(PoisonError::into_inner).len() >= count {
                return true;
            }
            thread::yield_now();
        }
        false
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.acceptor.connections()
    }

    /// Bytes received and sent so far, TLS records not counted.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (load(&self.state.bytes_in), load(&self.state.bytes_out))
    }
}

fn serve(
    stream: &TcpStream,
    tls: Option<&Arc<ServerConfig>>,
    connection: u64,
    answer: &Arc<Answer>,
    state: &State,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(config) = tls else {
        return serve_requests(&mut &*stream, connection, None, answer, state);
    };
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
    let mut stream = StreamOwned::new(session, stream.try_clone()?);
    serve_requests(&mut stream, connection, Some(&handshake), answer, state)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn serve_requests(
    stream: &mut (impl Read + Write),
    connection: u64,
    tls: Option<&Handshake>,
    answer: &Arc<Answer>,
    state: &State,
) -> io::Result<()> {
    let mut input = Vec::new();
    while let Some(seen) = receive(stream, &mut input, state)? {
        let seen = Seen { connection, tls: tls.cloned(), ..seen };
        // First, so that a request counts as seen while its answer takes its time.
        state.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen.clone());
        let reply = answer(&seen);
        if reply.is_empty() {
            break;
        }
        state.bytes_out.fetch_add(reply.len() as u64, Ordering::SeqCst);
        stream.write_all(&reply)?;
        stream.flush()?;
        let head = reply.split(|byte| *byte == b'\n').take_while(|line| *line != b"\r");
        if head.into_iter().any(|line| line.eq_ignore_ascii_case(b"connection: close\r")) {
            break;
        }
    }
    Ok(())
}

/// Reads a request, head and body; `None` at the end of the connection.
fn receive(stream: &mut impl Read, input: &mut Vec<u8>, state: &State) -> io::Result<Option<Seen>> {
    let mut more = |input: &mut Vec<u8>| -> io::Result<bool> {
        let mut block = [0; 16 * 1024];
        let read = stream.read(&mut block)?;
        state.bytes_in.fetch_add(read as u64, Ordering::SeqCst);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_what_was_seen() {
        let witness = Witness::start(|seen| {
            reply(200, &[("Connection", "close"), ("X-Path", seen.path())], "hi")
        })
        .unwrap();
        let mut stream = TcpStream::connect(witness.addr()).unwrap();
        let request = b"POST /a?b=c HTTP/1.1\r\nX-One: 1\r\ncontent-length: 3\r\n\r\nyes";
        stream.write_all(request).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.contains("X-Path: /a\r\n") && reply.ends_with("\r\n\r\nhi"), "{reply}");
        let seen = witness.seen();
        let [seen] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/a?b=c"));
        assert_eq!((seen.header("x-one"), seen.text().as_str()), (Some("1"), "yes"));
        assert_eq!(witness.bytes(), (request.len() as u64, reply.len() as u64));
    }
}
