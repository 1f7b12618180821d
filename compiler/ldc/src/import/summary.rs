//! What `ldc import` says on the terminal.

use std::fmt::Write as _;

use ld_compiler::diag::Severity as Level;
use ld_compiler::{Compiled, Options as CompileOptions};
use ld_importers::{Fate, Imported, Note, Severity};

use super::shown_plan;
use crate::Exit;
use crate::arguments::ImportOptions;
use crate::input::Input;
use crate::output::{complain, say};

/// Of several notes that say the same, so many places are shown.
const PLACES: usize = 3;

/// Says what was made, what was not kept, what is wrong with the plan, what is to be set, and what
/// to do next.
pub(super) fn tell(imported: &Imported, options: &ImportOptions, plan: String) -> Result<(), Exit> {
    let mut text = String::new();
    let notes = imported.notes.list();
    let count = |fate: Fate| notes.iter().filter(|note| note.fate == fate).count();
    let _ = writeln!(
        text,
        "{}: {}, fidelity {:.3}, {} approximated, {} dropped",
        imported.kind,
        several(imported.requests, "request"),
        imported.notes.fidelity(),
        count(Fate::Approximated),
        count(Fate::Dropped),
    );
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        add_notes(notes, severity, &mut text);
    }
    for secret in &imported.secrets {
        let _ = writeln!(text, "secret: ${{secret.{}}} stands for {}", secret.name, secret.used);
    }
    say(&text);
    check(options, plan)?;
    let secrets = match &options.secrets {
        Some(path) => format!(" --secrets {}", path.display()),
        None if imported.secrets.is_empty() => String::new(),
        None => " --secrets FILE".to_owned(),
    };
    let plan = shown_plan(options);
    say(&format!("next: ldvm run {plan} --users 1 --iterations 1{secrets}\n"));
    Ok(())
}

/// Adds the notes of a severity, those that say the same together.
fn add_notes(notes: &[Note], severity: Severity, text: &mut String) {
    let mark = match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut groups: Vec<Vec<&Note>> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for note in notes.iter().filter(|note| note.severity == severity) {
        let group = *known.entry((&note.what, note.fate, &note.why)).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(note),
            None => groups.push(vec![note]),
        }
    }
    for group in groups {
        let Some(first) = group.first() else { continue };
        let (what, fate, why) = (&first.what, first.fate.name(), &first.why);
        let _ = match group.len() {
            1 => writeln!(text, "{mark}: {}: {what} ({fate}): {why}", first.place),
            times => writeln!(text, "{mark}: {times} times {what} ({fate}): {why}"),
        };
        if group.len() > 1 {
            for note in group.iter().take(PLACES) {
                let _ = writeln!(text, "  at {}", note.place);
            }
            if group.len() > PLACES {
                let _ = writeln!(text, "  and {} more", group.len() - PLACES);
            }
        }
    }
}

/// Says what `ldc check` would say of the plan: errors, and how many warnings there are.
fn check(options: &ImportOptions, plan: String) -> Result<(), Exit> {
    let name = shown_plan(options);
    let input = Input { name: name.clone().into_owned(), bytes: plan.into_bytes() };
    let (source, compiled) = input.compile(&CompileOptions::new())?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compiled.diagnostics.into_iter().partition(|problem| problem.severity == Level::Error);
    complain(&source, &Compiled { diagnostics: errors, ..compiled });
    if !warnings.is_empty() {
        let count = several(warnings.len(), "warning");
        say(&format!("check: {count}; `ldc check {name}` shows them\n"));
    }
    Ok(())
}

fn several(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
