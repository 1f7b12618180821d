//! Cases that are files: what goes in, and beside it what is expected to come out.
//!
//! With `LD_UPDATE=1` in the environment what came out is written where it was expected, for
//! a person to look at as a diff.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder `tests/cases/NAME`.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name)
}

/// The files of a folder of cases that have this extension, in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether what came out is to become what is expected.
#[must_use]
pub fn updating() -> bool {
    std::env::var_os("LD_UPDATE").is_some_and(|value| value == "1")
}

/// Compares what came out with the file that holds what is expected, or writes that file.
///
/// # Errors
/// Both texts, when they differ.
pub fn compare(expected: &Path, actual: &str) -> Result<(), String> {
    let written = fs::read_to_string(expected).unwrap_or_default();
    if written == actual {
        return Ok(());
    }
    if updating() {
        return fs::write(expected, actual).map_err(|why| format!("{}: {why}", expected.display()));
    }
    Err(format!(
        "{}\n--- expected\n{written}\n--- came out\n{actual}\n(LD_UPDATE=1 writes it)\n",
        expected.display()
    ))
}
