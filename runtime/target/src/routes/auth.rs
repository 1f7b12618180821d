//! Routes that look at the `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Call;
use crate::reply::Reply;
use crate::request::Request;

pub(super) fn basic(call: &Call<'_>, reply: &mut Reply) {
    let wanted = format!("{}:{}", call.first(), call.second());
    let given = credentials(call.request, "basic").and_then(|text| STANDARD.decode(text).ok());
    if given.is_some_and(|given| given == wanted.as_bytes()) {
        reply.json(200, &json!({"authenticated": true, "user": call.first()}));
    } else {
        reply.header("WWW-Authenticate", "Basic realm=\"target\", charset=\"UTF-8\"");
        reply.error(401, "the credentials of the path are needed");
    }
}

pub(super) fn bearer(call: &Call<'_>, reply: &mut Reply) {
    match token(call.request) {
        Some(token) => reply.json(200, &json!({"authenticated": true, "token": token})),
        None => ask_for_token(reply, "a bearer token is needed"),
    }
}

/// The bearer token of a request, if it has one.
pub(super) fn token<'a>(request: &Request<'a>) -> Option<&'a str> {
    credentials(request, "bearer").filter(|token| !token.is_empty())
}

pub(super) fn ask_for_token(reply: &mut Reply, message: &str) {
    reply.header("WWW-Authenticate", "Bearer realm=\"target\"");
    reply.error(401, message);
}

/// What follows the scheme, whose case does not matter (RFC 9110 §11.1).
fn credentials<'a>(request: &Request<'a>, scheme: &str) -> Option<&'a str> {
    let (given, rest) = request.header("authorization")?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}
