//! Real database servers on loopback ports of their own, with data in a temporary folder:
//! PostgreSQL and MariaDB.
//!
//! PostgreSQL refuses to be run by root, so that servers started by root run as `nobody`.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// How long a server may take to come up or to end.
const LIMIT: Duration = Duration::from_secs(60);

/// The user and group `nobody` of Debian.
const NOBODY: u32 = 65534;

/// The user of the databases, and its password. It has to be encoded in a URL.
pub const USER: &str = "app";
/// See [`USER`].
pub const PASSWORD: &str = "s3/cr@t";

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct DatabaseServer {
    child: Child,
    stop: Signal,
    port: u16,
    home: TempDir,
}

impl DatabaseServer {
    /// Starts PostgreSQL with what `sql` makes in its database `postgres`.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn postgres(sql: &str) -> io::Result<Self> {
        let home = home()?;
        let data = home.path().join("data");
        let password = home.path().join("password");
        fs::write(&password, PASSWORD)?;
        let mut initdb = command("initdb", &home)?;
        initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password);
        initdb.args(["--username", USER, "--auth=scram-sha-256", "--no-sync", "--no-locale"]);
        finish(initdb.arg("--encoding=UTF8"), "")?;
        let mut single = command("postgres", &home)?;
        // One statement a line.
        finish(single.arg("--single").arg("-D").arg(&data).arg("postgres"), sql)?;

        let (port, mut server) = (free_port()?, command("postgres", &home)?);
        server.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "fsync=off"]);
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        Self::start(&mut server, Signal::INT, port, home, "ready to accept connections")
    }

    /// Starts MariaDB with what `sql` makes in its database `shop`, each statement on a line.
    ///
    /// # Errors
    /// When it is not installed, or does not come up.
    pub fn mariadb(sql: &str) -> io::Result<Self> {
        let home = home()?;
        let data = format!("--datadir={}", home.path().join("data").display());
        fs::create_dir(home.path().join("data"))?;
        given_away(&home.path().join("data"))?;
        // What `mariadb-install-db` does, which needs a client's package.
        let mut tables =
            "create database mysql;\nuse mysql;\nset @auth_root_socket = null;\n".to_owned();
        for file in ["mysql_system_tables.sql", "mysql_system_tables_data.sql"] {
            tables += &fs::read_to_string(Path::new("/usr/share/mysql").join(file))?;
        }
        finish(command("mariadbd", &home)?.args(["--no-defaults", "--bootstrap", &data]), &tables)?;
        let setup = home.path().join("setup.sql");
        let user = format!("create user '{USER}'@'127.0.0.1' identified by '{PASSWORD}';");
        let grant = format!("grant all on shop.* to '{USER}'@'127.0.0.1';");
        fs::write(&setup, format!("create database shop;\nuse shop;\n{sql}\n{user}\n{grant}\n"))?;

        let (port, mut server) = (free_port()?, command("mariadbd", &home)?);
        server.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", &data]);
        server.arg(format!("--port={port}")).arg(format!("--init-file={}", setup.display()));
        server.arg(format!("--socket={}", home.path().join("socket").display()));
        Self::start(&mut server, Signal::TERM, port, home, "ready for connections")
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Starts a server that writes to its log that it is `ready`.
    fn start(
        server: &mut Command,
        stop: Signal,
        port: u16,
        home: TempDir,
        ready: &str,
    ) -> io::Result<Self> {
        let log = fs::File::create(home.path().join("log"))?;
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut this = Self { child: server.spawn()?, stop, port, home };
        let due = Instant::now() + LIMIT;
        loop {
            let log = fs::read_to_string(this.home.path().join("log")).unwrap_or_default();
            let ended = this.child.try_wait()?;
            if ended.is_some() || Instant::now() > due {
                return Err(io::Error::other(format!("it did not come up: {ended:?} {log}")));
            }
            if log.contains(ready) && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(this);
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, self.stop);
        }
        let due = Instant::now() + LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > due {
                let _ = self.child.kill();
            }
            std::thread::yield_now();
        }
    }
}

/// A folder that belongs to whom servers run as.
fn home() -> io::Result<TempDir> {
    let home = tempfile::Builder::new().prefix("database-").tempdir()?;
    given_away(home.path())?;
    Ok(home)
}

/// Gives a folder to whom servers run as.
fn given_away(folder: &Path) -> io::Result<()> {
    if geteuid().is_root() { chown(folder, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
}

fn command(program: &str, home: &TempDir) -> io::Result<Command> {
    let mut command = Command::new(located(program)?);
    command.current_dir(home.path());
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(command)
}

/// The place of a program: Debian has those of PostgreSQL in a folder for each version.
fn located(program: &str) -> io::Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    let mut places = versions.map(|version| version.path().join("bin")).chain(folders);
    let found = places.find_map(|place| Some(place.join(program)).filter(|path| path.is_file()));
    found.ok_or_else(|| {
        let text = format!("{program} is not installed; tests/run installs it");
        io::Error::new(io::ErrorKind::NotFound, text)
    })
}

/// Runs a program to its end, which must be a good one.
fn finish(command: &mut Command, input: &str) -> io::Result<()> {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let name = Path::new(command.get_program()).display();
    let text = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{name} ended with {}: {text}", output.status)))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
