//! The version of HTTP that a task asks for.

use super::headers::Headers;
use super::{Kind, extra, no_effect};
use crate::protocols::{Problem, ProblemKind, Task};
use crate::template::{Template, Tree, TreeKind};

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
    let offered = task.field("tls").and_then(|tls| tls.member("alpn"));
    if let Some(Tree { span, kind: TreeKind::List(items) }) = offered {
        let offers_http2 = items.iter().any(|item| item.to_text().constant() == Some(b"h2".into()));
        let (message, help) = match version {
            0 if offers_http2 => (
                "a server may choose `h2` here, and this task speaks HTTP/1.1",
                r#"add `"http_version": "auto"`, or leave `h2` out"#,
            ),
            extra::HTTP2 if !offers_http2 => (
                "no server can choose `h2` here, which is all that this task speaks",
                "add `h2`, or leave `alpn` out",
            ),
            _ => ("", ""),
        };
        if !message.is_empty() {
            problems.push(Problem {
                span: *span,
                kind: ProblemKind::Value,
                message: message.to_owned(),
                label: "the application protocols to offer".to_owned(),
                help: help.to_owned(),
            });
        }
    }
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
