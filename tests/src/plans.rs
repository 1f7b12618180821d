//! The plans among the cases, compiled as the programs do it, but with data files only from
//! the plan's own folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ld_compiler::{Compiled, Files, Options, Source, compile};

use crate::cases;

/// Every plan that compiles: those of `compile` and `run`, and the demo's.
///
/// # Errors
/// When a folder cannot be read.
pub fn all() -> io::Result<Vec<PathBuf>> {
    let mut plans = Vec::new();
    for folder in ["compile", "run"] {
        let folder = cases::folder(folder);
        if folder.exists() {
            plans.extend(cases::files(&folder, "json")?);
        }
    }
    plans.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/ldvm/demo/demo.json"));
    Ok(plans)
}

/// The folder a plan lies in.
#[must_use]
pub fn folder(plan: &Path) -> &Path {
    plan.parent().unwrap_or(Path::new(""))
}

/// A plan's name without its folder and extension.
#[must_use]
pub fn name(plan: &Path) -> String {
    plan.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Compiles a plan, which is then called by its file's name alone.
///
/// # Errors
/// When the file cannot be read.
pub fn compile_file(plan: &Path, optimise: bool) -> io::Result<(Source, Compiled)> {
    let bytes = fs::read(plan)?;
    let name = plan.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (source, problem) = Source::from_bytes(name.as_str(), bytes);
    let files = Folder(folder(plan).to_owned());
    // The demo's plan gets its host from the command, as here.
    let host = (name == "demo.json").then(|| "http://127.0.0.1:8080".to_owned());
    let options = Options { optimise, host, files: &files, ..Options::new() };
    let mut compiled = compile(&source, &options);
    if let Some(problem) = problem {
        compiled.diagnostics.insert(0, problem);
        compiled.program = None;
    }
    Ok((source, compiled))
}

/// A listing without what is only for its readers: headings, comments, empty lines.
#[must_use]
pub fn bare(listing: &str) -> String {
    let mut text = String::new();
    for line in listing.lines() {
        let comment = line.rsplit_once(" ; ").filter(|(_, comment)| !comment.contains('"'));
        let line = comment.map_or(line, |(line, _)| line).trim_end();
        if !line.is_empty() && !line.starts_with("task ") && !line.starts_with(';') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The files of one folder.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Files for Folder {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(self.0.join(path))?))
    }

    fn look(&self, path: &str) -> io::Result<()> {
        self.0.join(path).metadata().map(drop)
    }
}
