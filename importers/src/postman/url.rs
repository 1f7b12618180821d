//! URLs, given as text or in parts, and their encoding.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use serde_json::Value;

use super::variables::{Piece, Variables};
use super::{is_disabled, text_of};

/// What is encoded in paths, besides blanks, controls and what is not ASCII.
const PATH: &str = "\"<>`#?{}";
/// The same for queries.
const QUERY: &str = "\"<>#'";

/// A URL in the terms of the plan.
#[derive(Debug, Default)]
pub(super) struct Url {
    pub(super) text: String,
    /// The user and the password before the host.
    pub(super) credentials: Option<(String, String)>,
    pub(super) has_fragment: bool,
}

/// The URL of a request; `encode` is false when the request asks to send it as written.
pub(super) fn read(url: Option<&Value>, encode: bool, variables: &mut Variables) -> Url {
    let raw = match url {
        Some(Value::String(raw)) => raw.clone(),
        Some(parts @ Value::Object(_)) => written(parts),
        _ => String::new(),
    };
    of_text(&raw, encode, variables)
}

/// The parts of a URL as one text.
fn written(parts: &Value) -> String {
    let segments = |key: &str, between: &str| match parts.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(segments)) => {
            let segments: Vec<String> = segments.iter().filter_map(segment).collect();
            Some(segments.join(between))
        }
        _ => None,
    };
    let host = segments("host", ".");
    if host.is_none() && parts.get("path").is_none() {
        return text_of(parts.get("raw")).unwrap_or_default();
    }
    let mut url = String::new();
    if let Some(protocol) = text_of(parts.get("protocol")).filter(|text| !text.is_empty()) {
        url.push_str(protocol.trim_end_matches("://"));
        url.push_str("://");
    }
    let part = |key: &str| text_of(parts.get("auth")?.get(key)).filter(|text| !text.is_empty());
    if part("user").is_some() || part("password").is_some() {
        let part = |key: &str| part(key).unwrap_or_default();
        let _ = write!(url, "{}:{}@", part("user"), part("password"));
    }
    url.push_str(&host.unwrap_or_default());
    if let Some(port) = text_of(parts.get("port")).filter(|text| !text.is_empty()) {
        let _ = write!(url, ":{port}");
    }
    if let Some(path) = segments("path", "/") {
        let variables = parts.get("variable");
        let is_text = parts.get("path").is_some_and(Value::is_string);
        let path = path.strip_prefix('/').filter(|_| is_text).unwrap_or(&path);
        for segment in path.split('/') {
            url.push('/');
            url.push_str(&filled(segment, variables));
        }
    }
    let entries = match parts.get("query") {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(Value::String(query)) => {
            let _ = write!(url, "?{query}");
            &[]
        }
        _ => &[],
    };
    let mut mark = '?';
    for entry in entries.iter().filter(|entry| !is_disabled(entry)) {
        url.push(mark);
        mark = '&';
        match entry {
            Value::String(text) => url.push_str(text),
            _ => {
                let name = text_of(entry.get("key")).unwrap_or_default();
                let name = if name.contains("{{") { name } else { name.replace('=', "%3D") };
                url.push_str(&delimited(name));
                if let Some(value) = text_of(entry.get("value")) {
                    let _ = write!(url, "={}", delimited(value));
                }
            }
        }
    }
    if let Some(hash) = text_of(parts.get("hash")) {
        let _ = write!(url, "#{hash}");
    }
    url
}

/// A name or value with what would end it encoded, unless that is in the name of a variable.
fn delimited(text: String) -> String {
    if text.contains("{{") { text } else { text.replace('&', "%26").replace('#', "%23") }
}

fn segment(segment: &Value) -> Option<String> {
    text_of(Some(segment)).or_else(|| text_of(segment.get("value")))
}

/// A segment of a path with `:name` replaced by the value of that name.
fn filled(segment: &str, variables: Option<&Value>) -> String {
    let Some(rest) = segment.strip_prefix(':') else { return segment.to_owned() };
    let value = |name: &str| match variables {
        Some(Value::Array(entries)) => entries
            .iter()
            .filter(|entry| !is_disabled(entry))
            .find(|entry| {
                let key = entry.get("key").or_else(|| entry.get("id"));
                text_of(key).as_deref() == Some(name)
            })
            .and_then(|entry| text_of(entry.get("value"))),
        Some(Value::Object(members)) => text_of(members.get(name)),
        _ => None,
    };
    // The name ends before what cannot be in one, as in `:id.json`.
    let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_' && char != '-');
    let (name, suffix) = rest.split_at(end.unwrap_or(rest.len()));
    match value(rest).or_else(|| Some(value(name)? + suffix)).filter(|value| !value.is_empty()) {
        Some(value) => value,
        None => segment.to_owned(),
    }
}

/// The part of a text before a mark that stands outside of `{{…}}`, and the part behind it.
fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            char if char == mark && depth == 0 => {
                return (text.get(..at).unwrap_or(text), text.get(at + char.len_utf8()..));
            }
            _ => {}
        }
    }
    (text, None)
}

fn of_text(raw: &str, encode: bool, variables: &mut Variables) -> Url {
    let raw = raw.trim_start();
    let (before, fragment) = split(raw, '#');
    let (before, query) = split(before, '?');
    let (scheme, rest) = match split(before, ':') {
        (scheme, Some(rest)) if rest.starts_with("//") && split(scheme, '/').1.is_none() => {
            (Some(scheme), rest.trim_start_matches('/'))
        }
        _ => (None, before),
    };
    let (authority, path) = split(rest, '/');
    let mut url = Url { has_fragment: fragment.is_some(), ..Url::default() };
    let host = match authority.rsplit_once('@') {
        Some((credentials, host)) => {
            let (user, password) = split(credentials, ':');
            let password = password.unwrap_or_default();
            url.credentials = Some((variables.text(user), variables.text(password)));
            host
        }
        None => authority,
    };
    let host = variables.pieces(host);
    if let Some(Piece::Code { code, .. }) = host.first() {
        variables.is_origin(code, scheme.is_none());
    }
    match scheme {
        Some(scheme) => {
            let _ = write!(url.text, "{}://", variables.text(scheme));
        }
        None if needs_scheme(&host, variables) => url.text.push_str("http://"),
        None => {}
    }
    // A variable's value may be the beginning of a URL, path and all.
    url.text.push_str(&variables.render(&host, |text| {
        if text.contains('/') { text.to_owned() } else { address(&text.to_ascii_lowercase()) }
    }));
    if let Some(path) = path {
        url.text.push('/');
        let path = variables.pieces(path);
        url.text.push_str(&variables.render(&path, |text| encoded(text, PATH, encode)));
    }
    if let Some(query) = query {
        url.text.push('?');
        let query = variables.pieces(query);
        url.text.push_str(&variables.render(&query, |text| encoded(text, QUERY, encode)));
    }
    url
}

/// Whether a URL without a scheme is only a host and a path: one that begins with a variable
/// usually has its scheme in there.
fn needs_scheme(host: &[Piece], variables: &Variables) -> bool {
    // A scheme may stand in several variables.
    let has_scheme = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains("://"));
    if host.iter().any(has_scheme) {
        return false;
    }
    match host.first() {
        Some(Piece::Text(text)) => !text.contains("://"),
        Some(Piece::Code { code, .. }) => variables.declared_text(code).is_some_and(|value| {
            !value.is_empty() && !value.contains("://") && !value.contains("{{")
        }),
        Some(Piece::Plan(text)) => !text.starts_with("${") && !text.contains("://"),
        None => false,
    }
}

/// A host and its port, an IPv4 address of less than four numbers, or of such that are not decimal,
/// written as it usually is (WHATWG URL §3.5).
fn address(host: &str) -> String {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let numbers: Option<Vec<u32>> = name.split('.').map(ipv4_number).collect();
    let Some((last, first)) = numbers.as_deref().and_then(|numbers| numbers.split_last()) else {
        return host.to_owned();
    };
    // The last number stands for all the bytes that are left.
    let left = 4_u32.saturating_sub(u32::try_from(first.len()).unwrap_or(u32::MAX));
    if left == 0 || first.iter().any(|byte| *byte > 255) || u64::from(*last) >> (8 * left) != 0 {
        return host.to_owned();
    }
    let shifted = (0..).zip(first).map(|(at, byte): (u32, &u32)| byte << (24 - 8 * at));
    let name = Ipv4Addr::from(shifted.sum::<u32>() | last).to_string();
    port.map_or(name.clone(), |port| format!("{name}:{port}"))
}

/// A number of an IPv4 address: decimal, octal after `0`, hexadecimal after `0x`.
fn ipv4_number(text: &str) -> Option<u32> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
}

/// Percent-encoded where Postman encodes.
fn encoded(text: &str, set: &str, encode: bool) -> String {
    let mut encoded = String::new();
    for char in text.chars() {
        if (encode && (char <= ' ' || char > '~' || set.contains(char))) || char <= ' ' {
            let mut bytes = [0; 4];
            for byte in char.encode_utf8(&mut bytes).bytes() {
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(char);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(url: Value) -> String {
        super::read(Some(&url), true, &mut Variables::default()).text
    }

    #[test]
    fn parts_go_before_the_raw_text_and_variables_of_the_path_are_filled() {
        let url = json!({
            "raw": "https://stale.example", "protocol": "https", "host": ["a", "Example"], "port": "81",
            "path": ["x", ":id", ":id.json", ":none", "a b"],
            "query": [{"key": "q", "value": "1&2"}, {"key": "off", "disabled": true}, {"key": "z", "value": null}],
            "variable": [{"key": "id", "value": "7/8"}], "hash": "h",
        });
        assert_eq!(read(url), "https://a.example:81/x/7/8/7/8.json/:none/a%20b?q=1%262&z");
        assert_eq!(read(json!({"raw": "{{base}}/x"})), "${base}/x");
    }

    #[test]
    fn texts_are_encoded_and_get_a_scheme() {
        assert_eq!(
            read(json!("A.example/b c?d='e f'&g={x}#h")),
            "http://a.example/b%20c?d=%27e%20f%27&g={x}"
        );
        assert_eq!(read(json!("{{base}}/{{x?y}}")), "${base}/${x_y}");
        assert_eq!(read(json!("{{p://}}://{{host}}/")), "${p___}://${host}/");
    }

    #[test]
    fn addresses_are_written_with_four_numbers() {
        for (written, meant) in [
            ("127.1:81", "127.0.0.1:81"),
            ("0x7f.0.0.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("10.0.0.010", "10.0.0.8"),
            ("1.2.3.4", "1.2.3.4"),
            ("1.2.3.4.5", "1.2.3.4.5"),
            ("256.1", "256.1"),
            ("a.1", "a.1"),
        ] {
            assert_eq!(address(written), meant, "{written}");
        }
    }
}
