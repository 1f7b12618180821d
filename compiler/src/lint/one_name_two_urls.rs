//! `one-name-two-urls`: tasks of one name whose requests go to different places.

use std::collections::HashMap;

use super::Plan;
use super::plan::literal;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.runs {
        let mut first = HashMap::new();
        for task in &run.tasks {
            let (Some(name), Some(url)) = (task.field(&["name"]), task.url().and_then(literal))
            else {
                continue;
            };
            let Some(text) = literal(name) else { continue };
            let place = (task.method.map(str::to_ascii_lowercase), path(url));
            let (earlier, at) = first.entry(text).or_insert_with(|| (place.clone(), name.span));
            if *earlier != place {
                let message = format!("two different requests are called `{text}`");
                let problem = Diagnostic::new(Code::OneNameTwoUrls, message)
                    .label(name.span, "their times are counted together")
                    .also(*at, "the first one");
                problems.push(problem);
            }
        }
    }
}

/// A URL without its query.
fn path(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
