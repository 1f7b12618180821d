//! Diagnostics as annotations of GitHub workflows, one command per line.

use std::fmt::Write;

use crate::diag::{Diagnostic, Source};

/// The diagnostics as workflow commands: `::error file=…,line=…,col=…,title=…::…`.
///
/// The message, the remark at its place, the notes and the help become one text.
#[must_use]
pub fn github(diagnostics: &[Diagnostic], source: &Source) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        command(&mut out, diagnostic, source);
    }
    out
}

fn command(out: &mut String, diagnostic: &Diagnostic, source: &Source) {
    let _ = write!(out, "::{} file={}", diagnostic.severity.as_str(), property(source.name()));
    if let Some(span) = diagnostic.span() {
        let start = source.position(span.start);
        let end = source.position(span.end);
        let _ = write!(out, ",line={},endLine={}", start.line, end.line);
        // Columns are only understood within one line; the end is inclusive.
        if start.line == end.line {
            let last = end.column.saturating_sub(1).max(start.column);
            let _ = write!(out, ",col={},endColumn={last}", start.column);
        }
    }
    let title = format!("{} {}", diagnostic.code, diagnostic.code.row().title);
    let mut text = diagnostic.message.clone();
    let remark = diagnostic.labels.iter().find(|label| label.primary && !label.text.is_empty());
    if let Some(label) = remark {
        let _ = write!(text, ": {}", label.text);
    }
    for note in &diagnostic.notes {
        let _ = write!(text, "\nnote: {note}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\nhelp: {help}");
    }
    let _ = writeln!(out, ",title={}::{}", property(&title), data(&text));
}

/// Escapes what would end the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what would end a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
