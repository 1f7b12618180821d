//! The compiler: a plan's text becomes a program, or a list of what is wrong with it.
//!
//! ```text
//! text ─ json ─► nodes ─ document, scenario, task ─► IR ─ lint ─ optimise ─ emit ─► Program
//!                        (shape: fields; scope, placeholder: names)
//! ```
//!
//! Every stage goes on after a problem, so that one pass reports them all. No stage knows
//! a protocol, function or command by name: they come from the tables of `ld-stdlib`.

mod apart;
mod call;
mod condition;
mod connection;
mod databases;
pub mod diag;
mod document;
mod emit;
mod expression;
mod files;
pub mod fix;
pub mod format;
mod gates;
mod ir;
pub mod json;
mod layout;
pub mod lint;
mod load;
mod lower;
mod nested;
mod notation;
mod optimise;
mod placeholder;
mod retry;
mod scenario;
mod scenarios;
mod scope;
mod steps;
mod taint;
mod task;
pub mod template;
mod throttle;

pub use diag::{Diagnostic, Severity, Source};
pub use files::{Disk, Files, NoFiles};
pub use gates::unknown_name;

use ld_stdlib::Template;
use ld_stdlib::protocols::PROTOCOLS;
use ld_vm::Program;

use crate::ir::StepKind;

/// How to compile.
pub struct Options<'o> {
    /// Off: the program does what the plan says word by word, for comparison with the
    /// optimised form.
    pub optimise: bool,
    /// Leaves the plan's text out of the program.
    pub strip: bool,
    /// Writes what placeholders stand for as the reference does: always as text, in Python's
    /// notation.
    pub strict_compat: bool,
    /// Keeps the notation of every action, which result maps show.
    pub written: bool,
    /// Replaces the `host` of every run.
    pub host: Option<String>,
    /// Replaces or adds variables of every run.
    pub vars: Vec<(String, String)>,
    /// How loud lints are, whatever the plan says.
    pub lints: Vec<(diag::Code, lint::Level)>,
    /// Where data files are read from.
    pub files: &'o dyn Files,
}

impl Options<'static> {
    /// The usual way: optimised, with the text, data files from the disk.
    #[must_use]
    pub fn new() -> Self {
        Self {
            optimise: true,
            strip: false,
            strict_compat: false,
            written: false,
            host: None,
            vars: Vec::new(),
            lints: Vec::new(),
            files: &Disk,
        }
    }
}

impl Default for Options<'static> {
    fn default() -> Self {
        Self::new()
    }
}

/// What compiling results in.
#[derive(Debug)]
pub struct Compiled {
    /// The program, unless there are errors.
    pub program: Option<Program>,
    /// Everything that was noticed, in the order of the plan.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a plan.
#[must_use]
pub fn compile(source: &Source, options: &Options<'_>) -> Compiled {
    let mut diagnostics = Vec::new();
    let root = notation::parse(source, &mut diagnostics);
    let mut lower = lower::Lower::new(source, options, &mut diagnostics);
    let mut ir = document::lower(&root, &mut lower);
    let levels = lint::Levels::new(&root, &options.lints, &mut diagnostics);
    lint::run(&lint::Plan::new(&root, &ir), &levels, &mut diagnostics);
    levels.apply(&mut diagnostics);
    let program = if has_errors(&diagnostics) {
        None
    } else {
        if options.optimise {
            // A tree of a large plan is large; the program can have its memory.
            drop(root);
            optimise::document(&mut ir);
        } else {
            ir = unfolded(&root, source, options, &ir, &mut diagnostics);
        }
        taint::hide(&mut ir);
        match emit::program(&ir, source, options) {
            // What only the second lowering finds is as wrong as the rest.
            _ if has_errors(&diagnostics) => None,
            Ok(program) => {
                let told = diagnostics.len();
                gates::check_names(&ir.gates, &program, &mut diagnostics);
                (diagnostics.len() == told).then_some(program)
            }
            Err(problem) => {
                diagnostics.push(*problem);
                None
            }
        }
    };
    diag::sort(&mut diagnostics);
    // What is wrong with the host is found in every task.
    diagnostics.dedup();
    Compiled { program, diagnostics }
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|problem| problem.severity == Severity::Error)
}

/// Lowers a document again, word by word. How its samples are counted does not depend on
/// that, so their names come from the `folded` form.
fn unfolded(
    root: &json::Node<'_>,
    source: &Source,
    options: &Options<'_>,
    folded: &ir::Ir,
    diagnostics: &mut Vec<Diagnostic>,
) -> ir::Ir {
    let mut problems = Vec::new();
    let mut lower = lower::Lower::new(source, options, &mut problems);
    lower.fold = false;
    let mut ir = document::lower(root, &mut lower);
    // The warnings are those of the folded form.
    diagnostics.extend(problems.into_iter().filter(|p| p.severity == Severity::Error));
    let written = |template: &Template| Template::text(task::as_written(template, &folded.slots));
    let scenarios = ir.runs.iter_mut().flat_map(ir::Run::all_mut);
    let folded = folded.runs.iter().flat_map(ir::Run::all);
    for (scenario, folded) in scenarios.zip(folded) {
        let lists = [
            (&mut scenario.on_start, &folded.on_start),
            (&mut scenario.steps, &folded.steps),
            (&mut scenario.on_stop, &folded.on_stop),
        ];
        for (steps, folded) in lists {
            let mut found = Vec::new();
            names(folded, &mut found);
            rename(steps, &mut found.into_iter(), &written);
        }
    }
    ir
}

/// What tasks and groups are called, and what tasks ask for, in their order. Folding changes how
/// blocks are put together around them, but neither their number nor their order.
fn names(steps: &[ir::Step], found: &mut Vec<[Template; 2]>) {
    for step in steps {
        match &step.kind {
            StepKind::Task(task) => found.push([task.name.clone(), task.request.target.clone()]),
            StepKind::Group { name, .. } => found.push([name.clone(), Template::default()]),
            _ => {}
        }
        step.inner().into_iter().for_each(|steps| names(steps, found));
    }
}

/// Gives tasks and groups these names, as they are written.
fn rename(
    steps: &mut [ir::Step],
    names: &mut impl Iterator<Item = [Template; 2]>,
    written: &impl Fn(&Template) -> Template,
) {
    for step in steps {
        match &mut step.kind {
            StepKind::Task(task) => {
                if let Some([name, target]) = names.next() {
                    (task.name, task.request.target) = (written(&name), written(&target));
                }
            }
            StepKind::Group { name, .. } => {
                if let Some([folded, _]) = names.next() {
                    *name = written(&folded);
                }
            }
            _ => {}
        }
        step.inner_mut().into_iter().for_each(|steps| rename(steps, names, written));
    }
}

/// A JSON Schema of plans, as `ldc schema` prints it.
#[must_use]
pub fn schema() -> String {
    format!("{:#}\n", ld_stdlib::schema::schema(None))
}

/// Writes a program down, as `ldc dump` prints it.
#[must_use]
pub fn listing(program: &Program) -> String {
    ld_vm::listing::listing(program, |name| {
        PROTOCOLS.iter().find(|protocol| protocol.name == name).map_or(&[], |row| row.parts)
    })
}
