//! `LD_start_test`: load, data and tasks of one run.

use std::collections::HashMap;

use ld_stdlib::protocols::{self, Protocol};
use ld_stdlib::scenario::MODES;
use ld_stdlib::{Span, Tree, TreeKind};

use crate::apart;
use crate::connection::{self, Connection};
use crate::databases::register_databases;
use crate::diag::{Code, Diagnostic, suggest};
use crate::document::{Written, register_data_sources, register_sources, register_variables};
use crate::ir::{Const, Init, Pause, Run, Scenario, Step, Var};
use crate::json::{Key, Kind, Member, Node};
use crate::load::{self, Given};
use crate::lower::Lower;
use crate::scenarios;
use crate::scope::Registered;
use crate::steps::{Common, Context};
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
        ("data_sources", register_data_sources),
        ("db_sources", register_databases),
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
    lower.scope.extracted = HashMap::new();
    lower.used.clear();
    for name in ["setup", "tasks", "on_start", "on_stop", "scenarios", "teardown"] {
        if let Some((_, node)) = written(name) {
            assigned(node, &mut lower.scope.extracted);
        }
    }

    let left_out = [
        "variables",
        "csv_sources",
        "data_sources",
        "setup",
        "db_sources",
        "tasks",
        "on_start",
        "on_stop",
        "scenarios",
        "teardown",
        "connection",
        "connection_string",
    ];
    let given = Given::new(arguments.clone(), &left_out, &["host", "user_detail_dict"], lower);
    let host = host(&given.values, lower);
    lower.http2 = given.values.get("http2").is_some_and(|tree| tree.kind == TreeKind::Bool(true));
    throttle::of_run(given.values.get("max_rps"), lower);
    lower.unheeded.clear();
    let connection = Connection::of(&given, None, lower);
    let common = Common { host: host.as_ref(), connection: &connection };
    let scenarios = match scenarios {
        Some(node) => scenarios::lower(node, &given, common, lower),
        None => vec![only(action, &given, common, lower)?],
    };
    if let Some(span) = given.span("http2")
        && lower.http2
        && !scenarios.iter().any(|scenario| scenario.has_user("async_http_user"))
    {
        let message = "`http2` changes nothing without an `async_http_user`";
        let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
            .label(span, "only tasks of that user type heed it")
            .help("write `\"http_version\": \"auto\"` in tasks of other user types");
        lower.report(problem);
    }
    let [setup, teardown] =
        ["setup", "teardown"].map(|name| apart::lower(name, &given, common, lower));
    connection::report_unheeded(lower);
    let ends = |scenario: &Scenario| scenario.load.is_open() && scenario.load.ends();
    let run = Run {
        span: action.span,
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
        setup,
        teardown,
        inits: inits(lower),
        read: std::mem::take(&mut lower.scope.read),
    };
    lower.ir.runs.push(run);
    Some(lower.ir.runs.len() - 1)
}

/// The scenario of a run that has only one.
fn only(
    action: &Node<'_>,
    given: &Given<'_, '_>,
    common: Common<'_>,
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
    let context = Context { protocol, user, common };
    lower.expand = true;
    let (weighted, steps) = match given.written("tasks").map(|(_, node)| node) {
        Some(node) => self::tasks(node, context, lower),
        None => {
            let problem = Diagnostic::new(Code::NoTasks, format!("`{COMMAND}` has no `tasks`"))
                .label(action.span, "this run makes no requests");
            lower.report(problem);
            (false, Vec::new())
        }
    };
    let [on_start, on_stop] = around(&[given], context, lower);
    lower.expand = false;
    let load = load::load(given, lower).unwrap_or_default();
    let (wait, paced) = load::wait(given, lower).unwrap_or_else(load::default_wait);
    let name = String::new();
    let start_after_ns = 0;
    Some(Scenario {
        name,
        protocol,
        user,
        load,
        wait,
        paced,
        start_after_ns,
        iterations: 0,
        apart: false,
        weighted,
        steps,
        on_start,
        on_stop,
    })
}

/// The protocol and user type that a text names, or most likely means; `place` is what lacks it
/// where there is none.
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
    // What the tasks say is looked at as if the most likely user type stood here, so that their
    // problems are told in the same pass.
    let meant = suggest(&key, protocols::user_keys()).and_then(protocols::find_user);
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
    meant.map(|(protocol, user)| (protocol, user.key))
}

/// What users do before their first tick and after their last, as the first says that says
/// anything.
pub(crate) fn around(
    given: &[&Given<'_, '_>],
    context: Context<'_>,
    lower: &mut Lower<'_>,
) -> [Vec<Step>; 2] {
    ["on_start", "on_stop"].map(|name| {
        let mut written = given.iter().filter_map(|given| given.written(name));
        let node = written.find(|(_, node)| !node.is_null()).map(|(_, node)| node);
        node.map(|node| lower.steps(node, name, context)).unwrap_or_default()
    })
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
    context: Context<'_>,
    lower: &mut Lower<'_>,
) -> (bool, Vec<Step>) {
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
        lowered.extend(lower.step(item, method, context));
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

/// The variables that extracts and blocks change, found before anything is resolved, because
/// a variable that can change must not be folded into what comes before.
fn assigned(node: &Node<'_>, found: &mut HashMap<Var, Vec<Span>>) {
    fn add(found: &mut HashMap<Var, Vec<Span>>, name: &str, session: bool, span: Span) {
        found.entry(Var { name: name.to_owned(), session }).or_default().push(span);
    }
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| assigned(item, found)),
        Kind::Object(members) => {
            for Member { key, value } in members {
                match (&*key.text, &value.kind) {
                    ("extract", Kind::Array(entries)) => {
                        for entry in entries {
                            let text = |name: &str| entry.get(name)?.value.as_str();
                            if let (Some(name), Some(member)) = (text("var"), entry.get("var")) {
                                let scope = text("scope").unwrap_or_default();
                                let session = scope.eq_ignore_ascii_case("session");
                                add(found, name, session, member.value.span);
                            }
                        }
                    }
                    ("set", Kind::Object(members)) => {
                        for Member { key, .. } in members {
                            match key.text.split_once('.') {
                                Some(("session", name)) => add(found, name, true, key.span),
                                Some(("var", name)) => add(found, name, false, key.span),
                                _ => add(found, &key.text, false, key.span),
                            }
                        }
                    }
                    ("foreach", _) => {
                        let name = node.get("as").and_then(|member| member.value.as_str());
                        add(found, name.unwrap_or("item"), false, value.span);
                    }
                    // Whatever bodies look like, they assign nothing.
                    ("json" | "data" | "headers" | "params" | "assertions", _) => {}
                    _ => assigned(value, found),
                }
            }
        }
        _ => {}
    }
}

/// The values that the variables of the run start with, in the order of their names. Those that it
/// has nothing to do with are left out: thousands of runs may each register one more.
fn inits(lower: &mut Lower<'_>) -> Vec<Init> {
    let used = std::mem::take(&mut lower.used);
    for (name, span) in std::mem::take(&mut lower.scope.fresh) {
        let var = lower.var(Var { name, session: false });
        lower.ir.registered.push((var, span));
    }
    let mut inits = Vec::new();
    for var in used {
        if let Some(Var { name, session: false }) = lower.ir.vars.get(var)
            && let Some(Registered { value, .. }) = lower.scope.vars.get(name)
        {
            inits.push((name, Init { var, value: value.clone() }));
        }
    }
    inits.sort_by_key(|(name, _)| *name);
    inits.into_iter().map(|(_, init)| init).collect()
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
