//! The header lines of an HTTP task.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_vm::Escape;

use super::no_effect;
use crate::protocols::{Problem, ProblemKind, Task};
use crate::span::Span;
use crate::template::{Template, Tree, TreeKind};

/// The header lines of a request: the task's own first, in their order.
pub(super) struct Headers {
    lines: Vec<(String, Template)>,
    /// Names that the task wants left out.
    left_out: Vec<String>,
    /// The credentials of a `Basic` authorization that varies.
    pub(super) basic: Template,
    /// The task's `auth` as JSON, when it takes the driver to carry it out.
    pub(super) auth: Template,
    /// Where the task wants credentials to be added to the body.
    pub(super) in_body: Option<Span>,
}

/// The types of `auth`: what each needs, and what else it knows.
const SCHEMES: &[(&str, &[&str], &[&str])] = &[
    ("aws_sigv4", &["access_key", "secret_key", "region", "service"], &["session_token"]),
    ("basic", &["username", "password"], &[]),
    ("bearer", &["token"], &[]),
    (
        "digest",
        &["username", "password"],
        &["algorithm", "client_nonce", "nonce", "nonce_count", "opaque", "qop", "realm"],
    ),
    (
        "hawk",
        &["key_id", "key"],
        &["algorithm", "app", "body_hash", "delegation", "ext", "nonce", "timestamp"],
    ),
    ("jwt", &["algorithm"], &["claims", "key", "key_file", "key_id", "lifetime"]),
    (
        "oauth1",
        &["consumer_key", "consumer_secret"],
        &[
            "add_to",
            "body_hash",
            "callback",
            "nonce",
            "realm",
            "signature_method",
            "timestamp",
            "token",
            "token_secret",
            "verifier",
            "version",
        ],
    ),
    (
        "oauth2",
        &["token_url"],
        &[
            "audience",
            "client_auth",
            "client_id",
            "client_secret",
            "grant",
            "password",
            "refresh_token",
            "scope",
            "username",
        ],
    ),
];

/// The algorithms of each type that has some.
const ALGORITHMS: &[(&str, &[&str])] = &[
    ("digest", &["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"]),
    ("hawk", &["sha1", "sha256"]),
    ("jwt", &["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]),
];

/// The grants of `oauth2`: what each needs.
const GRANTS: &[(&str, &[&str])] = &[
    ("client_credentials", &["client_id"]),
    ("password", &["username", "password"]),
    ("refresh_token", &["refresh_token"]),
];

impl Headers {
    pub(super) fn new(
        task: &Task<'_>,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let mut headers = Self {
            lines: Vec::new(),
            left_out: Vec::new(),
            basic: Template::default(),
            auth: Template::default(),
            in_body: None,
        };
        let auth = task.field("auth");
        if let Some(TreeKind::Map(members)) = task.field("headers").map(|tree| &tree.kind) {
            for member in members {
                if member.value.kind == TreeKind::Null {
                    headers.left_out.push(member.name.clone());
                    continue;
                }
                if !is_token(&member.name) {
                    problems.push(Problem {
                        span: member.name_span,
                        kind: ProblemKind::Value,
                        message: format!("`{}` cannot be the name of a header", member.name),
                        label: "letters, digits and -_.!#$%&'*+^`|~ only (RFC 9110 §5.1)"
                            .to_owned(),
                        help: String::new(),
                    });
                    continue;
                }
                if auth.is_some() && member.name.eq_ignore_ascii_case("Authorization") {
                    notes.push(no_effect(member.name_span, &member.name, "`auth`"));
                    continue;
                }
                if let Some(help) = driven_by_the_codec(&member.name) {
                    problems.push(Problem {
                        span: member.name_span,
                        kind: ProblemKind::Value,
                        message: format!("`{}` is not for a plan to set", member.name),
                        label: "the client frames the request itself".to_owned(),
                        help: help.to_owned(),
                    });
                    continue;
                }
                let one = std::slice::from_ref(&member.value);
                let values =
                    if let TreeKind::List(values) = &member.value.kind { values } else { one };
                let lines = values.iter().map(|value| (member.name.clone(), value.to_text()));
                headers.lines.extend(lines);
            }
        }
        if let Some(auth) = auth {
            headers.add_auth(auth, problems, notes);
        }
        headers
    }

    fn add_auth(&mut self, auth: &Tree, problems: &mut Vec<Problem>, notes: &mut Vec<Problem>) {
        let text = |name: &str| auth.member(name).map(Tree::to_text);
        let scheme =
            text("type").and_then(|t| t.constant()).unwrap_or_default().to_ascii_lowercase();
        let Some((_, required, optional)) =
            SCHEMES.iter().find(|(name, ..)| name.as_bytes() == scheme)
        else {
            // That there is no such type has been said.
            return;
        };
        let mut missing = |name: &str| {
            problems.push(Problem {
                span: auth.span,
                kind: ProblemKind::Missing,
                message: format!("`auth` of this type needs `{name}`"),
                label: format!("no `{name}` here"),
                help: String::new(),
            });
        };
        for name in *required {
            if auth.member(name).is_none() {
                missing(name);
            }
        }
        if scheme == b"jwt" && auth.member("key").is_none() && auth.member("key_file").is_none() {
            missing("key");
        }
        if scheme == b"digest" && auth.member("nonce").is_some() && auth.member("realm").is_none() {
            missing("realm");
        }
        if scheme == b"oauth2" {
            let grant = text("grant").and_then(|grant| grant.constant());
            let grant = grant.unwrap_or_else(|| b"client_credentials".to_vec());
            let needed = GRANTS.iter().find(|(name, _)| name.as_bytes() == grant);
            let needed = needed.map_or(&[][..], |(_, needed)| needed);
            for name in needed.iter().filter(|name| auth.member(name).is_none()) {
                missing(name);
            }
        }
        if let Some(algorithm) = auth.member("algorithm") {
            problems.extend(wrong_algorithm(&scheme, algorithm));
        }
        if let TreeKind::Map(members) = &auth.kind {
            for member in members.iter().filter(|member| member.name != "type") {
                let name = member.name.as_str();
                if !required.contains(&name) && !optional.contains(&name) {
                    let scheme = String::from_utf8_lossy(&scheme);
                    notes.push(no_effect(member.value.span, name, &format!("the type `{scheme}`")));
                }
            }
        }
        if !matches!(scheme.as_slice(), b"basic" | b"bearer") {
            self.auth = auth.to_json();
            let place = auth.member("add_to").filter(|_| scheme == b"oauth1");
            self.in_body = place
                .filter(|place| place.to_text().constant().as_deref() == Some(b"body"))
                .map(|place| place.span);
            return;
        }
        if scheme == b"bearer" {
            let mut value = Template::text("Bearer ");
            value.push(&text("token").unwrap_or_default());
            self.lines.push(("Authorization".to_owned(), value));
            return;
        }
        let (username, password) = (text("username"), text("password"));
        let mut credentials = username.unwrap_or_default();
        credentials.push_text(":");
        credentials.push(&password.unwrap_or_default());
        match credentials.constant() {
            Some(constant) => {
                let value = Template::text(format!("Basic {}", BASE64.encode(constant)));
                self.lines.push(("Authorization".to_owned(), value));
            }
            None => self.basic = credentials,
        }
    }

    /// Takes a header of the plan's own away; whether there was one.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.lines.len();
        self.lines.retain(|(line, _)| !line.eq_ignore_ascii_case(name));
        self.lines.len() < before
    }

    /// Whether the plan's own `Connection` closes the connection (RFC 9112 §9.6); a value that
    /// varies does not.
    pub(super) fn closes(&self) -> bool {
        self.lines.iter().any(|(line, value)| {
            line.eq_ignore_ascii_case("Connection")
                && value.constant().is_some_and(|value| {
                    value
                        .split(|&byte| byte == b',')
                        .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
                })
        })
    }

    /// Whether the body is said to be the fields of a form.
    pub(super) fn say_form(&self) -> bool {
        self.lines.iter().any(|(line, value)| {
            line.eq_ignore_ascii_case("Content-Type")
                && value.prefix().starts_with(b"application/x-www-form-urlencoded")
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|(line, _)| line.eq_ignore_ascii_case(name))
    }

    /// Whether the task says nothing about a header, not even that it is to be left out.
    pub(super) fn lacks(&self, name: &str) -> bool {
        !self.has(name) && !self.left_out.iter().any(|line| line.eq_ignore_ascii_case(name))
    }

    pub(super) fn add_default(&mut self, name: &str, value: &str) {
        if self.lacks(name) {
            self.add(name, Template::text(value));
        }
    }

    pub(super) fn add(&mut self, name: &str, value: Template) {
        self.lines.push((name.to_owned(), value));
    }

    pub(super) fn write(&self, head: &mut Template) {
        for (name, value) in &self.lines {
            head.push_text(name);
            head.push_text(": ");
            head.push_escaped(value, Escape::Header);
            head.push_text("\r\n");
        }
    }
}

/// What to say of an algorithm that is another type's.
fn wrong_algorithm(scheme: &[u8], algorithm: &Tree) -> Option<Problem> {
    let (scheme, known) = ALGORITHMS.iter().find(|(name, _)| name.as_bytes() == scheme)?;
    let written = String::from_utf8(algorithm.to_text().constant()?).ok()?;
    // What no type knows has been said.
    let is_known = |(_, known): &(&str, &[&str])| known.contains(&written.as_str());
    if known.contains(&written.as_str()) || !ALGORITHMS.iter().any(is_known) {
        return None;
    }
    Some(Problem {
        span: algorithm.span,
        kind: ProblemKind::Value,
        message: format!("`{written}` is not an algorithm of the type `{scheme}`"),
        label: "that of another type".to_owned(),
        help: format!("one of: {}", known.join(", ")),
    })
}

/// Whether a text can be the name of a header (RFC 9110 §5.6.2).
pub(in crate::protocols) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Headers that would contradict how the client frames a request, with what to do instead.
fn driven_by_the_codec(name: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("Transfer-Encoding")
    {
        Some("leave it out: the length of the body is sent with every request")
    } else {
        None
    }
}
