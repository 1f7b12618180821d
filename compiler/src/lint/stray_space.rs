//! `stray-space`: a space at the edge of a URL, where it becomes part of the request.

use super::Plan;
use super::plan::literal;
use crate::diag::{Code, Diagnostic, Span};
use crate::json::Node;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.runs {
        if let Some(host) = run.argument("host") {
            look(host, "host", problems);
        }
        for task in &run.tasks {
            if let Some(url) = task.url() {
                look(url, "URL", problems);
            }
        }
    }
}

fn look(node: &Node<'_>, what: &str, problems: &mut Vec<Diagnostic>) {
    let Some(text) = literal(node).filter(|text| text.trim() != *text) else { return };
    let mut problem =
        Diagnostic::new(Code::StraySpace, format!("this {what} has a space at its edge"))
            .label(node.span, "it becomes part of the request");
    // A text without escapes stands in the plan as it is.
    if node.span.len() as usize == text.len() + 2 {
        let inner = Span::new(node.span.start + 1, node.span.end - 1);
        problem = problem.replace(inner, text.trim());
    }
    problems.push(problem);
}
