//! Placeholders: names become slots, or values where nothing can change them.

use std::ops::Range;

use ld_stdlib::functions::{self, Gives};
use ld_stdlib::{Template, TreeKind};
use ld_vm::Escape;
use ld_vm::program::SourceFormat;

use crate::call::computed;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Argument, Const, Slot, SlotKind, Var};
use crate::json::Locator;
use crate::lower::Lower;
use crate::template::{self, Name, Piece, Placeholder, Token};

/// The prefixes of the language.
const PREFIXES: [&str; 8] = ["csv", "data", "db", "env", "faker", "secret", "session", "var"];

/// So many names are compared in search of one that was meant. Plans with thousands of
/// variables that nothing sets are programs gone wrong, and compile all the same.
const MAX_COMPARED: usize = 1_000_000;

/// What a placeholder stands for.
pub(crate) enum Meaning {
    /// A value that nothing can change.
    Const(Const),
    Slot(SlotKind),
    /// Nothing: it stays text.
    Text,
}

impl Lower<'_> {
    /// Lowers a text; `string` is where it stands. A text that is exactly one placeholder of
    /// a known value has the type of that value.
    pub(crate) fn text(&mut self, text: &str, string: Span) -> TreeKind {
        if !self.expand {
            self.unfilled(text, string);
        }
        if !self.expand || memchr::memmem::find(text.as_bytes(), b"${").is_none() {
            return TreeKind::Text(Template::text(text));
        }
        let source = self.source;
        let start = Locator::new(source.text(), string);
        let mut place = start;
        let pieces = template::parse(text, |problem| {
            place.skip_to(problem.range.start);
            self.report(problem.diagnostic(place.locate(&problem.range)));
        });
        let mut place = start;
        let lone = pieces.len() == 1;
        let mut template = Template::default();
        for piece in &pieces {
            match piece {
                Piece::Text(range) => template.push_text(slice(text, range)),
                Piece::Placeholder(placeholder) => {
                    let written = slice(text, &placeholder.range);
                    place.skip_to(placeholder.range.start);
                    match self.meaning(text, placeholder, place) {
                        Meaning::Text => template.push_text(written),
                        Meaning::Const(value) => {
                            let value = if self.pythonic { pythonic(value) } else { value };
                            if lone {
                                return kind(&value);
                            }
                            let mut bytes = Vec::new();
                            value.value().write_text(&mut bytes);
                            template.push_text(bytes);
                        }
                        Meaning::Slot(kind) => {
                            let span = place.locate(&placeholder.range);
                            let mut slot = self.slot(Slot { kind, text: written.to_owned(), span });
                            if self.pythonic && !self.is_text(slot) {
                                let arguments = vec![Argument::Slot(slot)];
                                let kind = SlotKind::Call { name: PYTHON, arguments };
                                slot = self.slot(Slot { kind, text: written.to_owned(), span });
                            }
                            template.push_slot(slot, Escape::Raw);
                        }
                    }
                }
            }
        }
        TreeKind::Text(template)
    }

    /// Reports a placeholder in a text that is taken as it stands.
    pub(crate) fn unfilled(&mut self, text: &str, span: Span) {
        if template::has_placeholder(text) {
            let message = "placeholders are not filled here";
            let problem = Diagnostic::new(Code::UnfilledPlaceholder, message)
                .label(span, "this is taken as it stands");
            self.report(problem);
        }
    }

    pub(crate) fn slot(&mut self, slot: Slot) -> u32 {
        self.ir.slots.push(slot);
        (self.ir.slots.len() - 1) as u32
    }

    /// Whether a slot gives text or nothing.
    fn is_text(&self, slot: u32) -> bool {
        match self.ir.slots.get(slot as usize).map(|slot| &slot.kind) {
            Some(SlotKind::Env(_) | SlotKind::Secret(_)) => true,
            Some(SlotKind::Cell { source, .. }) => {
                let source = self.ir.sources.get(*source);
                source.is_some_and(|source| source.format == SourceFormat::Csv)
            }
            Some(SlotKind::Call { name, .. }) => {
                functions::find(name).is_some_and(|function| function.gives == Gives::Text)
            }
            Some(SlotKind::Var(_)) | None => false,
        }
    }

    pub(crate) fn meaning(
        &mut self,
        text: &str,
        placeholder: &Placeholder<'_>,
        place: Locator<'_>,
    ) -> Meaning {
        match &placeholder.token {
            Token::Bare(name) => self.variable(name, false, place),
            Token::Prefixed { prefix, rest } => match prefix.text.to_ascii_lowercase().as_str() {
                "var" => self.variable(rest, false, place),
                "session" => self.variable(rest, true, place),
                "env" => Meaning::Slot(SlotKind::Env(rest.text.to_owned())),
                "secret" => Meaning::Slot(SlotKind::Secret(rest.text.to_owned())),
                "csv" | "data" | "db" => self.cell(prefix.text, rest, place),
                "faker" => self.made_up(rest, place),
                other => self.other_prefix(other, prefix, place),
            },
            Token::Function { name, arguments } => {
                self.call(text, name, arguments, &placeholder.range, place)
            }
        }
    }

    fn variable(&mut self, name: &Name<'_>, session: bool, place: Locator<'_>) -> Meaning {
        let var = Var { name: name.text.to_owned(), session };
        if let Some(value) = self.scope.constant(&var)
            && self.fold
        {
            let value = value.clone();
            self.scope.read.insert(var);
            return Meaning::Const(value);
        }
        if !self.scope.is_set(&var) {
            let problem =
                Diagnostic::new(Code::UnsetVariable, format!("nothing sets `{}`", name.text))
                    .label(place.locate(&name.range), "this is sent as it stands");
            let problem = self.hint(problem, &var);
            self.report(problem);
        }
        Meaning::Slot(SlotKind::Var(self.var(var)))
    }

    /// Points at a variable of a similar name.
    fn hint(&mut self, problem: Diagnostic, var: &Var) -> Diagnostic {
        self.compared += self.scope.extracted.len() + self.scope.vars.len();
        if self.compared > MAX_COMPARED {
            return problem;
        }
        let extracted = self.scope.extracted.keys().filter(|other| other.session == var.session);
        let mut names: Vec<&str> = extracted.map(|other| other.name.as_str()).collect();
        if !var.session {
            names.extend(self.scope.vars.keys().map(String::as_str));
        }
        names.sort_unstable();
        let Some(similar) = crate::diag::suggest(&var.name, names) else {
            return problem;
        };
        let like = Var { name: similar.to_owned(), session: var.session };
        let place = self.scope.extracted.get(&like).and_then(|spans| spans.first().copied());
        let place = place.or_else(|| self.scope.vars.get(similar).and_then(|var| var.span));
        let problem = problem.help(format!("did you mean `{similar}`?"));
        // One slip is one problem: the variable that was meant is not unused.
        self.scope.read.insert(like);
        match place {
            Some(span) => problem.also(span, "a similar name is set here"),
            None => problem,
        }
    }

    fn cell(&mut self, kind: &str, rest: &Name<'_>, place: Locator<'_>) -> Meaning {
        let Some((source, column)) = rest.text.split_once('.') else {
            let problem = Diagnostic::new(
                Code::UnknownColumn,
                format!("`${{{kind}.{}}}` names a source and no column", rest.text),
            )
            .label(place.locate(&rest.range), "expected `source.column`");
            self.report(problem);
            return Meaning::Text;
        };
        let start = rest.range.start;
        let Some(&index) = self.scope.sources.get(source) else {
            let mut known: Vec<&str> = self.scope.sources.keys().map(String::as_str).collect();
            known.sort_unstable();
            let label = if known.is_empty() {
                "no data source is registered before this".to_owned()
            } else {
                format!("registered: {}", known.join(", "))
            };
            let problem =
                Diagnostic::new(Code::UnknownSource, format!("there is no data source `{source}`"))
                    .label(place.locate(&(start..start + source.len())), label)
                    .did_you_mean(source, known);
            self.report(problem);
            return Meaning::Text;
        };
        if let Some(Some(columns)) = self.scope.columns.get(index)
            && !columns.iter().any(|known| known == column)
        {
            let file = self.ir.sources.get(index).map_or("", |source| source.path.as_str());
            let file = file.rsplit('/').next().unwrap_or(file);
            let message =
                format!("`${{{kind}.{}}}`: source `{source}` has no column `{column}`", rest.text);
            let at = start + source.len() + 1;
            let problem = Diagnostic::new(Code::UnknownColumn, message)
                .label(
                    place.locate(&(at..rest.range.end)),
                    format!("columns of {file}: {}", columns.join(", ")),
                )
                .did_you_mean(column, columns.iter().map(String::as_str));
            self.report(problem);
            return Meaning::Text;
        }
        Meaning::Slot(SlotKind::Cell { source: index, column: column.to_owned() })
    }

    fn other_prefix(&mut self, lower_case: &str, prefix: &Name<'_>, place: Locator<'_>) -> Meaning {
        let span = place.locate(&prefix.range);
        let message = format!("`{}` is not a kind of placeholder", prefix.text);
        let problem = Diagnostic::new(Code::UnknownPrefix, message)
            .label(span, "this is sent as it stands")
            .note(format!("kinds: {}", PREFIXES.join(", ")))
            .did_you_mean(lower_case, PREFIXES);
        self.report(problem);
        Meaning::Text
    }
}

pub(crate) fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

/// The function that writes a value as Python does.
const PYTHON: &str = "python";

/// A known value as the text that Python makes of it.
fn pythonic(value: Const) -> Const {
    let text = functions::find(PYTHON).and_then(|function| computed(function, &[value.value()]));
    text.unwrap_or(value)
}

/// A known value as a tree. A JSON container keeps its text, as a slot's would.
fn kind(value: &Const) -> TreeKind {
    match value {
        Const::Null => TreeKind::Null,
        Const::Bool(flag) => TreeKind::Bool(*flag),
        Const::Int(number) => TreeKind::Int(*number),
        Const::Float(number) => TreeKind::Float(*number),
        Const::Text(bytes) => TreeKind::Text(Template::text(bytes)),
        Const::Json(bytes) => TreeKind::Json(String::from_utf8_lossy(bytes).into_owned()),
    }
}
