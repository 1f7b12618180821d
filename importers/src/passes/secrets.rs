//! Takes passwords, tokens and keys out of a draft, so that the plan can be shared.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use regex::{Captures, Regex};
use serde_json::{Map, Value, json};

use crate::Secret;
use crate::draft::{Draft, Step, Task};
use crate::text::plain;

/// Parts of names of headers, fields and parameters whose values are secret.
const SECRET_NAMES: &[&str] = &[
    "accesstoken",
    "apikey",
    "apitoken",
    "authtoken",
    "authorization",
    "clientsecret",
    "connectsid",
    "credential",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "securitytoken",
    "sessid",
    "sessionid",
    "sessiontoken",
];

/// Whole names whose values are secret; as parts of names they would be too common.
const SECRET_WHOLE: &[&str] = &[
    "cvc",
    "cvv",
    "jwt",
    "otp",
    "pass",
    "pin",
    "pwd",
    "sid",
    "subscriptionkey",
    "token",
    "xamzsignature",
    "xapikey",
];

/// A JSON Web Token, wherever it stands (RFC 7519): its header begins with `{"`.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}").ok()
});

/// Replaces secret values by `${secret.NAME}`. The same value has the same name everywhere.
pub(super) fn run(draft: &mut Draft) -> Vec<Secret> {
    let mut secrets = Secrets::default();
    for known in std::mem::take(&mut draft.secrets) {
        secrets.taken.insert(known.name.clone());
        if !known.value.is_empty() {
            secrets.names.insert(known.value.clone(), known.name.clone());
        }
        secrets.found.push(known);
    }
    draft.for_each_task(|task| secrets.task(task));
    draft.for_each_set(|set| secrets.tree("set", set));
    for_variables(draft, &mut secrets);
    if let Some(token) = &*TOKEN {
        draft.for_each_text(&mut |text| {
            if token.is_match(text) {
                let taken = token.replace_all(text, |found: &Captures<'_>| {
                    secrets.take("JWT", found.get(0).map_or("", |token| token.as_str()), "a text")
                });
                *text = taken.into_owned();
            }
        });
    }
    secrets.found
}

/// Takes out variables whose values are secret. What a variable is at the start is a plain value,
/// so that the secret itself stands where such a variable is read; one that changes is set before
/// the first tick.
fn for_variables(draft: &mut Draft, secrets: &mut Secrets) {
    let is_taken = |name: &str, value: &Value| {
        value
            .as_str()
            .is_some_and(|text| is_secret(name) && !text.is_empty() && !text.contains("${"))
    };
    let (taken, kept) = std::mem::take(&mut draft.variables)
        .into_iter()
        .partition::<Map<_, _>, _>(|(name, value)| is_taken(name, value));
    draft.variables = kept;
    let mut changing = Map::new();
    for (name, value) in taken {
        let text = value.as_str().unwrap_or_default();
        let placeholder = secrets.take(&shout(&name), text, &format!("the variable `{name}`"));
        if draft.sets(&name) {
            changing.insert(name, Value::String(placeholder));
        } else {
            let written = [format!("${{{name}}}"), format!("${{var.{name}}}")];
            draft.for_each_text(&mut |text| {
                for written in &written {
                    if text.contains(written.as_str()) {
                        *text = text.replace(written.as_str(), &placeholder);
                    }
                }
            });
        }
    }
    if !changing.is_empty() {
        for scenario in &mut draft.scenarios {
            scenario.on_start.insert(0, Step::simple("set", changing.clone()));
        }
    }
}

#[derive(Default)]
struct Secrets {
    found: Vec<Secret>,
    /// The name of each value.
    names: HashMap<String, String>,
    taken: HashSet<String>,
    /// How many secrets wanted a name.
    wanted: HashMap<String, usize>,
}

impl Secrets {
    fn task(&mut self, task: &mut Task) {
        let mut basic = None;
        for (name, value) in &mut task.headers {
            let used = format!("the header {name}");
            if name.eq_ignore_ascii_case("authorization")
                || name.eq_ignore_ascii_case("proxy-authorization")
            {
                match value.split_once(' ') {
                    Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("basic") => {
                        basic = basic_auth(credentials)
                            .filter(|_| name.eq_ignore_ascii_case("authorization"));
                        if basic.is_none() {
                            *value = format!(
                                "{scheme} {}",
                                self.take("BASIC_CREDENTIALS", credentials, &used)
                            );
                        }
                    }
                    Some((scheme, token)) => {
                        let name = format!("{}_TOKEN", shout(scheme));
                        *value = format!("{scheme} {}", self.take(&name, token.trim(), &used));
                    }
                    None => *value = self.take("AUTHORIZATION", value, &used),
                }
            } else if name.eq_ignore_ascii_case("cookie") {
                *value = self.cookies(value);
            } else if is_secret(name) {
                *value = self.take(
                    &shout(name.trim_start_matches("X-").trim_start_matches("x-")),
                    value,
                    &used,
                );
            } else if value.contains("://") {
                let url = self.userinfo(value, "PASSWORD", &used);
                *value = self.query(&url);
            }
        }
        if let Some((user, password)) = basic {
            task.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            let auth = json!({"type": "basic", "username": user, "password": password});
            task.fields.shift_insert(0, "auth".to_owned(), auth);
        }
        let url = self.userinfo(&task.url, "PASSWORD", "the URL");
        task.url = self.query(&url);
        for (key, value) in &mut task.fields {
            match (key.as_str(), value) {
                ("auth" | "json" | "data" | "params" | "cookies" | "graphql", value) => {
                    self.tree(key, value)
                }
                ("files", Value::Array(files)) => {
                    for file in files {
                        self.form_part(file);
                    }
                }
                ("connection_string", Value::String(url)) => *url = self.database(url),
                ("proxy", Value::String(url)) => {
                    *url = self.userinfo(url, "PROXY_PASSWORD", "the proxy");
                }
                (_, Value::String(text)) if is_secret(key) => {
                    *text = self.take(&shout(key), text, &format!("`{key}`"));
                }
                (_, Value::String(text)) => *text = self.body(text),
                _ => {}
            }
        }
    }

    /// The secret members of a field.
    fn tree(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if key == "auth" => {
                            let secret = [
                                "password",
                                "token",
                                "secret_key",
                                "access_key",
                                "session_token",
                                "key",
                            ];
                            if secret.contains(&name.as_str()) || is_secret(name) {
                                *text = self.take(&shout(name), text, &format!("`auth`, {name}"));
                            }
                        }
                        Value::String(text) if is_secret(name) => {
                            *text = self.take(&shout(name), text, &format!("`{key}`, {name}"));
                        }
                        // A number stays one: secrets themselves are texts.
                        Value::Number(number) if is_secret(name) => {
                            let used = format!("`{key}`, {name}");
                            let taken = self.take(&shout(name), &number.to_string(), &used);
                            *value = json!(format!("${{json([{taken}], 0)}}"));
                        }
                        _ => self.tree(key, value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.tree(key, item)),
            Value::String(text) if key == "data" && looks_like_form(text) => {
                *text = self.pairs(text, '&', "the form");
            }
            Value::String(text) if key == "data" => *text = self.body(text),
            Value::String(text) if key == "cookies" => *text = self.cookies(text),
            _ => {}
        }
    }

    fn form_part(&mut self, file: &mut Value) {
        let field = file.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(Value::String(content)) = file.get_mut("content") else { return };
        *content = if is_secret(&field) {
            self.take(&shout(&field), content, &format!("the form's field {field}"))
        } else {
            self.body(content)
        };
    }

    /// A text that may be JSON or XML, whatever it is said to be, or a URL.
    fn body(&mut self, text: &str) -> String {
        match text.trim_start().chars().next() {
            Some('{' | '[') => self.json_text(text),
            Some('<') => self.xml_text(text),
            _ if !text.contains(char::is_whitespace) => self.userinfo(text, "PASSWORD", "a URL"),
            _ => text.to_owned(),
        }
    }

    /// The secret members of JSON; all else stays as it is written, also what is no JSON.
    fn json_text(&mut self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        let (mut last, mut name) = ("", "");
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            let length = match char {
                '"' => 1 + quoted_length(rest),
                '-' | '0'..='9' => {
                    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                    rest.find(|c| !is_part(c)).unwrap_or(rest.len())
                }
                other => other.len_utf8(),
            };
            let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
            let inside = match token.strip_prefix('"') {
                Some(open) => open.strip_suffix('"').unwrap_or(open),
                None => token,
            };
            let is_value = matches!(char, '"' | '-' | '0'..='9');
            if is_value && is_secret(name) {
                let taken = self.take(&shout(name), inside, &format!("the body, {name}"));
                // The quotes around it, of which the last may be missing.
                let (open, close) = token.split_once(inside).unwrap_or_default();
                written.extend([open, &taken, close]);
            } else {
                written.push_str(token);
            }
            match char {
                '"' => (last, name) = (inside, ""),
                ':' => name = last,
                c if c.is_whitespace() => {}
                _ => (last, name) = ("", ""),
            }
            rest = behind;
        }
        written
    }

    /// The texts of secret elements of XML; all else stays as it is written.
    fn xml_text(&mut self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, tag)) = rest.split_once('<') {
            written.extend([before, "<"]);
            rest = tag;
            let Some((tag, behind)) = tag.split_once('>') else { break };
            let tag = &*self.attributes(tag);
            let name = tag.split(char::is_whitespace).next().unwrap_or_default();
            let name = name.rsplit(':').next().unwrap_or(name);
            let Some((content, _)) = behind.split_once("</").filter(|(content, _)| {
                is_secret(name) && !tag.starts_with('/') && !content.contains('<')
            }) else {
                written.extend([tag, ">"]);
                rest = behind;
                continue;
            };
            let taken = self.take(&shout(name), content, &format!("the body, {name}"));
            written.extend([tag, ">", &taken]);
            rest = behind.get(content.len()..).unwrap_or_default();
        }
        written.push_str(rest);
        written
    }

    /// The secret attributes of a tag of XML.
    fn attributes(&mut self, tag: &str) -> String {
        let mut parts = tag.split('"');
        let mut written = parts.next().unwrap_or_default().to_owned();
        while let Some(value) = parts.next() {
            let name = written.strip_suffix('=').unwrap_or_default();
            let name = name.rsplit(char::is_whitespace).next().unwrap_or_default().to_owned();
            let taken = if is_secret(name.rsplit(':').next().unwrap_or_default()) {
                self.take(&shout(&name), value, &format!("the body, {name}"))
            } else {
                value.to_owned()
            };
            written.extend(["\"", &taken]);
            if let Some(between) = parts.next() {
                written.extend(["\"", between]);
            }
        }
        written
    }

    /// A URL, its password taken out.
    fn userinfo(&mut self, url: &str, name: &str, used: &str) -> String {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let parts = rest.get(..end).and_then(|authority| {
            let (userinfo, host) = authority.rsplit_once('@')?;
            let (user, password) = userinfo.split_once(':')?;
            Some((user, password, host))
        });
        let Some((user, password, host)) = parts.filter(|_| !scheme.is_empty()) else {
            return url.to_owned();
        };
        let password = self.take(name, password, used);
        format!("{scheme}://{user}:{password}@{host}{}", rest.get(end..).unwrap_or_default())
    }

    /// A connection string, its password taken out, which is encoded in it and not by itself.
    fn database(&mut self, url: &str) -> String {
        let parts = url.split_once("://").and_then(|(scheme, rest)| {
            let (login, place) = rest.rsplit_once('@')?;
            let (user, password) = login.split_once(':')?;
            let password = percent_decode_str(password).decode_utf8().ok()?;
            Some((scheme, user, password, place)).filter(|parts| !parts.2.contains("${"))
        });
        let Some((scheme, user, password, place)) = parts else { return url.to_owned() };
        let password = self.take("DB_PASSWORD", &crate::text::literal(&password), "the database");
        format!("{scheme}://{user}:{password}@{place}")
    }

    fn query(&mut self, url: &str) -> String {
        let Some((before, query)) = url.split_once('?') else { return self.path(url) };
        let before = self.path(before);
        let (query, fragment) = match query.split_once('#') {
            Some((query, fragment)) => (query, format!("#{fragment}")),
            None => (query, String::new()),
        };
        format!("{before}?{}{fragment}", self.pairs(query, '&', "the query"))
    }

    /// A URL up to its query: `;jsessionid=…` in its path.
    fn path(&mut self, url: &str) -> String {
        let pairs = |segment| self.pairs(segment, ';', "the path");
        if !url.contains(';') {
            return url.to_owned();
        }
        url.split('/').map(pairs).collect::<Vec<_>>().join("/")
    }

    fn cookies(&mut self, cookies: &str) -> String {
        self.pairs(cookies, ';', "a cookie")
    }

    /// `name=value` pairs with `between` between them; all but secret values stay as they are.
    fn pairs(&mut self, text: &str, between: char, used: &str) -> String {
        let pairs: Vec<String> = text
            .split(between)
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) if is_secret(name.trim()) => {
                    format!(
                        "{name}={}",
                        self.take(&shout(name.trim()), value, &format!("{used}, {}", name.trim()))
                    )
                }
                _ => pair.to_owned(),
            })
            .collect();
        pairs.join(&between.to_string())
    }

    /// The placeholder for a value; the value itself when it is empty or has placeholders already.
    fn take(&mut self, name: &str, value: &str, used: &str) -> String {
        let Some(meant) = plain(value).filter(|meant| !meant.is_empty()) else {
            return value.to_owned();
        };
        if let Some(name) = self.names.get(&meant) {
            return format!("${{secret.{name}}}");
        }
        let name = self.free_name(name);
        let placeholder = format!("${{secret.{name}}}");
        self.names.insert(meant.clone(), name.clone());
        self.found.push(Secret { name, value: meant, used: used.to_owned() });
        placeholder
    }

    /// `wanted`, or the next of `wanted_2`, `wanted_3` … that is free.
    fn free_name(&mut self, wanted: &str) -> String {
        let count = self.wanted.entry(wanted.to_owned()).or_default();
        loop {
            *count += 1;
            let name = if *count == 1 { wanted.to_owned() } else { format!("{wanted}_{count}") };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// How long what begins with a quote is up to the next quote, without the first.
fn quoted_length(text: &str) -> usize {
    let mut escaped = true;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len().saturating_sub(1))
}

/// User and password of `Basic` credentials.
fn basic_auth(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Whether values of this name are to be kept out of plans.
fn is_secret(name: &str) -> bool {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_lowercase()).collect()
    };
    // Of `user[pass]` and `ctl00$Main$Pass` the last part says what it is.
    let mut parts = name.rsplit(['$', '.', ':', '[', ']']);
    let last = parts.find(|part| !part.is_empty()).map(plain).unwrap_or_default();
    let name = plain(name);
    // `credentialId` says which, and gives nothing away.
    let identifies = name.ends_with("id") && !name.contains("session");
    SECRET_WHOLE.contains(&name.as_str())
        || SECRET_WHOLE.contains(&last.as_str())
        || (!identifies && SECRET_NAMES.iter().any(|part| name.contains(part)))
}

/// Whether a text is `name=value` pairs rather than JSON, XML or prose.
fn looks_like_form(text: &str) -> bool {
    text.contains('=') && !text.contains(['{', '<', '\n', ' '])
}

/// `CLIENT_SECRET` of `clientSecret` and `client-secret`.
fn shout(name: &str) -> String {
    let mut shouted = String::new();
    let mut before = '_';
    for char in name.chars() {
        if !char.is_ascii_alphanumeric() {
            if !shouted.ends_with('_') && !shouted.is_empty() {
                shouted.push('_');
            }
        } else {
            if char.is_ascii_uppercase() && before.is_ascii_lowercase() {
                shouted.push('_');
            }
            shouted.push(char.to_ascii_uppercase());
        }
        before = char;
    }
    let shouted = shouted.trim_end_matches('_');
    if shouted.is_empty() { "SECRET".to_owned() } else { shouted.to_owned() }
}
