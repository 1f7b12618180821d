//! The document: its shape, its actions in order, and what they register.

use std::collections::HashSet;

use ld_stdlib::commands::{self, COMMANDS, Command};
use ld_stdlib::{Field, Shape, Span, Tree, TreeKind};

use ld_vm::program::{SourceEnd, SourceFormat, SourceMode};

use crate::databases::{register_database, register_databases};
use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::ir::{Action, Const, Ir, Source};
use crate::json::{self, Kind, Member, Node};
use crate::layout::Layout;
use crate::lower::{Lower, Unknown, constant};
use crate::nested;
use crate::scenario;
use crate::scope::Registered;

/// Lowers a whole document.
pub(crate) fn lower(root: &Node<'_>, lower: &mut Lower<'_>) -> Ir {
    if let Some(metadata) = root.get("metadata") {
        nested::metadata(&metadata.value, lower);
    }
    actions_of(root, lower);
    std::mem::take(&mut lower.ir)
}

/// Lowers the actions of a document, or of one inside another.
pub(crate) fn actions_of(root: &Node<'_>, lower: &mut Lower<'_>) {
    if let Some(actions) = actions(root, lower) {
        for node in actions {
            action(node, lower);
        }
    }
}

/// The list of actions, bare or under `load_density`.
pub(crate) fn actions<'n, 's>(root: &'n Node<'s>, lower: &mut Lower<'_>) -> Option<&'n [Node<'s>]> {
    const HELP: &str = r#"a plan is `[action, …]` or `{"load_density": [action, …]}`"#;
    let list = match &root.kind {
        Kind::Invalid => return None,
        Kind::Array(list) => list,
        Kind::Object(members) => match root.get("load_density").map(|member| &member.value) {
            Some(node) => {
                members.iter().for_each(|member| document_key(member, lower));
                match &node.kind {
                    Kind::Array(list) => list,
                    Kind::Invalid => return None,
                    _ => {
                        let message = format!(
                            "`load_density` is a list of actions, not {}",
                            node.type_name()
                        );
                        let problem = Diagnostic::new(Code::BadDocument, message)
                            .label(node.span, "expected a list")
                            .help(HELP);
                        lower.report(problem);
                        return None;
                    }
                }
            }
            None => {
                let name = |member: &'n Member<'s>| -> &'n str { &member.key.text };
                let like = |member: &&Member<'_>| {
                    crate::diag::suggest(&member.key.text, ["load_density"]).is_some()
                };
                let message = "the document has no list of actions";
                let problem = Diagnostic::new(Code::BadDocument, message);
                lower.report(match members.iter().find(like) {
                    Some(member) => problem
                        .label(member.key.span, "no list `load_density`")
                        .did_you_mean(name(member), ["load_density"]),
                    None => problem.label(root.span, "no list `load_density` here").help(HELP),
                });
                return None;
            }
        },
        _ => {
            let problem = Diagnostic::new(
                Code::BadDocument,
                format!("a plan is a list of actions, not {}", root.type_name()),
            )
            .label(root.span, "expected a list or an object")
            .help(HELP);
            lower.report(problem);
            return None;
        }
    };
    if list.is_empty() {
        let problem = Diagnostic::new(Code::BadDocument, "the plan has no actions")
            .label(root.span, "empty")
            .help(HELP);
        lower.report(problem);
    }
    Some(list)
}

fn document_key(member: &Member<'_>, lower: &mut Lower<'_>) {
    let known = ["load_density", "metadata"];
    let name: &str = &member.key.text;
    if !known.contains(&name) {
        let message = format!("`{name}` beside `load_density` has no effect");
        let problem = Diagnostic::new(Code::UnknownDocumentKey, message)
            .label(member.key.span, "nothing reads this");
        lower.report(problem.did_you_mean(name, known));
    }
}

pub(crate) fn action(node: &Node<'_>, lower: &mut Lower<'_>) {
    let bad = |message: String, span, label: &str| {
        Diagnostic::new(Code::BadAction, message)
            .label(span, label)
            .help(r#"an action is `["command"]` or `["command", {arguments}]`"#)
    };
    if node.is_invalid() {
        return;
    }
    let Some(items) = node.as_array() else {
        let message = format!("an action is a list, not {}", node.type_name());
        return lower.report(bad(message, node.span, "this is not an action"));
    };
    let Some(first) = items.first() else {
        return lower.report(bad("this action is empty".to_owned(), node.span, "no command"));
    };
    let Some(name) = first.as_str() else {
        if !first.is_invalid() {
            let message = "the name of a command is a text".to_owned();
            lower.report(bad(message, first.span, "expected a command"));
        }
        return;
    };
    let Some(command) = commands::find(name) else {
        let names = COMMANDS.iter().map(|command| command.name);
        let problem = Diagnostic::new(Code::UnknownCommand, format!("unknown command `{name}`"))
            .label(first.span, "there is no such command")
            .did_you_mean(name, names.clone());
        return lower.report(match crate::diag::suggest(name, names) {
            Some(meant) => problem.replace(first.span, format!("\"{meant}\"")),
            None => problem,
        });
    };
    if let Some(third) = items.get(2) {
        let message = format!("`{name}` takes its arguments as one object or list");
        return lower.report(bad(message, third.span, "one item too many"));
    }
    if !command.ready {
        let problem =
            Diagnostic::new(Code::CommandNotBuilt, format!("this build cannot run `{name}` yet"))
                .label(first.span, command.doc)
                .help("remove the action, or use a build that can");
        lower.report(problem);
    }
    let Some(arguments) = arguments(command, node, items.get(1), lower) else {
        return;
    };
    if command.name == scenario::COMMAND {
        let run = scenario::lower(node, &arguments, lower);
        return keep(command, node, run, nested::start_test(&arguments, lower), lower);
    }
    if let Some(inner) = nested::arguments(command, &arguments) {
        keep(command, node, None, Vec::new(), lower);
        return nested::lower(inner, lower);
    }
    let arguments = arguments
        .into_iter()
        .filter_map(|(field, value)| Some((field.name, lower.field(field, value)?)))
        .collect();
    carry_out(command, node, &arguments, lower);
}

/// A command's arguments as written, with the fields they belong to.
pub(crate) type Written<'n, 's> = Vec<(&'static Field, &'n Node<'s>)>;

/// A command's arguments, by name.
type Arguments = Vec<(&'static str, Tree)>;

/// Finds out which argument is which, given by name or by position.
fn arguments<'n, 's>(
    command: &'static Command,
    action: &Node<'_>,
    payload: Option<&'n Node<'s>>,
    lower: &mut Lower<'_>,
) -> Option<Written<'n, 's>> {
    let unknown =
        if command.name == scenario::COMMAND { Unknown::Ignored } else { Unknown::Argument };
    let (given, place) = match payload {
        Some(node @ Node { kind: Kind::Object(_), .. }) => {
            let owner = format_args!("`{}`", command.name);
            return Some(lower.members(node, &[command.fields], owner, unknown));
        }
        // All positions together are the value of the one argument.
        Some(node @ Node { kind: Kind::Array(_), .. }) if command.open => {
            return Some(command.fields.iter().take(1).map(|field| (field, node)).collect());
        }
        Some(node @ Node { kind: Kind::Array(values), .. }) => (values.as_slice(), node.span),
        None => (&[] as &[Node<'_>], action.span),
        Some(node) => {
            if !node.is_invalid() {
                let message = format!(
                    "the arguments of `{}` are an object or a list, not {}",
                    command.name,
                    node.type_name()
                );
                let problem = Diagnostic::new(Code::BadAction, message)
                    .label(node.span, "expected an object or a list");
                lower.report(problem);
            }
            return None;
        }
    };
    if let Some(extra) = given.get(command.fields.len()) {
        let message = match command.fields.len() {
            0 => format!("`{}` takes no arguments", command.name),
            1 => format!("`{}` takes one argument at most", command.name),
            most => format!("`{}` takes {most} arguments at most", command.name),
        };
        lower.report(
            Diagnostic::new(Code::UnknownArgument, message).label(extra.span, "one too many"),
        );
    }
    for field in command.fields.iter().skip(given.len()).filter(|field| field.required) {
        let message = format!("`{}` needs `{}`", command.name, field.name);
        let problem = Diagnostic::new(Code::MissingArgument, message)
            .label(place, format!("no `{}` here", field.name))
            .help(format!("write `{}`", example(command)));
        lower.report(problem);
    }
    let ready = |lower: &mut Lower<'_>, field: &Field, node: &Node<'_>| {
        if !field.ready && !node.is_null() {
            let message = format!("this build cannot carry out `{}` yet", field.name);
            lower.report(Diagnostic::new(Code::FieldNotBuilt, message).label(node.span, field.doc));
        }
        field.ready
    };
    // Null is how a position is passed over.
    let is_given = |(field, node): &(&'static Field, &Node<'_>)| {
        field.required || !node.is_null() || matches!(field.shape, Shape::Null | Shape::Any)
    };
    let pairs = command.fields.iter().zip(given).filter(is_given);
    Some(pairs.filter(|(field, node)| ready(lower, field, node)).collect())
}

/// A command with everything it needs.
fn example(command: &Command) -> String {
    let required = command.fields.iter().filter(|field| field.required);
    let members = required.map(|field| format!(r#""{}": {}"#, field.name, field.example));
    let members = members.collect::<Vec<_>>().join(", ");
    format!(r#"["{}", {{{members}}}]"#, command.name)
}

/// Notes what an action does to later ones, and keeps it for the run.
fn carry_out(
    command: &'static Command,
    node: &Node<'_>,
    arguments: &Arguments,
    lower: &mut Lower<'_>,
) {
    let argument = |name: &str| arguments.iter().find(|(n, _)| *n == name).map(|(_, tree)| tree);
    match command.name {
        "LD_register_variable" => {
            if let (Some(name), Some(value)) = (argument("name"), argument("value")) {
                register_variable(&text(name), value, lower);
            }
        }
        "LD_register_variables" => {
            if let Some(variables) = argument("variables") {
                register_variables(variables, lower);
            }
        }
        "LD_register_csv_source" => {
            let entry = arguments.iter().map(|(name, tree)| (*name, tree)).collect::<Vec<_>>();
            register_source(&entry, node.span, Format::Csv, lower);
        }
        "LD_register_csv_sources" => {
            if let Some(sources) = argument("sources") {
                register_sources(sources, lower);
            }
        }
        "LD_register_db_source" => {
            let entry = arguments.iter().map(|(name, tree)| (*name, tree)).collect::<Vec<_>>();
            register_database(&entry, node.span, lower);
        }
        "LD_register_db_sources" => {
            if let Some(sources) = argument("sources") {
                register_databases(sources, lower);
            }
        }
        "LD_clear_resolver" => lower.scope.clear(),
        _ => {}
    }
    let arguments = arguments
        .iter()
        .filter_map(|(name, tree)| Some(((*name).to_owned(), constant(tree)?)))
        .collect();
    keep(command, node, None, arguments, lower);
}

/// Keeps an action for the run.
fn keep(
    command: &'static Command,
    node: &Node<'_>,
    run: Option<usize>,
    arguments: Vec<(String, Const)>,
    lower: &mut Lower<'_>,
) {
    let action = Action {
        span: node.span,
        command: command.name,
        run,
        arguments,
        depth: lower.depth,
        place: lower.place.clone(),
        written: lower.options.written.then(|| json::literal(node)),
    };
    lower.ir.actions.push(action);
}

pub(crate) fn register_variables(variables: &Tree, lower: &mut Lower<'_>) {
    if let TreeKind::Map(members) = &variables.kind {
        for member in members {
            register_variable(&member.name, &member.value, lower);
        }
    }
}

fn register_variable(name: &str, value: &Tree, lower: &mut Lower<'_>) {
    let overridden = lower.options.vars.iter().any(|(var, _)| var == name);
    if let (false, Some(constant)) = (overridden, constant(value)) {
        let registered = Registered { value: constant, span: Some(value.span) };
        lower.scope.vars.insert(name.to_owned(), registered);
        lower.scope.fresh.insert(name.to_owned(), value.span);
    }
}

/// Registers files of any format, each told by its field or by the file's name.
pub(crate) fn register_data_sources(sources: &Tree, lower: &mut Lower<'_>) {
    register_each(sources, Format::OfFile, lower);
}

pub(crate) fn register_sources(sources: &Tree, lower: &mut Lower<'_>) {
    register_each(sources, Format::Csv, lower);
}

/// What a source without a field that says so is read as.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    OfFile,
}

fn register_each(sources: &Tree, format: Format, lower: &mut Lower<'_>) {
    let TreeKind::List(entries) = &sources.kind else {
        return;
    };
    for entry in entries {
        if let TreeKind::Map(members) = &entry.kind {
            let fields = members.iter().map(|m| (m.name.as_str(), &m.value)).collect::<Vec<_>>();
            register_source(&fields, entry.span, format, lower);
        }
    }
}

fn register_source(entry: &[(&str, &Tree)], span: Span, format: Format, lower: &mut Lower<'_>) {
    let field = |name: &str| entry.iter().find(|(n, _)| *n == name).map(|(_, tree)| *tree);
    let (Some(name), Some(path)) = (field("name").map(text), field("file_path").map(text)) else {
        return;
    };
    let word = |name: &str| field(name).map(|tree| text(tree).to_ascii_lowercase());
    let format = match (format, word("format")) {
        (Format::Csv, _) => SourceFormat::Csv,
        (Format::OfFile, Some(word)) => {
            named(&word, SourceFormat::ALL, SourceFormat::Csv, SourceFormat::name)
        }
        (Format::OfFile, None) => format_of(&path),
    };
    let mode = mode(field("mode"));
    let on_end = on_end(field("cycle"), field("on_end"), lower);
    let path_span = field("file_path").map_or(span, |tree| tree.span);
    let (path, file) = files::find(lower.options.files, lower.file(), &path);
    let is_csv = format == SourceFormat::Csv;
    let layout = Layout::of(field, lower);
    let columns = match file {
        Ok(_) if is_csv && layout.columns.is_some() => layout.columns.clone(),
        Ok(file) if is_csv => columns(file, layout.delimiter, &path, path_span, lower),
        // Which members objects have is known once all are read.
        Ok(_) => None,
        Err(error) => {
            let problem = Diagnostic::new(
                Code::UnreadableFile,
                format!("the data file `{path}` cannot be read"),
            )
            .label(path_span, error.to_string())
            .help(files::SEEN_FROM);
            lower.report(problem);
            None
        }
    };
    lower.scope.sources.insert(name.clone(), lower.ir.sources.len());
    lower.scope.columns.push(columns);
    let query = layout.written().filter(|_| is_csv);
    let source = Source { span, name, path, format, mode, on_end, query, secrets: Vec::new() };
    lower.ir.sources.push(source);
}

/// What the end of a name says about a file.
fn format_of(path: &str) -> SourceFormat {
    let extension = std::path::Path::new(path).extension().and_then(|end| end.to_str());
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "json" => SourceFormat::Json,
        "jsonl" | "ndjson" => SourceFormat::Ndjson,
        _ => SourceFormat::Csv,
    }
}

/// The one of a kind that a word of the plan names. The fields' shapes allow no others, so
/// that the first stands for none.
fn named<K: Copy>(word: &str, all: &[K], first: K, name: fn(K) -> &'static str) -> K {
    all.iter().copied().find(|kind| name(*kind) == word).unwrap_or(first)
}

/// Which rows users get.
pub(crate) fn mode(mode: Option<&Tree>) -> SourceMode {
    let word = mode.map(|tree| text(tree).to_ascii_lowercase());
    word.map_or(SourceMode::Shared, |word| {
        named(&word, SourceMode::ALL, SourceMode::Shared, SourceMode::name)
    })
}

/// What happens after the last row: `on_end` says so, and `cycle` only where that is absent.
pub(crate) fn on_end(
    cycle: Option<&Tree>,
    on_end: Option<&Tree>,
    lower: &mut Lower<'_>,
) -> SourceEnd {
    let cycles = cycle.map(|tree| !matches!(tree.kind, TreeKind::Bool(false)));
    let Some(tree) = on_end else {
        return if cycles == Some(false) { SourceEnd::Once } else { SourceEnd::Cycle };
    };
    let end = match text(tree).to_ascii_lowercase().as_str() {
        "stop_user" => SourceEnd::StopUser,
        "error" => SourceEnd::StopRun,
        _ => SourceEnd::Cycle,
    };
    if let (Some(cycle), Some(cycles)) = (cycle, cycles)
        && cycles != (end == SourceEnd::Cycle)
    {
        let message = "`cycle` and `on_end` contradict each other";
        let problem = Diagnostic::new(Code::ConflictingSettings, message)
            .label(tree.span, "this says what happens after the last row")
            .also(cycle.span, "and so does this");
        lower.report(problem);
    }
    end
}

/// The names of a CSV file's columns.
fn columns(
    file: Box<dyn std::io::Read>,
    delimiter: u8,
    path: &str,
    span: Span,
    lower: &mut Lower<'_>,
) -> Option<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    match reader.headers() {
        Ok(header) if header.is_empty() => {
            let message = format!("`{path}` has no first row with the names of its columns");
            let problem = Diagnostic::new(Code::BadCsv, message).label(span, "this file is empty");
            lower.report(problem);
            None
        }
        Ok(header) => {
            let names = header.iter().enumerate();
            // The csv crate leaves a byte order mark alone.
            let name = |(at, name): (usize, &str)| {
                let name = if at == 0 { name.trim_start_matches('\u{feff}') } else { name };
                name.to_owned()
            };
            let names: Vec<String> = names.map(name).collect();
            let mut seen = HashSet::new();
            let twice = names.iter().find(|name| !name.is_empty() && !seen.insert(*name));
            if let Some(name) = twice {
                let message = format!("`{path}` has two columns `{name}`");
                let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                    .label(span, "the last of them counts")
                    .help("give the other one another name");
                lower.report(problem);
            }
            Some(names)
        }
        Err(error) => {
            let problem = Diagnostic::new(Code::BadCsv, format!("`{path}` cannot be read as CSV"));
            lower.report(match error.kind() {
                csv::ErrorKind::Utf8 { .. } => problem
                    .label(span, "its first row is not UTF-8 text")
                    .help("save the file as UTF-8"),
                _ => problem.label(span, error.to_string()),
            });
            None
        }
    }
}

/// The text of a value that has no holes.
pub(crate) fn text(tree: &Tree) -> String {
    let bytes = tree.to_text().constant().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
