//! `foreign-placeholder`: a known variable in the notation of other tools, `{{name}}`.

use std::collections::HashSet;

use super::Plan;
use crate::diag::{Code, Diagnostic, Span};
use crate::json::{Kind, Node};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    let mut names: HashSet<&str> = HashSet::new();
    names.extend(plan.ir.vars.iter().map(|var| var.name.as_str()));
    for task in plan.tasks() {
        texts(task.node, &names, problems);
    }
}

fn texts(node: &Node<'_>, names: &HashSet<&str>, problems: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| texts(item, names, problems)),
        Kind::Object(members) => {
            members.iter().for_each(|member| texts(&member.value, names, problems));
        }
        Kind::String(text) => {
            let Some(name) = foreign(text, names) else { return };
            let message = format!("`{{{{{name}}}}}` is sent as it stands");
            let mut problem = Diagnostic::new(Code::ForeignPlaceholder, message)
                .label(node.span, "not a placeholder of this language")
                .help(format!("write `${{{name}}}`"));
            // A text without escapes stands in the plan as it is.
            if node.span.len() as usize == text.len() + 2 {
                let written = format!("{{{{{name}}}}}");
                for (at, _) in text.match_indices(&written) {
                    let start = node.span.start + 1 + at as u32;
                    let span = Span::new(start, start + written.len() as u32);
                    problem = problem.replace(span, format!("${{{name}}}"));
                }
            }
            problems.push(problem);
        }
        _ => {}
    }
}

/// A known name between double braces.
fn foreign<'t>(text: &'t str, names: &HashSet<&str>) -> Option<&'t str> {
    // Most texts have no brace at all, which is seen much faster.
    memchr::memchr(b'{', text.as_bytes())?;
    text.split("{{").skip(1).find_map(|rest| {
        let name = rest.split("}}").next().filter(|name| name.len() < rest.len())?;
        names.contains(name).then_some(name)
    })
}
