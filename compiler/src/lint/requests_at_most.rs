//! `requests-at-most`: a rule about the number of requests that limits it, most likely by mistake.

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::json::Node;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    let sla = ["LD_assert_sla", "LD_evaluate_sla"];
    for action in plan.actions.iter().filter(|action| sla.contains(&action.command)) {
        let rules = action.arguments.get("rules").map(|member| &member.value);
        let rules = rules.or_else(|| action.arguments.as_array()?.first());
        for rule in rules.and_then(Node::as_array).unwrap_or_default() {
            let text = |name: &str| rule.get(name).and_then(|member| member.value.as_str());
            let op = rule.get("op").filter(|member| !member.value.is_null());
            if text("type") == Some("requests") && op.is_none() {
                let message = "this rule fails when there are more requests";
                let problem = Diagnostic::new(Code::RequestsAtMost, message)
                    .label(rule.span, "without `op` a rule means at most")
                    .help(r#"write `"op": "gte"` for at least, or `"op": "lte"` for at most"#);
                problems.push(problem);
            }
        }
    }
}
