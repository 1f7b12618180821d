//! Documents inside a document: `LD_execute_action`, and `LD_execute_files` with the files it
//! names, which are compiled into the same program.

use ld_stdlib::commands::Command;

use crate::diag::{Code, Diagnostic, Severity, Source, Span};
use crate::document::{self, Written};
use crate::files;
use crate::ir::{Action, Const, Ir};
use crate::json::{Kind, Member, Node};
use crate::lower::{Lower, Pass};
use crate::notation;

/// Documents may be nested this deep.
const MAX_DEPTH: u32 = 64;

/// The arguments of `LD_start_test` that its result repeats.
const REPEATED: &[&str] =
    &["user_detail_dict", "user_count", "spawn_rate", "test_time", "web_ui_dict", "runner_mode"];

/// What an action carries out.
pub(crate) enum Inner<'n, 's> {
    /// A document.
    Actions(&'n Node<'s>),
    /// The names of documents.
    Files(&'n Node<'s>),
}

/// The inner documents of an action that has some.
pub(crate) fn arguments<'n, 's>(
    command: &Command,
    arguments: &Written<'n, 's>,
) -> Option<Inner<'n, 's>> {
    let &(_, node) = arguments.first()?;
    match command.name {
        "LD_execute_action" => Some(Inner::Actions(node)),
        "LD_execute_files" => Some(Inner::Files(node)),
        _ => None,
    }
}

/// Lowers inner documents: their actions follow the one that carries them out.
pub(crate) fn lower(inner: Inner<'_, '_>, lower: &mut Lower<'_>) {
    let (Inner::Actions(node) | Inner::Files(node)) = inner;
    if lower.depth >= MAX_DEPTH {
        let problem = Diagnostic::new(Code::RecursivePlan, "documents are nested too deeply")
            .label(node.span, format!("more than {MAX_DEPTH} inside each other"));
        return lower.report(problem);
    }
    lower.depth += 1;
    match inner {
        Inner::Actions(node) => document::actions_of(node, lower),
        Inner::Files(node) => files(node, lower),
    }
    lower.depth -= 1;
}

fn files(list: &Node<'_>, lower: &mut Lower<'_>) {
    let Some(items) = list.as_array() else {
        let message = format!("`execute_files_list` must be a list, not {}", list.type_name());
        let problem = Diagnostic::new(Code::WrongType, message).label(list.span, "expected a list");
        return lower.report(problem);
    };
    for item in items {
        match item.as_str() {
            Some(path) => file(path, item.span, lower),
            None if item.is_invalid() => {}
            None => {
                let message = format!("a file is named by a text, not {}", item.type_name());
                let problem = Diagnostic::new(Code::WrongType, message)
                    .label(item.span, "expected the name of a file");
                lower.report(problem);
            }
        }
    }
}

/// Lowers the document of a file. Its problems are told at the place that names it.
fn file(path: &str, span: Span, lower: &mut Lower<'_>) {
    let (path, opened) = files::find(lower.options.files, lower.file(), path);
    let mut bytes = Vec::new();
    let read = opened.and_then(|mut file| file.read_to_end(&mut bytes));
    if let Err(error) = read {
        let problem = Diagnostic::new(Code::UnreadableFile, format!("`{path}` cannot be read"))
            .label(span, error.to_string())
            .help(files::SEEN_FROM);
        return lower.report(problem);
    }
    if lower.inside.contains(&path) || lower.source.name() == path {
        let message = format!("`{path}` carries out itself");
        let problem = Diagnostic::new(Code::RecursivePlan, message)
            .label(span, "this would never end")
            .help("put what is to be repeated into a file of its own");
        return lower.report(problem);
    }
    let (source, problem) = Source::from_bytes(path.clone(), bytes);
    let mut problems: Vec<_> = problem.into_iter().collect();
    let root = notation::parse(&source, &mut problems);
    // First with its own places, to hear what is wrong with it; then as part of the plan.
    let failed = lower.pass != Pass::Told && rehearse(&root, &source, span, problems, lower);
    if lower.pass != Pass::Rehearsal && !failed {
        include(root, &source, span, lower);
    }
}

/// Tells what is wrong with the document of a file; whether that keeps it from running.
fn rehearse(
    root: &Node<'_>,
    source: &Source,
    span: Span,
    mut problems: Vec<Diagnostic>,
    lower: &mut Lower<'_>,
) -> bool {
    let mut rehearsal = Lower::new(source, lower.options, &mut problems);
    rehearsal.ir = Ir { sources: lower.ir.sources.clone(), ..Ir::default() };
    rehearsal.scope = lower.scope.clone();
    rehearsal.depth = lower.depth;
    rehearsal.inside = lower.inside.clone();
    rehearsal.inside.extend([lower.source.name().to_owned(), source.name().to_owned()]);
    rehearsal.pass = Pass::Rehearsal;
    document::actions_of(root, &mut rehearsal);
    if lower.pass == Pass::Rehearsal {
        // What the file registers, later actions see.
        let sources = std::mem::take(&mut rehearsal.ir.sources);
        lower.scope = std::mem::take(&mut rehearsal.scope);
        lower.ir.sources = sources;
    }
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    for problem in problems {
        lower.report(moved(problem, source, span));
    }
    failed
}

/// Lowers the document of a file as part of the plan: everything in it stands at the place that
/// names the file.
fn include(mut root: Node<'_>, source: &Source, span: Span, lower: &mut Lower<'_>) {
    let lines = lines(&root, source);
    place(&mut root, span);
    let name = source.name().to_owned();
    lower.ir.actions.push(Action {
        span,
        command: "LD_execute_action",
        run: None,
        arguments: Vec::new(),
        depth: lower.depth,
        place: Some((name.clone(), 1)),
        written: lower.options.written.then(|| ld_stdlib::python::quoted(&name)),
    });
    let place = lower.place.take();
    let pass = std::mem::replace(&mut lower.pass, Pass::Told);
    lower.inside.push(name.clone());
    lower.depth += 1;
    for (action, line) in document::actions(&root, lower).unwrap_or_default().iter().zip(lines) {
        lower.place = Some((name.clone(), line));
        document::action(action, lower);
    }
    lower.depth -= 1;
    lower.inside.pop();
    (lower.place, lower.pass) = (place, pass);
}

/// The line of each action of a document.
fn lines(root: &Node<'_>, source: &Source) -> Vec<u32> {
    let list = root.get("load_density").map_or(root, |member| &member.value);
    let actions = list.as_array().unwrap_or_default();
    actions.iter().map(|action| source.position(action.span.start).line).collect()
}

/// A problem of an inner file, told at the place that names the file.
fn moved(problem: Diagnostic, source: &Source, span: Span) -> Diagnostic {
    let place = problem.span().map(|span| source.position(span.start));
    let remark = problem.labels.first().map(|label| label.text.clone()).unwrap_or_default();
    let mut told = problem;
    told.labels.clear();
    // It would change the plan at places of the other file.
    told.fix.clear();
    let name = source.name();
    let place = match place {
        Some(place) => format!("{name}:{}:{}", place.line, place.column),
        None => name.to_owned(),
    };
    let told = told.label(span, format!("in {place}"));
    if remark.is_empty() { told } else { told.note(format!("{place}: {remark}")) }
}

/// Puts everything in a tree to one place.
fn place(node: &mut Node<'_>, span: Span) {
    node.span = span;
    match &mut node.kind {
        Kind::Array(items) => items.iter_mut().for_each(|item| place(item, span)),
        Kind::Object(members) => {
            for Member { key, value } in members {
                key.span = span;
                place(value, span);
            }
        }
        _ => {}
    }
}

/// The arguments of `LD_start_test` that its result repeats, as far as they are known.
pub(crate) fn start_test(
    arguments: &Written<'_, '_>,
    lower: &mut Lower<'_>,
) -> Vec<(String, Const)> {
    let repeated = arguments.iter().filter(|(field, _)| REPEATED.contains(&field.name));
    let mut kept = Vec::new();
    for (field, node) in repeated {
        if let Some(value) = lower.as_written(node) {
            kept.push((field.name.to_owned(), value));
        }
    }
    let gates = arguments.iter().find(|(field, _)| field.name == "gates");
    if let Some(gates) = gates.and_then(|(_, node)| crate::gates::lower(node, lower)) {
        kept.push(("gates".to_owned(), gates));
    }
    kept
}

/// Keeps what a document says about itself.
pub(crate) fn metadata(node: &Node<'_>, lower: &mut Lower<'_>) {
    const KNOWN: [&str; 6] = ["name", "owner", "tags", "description", "allow", "lints"];
    let Some(members) = node.as_object() else {
        if !node.is_invalid() && !node.is_null() {
            let message = format!("`metadata` must be an object, not {}", node.type_name());
            let problem = Diagnostic::new(Code::WrongType, message)
                .label(node.span, "expected an object")
                .help(r#"write `{"name": "checkout", "owner": "shop", "tags": ["nightly"]}`"#);
            lower.report(problem);
        }
        return;
    };
    for Member { key, value } in members {
        let name: &str = &key.text;
        if !KNOWN.contains(&name) {
            // Others may mean something to other tools; only slips are worth a word.
            if crate::diag::suggest(name, KNOWN).is_some() {
                let message = format!("`{name}` in `metadata` has no effect");
                let problem = Diagnostic::new(Code::UnknownDocumentKey, message)
                    .label(key.span, "nothing reads this");
                lower.report(problem.did_you_mean(name, KNOWN));
            }
            continue;
        }
        // How loud lints are is no business of the run.
        let is_for_lints = matches!(name, "allow" | "lints");
        if let Some(value) = lower.as_written(value).filter(|_| !is_for_lints) {
            lower.ir.metadata.push((name.to_owned(), value));
        }
    }
}
