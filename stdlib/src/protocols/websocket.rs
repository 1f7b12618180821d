//! WebSocket (RFC 6455): `websocket_user`.
//!
//! A user has one connection, kept from task to task and from tick to tick. Messages may
//! come at any time; those nobody has asked for yet wait in the user's inbox.

use ld_vm::{Escape, Needs};

use super::http::is_token;
use super::payload::payload;
use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType, tls};
use crate::endpoint::Endpoint;
use crate::field::{Field, Shape};
use crate::template::{Member, Piece, Template, Tree, TreeKind};

/// Positions of a request's parts.
pub mod part {
    /// The URL, `ws://…` or `wss://…`; empty for the one the user is or was connected to.
    pub const URL: u8 = 0;
    /// The URL for a user that has no other.
    pub const HOST: u8 = 1;
    /// Header lines of the handshake, each with its line end.
    pub const HEADERS: u8 = 2;
    /// The subprotocols to offer, with commas between them.
    pub const SUBPROTOCOLS: u8 = 3;
    /// The message to send.
    pub const PAYLOAD: u8 = 4;
    /// The text a message must contain to be the one waited for; empty for any message.
    pub const EXPECT: u8 = 5;
    /// The path of a CA file or folder.
    pub const CA: u8 = 6;
    /// The path of the client certificate.
    pub const CERT: u8 = 7;
    /// The path of the client certificate's key; empty when it is in the same file.
    pub const KEY: u8 = 8;
}

/// Positions of a request's numbers.
pub mod option {
    /// What to do: a position in [`METHODS`](super::METHODS).
    pub const METHOD: u8 = 0;
    /// The time limit in nanoseconds; 0 for none.
    pub const TIMEOUT_NS: u8 = 1;
    /// 1 to send the payload as a binary message, 0 as text.
    pub const BINARY: u8 = 2;
    /// 1 when the payload may begin with `hex:`.
    pub const HEX: u8 = 3;
    /// 0 to accept any certificate.
    pub const VERIFY: u8 = 4;
}

/// What a task can do.
pub const METHODS: &[&str] = &["close", "connect", "recv", "send", "sendrecv"];

/// The time limit of a task that does not say one, in nanoseconds.
const TIMEOUT_NS: i64 = 5_000_000_000;

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "websocket",
    title: "WebSocket",
    doc: "WebSocket over TCP and TLS, one connection per user, kept across ticks. While a user \
          does something else its messages wait, up to 256 of them or 256 KiB; then the oldest \
          are dropped.",
    users: &[UserType {
        key: "websocket_user",
        doc: "A user that sends and receives messages over a connection of its own.",
    }],
    fields: FIELDS,
    offers: Needs::PAYLOAD,
    default_check: None,
    transient: &[],
    at_once: false,
    has_cookies: false,
    has_connection: false,
    parts: &["url", "host", "headers", "subprotocols", "payload", "expect", "ca", "cert", "key"],
    options: &["method", "timeout_ns", "binary", "hex", "verify"],
    prepare,
};

const FIELDS: &[Field] = &[
    Field::new(
        "binary",
        Shape::Bool,
        "Whether the payload is sent as a binary message; it may then be `hex:` and digits.",
        "true",
    )
    .default("false"),
    Field::new(
        "cert",
        Shape::Either(&[Shape::ConstantText, Shape::List(&Shape::ConstantText), Shape::Null]),
        "The client certificate: a PEM file with certificate and key, or a pair of files.",
        r#"["client.pem", "client.key"]"#,
    )
    .path()
    .aliases(&["client_cert"]),
    Field::new(
        "expect",
        Shape::Any,
        "A text the received message must contain. Messages without it are passed over until \
         the time limit.",
        r#""\"type\": \"ack\"""#,
    )
    .default("any message will do"),
    Field::new(
        "headers",
        Shape::Either(&[Shape::Map(&Shape::Text), Shape::Null]),
        "Header lines of the handshake.",
        r#"{"Authorization": "Bearer ${token}"}"#,
    ),
    Field::new(
        "method",
        Shape::Choice(METHODS),
        "What to do: open the connection, send a message, wait for one, both, or say goodbye. \
         `send` and `sendrecv` connect if needed.",
        r#""sendrecv""#,
    )
    .default("send"),
    Field::new(
        "payload",
        Shape::Any,
        "The message: text as it is, objects and arrays as JSON.",
        r#"{"op": "subscribe", "channel": "${channel}"}"#,
    )
    .default("the empty message"),
    Field::new(
        "request_url",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "Where to connect: `ws://…`, `wss://…`, or a path on the run's `host`. Another URL than \
         that of the open connection replaces it.",
        r#""wss://127.0.0.1/feed""#,
    )
    .aliases(&["url"])
    .default("the URL of the user's connection, else the run's `host`"),
    Field::new(
        "subprotocols",
        Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Null]),
        "The subprotocols to offer, most wanted first; the server must take one.",
        r#"["mqtt"]"#,
    )
    .default("none"),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The time limit of the whole task, connecting included, in seconds; 0 for none.",
        "2.5",
    )
    .default("5"),
    tls::VERIFY,
];

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let method = task.constant("method").unwrap_or_default().to_ascii_lowercase();
    let method = METHODS.iter().find(|name| **name == method).unwrap_or(&"send");
    let number = METHODS.iter().position(|name| name == method).unwrap_or_default();
    let host = task.host.map(base).unwrap_or_default();
    let url = url(task, &host, &mut problems);
    let headers = headers(task, &mut problems);
    let is_binary = task.flag("binary").unwrap_or(false);
    let (payload, may_be_hex) = if is_binary {
        payload(task, &mut problems)
    } else {
        (task.text("payload").unwrap_or_default(), false)
    };
    let authorities = tls::authorities(task, &mut problems);
    let (cert, key) = tls::certificate(task, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let notes =
        [("payload", ["close", "connect", "recv"]), ("expect", ["close", "connect", "send"])];
    let notes = notes.into_iter().filter(|(_, methods)| methods.contains(method));
    let notes = notes.filter_map(|(field, _)| {
        Some(Problem {
            span: task.field(field)?.span,
            kind: ProblemKind::NoEffect,
            message: format!("`{field}` changes nothing where the method is `{method}`"),
            label: "this is not looked at".to_owned(),
            help: "leave it out, or use `sendrecv`".to_owned(),
        })
    });
    let written = task.text("request_url").filter(|url| !url.is_empty());
    Ok(Prepared {
        options: vec![
            i64::try_from(number).unwrap_or_default(),
            task.nanoseconds("timeout").unwrap_or(TIMEOUT_NS),
            i64::from(is_binary),
            i64::from(may_be_hex),
            i64::from(task.flag("verify").unwrap_or(true)),
        ],
        method: "WS".to_owned(),
        target: if url.is_empty() { host.clone() } else { url.clone() },
        name: written.unwrap_or_else(|| Template::text(method)),
        parts: vec![
            url,
            host,
            headers,
            subprotocols(task),
            payload,
            task.text("expect").unwrap_or_default(),
            authorities,
            cert,
            key,
        ],
        check: None,
        notes: notes.collect(),
    })
}

/// The run's `host` as the beginning of a URL.
fn base(host: &Tree) -> Template {
    let written = host.to_text();
    let mut url = Template::default();
    let begins_with_slot = matches!(written.pieces.first(), Some(Piece::Slot { .. }) | None);
    if !begins_with_slot && !contains(&written.prefix(), b"://") {
        url.push_text("ws://");
    }
    url.push_escaped(&written, Escape::Url);
    url
}

fn url(task: &Task<'_>, host: &Template, problems: &mut Vec<Problem>) -> Template {
    let Some(field) = task.field("request_url") else {
        check(host, task.host.map_or(task.span, |host| host.span), problems);
        return Template::default();
    };
    let written = field.to_text();
    let mut url = Template::default();
    if written.prefix().starts_with(b"/") {
        if host.is_empty() {
            problems.push(Problem {
                span: field.span,
                kind: ProblemKind::Missing,
                message: "this URL is relative, and the run has no `host`".to_owned(),
                label: "relative to what?".to_owned(),
                help:
                    r#"add `"host": "ws://127.0.0.1:8080"` to LD_start_test, or pass `--host URL`"#
                        .to_owned(),
            });
            return url;
        }
        url.push(host);
        if let Some(Piece::Text(text)) = url.pieces.last_mut()
            && text.last() == Some(&b'/')
        {
            text.pop();
        }
    }
    url.push_escaped(&written, Escape::Url);
    check(&url, field.span, problems);
    url
}

/// Refuses a constant URL that nothing can connect to.
fn check(url: &Template, span: crate::Span, problems: &mut Vec<Problem>) {
    let Some(constant) = url.constant().filter(|url| !url.is_empty()) else {
        return;
    };
    let text = String::from_utf8_lossy(&constant);
    if let Err(why) = Address::parse(&text) {
        problems.push(Problem {
            span,
            kind: ProblemKind::Value,
            message: format!("`{text}` is no WebSocket URL: {why}"),
            label: "this is not a URL to connect to".to_owned(),
            help: "write `ws://host:port/path` or `wss://host/path`".to_owned(),
        });
    }
}

fn headers(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let mut lines = Template::default();
    let members = match task.field("headers").map(|tree| &tree.kind) {
        Some(TreeKind::Map(members)) => members.as_slice(),
        _ => &[],
    };
    let mut has_agent = false;
    for member in members.iter().filter(|member| member.value.kind != TreeKind::Null) {
        if let Some(problem) = unusable(member) {
            problems.push(problem);
            continue;
        }
        has_agent |= member.name.eq_ignore_ascii_case("User-Agent");
        lines.push_text(&member.name);
        lines.push_text(": ");
        lines.push_escaped(&member.value.to_text(), Escape::Header);
        lines.push_text("\r\n");
    }
    if !has_agent {
        lines.push_text(concat!("User-Agent: ldvm/", env!("CARGO_PKG_VERSION"), "\r\n"));
    }
    lines
}

/// What is wrong with a header's name, if anything is.
fn unusable(member: &Member) -> Option<Problem> {
    let name = &member.name;
    let problem = |message: String, label: &str, help: &str| Problem {
        span: member.name_span,
        kind: ProblemKind::Value,
        message,
        label: label.to_owned(),
        help: help.to_owned(),
    };
    if !is_token(name) {
        let message = format!("`{name}` cannot be the name of a header");
        let label = "letters, digits and -_.!#$%&'*+^`|~ only (RFC 9110 §5.1)";
        return Some(problem(message, label, ""));
    }
    let is_handshakes = ["Connection", "Upgrade"].iter().any(|own| own.eq_ignore_ascii_case(name))
        || name.get(..14).is_some_and(|begin| begin.eq_ignore_ascii_case("Sec-WebSocket-"));
    is_handshakes.then(|| {
        let help = if name.eq_ignore_ascii_case("Sec-WebSocket-Protocol") {
            "use `subprotocols`"
        } else {
            "leave it out"
        };
        let message = format!("`{name}` is not for a plan to set");
        problem(message, "the handshake sets this header itself", help)
    })
}

fn subprotocols(task: &Task<'_>) -> Template {
    let mut names = Template::default();
    match task.field("subprotocols").map(|tree| (&tree.kind, tree)) {
        Some((TreeKind::List(items), _)) => {
            for item in items {
                names.push_text(if names.is_empty() { "" } else { ", " });
                names.push_escaped(&item.to_text(), Escape::Header);
            }
        }
        Some((_, tree)) => names.push_escaped(&tree.to_text(), Escape::Header),
        None => {}
    }
    names
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where to connect.
    pub endpoint: Endpoint,
    /// `host` or `host:port`, as the URL has it.
    pub authority: String,
    /// Path and query; at least `/`.
    pub path: String,
}

impl Address {
    /// Takes a URL apart: `ws` or `http` for plain connections, `wss` or `https` for TLS.
    ///
    /// # Errors
    /// When it is none, says why.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) =
            url.split_once("://").ok_or("it does not begin with ws:// or wss://")?;
        let (tls, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => (false, 80),
            "wss" | "https" => (true, 443),
            _ => return Err(format!("WebSocket users cannot speak `{scheme}`")),
        };
        // A fragment is for the client only.
        let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let endpoint =
            Endpoint::parse(authority, Some(default_port), tls).map_err(|why| why.to_string())?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { endpoint, authority: authority.to_owned(), path: format!("{slash}{path}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn tree(kind: TreeKind) -> Tree {
        Tree { span: Span::default(), kind }
    }

    fn text(text: &str) -> Tree {
        tree(TreeKind::Text(Template::text(text)))
    }

    fn prepared(fields: &[(&'static str, Tree)], host: Option<&str>) -> Result<Prepared, String> {
        let fields = fields.iter().map(|(name, tree)| (*name, tree)).collect();
        let host = host.map(text);
        let task = Task {
            user: "websocket_user",
            span: Span::default(),
            fields,
            host: host.as_ref(),
            http2: false,
        };
        prepare(&task).map_err(|problems| problems[0].message.clone())
    }

    fn part(prepared: &Prepared, part: u8) -> String {
        String::from_utf8(prepared.parts[usize::from(part)].constant().unwrap()).unwrap()
    }

    #[test]
    fn urls_are_absolute_or_paths_on_the_runs_host() {
        for (url, host, expected) in [
            ("ws://a/b", Some("ws://c"), "ws://a/b"),
            ("/b", Some("ws://c:1/"), "ws://c:1/b"),
            ("/b", Some("c:1"), "ws://c:1/b"),
            ("/b c", Some("https://c"), "https://c/b%20c"),
        ] {
            let prepared = prepared(&[("request_url", text(url))], host).unwrap();
            assert_eq!(part(&prepared, part::URL), expected);
            assert_eq!(prepared.name, Template::text(url));
        }
        let prepared = prepared(&[("method", text("Recv"))], Some("c:1")).unwrap();
        assert_eq!(part(&prepared, part::URL), "");
        assert_eq!(part(&prepared, part::HOST), "ws://c:1");
        assert_eq!(prepared.name, Template::text("recv"));
        assert_eq!(METHODS[prepared.options[usize::from(option::METHOD)] as usize], "recv");
    }

    #[test]
    fn urls_that_nothing_can_connect_to_are_mistakes_of_the_plan() {
        for (url, host, why) in [
            ("/feed", None, "the run has no `host`"),
            ("a:80/feed", None, "does not begin with ws://"),
            ("ftp://a", None, "cannot speak `ftp`"),
            ("ws://:80/", None, "the host is missing"),
            ("ws://a:port/", None, "the port is not a number"),
            ("ws://user@a/", None, "can not be in a host"),
        ] {
            let error = prepared(&[("request_url", text(url))], host).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(prepared(&[], Some("tcp://a")).unwrap_err().contains("cannot speak `tcp`"));
    }

    #[test]
    fn headers_of_the_handshake_are_not_for_the_plan() {
        let headers = |name: &str| {
            let member =
                Member { name: name.to_owned(), name_span: Span::default(), value: text("a\r\nb") };
            prepared(&[("headers", tree(TreeKind::Map(vec![member])))], None)
        };
        let lines = part(&headers("X-Tenant").unwrap(), part::HEADERS);
        assert!(lines.starts_with("X-Tenant: a  b\r\nUser-Agent: ldvm/"), "{lines}");
        assert_eq!(part(&headers("user-agent").unwrap(), part::HEADERS), "user-agent: a  b\r\n");
        for name in ["upgrade", "sec-websocket-key", "no good"] {
            assert!(headers(name).is_err(), "{name}");
        }
    }

    #[test]
    fn subprotocols_are_listed_in_order() {
        let list = tree(TreeKind::List(vec![text("mqtt"), text("chat")]));
        let prepared = prepared(&[("subprotocols", list)], None).unwrap();
        assert_eq!(part(&prepared, part::SUBPROTOCOLS), "mqtt, chat");
    }

    #[test]
    fn hexadecimal_payloads_are_for_binary_messages() {
        let payload = |is_binary| {
            let fields =
                [("payload", text("hex:6869")), ("binary", tree(TreeKind::Bool(is_binary)))];
            part(&prepared(&fields, None).unwrap(), part::PAYLOAD)
        };
        assert_eq!(payload(true), "hi");
        assert_eq!(payload(false), "hex:6869");
    }

    #[test]
    fn addresses_have_the_schemes_port_and_a_path() {
        for (url, tls, endpoint, authority, path) in [
            ("ws://a", false, "a:80", "a", "/"),
            ("WSS://a?x=1#f", true, "a:443", "a", "/?x=1"),
            ("https://[::1]:8/p?q", true, "[::1]:8", "[::1]:8", "/p?q"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.endpoint.to_string(), endpoint);
            assert_eq!((address.authority.as_str(), address.path.as_str()), (authority, path));
            assert_eq!(address.endpoint.tls, tls);
        }
    }
}
