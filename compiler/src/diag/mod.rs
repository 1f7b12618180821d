//! Diagnostics: what is wrong with a plan, where, and what to do about it.
//!
//! A diagnostic is a value; nothing here prints. Whoever finds a problem builds a
//! [`Diagnostic`] with a [`Code`] from the one table, and the front end at the
//! border chooses a renderer (see [`render`]). The message says what is wrong in
//! the user's terms, the primary label points at the place, the help names the
//! cure.

mod codes;
pub mod render;
mod source;
mod suggest;

use std::borrow::Cow;

pub use codes::{CODES, Code, Row};
pub use ld_stdlib::Span;
pub use source::{MAX_SOURCE_BYTES, Position, Source};
pub use suggest::suggest;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The plan cannot be compiled.
    Error,
    /// The plan compiles, but probably not to what was meant.
    Warning,
}

impl Severity {
    /// The word shown to users: `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A piece of the plan with a remark beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What is underlined.
    pub span: Span,
    /// The remark; may be empty.
    pub text: String,
    /// Whether this is where the problem is, rather than something related to it.
    pub primary: bool,
}

/// A change to the text of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Puts a text in place of what stands there.
    Replace(Span, String),
    /// Takes away the item of a list, or the member of an object whose value stands there, with
    /// its comma.
    Remove(Span),
}

impl Edit {
    /// Where it changes something.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Replace(span, _) | Self::Remove(span) => *span,
        }
    }
}

/// One problem of a plan.
///
/// Built in one expression: `Diagnostic::new(code, message).label(span, "…").help("…")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether this stops the compilation; the table's default unless overridden.
    pub severity: Severity,
    /// Which problem this is.
    pub code: Code,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// Where; the first primary label is the position of the diagnostic.
    pub labels: Vec<Label>,
    /// Facts that help to understand the problem.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What cures it, when that needs no thought.
    pub fix: Vec<Edit>,
}

impl Diagnostic {
    /// A problem of the severity the table gives its code.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: code.row().severity,
            code,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: Vec::new(),
        }
    }

    /// Points at the place of the problem.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: true });
        self
    }

    /// Points at a related place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Is cured by a replacement, besides what cures it already.
    #[must_use]
    pub fn replace(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix.push(Edit::Replace(span, text.into()));
        self
    }

    /// Is cured by taking something away; see [`Edit::Remove`].
    #[must_use]
    pub fn remove(mut self, span: Span) -> Self {
        self.fix.push(Edit::Remove(span));
        self
    }

    /// Adds "did you mean `…`?" when one of the known names resembles what was written.
    #[must_use]
    pub fn did_you_mean<'a>(self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match suggest(written, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Where the problem is: its first primary label.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.iter().find(|label| label.primary).map(|label| label.span)
    }
}

/// Orders diagnostics as they appear in the file; those without a place come first.
///
/// Problems at the same place keep the order in which they were found.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span().map(|span| (span.start, span.end)));
}

/// A piece of a plan as it can stand in a message: long ones are cut.
#[must_use]
pub fn shorten(text: &str) -> Cow<'_, str> {
    /// Characters that are kept.
    const KEPT: usize = 60;
    match text.char_indices().nth(KEPT) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}\u{2026}", text.get(..end).unwrap_or_default())),
    }
}

/// How many problems of each severity there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Problems that stop the compilation.
    pub errors: usize,
    /// Problems that do not.
    pub warnings: usize,
}

impl Counts {
    /// Counts a list of diagnostics.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        Self { errors, warnings: diagnostics.len() - errors }
    }
}

impl std::fmt::Display for Counts {
    /// `2 errors, 1 warning`; `no problems` when there are none.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let Self { errors, warnings } = *self;
        match (errors, warnings) {
            (0, 0) => write!(f, "no problems"),
            (_, 0) => write!(f, "{errors} error{}", plural(errors)),
            (0, _) => write!(f, "{warnings} warning{}", plural(warnings)),
            (_, _) => {
                write!(
                    f,
                    "{errors} error{}, {warnings} warning{}",
                    plural(errors),
                    plural(warnings)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_are_sorted_by_place_and_stay_in_order_at_one_place() {
        let at = |start, message: &str| {
            Diagnostic::new(Code::MissingComma, message).label(Span::new(start, start + 1), "")
        };
        let mut list = vec![
            at(9, "c"),
            at(2, "a"),
            at(9, "d"),
            Diagnostic::new(Code::EmptyDocument, "no place"),
            at(3, "b").also(Span::new(0, 1), "related"),
        ];
        sort(&mut list);
        let order: Vec<&str> = list.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(order, ["no place", "a", "b", "c", "d"]);
    }

    #[test]
    fn counts_are_worded_for_people() {
        let text = |errors, warnings| Counts { errors, warnings }.to_string();
        assert_eq!(text(2, 1), "2 errors, 1 warning");
        assert_eq!(text(1, 0), "1 error");
        assert_eq!(text(0, 3), "3 warnings");
        assert_eq!(text(0, 0), "no problems");
    }
}
