//! How loud each lint is: as its row says, as the plan's metadata says, as the call says.

use std::collections::HashMap;

use super::{LINTS, Lint, find};
use crate::diag::{Code, Diagnostic, Severity};
use crate::json::Node;

/// How loud a lint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It says nothing.
    Off,
    /// It warns.
    Warning,
    /// It stops the compilation.
    Error,
}

impl Level {
    /// The words for levels in plans.
    const WORDS: [&'static str; 3] = ["off", "warning", "error"];

    fn of(word: &str) -> Option<Self> {
        match word {
            "off" | "allow" => Some(Self::Off),
            "warning" | "warn" => Some(Self::Warning),
            "error" | "deny" => Some(Self::Error),
            _ => None,
        }
    }
}

/// The levels in force for one plan.
pub(crate) struct Levels(HashMap<Code, Level>);

impl Levels {
    /// Reads what the metadata of a document says; what the call says goes before it.
    pub(crate) fn new(
        root: &Node<'_>,
        call: &[(Code, Level)],
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut levels = Self(HashMap::new());
        let metadata = root.get("load_density").and_then(|_| root.get("metadata"));
        if let Some(metadata) = metadata {
            levels.read(&metadata.value, problems);
        }
        levels.0.extend(call.iter().copied());
        levels
    }

    pub(super) fn of(&self, lint: &Lint) -> Level {
        self.0.get(&lint.code).copied().unwrap_or(lint.level)
    }

    /// Gives what was found the severity it shall have.
    pub(crate) fn apply(&self, problems: &mut Vec<Diagnostic>) {
        problems.retain_mut(|problem| {
            let lint = LINTS.iter().find(|lint| lint.code == problem.code);
            let Some(lint) = lint.filter(|_| problem.severity == Severity::Warning) else {
                return true;
            };
            match self.of(lint) {
                Level::Off => return false,
                Level::Warning => {}
                Level::Error => problem.severity = Severity::Error,
            }
            true
        });
    }

    fn read(&mut self, metadata: &Node<'_>, problems: &mut Vec<Diagnostic>) {
        let member = |name: &str| metadata.get(name).map(|member| &member.value);
        let given = |name: &str| member(name).filter(|node| !node.is_null() && !node.is_invalid());
        if let Some(lints) = given("lints") {
            match lints.as_object() {
                Some(members) => {
                    for member in members {
                        let Some(code) = known(&member.key.text, member.key.span, problems) else {
                            continue;
                        };
                        match member.value.as_str().and_then(Level::of) {
                            Some(level) => drop(self.0.insert(code, level)),
                            None if member.value.is_invalid() => {}
                            None => {
                                let message = format!("`{}` has no such level", member.key.text);
                                let problem = Diagnostic::new(Code::UnknownValue, message).label(
                                    member.value.span,
                                    format!("known: {}", Level::WORDS.join(", ")),
                                );
                                problems.push(problem);
                            }
                        }
                    }
                }
                None => {
                    problems.push(wrong(lints, "lints", "an object", r#"{"body-on-get": "off"}"#))
                }
            }
        }
        if let Some(allow) = given("allow") {
            match allow.as_array() {
                Some(items) => {
                    for item in items.iter().filter(|item| !item.is_invalid()) {
                        let Some(name) = item.as_str() else {
                            problems.push(wrong(
                                item,
                                "allow",
                                "a list of texts",
                                r#"["body-on-get"]"#,
                            ));
                            continue;
                        };
                        if let Some(code) = known(name, item.span, problems) {
                            self.0.insert(code, Level::Off);
                        }
                    }
                }
                None => problems.push(wrong(allow, "allow", "a list", r#"["body-on-get"]"#)),
            }
        }
    }
}

fn wrong(node: &Node<'_>, name: &str, words: &str, example: &str) -> Diagnostic {
    let message = format!("`{name}` must be {words}, not {}", node.type_name());
    Diagnostic::new(Code::WrongType, message)
        .label(node.span, format!("expected {words}"))
        .help(format!("for example `\"{name}\": {example}`"))
}

fn known(name: &str, span: crate::diag::Span, problems: &mut Vec<Diagnostic>) -> Option<Code> {
    let found = find(name);
    if found.is_none() {
        let problem = Diagnostic::new(Code::UnknownLint, format!("there is no lint `{name}`"))
            .label(span, "this changes nothing")
            .did_you_mean(name, LINTS.iter().map(|lint| lint.name));
        problems.push(problem);
    }
    found.map(|lint| lint.code)
}
