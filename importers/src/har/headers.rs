//! Header lines: which of those that were recorded a plan says.

use super::context::Context;
use super::model::Pair;
use crate::draft::{Task, is_framing};
use crate::notes::Fate;

/// What a client says of a connection or of itself as a browser.
const OF_CLIENTS: &[&str] = &[
    "accept-encoding",
    "alt-used",
    "connection",
    "dnt",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "priority",
    "proxy-connection",
    "purpose",
    "sec-gpc",
    "te",
    "trailer",
    "upgrade",
    "upgrade-insecure-requests",
    "x-client-data",
];

/// What asks for a reply only if there is a newer one than that of a cache.
const OF_CACHES: &[&str] = &["if-none-match", "if-modified-since"];

/// Gives a task the recorded headers that it is to send; cookies are returned.
pub(super) fn read(
    task: &mut Task,
    pairs: &[Pair<'_>],
    context: &mut Context<'_>,
) -> Option<String> {
    let mut cookies: Vec<String> = Vec::new();
    for pair in pairs {
        let (name, value) = (pair.name.as_str().trim(), pair.value.as_str());
        let small = name.to_ascii_lowercase();
        // WebPageTest lists the first line of the request too.
        let is_first_line = name.contains(" /");
        let frames = is_framing(&small);
        if name.is_empty() || name.starts_with(':') || frames || is_first_line {
            context.tally.kept("headers that frame requests", "the client writes its own");
        } else if !is_token(name) {
            context.tally.note(
                Fate::Dropped,
                &task.place,
                &format!("the header `{name}`"),
                "this cannot be the name of a header",
            );
        } else if small == "cookie" {
            cookies.push(value.to_owned());
        } else if context.options.keep_headers {
            add(task, name, value, context);
        } else if OF_CLIENTS.contains(&small.as_str())
            || (small.starts_with("sec-") && small != "sec-websocket-protocol")
        {
            context.tally.kept(
                "headers that browsers make",
                "the client makes its own; --keep-headers sends those recorded",
            );
        } else if OF_CACHES.contains(&small.as_str()) {
            context.tally.kept(
                "conditional headers",
                "users begin without a cache; --keep-headers sends them as recorded",
            );
        } else {
            add(task, name, value, context);
        }
    }
    (!cookies.is_empty()).then(|| cookies.join("; "))
}

fn add(task: &mut Task, name: &str, value: &str, context: &Context<'_>) {
    // Firefox and Chrome write several lines of a name as one value with line ends in it.
    for line in value.split('\n') {
        let line = context.text(line.trim());
        let known = task.headers.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && *v == line);
        if !known {
            task.headers.push((name.to_owned(), line));
        }
    }
}

/// Whether a text can be the name of a header (RFC 9110 §5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
