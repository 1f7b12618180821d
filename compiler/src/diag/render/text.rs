//! Diagnostics for people: the message, the lines concerned with what is wrong
//! underlined, and the cure.
//!
//! Drawing the excerpt is left to `codespan-reporting`. It is handed not the file
//! but a copy of the few lines concerned, because those may be very long (plans are
//! often written by programs, on one line) and may hold control characters, which
//! must not reach a terminal. Labels are moved accordingly.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use codespan_reporting::diagnostic as excerpt;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::{Config, WriteStyle, emit_to_write_style};

use crate::diag::{Diagnostic, Label, Position, Severity, Source};

/// Characters beside the excerpt: line number, border and the signs of a cut.
const MARGIN: usize = 10;

/// An excerpt is at least this wide.
const NARROWEST: usize = 40;

/// How the text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour, for terminals.
    pub color: bool,
    /// Characters per line; excerpts of longer lines are cut around what is labelled.
    pub width: usize,
}

impl Default for Style {
    /// No colour, 120 characters.
    fn default() -> Self {
        Self { color: false, width: 120 }
    }
}

/// The diagnostics as text, each followed by an empty line.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], source: &Source, style: Style) -> String {
    let config = Config::default();
    let mut out = Painter { bytes: Vec::new(), color: style.color };
    for diagnostic in diagnostics {
        let lines = Excerpt::new(diagnostic, source, style.width);
        let shown = lines.diagnostic(diagnostic);
        // Writing to memory succeeds and the excerpt knows all of its own lines, so
        // this is only a second line of defence: the message is never lost.
        let before = out.bytes.len();
        if emit_to_write_style(&mut out, &config, &lines, &shown).is_err() {
            out.bytes.truncate(before);
            let severity = diagnostic.severity.as_str();
            let line = format!("{severity}[{}]: {}\n\n", diagnostic.code, diagnostic.message);
            out.bytes.extend_from_slice(line.as_bytes());
        }
    }
    let text = String::from_utf8(out.bytes).unwrap_or_default();
    text.lines().flat_map(|line| [line.trim_end_matches(' '), "\n"]).collect()
}

/// Copies of the lines that a diagnostic labels.
struct Excerpt<'a> {
    source: &'a Source,
    /// The copies, one after another.
    text: String,
    /// Where in `text` a line of the file stands.
    lines: BTreeMap<usize, Range<usize>>,
    /// The labels with their places in `text`.
    labels: Vec<(Range<usize>, &'a Label)>,
    /// The labels that the cut lines have no place for.
    cut: Vec<&'a Label>,
}

impl<'a> Excerpt<'a> {
    fn new(diagnostic: &'a Diagnostic, source: &'a Source, width: usize) -> Self {
        let mut by_line: BTreeMap<usize, Vec<(Range<usize>, &Label)>> = BTreeMap::new();
        for label in &diagnostic.labels {
            let line = source.line_at(label.span.start);
            let Some(range) = source.line_range(line) else { continue };
            let clamp = |offset: u32| {
                let offset = source.text().floor_char_boundary(offset as usize);
                offset.clamp(range.start, range.end)
            };
            // A label over several lines is shown where it begins.
            let start = clamp(label.span.start);
            let within = label.span.end as usize <= range.end;
            let place = start..if within { clamp(label.span.end) } else { start };
            by_line.entry(line).or_default().push((place, label));
        }
        // Between two labelled lines one apart, the line between is shown as well.
        let between: Vec<usize> = by_line
            .keys()
            .map(|line| line + 1)
            .filter(|line| by_line.contains_key(&(line + 1)))
            .collect();
        for line in between {
            by_line.entry(line).or_default();
        }
        let mut excerpt = Self {
            source,
            text: String::new(),
            lines: BTreeMap::new(),
            labels: Vec::new(),
            cut: Vec::new(),
        };
        let width = width.saturating_sub(MARGIN).max(NARROWEST);
        for (line, labels) in by_line {
            excerpt.add_line(line, labels, width);
        }
        excerpt
    }

    /// Copies a line, cut and made harmless, and moves its labels.
    fn add_line(&mut self, line: usize, labels: Vec<(Range<usize>, &'a Label)>, width: usize) {
        let range = self.source.line_range(line).unwrap_or_default();
        let window = window(self.source.text(), range.clone(), &labels, width);
        let start = self.text.len();
        let mut places: Vec<Range<usize>> = vec![usize::MAX..usize::MAX; labels.len()];
        if window.start > range.start {
            self.text.push('\u{2026}');
        }
        let content = self.source.text().get(window.clone()).unwrap_or_default();
        let end = (content.len(), '\0');
        for (offset, char) in content.char_indices().chain(std::iter::once(end)) {
            let offset = window.start + offset;
            for ((label, _), place) in labels.iter().zip(&mut places) {
                if place.start == usize::MAX && label.start <= offset {
                    place.start = self.text.len();
                }
                if place.end == usize::MAX && label.end <= offset {
                    place.end = self.text.len();
                }
            }
            match char {
                '\0' if offset == window.end => {}
                '\t' => self.text.push('\t'),
                '\u{feff}' => {}
                c if c.is_control() => self.text.push(picture(c)),
                c if is_directional(c) => self.text.push('\u{fffd}'),
                c => self.text.push(c),
            }
        }
        let shown = self.text.len();
        if window.end < range.end {
            self.text.push('\u{2026}');
        }
        self.lines.insert(line, start..self.text.len());
        self.text.push('\n');
        for ((range, label), place) in labels.into_iter().zip(places) {
            if range.end < window.start || range.start > window.end {
                self.cut.push(label);
            } else {
                self.labels.push((place.start.min(shown)..place.end.min(shown), label));
            }
        }
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) -> excerpt::Diagnostic<()> {
        let severity = match diagnostic.severity {
            Severity::Error => excerpt::Severity::Error,
            Severity::Warning => excerpt::Severity::Warning,
        };
        let labels = self.labels.iter().map(|(range, label)| {
            let style = if label.primary {
                excerpt::LabelStyle::Primary
            } else {
                excerpt::LabelStyle::Secondary
            };
            excerpt::Label::new(style, (), range.clone()).with_message(harmless(&label.text))
        });
        let cut = self.cut.iter().filter(|label| !label.text.is_empty()).map(|label| {
            let Position { line, column } = self.source.position(label.span.start);
            format!("note: {}, at line {line}, column {column}", harmless(&label.text))
        });
        let notes = diagnostic.notes.iter().map(|note| format!("note: {}", harmless(note)));
        let notes = cut.chain(notes);
        let help = diagnostic.help.iter().map(|help| format!("help: {}", harmless(help)));
        excerpt::Diagnostic::new(severity)
            .with_code(diagnostic.code.id())
            .with_message(harmless(&diagnostic.message))
            .with_labels(labels.collect())
            .with_notes(notes.chain(help).collect())
    }

    /// The line of the file a place in `text` belongs to.
    fn line_of(&self, at: usize) -> Option<usize> {
        self.lines.iter().take_while(|(_, range)| range.start <= at).last().map(|(line, _)| *line)
    }
}

impl<'a> Files<'a> for Excerpt<'_> {
    type FileId = ();
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, (): ()) -> Result<&'a str, Error> {
        Ok(self.source.name())
    }

    fn source(&'a self, (): ()) -> Result<&'a str, Error> {
        Ok(&self.text)
    }

    fn line_index(&'a self, (): (), at: usize) -> Result<usize, Error> {
        self.line_of(at).ok_or(Error::IndexTooLarge { given: at, max: self.text.len() })
    }

    fn column_number(&'a self, (): (), _line: usize, at: usize) -> Result<usize, Error> {
        let label = self.labels.iter().find(|(range, _)| range.start == at);
        let position = label.map(|(_, label)| self.source.position(label.span.start));
        Ok(position.map_or(1, |position| position.column as usize))
    }

    fn line_range(&'a self, (): (), line: usize) -> Result<Range<usize>, Error> {
        let max = self.lines.keys().last().copied().unwrap_or(0);
        self.lines.get(&line).cloned().ok_or(Error::LineTooLarge { given: line, max })
    }
}

/// The part of a line to show: all of it if it is short, else what surrounds the labels.
fn window(
    text: &str,
    line: Range<usize>,
    labels: &[(Range<usize>, &Label)],
    width: usize,
) -> Range<usize> {
    let content = text.get(line.clone()).unwrap_or_default();
    if content.len() <= width || content.chars().nth(width).is_none() {
        return line;
    }
    // The primary label first: what does not fit beside it is cut.
    let main = labels.iter().find(|(_, label)| label.primary).or(labels.first());
    let focus = main.map_or(line.start..line.start, |(range, _)| range.clone());
    let shown_labels = labels.iter().map(|(range, _)| range);
    let first = shown_labels.clone().map(|range| range.start).min().unwrap_or(focus.start);
    let last = shown_labels.map(|range| range.end).max().unwrap_or(focus.end);
    let all = if last - first <= width {
        first..last
    } else {
        focus.start..focus.end.min(text.floor_char_boundary(focus.start + width))
    };
    // A third of what is left over stands before, the rest behind.
    let spare = width.saturating_sub(all.len());
    let before = text.get(line.start..all.start).unwrap_or_default();
    let behind = text.get(all.end..line.end).unwrap_or_default();
    let start = nth_from_end(before, spare / 3);
    let end = nth(behind, spare - spare / 3);
    line.start + start..all.end + end
}

/// Offset behind `count` characters, or the length.
fn nth(text: &str, count: usize) -> usize {
    text.char_indices().nth(count).map_or(text.len(), |(offset, _)| offset)
}

/// Offset of the last `count` characters, or 0.
fn nth_from_end(text: &str, count: usize) -> usize {
    match count.checked_sub(1) {
        None => text.len(),
        Some(last) => text.char_indices().rev().nth(last).map_or(0, |(offset, _)| offset),
    }
}

/// The visible sign for a control character.
fn picture(c: char) -> char {
    match u32::from(c) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ => '\u{fffd}',
    }
}

/// Characters that reorder what stands around them, so that a line would read
/// otherwise than it is.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A message without characters that could act on a terminal.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            c if c.is_control() => picture(c),
            c if is_directional(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Collects what is drawn, with colours if wanted.
struct Painter {
    bytes: Vec<u8>,
    color: bool,
}

impl Painter {
    fn set(&mut self, sequence: &str) -> io::Result<()> {
        if self.color { self.write_all(sequence.as_bytes()) } else { Ok(()) }
    }
}

impl Write for Painter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Painter {
    fn set_header(&mut self, severity: excerpt::Severity) -> io::Result<()> {
        self.set(match severity {
            excerpt::Severity::Warning => "\x1b[1;33m",
            _ => "\x1b[1;31m",
        })
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.set("\x1b[0;1m")
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.set("\x1b[34m")
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.set("\x1b[34m")
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.set("\x1b[34m")
    }

    fn set_label(
        &mut self,
        severity: excerpt::Severity,
        style: excerpt::LabelStyle,
    ) -> io::Result<()> {
        self.set(match (style, severity) {
            (excerpt::LabelStyle::Secondary, _) => "\x1b[34m",
            (_, excerpt::Severity::Warning) => "\x1b[33m",
            _ => "\x1b[31m",
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        self.set("\x1b[0m")
    }
}
