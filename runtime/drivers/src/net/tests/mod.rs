//! The layer as a whole, against real listeners on loopback.

mod dialing;
mod https;

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use ld_vm::Fault;
use tokio::net::TcpListener;

use super::clock::NS_PER_S;
use super::{Clock, Dialed, Endpoint, Net, NetOptions, TlsOptions};

/// Runs a test on a shard's runtime, with the sweeper beside it.
pub(crate) fn run<T: Future<Output = ()>>(test: impl FnOnce(Rc<Net>) -> T) {
    run_with(NetOptions::new(Clock::starting_now()), test);
}

/// The same with options.
pub(crate) fn run_with<T: Future<Output = ()>>(
    options: NetOptions,
    test: impl FnOnce(Rc<Net>) -> T,
) {
    let runtime = tokio::runtime::LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let net = Net::new(&options);
        let deadlines = Rc::clone(&net.deadlines);
        tokio::task::spawn_local(async move { deadlines.sweep().await });
        test(net).await;
    });
}

/// A listener on a free port.
async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port that nobody listens on.
async fn closed_port() -> u16 {
    listener().await.1.port()
}

/// Dials `host:port` with a generous limit.
async fn dial(net: &Net, target: &str, options: Option<&TlsOptions>) -> Result<Dialed, Fault> {
    let endpoint = Endpoint::parse(target, None, options.is_some()).unwrap();
    let until_ns = net.now_ns() + 20 * NS_PER_S;
    net.dial(&endpoint, options.unwrap_or(&TlsOptions::default()), &net.deadline(), until_ns).await
}
