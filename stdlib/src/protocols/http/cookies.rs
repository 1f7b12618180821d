//! The cookies that a task sends beside those a server has set.

use ld_vm::Escape;

use super::is_token;
use crate::protocols::{Problem, ProblemKind, Task};
use crate::template::{Template, TreeKind};

/// `name=value; name=value`.
pub(super) fn cookies(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let Some(cookies) = task.field("cookies") else {
        return Template::default();
    };
    let mut out = Template::default();
    match &cookies.kind {
        TreeKind::Map(members) => {
            for member in members.iter().filter(|member| member.value.kind != TreeKind::Null) {
                let value = member.value.to_text();
                let is_cut = value.constant().is_some_and(|value| value.contains(&b';'));
                if is_cut || !is_token(&member.name) {
                    problems.push(Problem {
                        span: if is_cut { member.value.span } else { member.name_span },
                        kind: ProblemKind::Value,
                        message: format!("the cookie `{}` cannot be sent", member.name),
                        label: if is_cut {
                            "a `;` ends the value of a cookie".to_owned()
                        } else {
                            "this cannot be the name of a cookie (RFC 6265 §4.1.1)".to_owned()
                        },
                        help: "a text `\"name=value; name=value\"` is sent as it is".to_owned(),
                    });
                }
                if !out.is_empty() {
                    out.push_text("; ");
                }
                out.push_text(&member.name);
                out.push_text("=");
                out.push_escaped(&value, Escape::Header);
            }
        }
        _ => out.push_escaped(&cookies.to_text(), Escape::Header),
    }
    out
}
