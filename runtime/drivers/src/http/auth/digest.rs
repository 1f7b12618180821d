//! Digest (RFC 7616) with MD5 or SHA-256 and `qop` auth. A nonce is used again, with its count,
//! until the server wants another.

use std::fmt::Write as _;

use md5::Md5;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Signed, text};

#[derive(Debug)]
pub(super) struct Digest {
    username: String,
    password: String,
    challenge: Option<Challenge>,
    /// How often the nonce has been used.
    count: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// The word the server used for the algorithm; none if it named none.
    algorithm_name: Option<String>,
    /// Whether the server knows `qop`; before RFC 2617 there was none.
    has_qop: bool,
    is_stale: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    #[default]
    Md5,
    Sha256,
}

impl Algorithm {
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => const_hex::encode(Md5::digest(text)),
            Self::Sha256 => const_hex::encode(Sha256::digest(text)),
        }
    }
}

impl Digest {
    pub(super) fn new(plan: &Value) -> Self {
        let (username, password) = (text(plan, "username"), text(plan, "password"));
        Self { username, password, challenge: None, count: 0 }
    }

    /// Takes the best challenge among the values of `WWW-Authenticate`. Credentials that were
    /// refused are not tried again, unless the server says that only the nonce was too old.
    pub(super) fn is_challenged<'v>(&mut self, values: impl Iterator<Item = &'v [u8]>) -> bool {
        let challenges = values.filter_map(Challenge::read);
        let Some(challenge) = challenges.max_by_key(|challenge| challenge.algorithm) else {
            return false;
        };
        let is_refused = self.count > 0
            && !challenge.is_stale
            && self.challenge.as_ref().is_some_and(|last| last.nonce == challenge.nonce);
        self.count = 0;
        self.challenge = (!is_refused).then_some(challenge);
        self.challenge.is_some()
    }

    pub(super) fn write(&mut self, request: &Signed<'_>, out: &mut Vec<u8>) {
        let Some(challenge) = &self.challenge else { return };
        self.count = self.count.wrapping_add(1);
        // Random enough to tell clients apart; nothing secret depends on it (§5.4).
        let cnonce = format!("{:016x}", fastrand::u64(..));
        let line = self.line(challenge, request, &cnonce);
        out.extend_from_slice(line.as_bytes());
    }

    fn line(&self, challenge: &Challenge, request: &Signed<'_>, cnonce: &str) -> String {
        let Challenge { realm, nonce, algorithm, .. } = challenge;
        let username = &self.username;
        let (method, uri) =
            (String::from_utf8_lossy(request.method), String::from_utf8_lossy(request.target));
        let secret = algorithm.hash(&format!("{username}:{realm}:{}", self.password));
        let asked = algorithm.hash(&format!("{method}:{uri}"));
        let count = format!("{:08x}", self.count);
        let response = algorithm.hash(&if challenge.has_qop {
            format!("{secret}:{nonce}:{count}:{cnonce}:auth:{asked}")
        } else {
            format!("{secret}:{nonce}:{asked}")
        });
        let mut line = format!(
            "Authorization: Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\"",
            quoted(username),
            quoted(realm),
            quoted(nonce)
        );
        // Writing to a string cannot fail.
        if let Some(name) = &challenge.algorithm_name {
            let _ = write!(line, ", algorithm={name}");
        }
        if challenge.has_qop {
            let _ = write!(line, ", qop=auth, nc={count}, cnonce=\"{cnonce}\"");
        }
        let _ = write!(line, ", response=\"{response}\"");
        if let Some(opaque) = &challenge.opaque {
            let _ = write!(line, ", opaque=\"{}\"", quoted(opaque));
        }
        line.push_str("\r\n");
        line
    }
}

impl Challenge {
    /// The challenge in a field's value, if it is one that can be met.
    fn read(value: &[u8]) -> Option<Self> {
        let value = str::from_utf8(value).ok()?;
        let start = find_ignoring_case(value, "digest ")?;
        let mut rest = value.get(start + "digest ".len()..)?;
        let mut challenge = Self::default();
        while let Some((name, value, after)) = parameter(rest) {
            match name.to_ascii_lowercase().as_str() {
                "realm" => challenge.realm = value,
                "nonce" => challenge.nonce = value,
                "opaque" => challenge.opaque = Some(value),
                "stale" => challenge.is_stale = value.eq_ignore_ascii_case("true"),
                "qop" => {
                    let mut known = value.split(',').map(str::trim);
                    if !known.any(|word| word.eq_ignore_ascii_case("auth")) {
                        return None;
                    }
                    challenge.has_qop = true;
                }
                "algorithm" => {
                    challenge.algorithm = match value.to_ascii_uppercase().as_str() {
                        "MD5" => Algorithm::Md5,
                        "SHA-256" => Algorithm::Sha256,
                        _ => return None,
                    };
                    challenge.algorithm_name = Some(value);
                }
                _ => {}
            }
            rest = after;
        }
        (!challenge.nonce.is_empty()).then_some(challenge)
    }
}

/// The first `name=value` of a list and what follows it; `None` at the end or at another scheme.
fn parameter(list: &str) -> Option<(&str, String, &str)> {
    let list = list.trim_start_matches([' ', '\t', ',']);
    let (name, rest) = list.split_once('=')?;
    let name = name.trim_end();
    if name.is_empty() || name.contains([' ', ',', '"']) {
        return None;
    }
    let rest = rest.trim_start();
    let Some(inner) = rest.strip_prefix('"') else {
        let end = rest.find([',', ' ', '\t']).unwrap_or(rest.len());
        let (value, after) = rest.split_at(end);
        return Some((name, value.to_owned(), after));
    };
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((name, value, inner.get(at + 1..).unwrap_or_default())),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(char),
        }
    }
    None
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(word)
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\r', '\n'], " ")
}

/// Reads `data` as a challenge and answers it, as a fuzzer's entry.
///
/// # Panics
/// When the answer is not one line of a header, which is a defect.
#[doc(hidden)]
pub fn probe_challenge(data: &[u8]) {
    // A field's value has none of these once its head was read.
    if data.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return;
    }
    let plan = serde_json::json!({"username": "ada", "password": "a\"b"});
    let mut digest = Digest::new(&plan);
    let is_challenged = digest.is_challenged(std::iter::once(data));
    let (method, authority, target) = (&b"GET"[..], &b"h"[..], &b"/a?b"[..]);
    let (lines, body) = (Vec::new(), Vec::new());
    let request = Signed { method, authority, target, lines, body, now_s: 0 };
    let mut line = Vec::new();
    digest.write(&request, &mut line);
    assert_eq!(is_challenged, !line.is_empty(), "every challenge that is taken is answered");
    let inside = line.strip_suffix(b"\r\n").unwrap_or(&line);
    assert!(!inside.iter().any(|byte| matches!(byte, b'\r' | b'\n')), "the answer is one line");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7616 §3.9.1.
    fn line(algorithm: &str) -> String {
        let plan = serde_json::json!({"username": "Mufasa", "password": "Circle of Life"});
        let mut digest = Digest::new(&plan);
        let challenge = format!(
            "Basic realm=\"x\", Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
             algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        assert!(digest.is_challenged([challenge.as_bytes()].into_iter()));
        digest.count = 1;
        let request = Signed {
            method: b"GET",
            authority: b"www.example.org",
            target: b"/dir/index.html",
            lines: Vec::new(),
            body: Vec::new(),
            now_s: 0,
        };
        let challenge = digest.challenge.clone().unwrap();
        digest.line(&challenge, &request, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    }

    #[test]
    fn the_examples_of_the_rfc_are_met() {
        assert!(line("MD5").contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
        let line = line("SHA-256");
        let response = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        assert!(line.contains(&format!("response=\"{response}\"")), "{line}");
        assert!(line.contains("nc=00000001") && line.contains("qop=auth,"), "{line}");
    }

    #[test]
    fn challenges_that_cannot_be_met_are_passed_over() {
        for wrong in [
            "Basic realm=\"x\"",
            "Digest realm=\"x\"",
            "Digest nonce=\"n\", qop=\"auth-int\"",
            "Digest nonce=\"n\", algorithm=SHA-512-256",
            "Digest nonce=\"n",
        ] {
            assert_eq!(Challenge::read(wrong.as_bytes()), None, "{wrong}");
        }
        let old = Challenge::read(b"digest nonce=n, realm=\"a \\\"b\\\"\"").unwrap();
        assert_eq!((old.realm.as_str(), old.has_qop), ("a \"b\"", false));
    }
}
