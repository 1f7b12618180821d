//! `duplicate-header`: a header whose name is there twice, in different case.

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for task in plan.tasks() {
        let headers = task.headers();
        for (at, later) in headers.iter().enumerate() {
            let same = |name: &str| name.eq_ignore_ascii_case(&later.key.text);
            let earlier = headers.iter().take(at).find(|header| same(&header.key.text));
            let Some(earlier) = earlier.filter(|_| !later.value.is_null()) else { continue };
            if earlier.value.is_null() {
                continue;
            }
            let message = format!("the header `{}` is there twice", later.key.text);
            let problem = Diagnostic::new(Code::DuplicateHeader, message)
                .label(later.key.span, "names of headers are the same in any case; both are sent")
                .also(earlier.key.span, "the first one");
            let equal = later.value.kind == earlier.value.kind;
            problems.push(if equal { problem.remove(later.value.span) } else { problem });
        }
    }
}
