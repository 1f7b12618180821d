//! Tasks: one request with its checks, extracts and pause.

use std::fmt::Arguments;

use ld_stdlib::assertions::{self, ASSERTIONS};
use ld_stdlib::blocks::STEP_FIELDS;
use ld_stdlib::extractors::{self, ENTRY_FIELDS, EXTRACTORS};
use ld_stdlib::protocols::{Problem, ProblemKind, Protocol, Task as Fields};
use ld_stdlib::scenario::{TASK_FIELDS, USER};
use ld_stdlib::template::Member;
use ld_stdlib::{Field, Shape, Span, Template, Tree, TreeKind};
use ld_vm::{FaultClass, Needs, Value};

use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::ir::{Check, Const, Extract, Operand, Task, Var};
use crate::json::{Key, Kind, Node};
use crate::lower::{Lower, Unknown, constant};
use crate::optimise;
use crate::retry;
use crate::scenario::{self, pause};
use crate::steps::Context;
use crate::throttle;

/// Lowers a task; `method` is its key where tasks are written by method.
pub(crate) fn lower(
    node: &Node<'_>,
    method: Option<&Key<'_>>,
    context: Context<'_>,
    lower: &mut Lower<'_>,
) -> Option<Task> {
    if node.is_invalid() {
        return None;
    }
    let Kind::Object(_) = node.kind else {
        let problem = Diagnostic::new(
            Code::WrongType,
            format!("a task is an object, not {}", node.type_name()),
        )
        .label(node.span, "expected a task");
        lower.report(problem);
        return None;
    };
    let filled;
    let node = match method {
        Some(key) if node.get("method").is_none() => {
            filled = with_method(node, key);
            &filled
        }
        _ => node,
    };
    let Context { protocol, user, common } = of_task(node, context, lower)?;
    let connected = common.connection.fill(node, protocol, lower);
    let node = connected.as_ref().unwrap_or(node);
    let owner = format_args!("{} {} task", article(protocol.title), protocol.title);
    let tables = &[TASK_FIELDS, protocol.fields];
    let members = lower.members(node, tables, owner, Unknown::Field);
    // Fields of every step have been looked at, and so has the user type.
    let is_known = |field: &Field| {
        field.name == USER.name || STEP_FIELDS.iter().any(|step| step.name == field.name)
    };
    let members = members.into_iter().filter(|(field, _)| !is_known(field));
    let fields: Vec<(&'static Field, Tree)> =
        members.filter_map(|(field, value)| Some((field, lower.field(field, value)?))).collect();
    let field =
        |name: &str| fields.iter().find(|(field, _)| field.name == name).map(|(_, tree)| tree);
    let is_common = |field: &Field| TASK_FIELDS.iter().any(|common| common.name == field.name);
    let task = Fields {
        user,
        span: node.span,
        fields: fields
            .iter()
            .filter(|(field, _)| !is_common(field))
            .map(|(field, tree)| (field.name, tree))
            .collect(),
        host: common.host,
        http2: lower.http2,
    };

    let mut checks = checks(field("assertions"), protocol, lower);
    // What is only counted decides nothing, so it is no word on which replies are good.
    let asks_status =
        checks.iter().any(|check| !check.soft && check.assertion.needs.contains(Needs::STATUS));
    if let (false, Some(name)) = (asks_status, protocol.default_check)
        && let Some(assertion) = assertions::find(name)
    {
        let check =
            Check { span: node.span, assertion, operands: Vec::new(), soft: false, secret: false };
        checks.insert(0, check);
    }
    let extracts = extracts(field("extract"), protocol, lower);

    let missing_required = protocol
        .fields
        .iter()
        .any(|f| f.required && !fields.iter().any(|(field, _)| field.name == f.name));
    if missing_required {
        // Said already, and the request cannot be prepared without.
        return None;
    }
    let request = match (protocol.prepare)(&task) {
        Ok(mut request) => {
            for note in request.notes.drain(..) {
                lower.report(diagnostic(note));
            }
            request
        }
        Err(problems) => {
            for problem in problems {
                lower.report(diagnostic(problem));
            }
            return None;
        }
    };
    // What only stands for the status is not needed where the plan says what it is to be.
    let brought = request.check.and_then(assertions::find);
    let brought = brought.filter(|own| !(asks_status && own.class == FaultClass::Status));
    if let Some(assertion) = brought {
        let check =
            Check { span: node.span, assertion, operands: Vec::new(), soft: false, secret: false };
        // After the status, before what the plan asks.
        checks.insert(checks.iter().take_while(|check| check.assertion.internal).count(), check);
    }
    let name = field("name").map(Tree::to_text).filter(|name| !name.is_empty());
    let mut task = Task {
        span: node.span,
        protocol,
        user,
        name: name.unwrap_or_else(|| request.name.clone()),
        request,
        checks,
        extracts,
        think: field("think_time").and_then(|tree| pause(tree, lower)),
        throttles: throttle::throttles(field("throttle"), field("name"), lower),
        retry: field("retry").and_then(|tree| retry::retry(tree, protocol)),
    };
    if lower.options.optimise {
        optimise::task(&mut task);
    }
    Some(task)
}

/// What holds for a task: its scenario's say, or that of the user type it names.
fn of_task<'c>(
    node: &Node<'_>,
    context: Context<'c>,
    lower: &mut Lower<'_>,
) -> Option<Context<'c>> {
    let Some(member) = node.get(USER.name).filter(|member| !member.value.is_null()) else {
        return Some(context);
    };
    let written = lower.value(&member.value, &USER.shape, USER.name)?;
    let (protocol, user) = scenario::user(Some(&written), member.value.span, lower)?;
    Some(Context { protocol, user, ..context })
}

fn article(title: &str) -> &'static str {
    // Titles are names that are spelled out (HTTP) or spoken (WebSocket).
    let vowel = title.starts_with(['A', 'E', 'F', 'H', 'I', 'L', 'M', 'N', 'O', 'R', 'S', 'X'])
        && title.chars().take(2).all(char::is_uppercase);
    if vowel { "an" } else { "a" }
}

/// A task written under its method.
fn with_method<'s>(node: &Node<'s>, key: &Key<'s>) -> Node<'s> {
    let mut node = node.clone();
    if let Kind::Object(members) = &mut node.kind {
        let name = Key { text: "method".into(), span: key.span };
        let value = Node { span: key.span, kind: Kind::String(key.text.clone()) };
        members.push(crate::json::Member { key: name, value });
    }
    node
}

fn diagnostic(problem: Problem) -> Diagnostic {
    let code = match problem.kind {
        ProblemKind::Missing => Code::MissingField,
        ProblemKind::NoEffect => Code::FieldWithoutEffect,
        ProblemKind::Value => Code::BadUrl,
        ProblemKind::NotYet => Code::FieldNotBuilt,
    };
    let diagnostic = Diagnostic::new(code, problem.message).label(problem.span, problem.label);
    if problem.help.is_empty() { diagnostic } else { diagnostic.help(problem.help) }
}

fn checks(list: Option<&Tree>, protocol: &Protocol, lower: &mut Lower<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for (entry, members) in entries(list) {
        let names = || ASSERTIONS.iter().filter(|row| !row.internal).map(|row| row.name);
        let Some((kind, name)) = kind(entry, members, "type", "an assertion", lower) else {
            continue;
        };
        let Some(assertion) = assertions::find(&name).filter(|row| !row.internal) else {
            let problem =
                Diagnostic::new(Code::UnknownAssertion, format!("unknown assertion `{name}`"))
                    .label(kind.span, format!("known: {}", names().collect::<Vec<_>>().join(", ")))
                    .did_you_mean(&name, names());
            lower.report(problem);
            continue;
        };
        if offers(protocol, assertion.needs, &name, Code::UnknownAssertion, kind.span, lower) {
            let owner = format_args!("`{name}`");
            let operands =
                operands(entry, members, assertion.fields, &["soft", "type"], owner, lower);
            let soft = flag(members, "soft", lower);
            let Some(operands) = operands else {
                continue;
            };
            if let Err(why) = (assertion.prepare)(&values(&operands)) {
                let problem =
                    Diagnostic::new(Code::OutOfRange, format!("`{name}` cannot hold: {why}"))
                        .label(place(entry, members, assertion.fields), "in this assertion");
                lower.report(problem);
                continue;
            }
            checks.push(Check { span: entry.span, assertion, operands, soft, secret: false });
        }
    }
    checks
}

fn extracts(list: Option<&Tree>, protocol: &Protocol, lower: &mut Lower<'_>) -> Vec<Extract> {
    let mut extracts = Vec::new();
    for (entry, members) in entries(list) {
        let member = |name: &str| members.iter().find(|member| member.name == name);
        let from = member("from").map(|member| &member.value);
        let name = match from.map(|tree| (tree, text(tree))) {
            None => extractors::DEFAULT.to_owned(),
            Some((_, Some(name))) => name,
            Some((tree, None)) => {
                lower.report(not_text("from", tree.span));
                continue;
            }
        };
        let Some(extractor) = extractors::find(&name) else {
            let names = || EXTRACTORS.iter().map(|row| row.name);
            let span = from.map_or(entry.span, |tree| tree.span);
            let problem = Diagnostic::new(
                Code::UnknownExtractor,
                format!("nothing is extracted from `{name}`"),
            )
            .label(span, format!("known: {}", names().collect::<Vec<_>>().join(", ")))
            .did_you_mean(&name, names());
            lower.report(problem);
            continue;
        };
        let variable = match member("var").map(|member| (text(&member.value), &member.value)) {
            Some((Some(variable), value)) if !variable.is_empty() => (variable, value.span),
            Some((None, value)) => {
                lower.report(not_text("var", value.span));
                continue;
            }
            _ => {
                let problem = Diagnostic::new(Code::MissingField, "an extract needs `var`")
                    .label(entry.span, "no variable to put the value in")
                    .help(r#"add `"var": "token"`"#);
                lower.report(problem);
                continue;
            }
        };
        let session = member("scope").is_some_and(|member| is_session(&member.value, lower));
        let span = from.map_or(entry.span, |tree| tree.span);
        for field in ENTRY_FIELDS.iter().filter(|field| !field.ready) {
            if let Some(member) = member(field.name) {
                let message = format!("this build cannot carry out `{}` yet", field.name);
                let problem = Diagnostic::new(Code::FieldNotBuilt, message)
                    .label(member.name_span, field.doc);
                lower.report(problem);
            }
        }
        if offers(protocol, extractor.needs, &name, Code::UnknownExtractor, span, lower) {
            let common = ENTRY_FIELDS.iter().map(|field| field.name).collect::<Vec<_>>();
            let owner = format_args!("an extract");
            let operands = operands(entry, members, extractor.fields, &common, owner, lower);
            let operands = operands.filter(|operands| {
                let prepared = (extractor.prepare)(&values(operands));
                if let Err(why) = &prepared {
                    let message = format!("`{name}` cannot find anything: {why}");
                    let problem = Diagnostic::new(Code::OutOfRange, message)
                        .label(place(entry, members, extractor.fields), "in this extract");
                    lower.report(problem);
                }
                prepared.is_ok()
            });
            let default = members.iter().find(|member| member.name == "default");
            let required = flag(members, "required", lower);
            let default = default
                .and_then(|member| known(member, lower))
                .filter(|default| !(required && *default == Const::Null));
            let (name, var_span) = variable;
            let var = lower.var(Var { name, session });
            let span = entry.span;
            extracts.extend(operands.map(|operands| Extract {
                span,
                extractor,
                var,
                var_span,
                operands,
                default,
                required,
                secret: false,
            }));
        }
    }
    extracts
}

/// Whether a member that is `true` or `false` is there and `true`.
fn flag(members: &[Member], name: &str, lower: &mut Lower<'_>) -> bool {
    let Some(member) = members.iter().find(|member| member.name == name) else {
        return false;
    };
    if !matches!(member.value.kind, TreeKind::Bool(_) | TreeKind::Null) {
        let problem = Diagnostic::new(Code::WrongType, format!("`{name}` must be true or false"))
            .label(member.value.span, "expected true or false");
        lower.report(problem);
    }
    matches!(member.value.kind, TreeKind::Bool(true))
}

/// The value of a member that has to be known before the run.
fn known(member: &Member, lower: &mut Lower<'_>) -> Option<Const> {
    let value = constant(&member.value);
    if value.is_none() {
        let message = format!("`{}` must be known before the run starts", member.name);
        let problem = Diagnostic::new(Code::WrongType, message)
            .label(member.value.span, "this is known only while it runs");
        lower.report(problem);
    }
    value
}

/// Where the fields of an entry are wrong together: at the only one that is given, or somewhere
/// in the entry.
fn place(entry: &Tree, members: &[Member], fields: &[Field]) -> Span {
    let is_field = |member: &&Member| fields.iter().any(|field| field.is_called(&member.name));
    let mut given = members.iter().filter(is_field);
    match (given.next(), given.next()) {
        (Some(member), None) => member.value.span,
        _ => entry.span,
    }
}

/// The objects of a list of assertions or extracts.
fn entries(list: Option<&Tree>) -> impl Iterator<Item = (&Tree, &[Member])> {
    let items = match list.map(|tree| &tree.kind) {
        Some(TreeKind::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(|item| match &item.kind {
        TreeKind::Map(members) => Some((item, members.as_slice())),
        _ => None,
    })
}

/// Whether the `scope` of an extract is the session.
fn is_session(scope: &Tree, lower: &mut Lower<'_>) -> bool {
    let known = match ld_stdlib::field::find(ENTRY_FIELDS, "scope").map(|field| &field.shape) {
        Some(Shape::Choice(words)) => *words,
        _ => &[],
    };
    let Some(written) = text(scope) else {
        lower.report(not_text("scope", scope.span));
        return false;
    };
    is_word(&written, known, "scope", scope.span, lower);
    written.eq_ignore_ascii_case("session")
}

fn text(tree: &Tree) -> Option<String> {
    let TreeKind::Text(template) = &tree.kind else {
        return None;
    };
    String::from_utf8(template.constant()?).ok()
}

fn not_text(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongType, format!("`{name}` must be text without placeholders"))
        .label(span, "expected text without placeholders")
}

/// The member that says what kind of entry this is.
fn kind<'t>(
    entry: &Tree,
    members: &'t [Member],
    field: &str,
    owner: &str,
    lower: &mut Lower<'_>,
) -> Option<(&'t Tree, String)> {
    let Some(member) = members.iter().find(|member| member.name == field) else {
        let problem = Diagnostic::new(Code::MissingField, format!("{owner} needs `{field}`"))
            .label(entry.span, format!("no `{field}` here"));
        lower.report(problem);
        return None;
    };
    let name = text(&member.value);
    if name.is_none() {
        lower.report(not_text(field, member.value.span));
    }
    Some((&member.value, name?))
}

/// Whether a protocol's replies have what a check or extract reads.
fn offers(
    protocol: &Protocol,
    needs: Needs,
    name: &str,
    code: Code,
    span: Span,
    lower: &mut Lower<'_>,
) -> bool {
    if protocol.offers.contains(needs) {
        return true;
    }
    let lacking = Needs::NAMED
        .iter()
        .filter(|(need, _)| needs.contains(*need) && !protocol.offers.contains(*need))
        .map(|(_, word)| *word);
    let lacking = lacking.collect::<Vec<_>>().join(" and no ");
    let message =
        format!("`{name}` cannot be used here: a {} reply has no {lacking}", protocol.title);
    let problem = Diagnostic::new(code, message).label(span, "there is nothing for it to read");
    lower.report(problem);
    false
}

/// The operands of a check or extract, in the order of its fields.
fn operands(
    entry: &Tree,
    members: &[Member],
    fields: &'static [Field],
    common: &[&str],
    owner: Arguments<'_>,
    lower: &mut Lower<'_>,
) -> Option<Vec<Operand>> {
    let mut complete = true;
    for member in members {
        let name = member.name.as_str();
        if !common.contains(&name) && ld_stdlib::field::find(fields, name).is_none() {
            let known = fields.iter().map(|field| field.name).chain(common.iter().copied());
            let problem =
                Diagnostic::new(Code::UnknownField, format!("unknown field `{name}` in {owner}"))
                    .label(member.name_span, format!("{owner} has no such field"))
                    .did_you_mean(name, known);
            lower.report(problem);
            complete = false;
        }
    }
    let mut operands = Vec::new();
    for field in fields {
        let member = members.iter().find(|member| field.is_called(&member.name));
        match member {
            None | Some(Member { value: Tree { kind: TreeKind::Null, .. }, .. })
                if field.required =>
            {
                let message = format!("{owner} needs `{}`", field.name);
                let problem = Diagnostic::new(Code::MissingField, message)
                    .label(entry.span, format!("no `{}` here", field.name))
                    .help(format!("add `\"{}\": {}`", field.name, field.example));
                lower.report(problem);
                complete = false;
            }
            None => operands.push(Operand::Const(Const::Null)),
            Some(member) if !accepts(&field.shape, &member.value) => {
                let problem = Diagnostic::new(
                    Code::WrongType,
                    format!("`{}` of {owner} must be {}", field.name, field.shape.words()),
                )
                .label(member.value.span, format!("expected {}", field.shape.words()));
                lower.report(problem);
                complete = false;
            }
            Some(member) => {
                if let Some(better) = text(&member.value).and_then(|text| (field.advice)(&text)) {
                    let message = format!("`{}` of {owner} is not written like this", field.name);
                    let problem = Diagnostic::new(Code::ForeignNotation, message)
                        .label(member.value.span, "most likely this finds nothing")
                        .help(format!("write `\"{better}\"`"))
                        .replace(member.value.span, serde_json::Value::from(better).to_string());
                    lower.report(problem);
                }
                if let (Shape::Choice(words), Some(written)) = (&field.shape, text(&member.value)) {
                    complete &= is_word(&written, words, field.name, member.value.span, lower);
                }
                if field.is_file {
                    let content = files::content(&member.value, lower);
                    complete &= content.is_some();
                    operands.extend(content.map(|text| Operand::Const(Const::Text(text))));
                } else {
                    operands.push(operand(&member.value));
                }
            }
        }
    }
    // What is absent at the end need not be handed over.
    while let Some(Operand::Const(Const::Null)) = operands.last() {
        operands.pop();
    }
    complete.then_some(operands)
}

/// Whether what is written is one of the words of a field.
fn is_word(
    written: &str,
    words: &[&'static str],
    field: &str,
    span: Span,
    lower: &mut Lower<'_>,
) -> bool {
    let is_known = words.iter().any(|word| word.eq_ignore_ascii_case(written));
    if !is_known {
        let message = format!("`{written}` is not a value of `{field}`");
        let problem = Diagnostic::new(Code::UnknownValue, message)
            .label(span, format!("known: {}", words.join(", ")))
            .did_you_mean(written, words.iter().copied());
        lower.report(problem);
    }
    is_known
}

/// Whether a value that is lowered already has a shape. What placeholders stand for is
/// known only at run time, so a text with slots has any.
fn accepts(shape: &Shape, tree: &Tree) -> bool {
    let numeric = |tree: &Tree| match &tree.kind {
        TreeKind::Int(_) | TreeKind::Float(_) => true,
        TreeKind::Text(template) => template.constant().is_none_or(|text| {
            std::str::from_utf8(&text).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
        }),
        _ => false,
    };
    match shape {
        Shape::Any | Shape::Written => true,
        Shape::Either(shapes) => shapes.iter().any(|shape| accepts(shape, tree)),
        Shape::Integer { .. } | Shape::Number { .. } => numeric(tree),
        Shape::Text => !matches!(tree.kind, TreeKind::Null | TreeKind::List(_) | TreeKind::Map(_)),
        Shape::ConstantText | Shape::StartText | Shape::Choice(_) | Shape::OpenChoice(_) => {
            text(tree).is_some()
        }
        Shape::Bool => matches!(tree.kind, TreeKind::Bool(_)),
        Shape::Null => tree.kind == TreeKind::Null,
        Shape::Later(_) => false,
        Shape::List(_) => matches!(tree.kind, TreeKind::List(_)),
        Shape::Map(_) | Shape::Object(_) => matches!(tree.kind, TreeKind::Map(_)),
    }
}

/// The operands' values as far as they are known.
fn values(operands: &[Operand]) -> Vec<Value<'_>> {
    let values = operands.iter().map(|operand| match operand {
        Operand::Const(constant) => constant.value(),
        Operand::Slot(_) | Operand::Text(_) | Operand::Json(_) => Value::Unset,
    });
    values.collect()
}

fn operand(tree: &Tree) -> Operand {
    if let Some(constant) = constant(tree) {
        return Operand::Const(constant);
    }
    match &tree.kind {
        TreeKind::Text(template) => match template.single_slot() {
            Some(slot) => Operand::Slot(slot),
            None => Operand::Text(template.clone()),
        },
        _ => Operand::Json(tree.to_json()),
    }
}

/// A template with its slots as the plan writes them.
pub(crate) fn as_written(template: &Template, slots: &[crate::ir::Slot]) -> Vec<u8> {
    let mut text = Vec::new();
    for piece in &template.pieces {
        match piece {
            ld_stdlib::Piece::Text(bytes) => text.extend_from_slice(bytes),
            ld_stdlib::Piece::Slot { slot, .. } => {
                let slot = slots.get(*slot as usize);
                text.extend_from_slice(slot.map_or("", |slot| slot.text.as_str()).as_bytes());
            }
        }
    }
    text
}
