//! The target of an HTTP task: a URL taken apart as far as the plan decides it.

use ld_vm::Escape;

use super::Kind;
use super::body::form;
use crate::protocols::{Problem, ProblemKind, Task};
use crate::template::{Piece, Template, Tree, TreeKind};

/// Where a request goes.
#[derive(Default)]
pub(super) struct Target {
    /// `scheme://host:port`, when the plan alone decides it.
    pub(super) origin: Option<String>,
    /// `host:port` as it stands in the `Host` header.
    pub(super) authority: String,
    /// Path and query, when `origin` is there.
    pub(super) path: Template,
    /// The whole URL, when it is not.
    pub(super) url: Template,
    /// What that is relative to, if it turns out to be relative.
    pub(super) base: Template,
    /// The whole URL, for reports.
    pub(super) full: Template,
    /// The name for reports.
    pub(super) name: Template,
}

impl Target {
    pub(super) fn new(task: &Task<'_>, kind: Kind, problems: &mut Vec<Problem>) -> Self {
        let Some(field) = task.field("request_url") else {
            return Self::default();
        };
        let written = field.to_text();
        if written.is_empty() {
            problems.push(Problem {
                span: field.span,
                kind: ProblemKind::Value,
                message: "`request_url` is empty".to_owned(),
                label: "no URL and no path".to_owned(),
                help: r#"write `"/"` for the host's first page"#.to_owned(),
            });
            return Self::default();
        }
        let mut url = Template::default();
        let mut span = field.span;
        let prefix = written.prefix();
        let is_relative = match written.pieces.first() {
            Some(Piece::Slot { .. }) => false,
            _ => !has_scheme(&prefix),
        };
        if is_relative {
            match task.host {
                Some(host) => {
                    url = base(host);
                    // The authority is the host's; one from the command line has no place.
                    if host.span != crate::Span::default() {
                        span = host.span;
                    }
                }
                None => {
                    problems.push(Problem {
                        span,
                        kind: ProblemKind::Missing,
                        message: "this URL is relative, and the run has no `host`".to_owned(),
                        label: "relative to what?".to_owned(),
                        help: r#"add `"host": "http://127.0.0.1:8080"` to LD_start_test, or pass `--host URL`"#.to_owned(),
                    });
                    return Self::default();
                }
            }
            if prefix.first() != Some(&b'/') && prefix.first() != Some(&b'?') {
                url.push_text("/");
            }
        }
        url.push_escaped(&written, Escape::Url);
        strip_fragment(&mut url);
        add_params(task, &mut url);

        let mut target = Self { full: url.clone(), ..Self::default() };
        match split_origin(&url) {
            Split::Constant { origin, authority, path } => {
                target.origin = Some(origin);
                target.authority = authority;
                target.path = path;
            }
            Split::Varies => {
                target.base = task.host.filter(|_| !is_relative).map(base).unwrap_or_default();
                target.url = url;
            }
            Split::Broken(message) => problems.push(Problem {
                span,
                kind: ProblemKind::Value,
                message,
                label: "this is not a URL a request can be sent to".to_owned(),
                help: "write `http://host:port/path` or `https://host/path`".to_owned(),
            }),
        }
        target.name = if kind != Kind::Plain || target.origin.is_none() {
            written
        } else {
            target.path.clone()
        };
        target
    }
}

/// What relative targets begin with.
fn base(host: &Tree) -> Template {
    let mut written = host.to_text();
    strip_trailing_slash(&mut written);
    let mut base = Template::default();
    if !matches!(written.pieces.first(), Some(Piece::Slot { .. })) && !has_scheme(&written.prefix())
    {
        base.push_text("http://");
    }
    base.push_escaped(&written, Escape::Url);
    base
}

/// Whether text begins like an absolute URL.
fn has_scheme(text: &[u8]) -> bool {
    let scheme = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
        .count();
    scheme > 0 && text.get(scheme..scheme + 3) == Some(b"://")
}

fn strip_trailing_slash(template: &mut Template) {
    if let Some(Piece::Text(text)) = template.pieces.last_mut()
        && text.last() == Some(&b'/')
    {
        text.pop();
    }
}

/// A fragment is for the client only (RFC 9110 §4.2.5).
fn strip_fragment(url: &mut Template) {
    let at = url
        .pieces
        .iter()
        .position(|piece| matches!(piece, Piece::Text(text) if text.contains(&b'#')));
    if let Some(at) = at {
        url.pieces.truncate(at + 1);
        if let Some(Piece::Text(text)) = url.pieces.last_mut() {
            let end = text.iter().position(|&byte| byte == b'#').unwrap_or(text.len());
            text.truncate(end);
        }
    }
}

enum Split {
    Constant { origin: String, authority: String, path: Template },
    Varies,
    Broken(String),
}

/// Takes a URL apart after its authority, if that is constant.
fn split_origin(url: &Template) -> Split {
    let prefix = url.prefix();
    if !has_scheme(&prefix) {
        return Split::Varies;
    }
    let text = String::from_utf8_lossy(&prefix).into_owned();
    let Some((scheme, rest)) = text.split_once("://") else {
        return Split::Varies;
    };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Split::Broken(format!("HTTP users cannot speak `{scheme}`"));
    }
    let end = rest.find(['/', '?']);
    if end.is_none() && url.constant().is_none() {
        // A slot follows directly: it may still belong to the authority.
        return Split::Varies;
    }
    let end = end.unwrap_or(rest.len());
    let (authority, _) = rest.split_at(end);
    if authority.contains('@') {
        return Split::Broken("credentials in a URL are not sent".to_owned());
    }
    if let Err(why) = check_authority(authority) {
        return Split::Broken(why);
    }
    let mut path = url.clone();
    path.cut(scheme.len() + 3 + end);
    if !path.prefix().starts_with(b"/") {
        let mut rooted = Template::text("/");
        rooted.push(&path);
        path = rooted;
    }
    Split::Constant {
        origin: format!("{scheme}://{authority}"),
        authority: authority.to_owned(),
        path,
    }
}

fn check_authority(authority: &str) -> Result<(), String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("the `[` of the IPv6 address is not closed")?,
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    if host.is_empty() {
        return Err("this URL has no host".to_owned());
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(port) if port.parse::<u16>().is_ok_and(|number| number > 0) => Ok(()),
        _ => Err(format!("`{}` is not a port", port.trim_start_matches(':'))),
    }
}

fn add_params(task: &Task<'_>, url: &mut Template) {
    let Some(params) = task.field("params") else {
        return;
    };
    let pairs = match &params.kind {
        TreeKind::Map(_) => form(params),
        _ => {
            let mut text = Template::default();
            text.push_escaped(&params.to_text(), Escape::Url);
            text
        }
    };
    if pairs.is_empty() {
        return;
    }
    let has_query =
        url.pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(&b'?')));
    let is_begun = matches!(url.pieces.last(),
        Some(Piece::Text(text)) if matches!(text.last(), Some(b'?' | b'&')));
    match has_query {
        true if is_begun => {}
        true => url.push_text("&"),
        false => url.push_text("?"),
    }
    url.push(&pairs);
}
