//! `ldvm demo`: a shipped plan against the embedded target, in one command.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, io};

use ld_compiler::Source;
use ld_target::{Target, TargetOptions};

use crate::Exit;
use crate::arguments::DemoOptions;
use crate::load::{self, Folded};
use crate::output;
use crate::run::{Network, Run};

const PLAN: &str = include_str!("../demo/demo.json");
const USERS: &str = include_str!("../demo/users.csv");

pub(crate) fn run(options: &DemoOptions) -> ExitCode {
    match try_run(options) {
        Ok(exit) | Err(exit) => exit.into(),
    }
}

fn try_run(options: &DemoOptions) -> Result<Exit, Exit> {
    let failed = |what: &str, error: io::Error| {
        output::say(format_args!("ldvm: {what}: {error}"));
        Exit::Infrastructure
    };
    let folder =
        Folder::new().map_err(|error| failed("the demo's data cannot be written", error))?;
    let settings = TargetOptions { threads: NonZeroUsize::MIN, ..TargetOptions::default() };
    let target = Target::start(&settings)
        .map_err(|error| failed("the embedded server cannot start", error))?;
    if !options.output.quiet {
        output::say(format_args!("demo.json against the embedded server on {}\n", target.url()));
    }
    // Data files are looked for beside the plan.
    let source = Source::new(folder.0.join("demo.json").to_string_lossy(), PLAN);
    let folded = Folded { host: Some(target.url()), ..Folded::default() };
    let mut program = load::compile(&source, folded, options.output.quiet)?;
    "demo.json".clone_into(&mut program.file);
    load::override_load(&mut program, &options.load);
    let run = Run::new(&options.load, Network::default(), &options.output)?;
    let exit = run.plans(vec![program], false);
    drop(target);
    exit
}

/// The demo's data on the disk, for as long as it runs.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("ldvm-demo-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        let folder = Self(path);
        fs::write(folder.0.join("users.csv"), USERS)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
