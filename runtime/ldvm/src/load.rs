//! From what the command line names to a program with the command line's wishes in it.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use ld_compiler::diag::render;
use ld_compiler::{Options, Source};
use ld_vm::Program;
use ld_vm::program::LoadKind;

use crate::Exit;
use crate::arguments::LoadOptions;
use crate::output;

/// What the command line says about targets and data, which is folded into the code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    pub(crate) host: Option<String>,
    pub(crate) vars: Vec<(String, String)>,
    /// Whether values take the reference's forms.
    pub(crate) strict_compat: bool,
    /// Whether results are to show how actions are written.
    pub(crate) written: bool,
}

/// Reads a plan or a compiled one; what is wrong is said on standard error.
pub(crate) fn load(path: &Path, folded: Folded, quiet: bool) -> Result<Program, Exit> {
    let name = path.to_string_lossy();
    let bytes = read(path).map_err(|error| {
        output::say(format_args!("ldvm: `{name}` cannot be read: {error}"));
        Exit::Usage
    })?;
    if !ld_vm::format::is_program(&bytes) {
        let (source, problem) = Source::from_bytes(name, bytes);
        if let Some(problem) = problem {
            return Err(refuse(&source, &[problem]));
        }
        return compile(&source, folded, quiet);
    }
    let program = ld_vm::format::read(&bytes).map_err(|error| {
        output::say(format_args!("ldvm: `{name}`: {error}"));
        Exit::Usage
    })?;
    let strict_compat = folded.strict_compat || program.strict_compat;
    let changes =
        folded.host.is_some() || !folded.vars.is_empty() || strict_compat != program.strict_compat;
    // Without the text results name actions by their commands alone.
    if !changes && (!folded.written || program.source.is_empty()) {
        return Ok(program);
    }
    if program.source.is_empty() {
        output::say(format_args!(
            "ldvm: `{name}` was compiled without the plan's text, so --host, --var and --strict-compat come \
             too late; \
             pass the plan itself, or compile it without --strip"
        ));
        return Err(Exit::Usage);
    }
    let folded = Folded { strict_compat, ..folded };
    compile(&Source::new(program.file, program.source), folded, quiet)
}

/// Compiles a plan's text.
pub(crate) fn compile(source: &Source, folded: Folded, quiet: bool) -> Result<Program, Exit> {
    let Folded { host, vars, strict_compat, written } = folded;
    let options = Options { host, vars, strict_compat, written, ..Options::new() };
    let compiled = ld_compiler::compile(source, &options);
    match compiled.program {
        Some(program) => {
            if !quiet && !compiled.diagnostics.is_empty() {
                complain(source, &compiled.diagnostics);
            }
            Ok(program)
        }
        None => Err(refuse(source, &compiled.diagnostics)),
    }
}

fn refuse(source: &Source, diagnostics: &[ld_compiler::Diagnostic]) -> Exit {
    complain(source, diagnostics);
    Exit::PlanErrors
}

/// Shows what is wrong with a plan, and how much of it there is.
fn complain(source: &Source, diagnostics: &[ld_compiler::Diagnostic]) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let style = render::Style { color, ..render::Style::default() };
    let text = render::text(diagnostics, source, style);
    output::say(format_args!("{text}{}", render::summary(diagnostics, source)));
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path)
}

/// Puts the command line's load in place of the plan's, in every run of the document.
pub(crate) fn override_load(program: &mut Program, load: &LoadOptions) {
    let nanoseconds =
        |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let tables = &mut program.tables;
    if let Some((min, max)) = load.wait {
        let pause = ld_vm::program::PauseRow { min_ns: nanoseconds(min), max_ns: nanoseconds(max) };
        let id = ld_vm::build::push(&mut tables.pauses, pause);
        for scenario in &mut tables.scenarios {
            (scenario.wait, scenario.paced) = (id, 0);
        }
    }
    for scenario in &mut tables.scenarios {
        if let Some(users) = load.users {
            // So many users, from the start to the end: whatever shape the plan has.
            scenario.users = users.get();
            scenario.load = LoadKind::Batches;
        }
        if let Some(rate) = load.spawn_rate {
            scenario.spawn_rate = rate;
        }
        if load.iterations.is_some() {
            scenario.iterations = 0;
        }
    }
    for run in &mut tables.runs {
        if let Some(duration) = load.duration {
            run.duration_ns = nanoseconds(duration);
        }
        if let Some(iterations) = load.iterations {
            run.iterations = iterations.get();
        }
    }
}
