//! `ldc dump`: what a plan does, instruction by instruction.

use ld_compiler::Options;

use crate::Exit;
use crate::arguments::DumpOptions;
use crate::input::Input;
use crate::output::{complain, print, say};

pub(crate) fn run(options: &DumpOptions) -> Result<Exit, Exit> {
    let input = Input::read(&options.file)?;
    let program = if input.is_program() {
        let damaged = |error: &dyn std::fmt::Display| {
            say(&format!("ldc: `{}`: {error}\n", input.name));
            Exit::Usage
        };
        let program = ld_vm::format::read(&input.bytes).map_err(|error| damaged(&error))?;
        ld_vm::verify::verify(&program).map_err(|error| damaged(&error))?;
        program
    } else {
        let how = Options {
            optimise: !options.passes.no_opt,
            strict_compat: options.forms.strict_compat,
            ..Options::new()
        };
        let (source, compiled) = input.compile(&how)?;
        complain(&source, &compiled);
        match compiled.program {
            Some(program) => program,
            None => return Ok(Exit::PlanErrors),
        }
    };
    print(ld_compiler::listing(&program).as_bytes())?;
    Ok(Exit::Fine)
}
