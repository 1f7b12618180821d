//! `ldc lints`: the list of all lints.

use ld_compiler::lint::{LINTS, Level};

use crate::Exit;
use crate::output::print;

pub(crate) fn run() -> Result<Exit, Exit> {
    let lines = LINTS.iter().map(|lint| {
        let level = match lint.level {
            Level::Off => "off",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        format!("{}  {:24}  {level:7}  {}\n", lint.code, lint.name, lint.code.row().title)
    });
    print(lines.collect::<String>().as_bytes())?;
    Ok(Exit::Fine)
}
