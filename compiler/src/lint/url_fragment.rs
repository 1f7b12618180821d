//! `url-fragment`: a part of a URL that is never sent.

use super::Plan;
use super::plan::literal;
use crate::diag::{Code, Diagnostic, Span};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for task in plan.tasks() {
        let Some(url) = task.url() else { continue };
        let Some(text) = literal(url) else { continue };
        let Some(at) = text.find('#') else { continue };
        let mut problem =
            Diagnostic::new(Code::UrlFragment, "what follows `#` in a URL is not sent")
                .label(url.span, "browsers use it, servers never see it");
        // A text without escapes stands in the plan as it is.
        if url.span.len() as usize == text.len() + 2 && at > 0 {
            let span = Span::new(url.span.start + 1 + at as u32, url.span.end - 1);
            problem = problem.replace(span, "");
        }
        problems.push(problem);
    }
}
