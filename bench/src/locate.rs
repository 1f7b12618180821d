//! Where programs are found.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folder of this crate, where plans and scripts lie.
#[must_use]
pub fn bench_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Finds a program in the `first` folders, then on the search path.
#[must_use]
pub fn find(program: &str, first: &[PathBuf]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = first.iter().cloned().chain(env::split_paths(&path));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Finds one of the project's own programs (`ldvm`, `ldc`) as a release build, unless
/// the caller was `given` one.
///
/// Under `cargo run` it is built first, so that no stale program is measured;
/// without cargo it is taken from beside this program.
///
/// # Errors
/// When it does not build, or is not there.
pub fn own(program: &str, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(file) = given {
        return file.canonicalize().with_context(|| format!("finding {}", file.display()));
    }
    let here = env::current_exe().context("finding this program")?;
    let folder = here.parent().context("finding this program's folder")?;
    let file = folder.join(program);
    if let (Some(cargo), Some(target)) = (env::var_os("CARGO"), folder.parent()) {
        eprintln!("building {program} (release) …");
        let status = Command::new(cargo)
            .args(["build", "--release", "--quiet", "--bin", program, "--target-dir"])
            .arg(target)
            .current_dir(bench_folder().parent().unwrap_or(bench_folder()))
            .status()
            .context("starting cargo")?;
        if !status.success() {
            bail!("{program} does not build; give a built one with --{program} FILE");
        }
        return Ok(target.join("release").join(program));
    }
    if !file.is_file() {
        bail!("no {program} beside this program; give one with --{program} FILE");
    }
    Ok(file)
}
