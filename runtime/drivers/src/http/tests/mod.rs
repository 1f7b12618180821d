//! The driver against scripted servers on loopback.

mod ask;
mod peer;

mod bodies;
mod connections;
mod cookies;
mod faults;
mod http2;
mod redirects;
mod tls;

use std::rc::Rc;

use ld_vm::{FaultClass, Needs};

use super::{Http, Session};
use crate::driver::{Driver as _, Stamps};
use crate::net::{Clock, Net, NetOptions};
use crate::testing;
use ask::Ask;
use ld_stdlib::protocols::http::{extra, option, part};

/// What an exchange came to.
#[derive(Clone, Debug)]
struct Answer {
    status: Option<i64>,
    body: String,
    fault: Option<(FaultClass, String)>,
    stamps: Stamps,
    /// The reply's `X-Mark` field, if the request asked for fields.
    mark: Option<String>,
}

impl Answer {
    fn fault(&self) -> (FaultClass, &str) {
        let (class, text) = self.fault.as_ref().expect("a fault");
        (*class, text)
    }
}

/// One user on a shard of its own.
struct User {
    net: Rc<Net>,
    http: Http,
    session: Session,
}

impl User {
    async fn ask(&mut self, ask: &Ask) -> Answer {
        let linked = ask.link();
        let mut user = testing::user(&linked);
        let request = testing::request(&linked, &mut user);
        let exchange = self.http.exchange(&mut self.session, request).await;
        let reply = exchange.reply;
        let mark = if request.needs().contains(Needs::META) {
            reply.meta.value(b"x-mark").map(|value| String::from_utf8_lossy(&value).into_owned())
        } else {
            None
        };
        Answer {
            status: reply.status,
            body: String::from_utf8_lossy(reply.payload).into_owned(),
            fault: reply.fault.map(|fault| (fault.class, fault.text.clone())),
            stamps: exchange.stamps,
            mark,
        }
    }
}

/// Runs a test on a shard's runtime.
fn run<T: Future<Output = ()>>(test: impl FnOnce(User) -> T) {
    let runtime = tokio::runtime::LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let net = Net::new(&NetOptions::new(Clock::starting_now()));
        let deadlines = Rc::clone(&net.deadlines);
        tokio::task::spawn_local(async move { deadlines.sweep().await });
        let http = Http::new(Rc::clone(&net));
        let session = http.session(0);
        test(User { net, http, session }).await;
    });
}
