//! Takes passwords, tokens and keys out of a draft, so that the plan can be shared.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
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
    "sessid",
    "sessionid",
    "sessiontoken",
];

/// Whole names whose values are secret; as parts of names they would be too common.
const SECRET_WHOLE: &[&str] =
    &["pass", "pwd", "sid", "token", "jwt", "pin", "subscriptionkey", "xapikey"];

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
    for_variables(draft, &mut secrets);
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
            let name = tag.split(char::is_whitespace).next().unwrap_or_default();
            let name = name.rsplit(':').next().unwrap_or(name);
            let Some((content, _)) = behind.split_once("</").filter(|(content, _)| {
                is_secret(name) && !tag.starts_with('/') && !content.contains('<')
            }) else {
                continue;
            };
            let taken = self.take(&shout(name), content, &format!("the body, {name}"));
            written.extend([tag, ">", &taken]);
            rest = behind.get(content.len()..).unwrap_or_default();
        }
        written.push_str(rest);
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

    fn query(&mut self, url: &str) -> String {
        let Some((before, query)) = url.split_once('?') else { return url.to_owned() };
        let (query, fragment) = match query.split_once('#') {
            Some((query, fragment)) => (query, format!("#{fragment}")),
            None => (query, String::new()),
        };
        format!("{before}?{}{fragment}", self.pairs(query, '&', "the query"))
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
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    // `credentialId` says which, and gives nothing away.
    let identifies = name.ends_with("id") && !name.contains("session");
    SECRET_WHOLE.contains(&name.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn after(mut task: Task) -> (Task, Vec<(String, String)>) {
        let mut secrets = Secrets::default();
        secrets.task(&mut task);
        (task, secrets.found.into_iter().map(|secret| (secret.name, secret.value)).collect())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn tokens_keys_and_cookies_of_headers_are_taken_out() {
        let (task, found) = after(Task {
            headers: vec![
                pair("Authorization", "Bearer abc"),
                pair("X-Api-Key", "k1"),
                pair("Cookie", "theme=dark; sessionId=s1"),
                pair("Accept", "*/*"),
            ],
            ..Task::default()
        });
        assert_eq!(
            task.headers,
            [
                pair("Authorization", "Bearer ${secret.BEARER_TOKEN}"),
                pair("X-Api-Key", "${secret.API_KEY}"),
                pair("Cookie", "theme=dark; sessionId=${secret.SESSION_ID}"),
                pair("Accept", "*/*"),
            ]
        );
        assert_eq!(
            found,
            [pair("BEARER_TOKEN", "abc"), pair("API_KEY", "k1"), pair("SESSION_ID", "s1")]
        );
    }

    #[test]
    fn basic_credentials_become_auth_with_a_secret_password() {
        let (task, found) = after(Task {
            headers: vec![pair("authorization", "Basic YWRhOnNlc2FtZQ==")],
            ..Task::default()
        });
        assert_eq!(
            task.fields.get("auth"),
            Some(&json!({"type": "basic", "username": "ada", "password": "${secret.PASSWORD}"}))
        );
        assert!(task.headers.is_empty());
        assert_eq!(found, [pair("PASSWORD", "sesame")]);
    }

    #[test]
    fn bodies_and_queries_are_searched_by_the_names_of_their_fields() {
        let (task, found) = after(Task {
            url: "https://a.example/x?page=1&access_token=t1#f".to_owned(),
            fields: [
                ("json".to_owned(), json!({"user": "ada", "login": [{"password": "p1"}]})),
                ("data".to_owned(), json!("a=1&client_secret=t1")),
            ]
            .into_iter()
            .collect(),
            ..Task::default()
        });
        assert_eq!(task.url, "https://a.example/x?page=1&access_token=${secret.ACCESS_TOKEN}#f");
        assert_eq!(
            task.fields.get("json"),
            Some(&json!({"user": "ada", "login": [{"password": "${secret.PASSWORD}"}]}))
        );
        assert_eq!(
            task.fields.get("data"),
            Some(&json!("a=1&client_secret=${secret.ACCESS_TOKEN}"))
        );
        assert_eq!(found, [pair("ACCESS_TOKEN", "t1"), pair("PASSWORD", "p1")]);
    }

    #[test]
    fn texts_of_bodies_are_searched_whatever_type_they_have() {
        let data = |text: &str| {
            let fields = std::iter::once(("data".to_owned(), json!(text))).collect();
            let (task, found) = after(Task { fields, ..Task::default() });
            let text = task.fields.get("data").and_then(Value::as_str).map(str::to_owned);
            (text.unwrap(), found)
        };
        let (text, found) = data(
            r#"{"a": "password", "password" : "hun\"ter2", "pin":1234, "n": ${env.N}, "token": null,"#,
        );
        assert_eq!(
            text,
            r#"{"a": "password", "password" : "${secret.PASSWORD}", "pin":${secret.PIN}, "n": ${env.N}, "token": null,"#
        );
        assert_eq!(found, [pair("PASSWORD", r#"hun\"ter2"#), pair("PIN", "1234")]);
        let (text, found) =
            data("<a><s:Password t='1'>x y</s:Password><password/><secret><b>c</b></secret>");
        assert_eq!(
            text,
            "<a><s:Password t='1'>${secret.PASSWORD}</s:Password><password/><secret><b>c</b></secret>"
        );
        assert_eq!(found, [pair("PASSWORD", "x y")]);
        for text in ["{\"password\":\"", "[\"", "<", "<password", "<password>"] {
            assert_eq!(data(text), (text.to_owned(), vec![]));
        }
    }

    #[test]
    fn numbers_that_are_secret_stay_numbers() {
        let fields = std::iter::once(("json".to_owned(), json!({"pin": 1234}))).collect();
        let (task, found) = after(Task { fields, ..Task::default() });
        assert_eq!(task.fields.get("json"), Some(&json!({"pin": "${json([${secret.PIN}], 0)}"})));
        assert_eq!(found, [pair("PIN", "1234")]);
    }

    #[test]
    fn passwords_in_urls_are_taken_out() {
        let (task, found) = after(Task {
            url: "http://ada:p1@a.example:81/x@y:z".to_owned(),
            fields: std::iter::once(("proxy".to_owned(), json!("http://pu:p2@b.example:1")))
                .collect(),
            ..Task::default()
        });
        assert_eq!(task.url, "http://ada:${secret.PASSWORD}@a.example:81/x@y:z");
        assert_eq!(
            task.fields.get("proxy"),
            Some(&json!("http://pu:${secret.PROXY_PASSWORD}@b.example:1"))
        );
        assert_eq!(found, [pair("PASSWORD", "p1"), pair("PROXY_PASSWORD", "p2")]);
    }

    #[test]
    fn what_looks_like_a_placeholder_in_a_secret_is_part_of_it() {
        let headers = vec![pair("X-Api-Key", "a${concat($)}{b}")];
        let (task, found) = after(Task { headers, ..Task::default() });
        assert_eq!(task.headers, [pair("X-Api-Key", "${secret.API_KEY}")]);
        assert_eq!(found, [pair("API_KEY", "a${b}")]);
    }

    #[test]
    fn secret_variables_are_read_as_secrets_and_set_at_the_start_when_they_change() {
        let task = Task {
            url: "/x?p=${password}".to_owned(),
            headers: vec![pair("X-A", "${token}")],
            extract: vec![json!({"var": "token", "path": "token"})],
            ..Task::default()
        };
        let mut draft = Draft::of_steps(vec![task.into()]);
        draft.variables.insert("password".to_owned(), json!("sesame"));
        draft.variables.insert("token".to_owned(), json!("t1"));
        let found = run(&mut draft);
        assert_eq!(found.len(), 2);
        assert!(draft.variables.is_empty());
        let task = draft.tasks()[0];
        assert_eq!(task.url, "/x?p=${secret.PASSWORD}");
        assert_eq!(task.headers, [pair("X-A", "${token}")]);
        let [Step::Block(block)] = draft.scenarios[0].on_start.as_slice() else { panic!() };
        assert_eq!(block.head.get("set"), Some(&json!({"token": "${secret.TOKEN}"})));
    }

    #[test]
    fn placeholders_and_empty_values_stay() {
        let (task, found) = after(Task {
            headers: vec![pair("Authorization", "Bearer ${env.TOKEN}"), pair("X-Api-Key", "")],
            ..Task::default()
        });
        assert_eq!(
            task.headers,
            [pair("Authorization", "Bearer ${env.TOKEN}"), pair("X-Api-Key", "")]
        );
        assert!(found.is_empty());
    }
}
