//! `body-on-get`: a body on a request whose method has none.

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for task in plan.tasks() {
        let Some(method) = task.method.map(str::to_ascii_uppercase) else { continue };
        if !matches!(method.as_str(), "GET" | "HEAD") {
            continue;
        }
        for name in ["data", "json", "body_file", "files"] {
            let Some(body) = task.field(&[name]) else { continue };
            let message = format!("a {method} request has a body");
            let problem = Diagnostic::new(Code::BodyOnGet, message)
                .label(body.span, "servers and caches may ignore or refuse it (RFC 9110 §9.3.1)")
                .help("use `params` for a query, or another method");
            problems.push(problem);
            break;
        }
    }
}
