//! The bytes of a request, put together from what the compiler prepared.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_stdlib::protocols::http::{extra, option, part};
use ld_vm::{Fault, Request};
use url::Url;

use super::auth::{Proof, Signed};
use super::extra::Extra;
use super::route::is_listed;
use crate::net::Proxy;

/// A body up to this many bytes is copied behind its head, so that both go in one piece.
const COPIED_BODY: usize = 16 * 1024;

/// What a request consists of, as the compiler prepared it.
#[derive(Clone, Copy)]
pub(super) struct Prepared<'u> {
    request: Request<'u>,
    /// The request line and the header lines, each with its line end; without request line
    /// and `Host` when the URL varies.
    pub(super) lines: &'u [u8],
    /// The body, up to its first file if it has any.
    body: &'u [u8],
    /// What else belongs to the request.
    extra: Option<&'u Extra>,
}

/// The version of HTTP that a request goes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    #[default]
    Http1,
    Http2,
    /// What the server chooses in TLS; HTTP/1.1 without TLS.
    Agreed,
}

/// What is out of the ordinary with a request.
#[derive(Debug, Default)]
pub(super) struct Beyond<'u> {
    /// What follows the body: files, and the texts between them.
    pub(super) more: Vec<&'u [u8]>,
    /// Whether the body waits until the server asks for it.
    pub(super) is_held: bool,
    /// Whether the connection is closed after the reply.
    pub(super) closes: bool,
    pub(super) version: Version,
    /// Whether the driver itself reads the reply's body, whatever the task needs.
    pub(super) reads_body: bool,
    /// When the time for the request is over, by the run's clock.
    pub(super) until_ns: u64,
    /// The proxy to go through; empty for none.
    pub(super) proxy: &'u [u8],
}

impl Beyond<'_> {
    pub(super) fn without_body(self) -> Self {
        Self { more: Vec::new(), is_held: false, ..self }
    }
}

impl<'u> Prepared<'u> {
    pub(super) fn new(request: Request<'u>, extra: Option<&'u Extra>) -> Self {
        let whole = request.part(part::WHOLE);
        if whole.is_empty() {
            let body = extra.map_or(request.part(part::BODY), |extra| extra.body(&request));
            return Self { request, lines: request.part(part::HEAD), body, extra };
        }
        let end = usize::try_from(request.option(option::HEAD_END)).unwrap_or(usize::MAX);
        let (lines, rest) = whole.split_at_checked(end).unwrap_or((whole, &[]));
        Self { request, lines, body: rest.get(2..).unwrap_or_default(), extra }
    }

    /// What follows the body's first piece.
    fn more(&self) -> impl Iterator<Item = &'u [u8]> {
        let request = self.request;
        self.extra.into_iter().flat_map(move |extra| extra.more(request))
    }

    /// The header lines that a request line, whoever wrote it, goes before.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'u [u8]> + use<'u> {
        let has_request_line = self.request.part(part::URL).is_empty();
        self.lines.split_inclusive(|&byte| byte == b'\n').skip(usize::from(has_request_line))
    }

    /// Appends the request line, `Host` and the header lines.
    pub(super) fn write_head(&self, url: Option<&Url>, out: &mut Vec<u8>) {
        if let Some(url) = url {
            let has_host = self.fields().any(|line| is_field(line, b"host"));
            write_request_line(self.request.part(part::METHOD), url, !has_host, out);
        }
        out.extend_from_slice(self.lines);
    }

    /// Appends the lines that only the driver can write: length, credentials and cookies.
    /// A `Cookie` line of the plan's own goes before all others.
    pub(super) fn write_late_lines(&self, with: Late<'_>, out: &mut Vec<u8>) {
        if with.body && self.request.option(option::LENGTH_MISSING) != 0 {
            out.extend_from_slice(b"Content-Length: ");
            let len = self.more().fold(self.body.len(), |len, piece| len + piece.len());
            let len = len + self.separator(&with.proof.form).len() + with.proof.form.len();
            out.extend_from_slice(itoa::Buffer::new().format(len).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        let basic = self.request.part(part::BASIC);
        if with.credentials && !basic.is_empty() {
            out.extend_from_slice(b"Authorization: Basic ");
            write_base64(basic, out);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&with.proof.lines);
        let own = if with.credentials { self.request.part(part::COOKIES) } else { &[] };
        let has_none = own.is_empty() && with.cookies.is_empty();
        if has_none || with.credentials && self.fields().any(|line| is_field(line, b"cookie")) {
            return;
        }
        out.extend_from_slice(b"Cookie: ");
        write_cookies(with.cookies.as_bytes(), own, out);
        out.extend_from_slice(b"\r\n");
    }

    /// Appends the empty line and the body; what is left of the body to be sent after it,
    /// before what is [beyond](Self::beyond). A body that fields are added to is one form.
    pub(super) fn write_body(&self, form: &[u8], out: &mut Vec<u8>) -> &'u [u8] {
        out.extend_from_slice(b"\r\n");
        if !form.is_empty() {
            out.extend_from_slice(self.body);
            out.extend_from_slice(self.separator(form));
            out.extend_from_slice(form);
            return &[];
        }
        if self.body.len() > COPIED_BODY || self.has(extra::EXPECT) {
            return self.body;
        }
        out.extend_from_slice(self.body);
        &[]
    }

    /// What stands between the body and fields that are added to it.
    const fn separator(&self, form: &[u8]) -> &'static [u8] {
        if self.body.is_empty() || form.is_empty() { b"" } else { b"&" }
    }

    /// What of the request is out of the ordinary.
    pub(super) fn beyond(&self, origin: &[u8], until_ns: u64) -> Beyond<'u> {
        Beyond {
            reads_body: false,
            more: self.more().collect(),
            is_held: self.has(extra::EXPECT),
            closes: self.has(extra::CLOSE),
            version: match () {
                () if self.has(extra::HTTP2) => Version::Http2,
                () if self.has(extra::AGREED) => Version::Agreed,
                () => Version::Http1,
            },
            until_ns,
            proxy: self.proxy(origin),
        }
    }

    /// The proxy for requests to an origin; empty for none.
    pub(super) fn proxy(&self, origin: &[u8]) -> &'u [u8] {
        if !self.has(extra::PROXY) || is_listed(self.request.part(part::NO_PROXY), origin) {
            return &[];
        }
        self.request.part(part::PROXY)
    }

    /// Makes the request in `head` one for the proxy, where that takes requests for `origin`
    /// (RFC 9112 §3.2.2).
    pub(super) fn address_to_proxy(
        &self,
        method: &[u8],
        origin: &[u8],
        head: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let name = self.proxy(origin);
        if name.is_empty() || !origin.starts_with(b"http://") {
            return Ok(());
        }
        let proxy = Proxy::parse(name)?;
        if proxy.takes_requests() {
            let start = (method.len() + 1).min(head.len());
            head.splice(start..start, origin.iter().copied());
            let end_of_line = head.iter().position(|&byte| byte == b'\n').unwrap_or(start);
            let mut line = Vec::new();
            proxy.write_credentials(&mut line);
            let next = (end_of_line + 1).min(head.len());
            head.splice(next..next, line);
        }
        Ok(())
    }

    /// What credentials may depend on, for a request of `method` for `target` at `origin`.
    pub(super) fn signed<'s>(&'s self, call: [&'s [u8]; 3], with_body: bool) -> Signed<'s> {
        let [method, origin, target] = call;
        let lines: Vec<_> = self.fields().collect();
        let host = lines.iter().find(|line| is_field(line, b"host"));
        let authority = match host {
            Some(line) => line.get(b"host:".len()..).unwrap_or_default().trim_ascii(),
            None => origin.splitn(3, |&byte| byte == b'/').nth(2).unwrap_or_default(),
        };
        let mut body = Vec::new();
        if with_body {
            body.push(self.body);
            body.extend(self.more());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let is_tls = origin.starts_with(b"https:");
        Signed { method, authority, target, lines, body, is_tls, now_s: now.as_secs() }
    }

    pub(super) fn has(&self, extra: i64) -> bool {
        self.request.option(option::EXTRAS) & extra != 0
    }
}

/// What goes with a request beside the prepared lines.
#[derive(Clone, Copy)]
pub(super) struct Late<'l> {
    /// The body.
    pub(super) body: bool,
    /// The credentials and cookies of the plan: not to an origin it does not name.
    pub(super) credentials: bool,
    /// What credentials add to this request.
    pub(super) proof: &'l Proof,
    /// The line of the user's jar.
    pub(super) cookies: &'l str,
}

/// `METHOD target HTTP/1.1` and, if wanted, `Host`.
pub(super) fn write_request_line(method: &[u8], url: &Url, host: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(method);
    out.push(b' ');
    write_target(url, out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if host {
        out.extend_from_slice(b"Host: ");
        write_authority(url, out);
        out.extend_from_slice(b"\r\n");
    }
}

/// The target in the request line that `head` begins with.
pub(super) fn target(head: &[u8]) -> &[u8] {
    head.split(|&byte| byte == b' ').nth(1).unwrap_or_default()
}

/// Adds parameters to the target in the request line that `head` begins with.
pub(super) fn add_to_query(parameters: &[u8], head: &mut Vec<u8>) {
    if parameters.is_empty() {
        return;
    }
    let target = target(head);
    let separator = match target.iter().position(|&byte| byte == b'?') {
        None => &b"?"[..],
        Some(at) if at + 1 == target.len() => b"",
        Some(_) => b"&",
    };
    let method = head.iter().position(|&byte| byte == b' ').map_or(0, |at| at + 1);
    let end = method + target.len();
    head.splice(end..end, [separator, parameters].concat());
}

/// Path and query, as a request line names them (RFC 9112 §3.2.1).
pub(super) fn write_target(url: &Url, out: &mut Vec<u8>) {
    out.extend_from_slice(url.path().as_bytes());
    if let Some(query) = url.query() {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
}

/// `scheme://authority`, as a route is found by.
pub(super) fn origin(url: &Url) -> Vec<u8> {
    let mut out = url.scheme().as_bytes().to_vec();
    out.extend_from_slice(b"://");
    write_authority(url, &mut out);
    out
}

fn write_authority(url: &Url, out: &mut Vec<u8>) {
    out.extend_from_slice(url.host_str().unwrap_or_default().as_bytes());
    if let Some(port) = url.port() {
        out.push(b':');
        out.extend_from_slice(itoa::Buffer::new().format(port).as_bytes());
    }
}

/// Whether a header line is that of the field `name`.
pub(super) fn is_field(line: &[u8], name: &[u8]) -> bool {
    line.get(name.len()) == Some(&b':')
        && line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// The user's cookies, then the task's own, which go before those of the same name.
fn write_cookies(jar: &[u8], own: &[u8], out: &mut Vec<u8>) {
    let name = |cookie: &[u8]| cookie.split(|&byte| byte == b'=').next().map(<[u8]>::len);
    let start = out.len();
    for cookie in pairs(jar) {
        let cookie_name = cookie.get(..name(cookie).unwrap_or(0));
        if pairs(own).any(|own| own.get(..name(own).unwrap_or(0)) == cookie_name) {
            continue;
        }
        if out.len() > start {
            out.extend_from_slice(b"; ");
        }
        out.extend_from_slice(cookie);
    }
    if !own.is_empty() {
        if out.len() > start {
            out.extend_from_slice(b"; ");
        }
        out.extend_from_slice(own);
    }
}

fn pairs(cookies: &[u8]) -> impl Iterator<Item = &[u8]> {
    cookies.split(|&byte| byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let encoded = base64::encoded_len(bytes.len(), true).unwrap_or(0);
    out.resize(start + encoded, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    let written = BASE64.encode_slice(bytes, room).unwrap_or(0);
    out.truncate(start + written);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(jar: &str, own: &str) -> String {
        let mut out = Vec::new();
        write_cookies(jar.as_bytes(), own.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cookies_of_the_task_replace_those_of_the_same_name() {
        assert_eq!(cookies("a=1; b=2", ""), "a=1; b=2");
        assert_eq!(cookies("", "c=3"), "c=3");
        assert_eq!(cookies("a=1; b=2", "b=9; c=3"), "a=1; b=9; c=3");
        assert_eq!(cookies("a=1", "a=2"), "a=2");
    }

    #[test]
    fn parameters_are_added_to_what_the_query_has() {
        for (before, after) in [
            ("GET /a HTTP/1.1", "GET /a?x=1 HTTP/1.1"),
            ("GET /a? HTTP/1.1", "GET /a?x=1 HTTP/1.1"),
            ("GET /a?b HTTP/1.1", "GET /a?b&x=1 HTTP/1.1"),
        ] {
            let mut head = before.as_bytes().to_vec();
            add_to_query(b"x=1", &mut head);
            assert_eq!(String::from_utf8(head).unwrap(), after);
        }
    }

    #[test]
    fn credentials_are_written_in_base64() {
        let mut out = b"x ".to_vec();
        write_base64(b"ada:secret", &mut out);
        assert_eq!(out, b"x YWRhOnNlY3JldA==");
    }

    #[test]
    fn urls_are_written_as_requests_name_them() {
        let url = Url::parse("https://b\u{fc}cher.example:8443/a b?q=\u{e4}#part").unwrap();
        let mut out = Vec::new();
        write_request_line(b"GET", &url, true, &mut out);
        assert_eq!(
            str::from_utf8(&out).unwrap(),
            "GET /a%20b?q=%C3%A4 HTTP/1.1\r\nHost: xn--bcher-kva.example:8443\r\n"
        );
        assert_eq!(origin(&url), b"https://xn--bcher-kva.example:8443");
        let url = Url::parse("http://[::1]:80").unwrap();
        assert_eq!(origin(&url), b"http://[::1]");
    }
}
