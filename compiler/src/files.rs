//! Where the compiler looks at data files, to know their columns.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ld_stdlib::{Template, Tree, TreeKind};

use crate::diag::{Code, Diagnostic};
use crate::lower::Lower;

/// The longest file that becomes part of a program.
const MAX_CONTENT: u64 = 16 << 20;

/// Where files are looked for.
pub(crate) const SEEN_FROM: &str =
    "paths are seen from the working directory, then from the plan's folder";

/// Opens the data files a plan names.
pub trait Files {
    /// Opens a file.
    ///
    /// # Errors
    /// As the file system has it.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read>>;

    /// Looks whether there is a file or folder, which is not opened.
    ///
    /// # Errors
    /// As the file system has it.
    fn look(&self, path: &str) -> io::Result<()>;
}

/// The file system.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(path)?))
    }

    fn look(&self, path: &str) -> io::Result<()> {
        std::fs::metadata(path).map(drop)
    }
}

/// No files at all, for plans from unknown hands.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&self, _path: &str) -> io::Result<Box<dyn Read>> {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "no files are read here"))
    }

    fn look(&self, _path: &str) -> io::Result<()> {
        Ok(())
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
            let beside = beside(plan, path);
            match files.open(&beside) {
                Ok(file) => (beside, Ok(file)),
                Err(_) => (path.to_owned(), Err(error)),
            }
        }
        result => (path.to_owned(), result),
    }
}

/// Turns names of files that a run reads into the paths under which they are found, which are
/// looked for as data files are; warns of files that are not there.
pub(crate) fn locate(names: &mut Tree, lower: &mut Lower<'_>) {
    match &mut names.kind {
        TreeKind::List(names) => names.iter_mut().for_each(|name| locate_one(name, lower)),
        _ => locate_one(names, lower),
    }
}

fn locate_one(name: &mut Tree, lower: &mut Lower<'_>) {
    let TreeKind::Text(template) = &mut name.kind else {
        return;
    };
    let written = template.constant().and_then(|path| String::from_utf8(path).ok());
    let Some(path) = written.filter(|path| !is_word(path)) else {
        return;
    };
    let files = lower.options.files;
    if !is_missing(files.look(&path)) {
        return;
    }
    let beside = beside(lower.file(), &path);
    if beside != path && !is_missing(files.look(&beside)) {
        *template = Template::text(beside);
        return;
    }
    let problem = Diagnostic::new(Code::MissingFile, format!("there is no file `{path}`"))
        .label(name.span, "requests that need it will fail")
        .help(SEEN_FROM);
    lower.report(problem);
}

fn is_missing(look: io::Result<()>) -> bool {
    look.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether a text is probably no path but `verify` in quotes, or nothing at all.
fn is_word(path: &str) -> bool {
    ["", "true", "false"].iter().any(|word| path.eq_ignore_ascii_case(word))
}

/// A path as seen from the plan's folder.
fn beside(plan: &str, path: &str) -> String {
    let folder = Path::new(plan).parent().unwrap_or(Path::new(""));
    folder.join(path).to_string_lossy().into_owned()
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
        .help(SEEN_FROM);
    lower.report(problem);
    None
}
