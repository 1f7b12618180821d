//! From nodes to values: the checks that hold for every object of a plan, driven by the
//! field tables.

use std::collections::{HashMap, HashSet};
use std::fmt::Arguments;

use ld_stdlib::template::Member;
use ld_stdlib::{Field, Shape, Span, Template, Tree, TreeKind};

use crate::Options;
use crate::diag::{Code, Diagnostic, Source, suggest};
use crate::files;
use crate::ir::{Const, Ir, Var};
use crate::json::{self, Kind, Node};
use crate::scope::Scope;
use crate::template;

/// What lowering a document carries along.
pub(crate) struct Lower<'l> {
    pub(crate) source: &'l Source,
    pub(crate) options: &'l Options<'l>,
    pub(crate) ir: Ir,
    pub(crate) scope: Scope,
    /// Off: texts are taken as written. Only tasks and targets have placeholders.
    pub(crate) expand: bool,
    /// Off: a variable that nothing can change stays a slot all the same.
    pub(crate) fold: bool,
    /// On: placeholders become text in Python's notation, whatever they stand for.
    pub(crate) pythonic: bool,
    /// Whether the run being lowered leaves the version of HTTP to servers.
    pub(crate) http2: bool,
    /// What the `connection` of the run being lowered says, with its place, as long as no task
    /// has asked for it.
    pub(crate) unheeded: Vec<(Span, String)>,
    /// How many names were compared in search of one that was meant.
    pub(crate) compared: usize,
    /// How many actions the one being lowered stands inside of.
    pub(crate) depth: u32,
    /// Its file and line, when that is another file than the plan's.
    pub(crate) place: Option<(String, u32)>,
    /// The files that contain it, beside the plan.
    pub(crate) inside: Vec<String>,
    /// What becomes of what is lowered.
    pub(crate) pass: Pass,
    /// How many variables of the compiler's own there are.
    pub(crate) hidden: usize,
    /// The variables that the run being lowered reads or sets.
    pub(crate) used: HashSet<usize>,
    var_index: HashMap<Var, usize>,
    problems: &'l mut Vec<Diagnostic>,
}

impl<'l> Lower<'l> {
    pub(crate) fn new(
        source: &'l Source,
        options: &'l Options<'l>,
        problems: &'l mut Vec<Diagnostic>,
    ) -> Self {
        Self {
            source,
            options,
            ir: Ir::default(),
            scope: Scope::default(),
            expand: false,
            fold: true,
            pythonic: options.strict_compat,
            http2: false,
            unheeded: Vec::new(),
            compared: 0,
            depth: 0,
            place: None,
            inside: Vec::new(),
            pass: Pass::Whole,
            hidden: 0,
            used: HashSet::new(),
            var_index: HashMap::new(),
            problems,
        }
    }

    /// The index of a variable among the document's.
    pub(crate) fn var(&mut self, var: Var) -> usize {
        let vars = &mut self.ir.vars;
        let index = *self.var_index.entry(var).or_insert_with_key(|var| {
            vars.push(var.clone());
            vars.len() - 1
        });
        self.used.insert(index);
        index
    }

    pub(crate) fn report(&mut self, problem: Diagnostic) {
        if self.pass != Pass::Told {
            self.problems.push(problem);
        }
    }

    /// The name of the file that paths are seen from.
    pub(crate) fn file(&self) -> &str {
        self.inside.last().map_or(self.source.name(), String::as_str)
    }

    /// A value as the plan writes it, placeholders included.
    pub(crate) fn as_written(&mut self, node: &Node<'_>) -> Option<Const> {
        let expand = std::mem::replace(&mut self.expand, false);
        let pass = std::mem::replace(&mut self.pass, Pass::Told);
        let tree = self.any(node);
        (self.expand, self.pass) = (expand, pass);
        constant(&tree?)
    }

    /// Lowers the members of an object whose fields stand in tables; see [`Self::members`].
    pub(crate) fn fields(
        &mut self,
        node: &Node<'_>,
        tables: &[&'static [Field]],
        owner: Arguments<'_>,
        unknown: Unknown,
    ) -> Vec<(&'static Field, Tree)> {
        let members = self.members(node, tables, owner, unknown);
        members
            .into_iter()
            .filter_map(|(field, value)| Some((field, self.field(field, value)?)))
            .collect()
    }

    /// Lowers the value of a field; reports what does not fit.
    pub(crate) fn field(&mut self, field: &'static Field, node: &Node<'_>) -> Option<Tree> {
        let mut tree = self.value(node, &field.shape, field.name)?;
        if field.is_path {
            files::locate(&mut tree, self);
        }
        Some(tree)
    }

    /// Matches the members of an object with the fields of tables. Unknown names are
    /// reported by `unknown`, required ones that are missing with `owner` ("an HTTP task").
    /// `null` is how other tools write "not given", so it counts as that.
    pub(crate) fn members<'n, 's>(
        &mut self,
        node: &'n Node<'s>,
        tables: &[&'static [Field]],
        owner: Arguments<'_>,
        unknown: Unknown,
    ) -> Vec<(&'static Field, &'n Node<'s>)> {
        self.members_besides(None, node, tables, owner, unknown)
    }

    /// The same for an object that has one more member, which is in no table.
    pub(crate) fn members_besides<'n, 's>(
        &mut self,
        apart: Option<&str>,
        node: &'n Node<'s>,
        tables: &[&'static [Field]],
        owner: Arguments<'_>,
        unknown: Unknown,
    ) -> Vec<(&'static Field, &'n Node<'s>)> {
        let mut found: Vec<(&'static Field, &'n Node<'s>)> = Vec::new();
        let mut misspelt = Vec::new();
        for member in node.as_object().unwrap_or_default() {
            let name: &str = &member.key.text;
            if apart == Some(name) {
                continue;
            }
            let Some(field) = tables.iter().find_map(|table| ld_stdlib::field::find(table, name))
            else {
                let names = tables.iter().flat_map(|table| table.iter().map(|field| field.name));
                let problem = unknown.diagnostic(name, member.key.span, owner);
                self.report(match suggest(name, names) {
                    Some(meant) => {
                        misspelt.push(meant);
                        let problem = problem.help(format!("did you mean `{meant}`?"));
                        // Where the name stands beside it, which of them counts is not for us to say.
                        match node.get(meant) {
                            None => problem.replace(member.key.span, meant),
                            Some(_) => problem,
                        }
                    }
                    None => problem,
                });
                continue;
            };
            if member.value.is_null() && !fits(&field.shape, &member.value) {
                continue;
            }
            if !field.ready {
                self.report(not_ready(field, member));
                continue;
            }
            match found.iter_mut().find(|(other, _)| other.name == field.name) {
                None => found.push((field, &member.value)),
                Some((_, earlier)) => {
                    // Of a name and its alias, the name counts.
                    let (unread, read) = if name == field.name {
                        (std::mem::replace(earlier, &member.value), &member.value)
                    } else {
                        (&member.value, *earlier)
                    };
                    let problem = Diagnostic::new(
                        Code::FieldWithoutEffect,
                        format!("`{}` is given twice, by its name and by another one", field.name),
                    )
                    .label(unread.span, "this one is not looked at")
                    .also(read.span, "this one counts");
                    self.report(problem);
                }
            }
        }
        for field in tables.iter().flat_map(|table| table.iter()).filter(|field| field.required) {
            let members = node.as_object().unwrap_or_default();
            let is_given = members.iter().any(|json::Member { key, value }| {
                field.is_called(&key.text) && (!value.is_null() || fits(&field.shape, value))
            });
            // A misspelt field is there; that it is misspelt has been said.
            if !is_given && !misspelt.contains(&field.name) {
                self.report(missing(field, node, owner, unknown));
            }
        }
        found
    }

    /// Lowers a value that must have a shape; reports what does not fit.
    pub(crate) fn value(&mut self, node: &Node<'_>, shape: &Shape, name: &str) -> Option<Tree> {
        if node.is_invalid() {
            return None;
        }
        let span: Span = node.span;
        let tree = |kind| Some(Tree { span, kind });
        match (shape, &node.kind) {
            (Shape::Either(shapes), _) => match shapes.iter().find(|shape| fits(shape, node)) {
                Some(shape) => self.value(node, shape, name),
                None => self.wrong_type(node, shape, name),
            },
            (Shape::Any, _) => self.any(node),
            (Shape::Written, Kind::Array(_)) => {
                self.value(node, &Shape::List(&Shape::Written), name)
            }
            (Shape::Written, Kind::Bool(_)) => self.value(node, &Shape::Text, name),
            (Shape::Written, _) => self.any(node),
            (Shape::Null, Kind::Null) => tree(TreeKind::Null),
            (Shape::Null, _) => self.not_built(node, format!("`{name}`")),
            (Shape::Later(_), Kind::String(text)) => {
                self.not_built(node, format!("`{text}` as `{name}`"))
            }
            (Shape::Later(_), Kind::Number(number)) => {
                self.not_built(node, format!("`{}` as `{name}`", number.text()))
            }
            (Shape::Bool, Kind::Bool(flag)) => tree(TreeKind::Bool(*flag)),
            (Shape::Text, Kind::Bool(flag)) if self.pythonic => {
                tree(TreeKind::Text(Template::text(if *flag { "True" } else { "False" })))
            }
            (Shape::Text, Kind::String(_) | Kind::Number(_) | Kind::Bool(_)) => self.any(node),
            (Shape::StartText, Kind::String(text)) => {
                tree(TreeKind::Text(Template::text(text.as_bytes())))
            }
            (Shape::ConstantText, Kind::String(text)) => self.constant_text(node, text, name),
            (Shape::OpenChoice(words), Kind::String(text))
                if is_own_word(text) && !words.iter().any(|w| w.eq_ignore_ascii_case(text)) =>
            {
                tree(TreeKind::Text(Template::text(text.as_bytes())))
            }
            (Shape::Choice(words) | Shape::OpenChoice(words), Kind::String(text)) => {
                self.choice(node, text, words, name)
            }
            (Shape::Choice(words), Kind::Number(number)) if has_numbers(words) => {
                self.choice(node, &number.text(), words, name)
            }
            (Shape::Number { min, max }, _) => {
                let number = number_of(node);
                match number {
                    Some(number) if (*min..=*max).contains(&number) => match whole(number) {
                        Some(whole) => tree(TreeKind::Int(whole)),
                        None => tree(TreeKind::Float(number)),
                    },
                    Some(number) if number < *min => {
                        self.out_of_range(node, name, format!("at least {min}"))
                    }
                    Some(_) => self.out_of_range(node, name, format!("at most {max}")),
                    None => self.wrong_type(node, shape, name),
                }
            }
            (Shape::Integer { min, max }, _) => match number_of(node).and_then(whole) {
                Some(number) if (*min..=*max).contains(&number) => tree(TreeKind::Int(number)),
                Some(number) if number < *min => {
                    self.out_of_range(node, name, format!("at least {min}"))
                }
                Some(_) => self.out_of_range(node, name, format!("at most {max}")),
                None => self.wrong_type(node, shape, name),
            },
            (Shape::List(item), Kind::Array(items)) => {
                let items = items.iter().enumerate();
                let items =
                    items.filter_map(|(at, node)| self.value(node, item, &format!("{name}[{at}]")));
                let items = items.collect();
                tree(TreeKind::List(items))
            }
            (Shape::Map(value), Kind::Object(members)) => {
                let members = members.iter().filter_map(|member| {
                    self.unfilled(&member.key.text, member.key.span);
                    let tree = self.value(&member.value, value, &member.key.text)?;
                    Some(named(member, tree))
                });
                let members = members.collect();
                tree(TreeKind::Map(members))
            }
            (Shape::Object(fields), Kind::Object(_)) => {
                let owner = format_args!("`{name}`");
                let members = self.fields(node, &[fields], owner, Unknown::Field).into_iter().map(
                    |(field, value)| Member {
                        name: field.name.to_owned(),
                        name_span: value.span,
                        value,
                    },
                );
                tree(TreeKind::Map(members.collect()))
            }
            _ => self.wrong_type(node, shape, name),
        }
    }

    /// Lowers any value.
    fn any(&mut self, node: &Node<'_>) -> Option<Tree> {
        let kind = match &node.kind {
            Kind::Invalid => return None,
            Kind::Null => TreeKind::Null,
            Kind::Bool(flag) => TreeKind::Bool(*flag),
            Kind::Number(number) => match number.as_i64() {
                Some(whole) if number.is_integer() => TreeKind::Int(whole),
                _ if number.is_integer() => TreeKind::Json(number.text().into_owned()),
                _ => TreeKind::Float(number.as_f64()),
            },
            Kind::String(text) => self.text(text, node.span),
            Kind::Array(items) => {
                TreeKind::List(items.iter().filter_map(|item| self.any(item)).collect())
            }
            Kind::Object(members) => {
                let members = members.iter().filter_map(|member| {
                    self.unfilled(&member.key.text, member.key.span);
                    Some(named(member, self.any(&member.value)?))
                });
                TreeKind::Map(members.collect())
            }
        };
        Some(Tree { span: node.span, kind })
    }

    fn constant_text(&mut self, node: &Node<'_>, text: &str, name: &str) -> Option<Tree> {
        let fold = std::mem::replace(&mut self.fold, true);
        let kind = self.text(text, node.span);
        self.fold = fold;
        let tree = Tree { span: node.span, kind };
        if tree.to_text().constant().is_some() {
            return Some(tree);
        }
        let problem = Diagnostic::new(
            Code::WrongType,
            format!("`{name}` must be known before the run starts"),
        )
        .label(node.span, "this is known only while it runs")
        .help("write the value itself, or a variable that no task extracts");
        self.report(problem);
        None
    }

    fn choice(
        &mut self,
        node: &Node<'_>,
        text: &str,
        words: &[&'static str],
        name: &str,
    ) -> Option<Tree> {
        if let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            let kind = TreeKind::Text(Template::text(word));
            return Some(Tree { span: node.span, kind });
        }
        let code = if name == "method" { Code::UnknownMethod } else { Code::UnknownValue };
        let problem = Diagnostic::new(code, format!("`{text}` is not a value of `{name}`"))
            .label(node.span, format!("known: {}", words.join(", ")))
            .did_you_mean(text, words.iter().copied());
        self.report(match suggest(text, words.iter().copied()) {
            // A method that is the key of its task stands without quotes around it.
            Some(meant) if self.source.slice(node.span).starts_with('"') => {
                problem.replace(node.span, format!("\"{meant}\""))
            }
            _ => problem,
        });
        None
    }

    /// Reports what the language knows and this build does not.
    fn not_built(&mut self, node: &Node<'_>, what: String) -> Option<Tree> {
        let problem =
            Diagnostic::new(Code::FieldNotBuilt, format!("this build cannot carry out {what} yet"))
                .label(node.span, "the language has it, this build does not")
                .help("remove it, or use a build that can");
        self.report(problem);
        None
    }

    pub(crate) fn wrong_type(
        &mut self,
        node: &Node<'_>,
        shape: &Shape,
        name: &str,
    ) -> Option<Tree> {
        let words = shape.words();
        let written = match &node.kind {
            // A number where another kind of number belongs.
            Kind::Number(number) if number_of(node).is_some() => number.text(),
            _ => node.type_name().into(),
        };
        let problem =
            Diagnostic::new(Code::WrongType, format!("`{name}` must be {words}, not {written}"))
                .label(node.span, format!("expected {words}"));
        let is_placeholder = node.as_str().is_some_and(template::has_placeholder);
        self.report(if is_placeholder {
            problem.note("a placeholder cannot stand for this")
        } else {
            problem
        });
        None
    }

    fn out_of_range(&mut self, node: &Node<'_>, name: &str, expected: String) -> Option<Tree> {
        let problem = Diagnostic::new(Code::OutOfRange, format!("`{name}` is out of range"))
            .label(node.span, format!("expected {expected}"));
        self.report(problem);
        None
    }
}

/// What becomes of what is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Its problems are told, and it becomes part of the program.
    Whole,
    /// Its problems are told, and that is all.
    Rehearsal,
    /// Its problems have been told, and it becomes part of the program.
    Told,
}

/// What to say about a name that is in no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// A field of a task or of an object in one: an error.
    Field,
    /// An argument of a command: an error.
    Argument,
    /// An argument of `LD_start_test`, which takes others for compatibility: a warning.
    Ignored,
}

impl Unknown {
    fn diagnostic(self, name: &str, span: crate::diag::Span, owner: Arguments<'_>) -> Diagnostic {
        match self {
            Self::Field => {
                Diagnostic::new(Code::UnknownField, format!("unknown field `{name}` in {owner}"))
                    .label(span, format!("{owner} has no such field"))
            }
            Self::Argument => Diagnostic::new(
                Code::UnknownArgument,
                format!("unknown argument `{name}` for {owner}"),
            )
            .label(span, format!("{owner} takes no such argument")),
            Self::Ignored => {
                let mut problem = Diagnostic::new(
                    Code::UnknownArgument,
                    format!("unknown argument `{name}` for {owner}"),
                )
                .label(span, "this has no effect");
                problem.severity = crate::diag::Severity::Warning;
                problem
            }
        }
    }
}

fn named(member: &json::Member<'_>, value: Tree) -> Member {
    Member { name: member.key.text.clone().into_owned(), name_span: member.key.span, value }
}

fn not_ready(field: &Field, member: &json::Member<'_>) -> Diagnostic {
    Diagnostic::new(
        Code::FieldNotBuilt,
        format!("this build cannot carry out `{}` yet", field.name),
    )
    .label(member.key.span, field.doc)
    .help("remove it, or use a build that can")
}

fn missing(field: &Field, node: &Node<'_>, owner: Arguments<'_>, unknown: Unknown) -> Diagnostic {
    let code = match (unknown, field.name) {
        (Unknown::Argument | Unknown::Ignored, _) => Code::MissingArgument,
        (Unknown::Field, "request_url") => Code::MissingUrl,
        (Unknown::Field, "method") => Code::MissingMethod,
        (Unknown::Field, _) => Code::MissingField,
    };
    let problem = Diagnostic::new(code, format!("{owner} needs `{}`", field.name))
        .label(node.span, format!("no `{}` here", field.name));
    problem.help(format!("add `\"{}\": {}`", field.name, field.example))
}

/// Whether a text can stand for itself where a choice is open: a token with a capital letter.
fn is_own_word(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    text.bytes().any(|byte| byte.is_ascii_uppercase()) && text.bytes().all(token)
}

/// Whether a node looks like a shape, as far as the outside goes: decides which of several
/// shapes is meant.
fn fits(shape: &Shape, node: &Node<'_>) -> bool {
    match (shape, &node.kind) {
        (Shape::Any | Shape::Written, _)
        | (Shape::Null, Kind::Null)
        | (Shape::Bool, Kind::Bool(_))
        | (Shape::Text, Kind::String(_) | Kind::Number(_) | Kind::Bool(_))
        | (
            Shape::ConstantText | Shape::StartText | Shape::Choice(_) | Shape::OpenChoice(_),
            Kind::String(_),
        )
        | (Shape::List(_), Kind::Array(_))
        | (Shape::Map(_) | Shape::Object(_), Kind::Object(_)) => true,
        (Shape::Later(words), Kind::String(text)) => {
            words.iter().any(|word| word.eq_ignore_ascii_case(text))
        }
        (Shape::Later(words), Kind::Number(number)) => words.contains(&&*number.text()),
        (Shape::Choice(words), Kind::Number(_)) => has_numbers(words),
        (Shape::Number { .. }, _) => number_of(node).is_some(),
        (Shape::Integer { .. }, _) => number_of(node).and_then(whole).is_some(),
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| fits(shape, node)),
        _ => false,
    }
}

/// Whether words are numbers too, such as versions, and may be written without quotes.
fn has_numbers(words: &[&str]) -> bool {
    words.iter().any(|word| word.parse::<f64>().is_ok())
}

/// A number, or text that is one: the reference converts such text.
fn number_of(node: &Node<'_>) -> Option<f64> {
    let number = match &node.kind {
        Kind::Number(number) => number.as_f64(),
        Kind::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// The value of a tree without slots.
pub(crate) fn constant(tree: &Tree) -> Option<Const> {
    Some(match &tree.kind {
        TreeKind::Null => Const::Null,
        TreeKind::Bool(flag) => Const::Bool(*flag),
        TreeKind::Int(number) => Const::Int(*number),
        TreeKind::Float(number) => Const::Float(*number),
        TreeKind::Json(text) => Const::Json(text.clone().into_bytes()),
        TreeKind::Text(template) => Const::Text(template.constant()?),
        TreeKind::List(_) | TreeKind::Map(_) => Const::Json(tree.to_json().constant()?),
    })
}
