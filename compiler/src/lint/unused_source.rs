//! `unused-source`: a data source that nothing reads.

use std::collections::HashSet;

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::ir::SlotKind;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    let mut read: HashSet<usize> = HashSet::new();
    for slot in &plan.ir.slots {
        if let SlotKind::Cell { source, .. } = slot.kind {
            read.insert(source);
        }
    }
    for (at, source) in plan.ir.sources.iter().enumerate() {
        // One that is registered again is the same.
        let same = |other: &usize| {
            plan.ir.sources.get(*other).is_some_and(|other| other.name == source.name)
        };
        if !read.contains(&at) && !read.iter().any(same) {
            let message = format!("nothing reads the data source `{}`", source.name);
            let problem = Diagnostic::new(Code::UnusedSource, message)
                .label(source.span, "the file is read for nothing");
            problems.push(problem);
        }
    }
}
