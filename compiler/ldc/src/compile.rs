//! `ldc compile`: a plan becomes an `.ldb` file.

use std::path::Path;

use ld_compiler::Options;

use crate::Exit;
use crate::arguments::CompileOptions;
use crate::input::Input;
use crate::output::{complain, print, say};

pub(crate) fn run(options: &CompileOptions) -> Result<Exit, Exit> {
    let how = Options {
        optimise: !options.passes.no_opt,
        strip: options.strip,
        strict_compat: options.forms.strict_compat,
        ..Options::new()
    };
    let (source, compiled) = Input::read(&options.plan)?.compile(&how)?;
    complain(&source, &compiled);
    let Some(program) = compiled.program else {
        return Ok(Exit::PlanErrors);
    };
    let bytes = ld_vm::format::write(&program);
    if options.output == Path::new("-") {
        print(&bytes)?;
    } else if let Err(error) = std::fs::write(&options.output, bytes) {
        say(&format!("ldc: `{}` cannot be written: {error}\n", options.output.display()));
        return Err(Exit::Usage);
    }
    Ok(Exit::Fine)
}
