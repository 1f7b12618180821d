//! Routes that send the client elsewhere.

use serde_json::json;

use super::Call;
use crate::reply::Reply;

/// Longest chain: beyond every client's limit.
const MAX_REDIRECTS: u64 = 1000;

pub(super) fn count_down(call: &Call<'_>, reply: &mut Reply) {
    let Some(left) = call.number(MAX_REDIRECTS, reply) else { return };
    match left.checked_sub(1) {
        Some(next) => redirect(302, &format!("/redirect/{next}"), reply),
        None => reply.json(200, &json!({"redirects_left": 0, "method": call.request.method})),
    }
}

pub(super) fn to(call: &Call<'_>, reply: &mut Reply) {
    let Some(url) = call.request.query_value("url").filter(|url| !url.is_empty()) else {
        return reply.error(400, "where to? the query is ?url=…&status=…");
    };
    let Some(status) = call.option("status", 302, 399, reply) else { return };
    match u16::try_from(status).ok().filter(|status| *status >= 300) {
        Some(status) => redirect(status, &url, reply),
        None => reply.error(400, &format!("{status} does not redirect")),
    }
}

fn redirect(status: u16, url: &str, reply: &mut Reply) {
    reply.header("Location", url);
    reply.json(status, &json!({"location": url}));
}
