//! Digest (RFC 7616) with all its algorithms and protections. A nonce is used again, with its count,
//! until the server wants another. The first one may be the plan's.

use std::fmt::Write as _;

use md5::Md5;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512_256};

use super::{Signed, text};

#[derive(Debug)]
pub(super) struct Digest {
    username: String,
    password: String,
    /// A given one, for servers under test; empty where each request has its own.
    client_nonce: String,
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
    protection: Protection,
    is_stale: bool,
}

/// The hash, and whether the nonces go into the secret (`-sess`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Algorithm {
    hash: Hash,
    is_session: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    #[default]
    Md5,
    Sha256,
    Sha512,
}

/// What is protected (`qop`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Protection {
    /// The server does not know the word; before RFC 2617 there was none.
    #[default]
    Unnamed,
    /// Method and target.
    Request,
    /// The body, too.
    Body,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let (hash, is_session) = match name.strip_suffix("-SESS") {
            Some(hash) => (hash, true),
            None => (name.as_str(), false),
        };
        let hash = match hash {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            "SHA-512-256" => Hash::Sha512,
            _ => return None,
        };
        Some(Self { hash, is_session })
    }

    fn hash(self, bytes: impl AsRef<[u8]>) -> String {
        match self.hash {
            Hash::Md5 => const_hex::encode(Md5::digest(bytes)),
            Hash::Sha256 => const_hex::encode(Sha256::digest(bytes)),
            Hash::Sha512 => const_hex::encode(Sha512_256::digest(bytes)),
        }
    }
}

impl Protection {
    /// The best of those that a server offers.
    fn offered(words: &str) -> Option<Self> {
        let has = |name: &str| words.split(',').any(|word| word.trim().eq_ignore_ascii_case(name));
        match (has("auth"), has("auth-int")) {
            (true, _) => Some(Self::Request),
            (false, true) => Some(Self::Body),
            (false, false) => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Unnamed => "",
            Self::Request => "auth",
            Self::Body => "auth-int",
        }
    }
}

impl Digest {
    pub(super) fn new(plan: &Value) -> Self {
        let challenge = Challenge::given(plan);
        // The count is that of the next use.
        let next = u32::from_str_radix(text(plan, "nonce_count").trim(), 16).unwrap_or(1);
        Self {
            username: text(plan, "username"),
            password: text(plan, "password"),
            client_nonce: text(plan, "client_nonce"),
            count: if challenge.is_some() { next.saturating_sub(1) } else { 0 },
            challenge,
            is_refused: false,
        }
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
        let cnonce = match self.client_nonce.as_str() {
            // Random enough to tell clients apart; nothing secret depends on it (§5.4).
            "" => format!("{:016x}", fastrand::u64(..)),
            given => given.to_owned(),
        };
        let line = self.line(challenge, request, &cnonce);
        out.extend_from_slice(line.as_bytes());
    }

    fn line(&self, challenge: &Challenge, request: &Signed<'_>, cnonce: &str) -> String {
        let Challenge { realm, nonce, algorithm, protection, .. } = challenge;
        let username = &self.username;
        let (method, uri) =
            (String::from_utf8_lossy(request.method), String::from_utf8_lossy(request.target));
        let mut secret = algorithm.hash(format!("{username}:{realm}:{}", self.password));
        if algorithm.is_session {
            secret = algorithm.hash(format!("{secret}:{nonce}:{cnonce}"));
        }
        let asked = algorithm.hash(match protection {
            Protection::Body => {
                format!("{method}:{uri}:{}", algorithm.hash(request.body.concat()))
            }
            Protection::Request | Protection::Unnamed => format!("{method}:{uri}"),
        });
        let count = format!("{:08x}", self.count);
        let name = protection.name();
        let response = algorithm.hash(if *protection == Protection::Unnamed {
            format!("{secret}:{nonce}:{asked}")
        } else {
            format!("{secret}:{nonce}:{count}:{cnonce}:{name}:{asked}")
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
        if *protection != Protection::Unnamed {
            let _ = write!(line, ", qop={name}");
        }
        if *protection != Protection::Unnamed || algorithm.is_session {
            let _ = write!(line, ", nc={count}, cnonce=\"{}\"", quoted(cnonce));
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
    /// The challenge that the plan has, as if the server had sent it before.
    fn given(plan: &Value) -> Option<Self> {
        let given = |name: &str| Some(text(plan, name)).filter(|text| !text.is_empty());
        let algorithm_name = given("algorithm");
        Some(Self {
            realm: text(plan, "realm"),
            nonce: given("nonce")?,
            opaque: given("opaque"),
            algorithm: algorithm_name.as_deref().and_then(Algorithm::named).unwrap_or_default(),
            algorithm_name,
            protection: Protection::offered(&text(plan, "qop")).unwrap_or_default(),
            is_stale: false,
        })
    }

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
                "qop" => challenge.protection = Protection::offered(&value)?,
                "algorithm" => {
                    challenge.algorithm = Algorithm::named(&value)?;
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
    let request = Signed { method, authority, target, lines, body, is_tls: false, now_s: 0 };
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
            is_tls: true,
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
            "Digest nonce=\"n\", qop=\"auth-conf\"",
            "Digest nonce=\"n\", algorithm=SHA-1",
            "Digest nonce=\"n",
        ] {
            assert_eq!(Challenge::read(wrong.as_bytes()), None, "{wrong}");
        }
        let old = Challenge::read(b"digest nonce=n, realm=\"a \\\"b\\\"\"").unwrap();
        let unnamed = Protection::Unnamed;
        assert_eq!((old.realm.as_str(), old.protection), ("a \"b\"", unnamed));
    }
}
