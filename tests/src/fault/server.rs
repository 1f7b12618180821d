//! Runs one fault on a port of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use rustls::{ServerConfig, ServerConnection};

use super::{Conduct, Fault, Peer, Shown, transport};
use crate::acceptor::Acceptor;
use crate::certificates::{Authority, Identity, Kind};

/// How long a connection to a full queue is waited for before the queue counts as full.
const FULL_AFTER: Duration = Duration::from_millis(300);

/// A server that commits one fault on every connection; it ends when dropped.
#[derive(Debug)]
pub struct FaultServer {
    fault: &'static Fault,
    addr: SocketAddr,
    root_pem: Option<String>,
    requests: Arc<AtomicU64>,
    acceptor: Option<Acceptor>,
    /// Held, never used: a bound socket keeps its port from others, a connected one its place.
    held: Vec<OwnedFd>,
}

impl FaultServer {
    /// Starts the server on a free loopback port; it is ready once this returns.
    ///
    /// # Errors
    /// When the system has no socket to give, or a certificate cannot be made.
    pub fn start(fault: &'static Fault) -> io::Result<Self> {
        let mut server = Self {
            fault,
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            root_pem: None,
            requests: Arc::default(),
            acceptor: None,
            held: Vec::new(),
        };
        match fault.conduct {
            Conduct::Refuse => server.hold_port(None)?,
            Conduct::NeverAccept => server.hold_port(Some(0))?,
            Conduct::Http(serve) | Conduct::NoTls(serve) => server.listen(None, serve)?,
            Conduct::Tls(shown, serve) => {
                let (identity, root_pem) = identity(shown)?;
                server.root_pem = root_pem;
                server.listen(Some(identity.server_config()?), serve)?;
            }
            Conduct::TlsUnasked => {
                let (identity, _) = identity(Shown::Good)?;
                server.listen(Some(identity.server_config()?), transport::serve)?;
            }
        }
        Ok(server)
    }

    /// Where the server is, or, for [`refused`](super::FAULTS), is not.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:port` or the same with `https`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.fault.scheme(), self.addr)
    }

    /// The root certificate to trust, PEM, where the fault is not that it is unknown.
    #[must_use]
    pub fn root_pem(&self) -> Option<&str> {
        self.root_pem.as_deref()
    }

    /// Requests read whole so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.acceptor.as_ref().map_or(0, Acceptor::connections)
    }

    /// Takes a port without listening at it, or with a queue of `backlog` that is then filled.
    fn hold_port(&mut self, backlog: Option<i32>) -> io::Result<()> {
        let holder = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&holder, &self.addr)?;
        let bound = rustix::net::getsockname(&holder)?;
        self.addr = SocketAddr::try_from(bound)?;
        if let Some(backlog) = backlog {
            listen(&holder, backlog)?;
            while let Ok(stream) = TcpStream::connect_timeout(&self.addr, FULL_AFTER) {
                self.held.push(stream.into());
            }
        }
        self.held.push(holder);
        Ok(())
    }

    fn listen(
        &mut self,
        tls: Option<ServerConfig>,
        serve: fn(&mut Peer<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (requests, tls) = (Arc::clone(&self.requests), tls.map(Arc::new));
        let acceptor = Acceptor::start(move |stream, _| {
            let session = tls.as_ref().map(|config| ServerConnection::new(Arc::clone(config)));
            let Ok(session) = session.transpose() else { return };
            // A client that gives up is what most faults end in.
            let _ = serve(&mut Peer::new(stream, session, &requests));
        })?;
        self.addr = acceptor.addr();
        self.acceptor = Some(acceptor);
        Ok(())
    }
}

/// The certificate to show, and the root a client is to trust, if any.
fn identity(shown: Shown) -> io::Result<(Identity, Option<String>)> {
    if shown == Shown::SelfSigned {
        return Ok((Identity::self_signed()?, None));
    }
    let authority = Authority::new()?;
    let (kind, trusted) = match shown {
        Shown::Good | Shown::SelfSigned => (Kind::Server, true),
        Shown::UnknownRoot => (Kind::Server, false),
        Shown::Expired => (Kind::Expired, true),
        Shown::WrongHost => (Kind::WrongHost, true),
    };
    Ok((authority.sign(kind)?, trusted.then(|| authority.pem())))
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read as _, Write as _};

    use super::*;
    use crate::fault::{FAULTS, named};

    const REQUEST: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi";
    const PATIENCE: Duration = Duration::from_secs(20);

    fn start(name: &str) -> FaultServer {
        FaultServer::start(named(name).unwrap()).unwrap()
    }

    /// Sends a request and returns what comes back until the connection ends.
    fn ask(server: &FaultServer) -> (Vec<u8>, io::Result<usize>) {
        let mut client = TcpStream::connect(server.addr()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(REQUEST).unwrap();
        let mut reply = Vec::new();
        let end = client.read_to_end(&mut reply);
        (reply, end)
    }

    #[test]
    fn every_fault_server_stops_while_a_client_hangs_on_it() {
        for fault in FAULTS {
            let server = FaultServer::start(fault).unwrap();
            let client = TcpStream::connect_timeout(&server.addr(), Duration::from_millis(50));
            if let Ok(mut client) = client {
                client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                // A server may have closed or reset by now.
                let _ = client.write_all(REQUEST);
                let _ = client.read(&mut [0; 10]);
                drop(server);
            }
        }
    }

    #[test]
    fn nobody_listens_where_connections_are_refused() {
        let server = start("refused");
        let error = TcpStream::connect(server.addr()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_full_queue_lets_nobody_in() {
        let server = start("never-accepting");
        let error = TcpStream::connect_timeout(&server.addr(), FULL_AFTER).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn resets_are_resets_and_closes_are_closes() {
        for (name, ends_with) in [
            ("reset-before-reply", None),
            ("reset-mid-head", None),
            ("reset-mid-body", None),
            ("close-before-reply", Some("")),
            ("close-mid-head", Some("Content-Type:")),
            ("length-too-long", Some("{\"ok\":true}")),
        ] {
            let server = start(name);
            let (reply, end) = ask(&server);
            match ends_with {
                None => assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset, "{name}"),
                Some(text) => {
                    end.unwrap();
                    let reply = String::from_utf8(reply).unwrap();
                    assert!(reply.ends_with(text), "{name}: {reply}");
                }
            }
            assert_eq!((server.requests(), server.connections()), (1, 1), "{name}");
        }
    }

    #[test]
    fn half_closed_goes_on_reading() {
        let server = start("half-closed");
        let mut client = TcpStream::connect(server.addr()).unwrap();
        client.write_all(REQUEST).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        for _ in 0..100 {
            client.write_all(REQUEST).unwrap();
        }
    }

    #[test]
    fn the_gzip_bomb_is_small_and_unpacks_to_a_gibibyte_of_zeros() {
        let server = start("gzip-bomb");
        let mut client = TcpStream::connect(server.addr()).unwrap();
        client.write_all(REQUEST).unwrap();
        let mut bomb = vec![0; 3 << 20];
        let mut len = 0;
        while !bomb[..len].ends_with(&0x4000_0000_u32.to_le_bytes()) {
            len += client.read(&mut bomb[len..]).unwrap();
        }
        assert!(len < 2 << 20, "{len} bytes");
        let head = bomb.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let mut unpacked = flate2::read::GzDecoder::new(&bomb[head..len]);
        let mut start = vec![1; 5 << 20];
        unpacked.read_exact(&mut start).unwrap();
        assert!(start.iter().all(|byte| *byte == 0));
    }
}
