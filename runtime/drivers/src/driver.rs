//! What a protocol driver is, and the table of those in this build.

use std::rc::Rc;

use ld_stdlib::protocols::MIXED;
use ld_vm::{Reply, Request};

use crate::mixed::Mixed;
use crate::net::Net;

/// A protocol driver: one value per shard and scenario, shared by the scenario's users
/// there. Everything a single user keeps (connections, cookies) is its session.
///
/// Drivers live on one thread: nothing here is `Send`, and a driver may use `Rc` and
/// `Cell` freely.
pub trait Driver: Sized + 'static {
    /// What one user keeps between its requests.
    type Session: 'static;

    /// The driver of a shard.
    fn new(net: Rc<Net>) -> Self;

    /// The session of a user that has not made a request yet; opens nothing. `user` is
    /// its number in the run.
    fn session(&self, user: u32) -> Self::Session;

    /// Carries out one request.
    ///
    /// Whatever the peer does is a result: faults come back as [`Reply::fault`]. When the
    /// future is dropped half-way, the session must be dropped with it.
    fn exchange<'s>(
        &'s self,
        session: &'s mut Self::Session,
        request: Request<'_>,
    ) -> impl Future<Output = Exchange<'s>>;

    /// The host a request goes to: requests of a user at once are counted by it.
    fn host<'r>(&self, _request: &Request<'r>) -> &'r [u8] {
        &[]
    }

    /// Another session of `user`, for a request beside those of `session`.
    fn beside(
        &self,
        _session: &mut Self::Session,
        user: u32,
        _request: &Request<'_>,
    ) -> Self::Session {
        self.session(user)
    }

    /// Takes back what a session [beside](Self::beside) this one has to keep.
    fn rejoin(&self, _session: &mut Self::Session, beside: Self::Session) {
        drop(beside);
    }

    /// Takes back what holds the last reply, because its user is about to wait: a user who
    /// waits is to hold no buffer. Called once the reply has been read.
    fn release(&self, _session: &mut Self::Session) {}

    /// Forgets the cookies that servers gave the user, where the protocol has such.
    fn forget_cookies(&self, _session: &mut Self::Session) {}

    /// Ends a session in order, when its user stops between two requests. Must not take
    /// longer than a polite goodbye; the default drops it.
    fn close(&self, session: Self::Session) -> impl Future<Output = ()> {
        drop(session);
        std::future::ready(())
    }
}

/// How a request went.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'s> {
    /// What came back, or why nothing did.
    pub reply: Reply<'s>,
    /// When things happened, and how much was moved.
    pub stamps: Stamps,
}

/// The times and volumes of one exchange. Times are in nanoseconds since the start of the
/// run, by [`Net`]'s clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// When the first byte of the request was offered to the connection; for a request
    /// that never got so far, when the driver gave up.
    pub sent_ns: u64,
    /// When the reply was complete, or the fault was known.
    pub done_ns: u64,
    /// How long something took that had to come before the request and is no part of it, such as
    /// getting a token; 0 nearly always.
    pub prior_ns: u64,
    /// How long connecting took, name look-up included; 0 when a connection was there.
    pub connect_ns: u64,
    /// How long the TLS handshake took; 0 when there was none.
    pub tls_ns: u64,
    /// When the first byte of the reply arrived; 0 when none did.
    pub first_byte_ns: u64,
    /// Bytes written, protocol overhead included, TLS records not.
    pub bytes_out: u64,
    /// Bytes read, protocol overhead included, TLS records not.
    pub bytes_in: u64,
}

/// Something to be done with a driver whose type only its name tells.
pub trait Visitor {
    /// What it results in.
    type Output;
    /// Does it.
    fn visit<D: Driver>(self) -> Self::Output;
}

/// Hands the table of the drivers to a macro: their Cargo feature, the name of their protocol,
/// and their type.
macro_rules! with_drivers {
    ($take:ident) => {
        $take! {
            "grpc" grpc crate::grpc::Grpc;
            "http" http crate::http::Http;
            "redis" redis crate::redis::Redis;
            "socket" socket crate::socket::Socket;
            "sql" sql crate::sql::Sql;
            "websocket" websocket crate::websocket::WebSocket;
        }
    };
}
pub(crate) use with_drivers;

macro_rules! drivers {
    ($($feature:literal $name:ident $driver:path;)*) => {
        /// What this build has a driver for: names of rows of `ld_stdlib::protocols::PROTOCOLS`,
        /// and [`MIXED`].
        pub const DRIVERS: &[&str] = &[$(#[cfg(feature = $feature)] stringify!($name),)* MIXED];

        /// Calls `visitor` with the driver of that name; `None` when this build has none.
        pub fn visit<V: Visitor>(driver: &str, visitor: V) -> Option<V::Output> {
            match driver {
                $(#[cfg(feature = $feature)]
                stringify!($name) => Some(visitor.visit::<$driver>()),)*
                MIXED => Some(visitor.visit::<Mixed>()),
                _ => {
                    drop(visitor);
                    None
                }
            }
        }
    };
}

with_drivers!(drivers);
