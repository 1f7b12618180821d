//! What one user keeps between its requests.

use std::rc::Rc;

use ld_vm::Request;

use super::auth::Auth;
use super::cookies::Jar;
use super::received::Received;
use super::route::Route;
use crate::net::{Deadline, Idle, Stream};

/// As many connections as a user keeps; for one more it closes the one not used longest.
const MOST_CONNECTIONS: usize = 8;

/// The connections, the cookies and the last reply of one user.
#[derive(Debug)]
pub struct Session {
    /// One for each origin; nearly always one.
    connections: Vec<Connection>,
    pub(super) deadline: Deadline,
    pub(super) received: Received,
    /// There once a server has set a cookie.
    pub(super) jar: Option<Box<Jar>>,
    /// There once a task had credentials that depend on the request, the time or the server.
    pub(super) auth: Option<Box<Auth>>,
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
        Self { connections: Vec::new(), deadline, received: Received::new(), jar: None, auth: None }
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

    /// Closes in order what is open.
    pub(super) fn close(self) {
        self.connections.into_iter().for_each(|open| open.stream.close());
    }
}
