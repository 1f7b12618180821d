//! Starting, stopping and asking the target: threads, the acceptor, the counts.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream as StdTcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::connection::{self, Limits};
use crate::counts::{Counts, RouteCount};
use crate::routes::ROUTES;
use crate::shop::Shop;

/// How many connections may wait to be accepted: a run may open thousands at once.
const BACKLOG: u32 = 4096;

/// Pause of the acceptor when the system has no descriptor to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Where and how wide a [`Target`] listens.
#[derive(Debug, Clone)]
pub struct TargetOptions {
    /// Address to listen on; the IPv4 loopback address by default.
    pub bind: IpAddr,
    /// Port to listen on; 0, the default, takes a free one.
    pub port: u16,
    /// Threads that answer, each with its own connections; 1 by default.
    pub threads: NonZeroUsize,
}

impl Default for TargetOptions {
    fn default() -> Self {
        Self { bind: Ipv4Addr::LOCALHOST.into(), port: 0, threads: NonZeroUsize::MIN }
    }
}

/// A running target server; dropping it stops it.
#[derive(Debug)]
pub struct Target {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

/// What all threads of a target see.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) shop: Shop,
    /// One per thread, written by that thread alone.
    pub(crate) counts: Vec<Counts>,
    pub(crate) limits: Limits,
}

impl Target {
    /// Starts listening; the target accepts connections once this returns.
    ///
    /// # Errors
    /// What the system says when the address cannot be had or a thread cannot be started.
    pub fn start(options: &TargetOptions) -> io::Result<Self> {
        Self::start_with(options, Limits::default())
    }

    pub(crate) fn start_with(options: &TargetOptions, limits: Limits) -> io::Result<Self> {
        let count = options.threads.get();
        let runtimes = (0..count).map(|_| runtime()).collect::<io::Result<Vec<_>>>()?;
        let shared = Arc::new(Shared {
            shop: Shop::new(),
            counts: (0..count).map(|_| Counts::default()).collect(),
            limits,
        });
        let (stop, stopped) = watch::channel(false);
        let mut target = Self {
            addr: SocketAddr::new(options.bind, options.port),
            shared,
            stop,
            threads: Vec::with_capacity(count),
        };
        let mut senders = Vec::with_capacity(count);
        let mut receivers = Vec::with_capacity(count);
        for _ in 0..count {
            let (sender, receiver) = mpsc::unbounded_channel();
            senders.push(sender);
            receivers.push(receiver);
        }
        let mut acceptor = Some(senders);
        for (index, (runtime, receiver)) in runtimes.into_iter().zip(receivers).enumerate() {
            if let Some(senders) = acceptor.take() {
                let listener = {
                    let _inside = runtime.enter();
                    listen(target.addr)?
                };
                target.addr = listener.local_addr()?;
                runtime.spawn(accept(listener, senders));
            }
            let (shared, stopped) = (Arc::clone(&target.shared), stopped.clone());
            let work = move || run(&runtime, index, receiver, shared, stopped);
            let thread = std::thread::Builder::new().name(format!("target-{index}")).spawn(work)?;
            target.threads.push(thread);
        }
        Ok(target)
    }

    /// The address listened on, with the port actually taken.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://address:port`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Requests received whole (head and body) so far, whatever was answered.
    ///
    /// A request is counted before its reply is sent: whoever has a reply finds its request counted.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.counts.iter().map(Counts::requests).sum()
    }

    /// [`requests`](Self::requests) by row of [`ROUTES`], in its order. What matched no row is in
    /// the total alone.
    #[must_use]
    pub fn requests_by_route(&self) -> Vec<RouteCount> {
        let total = |index| self.shared.counts.iter().map(|counts| counts.route(index)).sum();
        let count = |(index, route)| RouteCount { route, requests: total(index) };
        ROUTES.iter().enumerate().map(count).collect()
    }

    /// Requests refused as malformed or beyond a limit, which [`requests`](Self::requests) leaves out.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.shared.counts.iter().map(Counts::rejected).sum()
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.counts.iter().map(Counts::connections).sum()
    }

    /// Connections open now.
    #[must_use]
    pub fn open_connections(&self) -> u64 {
        self.shared.counts.iter().map(Counts::open).sum()
    }

    /// Stops listening, drops every connection and waits for the threads to end.
    pub fn stop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so on stderr; stopping has nothing to add.
            let _ = thread.join();
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stop();
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()
}

/// Binds without `SO_REUSEPORT`, so that a port in use is an error and not a silent half share.
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Deals connections out to the threads in turn, so that each has its equal share.
async fn accept(listener: TcpListener, threads: Vec<mpsc::UnboundedSender<StdTcpStream>>) {
    for thread in threads.iter().cycle() {
        let stream = loop {
            match listener.accept().await.and_then(|(stream, _)| stream.into_std()) {
                Ok(stream) => break stream,
                // Out of descriptors, or the client is gone already: neither ends the server.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        };
        if thread.send(stream).is_err() {
            return;
        }
    }
}

/// The life of one thread: takes connections until told to stop.
fn run(
    runtime: &Runtime,
    index: usize,
    mut incoming: mpsc::UnboundedReceiver<StdTcpStream>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let serve = async {
        while let Some(stream) = incoming.recv().await {
            // A stream the runtime refuses is closed by dropping it; the client sees that.
            let Ok(stream) = TcpStream::from_std(stream) else { continue };
            tokio::spawn(connection::serve(stream, Arc::clone(&shared), index));
        }
    };
    runtime.block_on(async {
        tokio::select! {
            () = serve => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    });
}
