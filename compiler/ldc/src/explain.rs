//! `ldc explain`: the page of a code, or the list of all codes.

use ld_compiler::diag::{CODES, Code};
use ld_compiler::lint::{self, LINTS};

use crate::Exit;
use crate::arguments::ExplainOptions;
use crate::output::{print, say};

pub(crate) fn run(options: &ExplainOptions) -> Result<Exit, Exit> {
    let text = match &options.code {
        None => list(),
        Some(code) => match lint::find(code).map_or_else(|| code.parse(), |lint| Ok(lint.code)) {
            Ok(code) => page(code),
            Err(_) => {
                say(&format!("ldc: there is no code `{code}`; `ldc explain` lists all codes\n"));
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
    let lint = LINTS.iter().find(|lint| lint.code == code);
    let name = lint.map_or(String::new(), |lint| format!("Lint `{}`.\n\n", lint.name));
    format!("{} ({}): {}\n\n{name}{}", row.id, row.severity.as_str(), row.title, row.page)
}
