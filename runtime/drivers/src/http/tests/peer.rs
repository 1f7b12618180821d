//! A server that does what a script says.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does next on a connection.
#[derive(Clone)]
pub(super) enum Step {
    /// Reads a request and sends these bytes.
    Answer(Vec<u8>),
    /// Sends these bytes without reading anything.
    Say(Vec<u8>),
    /// Reads a request and sends nothing.
    Listen,
    /// Waits for the client to close.
    Wait,
    /// Resets the connection.
    Reset,
}

/// A listening server; each connection has its script and is closed at its end.
pub(super) struct Peer {
    pub(super) origin: String,
    seen: Rc<RefCell<Vec<String>>>,
}

impl Peer {
    /// A server with a script for each connection it expects, in order.
    pub(super) async fn new(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Rc::new(RefCell::new(Vec::new()));
        let requests = Rc::clone(&seen);
        tokio::task::spawn_local(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(play(stream, script, Rc::clone(&requests)));
            }
        });
        Self { origin, seen }
    }

    /// A server that answers the requests of one connection.
    pub(super) async fn answering(replies: &[&str]) -> Self {
        Self::new(vec![replies.iter().map(|reply| answer(reply)).collect()]).await
    }

    /// The requests seen so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    /// The value of a field in the request seen last.
    pub(super) fn last_field(&self, name: &str) -> Option<String> {
        let requests = self.seen.borrow();
        let lines = requests.last()?.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let value = values.next()?.to_owned();
        assert_eq!(values.next(), None, "{name} twice");
        Some(value)
    }

    /// The request line seen last.
    pub(super) fn last_line(&self) -> String {
        let requests = self.seen.borrow();
        requests.last().and_then(|request| request.lines().next()).unwrap_or_default().to_owned()
    }
}

pub(super) fn answer(reply: &str) -> Step {
    Step::Answer(reply.as_bytes().to_vec())
}

/// A reply with this status line, these lines and this body.
pub(super) fn reply(status: &str, lines: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{lines}\r\n{body}", body.len())
}

async fn play(mut stream: TcpStream, script: Vec<Step>, seen: Rc<RefCell<Vec<String>>>) {
    let mut received = Vec::new();
    for step in script {
        match step {
            Step::Answer(reply) => {
                let Some(request) = read_request(&mut stream, &mut received).await else { return };
                seen.borrow_mut().push(request);
                stream.write_all(&reply).await.unwrap();
            }
            Step::Say(bytes) => stream.write_all(&bytes).await.unwrap(),
            Step::Listen => {
                let Some(request) = read_request(&mut stream, &mut received).await else { return };
                seen.borrow_mut().push(request);
            }
            Step::Wait => {
                while matches!(stream.read_buf(&mut received).await, Ok(count) if count > 0) {
                    received.clear();
                }
            }
            Step::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

/// One request with its body; `None` at the end of the stream.
async fn read_request(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<String> {
    let head_len = loop {
        match received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            Some(len) => break len + 4,
            None if stream.read_buf(received).await.unwrap() == 0 => return None,
            None => {}
        }
    };
    let head = String::from_utf8_lossy(&received[..head_len]);
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let total = head_len + length.map_or(0, |length| length.parse().unwrap());
    while received.len() < total {
        if stream.read_buf(received).await.unwrap() == 0 {
            return None;
        }
    }
    let request: Vec<u8> = received.drain(..total).collect();
    Some(String::from_utf8_lossy(&request).into_owned())
}
