//! `ldc fmt`: puts plans into the usual layout.

use std::path::Path;

use ld_compiler::Source;
use ld_compiler::diag::render;
use ld_compiler::format::{Unformatted, format};

use crate::Exit;
use crate::arguments::FmtOptions;
use crate::input::Input;
use crate::output::{print, say};

pub(crate) fn run(options: &FmtOptions) -> Result<Exit, Exit> {
    let mut exit = Exit::Fine;
    for path in &options.plans {
        // A plan that cannot be formatted does not keep the others from it.
        match one(path, options.check) {
            Ok(ended) | Err(ended) => exit = exit.max(ended),
        }
    }
    Ok(exit)
}

fn one(path: &Path, only_check: bool) -> Result<Exit, Exit> {
    let input = Input::read(path)?;
    let name = input.name.clone();
    if input.is_program() {
        say(&format!("ldc: `{name}` is compiled, and not a text\n"));
        return Err(Exit::Usage);
    }
    let (source, problem) = Source::from_bytes(name.as_str(), input.bytes);
    if let Some(problem) = problem {
        say(&render::text(&[problem], &source, render::Style::default()));
        return Err(Exit::PlanErrors);
    }
    let text = match format(&source) {
        Ok(text) => text,
        Err(Unformatted::Notation) => {
            say(&format!("ldc: `{name}` is not in JSON, and nothing else is formatted\n"));
            return Err(Exit::Usage);
        }
        Err(Unformatted::Problems(problems)) => {
            say(&render::text(&problems, &source, render::Style::default()));
            return Err(Exit::PlanErrors);
        }
    };
    let is_changed = text != source.text();
    if only_check {
        if is_changed {
            print(format!("{name}: in another layout\n").as_bytes())?;
        }
        return Ok(if is_changed { Exit::PlanErrors } else { Exit::Fine });
    }
    if path == Path::new("-") {
        print(text.as_bytes())?;
    } else if is_changed && let Err(error) = std::fs::write(path, text) {
        say(&format!("ldc: `{name}` cannot be written: {error}\n"));
        return Err(Exit::Usage);
    }
    Ok(Exit::Fine)
}
