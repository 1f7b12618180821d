//! What the server of cases answers where they ask for more than that it was there.

use ld_tests::recorder::Recorded;
use ld_tests::witness::reply;
use serde_json::json;

/// A server with lists, pages, tokens that are refused and requests that fail at first.
pub(crate) fn rich(asked: &Recorded) -> Vec<u8> {
    let target = &asked.request.target;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let value = |wanted: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == wanted).find_map(|(_, value)| value.parse::<u32>().ok())
    };
    let answer = |status, body: serde_json::Value| {
        let headers = [
            ("Content-Type", "application/json"),
            ("Location", "/things/42"),
            ("ETag", "\"e1\""),
            ("X-Request-Id", "rq-5"),
        ];
        reply(status, &headers, body.to_string())
    };
    let header = |name: &str| {
        let found =
            asked.request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    if header("Authorization") == Some("Bearer expired") {
        return answer(401, json!({"error": "expired"}));
    }
    match path {
        "/missing" => return answer(404, json!({"error": "there is none"})),
        "/flaky" if value("try") < Some(3) => return answer(503, json!({"error": "busy"})),
        "/list" => {
            let items = [("one", false), ("two", true), ("three", true)];
            let item = |(at, (name, active))| json!({"id": at + 1, "name": name, "active": active});
            return answer(200, items.into_iter().enumerate().map(item).collect());
        }
        _ => {}
    }
    let page = value("page").unwrap_or(1);
    let next = (page < 3).then(|| format!("/products?page={}", page + 1));
    let cursor = query.split_once("cursor=c").and_then(|(_, number)| number.parse::<u32>().ok());
    let cursor = cursor.filter(|number| *number < 3).map(|number| format!("c{}", number + 1));
    answer(
        200,
        json!({
            "id": 42, "uuid": "u-1", "token": "t0k3n", "access_token": "acc3ss", "refresh_token": "r3fr3sh",
            "items": [
                {"id": 11, "sku": "A-1", "active": false, "price": 3.5, "stock": 0, "name": "Lamp"},
                {"id": 12, "sku": "B-2", "active": true, "price": 10, "stock": 4, "name": "Desk"},
                {"id": 13, "sku": "C-3", "active": true, "price": 7, "stock": 9, "name": "Chair"}
            ],
            "pagination": {"hasMore": page < 3}, "total_pages": 3, "next": next, "next_cursor": cursor,
            "success": true, "n": value("try"), "tags": ["red", "green"], "user": {"id": 7, "roles": ["admin", "user"], "address": {"city": "Bonn"}},
            "links": {"self": "http://rich.example/things/42"},
        }),
    )
}
