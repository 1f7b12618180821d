//! Takes passwords, tokens and keys out of a draft, so that the plan can be shared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::origins::unique;
use crate::Secret;
use crate::draft::{Draft, Task};

/// Parts of names of headers, fields and parameters whose values are secret.
const SECRET_NAMES: &[&str] = &[
    "accesstoken",
    "apikey",
    "apitoken",
    "authtoken",
    "authorization",
    "clientsecret",
    "credential",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "sessionid",
    "sessiontoken",
];

/// Whole names whose values are secret; as parts of names they would be too common.
const SECRET_WHOLE: &[&str] =
    &["pass", "pwd", "sid", "token", "jwt", "pin", "subscriptionkey", "xapikey"];

/// Replaces secret values by `${secret.NAME}`. The same value has the same name everywhere.
pub(super) fn run(draft: &mut Draft) -> Vec<Secret> {
    let mut secrets = Secrets { found: std::mem::take(&mut draft.secrets) };
    draft.for_each_task(|task| secrets.task(task));
    for (name, value) in &mut draft.variables {
        if let Value::String(text) = value
            && is_secret(name)
            && !text.is_empty()
        {
            *text = secrets.take(&shout(name), text, &format!("the variable `{name}`"));
        }
    }
    secrets.found
}

#[cfg_attr(test, derive(Default))]
struct Secrets {
    found: Vec<Secret>,
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
        task.url = self.query(&task.url);
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
                        _ => self.tree(key, value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.tree(key, item)),
            Value::String(text) if key == "data" && looks_like_form(text) => {
                *text = self.pairs(text, '&', "the form");
            }
            Value::String(text) if key == "cookies" => *text = self.cookies(text),
            _ => {}
        }
    }

    fn form_part(&mut self, file: &mut Value) {
        let field = file.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(Value::String(content)) = file.get_mut("content")
            && is_secret(&field)
        {
            *content = self.take(&shout(&field), content, &format!("the form's field {field}"));
        }
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

    /// The placeholder for a value; the value itself when it is empty or a placeholder already.
    fn take(&mut self, name: &str, value: &str, used: &str) -> String {
        if value.is_empty() || value.contains("${") {
            return value.to_owned();
        }
        if let Some(known) = self.found.iter().find(|secret| secret.value == value) {
            return format!("${{secret.{}}}", known.name);
        }
        let name = unique(name, |name| self.found.iter().any(|secret| secret.name == name));
        let placeholder = format!("${{secret.{name}}}");
        self.found.push(Secret { name, value: value.to_owned(), used: used.to_owned() });
        placeholder
    }
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
