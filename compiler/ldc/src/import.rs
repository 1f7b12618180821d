//! `ldc import`: plans of what other tools recorded or wrote.

mod summary;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ld_importers::{IMPORTERS, Imported, Options, Source, ThinkTime};

use crate::Exit;
use crate::arguments::ImportOptions;
use crate::input::Input;
use crate::output::{print, say};

pub(crate) fn run(options: &ImportOptions) -> Result<Exit, Exit> {
    let (kind, files) = kind_and_files(options)?;
    let mut sources = Vec::new();
    for file in files {
        let input = Input::read(file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        sources
            .push(Source::new(&input.name, input.bytes, folder).map_err(|failure| fail(&failure))?);
    }
    let importer = ld_importers::importer(kind, &sources).map_err(|failure| fail(&failure))?;
    let mut imported = ld_importers::import(importer, &sources, &choices(options))
        .map_err(|failure| fail(&failure))?;
    // Sources may be large, and what follows needs memory too.
    drop(sources);
    let plan = laid_out(std::mem::take(&mut imported.plan));
    match output(options) {
        Some(path) => write(path, plan.as_bytes(), 0o666)?,
        None => print(plan.as_bytes())?,
    }
    if let Some(path) = &options.notes {
        write(path, format!("{:#}\n", imported.notes.to_json()).as_bytes(), 0o666)?;
    }
    if let Some(path) = &options.secrets {
        keep_private(path);
        write(path, secrets(&imported).as_bytes(), 0o600)?;
    }
    summary::tell(&imported, options, plan)?;
    let fidelity = imported.notes.fidelity();
    match options.min_fidelity {
        Some(least) if fidelity < least => {
            say(&format!("ldc: the fidelity of {fidelity:.3} is below the {least} asked for\n"));
            Ok(Exit::PlanErrors)
        }
        _ => Ok(Exit::Fine),
    }
}

/// The file of the plan, if it is not to be printed.
fn output(options: &ImportOptions) -> Option<&Path> {
    options.output.as_deref().filter(|path| *path != Path::new("-"))
}

/// The plan in the usual layout.
fn laid_out(plan: serde_json::Value) -> String {
    let text = plan.to_string();
    drop(plan);
    let (source, _) = ld_compiler::Source::from_bytes("plan", text.into_bytes());
    ld_compiler::format::format(&source).unwrap_or_else(|_| source.text().to_owned())
}

/// The kind, when the first argument names one and is no file, and the files.
fn kind_and_files(options: &ImportOptions) -> Result<(Option<&str>, &[PathBuf]), Exit> {
    let Some((first, rest)) = options.sources.split_first() else { return Err(Exit::Usage) };
    let kind = first.to_str().filter(|name| {
        IMPORTERS.iter().any(|row| row.name.eq_ignore_ascii_case(name)) && !first.exists()
    });
    match kind {
        Some(kind) if rest.is_empty() => {
            say(&format!(
                "ldc: what is to be imported? `ldc import {kind} FILE`; `-` is standard input\n"
            ));
            Err(Exit::Usage)
        }
        Some(_) => Ok((kind, rest)),
        None => Ok((None, &options.sources)),
    }
}

fn choices(options: &ImportOptions) -> Options {
    Options {
        users: options.users,
        spawn_rate: options.spawn_rate,
        duration: options.duration,
        include: options.include.clone(),
        exclude: options.exclude.clone(),
        base_url: options.base_url.clone(),
        keep_headers: options.keep_headers,
        keep_cookies: options.keep_cookies,
        skip_static: options.skip_static,
        think_time: options.think_time.unwrap_or_default(),
        operations: options.operations.clone(),
        skip_deprecated: options.skip_deprecated,
        optional: options.optional,
        whole_urls: false,
        user: options.user.clone(),
    }
}

/// `recorded`, `none` or a factor.
pub(crate) fn think_time(text: &str) -> Result<ThinkTime, String> {
    match text {
        "recorded" => Ok(ThinkTime::Recorded),
        "none" => Ok(ThinkTime::None),
        factor => match factor.parse::<f64>() {
            Ok(factor) if factor.is_finite() && factor >= 0.0 => Ok(ThinkTime::Scaled(factor)),
            _ => Err("`recorded`, `none` or a factor such as 0.5".to_owned()),
        },
    }
}

fn fail(failure: &ld_importers::Failure) -> Exit {
    say(&format!("ldc: {failure}\n"));
    Exit::PlanErrors
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Exit> {
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| {
        say(&format!("ldc: `{}` cannot be written: {error}\n", path.display()));
        Exit::Usage
    })
}

/// Makes a file that is there already readable for its owner only, before secrets are in it.
/// What is no file, such as a pipe, stays as it is; whether it can be written shows when it is.
fn keep_private(path: &Path) {
    if fs::metadata(path).is_ok_and(|about| about.is_file()) {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    }
}

/// The secrets of the sources in the form that `ldvm run --secrets` reads.
fn secrets(imported: &Imported) -> String {
    imported.secrets.iter().fold(String::new(), |mut text, secret| {
        let value = secret.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = writeln!(text, "{}=\"{value}\"", secret.name);
        text
    })
}

/// What the plan is called in messages.
fn shown_plan(options: &ImportOptions) -> Cow<'_, str> {
    output(options).map_or_else(|| "PLAN".into(), |path| path.to_string_lossy())
}
