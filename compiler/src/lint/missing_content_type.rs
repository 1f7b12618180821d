//! `missing-content-type`: JSON sent as text, without saying that it is JSON.

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for task in plan.tasks() {
        let Some(body) = task.field(&["data"]) else { continue };
        let is_json = body.as_str().map(str::trim).is_some_and(|text| {
            let object = (text.starts_with('{') && text.ends_with('}')) && text.contains(':');
            let list = text.starts_with("[{") && text.ends_with("}]");
            // `${name}` alone is a placeholder, which begins otherwise.
            object || list
        });
        let has_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        let typed = task.headers().iter().any(|header| has_type(&header.key.text));
        if is_json && !typed {
            let message = "JSON is sent without its content type";
            let problem = Diagnostic::new(Code::MissingContentType, message)
                .label(body.span, "servers are not told what this is")
                .help("write it as `json`, or add the header `Content-Type: application/json`");
            problems.push(problem);
        }
    }
}
