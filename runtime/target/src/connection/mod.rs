//! One connection from its first byte to its last: read a request, answer it, again.

mod receive;
mod send;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::counts::Counts;
use crate::reply::Reply;
use crate::server::Shared;
use crate::watchdog::Watchdog;

/// Room a read always has; a connection that only ever sends small requests keeps no more.
const READ_ROOM: usize = 4 * 1024;

/// Buffers that grew beyond this are given back after the request.
const KEPT_BUFFER: usize = 64 * 1024;

/// Bytes a connection being closed may still send before it is reset.
const LINGER_BYTES: usize = 1 << 20;

/// How much a client may send and how long it may take.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Bytes of a request head.
    pub(crate) head: usize,
    /// Bytes of a request body.
    pub(crate) body: usize,
    /// Connections open at once on one thread.
    pub(crate) connections: u64,
    /// From the end of one request to the first byte of the next.
    pub(crate) idle: Duration,
    /// From the first byte of a request to its last, and for each block of a reply.
    pub(crate) transfer: Duration,
    /// For the client to notice that the connection is being closed.
    pub(crate) linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 32 * 1024,
            body: 4 << 20,
            connections: 65_536,
            idle: Duration::from_secs(300),
            transfer: Duration::from_secs(30),
            linger: Duration::from_secs(2),
        }
    }
}

/// Serves a connection until either side ends it; `index` is the thread's number.
pub(crate) async fn serve(stream: TcpStream, shared: Arc<Shared>, index: usize) {
    let Some(counts) = shared.counts.get(index) else { return };
    let _open = counts.connection();
    if counts.open() > shared.limits.connections {
        return;
    }
    // Replies are written whole, so waiting for more to send would only delay them. Where the
    // option cannot be set the client is gone, which the first read finds out.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection {
        stream,
        shared: &shared,
        counts,
        input: Vec::new(),
        body: Vec::new(),
        output: Vec::new(),
        reply: Reply::default(),
        watchdog: Watchdog::new(shared.limits.idle),
    };
    // What ended it, an end of file, an error or a time-out, is the client's business.
    let _ = connection.run().await;
}

struct Connection<'a> {
    stream: TcpStream,
    shared: &'a Shared,
    counts: &'a Counts,
    /// Bytes received and not yet used.
    input: Vec<u8>,
    /// The current request's body, when it was not in `input` together with its head.
    body: Vec<u8>,
    output: Vec<u8>,
    reply: Reply,
    watchdog: Watchdog,
}

/// What is to happen after a reply.
struct Answered {
    keep_alive: bool,
    http10: bool,
    head_only: bool,
}

impl Connection<'_> {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            let answered = match self.receive().await? {
                Some(Ok(answered)) => answered,
                Some(Err(refusal)) => {
                    self.counts.reject();
                    self.reply.clear();
                    self.reply.error(refusal.status(), refusal.message());
                    Answered { keep_alive: false, http10: false, head_only: false }
                }
                None => return Ok(()),
            };
            let keep_alive = self.send(&answered).await?;
            if !keep_alive {
                return self.linger().await;
            }
            for buffer in [&mut self.input, &mut self.body, &mut self.output, &mut self.reply.body]
            {
                if buffer.capacity() > KEPT_BUFFER && buffer.len() < KEPT_BUFFER {
                    buffer.shrink_to(KEPT_BUFFER);
                }
            }
        }
    }

    /// Closes so that the reply arrives: were the socket closed with bytes unread, the system
    /// would reset the connection and the client might lose what it had not read yet.
    async fn linger(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let due = Instant::now() + self.shared.limits.linger;
        let mut discarded = 0_usize;
        while discarded < LINGER_BYTES {
            self.input.clear();
            if !self.read(due).await? {
                break;
            }
            discarded = discarded.saturating_add(self.input.len());
        }
        Ok(())
    }

    /// Reads what there is; `false` at the end of the stream.
    async fn read(&mut self, due: Instant) -> io::Result<bool> {
        self.input.reserve(READ_ROOM);
        let read = self.stream.read_buf(&mut self.input);
        Ok(self.watchdog.until(due, read).await.ok_or_else(too_slow)?? > 0)
    }
}

fn too_slow() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream as Client;

    use super::*;
    use crate::server::{Target, TargetOptions};

    fn target(change: impl FnOnce(&mut Limits)) -> Target {
        let mut limits = Limits::default();
        change(&mut limits);
        Target::start_with(&TargetOptions::default(), limits).unwrap()
    }

    /// Sends `bytes`, then reads until the server ends the connection.
    fn rest_after(target: &Target, bytes: &[u8]) -> Vec<u8> {
        let mut client = Client::connect(target.addr()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        rest
    }

    #[test]
    fn an_idle_connection_is_closed() {
        let target = target(|limits| limits.idle = Duration::from_millis(30));
        assert_eq!(rest_after(&target, b""), b"");
        let rest = rest_after(&target, b"GET /health HTTP/1.1\r\n\r\n");
        assert!(rest.ends_with(b"{\"status\":\"ok\"}\n"), "{}", String::from_utf8_lossy(&rest));
    }

    #[test]
    fn a_request_that_does_not_come_to_its_end_is_dropped() {
        let target = target(|limits| limits.transfer = Duration::from_millis(30));
        for part in [
            "GET / HTT",
            "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
            "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ] {
            assert_eq!(rest_after(&target, part.as_bytes()), b"", "{part:?}");
        }
        assert_eq!(target.requests(), 0);
    }

    #[test]
    fn a_client_that_does_not_read_is_dropped() {
        let target = target(|limits| limits.transfer = Duration::from_millis(50));
        let mut client = Client::connect(target.addr()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(b"GET /bytes/1000000000 HTTP/1.1\r\n\r\n").unwrap();
        while target.connections() == 0 || target.open_connections() > 0 {
            std::thread::yield_now();
        }
        let mut received = Vec::new();
        // Dropped with bytes unsent, the connection may end in a reset as well as in order.
        let _ = client.read_to_end(&mut received);
        assert!(received.len() < 1_000_000_000);
    }

    #[test]
    fn connections_beyond_the_limit_are_closed_at_once() {
        let target = target(|limits| limits.connections = 1);
        let _first = Client::connect(target.addr()).unwrap();
        let mut second = Client::connect(target.addr()).unwrap();
        second.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(second.read(&mut [0]).unwrap(), 0);
    }
}
