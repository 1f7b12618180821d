//! Security requirements as credentials that are given when the plan runs.

use serde_json::{Value, json};

use super::document::Node;
use super::model::{Api, Operation};
use super::style::encoded;
use crate::Secret;
use crate::draft::Task;
use crate::notes::Notes;

/// Gives a task what its operation asks for. `base` is the URL that relative ones start from.
pub(super) fn add(
    api: Api<'_>,
    operation: &Operation<'_>,
    base: &str,
    task: &mut Task,
    secrets: &mut Vec<Secret>,
    notes: &mut Notes,
) {
    let Some(requirements) = api.said(operation, "security") else { return };
    let all: Vec<Node<'_>> = requirements.raw_items().collect();
    let is_asked = |node: &&Node<'_>| node.value.as_object().is_some_and(|all| !all.is_empty());
    let schemes = match api.is_v2 {
        true => api.root.get("securityDefinitions"),
        false => api.root.get("components").and_then(|node| node.get("securitySchemes")),
    };
    let scheme = |name: &str| schemes.and_then(|list| list.get(name));
    // One without the schemes that only a person at a browser can go through, if there is one.
    let asked = || all.iter().filter(is_asked);
    let is_easy = |node: &&Node<'_>| {
        let mut all = node.raw_members().map(|(name, _)| scheme(name));
        all.all(|scheme| scheme.is_some_and(|scheme| !needs_person(scheme)))
            && authorizations(**node, schemes) < 2
    };
    let is_possible = |node: &&Node<'_>| authorizations(**node, schemes) < 2;
    let requirement =
        asked().find(is_easy).or_else(|| asked().find(is_possible)).or_else(|| asked().next());
    let Some(requirement) = requirement else { return };
    for (name, scopes) in requirement.raw_members() {
        let Some(scheme) = scheme(name) else {
            let why = "there is no such scheme in `components.securitySchemes`";
            notes.drop(&operation.place, &format!("security {name}"), why);
            continue;
        };
        let scopes: Vec<&str> = scopes.raw_items().filter_map(|node| node.value.as_str()).collect();
        let mut giver = Giver { name, base, place: &operation.place, task, secrets, notes };
        giver.give(scheme, &scopes);
    }
}

/// Whether an operation asks for any credentials.
pub(super) fn is_asked(api: Api<'_>, operation: &Operation<'_>) -> bool {
    let requirements = api.said(operation, "security").into_iter().flat_map(Node::raw_items);
    requirements.into_iter().any(|node| node.raw_members().next().is_some())
}

/// How many schemes of a requirement have an `Authorization` of their own.
fn authorizations(requirement: Node<'_>, schemes: Option<Node<'_>>) -> usize {
    let kind = |name: &str| schemes?.get(name)?.text("type");
    let kinds = requirement.raw_members().filter_map(|(name, _)| kind(name));
    kinds.filter(|kind| !matches!(*kind, "apiKey" | "mutualTLS")).count()
}

/// Whether a token of a scheme is only given to someone who logs in.
fn needs_person(scheme: Node<'_>) -> bool {
    match scheme.text("type") {
        Some("oauth2") => grant(scheme).is_none(),
        Some("openIdConnect" | "mutualTLS") => true,
        _ => false,
    }
}

/// The grant by which a program can get a token, and where.
fn grant(scheme: Node<'_>) -> Option<(&'static str, &str)> {
    let flow = |name| scheme.raw("flows")?.raw(name)?.text("tokenUrl");
    let old = |name| (scheme.text("flow")? == name).then(|| scheme.text("tokenUrl"))?;
    let client = flow("clientCredentials").or_else(|| old("application"));
    let password = || flow("password").or_else(|| old("password"));
    client
        .map(|url| ("client_credentials", url))
        .or_else(|| password().map(|url| ("password", url)))
}

/// Gives a task the credentials of one scheme.
struct Giver<'a> {
    name: &'a str,
    base: &'a str,
    place: &'a str,
    task: &'a mut Task,
    secrets: &'a mut Vec<Secret>,
    notes: &'a mut Notes,
}

impl Giver<'_> {
    fn give(&mut self, scheme: Node<'_>, scopes: &[&str]) {
        let kind = scheme.text("type").unwrap_or_default();
        let http = scheme.text("scheme").unwrap_or_default().to_ascii_lowercase();
        match (kind, http.as_str()) {
            ("apiKey", _) => self.api_key(scheme),
            ("basic", _) | ("http", "basic") => self.user("basic"),
            ("http", "digest") => self.user("digest"),
            ("http", "bearer") => self.token(),
            ("http", _) => {
                let value =
                    format!("{} {}", scheme.text("scheme").unwrap_or_default(), self.secret(""));
                self.task.headers.push(("Authorization".to_owned(), value));
            }
            ("oauth2", _) => self.oauth2(scheme, scopes),
            ("openIdConnect", _) => {
                self.remark("a token is sent that somebody has to get");
                self.token();
            }
            ("mutualTLS", _) => {
                let why = "the client certificate is not known; name it in `cert`";
                self.notes.drop(self.place, &format!("security {}", self.name), why);
                return;
            }
            _ => {
                let why = format!("schemes of type `{kind}` are not known");
                self.notes.drop(self.place, &format!("security {}", self.name), &why);
                return;
            }
        }
        self.notes.keep();
    }

    fn remark(&mut self, why: &str) {
        let file = self.place.split_once(": ").map_or(self.place, |(file, _)| file);
        self.notes.remark(file, &format!("security {}", self.name), why);
    }

    fn api_key(&mut self, scheme: Node<'_>) {
        let name = scheme.text("name").unwrap_or("key").to_owned();
        let secret = self.secret("");
        match scheme.text("in") {
            Some("query") => {
                let sign = if self.task.url.contains('?') { '&' } else { '?' };
                self.task.url.push_str(&format!("{sign}{}={secret}", encoded(&name)));
            }
            Some("cookie") => {
                let cookies = self.task.fields.entry("cookies").or_insert_with(|| json!({}));
                if let Some(cookies) = cookies.as_object_mut() {
                    cookies.insert(name, json!(secret));
                }
            }
            _ => self.task.headers.push((name, secret)),
        }
    }

    fn user(&mut self, kind: &str) {
        let auth = json!({
            "type": kind, "username": self.secret("USERNAME"), "password": self.secret("PASSWORD"),
        });
        self.auth(auth);
    }

    fn token(&mut self) {
        let auth = json!({"type": "bearer", "token": self.secret("TOKEN")});
        self.auth(auth);
    }

    fn oauth2(&mut self, scheme: Node<'_>, scopes: &[&str]) {
        let Some((grant, url)) = grant(scheme) else {
            self.remark(
                "its flows need a person at a browser: a token is sent that somebody has to get",
            );
            self.token();
            return;
        };
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url.to_owned() };
        let mut auth = json!({
            "type": "oauth2", "grant": grant, "token_url": url,
            "client_id": self.secret("CLIENT_ID"), "client_secret": self.secret("CLIENT_SECRET"),
        });
        if let Some(auth) = auth.as_object_mut() {
            if grant == "password" {
                auth.insert("username".to_owned(), json!(self.secret("USERNAME")));
                auth.insert("password".to_owned(), json!(self.secret("PASSWORD")));
            }
            if !scopes.is_empty() {
                auth.insert("scope".to_owned(), json!(scopes.join(" ")));
            }
        }
        self.auth(auth);
    }

    fn auth(&mut self, auth: Value) {
        if self.task.fields.contains_key("auth") {
            let why = "a request has one `Authorization` only, and another scheme is in it";
            self.notes.drop(self.place, &format!("security {}", self.name), why);
            return;
        }
        self.task.fields.insert("auth".to_owned(), auth);
    }

    /// The placeholder for a credential of this scheme.
    fn secret(&mut self, what: &str) -> String {
        let scheme = shout(self.name);
        let name = match what {
            "" => scheme,
            what if scheme.ends_with(what) => scheme,
            what => format!("{scheme}_{what}"),
        };
        if !self.secrets.iter().any(|known| known.name == name) {
            let part = what.to_ascii_lowercase().replace('_', " ");
            let part = if part.is_empty() { "key".to_owned() } else { part };
            let used = format!("the {part} of the security scheme `{}`", self.name);
            self.secrets.push(Secret { name: name.clone(), value: String::new(), used });
        }
        format!("${{secret.{name}}}")
    }
}

/// `CLIENT_SECRET` of `clientSecret` and `client-secret`.
fn shout(name: &str) -> String {
    let shouted = super::names::words(name).join("_").to_ascii_uppercase();
    if shouted.is_empty() { "SECRET".to_owned() } else { shouted }
}
