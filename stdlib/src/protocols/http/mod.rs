//! HTTP: `fast_http_user`, `http_user` and `async_http_user`.
//!
//! A task becomes up to two byte strings, the head and the body, prepared as far as the
//! plan allows. A request in which nothing varies is one string, ready to be written.

use ld_vm::Needs;

use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType, tls};
use crate::span::Span;
use crate::template::{Template, Tree};

mod body;
mod cookies;
mod fields;
mod headers;
mod multipart;
mod route;
mod target;
mod version;

use body::Body;
use headers::Headers;
pub(super) use headers::is_token;
use target::Target;

/// Positions of a request's parts.
pub mod part {
    /// `http://host:port` or `https://…`, constant. When [`URL`] is there instead: what that is
    /// relative to, if it turns out to be relative; empty if nothing says so.
    pub const ORIGIN: u8 = 0;
    /// The URL, when its origin is known only at run time. It is rendered before the
    /// other parts, as the target is that stands in [`HEAD`].
    pub const URL: u8 = 1;
    /// The request line, `Host` and the other header lines, each with its line end; without
    /// the request line and `Host` when the target is in [`URL`]. `Content-Length` is
    /// among them unless [`option::LENGTH_MISSING`](super::option::LENGTH_MISSING) is set.
    pub const HEAD: u8 = 2;
    /// The body.
    pub const BODY: u8 = 3;
    /// Head, empty line and body in one, when none of it varies; [`HEAD`] and [`BODY`] are
    /// empty then.
    pub const WHOLE: u8 = 4;
    /// The method.
    pub const METHOD: u8 = 5;
    /// `name=value; name=value` of the task's own cookies.
    pub const COOKIES: u8 = 6;
    /// `username:password` for a `Basic` authorization that varies.
    pub const BASIC: u8 = 7;
    /// The path of a CA file or folder.
    pub const CA: u8 = 8;
    /// The path of the client certificate.
    pub const CERT: u8 = 9;
    /// The path of the client certificate's key; empty when it is in the same file.
    pub const KEY: u8 = 10;
    /// The URL of the proxy; empty for none.
    pub const PROXY: u8 = 11;
    /// The hosts that the proxy is not for, with commas between them.
    pub const NO_PROXY: u8 = 12;
    /// A JSON object: the task's `auth`, when the driver has to carry it out.
    pub const AUTH: u8 = 13;
    /// The name asked for in TLS; empty for the URL's host.
    pub const SERVER_NAME: u8 = 14;
    /// The application protocols to offer, with commas between them.
    pub const ALPN: u8 = 15;
    /// The first of the pieces that follow [`BODY`] in a body with files: the path of a
    /// file and the text after it, in turn.
    pub const FILES: u8 = 16;
}

/// Positions of a request's numbers.
pub mod option {
    /// The time limit in nanoseconds; 0 for none.
    pub const TIMEOUT_NS: u8 = 0;
    /// How many redirects to follow.
    pub const REDIRECTS: u8 = 1;
    /// 0 to accept any certificate.
    pub const VERIFY: u8 = 2;
    /// 1 when the driver has to add `Content-Length` for a body that varies.
    pub const LENGTH_MISSING: u8 = 3;
    /// In [`part::WHOLE`](super::part::WHOLE), where the head's last line ends and a line
    /// can be added.
    pub const HEAD_END: u8 = 4;
    /// What the driver has to do besides: bits of [`extra`](super::extra).
    pub const EXTRAS: u8 = 5;
    /// The version of TLS: 12, 13, or 0 for either.
    pub const TLS_VERSION: u8 = 6;
}

/// Bits of [`option::EXTRAS`]. A request without any may be sent as [`part::WHOLE`] has it.
pub mod extra {
    /// The connection is closed after the reply.
    pub const CLOSE: i64 = 1;
    /// [`part::COOKIES`](super::part::COOKIES) or [`part::BASIC`](super::part::BASIC) are to be
    /// added.
    pub const LATE_LINES: i64 = 1 << 1;
    /// The body has files in it, from [`part::FILES`](super::part::FILES) on.
    pub const FILES: i64 = 1 << 2;
    /// The body is to be compressed with gzip.
    pub const GZIP: i64 = 1 << 3;
    /// The body is to be compressed with deflate.
    pub const DEFLATE: i64 = 1 << 4;
    /// The body is sent once the server has asked for it (RFC 9110 §10.1.1).
    pub const EXPECT: i64 = 1 << 5;
    /// [`part::AUTH`](super::part::AUTH) is to be carried out.
    pub const AUTH: i64 = 1 << 6;
    /// Requests go through [`part::PROXY`](super::part::PROXY).
    pub const PROXY: i64 = 1 << 7;
    /// Requests go over HTTP/2: in TLS the server has to agree, without TLS it is taken for granted
    /// (RFC 9113 §3.3).
    pub const HTTP2: i64 = 1 << 8;
    /// Requests go over HTTP/2 where the server agrees in TLS, over HTTP/1.1 otherwise.
    pub const AGREED: i64 = 1 << 9;
    /// What takes more than putting the request's parts together.
    pub const ELABORATE: i64 = !LATE_LINES;
}

/// The most files in the body of a request.
pub const MAX_FILES: usize = 16;

/// The most redirects that are followed, as browsers and the reference do.
pub const MAX_REDIRECTS: i64 = 30;

const FAST: &str = "fast_http_user";
const ASYNC: &str = "async_http_user";

/// The user types, which differ in what holds when a task does not say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fast,
    Plain,
    Async,
}

impl Kind {
    fn of(user: &str) -> Self {
        match user {
            FAST => Self::Fast,
            ASYNC => Self::Async,
            _ => Self::Plain,
        }
    }

    /// The time limit, in nanoseconds; 0 for none.
    const fn timeout_ns(self) -> i64 {
        match self {
            Self::Fast => 60_000_000_000,
            Self::Plain => 0,
            Self::Async => 30_000_000_000,
        }
    }

    /// Whether redirects are followed.
    fn follows(self, method: &str) -> bool {
        match self {
            Self::Fast => true,
            Self::Plain => method != "HEAD",
            Self::Async => false,
        }
    }
}

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "http",
    title: "HTTP",
    doc: "HTTP/1.1, and HTTP/2 for tasks that ask for it, over TCP and TLS, one keep-alive connection per user and origin.",
    users: &[
        UserType { key: FAST, doc: "A user with a time limit of 60 s per request." },
        UserType {
            key: ASYNC,
            doc: "A user with a time limit of 30 s per request that follows redirects only where a task says so.",
        },
        UserType { key: "http_user", doc: "A user without a time limit unless a task sets one." },
    ],
    fields: fields::FIELDS,
    offers: Needs::STATUS.union(Needs::META).union(Needs::PAYLOAD),
    default_check: Some("status_below_400"),
    transient: &[408, 429, 502, 503, 504],
    at_once: true,
    has_cookies: true,
    has_connection: false,
    parts: &[
        "origin",
        "url",
        "head",
        "body",
        "whole",
        "method",
        "cookies",
        "basic",
        "ca",
        "cert",
        "key",
        "proxy",
        "no_proxy",
        "auth",
        "server_name",
        "alpn",
        "files",
    ],
    options: &[
        "timeout_ns",
        "redirects",
        "verify",
        "length_missing",
        "head_end",
        "extras",
        "tls_version",
    ],
    prepare,
};

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let kind = Kind::of(task.user);
    let method = task.constant("method").unwrap_or_default();
    let is_known = METHODS.iter().any(|known| known.eq_ignore_ascii_case(&method));
    let method = if is_known { method.to_ascii_uppercase() } else { method };
    let target = Target::new(task, kind, &mut problems);
    let body = Body::new(task, kind, &mut problems, &mut notes);
    let mut headers = Headers::new(task, &mut problems, &mut notes);
    let mut extras = body.extras;
    headers.add_default("User-Agent", concat!("ldvm/", env!("CARGO_PKG_VERSION")));
    headers.add_default("Accept-Encoding", "gzip, deflate, br");
    headers.add_default("Accept", body.accept);
    add_content_lines(task, &body, &mut headers, &mut notes);
    if task.constant("connection").is_some_and(|word| word == "close") {
        headers.remove("Connection");
        headers.add("Connection", Template::text("close"));
    }
    if headers.closes() {
        extras |= extra::CLOSE;
    }
    let version = version::bits(task, kind);
    extras |= version;
    version::check(task, version, &headers, &mut problems, &mut notes);
    let has_content = !body.text.is_empty() || !body.files.is_empty();
    if task.flag("expect_continue") == Some(true) && has_content {
        headers.add_default("Expect", "100-continue");
        extras |= extra::EXPECT;
    }
    if let Some(span) = headers.in_body
        && (!headers.say_form() || extras & !extra::CLOSE != 0)
    {
        problems.push(no_form(span));
    }
    let route = route::Route::new(task, &mut problems);
    let authorities = tls::authorities(task, &mut problems);
    let (certificate, key) = tls::certificate(task, &mut problems);
    let cookies = cookies::cookies(task, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }

    if headers.has("Cookie")
        && let Some(cookies) = task.field("cookies")
    {
        notes.push(no_effect(cookies.span, "cookies", "the header `Cookie`"));
    }

    if target.origin.as_deref().is_some_and(|origin| origin.starts_with("http://")) {
        let of_tls = ["cert", "tls"].into_iter().filter_map(|name| Some((name, task.field(name)?)));
        notes.extend(of_tls.map(|(name, tree)| no_tls(name, tree)));
    }

    // What credentials add makes it longer.
    let body_constant = body.constant().filter(|_| headers.in_body.is_none());
    let has_body = has_content || matches!(method.as_str(), "POST" | "PUT" | "PATCH");
    let mut head = Template::default();
    if target.origin.is_some() {
        head.push_text(format!("{method} "));
        head.push(&target.path);
        head.push_text(" HTTP/1.1\r\n");
        if !headers.has("Host") {
            head.push_text("Host: ");
            head.push_text(&target.authority);
            head.push_text("\r\n");
        }
    }
    headers.write(&mut head);
    if let (true, Some(body)) = (has_body, &body_constant) {
        head.push_text(format!("Content-Length: {}\r\n", body.len()));
    }

    let mut request = Request::default();
    let whole = match (&target.origin, head.constant(), &body_constant) {
        (Some(_), Some(head), Some(body)) => Some((head, body)),
        _ => None,
    };
    match whole {
        Some((head, body)) => {
            request.set_option(option::HEAD_END, head.len() as i64);
            let whole = [head.as_slice(), b"\r\n", body].concat();
            request.set(part::WHOLE, Template::text(whole));
        }
        None => {
            let is_missing = has_body && body_constant.is_none();
            request.set_option(option::LENGTH_MISSING, i64::from(is_missing));
            request.set(part::HEAD, head);
            request.set(part::BODY, body.text);
        }
    }
    for (position, (path, text)) in (part::FILES..).step_by(2).zip(body.files) {
        request.set(position, path);
        request.set(position + 1, text);
    }
    match &target.origin {
        Some(origin) => request.set(part::ORIGIN, Template::text(origin)),
        None => {
            request.set(part::ORIGIN, target.base);
            request.set(part::URL, target.url);
        }
    }
    if !cookies.is_empty() || !headers.basic.is_empty() {
        extras |= extra::LATE_LINES;
    }
    if !headers.auth.is_empty() {
        extras |= extra::AUTH;
    }
    request.set(part::AUTH, headers.auth);
    if !route.proxy.is_empty() {
        extras |= extra::PROXY;
    }
    request.set(part::PROXY, route.proxy);
    request.set(part::NO_PROXY, route.no_proxy);
    request.set(part::SERVER_NAME, route.server_name);
    request.set(part::ALPN, if route.alpn.is_empty() { version::alpn(extras) } else { route.alpn });
    request.set_option(option::TLS_VERSION, route.tls_version);
    request.set(part::METHOD, Template::text(&method));
    request.set(part::COOKIES, cookies);
    request.set(part::BASIC, headers.basic);
    request.set(part::CA, authorities);
    request.set(part::CERT, certificate);
    request.set(part::KEY, key);
    request.set_option(option::EXTRAS, extras);

    let timeout = task.nanoseconds("timeout");
    request.set_option(option::TIMEOUT_NS, timeout.unwrap_or(kind.timeout_ns()));
    let follow = task.flag("allow_redirects").unwrap_or_else(|| kind.follows(&method));
    request.set_option(option::REDIRECTS, if follow { MAX_REDIRECTS } else { 0 });
    request.set_option(option::VERIFY, i64::from(task.flag("verify").unwrap_or(true)));
    let Request { parts, options } = request;
    let (target, name, check) = (target.full, target.name, body.check);
    Ok(Prepared { parts, options, method, target, name, check, notes })
}

/// The parts and numbers of a request, as far as it has them.
#[derive(Default)]
struct Request {
    parts: Vec<Template>,
    options: Vec<i64>,
}

impl Request {
    fn set(&mut self, part: u8, template: Template) {
        if template.is_empty() {
            return;
        }
        let position = usize::from(part);
        if self.parts.len() <= position {
            self.parts.resize(position + 1, Template::default());
        }
        if let Some(place) = self.parts.get_mut(position) {
            *place = template;
        }
    }

    fn set_option(&mut self, option: u8, number: i64) {
        if number == 0 {
            return;
        }
        let position = usize::from(option);
        if self.options.len() <= position {
            self.options.resize(position + 1, 0);
        }
        if let Some(place) = self.options.get_mut(position) {
            *place = number;
        }
    }
}

/// What the header lines say about the body.
fn add_content_lines(
    task: &Task<'_>,
    body: &Body,
    headers: &mut Headers,
    notes: &mut Vec<Problem>,
) {
    let own = task.field("headers").map_or(task.span, |headers| headers.span);
    if body.owns_type && headers.remove("Content-Type") {
        notes.push(no_effect(own, "Content-Type", "`files`, which needs its own"));
    }
    if let Some(content_type) = &body.content_type
        && headers.lacks("Content-Type")
    {
        headers.add("Content-Type", content_type.clone());
    }
    if let Some(coding) = body.coding {
        if headers.remove("Content-Encoding") {
            notes.push(no_effect(own, "Content-Encoding", "`compress`"));
        }
        headers.add("Content-Encoding", Template::text(coding.name()));
    }
}

/// What to say of a field that is about TLS, which the URL does without.
fn no_tls(field: &str, tree: &Tree) -> Problem {
    Problem {
        span: tree.span,
        kind: ProblemKind::NoEffect,
        message: format!("`{field}` changes nothing for an `http://` URL"),
        label: "only `https://` URLs use it".to_owned(),
        help: "write `https://`, or leave it out".to_owned(),
    }
}

/// What to say of credentials for a body that cannot have them.
fn no_form(span: Span) -> Problem {
    Problem {
        span,
        kind: ProblemKind::Value,
        message: "credentials can be added only to a body that is a plain form".to_owned(),
        label: "no form, or one that is compressed or sent on demand".to_owned(),
        help: r#"write `"add_to": "query"`"#.to_owned(),
    }
}

/// What to say of a field that another one goes before.
fn no_effect(span: Span, field: &str, other: &str) -> Problem {
    Problem {
        span,
        kind: ProblemKind::NoEffect,
        message: format!("`{field}` changes nothing beside {other}"),
        label: "this is not sent".to_owned(),
        help: "leave one of the two out".to_owned(),
    }
}
