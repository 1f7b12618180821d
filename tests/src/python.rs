//! Programs written in Python, from `tests/peers`: peers that share no code with the product.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct Python {
    child: Child,
    output: BufReader<ChildStdout>,
    addr: SocketAddr,
}

impl Python {
    /// Starts `tests/peers/NAME.py`, whose first line of output is its port on loopback.
    ///
    /// # Errors
    /// When the environment cannot be prepared, or the server says no port.
    pub fn start(name: &str) -> io::Result<Self> {
        Self::start_with(name, &[])
    }

    /// The same with arguments.
    ///
    /// # Errors
    /// As of [`Self::start`].
    pub fn start_with(name: &str, args: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(interpreter()?)
            .arg(folder().join(name).with_extension("py"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut peer =
            Self { child, output: BufReader::new(output), addr: (Ipv4Addr::LOCALHOST, 0).into() };
        let mut line = String::new();
        peer.output.read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| {
            io::Error::other(format!("{name}.py: its port was expected, not {line:?}"))
        })?;
        peer.addr.set_port(port);
        Ok(peer)
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Ends its input, waits for it, and reads what it says it has seen.
    ///
    /// # Errors
    /// When that is not JSON.
    pub fn finish(mut self) -> io::Result<Value> {
        drop(self.child.stdin.take());
        let mut report = String::new();
        self.output.read_to_string(&mut report)?;
        Ok(serde_json::from_str(&report)?)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `tests/peers/NAME.py` to its end, with `input` as JSON on its standard input.
///
/// # Errors
/// When the environment cannot be prepared, or the program fails.
pub fn run(name: &str, input: &Value) -> io::Result<()> {
    let mut child = Command::new(interpreter()?)
        .arg(folder().join(name).with_extension("py"))
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.to_string().as_bytes())?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{name}.py: {status}"))) }
}

/// A program that comes with the environment, such as `k6`.
///
/// # Errors
/// When the environment cannot be prepared, or has no such program.
pub fn program(name: &str) -> io::Result<PathBuf> {
    let path = interpreter()?.with_file_name(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(io::Error::other(format!(
            "{} is missing; tests/peers/install puts it there",
            path.display()
        )))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// The interpreter that has what the servers need, prepared when it is not there yet.
fn interpreter() -> io::Result<PathBuf> {
    let output = Command::new(folder().join("install")).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other("tests/peers/install failed; what it said stands above"));
    }
    let path = String::from_utf8(output.stdout).map_err(io::Error::other)?;
    Ok(PathBuf::from(path.trim_end()))
}
