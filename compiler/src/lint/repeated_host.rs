//! `repeated-host`: the same host written into several tasks.

use std::collections::HashMap;

use super::Plan;
use super::plan::literal;
use crate::diag::{Code, Diagnostic};

/// So many tasks of one host are several.
const SEVERAL: usize = 3;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.runs {
        let mut origins: HashMap<&str, Vec<_>> = HashMap::new();
        let mut order = Vec::new();
        for url in run.tasks.iter().filter_map(|task| task.url()) {
            let Some(origin) = literal(url).and_then(origin) else { continue };
            let places = origins.entry(origin).or_default();
            if places.is_empty() {
                order.push(origin);
            }
            places.push(url.span);
        }
        for origin in order {
            let places = origins.get(origin).map(Vec::as_slice).unwrap_or_default();
            let (true, Some(first), Some(last)) =
                (places.len() >= SEVERAL, places.first(), places.last())
            else {
                continue;
            };
            let message = format!("`{origin}` is written into {} tasks", places.len());
            let problem = Diagnostic::new(Code::RepeatedHost, message)
                .label(*first, "from here …")
                .also(*last, "… to here")
                .help(format!("write `\"host\": \"{origin}\"` once, and the paths in the tasks"));
            problems.push(problem);
        }
    }
}

/// Scheme and authority of an absolute URL.
fn origin(url: &str) -> Option<&str> {
    let at = url.find("://")? + 3;
    let length = url.get(at..)?.find(['/', '?', '#']).unwrap_or(url.len() - at);
    url.get(..at + length)
}
