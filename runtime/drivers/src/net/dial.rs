//! Opening a connection: name, addresses in turn, TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ld_vm::{Fault, FaultClass};
use tokio::net::{TcpStream, UdpSocket};

#[cfg(feature = "sql")]
use super::fault::io_fault;
use super::fault::{Shortage, shortage_fault, words};
use super::{Addresses, Deadline, Endpoint, Net, Proxy, Stream, TlsOptions, tls};

/// A connection just opened.
#[derive(Debug)]
pub struct Dialed {
    /// The connection.
    pub stream: Stream,
    /// How long resolving the name and connecting took, in nanoseconds.
    pub connect_ns: u64,
    /// How long the TLS handshake took, in nanoseconds; 0 without TLS.
    pub tls_ns: u64,
}

impl Net {
    /// Opens a connection to where `endpoint` says or `--connect-to` sends it, by
    /// `until_ns` of the run's clock (`u64::MAX`: no limit). `deadline` is armed meanwhile
    /// and disarmed afterwards. Where the name has several addresses, each gets an equal
    /// share of the time that is left.
    ///
    /// # Errors
    /// When no address accepts, TLS fails, or the time is over. What the generator itself
    /// ran out of is also counted.
    pub async fn dial(
        &self,
        endpoint: &Endpoint,
        options: &TlsOptions,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<Dialed, Fault> {
        self.dial_through(None, endpoint, options, deadline, until_ns).await
    }

    /// The same through a proxy. Where plain requests are for the proxy itself, the connection
    /// goes no further.
    ///
    /// # Errors
    /// As of [`Self::dial`], and when the proxy does not let it pass.
    pub async fn dial_through(
        &self,
        proxy: Option<&Proxy>,
        endpoint: &Endpoint,
        options: &TlsOptions,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<Dialed, Fault> {
        let attempt = self.counters.attempt();
        let dialed = self.dial_within(proxy, endpoint, options, deadline, until_ns).await;
        attempt.end();
        deadline.disarm();
        if dialed.is_ok() {
            self.counters.count_opened();
        }
        dialed
    }

    /// Opens a socket for datagrams to and from where `endpoint` says or `--connect-to`
    /// sends it, the name resolved by `until_ns`. `deadline` as in [`Self::dial`].
    ///
    /// # Errors
    /// When the name cannot be resolved, or not in time, or no socket can be had. Whether
    /// anybody listens there is not known before something is sent.
    pub async fn datagrams(
        &self,
        endpoint: &Endpoint,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<UdpSocket, Fault> {
        let attempt = self.counters.attempt();
        let opened = self.datagrams_within(endpoint, deadline, until_ns).await;
        attempt.end();
        deadline.disarm();
        opened
    }

    /// Has a library that opens its sockets itself connect to where `endpoint` says or
    /// `--connect-to` sends it: `open` is called with one address after the other until one
    /// accepts. Times as in [`Self::dial`].
    ///
    /// # Errors
    /// As of [`Self::dial`], and what `open` says.
    #[cfg(feature = "sql")]
    pub(crate) async fn dial_by<T>(
        &self,
        endpoint: &Endpoint,
        deadline: &Deadline,
        until_ns: u64,
        mut open: impl AsyncFnMut(SocketAddr) -> Result<T, Refusal>,
    ) -> Result<T, Fault> {
        let attempt = self.counters.attempt();
        let opened = async {
            let addresses = self.addresses(endpoint, deadline, until_ns).await?;
            let mut failure = None;
            for (tried, address) in addresses.iter().enumerate() {
                deadline.arm(self.share(until_ns, addresses.len() - tried));
                let next = match deadline.within(open(address)).await {
                    Ok(Ok(opened)) => return Ok(opened),
                    Ok(Err(Refusal::Fault(fault))) => return Err(fault),
                    Ok(Err(Refusal::Io(error))) if is_of_connecting(&error) => Failure::of(error),
                    Ok(Err(Refusal::Io(error))) => return Err(io_fault(&error)),
                    Err(_) => Failure::TimedOut,
                };
                failure = Failure::worse(failure, next);
                if matches!(failure, Some(Failure::RanOut(_))) {
                    break;
                }
            }
            Err(self.fault(failure, endpoint))
        };
        let opened = opened.await;
        attempt.end();
        deadline.disarm();
        if opened.is_ok() {
            self.counters.count_opened();
        }
        opened
    }

    /// The same with a library that has to look the name up itself.
    ///
    /// # Errors
    /// As of [`Self::dial_by`].
    #[cfg(feature = "sql")]
    pub(crate) async fn dial_by_name<T>(
        &self,
        endpoint: &Endpoint,
        deadline: &Deadline,
        until_ns: u64,
        mut open: impl AsyncFnMut(&Endpoint) -> Result<T, Refusal>,
    ) -> Result<T, Fault> {
        let attempt = self.counters.attempt();
        let redirected = self.connect_to.iter().find_map(|rule| rule.apply(endpoint));
        deadline.arm(until_ns);
        let opened = match deadline.within(open(redirected.as_ref().unwrap_or(endpoint))).await {
            Ok(Ok(opened)) => Ok(opened),
            Ok(Err(Refusal::Fault(fault))) => Err(fault),
            Ok(Err(Refusal::Io(error))) if is_of_connecting(&error) => {
                Err(self.fault(Some(Failure::of(error)), endpoint))
            }
            Ok(Err(Refusal::Io(error))) => Err(io_fault(&error)),
            Err(_) => Err(self.fault(Some(Failure::TimedOut), endpoint)),
        };
        attempt.end();
        deadline.disarm();
        if opened.is_ok() {
            self.counters.count_opened();
        }
        opened
    }

    async fn datagrams_within(
        &self,
        endpoint: &Endpoint,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<UdpSocket, Fault> {
        let mut failure = None;
        for address in self.addresses(endpoint, deadline, until_ns).await?.iter() {
            let any: IpAddr = match address {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            let opened = async {
                let socket = UdpSocket::bind((any, 0)).await?;
                socket.connect(address).await?;
                Ok(socket)
            };
            match opened.await {
                Ok(socket) => return Ok(socket),
                Err(error) => failure = Failure::worse(failure, Failure::of(error)),
            }
        }
        Err(self.fault(failure, endpoint))
    }

    /// The fault for the failure of all addresses, counted if the generator is to blame.
    fn fault(&self, failure: Option<Failure>, endpoint: &Endpoint) -> Fault {
        let failure = failure.unwrap_or(Failure::TimedOut);
        self.count_shortage(failure.error().and_then(Shortage::of));
        failure.into_fault(endpoint)
    }

    /// Until when one of `left` addresses may be tried.
    fn share(&self, until_ns: u64, left: usize) -> u64 {
        let now_ns = self.now_ns();
        match until_ns {
            u64::MAX => u64::MAX,
            _ => now_ns.saturating_add(until_ns.saturating_sub(now_ns) / left.max(1) as u64),
        }
    }

    fn count_shortage(&self, shortage: Option<Shortage>) {
        if let Some(shortage) = shortage {
            self.counters.count_exhausted(shortage);
        }
    }

    pub(super) async fn addresses(
        &self,
        endpoint: &Endpoint,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<Addresses, Fault> {
        let redirected = self.connect_to.iter().find_map(|rule| rule.apply(endpoint));
        let target = redirected.as_ref().unwrap_or(endpoint);
        deadline.arm(until_ns);
        match deadline.within(self.resolver.resolve(&target.host, target.port)).await {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(failure)) => {
                self.count_shortage(failure.shortage);
                Err(failure.into_fault(&target.host))
            }
            Err(_) => {
                let text = format!("timed out resolving {}", target.host);
                Err(Fault::new(FaultClass::Timeout, text))
            }
        }
    }

    async fn dial_within(
        &self,
        proxy: Option<&Proxy>,
        endpoint: &Endpoint,
        options: &TlsOptions,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<Dialed, Fault> {
        let begun_ns = self.now_ns();
        // What cannot work is said before anything is opened.
        let tls = if endpoint.tls {
            Some((
                self.tls.connector(options).await?,
                tls::server_name(options.server_name.as_deref().unwrap_or(&endpoint.host))?,
            ))
        } else {
            None
        };
        let tcp = match proxy {
            Some(proxy) => Box::pin(self.pass(proxy, endpoint, deadline, until_ns)).await?,
            None => {
                let addresses = self.addresses(endpoint, deadline, until_ns).await?;
                self.connect(endpoint, &addresses, deadline, until_ns).await?
            }
        };
        let connected_ns = self.now_ns();
        let connect_ns = connected_ns.saturating_sub(begun_ns);
        let Some((connector, name)) = tls else {
            return Ok(Dialed { stream: Stream::Plain(tcp), connect_ns, tls_ns: 0 });
        };
        deadline.arm(until_ns);
        match deadline.within(connector.connect(name, tcp)).await {
            Ok(Ok(stream)) => {
                let tls_ns = self.now_ns().saturating_sub(connected_ns).max(1);
                Ok(Dialed { stream: Stream::Tls(Box::new(stream)), connect_ns, tls_ns })
            }
            Ok(Err(error)) => {
                self.count_shortage(Shortage::of(&error));
                Err(tls::handshake_fault(endpoint, &error))
            }
            Err(_) => {
                let text = format!("timed out in the TLS handshake with {endpoint}");
                Err(Fault::new(FaultClass::Timeout, text))
            }
        }
    }

    /// Connects to the first address that accepts.
    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        addresses: &Addresses,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<TcpStream, Fault> {
        let mut failure: Option<Failure> = None;
        for (tried, address) in addresses.iter().enumerate() {
            deadline.arm(self.share(until_ns, addresses.len() - tried));
            let next = match deadline.within(connect_one(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => Failure::of(error),
                Err(_) => Failure::TimedOut,
            };
            failure = Failure::worse(failure, next);
            if matches!(failure, Some(Failure::RanOut(_))) {
                break;
            }
        }
        Err(self.fault(failure, endpoint))
    }
}

/// Why a library did not open a connection.
#[cfg(feature = "sql")]
pub(crate) enum Refusal {
    /// What the system said.
    Io(io::Error),
    /// What else was wrong, which it is at every address.
    Fault(Fault),
}

/// Whether an error says that there is no connection, and not that an open one broke.
#[cfg(feature = "sql")]
fn is_of_connecting(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let kinds = [
        Kind::ConnectionRefused,
        Kind::HostUnreachable,
        Kind::NetworkUnreachable,
        Kind::NetworkDown,
        Kind::AddrNotAvailable,
        Kind::TimedOut,
        Kind::PermissionDenied,
        Kind::NotFound,
    ];
    kinds.contains(&error.kind()) || Shortage::of(error).is_some()
}

async fn connect_one(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Requests are written whole; waiting for more only delays them.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Why an address did not accept.
enum Failure {
    /// This machine has no way there, or no port left: another address may do.
    NoWay(io::Error),
    Refused(io::Error),
    TimedOut,
    /// The generator ran out of something that other addresses need as well.
    RanOut(io::Error),
}

impl Failure {
    fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkUnreachable => {
                Self::NoWay(error)
            }
            _ if Shortage::of(&error).is_some() => Self::RanOut(error),
            _ => Self::Refused(error),
        }
    }

    /// The one that says more, or the later one.
    fn worse(failure: Option<Self>, next: Self) -> Option<Self> {
        Some(failure.filter(|failure| failure.weight() > next.weight()).unwrap_or(next))
    }

    /// How much it says about why the connection failed, when several addresses were
    /// tried: `localhost` is often an IPv6 address that the machine cannot use at all.
    const fn weight(&self) -> u8 {
        match self {
            Self::NoWay(_) => 0,
            Self::Refused(_) | Self::TimedOut => 1,
            Self::RanOut(_) => 2,
        }
    }

    /// What the system said; `None` when it said nothing in time.
    fn error(&self) -> Option<&io::Error> {
        match self {
            Self::NoWay(error) | Self::Refused(error) | Self::RanOut(error) => Some(error),
            Self::TimedOut => None,
        }
    }

    fn into_fault(self, endpoint: &Endpoint) -> Fault {
        let Some(error) = self.error() else {
            let text = format!("timed out connecting to {endpoint}");
            return Fault::new(FaultClass::Timeout, text);
        };
        shortage_fault(error).unwrap_or_else(|| {
            let text = format!("cannot connect to {endpoint}: {}", words(error));
            Fault::new(FaultClass::Connect, text)
        })
    }
}
