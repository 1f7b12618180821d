//! Writing a file whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{error, fmt};

use serde::Serialize;

/// A file could not be written.
#[derive(Debug)]
pub struct WriteError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.source)
    }
}

impl error::Error for WriteError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.source)
    }
}

/// `value` as JSON with two spaces of indent and, as in the reference's files, every character
/// outside ASCII escaped.
pub(crate) fn to_json(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut ascii = String::with_capacity(text.len() + 1);
    // Outside strings JSON is ASCII, so whatever is not stands in a string and may be escaped.
    for character in text.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii.push('\n');
    Ok(ascii)
}

/// Writes `value` as JSON to `path`: beside it first, then renamed into place.
///
/// # Errors
/// Says which path cannot be written, and why.
pub fn write_json(value: &impl Serialize, path: &Path) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    let text = to_json(value).map_err(|error| failed(error.into()))?;
    write_whole(path, text.as_bytes()).map_err(failed)
}

/// Writes a text to `path`, in the same way.
///
/// # Errors
/// Says which path cannot be written, and why.
pub fn write_text(text: &str, path: &Path) -> Result<(), WriteError> {
    write_whole(path, text.as_bytes())
        .map_err(|source| WriteError { path: path.to_owned(), source })
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link is written through, and a terminal, pipe or device is written to, never replaced.
    let target = match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            return File::options().write(true).open(path)?.write_all(bytes);
        }
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let Some(name) = target.file_name() else { return Err(io::ErrorKind::IsADirectory.into()) };
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = target.with_file_name(temporary);
    let written = File::create_new(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &target)
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        write_json(&["a longer text than the second"], &path).unwrap();
        write_json(&["é😀"], &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  \"\\u00e9\\ud83d\\ude00\"\n]\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_json(&1, &folder.path().join("none/summary.json")).unwrap_err();
        assert!(error.to_string().contains("none/summary.json: No such file"), "{error}");
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_json(&1, folder.path()).is_err());
        assert!(folder.path().is_dir());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_json(&1, &link).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "1\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_written_to_and_not_replaced() {
        use std::io::Read;
        use std::os::fd::AsRawFd;

        let (mut reader, writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
        write_json(&1, Path::new(&path)).unwrap();
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "1\n");
    }
}
