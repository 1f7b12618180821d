//! Credentials that sign requests: digest, Hawk, OAuth 1.0.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use serde_json::{Map, Value, json};

use super::items::Reader;
use super::text_of;
use crate::draft::Task;

const DIGEST_ALGORITHMS: &[&str] =
    &["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"];

/// All but the unreserved characters of RFC 3986.
pub(super) const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const OAUTH1_METHODS: &[&str] = &["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"];

/// Digest; with a challenge that the collection was given before, the first request has
/// credentials already.
pub(super) fn digest(text: &mut impl FnMut(&str) -> Option<String>) -> Option<Value> {
    let mut set = object("digest");
    for name in ["username", "password"] {
        set.insert(name.to_owned(), json!(text(name).unwrap_or_default()));
    }
    if let (Some(realm), Some(nonce)) = (text("realm"), text("nonce")) {
        let algorithm = text("algorithm").unwrap_or_else(|| "MD5".to_owned());
        if !DIGEST_ALGORITHMS.contains(&algorithm.as_str()) {
            return None;
        }
        set.extend([("realm", realm), ("nonce", nonce), ("algorithm", algorithm)].map(member));
        let qop = text("qop").filter(|qop| ["auth", "auth-int"].contains(&qop.as_str()));
        set.extend(qop.map(|qop| member(("qop", qop))));
        let others =
            [("nonce_count", "nonceCount"), ("client_nonce", "clientNonce"), ("opaque", "opaque")];
        given(&mut set, &others, text);
    }
    Some(Value::Object(set))
}

/// Hawk, unless its algorithm is none.
pub(super) fn hawk(
    parameters: &Map<String, Value>,
    text: &mut impl FnMut(&str) -> Option<String>,
    task: &Task,
) -> Option<Value> {
    let mut set = object("hawk");
    set.extend([("key_id", text("authId")?), ("key", text("authKey")?)].map(member));
    let algorithm = text("algorithm").unwrap_or_else(|| "sha256".to_owned());
    if !["sha1", "sha256"].contains(&algorithm.as_str()) {
        return None;
    }
    set.insert("algorithm".to_owned(), json!(algorithm));
    let others = [
        ("nonce", "nonce"),
        ("timestamp", "timestamp"),
        ("ext", "extraData"),
        ("app", "app"),
        ("delegation", "delegation"),
    ];
    given(&mut set, &others, text);
    set_body_hash(&mut set, is_on(parameters, "includePayloadHash"), task);
    Some(Value::Object(set))
}

/// OAuth 1.0, unless it is signed in a way that the plan language does not have.
pub(super) fn oauth1(
    parameters: &Map<String, Value>,
    text: &mut impl FnMut(&str) -> Option<String>,
    task: &mut Task,
) -> Option<Value> {
    let mut set = object("oauth1");
    let keys =
        [("consumer_key", text("consumerKey")?), ("consumer_secret", text("consumerSecret")?)];
    set.extend(keys.map(member));
    let method = text("signatureMethod").unwrap_or_else(|| "HMAC-SHA1".to_owned());
    if !OAUTH1_METHODS.contains(&method.as_str()) {
        return None;
    }
    set.insert("signature_method".to_owned(), json!(method));
    let others = [
        ("token", "token"),
        ("token_secret", "tokenSecret"),
        ("nonce", "nonce"),
        ("timestamp", "timestamp"),
        ("version", "version"),
        ("realm", "realm"),
        ("callback", "callback"),
        ("verifier", "verifier"),
    ];
    given(&mut set, &others, text);
    set_body_hash(&mut set, is_on(parameters, "includeBodyHash"), task);
    let form = task.fields.get_mut("data").and_then(Value::as_object_mut);
    let is_in_form = form.is_some() && ["POST", "PUT"].contains(&task.method.as_str());
    if let Some(form) = form {
        form.retain(|name, _| !is_ours(name));
    }
    if !is_on(parameters, "addParamsToHeader") {
        let place = if is_in_form { "body" } else { "query" };
        set.insert("add_to".to_owned(), json!(place));
    }
    recode_query(task);
    Some(Value::Object(set))
}

/// Why nothing signs these requests.
pub(super) fn why_not(kind: &str, parameters: &Map<String, Value>) -> Option<&'static str> {
    let lacks = |name: &str| text_of(parameters.get(name)).is_none_or(|text| text.is_empty());
    match kind {
        "hawk" if lacks("authId") || lacks("authKey") => {
            Some("it has no id or no key, for which Postman signs nothing")
        }
        "oauth1" if lacks("consumerKey") => {
            Some("it has no consumer's key, for which Postman signs nothing")
        }
        "oauth1" if lacks("consumerSecret") && lacks("privateKey") => {
            Some("it has no consumer's secret, for which Postman signs nothing")
        }
        "oauth1" => Some("only codes with a secret sign requests, no RSA keys"),
        "digest" | "hawk" => Some("it has an algorithm that is not known before a run"),
        _ => None,
    }
}

/// What is done otherwise than Postman does it.
pub(super) fn remarks(
    reader: &mut Reader<'_>,
    kind: &str,
    parameters: &Map<String, Value>,
    place: &str,
) {
    let mut told = |name: &str, why: &str| {
        if is_on(parameters, name) {
            reader.notes.approximate(place, &format!("{kind}, {name}"), why);
        }
    };
    match kind {
        "digest" => told("disableRetryRequest", "a challenge is answered at once"),
        "oauth1" => {
            let is_empty =
                |name: &str| text_of(parameters.get(name)).is_none_or(|of| of.is_empty());
            if ["token", "version"].into_iter().any(is_empty) {
                told("addEmptyParamsToSign", "empty parameters are not signed");
            }
            told("disableHeaderEncoding", "the parameters are encoded");
        }
        _ => {}
    }
}

fn object(kind: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!(kind))])
}

/// Adds the parameters that are given: their names in the plan, and in the collection.
fn given(
    set: &mut Map<String, Value>,
    names: &[(&str, &str)],
    text: &mut impl FnMut(&str) -> Option<String>,
) {
    for (name, key) in names {
        set.extend(text(key).map(|value| member((name, value))));
    }
}

/// Signs the body too, unless it is one whose bytes are known only when it is sent.
fn set_body_hash(set: &mut Map<String, Value>, wanted: bool, task: &Task) {
    if wanted && !task.fields.contains_key("files") {
        set.insert("body_hash".to_owned(), json!(true));
    }
}

fn member((name, value): (&str, String)) -> (String, Value) {
    (name.to_owned(), json!(value))
}

fn is_on(parameters: &Map<String, Value>, name: &str) -> bool {
    text_of(parameters.get(name)).is_some_and(|text| text == "true")
}

/// Whether a parameter is one that signing adds.
fn is_ours(name: &str) -> bool {
    name.strip_prefix("oauth_").is_some_and(|rest| {
        [
            "consumer_key",
            "token",
            "signature_method",
            "timestamp",
            "nonce",
            "version",
            "signature",
            "callback",
            "verifier",
            "body_hash",
        ]
        .contains(&rest)
    })
}

/// Encodes the query as what is signed is encoded (RFC 5849 §3.6), without parameters of an
/// earlier signature.
fn recode_query(task: &mut Task) {
    let Some((before, query)) = task.url.split_once('?') else { return };
    let recoded = |text: &str| {
        if text.contains("${") {
            return text.to_owned();
        }
        let bytes: Vec<u8> = percent_decode_str(&text.replace('+', " ")).collect();
        percent_encode(&bytes, RESERVED).to_string()
    };
    let pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.split('=').next().is_some_and(is_ours))
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => format!("{}={}", recoded(name), recoded(value)),
            None => recoded(pair),
        })
        .collect();
    let mark = if pairs.is_empty() { "" } else { "?" };
    task.url = format!("{before}{mark}{}", pairs.join("&"));
}
