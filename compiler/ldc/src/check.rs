//! `ldc check`: what is wrong with plans.

use std::io;
use std::path::Path;

use ld_compiler::diag::render;
use ld_compiler::{Options, Source, fix};

use crate::Exit;
use crate::arguments::{CheckOptions, Format};
use crate::input::Input;
use crate::output::{print, report, say};

pub(crate) fn run(options: &CheckOptions) -> Result<Exit, Exit> {
    let how = Options {
        lints: options.lints.levels(),
        strict_compat: options.forms.strict_compat,
        ..Options::new()
    };
    let mut exit = Exit::Fine;
    for path in &options.plans {
        // A plan that cannot be read does not keep the others from being checked.
        let input = Input::read(path).and_then(|input| match options.fix {
            true => fixed(path, input, &how),
            false => Ok(input),
        });
        let (source, compiled) = match input.and_then(|input| input.compile(&how)) {
            Ok(checked) => checked,
            Err(failed) => {
                exit = exit.max(failed);
                continue;
            }
        };
        let is_plan_printed = options.fix && path == Path::new("-");
        let text = match options.format {
            Format::Text if is_plan_printed => report(&source, &compiled, io::stderr()),
            Format::Text => report(&source, &compiled, io::stdout()),
            Format::Json => render::json(&compiled.diagnostics, &source),
            Format::Github => render::github(&compiled.diagnostics, &source),
        };
        if is_plan_printed {
            print(source.text().as_bytes())?;
            say(&text);
        } else {
            print(text.as_bytes())?;
        }
        let is_warned = options.lints.no_warnings() && !compiled.diagnostics.is_empty();
        if compiled.program.is_none() || is_warned {
            exit = exit.max(Exit::PlanErrors);
        }
    }
    Ok(exit)
}

/// Cures a plan in its file, and says on standard error what was cured.
fn fixed(path: &Path, input: Input, how: &Options<'_>) -> Result<Input, Exit> {
    let (source, problem) = Source::from_bytes(input.name.as_str(), input.bytes.clone());
    if input.is_program() || problem.is_some() {
        return Ok(input);
    }
    if !fix::is_fixable(&source) {
        say(&format!("ldc: `{}` is not in JSON, and nothing else is fixed\n", input.name));
        return Err(Exit::Usage);
    }
    let fixed = fix::fix(&source, how);
    if fixed.cured.is_empty() {
        return Ok(input);
    }
    if path != Path::new("-") {
        std::fs::write(path, &fixed.text).map_err(|error| {
            say(&format!("ldc: `{}` cannot be written: {error}\n", path.display()));
            Exit::Usage
        })?;
    }
    for cured in &fixed.cured {
        say(&format!("{}: fixed {}: {}\n", input.name, cured.code, cured.message));
    }
    Ok(Input { bytes: fixed.text.into_bytes(), ..input })
}
