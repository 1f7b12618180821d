//! `ldc explain`: the page of a code, or the list of all codes.

use ld_compiler::diag::{CODES, Code};

use crate::Exit;
use crate::arguments::ExplainOptions;
use crate::output::print;

pub(crate) fn run(options: &ExplainOptions) -> Result<Exit, Exit> {
    let text = match &options.code {
        None => list(),
        Some(code) => match code.parse() {
            Ok(code) => page(code),
            Err(_) => {
                eprintln!("ldc: there is no code `{code}`; `ldc explain` lists all codes");
                return Err(Exit::Usage);
            }
        },
    };
    print(text.as_bytes())?;
    Ok(Exit::Fine)
}

fn list() -> String {
    CODES
        .iter()
        .map(|row| format!("{}  {:7}  {}\n", row.id, row.severity.as_str(), row.title))
        .collect()
}

fn page(code: Code) -> String {
    let row = code.row();
    format!("{} ({}): {}\n\n{}", row.id, row.severity.as_str(), row.title, row.page)
}
