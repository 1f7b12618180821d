//! Credentials that depend on the request, the time or the server: digest, JWT, OAuth 1.0 and 2.0,
//! signatures of AWS and Hawk.
//!
//! What the task says comes as a JSON object in the part `AUTH`. It is taken apart when it is new
//! to the user; a session keeps what came of it, with the server's challenge or the signed token.

mod aws;
mod digest;
mod encoding;
mod hawk;
mod jwt;
pub(super) mod keyring;
mod oauth1;
pub(super) mod oauth2;

use std::collections::HashMap;
use std::rc::Rc;

#[doc(hidden)]
pub use digest::probe_challenge;
use ld_vm::{Fault, FaultClass};
use serde_json::Value;

use self::oauth2::Grant;
use super::wire::Fields;
use crate::net::Net;

/// As many grants as are remembered while nobody uses them.
const MOST_GRANTS: usize = 10_000;

/// What a request's credentials may depend on.
pub(super) struct Signed<'r> {
    pub(super) method: &'r [u8],
    /// `host:port` as it stands in `Host`.
    pub(super) authority: &'r [u8],
    /// Path and query as they stand in the request line.
    pub(super) target: &'r [u8],
    /// The request's own header lines.
    pub(super) lines: Vec<&'r [u8]>,
    /// The pieces of the body.
    pub(super) body: Vec<&'r [u8]>,
    pub(super) is_tls: bool,
    /// Seconds since 1970.
    pub(super) now_s: u64,
}

/// What credentials add to a request.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// Header lines, each with its line end.
    pub(super) lines: Vec<u8>,
    /// Parameters for the end of the query.
    pub(super) query: Vec<u8>,
    /// Fields for the end of the form that is the body.
    pub(super) form: Vec<u8>,
}

impl Proof {
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.query.is_empty() && self.form.is_empty()
    }
}

/// The credentials of a user, as a task says them.
#[derive(Debug)]
pub(super) struct Auth {
    /// The task's object this was made of.
    source: Box<[u8]>,
    scheme: Scheme,
}

#[derive(Debug)]
enum Scheme {
    Aws(aws::Credentials),
    Digest(digest::Digest),
    Hawk(Box<hawk::Hawk>),
    Jwt(Box<jwt::Jwt>),
    OAuth1(Box<oauth1::OAuth1>),
    OAuth2(Token),
}

/// A token and where it comes from.
#[derive(Debug)]
struct Token {
    grant: Rc<Grant>,
    token: Rc<str>,
}

impl Auth {
    /// The credentials of a task's object.
    ///
    /// # Errors
    /// When they cannot be used: a key that is none, a file that cannot be read.
    pub(super) async fn new(net: &Net, source: &[u8]) -> Result<Self, Fault> {
        let mut plan: Value = serde_json::from_slice(source)
            .map_err(|error| fault(&format!("`auth` cannot be read: {error}")))?;
        let key_file = text(&plan, "key_file");
        if !key_file.is_empty() {
            let key = net.files.read(key_file.as_bytes()).await?;
            if let Value::Object(members) = &mut plan {
                members.insert("key".to_owned(), String::from_utf8_lossy(&key).into());
            }
        }
        Ok(Self { source: source.into(), scheme: Scheme::new(&plan)? })
    }

    /// Shares the tokens of others with the same credentials.
    pub(super) fn share(&mut self, grants: &mut HashMap<Box<[u8]>, Rc<Grant>>) {
        let Scheme::OAuth2(token) = &mut self.scheme else {
            return;
        };
        if grants.len() >= MOST_GRANTS {
            grants.retain(|_, grant| Rc::strong_count(grant) > 1);
        }
        let known = grants.entry(self.source.clone()).or_insert_with(|| Rc::clone(&token.grant));
        token.grant = Rc::clone(known);
    }

    /// Whether these are the credentials of a task's object.
    pub(super) fn is_of(&self, source: &[u8]) -> bool {
        *self.source == *source
    }

    /// Adds what a request needs; perhaps nothing yet.
    pub(super) fn write(&mut self, request: &Signed<'_>, proof: &mut Proof) -> Result<(), Fault> {
        let out = &mut proof.lines;
        match &mut self.scheme {
            Scheme::Aws(credentials) => {
                credentials.write(request, out);
                Ok(())
            }
            Scheme::Digest(digest) => {
                digest.write(request, out);
                Ok(())
            }
            Scheme::Hawk(hawk) => {
                hawk.write(request, out);
                Ok(())
            }
            Scheme::Jwt(jwt) => jwt.write(request.now_s, out),
            Scheme::OAuth1(oauth1) => {
                oauth1.write(request, proof);
                Ok(())
            }
            Scheme::OAuth2(Token { token, .. }) => {
                out.extend_from_slice(b"Authorization: Bearer ");
                // The server's word is not to add lines.
                out.extend(token.bytes().filter(|byte| !byte.is_ascii_control()));
                out.extend_from_slice(b"\r\n");
                Ok(())
            }
        }
    }

    /// Takes in that a server did not mind the credentials of a request.
    pub(super) fn is_accepted(&mut self) {
        if let Scheme::Digest(digest) = &mut self.scheme {
            digest.is_accepted();
        }
    }

    /// Takes in the challenge of a reply with status 401, to a request that `bore` credentials or
    /// not yet; whether it is worth another try.
    pub(super) fn is_challenged(&mut self, bore: bool, fields: Fields<'_>) -> bool {
        match &mut self.scheme {
            Scheme::Digest(digest) => digest.is_challenged(bore, fields.all(b"www-authenticate")),
            Scheme::OAuth2(Token { grant, token }) => {
                // Whoever holds the lock is fetching another one.
                if let Ok(mut state) = grant.state.try_lock() {
                    state.reject(token);
                }
                false
            }
            Scheme::Aws(_) | Scheme::Hawk(_) | Scheme::Jwt(_) | Scheme::OAuth1(_) => false,
        }
    }

    /// What gives the tokens, where credentials are such.
    pub(super) fn grant(&self) -> Option<Rc<Grant>> {
        match &self.scheme {
            Scheme::OAuth2(token) => Some(Rc::clone(&token.grant)),
            _ => None,
        }
    }

    /// The token for the requests to come.
    pub(super) fn set_token(&mut self, new: Rc<str>) {
        if let Scheme::OAuth2(Token { token, .. }) = &mut self.scheme {
            *token = new;
        }
    }
}

impl Scheme {
    fn new(plan: &Value) -> Result<Self, Fault> {
        match plan.get("type").and_then(Value::as_str) {
            Some("aws_sigv4") => Ok(Self::Aws(aws::Credentials::new(plan))),
            Some("digest") => Ok(Self::Digest(digest::Digest::new(plan))),
            Some("hawk") => Ok(Self::Hawk(Box::new(hawk::Hawk::new(plan)))),
            Some("oauth1") => Ok(Self::OAuth1(Box::new(oauth1::OAuth1::new(plan)))),
            Some("oauth2") => Ok(Self::OAuth2(Token {
                grant: Rc::new(Grant::new(plan.clone())?),
                token: Rc::from(""),
            })),
            Some("jwt") => Ok(Self::Jwt(Box::new(jwt::Jwt::new(plan)?))),
            _ => Err(fault("`auth` is of a type that this build does not know")),
        }
    }
}

/// A member as text; empty when it is absent.
fn text(plan: &Value, name: &str) -> String {
    match plan.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

fn fault(text: &str) -> Fault {
    Fault::new(FaultClass::Plan, text)
}
