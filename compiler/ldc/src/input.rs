//! Reading plans and compiled plans.

use std::io::Read as _;
use std::path::Path;

use ld_compiler::diag::{Source, sort};
use ld_compiler::{Compiled, Options};

use crate::Exit;
use crate::output::say;

/// The bytes of a file or of standard input, and the name to show for it.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Input {
    /// Reads a file; `-` is standard input. What fails is said on standard error.
    pub(crate) fn read(path: &Path) -> Result<Self, Exit> {
        let stdin = path == Path::new("-");
        let name = if stdin { "<stdin>".into() } else { path.to_string_lossy().into_owned() };
        let mut bytes = Vec::new();
        let read = if stdin {
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(path)
        };
        match read {
            Ok(bytes) => Ok(Self { name, bytes }),
            Err(error) => {
                say(&format!("ldc: `{name}` cannot be read: {error}\n"));
                Err(Exit::Usage)
            }
        }
    }

    /// Whether this is a compiled plan.
    pub(crate) fn is_program(&self) -> bool {
        ld_vm::format::is_program(&self.bytes)
    }

    /// Compiles a plan. Text that is not UTF-8 is looked at as far as possible, but
    /// gives no program.
    pub(crate) fn compile(self, options: &Options<'_>) -> Result<(Source, Compiled), Exit> {
        if self.is_program() {
            say(&format!("ldc: `{}` is compiled already; `ldc dump` lists it\n", self.name));
            return Err(Exit::Usage);
        }
        let (source, problem) = Source::from_bytes(self.name, self.bytes);
        let mut compiled = ld_compiler::compile(&source, options);
        if let Some(problem) = problem {
            compiled.program = None;
            compiled.diagnostics.push(problem);
            sort(&mut compiled.diagnostics);
        }
        Ok((source, compiled))
    }
}
