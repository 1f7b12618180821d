//! `missing-name`: a task whose URL has placeholders and that is counted under that URL. A rule
//! for those who ask for it: here the placeholders in a name stay as written, so that its
//! samples are in one series all the same.

use ld_stdlib::Piece;

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        let varies = task.name.pieces.iter().any(|piece| matches!(piece, Piece::Slot { .. }));
        if varies && task.name == task.request.name {
            let problem = Diagnostic::new(Code::MissingName, "this task has no `name`")
                .label(task.span, "reports show its URL with the placeholders in it")
                .help(r#"add a `name`, like `"name": "show order"`"#);
            problems.push(problem);
        }
    });
}
