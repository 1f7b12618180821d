//! Credentials of all kinds.

use serde_json::{Map, Value, json};

use super::items::Reader;
use super::{signed, text_of};
use crate::draft::Task;

/// Gives a task the credentials that its request has or inherits.
pub(super) fn set(reader: &mut Reader<'_>, auth: &Value, task: &mut Task, place: &str) {
    let kind = text_of(auth.get("type")).unwrap_or_default();
    let parameters = parameters(auth.get(&kind));
    if let ("bearer", Some(raw)) | ("oauth2", Some(raw)) = (
        kind.as_str(),
        text_of(parameters.get(if kind == "bearer" { "token" } else { "accessToken" })),
    ) && reader.variables.is_empty(&raw)
    {
        let why = "it is empty, for which Postman sends no header; when you have one, give the task \
                   `auth` of type bearer";
        reader.notes.remark(place, &format!("the token {raw}"), why);
        return;
    }
    let mut text = |name: &str| {
        let value = text_of(parameters.get(name)).filter(|value| !value.is_empty());
        value.map(|value| reader.variables.text(&value))
    };
    let set = match kind.as_str() {
        "noauth" | "" => return,
        "basic" => match (text("username"), text("password")) {
            (None, None) => return,
            (user, password) => Some(json!({
                "type": "basic", "username": user.unwrap_or_default(),
                "password": password.unwrap_or_default(),
            })),
        },
        "bearer" => match text("token") {
            Some(token) => Some(json!({"type": "bearer", "token": token})),
            None => return,
        },
        "digest" => signed::digest(&mut text),
        "hawk" => signed::hawk(&parameters, &mut text, task),
        "oauth1" => signed::oauth1(&parameters, &mut text, task),
        "apikey" => {
            let (key, value) = (text("key").unwrap_or_default(), text("value").unwrap_or_default());
            let in_query = text("in").as_deref() == Some("query");
            if !key.is_empty() || !value.is_empty() {
                reader.notes.keep();
                if in_query { query(task, &key, &value) } else { header(task, &key, &value) }
            }
            return;
        }
        "awsv4" => {
            let mut set = json!({
                "type": "aws_sigv4", "access_key": text("accessKey").unwrap_or_default(),
                "secret_key": text("secretKey").unwrap_or_default(),
                "region": text("region").unwrap_or_else(|| "us-east-1".to_owned()),
                "service": text("service").unwrap_or_else(|| "execute-api".to_owned()),
            });
            if let (Some(token), Some(set)) = (text("sessionToken"), set.as_object_mut()) {
                set.insert("session_token".to_owned(), json!(token));
            }
            if parameters.get("addAuthDataToQuery") == Some(&json!(true)) {
                let why = "the signature goes into a header, not into the query";
                reader.notes.approximate(place, "awsv4, addAuthDataToQuery", why);
            }
            Some(set)
        }
        "oauth2" => {
            if let Some(token) = text("accessToken") {
                let prefix = match parameters.get("headerPrefix") {
                    Some(Value::String(prefix)) => prefix.trim().to_owned(),
                    _ => "Bearer".to_owned(),
                };
                reader.notes.keep();
                if text_of(parameters.get("addTokenTo")).as_deref() == Some("queryParams") {
                    query(task, "access_token", &token);
                } else if prefix == "Bearer" {
                    let set = json!({"type": "bearer", "token": token});
                    task.fields.insert("auth".to_owned(), set);
                } else {
                    header(task, "Authorization", format!("{prefix} {token}").trim());
                }
                return;
            }
            oauth2(&mut text)
        }
        "jwt" => jwt(&parameters, &mut text),
        _ => None,
    };
    match set {
        Some(set) => {
            reader.notes.keep();
            task.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            task.fields.insert("auth".to_owned(), set);
            if kind == "jwt" {
                jwt_remarks(reader, &parameters, place);
            }
            signed::remarks(reader, &kind, &parameters, place);
        }
        None => {
            let why = match kind.as_str() {
                "oauth2" => {
                    "there is no token, and a person would have to get one in a browser; \
                             set `auth` of type bearer"
                }
                kind => signed::why_not(kind, &parameters)
                    .unwrap_or("no user type signs requests so; set the headers it needs"),
            };
            reader.notes.drop(place, &format!("auth of type {kind}"), why);
        }
    }
}

/// Parameters of either version: a list of keys and values, or an object.
fn parameters(of: Option<&Value>) -> Map<String, Value> {
    match of {
        Some(Value::Object(members)) => members.clone(),
        Some(Value::Array(entries)) => entries
            .iter()
            .filter_map(|entry| {
                let key = text_of(entry.get("key"))?;
                Some((key, entry.get("value").cloned().unwrap_or_default()))
            })
            .collect(),
        _ => Map::new(),
    }
}

fn header(task: &mut Task, name: &str, value: &str) {
    task.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    task.headers.push((name.to_owned(), value.to_owned()));
}

/// Adds a parameter to the query, in place of one of that name.
fn query(task: &mut Task, name: &str, value: &str) {
    let (before, query) = task.url.split_once('?').unwrap_or((&task.url, ""));
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name))
        .map(str::to_owned)
        .collect();
    let is_varying = value.contains("${");
    if !is_varying {
        let value =
            value.replace('%', "%25").replace(' ', "%20").replace('&', "%26").replace('#', "%23");
        pairs.push(format!("{name}={value}"));
    }
    let mark = if pairs.is_empty() { "" } else { "?" };
    task.url = format!("{before}{mark}{}", pairs.join("&"));
    if is_varying {
        // What it is then is encoded.
        task.fields.insert("params".to_owned(), json!({ name: value }));
    }
}

/// A token that the plan itself gets, where no person is needed for it.
fn oauth2(text: &mut impl FnMut(&str) -> Option<String>) -> Option<Value> {
    let grant = match text("grant_type").as_deref() {
        Some("client_credentials") => "client_credentials",
        Some("password_credentials" | "password") => "password",
        _ => return None,
    };
    let mut set = Map::new();
    set.insert("type".to_owned(), json!("oauth2"));
    set.insert("grant".to_owned(), json!(grant));
    set.insert("token_url".to_owned(), json!(text("accessTokenUrl")?));
    for (name, key) in [
        ("client_id", "clientId"),
        ("client_secret", "clientSecret"),
        ("username", "username"),
        ("password", "password"),
        ("scope", "scope"),
        ("audience", "audience"),
    ] {
        set.extend(text(key).map(|value| (name.to_owned(), json!(value))));
    }
    if text("client_authentication").as_deref() == Some("body") {
        set.insert("client_auth".to_owned(), json!("body"));
    }
    Some(Value::Object(set))
}

fn jwt(
    parameters: &Map<String, Value>,
    text: &mut impl FnMut(&str) -> Option<String>,
) -> Option<Value> {
    let algorithm = text("algorithm").unwrap_or_else(|| "HS256".to_owned());
    if !["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384"]
        .contains(&algorithm.as_str())
    {
        return None;
    }
    let key = if algorithm.starts_with("HS") { text("secret") } else { text("privateKey") }?;
    let claims = match parameters.get("payload") {
        Some(Value::Object(members)) => Value::Object(members.clone()),
        Some(Value::String(_)) => {
            let written = text("payload").unwrap_or_else(|| "{}".to_owned());
            serde_json::from_str(&written).ok().filter(Value::is_object)?
        }
        _ => json!({}),
    };
    Some(json!({"type": "jwt", "algorithm": algorithm, "key": key, "claims": claims}))
}

/// What a signed token has here that the plan language cannot say.
fn jwt_remarks(reader: &mut Reader<'_>, parameters: &Map<String, Value>, place: &str) {
    let given = |name: &str| text_of(parameters.get(name)).filter(|text| !text.is_empty());
    if given("addTokenTo").is_some_and(|to| to.starts_with("query")) {
        reader.notes.approximate(place, "jwt, addTokenTo", "the token goes into a header");
    }
    if given("headerPrefix").is_some_and(|prefix| prefix.trim() != "Bearer") {
        reader.notes.approximate(place, "jwt, headerPrefix", "it is always Bearer");
    }
    if parameters.get("isSecretBase64Encoded") == Some(&json!(true)) {
        let why = "the key is taken as it is written; decode it";
        reader.notes.approximate(place, "jwt, isSecretBase64Encoded", why);
    }
    if given("headers").or_else(|| given("header")).is_some_and(|text| text.trim() != "{}") {
        reader.notes.approximate(place, "jwt, headers", "only `key_id` can be set, by hand");
    }
}
