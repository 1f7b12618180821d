//! `plain-secret`: a password, token or key that stands in the plan itself.

use super::Plan;
use super::plan::{Task, literal};
use crate::diag::{Code, Diagnostic};
use crate::json::{Member, Node};

/// Members of `auth` that nobody else should know.
const OF_AUTH: [&str; 7] =
    ["password", "token", "secret_key", "session_token", "key", "consumer_secret", "token_secret"];

/// Headers that carry a key.
const HEADERS: [&str; 4] = ["x-api-key", "api-key", "x-auth-token", "proxy-authorization"];

/// Names of variables, form fields and query parameters that say what is in them.
const NAMES: [&str; 8] = [
    "password",
    "passwd",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "access_token",
    "secret_key",
];

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.runs {
        let variables = run.argument("variables").and_then(Node::as_object);
        named(variables.unwrap_or_default(), problems);
    }
    for action in plan.actions.iter().filter(|action| action.command == "LD_register_variables") {
        let variables = action.arguments.get("variables").and_then(|m| m.value.as_object());
        named(variables.unwrap_or_default(), problems);
    }
    for task in plan.tasks() {
        of_task(task, problems);
    }
}

fn of_task(task: Task<'_>, problems: &mut Vec<Diagnostic>) {
    if let Some(auth) = task.field(&["auth"]) {
        let members = auth.as_object().unwrap_or_default().iter();
        for member in members.filter(|member| OF_AUTH.contains(&&*member.key.text)) {
            tell(&member.value, problems);
        }
    }
    for Member { key, value } in task.headers() {
        let name = key.text.to_ascii_lowercase();
        let bearer = || {
            let (scheme, rest) = literal(value)?.trim().split_once(' ')?;
            let known = ["bearer", "basic", "token"];
            (known.contains(&&*scheme.to_ascii_lowercase()) && !rest.trim().is_empty())
                .then_some(())
        };
        if HEADERS.contains(&&*name) || name == "authorization" && bearer().is_some() {
            tell(value, problems);
        }
    }
    for body in ["data", "json", "params"] {
        let members = task.field(&[body]).and_then(Node::as_object);
        named(members.unwrap_or_default(), problems);
    }
}

fn named(members: &[Member<'_>], problems: &mut Vec<Diagnostic>) {
    for Member { key, value } in members {
        if NAMES.contains(&&*key.text.to_ascii_lowercase()) {
            tell(value, problems);
        }
    }
}

fn tell(value: &Node<'_>, problems: &mut Vec<Diagnostic>) {
    if literal(value).is_some_and(|text| !text.trim().is_empty()) {
        let problem = Diagnostic::new(Code::PlainSecret, "a secret stands in the plan")
            .label(value.span, "everyone who sees the plan knows it")
            .help("take it from the environment or a file: `${secret.NAME}`, which is never shown");
        problems.push(problem);
    }
}
