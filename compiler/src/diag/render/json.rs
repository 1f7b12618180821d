//! Diagnostics for programs: one JSON object per line.

use serde_json::{Value, json};

use crate::diag::{Diagnostic, Source, Span};

/// The diagnostics as JSON lines.
///
/// Each line is an object with
/// - `file`, `severity` (`"error"` or `"warning"`), `code`, `message`;
/// - `labels`: a list of `{primary, text, start, end}`, where `start` and `end` are
///   `{line, column, byte}`: lines and columns (in characters) from 1, bytes from 0,
///   `end` behind the last character;
/// - `notes`: a list of texts, and `help`: a text or null.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], source: &Source) -> String {
    diagnostics.iter().map(|diagnostic| format!("{}\n", object(diagnostic, source))).collect()
}

fn object(diagnostic: &Diagnostic, source: &Source) -> Value {
    let place = |offset: u32| {
        let position = source.position(offset);
        json!({"line": position.line, "column": position.column, "byte": offset})
    };
    let label = |span: Span, text: &str, primary: bool| {
        json!({
            "primary": primary,
            "text": text,
            "start": place(span.start),
            "end": place(span.end),
        })
    };
    let labels: Vec<Value> =
        diagnostic.labels.iter().map(|l| label(l.span, &l.text, l.primary)).collect();
    json!({
        "file": source.name(),
        "severity": diagnostic.severity.as_str(),
        "code": diagnostic.code.id(),
        "message": diagnostic.message,
        "labels": labels,
        "notes": diagnostic.notes,
        "help": diagnostic.help,
    })
}
