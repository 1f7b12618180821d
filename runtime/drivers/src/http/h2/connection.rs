//! The connections of one user, which carry several requests at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::{Mutex, MutexGuard};

use crate::h2::Open;
use crate::http::route::Route;
use crate::http::session::MOST_CONNECTIONS;

/// The connections of one user, one for each route. What the user does at once shares them.
#[derive(Debug, Default)]
pub(in crate::http) struct Connections {
    links: RefCell<Vec<Rc<Link>>>,
}

/// The way to one place.
#[derive(Debug)]
pub(in crate::http) struct Link {
    pub(in crate::http) route: Rc<Route>,
    /// Locked while the connection is opened, so that requests made at once wait for one instead of
    /// opening one each.
    open: Mutex<Option<Open>>,
    /// The server has chosen HTTP/1.1 last.
    speaks_http1: Cell<bool>,
}

impl Connections {
    /// The link that requests of `route` go over. Too many of them are one less: that used longest
    /// ago.
    pub(in crate::http) fn link(&self, route: &Rc<Route>) -> Rc<Link> {
        let mut links = self.links.borrow_mut();
        if let Some(place) = links.iter().position(|link| Rc::ptr_eq(&link.route, route)) {
            let link = links.remove(place);
            links.push(Rc::clone(&link));
            return link;
        }
        if links.len() >= MOST_CONNECTIONS {
            links.remove(0);
        }
        let link = Rc::new(Link {
            route: Rc::clone(route),
            open: Mutex::default(),
            speaks_http1: Cell::default(),
        });
        links.push(Rc::clone(&link));
        link
    }
}

impl Link {
    /// The connection, if there is one; nobody else opens one while this is held.
    pub(in crate::http) async fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().await
    }

    /// Whether the server is known to choose HTTP/1.1 where it has the choice.
    pub(in crate::http) fn speaks_http1(&self) -> bool {
        self.speaks_http1.get()
    }

    /// Remembers whether the server has chosen HTTP/1.1.
    pub(in crate::http) fn note_http1(&self, is_chosen: bool) {
        self.speaks_http1.set(is_chosen);
    }

    /// Uses this connection no more. What is under way on it goes on.
    pub(in crate::http) async fn give_up(&self, given_up: &Open) {
        let mut open = self.open.lock().await;
        if open.as_ref().is_some_and(|open| open.is(given_up)) {
            *open = None;
        }
    }
}
