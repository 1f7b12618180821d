//! `ldc check`: what is wrong with plans.

use std::io;

use ld_compiler::Options;
use ld_compiler::diag::render;

use crate::Exit;
use crate::arguments::{CheckOptions, Format};
use crate::input::Input;
use crate::output::{print, report};

pub(crate) fn run(options: &CheckOptions) -> Result<Exit, Exit> {
    let mut exit = Exit::Fine;
    for path in &options.plans {
        // A plan that cannot be read does not keep the others from being checked.
        let checked = Input::read(path).and_then(|input| input.compile(&Options::new()));
        let (source, compiled) = match checked {
            Ok(checked) => checked,
            Err(failed) => {
                exit = exit.max(failed);
                continue;
            }
        };
        let text = match options.format {
            Format::Text => report(&source, &compiled, io::stdout()),
            Format::Json => render::json(&compiled.diagnostics, &source),
            Format::Github => render::github(&compiled.diagnostics, &source),
        };
        print(text.as_bytes())?;
        if compiled.program.is_none() {
            exit = exit.max(Exit::PlanErrors);
        }
    }
    Ok(exit)
}
