//! What one user keeps between its requests.

use std::cell::RefCell;
use std::rc::Rc;

use ld_vm::Request;

use super::auth::keyring::Keyring;
use super::cookies::Jar;
use super::h2::Connections;
use super::received::Received;
use super::route::Route;
use crate::net::{Deadline, Idle, Stream};

/// As many connections as a user keeps; for one more it closes the one not used longest.
pub(super) const MOST_CONNECTIONS: usize = 32;

/// The connections, the cookies and the last reply of one user.
#[derive(Debug)]
pub struct Session {
    /// One for each origin, and more of an origin that was asked for several things at once;
    /// nearly always one.
    connections: Vec<Connection>,
    pub(super) deadline: Deadline,
    pub(super) received: Received,
    /// There once a server has set a cookie. What a user does at once shares it.
    pub(super) jar: Option<Rc<RefCell<Jar>>>,
    /// There once a task had credentials that depend on the request, the time or the server, or once
    /// the user did several things at once, which share it.
    pub(super) keyring: Option<Rc<RefCell<Keyring>>>,
    /// There once a task asked for HTTP/2, or once the user did several things at once, which share
    /// its connections.
    pub(super) http2: Option<Rc<Connections>>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) route: Rc<Route>,
    pub(super) stream: Stream,
}

/// What a session has to offer a request.
pub(super) enum Found {
    /// An open connection. It is put back after a reply that leaves it open.
    Open(Connection),
    /// A connection that the peer has closed meanwhile; it is gone now.
    Stale,
    Nothing,
}

impl Session {
    pub(super) fn new(deadline: Deadline) -> Self {
        let received = Received::new();
        Self { connections: Vec::new(), deadline, received, jar: None, keyring: None, http2: None }
    }

    /// Takes out the connection to `origin` through `proxy`, which is empty for none.
    #[inline]
    pub(super) fn take_connection(
        &mut self,
        origin: &[u8],
        proxy: &[u8],
        request: &Request<'_>,
    ) -> Found {
        let mut connections = self.connections.iter();
        let place = connections.position(|open| open.route.serves(origin, proxy, request));
        let Some(place) = place else { return Found::Nothing };
        let mut connection = self.connections.remove(place);
        match connection.stream.idle() {
            Idle::Open => Found::Open(connection),
            Idle::Closed | Idle::Unsolicited => Found::Stale,
        }
    }

    /// Keeps an open connection for the next request.
    #[inline]
    pub(super) fn keep_connection(&mut self, connection: Connection) {
        if self.connections.len() >= MOST_CONNECTIONS {
            self.connections.remove(0).stream.close();
        }
        self.connections.push(connection);
    }

    /// Whether there is no cookie to be sent.
    #[inline]
    pub(super) fn has_no_cookies(&self) -> bool {
        self.jar.as_ref().is_none_or(|jar| jar.borrow().is_empty())
    }

    /// Another session of this user, with its cookies and credentials and one of its connections to `origin`.
    pub(super) fn beside(&mut self, deadline: Deadline, origin: &[u8]) -> Self {
        let mut beside = Self::new(deadline);
        beside.jar = Some(Rc::clone(self.jar.get_or_insert_default()));
        beside.keyring = Some(Rc::clone(self.keyring.get_or_insert_default()));
        beside.http2 = Some(Rc::clone(self.http2.get_or_insert_default()));
        let place = self.connections.iter().position(|open| *open.route.origin == *origin);
        beside.connections.extend(place.map(|place| self.connections.remove(place)));
        beside
    }

    /// Takes over the connections of a session that was beside this one.
    pub(super) fn rejoin(&mut self, beside: Self) {
        beside.connections.into_iter().for_each(|open| self.keep_connection(open));
    }

    /// Closes in order what is open.
    pub(super) fn close(self) {
        self.connections.into_iter().for_each(|open| open.stream.close());
    }
}
