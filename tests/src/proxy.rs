//! Real proxies on loopback ports of their own: tinyproxy for HTTP, Dante for SOCKS5.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a proxy may take to accept its first connection.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How often a start is tried: between finding a free port and taking it, another may have.
const ATTEMPTS: usize = 5;

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub struct RunningProxy {
    child: Child,
    addr: SocketAddr,
    home: TempDir,
}

impl RunningProxy {
    /// Starts tinyproxy, which wants the name `ada` and the password `secret`.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn tinyproxy() -> io::Result<Self> {
        Self::start("tinyproxy", &["-d", "-c"], |port, home| {
            format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nLogLevel Connect\n\
                 LogFile \"{home}/log\"\nPidFile \"{home}/pid\"\nBasicAuth ada secret\n"
            )
        })
    }

    /// Starts Dante, which wants no password.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn dante() -> io::Result<Self> {
        Self::start("danted", &["-N", "1", "-p", "/dev/null", "-f"], |port, home| {
            format!(
                "logoutput: {home}/log\ninternal: 127.0.0.1 port = {port}\nexternal: lo\n\
                 clientmethod: none\nsocksmethod: none\n\
                 client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n\
                 socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect }}\n"
            )
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    fn start(
        program: &str,
        args: &[&str],
        configuration: impl Fn(u16, &str) -> String,
    ) -> io::Result<Self> {
        let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
        let found = places.iter().map(|place| PathBuf::from(place).join(program));
        let program = found.into_iter().find(|path| path.is_file()).ok_or_else(|| {
            let text = format!("{program} is not installed; tests/run installs it");
            io::Error::new(io::ErrorKind::NotFound, text)
        })?;
        let mut outcome = Err(io::ErrorKind::NotFound.into());
        for _ in 0..ATTEMPTS {
            let home = tempfile::Builder::new().prefix("proxy-").tempdir()?;
            let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
            let file = home.path().join("proxy.conf");
            fs::write(&file, configuration(addr.port(), &home.path().to_string_lossy()))?;
            let mut command = Command::new(&program);
            command.args(args).arg(&file).stdin(Stdio::null());
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            let mut proxy = Self { child, addr, home };
            outcome = proxy.await_ready().map(|()| proxy);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn await_ready(&mut self) -> io::Result<()> {
        let due = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}: {}", self.log())));
            }
            if TcpStream::connect(self.addr).is_ok() {
                return Ok(());
            }
            if Instant::now() > due {
                return Err(io::Error::other(format!("it did not come up: {}", self.log())));
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for RunningProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
