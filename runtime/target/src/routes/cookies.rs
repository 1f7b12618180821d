//! Routes about cookies.

use serde_json::{Map, Value, json};

use super::Call;
use crate::reply::Reply;

pub(super) fn show(call: &Call<'_>, reply: &mut Reply) {
    let lines = call.request.headers.iter().filter(|h| h.name.eq_ignore_ascii_case("cookie"));
    let mut cookies = Map::new();
    for line in lines {
        let line = String::from_utf8_lossy(line.value);
        for (name, value) in line.split(';').filter_map(|pair| pair.split_once('=')) {
            cookies.insert(name.trim().to_owned(), Value::from(value.trim()));
        }
    }
    reply.json(200, &json!({"cookies": cookies}));
}

pub(super) fn set(call: &Call<'_>, reply: &mut Reply) {
    let mut cookies = Map::new();
    for (name, value) in call.request.query_pairs() {
        if name.is_empty() || !name.bytes().all(is_name_byte) || !value.bytes().all(is_value_byte) {
            return reply.error(400, &format!("{name:?}={value:?} cannot be a cookie"));
        }
        reply.header("Set-Cookie", &format!("{name}={value}; Path=/"));
        cookies.insert(name.into_owned(), Value::from(value));
    }
    if cookies.is_empty() {
        return reply.error(400, "nothing to set: the query is ?name=value");
    }
    reply.json(200, &json!({"cookies": cookies}));
}

/// The bytes of a token (RFC 9110 §5.6.2), as cookie names have them.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `cookie-octet` of RFC 6265 §4.1.1.
fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}
