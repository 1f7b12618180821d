//! WebSocket (RFC 6455): a connection for each user, kept across ticks.

mod connection;
mod fault;

use std::fmt;
use std::rc::Rc;

use ld_stdlib::protocols::payload;
use ld_stdlib::protocols::websocket::{Address, METHODS, option, part};
use ld_vm::{Fault, FaultClass, Reply, Request};
use memchr::memmem;
use tokio_tungstenite::tungstenite::http::header::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use crate::driver::{Driver, Exchange, Stamps};
use crate::expect::unmet;
use crate::net::clock::NS_PER_S;
use crate::net::{Deadline, Net, TlsOptions};
use connection::{Connection, End};

/// How long a user that stops may take to say goodbye, in nanoseconds.
const GOODBYE_NS: u64 = NS_PER_S;

/// WebSocket.
pub struct WebSocket {
    net: Rc<Net>,
}

/// What a user keeps between requests.
#[derive(Debug)]
pub struct Session {
    deadline: Deadline,
    /// The URL of the connection, also when it is closed again.
    url: Vec<u8>,
    connection: Option<Connection>,
    /// The message received last.
    message: Bytes,
    fault: Option<Fault>,
}

impl Driver for WebSocket {
    type Session = Session;

    fn new(net: Rc<Net>) -> Self {
        Self { net }
    }

    fn session(&self, _user: u32) -> Session {
        Session {
            deadline: self.net.deadline(),
            url: Vec::new(),
            connection: None,
            message: Bytes::new(),
            fault: None,
        }
    }

    async fn exchange<'s>(
        &'s self,
        session: &'s mut Session,
        request: Request<'_>,
    ) -> Exchange<'s> {
        session.message = Bytes::new();
        let begun_ns = self.net.now_ns();
        let until_ns = match u64::try_from(request.option(option::TIMEOUT_NS)) {
            Ok(limit_ns) if limit_ns > 0 => begun_ns.saturating_add(limit_ns),
            _ => u64::MAX,
        };
        let mut task =
            Task { net: &self.net, request: &request, until_ns, stamps: Stamps::default() };
        let outcome = task.carry_out(session).await;
        session.deadline.disarm();
        let mut stamps = task.stamps;
        stamps.done_ns = self.net.now_ns();
        if stamps.sent_ns == 0 {
            stamps.sent_ns = stamps.done_ns;
        }
        if let Some(connection) = &session.connection {
            connection.settle(&mut stamps);
        }
        session.fault = outcome.err();
        let reply = match &session.fault {
            Some(fault) => Reply::fault(fault),
            None => Reply { payload: &session.message, ..Reply::EMPTY },
        };
        Exchange { reply, stamps }
    }

    async fn close(&self, session: Session) {
        if let Some(connection) = session.connection.filter(Connection::is_open) {
            session.deadline.arm(self.net.now_ns().saturating_add(GOODBYE_NS));
            // The user is gone; nobody is left to hear that the server was not polite.
            let _ = session.deadline.within(connection.send(goodbye())).await;
        }
    }
}

/// That the conversation is over as planned (RFC 6455 §7.4.1); without a code, servers count
/// the end among the abnormal ones.
const fn goodbye() -> Message {
    let reason = Utf8Bytes::from_static("");
    Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason }))
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

/// A request being carried out.
struct Task<'t> {
    net: &'t Rc<Net>,
    request: &'t Request<'t>,
    until_ns: u64,
    stamps: Stamps,
}

impl Task<'_> {
    async fn carry_out(&mut self, session: &mut Session) -> Result<(), Fault> {
        let method = usize::try_from(self.request.option(option::METHOD)).unwrap_or_default();
        match METHODS.get(method).copied() {
            Some("connect") => self.connect(session).await,
            Some("recv") => self.receive(session).await,
            Some("sendrecv") => {
                self.send(session).await?;
                self.receive(session).await
            }
            Some("close") => self.close(session).await,
            _ => self.send(session).await,
        }
    }

    /// Opens a connection, unless one to the same URL is open.
    async fn connect(&mut self, session: &mut Session) -> Result<(), Fault> {
        let url = self.url(session)?;
        let mut is_again = false;
        if let Some(connection) = session.connection.take() {
            let is_same = session.url == url;
            if is_same && connection.is_open() {
                session.connection = Some(connection);
                return Ok(());
            }
            connection.settle(&mut self.stamps);
            if connection.is_open() {
                self.arm(session);
                let _ = session.deadline.within(connection.send(goodbye())).await;
            } else {
                is_again = is_same;
            }
        }
        let text = String::from_utf8_lossy(&url);
        let address = Address::parse(&text).map_err(|why| {
            Fault::new(FaultClass::Plan, format!("`{text}` is no WebSocket URL: {why}"))
        })?;
        let handshake = connection::handshake(&address, self.headers()?)?;
        let request = self.request;
        let tls = TlsOptions::of_task(
            request.option(option::VERIFY) != 0,
            [part::CA, part::CERT, part::KEY].map(|part| request.part(part)),
            &[b"http/1.1"],
        );
        let dialed =
            self.net.dial(&address.endpoint, &tls, &session.deadline, self.until_ns).await?;
        if is_again {
            self.net.counters.count_reopened();
        }
        self.stamps.connect_ns = dialed.connect_ns;
        self.stamps.tls_ns = dialed.tls_ns;
        self.stamps.sent_ns = self.net.now_ns();
        self.arm(session);
        let opened = Connection::open(dialed.stream, handshake, self.net, &mut self.stamps);
        let connection = session.deadline.within(opened).await.unwrap_or_else(|_| {
            let text = format!("timed out in the WebSocket handshake with {}", address.endpoint);
            Err(Fault::new(FaultClass::Timeout, text))
        })?;
        self.stamps.first_byte_ns = self.net.now_ns();
        session.connection = Some(connection);
        session.url.clone_from(&url);
        Ok(())
    }

    /// The URL to be connected to: the task's, the one the user is or was connected to, or
    /// the run's host.
    fn url(&self, session: &Session) -> Result<Vec<u8>, Fault> {
        let urls = [self.request.part(part::URL), &session.url, self.request.part(part::HOST)];
        let url = urls.into_iter().find(|url| !url.is_empty()).ok_or_else(|| {
            let text = "there is no URL to connect to: give `request_url`, or the run a `host`";
            Fault::new(FaultClass::Plan, text)
        })?;
        Ok(url.to_vec())
    }

    /// The plan's header lines for the handshake.
    fn headers(&self) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        let mut add = |name: &[u8], value: &[u8]| {
            let name = HeaderName::from_bytes(name).ok()?;
            headers.append(name, HeaderValue::from_bytes(value.trim_ascii()).ok()?);
            Some(())
        };
        let lines = self.request.part(part::HEADERS).split(|&byte| byte == b'\n');
        for line in lines.map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()) {
            let colon = memchr::memchr(b':', line).unwrap_or(line.len());
            let (name, value) = line.split_at(colon);
            add(name, value.get(1..).unwrap_or_default()).ok_or_else(|| unsendable(name))?;
        }
        let subprotocols = self.request.part(part::SUBPROTOCOLS);
        if !subprotocols.is_empty() {
            let name = b"Sec-WebSocket-Protocol";
            add(name, subprotocols).ok_or_else(|| unsendable(name))?;
        }
        Ok(headers)
    }

    /// Sends the payload, over a new connection if need be.
    async fn send(&mut self, session: &mut Session) -> Result<(), Fault> {
        let message = self.message()?;
        self.connect(session).await?;
        let now_ns = self.net.now_ns();
        if self.stamps.sent_ns != 0 {
            // The handshake was part of connecting.
            let handshake_ns = now_ns.saturating_sub(self.stamps.sent_ns);
            self.stamps.connect_ns = self.stamps.connect_ns.saturating_add(handshake_ns);
            self.stamps.first_byte_ns = 0;
        }
        self.stamps.sent_ns = now_ns;
        let Some(connection) = &session.connection else {
            return Err(not_established(session));
        };
        self.arm(session);
        let sent = session.deadline.within(connection.send(message)).await.unwrap_or_else(|_| {
            Err(Fault::new(FaultClass::Timeout, "timed out sending the message"))
        });
        if sent.is_err() {
            self.drop_connection(session);
        }
        sent
    }

    fn message(&self) -> Result<Message, Fault> {
        let payload = self.request.part(part::PAYLOAD);
        let plan = |text: String| Fault::new(FaultClass::Plan, text);
        if self.request.option(option::BINARY) == 0 {
            let text = str::from_utf8(payload).map_err(|_| {
                plan("the payload is not UTF-8: send it with `binary`: true".to_owned())
            })?;
            return Ok(Message::text(text));
        }
        let decoded = match self.request.option(option::HEX) {
            0 => None,
            _ => payload::decode(payload)
                .map_err(|why| plan(format!("the payload is not hexadecimal: {why}")))?,
        };
        Ok(Message::binary(decoded.unwrap_or_else(|| payload.to_vec())))
    }

    /// Waits for a message with the expected text; the first that has not been read yet,
    /// when none is expected.
    async fn receive(&mut self, session: &mut Session) -> Result<(), Fault> {
        if self.stamps.sent_ns == 0 {
            self.stamps.sent_ns = self.net.now_ns();
        }
        let expected = self.request.part(part::EXPECT);
        let mut passed_over = false;
        self.arm(session);
        loop {
            let Some(connection) = &session.connection else {
                return Err(not_established(session));
            };
            match session.deadline.within(connection.next()).await {
                Ok(Ok(message)) if memmem::find(&message.bytes, expected).is_some() => {
                    self.stamps.first_byte_ns = message.arrived_ns.max(self.stamps.sent_ns);
                    session.message = message.bytes;
                    return Ok(());
                }
                Ok(Ok(_)) => passed_over = true,
                Ok(Err(end)) => {
                    self.drop_connection(session);
                    return Err(end.into_fault());
                }
                Err(_) => return Err(not_received(expected, passed_over)),
            }
        }
    }

    /// Says goodbye and waits for the server to do so, too.
    async fn close(&mut self, session: &mut Session) -> Result<(), Fault> {
        self.stamps.sent_ns = self.net.now_ns();
        let Some(connection) = session.connection.take() else {
            return Ok(());
        };
        self.arm(session);
        let closed = async {
            if connection.is_open() {
                connection.send(goodbye()).await?;
            }
            Ok(connection.end().await)
        };
        let closed = session.deadline.within(closed).await;
        connection.settle(&mut self.stamps);
        match closed {
            // That the server has gone without a word is what the task wanted all the same.
            Ok(Ok(End::Closed(_) | End::Gone)) => Ok(()),
            Ok(Ok(End::Failed(fault)) | Err(fault)) => Err(fault),
            Err(_) => {
                let text = "timed out waiting for the server to say goodbye";
                Err(Fault::new(FaultClass::Timeout, text))
            }
        }
    }

    fn arm(&self, session: &Session) {
        session.deadline.arm(self.until_ns);
    }

    fn drop_connection(&mut self, session: &mut Session) {
        if let Some(connection) = session.connection.take() {
            connection.settle(&mut self.stamps);
        }
    }
}

/// There is no connection any more, or the plan waits for messages without connecting.
fn not_established(session: &Session) -> Fault {
    let class = if session.url.is_empty() { FaultClass::Plan } else { FaultClass::Closed };
    Fault::new(class, "websocket connection not established")
}

fn unsendable(name: &[u8]) -> Fault {
    let name = String::from_utf8_lossy(name);
    Fault::new(FaultClass::Plan, format!("the header `{name}` cannot be sent"))
}

fn not_received(expected: &[u8], passed_over: bool) -> Fault {
    let text = String::from_utf8_lossy(expected);
    if passed_over {
        unmet(expected)
    } else if expected.is_empty() {
        Fault::new(FaultClass::Timeout, "timed out waiting for a message")
    } else {
        Fault::new(FaultClass::Timeout, format!("timed out waiting for '{text}'"))
    }
}

#[cfg(test)]
mod tests;
