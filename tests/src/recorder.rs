//! A server in the place of every other: what a client sends to any host, over HTTP or TLS,
//! straight or through a proxy, ends here and is kept, so that nothing leaves the machine.
//!
//! Clients are led here by a proxy setting, by `--connect-to`, or by a host of their own. The first
//! byte of a connection tells TLS from HTTP; inside a `CONNECT` tunnel the same holds again.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;

use crate::acceptor::Acceptor;
use crate::certificates::Identity;
use crate::wire::{Handshake, Seen, is_last, receive, reply, shake_hands};

/// The first byte of a TLS connection: the type of a handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// A request, and whom it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host that was asked for, with its port unless that is the scheme's own.
    pub host: String,
    /// The request itself; its target is path and query also when it came through a proxy.
    pub request: Seen,
}

impl Recorded {
    /// The URL that was asked for.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.request.target)
    }
}

/// What requests are answered with.
type Answer = dyn Fn(&Recorded) -> Vec<u8> + Send + Sync;

/// The server; it ends when dropped.
#[derive(Debug)]
pub struct Recorder {
    recorded: Arc<Mutex<Vec<Recorded>>>,
    acceptor: Acceptor,
}

impl Recorder {
    /// Starts a server that answers everything with 200 and `{}`.
    ///
    /// # Errors
    /// What the system says.
    pub fn start() -> io::Result<Self> {
        Self::start_with(|_| reply(200, &[("Content-Type", "application/json")], "{}"))
    }

    /// Starts a server that answers each request with the bytes that `answer` gives
    /// ([`reply`] makes them); it closes a connection after a reply that
    /// says so, and when there are none. The body of a reply to `HEAD` is left out.
    ///
    /// # Errors
    /// What the system says.
    pub fn start_with(
        answer: impl Fn(&Recorded) -> Vec<u8> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let recorded = Arc::<Mutex<Vec<Recorded>>>::default();
        let server = Server {
            tls: Arc::new(Identity::self_signed()?.server_config()?),
            recorded: Arc::clone(&recorded),
            answer: Box::new(answer),
        };
        let acceptor = Acceptor::start(move |stream, connection| {
            // However it ends, the client is to notice.
            let _ = server.serve(stream, connection);
            let _ = stream.shutdown(Shutdown::Both);
        })?;
        Ok(Self { recorded, acceptor })
    }

    /// Where it listens, for HTTP, TLS and proxied requests alike.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.acceptor.addr()
    }

    /// What `HTTP_PROXY` and `HTTPS_PROXY` are to be: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// What `ldvm run --connect-to` is to be, so that every host leads here.
    #[must_use]
    pub fn connect_to(&self) -> String {
        format!("::{}:{}", self.addr().ip(), self.addr().port())
    }

    /// The requests so far, in the order they came.
    #[must_use]
    pub fn recorded(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Server {
    tls: Arc<ServerConfig>,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    answer: Box<Answer>,
}

impl Server {
    fn serve(&self, stream: &TcpStream, connection: u64) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut tunnel = None;
        // A tunnel may lead into another one, as through two proxies in a row.
        while let Some(host) = self.serve_layer(stream, connection, tunnel.as_deref())? {
            tunnel = Some(host);
        }
        Ok(())
    }

    /// Serves requests until the connection ends or becomes a tunnel, whose host is returned.
    fn serve_layer(
        &self,
        stream: &TcpStream,
        connection: u64,
        tunnel: Option<&str>,
    ) -> io::Result<Option<String>> {
        let mut first = [0];
        if stream.peek(&mut first)? == 0 {
            return Ok(None);
        }
        if first != [TLS_HANDSHAKE] {
            return self.serve_requests(&mut &*stream, connection, tunnel, None);
        }
        let (mut stream, handshake) = shake_hands(stream, &self.tls)?;
        self.serve_requests(&mut stream, connection, tunnel, Some(&handshake))?;
        stream.conn.send_close_notify();
        stream.flush().map(|()| None)
    }

    fn serve_requests(
        &self,
        stream: &mut (impl Read + Write),
        connection: u64,
        tunnel: Option<&str>,
        tls: Option<&Handshake>,
    ) -> io::Result<Option<String>> {
        let (mut input, bytes_in) = (Vec::new(), AtomicU64::new(0));
        while let Some(seen) = receive(stream, &mut input, &bytes_in)? {
            if seen.method == "CONNECT" && tls.is_none() {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
                return Ok(Some(seen.target));
            }
            let recorded = recorded(Seen { connection, tls: tls.cloned(), ..seen }, tunnel);
            let is_head = recorded.request.method == "HEAD";
            // First, so that a request counts as seen while its answer takes its time.
            self.recorded.lock().unwrap_or_else(PoisonError::into_inner).push(recorded.clone());
            let mut reply = (self.answer)(&recorded);
            if is_head && let Some(end) = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                reply.truncate(end.saturating_add(4));
            }
            stream.write_all(&reply)?;
            stream.flush()?;
            if reply.is_empty() || is_last(&reply) {
                break;
            }
        }
        Ok(None)
    }
}

/// Whom a request is for: the proxied URL says it, or the `Host`, or where the tunnel leads.
fn recorded(mut request: Seen, tunnel: Option<&str>) -> Recorded {
    let mut scheme = if request.tls.is_some() { "https" } else { "http" };
    let mut host = None;
    let target = request.target.clone();
    for known in ["http", "https"] {
        let proxied = target.strip_prefix(known).and_then(|rest| rest.strip_prefix("://"));
        if let Some(rest) = proxied {
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            scheme = known;
            host = Some(authority.rsplit('@').next().unwrap_or(authority).to_owned());
            request.target =
                if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        }
    }
    let host = host.or_else(|| request.header("host").map(str::to_owned));
    let host = host.or_else(|| tunnel.map(str::to_owned)).unwrap_or_default();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(port).unwrap_or(&host).to_ascii_lowercase();
    Recorded { scheme, host, request }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// What curl's requests were for.
    fn urls(args: &[&str]) -> Vec<String> {
        let recorder = Recorder::start().unwrap();
        let args = args.iter().map(|arg| {
            let arg = arg.replace("PROXY", &recorder.proxy_url());
            arg.replace("ADDR", &recorder.addr().to_string())
        });
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-m", "20", "-k", "--noproxy", ""]).args(args);
        let output = curl.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"{}");
        recorder.recorded().iter().map(Recorded::url).collect()
    }

    #[test]
    fn requests_through_the_proxy_are_for_the_host_they_name() {
        assert_eq!(
            urls(&["-x", "PROXY", "http://shop.example:80/a?b=c"]),
            ["http://shop.example/a?b=c"]
        );
        assert_eq!(
            urls(&["-x", "PROXY", "https://shop.example/a?b=c"]),
            ["https://shop.example/a?b=c"]
        );
        assert_eq!(
            urls(&["-p", "-x", "PROXY", "http://shop.example:8080"]),
            ["http://shop.example:8080/"]
        );
    }

    #[test]
    fn requests_without_a_proxy_are_for_their_host() {
        let addr = "::ADDR";
        assert_eq!(
            urls(&["--connect-to", addr, "http://shop.example:81/a"]),
            ["http://shop.example:81/a"]
        );
        assert_eq!(
            urls(&["--connect-to", addr, "https://shop.example"]),
            ["https://shop.example/"]
        );
    }

    #[test]
    fn replies_to_head_have_no_body() {
        let recorder = Recorder::start().unwrap();
        let mut stream = TcpStream::connect(recorder.addr()).unwrap();
        stream.write_all(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.contains("Content-Length: 2\r\n") && reply.ends_with("\r\n\r\n"), "{reply}");
    }
}
