//! `gates` of a run: read while compiling, so that what is wrong with them has its place.

use std::ops::Range;
use std::time::Duration;

use ld_stdlib::commands::GATE;
use ld_stdlib::gate::{BadGate, Figure, Gate, duration};
use ld_stdlib::{Tree, TreeKind};
use ld_vm::Program;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::ir::Const;
use crate::json::{Locator, Node};
use crate::lower::{Lower, Pass, Unknown};

/// A name that a gate is about, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    name: String,
    span: Span,
}

/// The gates of a list as the runtime reads them again: texts in full.
pub(crate) fn lower(list: &Node<'_>, lower: &mut Lower<'_>) -> Option<Const> {
    let mut gates = Vec::new();
    for item in list.as_array()? {
        if let Some(gate) = gate(item, lower) {
            gates.push(Tree {
                span: item.span,
                kind: TreeKind::Text(ld_stdlib::Template::text(gate.to_string())),
            });
        }
    }
    let list = Tree { span: list.span, kind: TreeKind::List(gates) };
    Some(Const::Json(list.to_json().constant()?))
}

fn gate(item: &Node<'_>, lower: &mut Lower<'_>) -> Option<Gate> {
    if let Some(text) = item.as_str() {
        return parse(text, item.span, lower);
    }
    // What is wrong with its fields was told when the arguments were looked at.
    let pass = std::mem::replace(&mut lower.pass, Pass::Told);
    let members = lower.members(item, &[GATE], format_args!("a gate"), Unknown::Field);
    lower.pass = pass;
    let field = |name: &str| members.iter().find(|(field, _)| field.name == name);
    let (_, text) = field("gate")?;
    let mut gate = parse(text.as_str()?, text.span, lower)?;
    if let Some((_, node)) = field("for") {
        gate.window = Some(time(node, lower)?);
        if gate.window < Some(Duration::from_secs(1)) {
            let problem = Diagnostic::new(Code::BadGate, "a window is at least one second long")
                .label(node.span, "too short");
            lower.report(problem);
            return None;
        }
    }
    if let Some((_, node)) = field("after") {
        gate.after = time(node, lower)?;
    }
    if let Some((_, node)) = field("abort") {
        gate.abort = node.as_bool().unwrap_or_default();
    }
    Some(gate)
}

fn parse(text: &str, span: Span, lower: &mut Lower<'_>) -> Option<Gate> {
    let source = lower.source;
    let locate = |place: &Range<usize>| Locator::new(source.text(), span).locate(place);
    match Gate::parse(text) {
        Ok(gate) => {
            if let Some(name) = &gate.name {
                let start = text.find(name.as_str()).unwrap_or_default();
                let span = locate(&(start..start + name.len()));
                lower.ir.gates.push(Named { name: name.clone(), span });
            }
            Some(gate)
        }
        Err(BadGate { place, message, meant }) => {
            let at = locate(&place);
            // At its end there is nothing to point at but the gate itself.
            let at = if at.is_empty() { span } else { at };
            let problem = Diagnostic::new(Code::BadGate, format!("`{text}` is not a gate"))
                .label(at, message);
            lower.report(match meant {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help(format!(
                    "write it like `p95(checkout) < 300ms`; figures: {}",
                    Figure::names().collect::<Vec<_>>().join(", ")
                )),
            });
            None
        }
    }
}

/// A time: seconds, or a text with its unit.
fn time(node: &Node<'_>, lower: &mut Lower<'_>) -> Option<Duration> {
    let seconds = node.as_number().map(|number| Duration::try_from_secs_f64(number.as_f64()));
    let time = match (seconds, node.as_str()) {
        (Some(seconds), _) => seconds.ok(),
        (None, Some(text)) => duration(text),
        (None, None) => None,
    };
    if time.is_none() {
        let problem = Diagnostic::new(Code::WrongType, "this is not a time")
            .label(node.span, "expected seconds, or a text like `30s`, `500ms`, `2m`");
        lower.report(problem);
    }
    time
}

/// Whether the names that gates are about are those of requests or groups.
pub(crate) fn check_names(named: &[Named], program: &Program, problems: &mut Vec<Diagnostic>) {
    for Named { name, span } in named {
        if names(program).all(|known| known != name) {
            let message = format!("no request or group is called `{name}`");
            let problem = Diagnostic::new(Code::UnknownName, message)
                .label(*span, "nothing is ever measured under this name")
                .did_you_mean(name, names(program));
            problems.push(problem);
        }
    }
}

/// What is wrong with the name of a gate that does not stand in the plan, if anything is.
#[must_use]
pub fn unknown_name(gate: &Gate, program: &Program) -> Option<String> {
    let name = gate.name.as_ref()?;
    if names(program).any(|known| known == name) {
        return None;
    }
    let file = &program.file;
    let meant = suggest(name, names(program));
    let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    Some(format!("no request or group of {file} is called `{name}`{meant}"))
}

/// The names under which something is measured.
fn names(program: &Program) -> impl Iterator<Item = &str> {
    program.tables.series.iter().map(|series| program.consts.text(series.name))
}
