//! Real Redis servers on loopback ports of their own, with their data in a temporary folder.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::certificates::{Authority, Kind};

/// How long a server may take to come up or to answer.
const LIMIT: Duration = Duration::from_secs(60);

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
    port: u16,
    /// Where TLS is spoken, if it is.
    tls_port: Option<u16>,
    password: Option<&'static str>,
    arguments: Vec<OsString>,
    home: TempDir,
}

impl RedisServer {
    /// Starts a server that lets everybody in.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn start() -> io::Result<Self> {
        Self::start_with(None, None)
    }

    /// Starts a server whose default user has a password.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn with_password(password: &'static str) -> io::Result<Self> {
        Self::start_with(Some(password), None)
    }

    /// Starts a server that speaks TLS at [`Self::tls_port`], with clients that `authority` has
    /// signed alone.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn with_tls(authority: &Authority) -> io::Result<Self> {
        Self::start_with(None, Some(authority))
    }

    fn start_with(
        password: Option<&'static str>,
        authority: Option<&Authority>,
    ) -> io::Result<Self> {
        let home = tempfile::Builder::new().prefix("redis-").tempdir()?;
        let port = free_port()?;
        let mut arguments: Vec<OsString> =
            ["--bind", "127.0.0.1", "--save", "", "--appendonly"].map(OsString::from).to_vec();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
        add(&["no", "--port", &port.to_string()]);
        add(&["--dir", &home.path().display().to_string()]);
        if let Some(password) = password {
            add(&["--requirepass", password]);
        }
        let tls_port = match authority {
            Some(authority) => {
                let port = free_port()?;
                let identity = authority.sign(Kind::Server)?;
                let file = |name: &str, text: &str| -> io::Result<String> {
                    let path = home.path().join(name);
                    fs::write(&path, text)?;
                    Ok(path.display().to_string())
                };
                add(&["--tls-port", &port.to_string()]);
                add(&["--tls-cert-file", &file("cert.pem", &identity.certificate_pem)?]);
                add(&["--tls-key-file", &file("key.pem", &identity.key_pem)?]);
                add(&["--tls-ca-cert-file", &file("ca.pem", &authority.pem())?]);
                Some(port)
            }
            None => None,
        };
        let child = spawn(&arguments, &home)?;
        let mut this = Self { child, port, tls_port, password, arguments, home };
        this.await_start()?;
        Ok(this)
    }

    /// Where it listens for plain connections.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it speaks TLS; the port for plain connections if it does not.
    #[must_use]
    pub fn tls_port(&self) -> u16 {
        self.tls_port.unwrap_or(self.port)
    }

    /// Kills it as if its machine had failed: what it held is lost.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Starts it again at the same port.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> io::Result<()> {
        self.child = spawn(&self.arguments, &self.home)?;
        self.await_start()
    }

    /// What it answers to a command whose words have no blanks, in its protocol.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask(&self, command: &str) -> io::Result<String> {
        let mut stream = self.connect()?;
        stream.write_all(command.as_bytes())?;
        stream.write_all(b"\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.strip_suffix("+OK\r\n").unwrap_or(&answer).to_owned())
    }

    /// How often a command was carried out since the server has been started.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn calls(&self, command: &str) -> io::Result<u64> {
        let stats = self.ask("INFO commandstats")?;
        let begin = format!("cmdstat_{command}:calls=");
        let line = stats.lines().find_map(|line| line.strip_prefix(&begin));
        let calls = line.and_then(|rest| rest.split(',').next()?.parse().ok());
        Ok(calls.unwrap_or(0))
    }

    /// The commands that clients send while `during` happens, in the order in which they came: the
    /// number of the database, and the words in quotes as `MONITOR` has them.
    ///
    /// # Errors
    /// When the server does not tell.
    pub fn seen(&self, during: impl FnOnce()) -> io::Result<Vec<String>> {
        const END: &str = "the end of what is looked at";
        let mut monitor = BufReader::new(self.connect()?);
        monitor.get_mut().write_all(b"MONITOR\r\n")?;
        let mut line = String::new();
        monitor.read_line(&mut line)?;
        during();
        self.connect()?.write_all(format!("ECHO \"{END}\"\r\n").as_bytes())?;
        let mut seen = Vec::new();
        loop {
            line.clear();
            if monitor.read_line(&mut line)? == 0 {
                return Err(io::Error::other("the server is gone"));
            }
            // +1700000000.000000 [0 127.0.0.1:5000] "GET" "key"
            let Some((client, words)) = line.trim_end().split_once("] ") else { continue };
            if words.contains(END) {
                return Ok(seen);
            }
            let database = client.split_once('[').and_then(|(_, rest)| rest.split(' ').next());
            seen.push(format!("{} {words}", database.unwrap_or_default()));
        }
    }

    /// A connection that is let in.
    fn connect(&self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        if let Some(password) = self.password {
            stream.write_all(format!("AUTH {password}\r\n").as_bytes())?;
            stream.read_exact(&mut [0; "+OK\r\n".len()])?;
        }
        Ok(stream)
    }

    fn await_start(&mut self) -> io::Result<()> {
        let due = Instant::now() + LIMIT;
        loop {
            if self.ask("PING").is_ok_and(|answer| answer == "+PONG\r\n") {
                return Ok(());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > due {
                let log = fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("it did not come up: {ended:?} {log}")));
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _ = self.kill();
    }
}

fn spawn(arguments: &[OsString], home: &TempDir) -> io::Result<Child> {
    let log = fs::File::create(home.path().join("log"))?;
    let mut command = Command::new("redis-server");
    let command = command.args(arguments).current_dir(home.path()).stdin(Stdio::null());
    command.stdout(log).stderr(Stdio::null()).spawn().map_err(|error| {
        let text = format!("redis-server: {error}; tests/run installs it");
        io::Error::new(error.kind(), text)
    })
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
