//! `LD_start_test`: load, data and tasks of one run.

use std::collections::HashMap;

use ld_stdlib::protocols::{self, Protocol};
use ld_stdlib::scenario::MODES;
use ld_stdlib::{Span, Tree, TreeKind};

use crate::diag::{Code, Diagnostic};
use crate::document::{Written, register_sources, register_variables};
use crate::ir::{Const, Init, Pause, Run, Scenario, Var};
use crate::json::{Key, Kind, Member, Node};
use crate::load::{self, Given};
use crate::lower::Lower;
use crate::scenarios;
use crate::scope::Registered;
use crate::task;
use crate::throttle;

/// The command that starts a run.
pub(crate) const COMMAND: &str = "LD_start_test";

const DEFAULT_USER: &str = "fast_http_user";
const DEFAULT_TIME_NS: u64 = 60_000_000_000;

/// Lowers an `LD_start_test`; `None` when it is too broken to say what would run.
pub(crate) fn lower(
    action: &Node<'_>,
    arguments: &Written<'_, '_>,
    lower: &mut Lower<'_>,
) -> Option<usize> {
    let written = |name: &str| arguments.iter().find(|(field, _)| field.name == name);
    // What tasks and targets refer to comes first, wherever the plan writes it.
    for (name, register) in [
        ("variables", register_variables as fn(&Tree, &mut Lower<'_>)),
        ("csv_sources", register_sources),
    ] {
        if let Some((field, node)) = written(name)
            && let Some(tree) = lower.value(node, &field.shape, name)
        {
            register(&tree, lower);
        }
    }
    for (name, value) in &lower.options.vars {
        let value = Const::Text(value.clone().into_bytes());
        lower.scope.vars.insert(name.clone(), Registered { value, span: None });
    }
    let scenarios = written("scenarios").map(|(_, node)| *node).filter(|node| !node.is_null());
    let tasks = match scenarios {
        Some(scenarios) => scenarios::tasks_of(scenarios),
        None => written("tasks").map(|(_, node)| *node).into_iter().collect(),
    };
    lower.scope.extracted = extracted(&tasks);

    let left_out = ["variables", "csv_sources", "tasks", "scenarios"];
    let given = Given::new(arguments.clone(), &left_out, &["host", "user_detail_dict"], lower);
    let host = host(&given.values, lower);
    throttle::of_run(given.values.get("max_rps"), lower);
    let scenarios = match scenarios {
        Some(node) => scenarios::lower(node, &given, host.as_ref(), lower),
        None => vec![only(action, tasks.first().copied(), &given, host.as_ref(), lower)?],
    };
    let ends = |scenario: &Scenario| scenario.load.is_open() && scenario.load.ends();
    let run = Run {
        duration_ns: match given.written("test_time") {
            Some((_, node)) if node.is_null() => None,
            // What `arrival` says of its duration is not cut short by what nobody wrote.
            None if scenarios.iter().all(ends) => None,
            _ => Some(given.seconds("test_time").unwrap_or(DEFAULT_TIME_NS)),
        },
        iterations: given.number("iterations").unwrap_or(0.0) as u64,
        warmup_ns: given.seconds("warmup").unwrap_or(0),
        stop_timeout_ns: given.seconds("stop_timeout").unwrap_or(0),
        scenarios,
        inits: inits(lower),
        read: std::mem::take(&mut lower.scope.read),
    };
    lower.ir.runs.push(run);
    Some(lower.ir.runs.len() - 1)
}

/// The scenario of a run that has only one.
fn only(
    action: &Node<'_>,
    tasks: Option<&Node<'_>>,
    given: &Given<'_, '_>,
    host: Option<&Tree>,
    lower: &mut Lower<'_>,
) -> Option<Scenario> {
    let Some((_, detail)) = given.written("user_detail_dict") else {
        let message = format!("`{COMMAND}` needs `user_detail_dict`");
        let problem = Diagnostic::new(Code::MissingArgument, message)
            .label(action.span, "no `user_detail_dict` here")
            .help(r#"add `"user_detail_dict": {"user": "fast_http_user"}`"#);
        lower.report(problem);
        return None;
    };
    let detail = (detail.span, given.values.get("user_detail_dict"));
    let (protocol, user) = user(detail.1.and_then(|tree| tree.member("user")), detail.0, lower)?;
    lower.expand = true;
    let (weighted, tasks) = match tasks {
        Some(node) => self::tasks(node, protocol, user, host, lower),
        None => {
            let problem = Diagnostic::new(Code::NoTasks, format!("`{COMMAND}` has no `tasks`"))
                .label(action.span, "this run makes no requests");
            lower.report(problem);
            (false, Vec::new())
        }
    };
    lower.expand = false;
    let load = load::load(given, lower).unwrap_or_default();
    let (wait, paced) = load::wait(given, lower).unwrap_or_else(load::default_wait);
    let name = String::new();
    let start_after_ns = 0;
    Some(Scenario { name, protocol, user, load, wait, paced, start_after_ns, weighted, tasks })
}

/// The protocol and user type that a text names; `place` is what lacks it where there is none.
pub(crate) fn user(
    written: Option<&Tree>,
    place: Span,
    lower: &mut Lower<'_>,
) -> Option<(&'static Protocol, &'static str)> {
    let key = match written {
        Some(tree) => String::from_utf8(tree.to_text().constant()?).ok()?,
        None => DEFAULT_USER.to_owned(),
    };
    if let Some((protocol, user)) = protocols::find_user(&key) {
        return Some((protocol, user.key));
    }
    let span = written.map_or(place, |tree| tree.span);
    let problem = if protocols::LATER.contains(&key.as_str()) {
        Diagnostic::new(Code::UserNotBuilt, format!("this build cannot drive `{key}` yet"))
            .label(span, "the language has it, this build does not")
            .help(format!(
                "users of this build: {}",
                protocols::user_keys().collect::<Vec<_>>().join(", ")
            ))
    } else {
        let known = protocols::user_keys().chain(protocols::LATER.iter().copied());
        Diagnostic::new(Code::UnknownUser, format!("unknown user type `{key}`"))
            .label(span, "there is no such user")
            .did_you_mean(&key, known)
    };
    lower.report(problem);
    None
}

/// What relative targets are relative to: the command line's host, the run's, the user's.
fn host(values: &HashMap<&'static str, Tree>, lower: &mut Lower<'_>) -> Option<Tree> {
    if let Some(host) = &lower.options.host {
        let kind = TreeKind::Text(ld_stdlib::Template::text(host));
        return Some(Tree { span: Span::default(), kind });
    }
    let users = values.get("user_detail_dict").and_then(|detail| detail.member("host"));
    let host = values.get("host");
    if let (Some(host), Some(users)) = (host, users) {
        let message = "the `host` of the users changes nothing beside that of the run";
        let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
            .label(users.span, "this one is not looked at")
            .also(host.span, "this one counts");
        lower.report(problem);
    }
    host.or(users).cloned()
}

/// Lowers the tasks in any of their forms: a list, `{mode, tasks}`, or tasks by method.
pub(crate) fn tasks(
    node: &Node<'_>,
    protocol: &'static Protocol,
    user: &'static str,
    host: Option<&Tree>,
    lower: &mut Lower<'_>,
) -> (bool, Vec<crate::ir::Task>) {
    let mut weighted = false;
    let names_mode = |member: &Member<'_>| !matches!(member.value.kind, Kind::Object(_));
    let list = match node.get("tasks") {
        Some(tasks) => {
            weighted = mode(node, lower);
            &tasks.value
        }
        None if node.get("mode").is_some_and(names_mode) => {
            let problem = Diagnostic::new(Code::NoTasks, "this scenario has no `tasks`")
                .label(node.span, "`mode` is there, and nothing to run")
                .help(r#"write `{"mode": "sequence", "tasks": [...]}`"#);
            lower.report(problem);
            return (weighted, Vec::new());
        }
        None => node,
    };
    let mut lowered = Vec::new();
    let mut one = |item: &Node<'_>, method: Option<&Key<'_>>, lower: &mut Lower<'_>| {
        if let (false, Some(weight)) =
            (weighted, item.get("weight").filter(|weight| !weight.value.is_null()))
        {
            let message = "`weight` changes nothing where tasks run in sequence";
            let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                .label(weight.key.span, "every tick runs all tasks")
                .help(r#"write `"tasks": {"mode": "weighted", "tasks": [...]}`"#);
            lower.report(problem);
        }
        lowered.extend(task::lower(item, method, protocol, user, host, lower));
    };
    match &list.kind {
        Kind::Array(items) => items.iter().for_each(|item| one(item, None, lower)),
        Kind::Object(members) => {
            members.iter().for_each(|Member { key, value }| one(value, Some(key), lower));
        }
        Kind::Invalid => return (weighted, lowered),
        _ => {
            let problem = Diagnostic::new(
                Code::WrongType,
                format!("`tasks` must be a list, not {}", list.type_name()),
            )
            .label(list.span, "expected a list of tasks");
            lower.report(problem);
            return (weighted, lowered);
        }
    }
    let is_empty = match &list.kind {
        Kind::Array(items) => items.is_empty(),
        Kind::Object(members) => members.is_empty(),
        _ => false,
    };
    if is_empty {
        let problem = Diagnostic::new(Code::NoTasks, "the list of tasks is empty")
            .label(list.span, "this run makes no requests");
        lower.report(problem);
    }
    (weighted, lowered)
}

/// Whether `{mode, tasks}` asks for weighted picks.
fn mode(node: &Node<'_>, lower: &mut Lower<'_>) -> bool {
    for Member { key, .. } in node.as_object().unwrap_or_default() {
        if !["mode", "tasks"].contains(&&*key.text) {
            let problem = Diagnostic::new(
                Code::UnknownField,
                format!("unknown field `{}` beside `tasks`", key.text),
            )
            .label(key.span, "a scenario has `mode` and `tasks`")
            .did_you_mean(&key.text, ["mode", "tasks"]);
            lower.report(problem);
        }
    }
    let Some(mode) = node.get("mode").map(|member| &member.value) else {
        return false;
    };
    let text = mode.as_str().unwrap_or_default().to_ascii_lowercase();
    if !mode.is_null() && !MODES.contains(&text.as_str()) {
        let mut problem =
            Diagnostic::new(Code::UnknownValue, "unknown `mode`: the tasks run in sequence")
                .label(mode.span, format!("known: {}", MODES.join(", ")))
                .did_you_mean(&text, MODES.iter().copied());
        problem.severity = crate::diag::Severity::Warning;
        lower.report(problem);
    }
    text == "weighted"
}

/// The variables that tasks take out of replies, found before anything is resolved,
/// because a variable that can change must not be folded into what comes before.
fn extracted(tasks: &[&Node<'_>]) -> HashMap<Var, Vec<Span>> {
    let mut found: HashMap<Var, Vec<Span>> = HashMap::new();
    let objects = tasks.iter().flat_map(|tasks| {
        let list = tasks.get("tasks").map_or(*tasks, |member| &member.value);
        match &list.kind {
            Kind::Array(items) => items.iter().collect(),
            Kind::Object(members) => members.iter().map(|member| &member.value).collect(),
            _ => Vec::new(),
        }
    });
    for task in objects {
        let entries = task.get("extract").and_then(|member| member.value.as_array());
        for entry in entries.unwrap_or_default() {
            if let Some(member) = entry.get("var")
                && let Some(name) = member.value.as_str()
            {
                let scope = entry.get("scope").and_then(|member| member.value.as_str());
                let session = scope.is_some_and(|scope| scope.eq_ignore_ascii_case("session"));
                let var = Var { name: name.to_owned(), session };
                found.entry(var).or_default().push(member.value.span);
            }
        }
    }
    found
}

/// The values the run's variables start with, in the order of their names.
fn inits(lower: &mut Lower<'_>) -> Vec<Init> {
    let mut registered: Vec<_> =
        lower.scope.vars.iter().map(|(n, r)| (n.clone(), r.clone())).collect();
    registered.sort_by(|(a, _), (b, _)| a.cmp(b));
    registered
        .into_iter()
        .map(|(name, Registered { value, span })| {
            let var = lower.var(Var { name, session: false });
            Init { var, value, span }
        })
        .collect()
}

/// A number.
pub(crate) fn number(tree: &Tree) -> Option<f64> {
    match tree.kind {
        TreeKind::Int(number) => Some(number as f64),
        TreeKind::Float(number) => Some(number),
        _ => None,
    }
}

/// Seconds as nanoseconds.
pub(crate) fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

/// A pause: a number of seconds, or a range. A range that ends before it begins is its
/// beginning, as in the reference.
pub(crate) fn pause(tree: &Tree, lower: &mut Lower<'_>) -> Option<Pause> {
    if let Some(seconds) = number(tree) {
        let ns = nanoseconds(seconds);
        return Some(Pause { min_ns: ns, max_ns: ns });
    }
    let TreeKind::Map(_) = tree.kind else {
        return None;
    };
    let bound = |name: &str| tree.member(name).and_then(number).map(nanoseconds);
    let min_ns = bound("min").unwrap_or(0);
    let max_ns = bound("max").unwrap_or(min_ns);
    if let (true, Some(max)) = (max_ns < min_ns, tree.member("max")) {
        let message = "`max` changes nothing below `min`";
        let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
            .label(max.span, "every pause is as long as `min` says");
        lower.report(problem);
    }
    Some(Pause { min_ns, max_ns: max_ns.max(min_ns) })
}
