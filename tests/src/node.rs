//! Programs written for Node, from `tests/peers/node/package.json`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The place of a program, installed when it is not there yet.
///
/// # Errors
/// When it cannot be installed; what the installer said stands on standard error.
pub fn program(name: &str) -> io::Result<PathBuf> {
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/install-node");
    let output = Command::new(install).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        let message = "tests/peers/install-node failed; what it said stands above";
        return Err(io::Error::other(message));
    }
    let folder = String::from_utf8(output.stdout).map_err(io::Error::other)?;
    let place = PathBuf::from(folder.trim_end()).join(name);
    if place.exists() {
        return Ok(place);
    }
    Err(io::Error::other(format!("{name} is no program of tests/peers/node/package.json")))
}
