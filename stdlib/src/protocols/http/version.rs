//! The version of HTTP that a task asks for.

use super::headers::Headers;
use super::{Kind, extra, no_effect};
use crate::protocols::{Problem, ProblemKind, Task};
use crate::template::Template;

/// Fields about the connection, which HTTP/2 has not (RFC 9113 §8.2.2). `Connection` may still close it.
const OF_CONNECTIONS: &[&str] = &["Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"];

/// The bits of [`extra`] that tell the version.
pub(super) fn bits(task: &Task<'_>, kind: Kind) -> i64 {
    match task.constant("http_version").as_deref() {
        Some("2") => extra::HTTP2,
        Some("auto") => extra::AGREED,
        None if task.http2 && kind == Kind::Async => extra::AGREED,
        _ => 0,
    }
}

/// What TLS offers for these bits, with commas between; empty for what is offered always.
pub(super) fn alpn(extras: i64) -> Template {
    match () {
        () if extras & extra::HTTP2 != 0 => Template::text("h2"),
        () if extras & extra::AGREED != 0 => Template::text("h2,http/1.1"),
        () => Template::default(),
    }
}

/// Tells what the task says that its version of HTTP has no way to do.
pub(super) fn check(
    task: &Task<'_>,
    version: i64,
    headers: &Headers,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Problem>,
) {
    if version == 0 {
        return;
    }
    if let Some(held) = task.field("expect_continue")
        && task.flag("expect_continue") == Some(true)
    {
        problems.push(Problem {
            span: held.span,
            kind: ProblemKind::Value,
            message: "a body is held back only over HTTP/1.1".to_owned(),
            label: "`http_version` allows HTTP/2".to_owned(),
            help: "leave one of the two out".to_owned(),
        });
    }
    if version == extra::AGREED {
        return;
    }
    let span = task.field("headers").map_or(task.span, |tree| tree.span);
    for name in OF_CONNECTIONS.iter().filter(|name| headers.has(name)) {
        notes.push(no_effect(span, name, "HTTP/2, which has no such header"));
    }
}
