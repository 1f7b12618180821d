//! `credentials-over-http`: a password or token that anyone on the way can read.

use ld_stdlib::Span;

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.runs {
        let host = run.argument("host").and_then(|host| host.as_str());
        for task in &run.tasks {
            let url = task.url().and_then(|url| url.as_str()).unwrap_or_default();
            let target = if url.contains("://") { url } else { host.unwrap_or_default() };
            if !is_open(target) {
                continue;
            }
            let auth = task.field(&["auth"]).map(|auth| auth.span);
            let header = task.headers().iter().find(|header| {
                header.key.text.eq_ignore_ascii_case("authorization") && !header.value.is_null()
            });
            if let Some(span) = auth.or(header.map(|header| header.value.span)) {
                problems.push(told(span));
            }
        }
    }
}

fn told(span: Span) -> Diagnostic {
    let message = "credentials are sent without encryption";
    Diagnostic::new(Code::CredentialsOverHttp, message)
        .label(span, "anyone on the way can read this")
        .help("use `https://`")
}

/// Whether a URL leads to another machine without TLS.
fn is_open(url: &str) -> bool {
    let Some(rest) = url.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")) else {
        return false;
    };
    let authority = url.get(rest.len()..).unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let local = host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    !local && !host.is_empty() && !host.contains("${")
}
