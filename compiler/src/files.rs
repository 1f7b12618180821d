//! Where the compiler looks at data files, to know their columns.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ld_stdlib::{Tree, TreeKind};

use crate::diag::{Code, Diagnostic};
use crate::lower::Lower;

/// The longest file that becomes part of a program.
const MAX_CONTENT: u64 = 16 << 20;

/// Opens the data files a plan names.
pub trait Files {
    /// Opens a file.
    ///
    /// # Errors
    /// As the file system has it.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read>>;
}

/// The file system.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(path)?))
    }
}

/// No files at all, for plans from unknown hands.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&self, _path: &str) -> io::Result<Box<dyn Read>> {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "no files are read here"))
    }
}

/// The path under which a data file is found: as written, seen from the working
/// directory, or else beside the plan.
pub(crate) fn find(
    files: &dyn Files,
    plan: &str,
    path: &str,
) -> (String, io::Result<Box<dyn Read>>) {
    match files.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && Path::new(path).is_relative() => {
            let beside: PathBuf = Path::new(plan).parent().unwrap_or(Path::new("")).join(path);
            match files.open(&beside.to_string_lossy()) {
                Ok(file) => (beside.to_string_lossy().into_owned(), Ok(file)),
                Err(_) => (path.to_owned(), Err(error)),
            }
        }
        result => (path.to_owned(), result),
    }
}

/// What stands in the file that a text names; reports one that cannot be read.
pub(crate) fn content(name: &Tree, lower: &mut Lower<'_>) -> Option<Vec<u8>> {
    let TreeKind::Text(template) = &name.kind else {
        return None;
    };
    let path = String::from_utf8_lossy(&template.constant()?).into_owned();
    let (path, file) = find(lower.options.files, lower.source.name(), &path);
    let mut text = Vec::new();
    let read = file.and_then(|file| file.take(MAX_CONTENT + 1).read_to_end(&mut text));
    let (code, why) = match read {
        Ok(_) if text.len() as u64 <= MAX_CONTENT => return Some(text),
        Ok(_) => (Code::FileTooLarge, "it has more than 16 MiB".to_owned()),
        Err(error) => (Code::UnreadableFile, error.to_string()),
    };
    let problem = Diagnostic::new(code, format!("the file `{path}` cannot be read"))
        .label(name.span, why)
        .help("paths are seen from the working directory, then from the plan's folder");
    lower.report(problem);
    None
}
