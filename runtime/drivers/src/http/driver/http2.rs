//! Requests over HTTP/2.

use std::cell::Cell;
use std::pin::Pin;

use ld_vm::{Fault, FaultClass};

use super::{Call, Connection, Http, is_idempotent};
use crate::driver::Stamps;
use crate::http::h2::{Exchange, Failure, Link, Open, Phase};
use crate::http::message::Version;
use crate::http::session::{self, Session};
use crate::http::trip::timed_out;
use crate::http::wire::{Expect, ReplyReader};

/// The protocol's name in TLS (RFC 9113 §3.2).
const ALPN: &[u8] = b"h2";

/// What a link has to offer a request.
enum Found {
    /// A connection that has carried requests before.
    Reused(Open),
    New(Open),
    /// The server has chosen HTTP/1.1; the connection is the session's.
    Http1,
}

/// The fault of a connection that was to take the place of one over HTTP/1.1, if the server has
/// chosen HTTP/2 this time.
#[cold]
pub(super) fn refuse(connection: &Connection) -> Result<(), Fault> {
    if connection.stream.alpn() == Some(ALPN) {
        let text = "the server chose HTTP/1.1 first and HTTP/2 when it was connected to again";
        return Err(Fault::new(FaultClass::Protocol, text));
    }
    Ok(())
}

impl Http {
    /// Sends a request over HTTP/2 and receives its reply. `false` when the request may also go over
    /// HTTP/1.1 and that is what the server chose.
    ///
    /// A request that went over a used connection is sent once more when the server has said that it
    /// did nothing about it, or has ended the connection and the request may be repeated
    /// (RFC 9113 §8.7, RFC 9110 §9.2.2).
    #[cold]
    pub(super) fn attempt_http2<'f>(
        &'f self,
        session: &'f mut Session,
        call: &'f Call<'f>,
        stamps: &'f mut Stamps,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Fault>> + 'f>> {
        Box::pin(async move {
            let route = self.route(call)?;
            let is_plain = !route.endpoint.tls;
            if is_plain && call.version() == Version::Agreed {
                return Ok(false);
            }
            if is_plain && route.proxy.as_ref().is_some_and(|proxy| proxy.takes_requests()) {
                let text = "HTTP/2 to an `http://` URL cannot go through an HTTP proxy";
                return Err(Fault::new(FaultClass::Plan, text));
            }
            let link = session.http2.get_or_insert_default().link(&route);
            let mut is_repeated = false;
            loop {
                let found = self.find_http2(session, call, &link, stamps).await?;
                let (mut open, is_reused) = match found {
                    Found::Reused(open) => (open, true),
                    Found::New(open) => (open, false),
                    Found::Http1 => return Ok(false),
                };
                let phase = Cell::new(Phase::Sending);
                let outcome = self.exchange_http2(session, call, &mut open, &phase, stamps).await;
                open.count_bytes(stamps);
                if call.beyond.is_some_and(|beyond| beyond.closes) {
                    link.give_up(&open).await;
                }
                let Err(failure) = outcome else { return Ok(true) };
                let may_repeat = match phase.get() {
                    _ if failure.is_unprocessed => true,
                    Phase::Sending => failure.is_cut,
                    Phase::Waiting => failure.is_cut && is_idempotent(call.method),
                    Phase::Receiving => false,
                };
                if is_repeated || !(is_reused && may_repeat) {
                    return Err(failure.fault);
                }
                is_repeated = true;
            }
        })
    }

    /// The connection of a link, opened if there is none. Where the server is known to choose
    /// HTTP/1.1, which carries one request at a time, nobody waits for anybody.
    async fn find_http2(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        link: &Link,
        stamps: &mut Stamps,
    ) -> Result<Found, Fault> {
        let mut locked = None;
        let mut is_lost = false;
        if link.speaks_http1() {
            match session.take_connection(call.origin, call.proxy(), call.request) {
                session::Found::Open(connection) => {
                    session.keep_connection(connection);
                    return Ok(Found::Http1);
                }
                session::Found::Stale => is_lost = true,
                session::Found::Nothing => {}
            }
        } else {
            session.deadline.arm(call.limit.until_ns);
            let waited = session.deadline.within(link.lock()).await;
            session.deadline.disarm();
            let Ok(mut link) = waited else {
                return Err(timed_out("waiting for a connection", call.limit.length_ns));
            };
            if let Some(open) = &mut *link {
                if open.is_usable() {
                    return Ok(Found::Reused(open.clone()));
                }
                is_lost = true;
            }
            locked = Some(link);
        }
        let Connection { route, stream } = if is_lost {
            self.reopen(session, call, stamps).await?
        } else {
            self.open(session, call, stamps).await?
        };
        let speaks_http1 = route.endpoint.tls && stream.alpn() != Some(ALPN);
        link.note_http1(speaks_http1 && call.version() == Version::Agreed);
        if link.speaks_http1() {
            session.keep_connection(Connection { route, stream });
            return Ok(Found::Http1);
        }
        if speaks_http1 {
            let text = "the server does not agree to HTTP/2";
            return Err(Fault::new(FaultClass::Protocol, text));
        }
        let most_head = u32::try_from(self.limits.head).unwrap_or(u32::MAX);
        let open = Open::begin(stream, most_head).await.map_err(|failure| failure.fault)?;
        let mut locked = match locked {
            Some(locked) => locked,
            None => link.lock().await,
        };
        *locked = Some(open.clone());
        Ok(Found::New(open))
    }

    async fn exchange_http2(
        &self,
        session: &mut Session,
        call: &Call<'_>,
        open: &mut Open,
        phase: &Cell<Phase>,
        stamps: &mut Stamps,
    ) -> Result<(), Failure> {
        let expect = Expect { to_head_request: call.method == b"HEAD", body: call.reads_body() };
        let received = &mut session.received;
        received.reader = ReplyReader::new(expect, self.limits);
        received.buffer.clear();
        let more = call.beyond.into_iter().flat_map(|beyond| beyond.more.iter().copied());
        let pieces = [call.tail].into_iter().chain(more);
        let exchange = Exchange { net: &self.net, buffers: &self.buffers, received, stamps, phase };
        session.deadline.arm(call.limit.until_ns);
        let exchange = exchange.run(open, call.origin, call.head, pieces);
        let outcome = session.deadline.within(exchange).await;
        session.deadline.disarm();
        stamps.done_ns = self.net.now_ns();
        outcome.unwrap_or_else(|_| {
            let phase = match phase.get() {
                Phase::Sending => "sending the request",
                Phase::Waiting => "waiting for the reply to begin",
                Phase::Receiving => "in the middle of the reply",
            };
            Err(timed_out(phase, call.limit.length_ns).into())
        })
    }
}
