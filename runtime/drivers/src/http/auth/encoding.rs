//! How signatures write what they cover: percent-encoding as RFC 3986 has it, pairs of queries and
//! forms, hashes with a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{KeyInit, Mac};

/// A text with all but the unreserved characters encoded (RFC 3986 §2.3).
pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut out = String::new();
    encode(bytes, &mut out);
    out
}

pub(super) fn encode(bytes: &[u8], out: &mut String) {
    use std::fmt::Write as _;
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The names and values of a query or a form, decoded and encoded anew.
pub(super) fn pairs(text: &[u8]) -> impl Iterator<Item = (String, String)> {
    text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(at);
        let recoded = |bytes: &[u8]| encoded(&decode(bytes));
        (recoded(name), recoded(value.get(1..).unwrap_or_default()))
    })
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        let digit = |at: usize| (*after.get(at)? as char).to_digit(16);
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            // Queries of plans write a space so.
            (b'+', ..) => out.push(b' '),
            _ => out.push(*first),
        }
    }
    out
}

/// Path and query of a target.
pub(super) fn split(target: &[u8]) -> (&[u8], &[u8]) {
    match target.iter().position(|&byte| byte == b'?') {
        Some(at) => {
            let (path, query) = target.split_at(at);
            (path, query.get(1..).unwrap_or_default())
        }
        None => (target, &[]),
    }
}

/// The code of a text by a key.
pub(super) fn hmac<M: Mac + KeyInit>(key: &[u8], text: &str) -> Vec<u8> {
    // Every length of key will do.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// As many letters and digits, drawn at random.
pub(super) fn drawn(len: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(len).collect()
}

/// The value of a header line among others.
pub(super) fn value<'r>(lines: &[&'r [u8]], name: &[u8]) -> Option<&'r [u8]> {
    lines
        .iter()
        .find(|line| crate::http::message::is_field(line, name))
        .map(|line| line.get(name.len() + 1..).unwrap_or_default().trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_as_in_forms_and_encoded_as_in_rfc_3986() {
        let found: Vec<_> = pairs(b"b5=%3D%253D&a+b=r%20*&c%40=&&d").collect();
        let expected = [("b5", "%3D%253D"), ("a%20b", "r%20%2A"), ("c%40", ""), ("d", "")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
