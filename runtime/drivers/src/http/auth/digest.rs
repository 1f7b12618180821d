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
    /// The last answer was refused.
    is_refused: bool,
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
        Self { username, password, challenge: None, count: 0, is_refused: false }
    }

    /// Takes the best challenge among the values of `WWW-Authenticate` that came upon a request,
    /// which `bore` an answer to an earlier one or not. Whether to answer it at once: credentials
    /// that were refused twice in a row, whatever the nonces, go with the next request, but this one
    /// is not sent again, unless the server says that only the nonce was too old.
    pub(super) fn is_challenged<'v>(
        &mut self,
        bore: bool,
        values: impl Iterator<Item = &'v [u8]>,
    ) -> bool {
        let challenges = values.filter_map(Challenge::read);
        let challenge = challenges.max_by_key(|challenge| challenge.algorithm);
        let is_stale = challenge.as_ref().is_some_and(|challenge| challenge.is_stale);
        let was_refused = self.is_refused;
        self.is_refused = if bore { !is_stale } else { was_refused };
        let Some(challenge) = challenge else { return false };
        let is_new = self.challenge.as_ref().is_none_or(|last| last.nonce != challenge.nonce);
        if is_new {
            self.count = 0;
        }
        self.challenge = Some(challenge);
        !bore || is_stale || is_new && !was_refused
    }

    /// Takes in that a request went through.
    pub(super) fn is_accepted(&mut self) {
        self.is_refused = false;
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
    let is_challenged = digest.is_challenged(false, std::iter::once(data));
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
        assert!(digest.is_challenged(false, [challenge.as_bytes()].into_iter()));
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
    fn refused_credentials_are_not_tried_twice_in_one_request_whatever_the_nonces() {
        let plan = serde_json::json!({"username": "ada", "password": "wrong"});
        let mut digest = Digest::new(&plan);
        let mut challenged = |bore, nonce: &str, more: &str| {
            let value = format!("Digest realm=\"r\", qop=\"auth\", nonce=\"{nonce}\"{more}");
            digest.is_challenged(bore, [value.as_bytes()].into_iter())
        };
        assert!(challenged(false, "n1", ""), "nothing was answered yet");
        challenged(true, "n2", "");
        assert!(!challenged(true, "n3", ""), "the answer before was refused as well");
        assert!(!challenged(true, "n4", ""));
        assert!(challenged(true, "n5", ", stale=true"), "only the nonce was too old");
        digest.is_accepted();
        let mut challenged = |bore, nonce: &str| {
            let value = format!("Digest realm=\"r\", qop=\"auth\", nonce=\"{nonce}\"");
            digest.is_challenged(bore, [value.as_bytes()].into_iter())
        };
        assert!(challenged(true, "n6"), "an old nonce, of a server that does not say so");
        assert!(!challenged(true, "n6"), "the same again cannot help");
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
