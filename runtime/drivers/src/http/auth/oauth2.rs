//! OAuth 2.0 (RFC 6749): tokens that a server gives, kept until shortly before they expire.
//!
//! A thread's users with the same `auth` share a token. It is fetched between requests, so that
//! no request's time has the fetching in it.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_vm::{Fault, FaultClass};
use serde_json::Value;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded::Serializer};

use super::{fault, text};
use crate::http::message;
use crate::net::clock::NS_PER_S;

/// A token is not used in the last seconds of its life, nor in the last tenth.
const LONGEST_MARGIN_NS: u64 = 30 * NS_PER_S;

/// What the users with one `auth` share.
#[derive(Debug)]
pub(crate) struct Grant {
    plan: Value,
    url: Url,
    /// Held while a token is fetched: others wait for it instead of asking themselves.
    pub(crate) state: Mutex<State>,
}

/// The token of a grant.
#[derive(Debug, Default)]
pub(crate) struct State {
    token: Option<Rc<str>>,
    /// When it is to be replaced.
    until_ns: u64,
    /// What the server gave to get the next one with.
    refresh: Option<String>,
    /// When a token could not be had last, and why.
    failed: Option<(u64, Fault)>,
}

impl Grant {
    pub(super) fn new(plan: Value) -> Result<Self, Fault> {
        let written = text(&plan, "token_url");
        let url = Url::parse(&written).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| fault(&format!("`token_url` is not a URL: `{written}`")))?;
        Ok(Self { plan, url, state: Mutex::default() })
    }

    /// Where tokens are given, as a route is found by.
    pub(crate) fn origin(&self) -> Vec<u8> {
        message::origin(&self.url)
    }

    /// The request for a token.
    pub(crate) fn request(&self, state: &State) -> Vec<u8> {
        let member = |name: &str| text(&self.plan, name);
        let grant = match (&state.refresh, member("grant")) {
            (Some(_), _) => "refresh_token".to_owned(),
            (None, grant) if grant.is_empty() => "client_credentials".to_owned(),
            (None, grant) => grant,
        };
        let mut form = Serializer::new(String::new());
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                form.append_pair(name, value);
            }
        };
        add("grant_type", &grant);
        match grant.as_str() {
            "password" => ["username", "password"].iter().for_each(|name| add(name, &member(name))),
            "refresh_token" => {
                let first = || member("refresh_token");
                add("refresh_token", &state.refresh.clone().unwrap_or_else(first));
            }
            _ => {}
        }
        ["scope", "audience"].iter().for_each(|name| add(name, &member(name)));
        let (id, secret) = (member("client_id"), member("client_secret"));
        let mut basic = String::new();
        if member("client_auth") == "body" {
            add("client_id", &id);
            add("client_secret", &secret);
        } else if !id.is_empty() {
            // RFC 6749 §2.3.1: both are encoded as in a form first.
            let encoded = |text: &str| {
                let pair = Serializer::new(String::new()).append_pair("", text).finish();
                pair.trim_start_matches('=').to_owned()
            };
            let pair = BASE64.encode(format!("{}:{}", encoded(&id), encoded(&secret)));
            basic = format!("Authorization: Basic {pair}\r\n");
        }
        let body = form.finish();
        let mut out = b"POST ".to_vec();
        message::write_target(&self.url, &mut out);
        let host = match (self.url.host_str(), self.url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let lines = format!(
            " HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n{basic}Content-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        out.extend_from_slice(lines.as_bytes());
        out
    }

    /// Why there is no token.
    pub(crate) fn no_token(&self, why: &str) -> Fault {
        let mut url = self.url.clone();
        url.set_query(None);
        // Nobody's password belongs into a report.
        let _ = url.set_password(None);
        let _ = url.set_username("");
        Fault::new(FaultClass::Auth, format!("no token from {url}: {why}"))
    }

    /// Takes in what the server answered.
    pub(crate) fn take(
        &self,
        state: &mut State,
        status: u16,
        body: &[u8],
        now_ns: u64,
    ) -> Result<Rc<str>, Fault> {
        let reply: Value = serde_json::from_slice(body).unwrap_or_default();
        let token = text(&reply, "access_token");
        if !(200..300).contains(&status) || token.is_empty() {
            let error = text(&reply, "error");
            let error = if error.is_empty() { String::new() } else { format!(", {error}") };
            let what = if (200..300).contains(&status) { " without an access_token" } else { "" };
            return Err(self.no_token(&format!("HTTP {status}{what}{error}")));
        }
        let life_s = match reply.get("expires_in") {
            Some(Value::String(text)) => text.parse().ok(),
            other => other.and_then(Value::as_f64),
        };
        state.until_ns = life_s.map_or(u64::MAX, |life_s| {
            let life_ns = (life_s * NS_PER_S as f64) as u64;
            now_ns.saturating_add(life_ns - (life_ns / 10).min(LONGEST_MARGIN_NS))
        });
        let refresh = Some(text(&reply, "refresh_token")).filter(|token| !token.is_empty());
        state.refresh = refresh.or(state.refresh.take());
        state.failed = None;
        let token: Rc<str> = token.into();
        state.token = Some(Rc::clone(&token));
        Ok(token)
    }
}

impl State {
    /// The token, while it is good.
    pub(crate) fn fresh(&self, now_ns: u64) -> Option<Rc<str>> {
        self.token.clone().filter(|_| now_ns < self.until_ns)
    }

    /// Why others that asked since then got none.
    pub(crate) fn failed_since(&self, ns: u64) -> Option<Fault> {
        self.failed.as_ref().filter(|(at_ns, _)| *at_ns >= ns).map(|(_, fault)| fault.clone())
    }

    /// Remembers that there is none. The next attempt begins with the plan's credentials.
    pub(crate) fn fail(&mut self, now_ns: u64, fault: Fault) {
        self.token = None;
        self.refresh = None;
        self.failed = Some((now_ns, fault));
    }

    /// Whether there is another way to get a token than the one that failed.
    pub(crate) fn can_begin_anew(&mut self) -> bool {
        self.refresh.take().is_some()
    }

    /// Gives up a token that a server did not accept.
    pub(crate) fn reject(&mut self, token: &str) {
        if self.token.as_deref() == Some(token) {
            self.until_ns = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(plan: Value, state: &State) -> String {
        String::from_utf8(Grant::new(plan).unwrap().request(state)).unwrap()
    }

    #[test]
    fn each_grant_is_asked_for_as_rfc_6749_has_it() {
        let url = "http://id:99/t?x=1";
        let request = asked(
            json!({"token_url": url, "client_id": "a b", "client_secret": "c:d", "scope": "e f"}),
            &State::default(),
        );
        assert!(request.starts_with("POST /t?x=1 HTTP/1.1\r\nHost: id:99\r\n"), "{request}");
        assert!(request.contains("Authorization: Basic YStiOmMlM0Fk\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\ngrant_type=client_credentials&scope=e+f"), "{request}");

        let mut plan = json!({"token_url": url, "grant": "password", "username": "u",
            "password": "p&q", "client_id": "i", "client_auth": "body"});
        let request = asked(plan.clone(), &State::default());
        let body = "\r\n\r\ngrant_type=password&username=u&password=p%26q&client_id=i";
        assert!(request.ends_with(body) && !request.contains("Authorization"), "{request}");

        let state = State { refresh: Some("r1".to_owned()), ..State::default() };
        let request = asked(plan.clone(), &state);
        let body = "grant_type=refresh_token&refresh_token=r1&client_id=i";
        assert!(request.ends_with(body), "{request}");
        plan["grant"] = "refresh_token".into();
        plan["refresh_token"] = "r0".into();
        let request = asked(plan, &State::default());
        assert!(request.ends_with("refresh_token=r0&client_id=i"), "{request}");
    }

    #[test]
    fn a_token_is_replaced_shortly_before_it_expires() {
        let grant = Grant::new(json!({"token_url": "http://id/"})).unwrap();
        let mut state = State::default();
        let body = br#"{"access_token": "t", "expires_in": 10}"#;
        assert_eq!(&*grant.take(&mut state, 200, body, NS_PER_S).unwrap(), "t");
        assert!(state.fresh(10 * NS_PER_S - 1).is_some());
        assert!(state.fresh(10 * NS_PER_S).is_none());
        let body = br#"{"access_token": "t", "expires_in": "3600"}"#;
        grant.take(&mut state, 200, body, 0).unwrap();
        assert!(state.fresh(3569 * NS_PER_S).is_some());
        assert!(state.fresh(3570 * NS_PER_S).is_none());
        state.reject("other");
        assert!(state.fresh(0).is_some());
        state.reject("t");
        assert!(state.fresh(0).is_none());
    }

    #[test]
    fn what_the_server_says_instead_of_a_token_is_told() {
        let grant = Grant::new(json!({"token_url": "http://u:p@id/t?k=v"})).unwrap();
        let mut state = State::default();
        for (status, body, says) in [
            (401, r#"{"error": "invalid_client"}"#, "HTTP 401, invalid_client"),
            (200, "{}", "HTTP 200 without an access_token"),
            (502, "<html>", "HTTP 502"),
        ] {
            let fault = grant.take(&mut state, status, body.as_bytes(), 0).unwrap_err();
            assert_eq!(fault.text, format!("no token from http://id/t: {says}"));
            assert_eq!(fault.class, FaultClass::Auth);
        }
    }
}
