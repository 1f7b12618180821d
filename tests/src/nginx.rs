//! A real nginx on loopback ports of its own: the independent witness of what was sent.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::certificates::{Authority, Kind};

/// How long nginx may take to answer its first request.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How often a start is tried: between finding a free port and taking it, another may have.
const ATTEMPTS: usize = 5;

/// Where distributions put the program when it is not on the path.
const PLACES: [&str; 3] =
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"];

/// What `GET /json` answers; `/small` answers [`SMALL`].
pub const JSON: &str = r#"{"id":1017,"status":"shipped","total_cents":18450,"paid":true,"customer":{"id":42,"name":"Ada Lovelace","city":"London"},"items":[{"sku":"LMP-001","name":"desk lamp","quantity":2,"price_cents":3900},{"sku":"CBL-014","name":"cable, 2 m","quantity":5,"price_cents":490},{"sku":"CHR-203","name":"chair","quantity":1,"price_cents":8200}],"data":{"token":"c2b1f0e4d7a84965"},"next":"/orders/1018"}"#;

/// The answer of the shortest kind.
pub const SMALL: &str = r#"{"ok":true}"#;

/// How nginx is to run.
#[derive(Debug, Clone)]
pub struct NginxOptions {
    /// Whether each request is logged, for [`Nginx::requests`]. Costs about a microsecond each.
    pub access_log: bool,
    /// Requests after which nginx closes a connection; `None` for as many as come.
    pub keepalive_requests: Option<u64>,
    /// Processor to run on; `None` for any.
    pub core: Option<usize>,
}

impl Default for NginxOptions {
    fn default() -> Self {
        Self { access_log: true, keepalive_requests: None, core: None }
    }
}

/// A running nginx, over HTTP and HTTPS; it ends when dropped.
///
/// It answers `/small` with [`SMALL`] and `/json` with [`JSON`], whatever the method, `/empty`
/// with 204, `/fail` with 503, `/echo/…` with the path and `/protocol` with the version of HTTP
/// as text, and everything else with 404.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    http: SocketAddr,
    https: SocketAddr,
    http2: SocketAddr,
    root_pem: String,
    access_log: PathBuf,
    _home: TempDir,
}

impl Nginx {
    /// Starts nginx and waits until it accepts connections.
    ///
    /// # Errors
    /// When nginx is not installed (the text says how to get it), refuses its configuration, or
    /// does not come up in time; what it wrote to its error log is in the text.
    pub fn start(options: &NginxOptions) -> io::Result<Self> {
        let program = program()?;
        let mut outcome = Self::try_start(&program, options);
        for _ in 1..ATTEMPTS {
            if !matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::AddrInUse) {
                break;
            }
            outcome = Self::try_start(&program, options);
        }
        outcome
    }

    /// Where it speaks HTTP.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where it speaks HTTP/2 without TLS, and nothing else.
    #[must_use]
    pub fn http2(&self) -> SocketAddr {
        self.http2
    }

    /// Where it speaks HTTPS, with a certificate for `localhost` and 127.0.0.1; HTTP/2 with clients
    /// that offer it.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// The root certificate of [`https`](Self::https), PEM.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The process, for measuring what it costs.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Requests in the access log: those whose head nginx has read, with their replies sent or
    /// given up. The line is written after the reply, so a count just taken can lag behind it.
    ///
    /// # Errors
    /// When the log cannot be read, or there is none because it was not asked for.
    pub fn requests(&self) -> io::Result<u64> {
        self.count(|_| true)
    }

    /// The same for requests of `path` (without its query) that got `status`.
    ///
    /// # Errors
    /// As of [`requests`](Self::requests).
    pub fn requests_of(&self, path: &str, status: u16) -> io::Result<u64> {
        let wanted = format!("{status} {path}");
        self.count(|line| line == wanted)
    }

    /// Waits until the log holds `count` requests, or for `limit`; what it holds then.
    ///
    /// # Errors
    /// As of [`requests`](Self::requests).
    pub fn await_requests(&self, count: u64, limit: Duration) -> io::Result<u64> {
        let due = Instant::now() + limit;
        loop {
            let logged = self.requests()?;
            if logged >= count || Instant::now() > due {
                return Ok(logged);
            }
            std::thread::yield_now();
        }
    }

    fn count(&self, mut wanted: impl FnMut(&str) -> bool) -> io::Result<u64> {
        let mut count = 0;
        for line in BufReader::new(File::open(&self.access_log)?).lines() {
            count += u64::from(wanted(&line?));
        }
        Ok(count)
    }

    fn try_start(program: &Path, options: &NginxOptions) -> io::Result<Self> {
        let home = tempfile::Builder::new().prefix("nginx-").tempdir()?;
        let [http, https, http2] = free_addresses()?;
        let authority = Authority::new()?;
        let identity = authority.sign(Kind::Server)?;
        fs::write(home.path().join("cert.pem"), &identity.certificate_pem)?;
        fs::write(home.path().join("key.pem"), &identity.key_pem)?;
        let config = home.path().join("nginx.conf");
        fs::write(&config, configuration(options, [http, https, http2]))?;
        let mut command = match options.core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", &core.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let error_log = home.path().join("error.log");
        let child = command
            .arg("-p")
            .arg(home.path())
            .arg("-c")
            .arg(&config)
            .arg("-e")
            .arg(&error_log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut nginx = Self {
            child,
            http,
            https,
            http2,
            root_pem: authority.pem(),
            access_log: home.path().join("access.log"),
            _home: home,
        };
        nginx.await_ready(&error_log)?;
        Ok(nginx)
    }

    /// Connects until nginx accepts, then asks once to be sure that it is nginx that does.
    fn await_ready(&mut self, error_log: &Path) -> io::Result<()> {
        let due = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(error_log).unwrap_or_default();
                let kind = if log.contains("Address already in use") {
                    io::ErrorKind::AddrInUse
                } else {
                    io::ErrorKind::Other
                };
                return Err(io::Error::new(kind, format!("nginx ended with {status}:\n{log}")));
            }
            if is_nginx(self.http) && TcpStream::connect(self.https).is_ok() {
                return Ok(());
            }
            if Instant::now() > due {
                let log = fs::read_to_string(error_log).unwrap_or_default();
                return Err(io::Error::other(format!("nginx did not come up in time:\n{log}")));
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It has no workers of its own to leave behind, see `configuration`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("nginx"));
    let mut candidates = on_path.chain(PLACES.iter().map(PathBuf::from));
    candidates.find(|program| program.is_file()).ok_or_else(|| {
        let text = "nginx is not installed; on Debian: apt-get install nginx-light";
        io::Error::new(io::ErrorKind::NotFound, text)
    })
}

/// Addresses nobody listens at. Held at the same time, so that they differ.
fn free_addresses() -> io::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let [first, second, third] = [bind()?, bind()?, bind()?];
    Ok([first.local_addr()?, second.local_addr()?, third.local_addr()?])
}

fn is_nginx(addr: SocketAddr) -> bool {
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n")?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok(reply)
    };
    ask().is_ok_and(|reply| reply.contains("Server: nginx"))
}

/// One process, all of whose files are in the folder it is started in.
fn configuration(options: &NginxOptions, [http, https, http2]: [SocketAddr; 3]) -> String {
    let keepalive = options.keepalive_requests.unwrap_or(1_000_000_000_000);
    let access_log = if options.access_log { "access.log count" } else { "off" };
    format!(
        r#"
daemon off;
master_process off;
pid nginx.pid;
worker_rlimit_nofile 65536;
events {{ worker_connections 32768; multi_accept on; }}
http {{
    log_format count "$status $uri";
    access_log {access_log};
    default_type application/json;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    tcp_nodelay on;
    keepalive_timeout 600s;
    keepalive_requests {keepalive};
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    server {{
        listen {http} backlog=4096;
        listen {https} ssl http2 backlog=4096;
        listen {http2} http2;
        location = /small {{ return 200 '{SMALL}'; }}
        location = /json {{ return 200 '{JSON}'; }}
        location = /empty {{ return 204; }}
        location = /fail {{ return 503 '{{"ok":false}}'; }}
        location = /ready {{ access_log off; return 204; }}
        location /echo/ {{ default_type text/plain; return 200 $uri; }}
        location = /protocol {{ default_type text/plain; return 200 $server_protocol; }}
        location / {{ return 404 '{{"ok":false}}'; }}
    }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(nginx: &Nginx, path: &str) -> String {
        let mut stream = TcpStream::connect(nginx.http()).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    #[test]
    fn nginx_answers_and_counts_what_it_was_asked() {
        let nginx = Nginx::start(&NginxOptions::default()).unwrap();
        assert!(get(&nginx, "/json").ends_with(JSON));
        assert!(get(&nginx, "/small?a=b").ends_with(SMALL));
        assert!(get(&nginx, "/fail").starts_with("HTTP/1.1 503 "));
        assert_eq!(nginx.await_requests(3, Duration::from_secs(10)).unwrap(), 3);
        assert_eq!(nginx.requests_of("/small", 200).unwrap(), 1);
        assert_eq!(nginx.requests_of("/fail", 503).unwrap(), 1);
    }

    #[test]
    fn nothing_is_left_of_an_nginx_that_was_dropped() {
        let nginx = Nginx::start(&NginxOptions::default()).unwrap();
        let (http, home) = (nginx.http(), nginx._home.path().to_owned());
        drop(nginx);
        let error = TcpStream::connect(http).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(!home.exists());
    }
}
