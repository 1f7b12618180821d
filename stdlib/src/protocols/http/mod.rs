//! HTTP/1.1: `fast_http_user` and `http_user`.
//!
//! A task becomes up to two byte strings, the head and the body, prepared as far as the
//! plan allows. A request in which nothing varies is one string, ready to be written.

use ld_vm::{Escape, Needs};

use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType, tls};
use crate::field::{Field, Shape};
use crate::span::Span;
use crate::template::{Template, Tree, TreeKind};

mod headers;
mod target;

use headers::Headers;
pub(super) use headers::is_token;
use target::Target;

/// Positions of a request's parts.
pub mod part {
    /// `http://host:port` or `https://…`, constant; empty when [`URL`] is there instead.
    pub const ORIGIN: u8 = 0;
    /// The absolute URL, when its origin is known only at run time. It is rendered before the
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
}

/// The most redirects that are followed, as browsers and the reference do.
pub const MAX_REDIRECTS: i64 = 30;

/// The time limit of `fast_http_user` when the task has none, in nanoseconds.
const FAST_TIMEOUT_NS: i64 = 60_000_000_000;

const FAST: &str = "fast_http_user";

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "http",
    title: "HTTP",
    doc: "HTTP/1.1 over TCP and TLS, one keep-alive connection per user and origin.",
    users: &[
        UserType { key: FAST, doc: "A user with a time limit of 60 s per request." },
        UserType { key: "http_user", doc: "A user without a time limit unless a task sets one." },
    ],
    fields: FIELDS,
    offers: Needs::STATUS.union(Needs::META).union(Needs::PAYLOAD),
    default_check: Some("status_below_400"),
    parts: &[
        "origin", "url", "head", "body", "whole", "method", "cookies", "basic", "ca", "cert", "key",
    ],
    options: &["timeout_ns", "redirects", "verify", "length_missing", "head_end"],
    prepare,
};

const PARAMS: Shape = Shape::Either(&[Shape::Map(&Shape::Any), Shape::Text, Shape::Null]);

const FIELDS: &[Field] = &[
    Field::new(
        "allow_redirects",
        Shape::Bool,
        "Whether redirects are followed, 30 at most; the chain counts as one request.",
        "false",
    )
    .default("true; false for HEAD of `http_user`"),
    Field::new(
        "auth",
        Shape::Either(&[Shape::Object(AUTH), Shape::Null]),
        "Sends an `Authorization` header, in place of one in `headers`.",
        r#"{"type": "bearer", "token": "${token}"}"#,
    ),
    Field::new(
        "cert",
        Shape::Either(&[Shape::ConstantText, Shape::List(&Shape::ConstantText), Shape::Null]),
        "The client certificate: a PEM file with certificate and key, or a pair of files.",
        r#"["client.pem", "client.key"]"#,
    )
    .aliases(&["client_cert"]),
    Field::new(
        "cookies",
        Shape::Either(&[Shape::Map(&Shape::Text), Shape::Text, Shape::Null]),
        "Cookies sent with this request, beside those the server has set.",
        r#"{"theme": "dark"}"#,
    ),
    Field::new(
        "data",
        Shape::Either(&[Shape::Map(&Shape::Any), Shape::Text, Shape::Null]),
        "The body: text as it is, an object as a form.",
        r#"{"user": "ada", "lang": ["de", "en"]}"#,
    ),
    Field::later("files", "The body: a multipart form with files."),
    Field::new(
        "headers",
        Shape::Either(&[Shape::Map(&Shape::Either(&[Shape::Text, Shape::Null])), Shape::Null]),
        "Header lines; a name given here replaces the one sent by default; one with `null` is left out.",
        r#"{"X-Tenant": "acme"}"#,
    ),
    Field::new("json", Shape::Any, "The body, as JSON; `data` goes before it.", r#"{"id": 1}"#),
    Field::new("method", Shape::Choice(METHODS), "The method.", r#""get""#).required(),
    Field::new(
        "params",
        PARAMS,
        "Values added to the query; arrays repeat the name, `null` leaves it out.",
        r#"{"page": 2}"#,
    ),
    Field::new(
        "request_url",
        Shape::Text,
        "The URL: absolute, or a path on the run's `host`.",
        r#""/orders?page=1""#,
    )
    .aliases(&["url"])
    .required(),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The time limit of the whole exchange, in seconds; 0 for none.",
        "2.5",
    )
    .default("60 for `fast_http_user`, none for `http_user`"),
    Field::new(
        "verify",
        Shape::Either(&[Shape::Bool, Shape::ConstantText]),
        "Whether the server's certificate is checked, or the path of the CA file or folder to check it against.",
        "false",
    )
    .default("true"),
];

const AUTH: &[Field] = &[
    Field::new("password", Shape::Text, "For `basic`.", r#""secret""#),
    Field::new("token", Shape::Text, "For `bearer`.", r#""${token}""#),
    Field::new("type", Shape::Choice(&["basic", "bearer"]), "The scheme.", r#""basic""#).required(),
    Field::new("username", Shape::Text, "For `basic`.", r#""ada""#),
];

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let method = task.constant("method").unwrap_or_default().to_ascii_uppercase();
    let target = Target::new(task, &mut problems);
    let body = Body::new(task);
    let mut notes = Vec::new();
    let mut headers = Headers::new(task, &mut problems, &mut notes);
    headers.add_default("User-Agent", concat!("ldvm/", env!("CARGO_PKG_VERSION")));
    headers.add_default("Accept-Encoding", "gzip, deflate, br");
    headers.add_default("Accept", body.accept);
    if let Some(content_type) = body.content_type {
        headers.add_default("Content-Type", content_type);
    }
    let authorities = tls::authorities(task, &mut problems);
    let (certificate, key) = tls::certificate(task, &mut problems);
    let cookies = cookies(task, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }

    if body.is_data
        && let Some(json) = task.field("json")
    {
        notes.push(no_effect(json.span, "json", "`data`"));
    }
    if headers.has("Cookie")
        && let Some(cookies) = task.field("cookies")
    {
        notes.push(no_effect(cookies.span, "cookies", "the header `Cookie`"));
    }

    let body_constant = body.template.constant();
    let has_body = !body.template.is_empty() || matches!(method.as_str(), "POST" | "PUT" | "PATCH");
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

    let basic = headers.basic;
    let mut parts = vec![Template::default(); PROTOCOL.parts.len()];
    let mut options = vec![0; PROTOCOL.options.len()];
    let mut set = |part: u8, template: Template| {
        if let Some(place) = parts.get_mut(usize::from(part)) {
            *place = template;
        }
    };
    let mut set_option = |option: u8, number: i64| {
        if let Some(place) = options.get_mut(usize::from(option)) {
            *place = number;
        }
    };

    let whole = match (&target.origin, head.constant(), &body_constant) {
        (Some(_), Some(head), Some(body)) => Some((head, body)),
        _ => None,
    };
    match whole {
        Some((head, body)) => {
            set_option(option::HEAD_END, head.len() as i64);
            set(part::WHOLE, Template::text([head.as_slice(), b"\r\n", body].concat()));
        }
        None => {
            set_option(option::LENGTH_MISSING, i64::from(has_body && body_constant.is_none()));
            set(part::HEAD, head);
            set(part::BODY, body.template);
        }
    }
    match &target.origin {
        Some(origin) => set(part::ORIGIN, Template::text(origin)),
        None => set(part::URL, target.url),
    }
    set(part::METHOD, Template::text(&method));
    set(part::COOKIES, cookies);
    set(part::BASIC, basic);
    set(part::CA, authorities);
    set(part::CERT, certificate);
    set(part::KEY, key);

    let timeout = task.nanoseconds("timeout");
    let default_timeout = if task.user == FAST { FAST_TIMEOUT_NS } else { 0 };
    set_option(option::TIMEOUT_NS, timeout.unwrap_or(default_timeout));
    let follow_default = !(method == "HEAD" && task.user != FAST);
    let follow = task.flag("allow_redirects").unwrap_or(follow_default);
    set_option(option::REDIRECTS, if follow { MAX_REDIRECTS } else { 0 });
    set_option(option::VERIFY, i64::from(task.flag("verify").unwrap_or(true)));
    Ok(Prepared { parts, options, method, target: target.full, name: target.name, notes })
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

struct Body {
    template: Template,
    is_data: bool,
    content_type: Option<&'static str>,
    accept: &'static str,
}

impl Body {
    fn new(task: &Task<'_>) -> Self {
        let fast = task.user == FAST;
        let any = "*/*";
        if let Some(data) = task.field("data") {
            let is_form = matches!(data.kind, TreeKind::Map(_));
            let template = if is_form { form(data) } else { data.to_text() };
            if !template.is_empty() {
                let content_type = match (is_form, fast) {
                    (true, true) => Some("application/x-www-form-urlencoded; charset=utf-8"),
                    (true, false) => Some("application/x-www-form-urlencoded"),
                    (false, true) => Some("text/plain; charset=utf-8"),
                    (false, false) => None,
                };
                return Self { template, is_data: true, content_type, accept: any };
            }
        }
        match task.field("json") {
            Some(json) => Self {
                template: json.to_json(),
                is_data: false,
                content_type: Some("application/json"),
                accept: if fast { "application/json" } else { any },
            },
            None => Self {
                template: Template::default(),
                is_data: false,
                content_type: None,
                accept: any,
            },
        }
    }
}

/// `name=value&name=value`, in the order of the plan.
pub(super) fn form(map: &Tree) -> Template {
    let mut out = Template::default();
    let TreeKind::Map(members) = &map.kind else {
        return out;
    };
    for member in members {
        let values = match &member.value.kind {
            TreeKind::List(items) => items.iter().collect(),
            _ => vec![&member.value],
        };
        for value in values {
            if value.kind == TreeKind::Null {
                continue;
            }
            if !out.is_empty() {
                out.push_text("&");
            }
            out.push_escaped(&Template::text(&member.name), Escape::Query);
            out.push_text("=");
            out.push_escaped(&value.to_text(), Escape::Query);
        }
    }
    out
}

fn cookies(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
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
