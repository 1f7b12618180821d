//! The server of the measurements: nginx with one worker on a core of its own,
//! its configuration and certificate in a folder that goes away with it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::case::Transport;
use crate::locate;
use crate::machine::{Core, on_core};

/// The answer of the JSON locations; the POST case reads `data.token` out of it.
pub const JSON_ANSWER: &str = concat!(
    r#"{"status": "accepted", "data": {"id": 48213, "token": "b3f1c2a97d5e4806", "#,
    r#""currency": "EUR", "total": 129.5, "items": [{"sku": "A-1009", "quantity": 2}, "#,
    r#"{"sku": "C-3310", "quantity": 1}], "note": "ships within two days"}}"#,
);

/// Connections the worker can hold; each needs a descriptor.
const WORKER_CONNECTIONS: u32 = 19_000;

/// How long the server may take to answer its first request.
const START_LIMIT: Duration = Duration::from_secs(5);

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    plain: SocketAddr,
    tls: SocketAddr,
    http2: SocketAddr,
    _folder: TempDir,
}

/// What the server counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Connections open now, the one that asked included.
    pub open: u64,
    /// Requests begun since the start, the one that asked included.
    pub requests: u64,
}

impl Nginx {
    /// Starts the server on `core`, on free loopback ports.
    ///
    /// # Errors
    /// When nginx is not installed, or does not come up.
    pub fn start(core: Core) -> Result<Self> {
        let Some(program) = locate::find("nginx", &[PathBuf::from("/usr/sbin")]) else {
            bail!("nginx is not installed (Debian: apt-get install nginx-light)");
        };
        let folder = tempfile::Builder::new().prefix("ld-bench-nginx-").tempdir()?;
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .context("making a certificate")?;
        fs::write(folder.path().join("cert.pem"), certificate.cert.pem())?;
        fs::write(folder.path().join("key.pem"), certificate.signing_key.serialize_pem())?;
        let [plain, tls, http2] = free_addresses()?;
        let configuration = folder.path().join("nginx.conf");
        fs::write(&configuration, configured([plain, tls, http2]))?;
        let mut command = Command::new(program);
        command
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&configuration)
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = on_core(core, || command.spawn().context("starting nginx"))?;
        let mut server = Self { child, plain, tls, http2, _folder: folder };
        server.wait_until_up()?;
        Ok(server)
    }

    /// Where it listens: `http://…` or `https://…`, without a path.
    #[must_use]
    pub fn origin(&self, transport: Transport) -> String {
        match transport {
            Transport::Plain => format!("http://{}", self.plain),
            Transport::Tls => format!("https://{}", self.tls),
            Transport::Http2 => format!("https://{}", self.http2),
        }
    }

    /// What it counted until now.
    ///
    /// # Errors
    /// When it does not answer, or not with its counters.
    pub fn served(&self) -> Result<Served> {
        let mut stream = TcpStream::connect(self.plain).context("asking nginx for its counters")?;
        stream.set_read_timeout(Some(START_LIMIT))?;
        stream.write_all(b"GET /counters HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        counters(&answer).with_context(|| format!("nginx answered without counters: {answer}"))
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            let Err(error) = self.served() else { return Ok(()) };
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(self._folder.path().join("error.log"));
                bail!("nginx ended at once ({status}): {}", log.unwrap_or_default().trim());
            }
            if started.elapsed() > START_LIMIT {
                return Err(error);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A terminated master takes its worker along; a killed one would leave it behind.
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// Loopback addresses nobody listens on right now.
fn free_addresses() -> Result<[SocketAddr; 3]> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port");
    let [plain, tls, http2] = [listen()?, listen()?, listen()?];
    Ok([plain.local_addr()?, tls.local_addr()?, http2.local_addr()?])
}

/// One cipher for everybody, so that no tool pays for a longer key than another.
fn configured([plain, tls, http2]: [SocketAddr; 3]) -> String {
    format!(
        r#"daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log error;
events {{ worker_connections {WORKER_CONNECTIONS}; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_header_timeout 3600s;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {plain} backlog=16384;
        listen {tls} ssl backlog=16384;
        listen {http2} ssl http2 backlog=16384;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        location = / {{ default_type text/plain; return 200 "Hello, world!\n"; }}
        location = /json {{ default_type application/json; return 200 '{JSON_ANSWER}'; }}
        location = /post {{ default_type application/json; return 200 '{JSON_ANSWER}'; }}
        location = /counters {{ stub_status; }}
    }}
}}
"#
    )
}

fn counters(answer: &str) -> Option<Served> {
    let number = |text: &str| text.trim().parse().ok();
    let (_, rest) = answer.split_once("Active connections:")?;
    let mut lines = rest.lines();
    let open = number(lines.next()?)?;
    let requests = number(lines.nth(1)?.split_whitespace().nth(2)?)?;
    Some(Served { open, requests })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_from_the_status_page() {
        let page = "HTTP/1.1 200 OK\r\n\r\nActive connections: 65 \n\
            server accepts handled requests\n 132 132 248034 \n\
            Reading: 0 Writing: 1 Waiting: 64 \n";
        assert_eq!(counters(page), Some(Served { open: 65, requests: 248_034 }));
    }

    #[test]
    fn a_page_without_counters_is_refused() {
        assert_eq!(counters("HTTP/1.1 404 Not Found\r\n\r\nActive connections: 1"), None);
    }

    #[test]
    fn the_json_answer_holds_what_the_post_plan_extracts() {
        let answer: serde_json::Value = serde_json::from_str(JSON_ANSWER).unwrap();
        assert_eq!(answer["data"]["token"], "b3f1c2a97d5e4806");
        assert_eq!(answer["status"], "accepted");
    }
}
