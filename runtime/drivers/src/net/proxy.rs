//! Ways through a proxy: HTTP (CONNECT, RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

use std::io;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_vm::{Fault, FaultClass};
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::{Deadline, Endpoint, Net, io_fault};

/// The most bytes of a proxy's answer to CONNECT.
const MOST_ANSWER: usize = 16 * 1024;

/// A proxy, as a plan names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Where it listens.
    pub endpoint: Endpoint,
    kind: Kind,
    /// User name and password.
    credentials: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5 {
        /// Names are looked up by the proxy.
        resolves: bool,
    },
}

impl Proxy {
    /// Reads `http://`, `socks5://` (names are looked up here) or `socks5h://` (by the proxy),
    /// perhaps with `user:password@`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let text = String::from_utf8_lossy(text);
        let wrong = || {
            let text = format!(
                "`{text}` is not a proxy; write http://host:port, socks5://host:port or \
                 socks5h://host:port"
            );
            Fault::new(FaultClass::Plan, text)
        };
        let url = Url::parse(&text).map_err(|_| wrong())?;
        let (kind, default_port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" => (Kind::Socks5 { resolves: false }, 1080),
            "socks5h" => (Kind::Socks5 { resolves: true }, 1080),
            _ => return Err(wrong()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port().unwrap_or(default_port);
        let endpoint = Endpoint { tls: false, host: host.into(), port };
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let credentials = (!url.username().is_empty())
            .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        Ok(Self { endpoint, kind, credentials })
    }

    /// Whether plain requests are sent to the proxy itself, in absolute form.
    #[must_use]
    pub fn takes_requests(&self) -> bool {
        self.kind == Kind::Http
    }

    /// Appends `Proxy-Authorization`, if there are credentials.
    pub fn write_credentials(&self, out: &mut Vec<u8>) {
        if let Some((user, password)) = &self.credentials {
            let credentials = BASE64.encode([user.as_slice(), b":", password].concat());
            out.extend_from_slice(b"Proxy-Authorization: Basic ");
            out.extend_from_slice(credentials.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }

    async fn connect(&self, tcp: &mut TcpStream, endpoint: &Endpoint) -> Result<(), Fault> {
        let mut request =
            format!("CONNECT {endpoint} HTTP/1.1\r\nHost: {endpoint}\r\n").into_bytes();
        self.write_credentials(&mut request);
        request.extend_from_slice(b"\r\n");
        tcp.write_all(&request).await.map_err(|error| self.broken(&error))?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            // Byte by byte: what follows is for the server.
            let byte = tcp.read_u8().await.map_err(|error| self.broken(&error))?;
            answer.push(byte);
            if answer.len() > MOST_ANSWER {
                return Err(self.nonsense());
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        let line = answer.lines().next().unwrap_or_default();
        match line.split_once(' ') {
            Some((version, status)) if version.starts_with("HTTP/1.") => {
                if status.starts_with('2') { Ok(()) } else { Err(self.refused(endpoint, status)) }
            }
            _ => Err(self.nonsense()),
        }
    }

    /// RFC 1928 §3–6; `address` when the name has been looked up here.
    async fn socks(
        &self,
        tcp: &mut TcpStream,
        endpoint: &Endpoint,
        address: Option<SocketAddr>,
    ) -> Result<(), Fault> {
        const NO_CREDENTIALS: u8 = 0;
        const PASSWORD: u8 = 2;
        let offered: &[u8] = match self.credentials {
            Some(_) => &[5, 2, NO_CREDENTIALS, PASSWORD],
            None => &[5, 1, NO_CREDENTIALS],
        };
        let mut chosen = [0; 2];
        self.ask(tcp, offered, &mut chosen).await?;
        match (chosen, &self.credentials) {
            ([5, NO_CREDENTIALS], _) => {}
            ([5, PASSWORD], Some((user, password))) => {
                let mut message = vec![1];
                for part in [user, password] {
                    message.push(u8::try_from(part.len()).map_err(|_| {
                        let text = "a SOCKS5 proxy takes names and passwords up to 255 bytes";
                        Fault::new(FaultClass::Plan, text)
                    })?);
                    message.extend_from_slice(part);
                }
                let mut answer = [0; 2];
                self.ask(tcp, &message, &mut answer).await?;
                if answer[1] != 0 {
                    return Err(self.refused(endpoint, "name or password are wrong"));
                }
            }
            ([5, _], _) => return Err(self.refused(endpoint, "it wants other credentials")),
            _ => return Err(self.nonsense()),
        }
        let mut message = vec![5, 1, 0];
        match address.map(|address| address.ip()).or_else(|| endpoint.host.parse().ok()) {
            Some(IpAddr::V4(ip)) => {
                message.push(1);
                message.extend_from_slice(&ip.octets());
            }
            Some(IpAddr::V6(ip)) => {
                message.push(4);
                message.extend_from_slice(&ip.octets());
            }
            None => {
                message.push(3);
                // Names of hosts are shorter than that (RFC 1035 §2.3.4).
                message.push(u8::try_from(endpoint.host.len()).unwrap_or(u8::MAX));
                message.extend(endpoint.host.bytes().take(255));
            }
        }
        message.extend_from_slice(&endpoint.port.to_be_bytes());
        let mut head = [0; 4];
        self.ask(tcp, &message, &mut head).await?;
        let [5, reply, _, kind] = head else { return Err(self.nonsense()) };
        if reply != 0 {
            return Err(self.refused(endpoint, socks_reply(reply)));
        }
        let bound_len = match kind {
            1 => 4,
            4 => 16,
            3 => usize::from(tcp.read_u8().await.map_err(|error| self.broken(&error))?),
            _ => return Err(self.nonsense()),
        };
        let mut bound = vec![0; bound_len + 2];
        self.ask(tcp, &[], &mut bound).await
    }

    async fn ask(&self, tcp: &mut TcpStream, say: &[u8], answer: &mut [u8]) -> Result<(), Fault> {
        tcp.write_all(say).await.map_err(|error| self.broken(&error))?;
        tcp.read_exact(answer).await.map_err(|error| self.broken(&error))?;
        Ok(())
    }

    fn refused(&self, endpoint: &Endpoint, why: &str) -> Fault {
        let text = format!("the proxy {} does not connect to {endpoint}: {why}", self.endpoint);
        Fault::new(FaultClass::Connect, text)
    }

    fn nonsense(&self) -> Fault {
        let text =
            format!("{} does not answer as the proxy that the plan says it is", self.endpoint);
        Fault::new(FaultClass::Protocol, text)
    }

    fn broken(&self, error: &io::Error) -> Fault {
        let fault = io_fault(error);
        Fault::new(fault.class, format!("at the proxy {}: {}", self.endpoint, fault.text))
    }
}

impl Net {
    /// A connection to `endpoint` through a proxy; to the proxy itself where it takes requests.
    pub(super) async fn pass(
        &self,
        proxy: &Proxy,
        endpoint: &Endpoint,
        deadline: &Deadline,
        until_ns: u64,
    ) -> Result<TcpStream, Fault> {
        let at_proxy =
            |fault: Fault| Fault::new(fault.class, format!("at the proxy: {}", fault.text));
        let way = self.addresses(&proxy.endpoint, deadline, until_ns).await.map_err(at_proxy)?;
        let tcp = self.connect(&proxy.endpoint, &way, deadline, until_ns).await;
        let mut tcp = tcp.map_err(at_proxy)?;
        if proxy.takes_requests() && !endpoint.tls {
            return Ok(tcp);
        }
        let address = match proxy.kind {
            Kind::Socks5 { resolves: false } => {
                self.addresses(endpoint, deadline, until_ns).await?.iter().next()
            }
            _ => None,
        };
        deadline.arm(until_ns);
        let passing = async {
            match proxy.kind {
                Kind::Http => proxy.connect(&mut tcp, endpoint).await,
                Kind::Socks5 { .. } => proxy.socks(&mut tcp, endpoint, address).await,
            }
        };
        match deadline.within(passing).await {
            Ok(outcome) => outcome.map(|()| tcp),
            Err(_) => {
                let proxy = &proxy.endpoint;
                let text =
                    format!("timed out waiting for the proxy {proxy} to connect to {endpoint}");
                Err(Fault::new(FaultClass::Timeout, text))
            }
        }
    }
}

/// RFC 1928 §6.
fn socks_reply(code: u8) -> &'static str {
    match code {
        2 => "its rules forbid it",
        3 => "the network is unreachable",
        4 => "the host is unreachable",
        5 => "connection refused",
        6 => "the way is too long",
        7 => "it does not know the command",
        8 => "it does not know that kind of address",
        _ => "it failed",
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::tests::run;
    use super::super::{TlsOptions, clock::NS_PER_S};
    use super::*;

    #[test]
    fn proxies_are_read_with_their_credentials() {
        let proxy = Proxy::parse(b"http://a%40b:c%3A@proxy.example:3128").unwrap();
        assert_eq!(proxy.endpoint.to_string(), "proxy.example:3128");
        assert_eq!(proxy.credentials, Some((b"a@b".to_vec(), b"c:".to_vec())));
        let proxy = Proxy::parse(b"socks5h://[::1]").unwrap();
        assert_eq!(proxy.endpoint.to_string(), "[::1]:1080");
        for wrong in ["", "proxy:3128", "https://proxy", "http://", "ftp://proxy"] {
            let fault = Proxy::parse(wrong.as_bytes()).unwrap_err();
            assert_eq!(fault.class, FaultClass::Plan, "{wrong}");
        }
    }

    /// What a client says to a SOCKS proxy with these answers, each to so many bytes.
    async fn socks(
        net: &Net,
        script: &'static [(usize, &'static [u8])],
    ) -> (Vec<u8>, Option<Fault>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("socks5h://ada:secret@{}", listener.local_addr().unwrap());
        let peer = tokio::task::spawn_local(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            for (count, answer) in script {
                let mut bytes = vec![0; *count];
                tcp.read_exact(&mut bytes).await.unwrap();
                heard.extend(bytes);
                tcp.write_all(answer).await.unwrap();
            }
            heard
        });
        let proxy = Proxy::parse(url.as_bytes()).unwrap();
        let endpoint = Endpoint::parse("shop:80", None, false).unwrap();
        let until_ns = net.now_ns() + 20 * NS_PER_S;
        let dialed = net
            .dial_through(Some(&proxy), &endpoint, &TlsOptions::new(), &net.deadline(), until_ns)
            .await;
        (peer.await.unwrap(), dialed.err())
    }

    #[test]
    fn a_socks_proxy_gets_name_password_and_the_host_by_name() {
        run(|net| async move {
            let (heard, fault) =
                socks(&net, &[(4, &[5, 2]), (12, &[1, 0]), (11, &[5, 0, 0, 3, 1, b'x', 0, 80])])
                    .await;
            assert_eq!(fault, None);
            assert_eq!(
                heard,
                b"\x05\x02\x00\x02\x01\x03ada\x06secret\x05\x01\x00\x03\x04shop\x00\x50"
            );
            let (_, fault) = socks(&net, &[(4, &[5, 2]), (12, &[1, 1])]).await;
            assert!(fault.unwrap().text.ends_with("shop:80: name or password are wrong"));
            let (_, fault) =
                socks(&net, &[(4, &[5, 0]), (11, &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])]).await;
            assert!(fault.unwrap().text.ends_with("shop:80: connection refused"));
            let (_, fault) = socks(&net, &[(4, b"HT")]).await;
            assert_eq!(fault.unwrap().class, FaultClass::Protocol);
        });
    }
}
