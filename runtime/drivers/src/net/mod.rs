//! The network layer of a shard: what every driver needs of the world, once.
//!
//! A shard is one thread, so all of this is `Rc` and `Cell`. Looking up names, opening
//! connections and reading certificates happen before or between requests; what a request
//! on an open connection touches is [`Stream`], [`Deadline`] and [`Net::now_ns`], none of
//! which locks, allocates or shares an atomic with another thread.
//!
//! Measured with `strace -c` against nginx on loopback, 64 plain connections, 100 000
//! keep-alive requests, each with a time limit armed and the connection looked at with
//! [`Stream::idle`] before: 100 000 `sendto`, 100 000 `recvfrom`, 2 363 `epoll_wait`, and
//! 129 `epoll_ctl`, which is one per connection when it opens, one when it closes, and the
//! runtime's own. So the reactor costs no system call per request.

pub mod clock;
mod connect_to;
mod counters;
mod deadline;
mod dial;
mod dns;
mod fault;
mod files;
mod pool;
mod proxy;
mod stream;
mod tls;

#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

pub use clock::Clock;
pub use connect_to::ConnectTo;
pub use counters::{Counters, Exhausted};
pub use deadline::{Deadline, Deadlines, TimedOut, Within};
pub use dial::Dialed;
#[cfg(feature = "sql")]
pub(crate) use dial::Refusal;
pub use dns::{Addresses, Resolver};
pub use fault::{Shortage, io_fault};
pub use files::{Files, SharedFiles};
pub use ld_stdlib::{BadEndpoint, Endpoint};
pub use pool::Pool;
pub use proxy::Proxy;
pub use stream::{Idle, Stream};
pub use tls::{Identity, SystemRoots, TlsConfigs, TlsOptions, TlsVersion, Verify};

/// What the command line says about the network; the shards of a run share one value.
#[derive(Clone, Debug)]
pub struct NetOptions {
    /// The run's clock.
    pub clock: Clock,
    /// Where connections go instead of where requests say; the first that matches wins.
    pub connect_to: Vec<ConnectTo>,
    /// Accept any certificate, whatever the plan says.
    pub insecure: bool,
    /// The certificate authorities of the system, read once for all shards.
    pub roots: SystemRoots,
    /// Files that requests send, read once for all shards.
    pub files: SharedFiles,
}

impl NetOptions {
    /// The options of a run whose command line says nothing about the network.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            connect_to: Vec::new(),
            insecure: false,
            roots: SystemRoots::default(),
            files: SharedFiles::default(),
        }
    }
}

/// What the drivers of a shard share.
///
/// The shard's runtime must have its I/O and time drivers enabled, and must run
/// [`Deadlines::sweep`] beside its users: without it no time-out ever fires.
pub struct Net {
    /// The run's clock.
    pub clock: Clock,
    /// Time limits of what is in flight.
    pub deadlines: Rc<Deadlines>,
    /// Host names to addresses.
    pub resolver: Resolver,
    /// TLS set-ups by options.
    pub tls: TlsConfigs,
    /// What was opened and what ran out.
    pub counters: Counters,
    /// Files that requests send.
    pub files: Files,
    connect_to: Vec<ConnectTo>,
}

impl Net {
    /// The network layer of one shard.
    #[must_use]
    pub fn new(options: &NetOptions) -> Rc<Self> {
        Rc::new(Self {
            clock: options.clock,
            deadlines: Deadlines::new(options.clock),
            resolver: Resolver::new(options.clock),
            tls: TlsConfigs::new(options.roots.clone(), options.insecure),
            counters: Counters::default(),
            files: Files::new(options.files.clone()),
            connect_to: options.connect_to.clone(),
        })
    }

    /// Nanoseconds since the run began.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// A new time limit, disarmed: one per session.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadlines.register()
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").field("counters", &self.counters).finish_non_exhaustive()
    }
}
