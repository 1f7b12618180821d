//! A server that keeps every request it gets and answers as a test wants: what was sent is
//! compared with what the server saw, not with what the client says it sent.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use crate::acceptor::Acceptor;
pub use crate::wire::{Handshake, Seen, reply};
use crate::wire::{is_last, receive, shake_hands};

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
    let (mut stream, handshake) = shake_hands(stream, config)?;
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
    while let Some(seen) = receive(stream, &mut input, &state.bytes_in)? {
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
        if is_last(&reply) {
            break;
        }
    }
    Ok(())
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
