//! Each route answers what its row in the table says.

use std::io::Read as _;
use std::time::{Duration, Instant};

use flate2::read::{GzDecoder, ZlibDecoder};
use ld_target::{Methods, ROUTES, routes_text};
use serde_json::json;

use crate::client::{Client, get, start};

#[test]
fn every_row_answers_its_example_and_head_gives_the_same_head() {
    let target = start();
    let mut client = Client::connect(&target);
    for route in ROUTES.iter().filter(|route| route.methods != Methods::Post) {
        if route.pattern == "/close" {
            continue;
        }
        let reply = client.ask("GET", route.example, "", "");
        let expected = match route.pattern {
            "/basic-auth/{user}/{password}" | "/bearer" | "/orders" | "/orders/{id}" => 401,
            "/redirect-to" => 307,
            "/redirect/{count}" => 302,
            "/status/{code}" => 503,
            _ => 200,
        };
        assert_eq!(reply.status, expected, "{}", route.example);
        let head = client.ask("HEAD", route.example, "", "");
        if route.methods == Methods::Get {
            assert_eq!(head.head, reply.head, "{}", route.example);
        }
        assert_eq!(head.body, b"");
    }
}

#[test]
fn the_index_lists_every_route() {
    let reply = get(&start(), "/");
    let text = String::from_utf8(reply.body).unwrap();
    assert_eq!(text, routes_text());
    for route in ROUTES {
        assert!(text.contains(route.pattern) && text.contains(route.doc), "{}", route.pattern);
    }
}

#[test]
fn echo_says_back_the_whole_request() {
    let target = start();
    let reply = Client::connect(&target).ask(
        "PATCH",
        "/echo?a=1&b=x%20y&a=2+3",
        "X-One: 1\r\nX-Many: a\r\nX-Many: b\r\n",
        r#"{"n": [1, 2]}"#,
    );
    assert_eq!(
        reply.json(),
        json!({
            "method": "PATCH",
            "path": "/echo",
            "query": {"a": ["1", "2 3"], "b": "x y"},
            "headers": {"host": "test", "x-one": "1", "x-many": ["a", "b"], "content-length": "13"},
            "length": 13,
            "body": "{\"n\": [1, 2]}",
            "json": {"n": [1, 2]},
        })
    );
}

#[test]
fn echo_survives_a_body_that_is_no_text() {
    let target = start();
    let mut client = Client::connect(&target);
    client.send(b"PUT /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\n\xff\x00a");
    let reply = client.reply(false).json();
    assert_eq!((&reply["length"], &reply["json"]), (&json!(3), &json!(null)));
    assert_eq!(reply["body"], "\u{fffd}\0a");
}

#[test]
fn status_answers_any_status_and_names_bad_ones() {
    let target = start();
    let mut client = Client::connect(&target);
    for code in [200, 201, 204, 304, 404, 418, 500, 599] {
        let reply = client.ask("GET", &format!("/status/{code}"), "", "");
        assert_eq!(reply.status, code);
    }
    for bad in ["/status/199", "/status/600", "/status/ok", "/status/-1"] {
        let reply = client.ask("GET", bad, "", "");
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.error().contains("between 200 and 599"), "{}", reply.error());
    }
}

#[test]
fn delay_lets_the_time_pass_before_it_answers() {
    let target = start();
    let asked = Instant::now();
    let reply = get(&target, "/delay/60");
    assert!(asked.elapsed() >= Duration::from_millis(60));
    assert_eq!(reply.json(), json!({"delay_ms": 60}));
    assert_eq!(get(&target, "/delay/600001").status, 400);
}

#[test]
fn bytes_sends_exactly_that_many_of_a_known_pattern() {
    let target = start();
    let mut client = Client::connect(&target);
    for size in [0, 1, 64, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 1_000_000] {
        let reply = client.ask("GET", &format!("/bytes/{size}"), "", "");
        assert_eq!(reply.body.len(), size);
        for (at, chunk) in reply.body.chunks(64).enumerate() {
            assert_eq!(
                chunk,
                &b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-\n"
                    [..chunk.len()],
                "line {at}"
            );
        }
    }
    assert_eq!(client.ask("GET", "/bytes/9999999999", "", "").status, 400);
}

#[test]
fn chunked_sends_the_same_pattern_in_chunks_with_a_trailer() {
    let target = start();
    let mut client = Client::connect(&target);
    let plain = client.ask("GET", "/bytes/50000", "", "").body;
    for size in [1000, 1023, 20_000, 50_000, 100_000] {
        client.send(format!("GET /chunked/50000?size={size} HTTP/1.1\r\n\r\n").as_bytes());
        let head = client.lines();
        assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
        assert!(!head.contains("Content-Length"), "{head}");
        let chunks: Vec<_> = std::iter::from_fn(|| client.chunk()).collect();
        assert_eq!(client.lines(), "X-Length: 50000\r\n\r\n");
        assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() == size), "{size}");
        assert_eq!(chunks.concat(), plain, "{size}");
    }
    assert_eq!(client.ask("GET", "/chunked/0", "", "").body, b"");
    assert_eq!(client.ask("GET", "/chunked/5?size=0", "", "").status, 400);
}

#[test]
fn gzip_and_deflate_unpack_to_the_json_document() {
    let target = start();
    let document = get(&target, "/json");
    assert_eq!(document.body.len(), 1024);
    assert_eq!(document.json()["items"][2]["name"], "chair \"Østersund\"");
    let gzip = get(&target, "/gzip");
    let mut unpacked = Vec::new();
    GzDecoder::new(&*gzip.body).read_to_end(&mut unpacked).unwrap();
    assert_eq!((gzip.header("content-encoding"), &unpacked), (Some("gzip"), &document.body));
    let deflate = get(&target, "/deflate");
    let mut unpacked = Vec::new();
    ZlibDecoder::new(&*deflate.body).read_to_end(&mut unpacked).unwrap();
    assert_eq!((deflate.header("content-encoding"), &unpacked), (Some("deflate"), &document.body));
}

#[test]
fn redirects_count_down_to_an_answer() {
    let target = start();
    let mut client = Client::connect(&target);
    let mut path = "/redirect/3".to_owned();
    for _ in 0..3 {
        let reply = client.ask("GET", &path, "", "");
        assert_eq!(reply.status, 302);
        path = reply.header("location").unwrap().to_owned();
    }
    assert_eq!(path, "/redirect/0");
    assert_eq!(client.ask("GET", &path, "", "").status, 200);
}

#[test]
fn redirect_to_goes_anywhere_with_any_redirecting_status() {
    let target = start();
    let reply = get(&target, "/redirect-to?url=http%3A%2F%2Fother%2Fa%3Fb&status=308");
    assert_eq!((reply.status, reply.header("location")), (308, Some("http://other/a?b")));
    assert_eq!(get(&target, "/redirect-to?url=/x").status, 302);
    assert_eq!(get(&target, "/redirect-to").status, 400);
    assert_eq!(get(&target, "/redirect-to?url=/x&status=200").status, 400);
    let split = get(&target, "/redirect-to?url=/x%0d%0aSet-Cookie:%20a=b");
    assert_eq!(split.header("set-cookie"), None);
}

#[test]
fn cookies_are_set_and_shown() {
    let target = start();
    let mut client = Client::connect(&target);
    let reply = client.ask("GET", "/cookies/set?a=1&b=two", "", "");
    assert_eq!(reply.headers("set-cookie"), ["a=1; Path=/", "b=two; Path=/"]);
    let reply = client.ask("GET", "/cookies", "Cookie: a=1; b=two\r\n", "");
    assert_eq!(reply.json(), json!({"cookies": {"a": "1", "b": "two"}}));
    for bad in ["/cookies/set", "/cookies/set?a=%3B", "/cookies/set?a%20b=c", "/cookies/set?=c"] {
        assert_eq!(client.ask("GET", bad, "", "").status, 400, "{bad}");
    }
}

#[test]
fn basic_auth_wants_the_credentials_of_its_path() {
    let target = start();
    let mut client = Client::connect(&target);
    // "ada:p w" and "ada:wrong"
    let right = "Authorization: Basic YWRhOnAgdw==\r\n";
    let wrong = "Authorization: Basic YWRhOndyb25n\r\n";
    assert_eq!(client.ask("GET", "/basic-auth/ada/p%20w", right, "").status, 200);
    for headers in
        ["", wrong, "Authorization: Bearer YWRhOnAgdw==\r\n", "Authorization: Basic %\r\n"]
    {
        let reply = client.ask("GET", "/basic-auth/ada/p%20w", headers, "");
        assert_eq!(reply.status, 401, "{headers}");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Basic "));
    }
}

#[test]
fn bearer_wants_any_token() {
    let target = start();
    let mut client = Client::connect(&target);
    let reply = client.ask("GET", "/bearer", "authorization: bearer abc\r\n", "");
    assert_eq!((reply.status, &reply.json()["token"]), (200, &json!("abc")));
    for headers in ["", "Authorization: Bearer \r\n", "Authorization: Basic abc\r\n"] {
        let reply = client.ask("GET", "/bearer", headers, "");
        assert_eq!(reply.status, 401, "{headers}");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer "));
    }
}

#[test]
fn the_token_of_login_opens_the_orders() {
    let target = start();
    let mut client = Client::connect(&target);
    let login = client.ask("POST", "/login", "", r#"{"user": "ada", "tenant": "acme"}"#).json();
    assert_eq!(login["data"]["user"], "ada");
    let auth = format!("Authorization: Bearer {}\r\n", login["data"]["token"].as_str().unwrap());

    let list = client.ask("GET", "/orders", &auth, "").json();
    assert_eq!((&list["tenant"], &list["count"]), (&json!("acme"), &json!(20)));

    let created = client.ask("POST", "/orders", &auth, r#"{"item": "pen", "quantity": 3}"#);
    assert_eq!(created.status, 201);
    let path = created.header("location").unwrap();
    let order = client.ask("GET", path, &auth, "");
    assert_eq!(order.json(), created.json());
    assert_eq!(order.json()["quantity"], 3);
    assert_eq!(order.json()["user"], "ada");
    assert_eq!(client.ask("GET", "/orders", &auth, "").json()["orders"][0], order.json());
    assert_eq!(client.ask("GET", "/orders/999999", &auth, "").status, 404);
}

#[test]
fn orders_refuse_whoever_did_not_log_in_here() {
    let target = start();
    let mut client = Client::connect(&target);
    for headers in ["", "Authorization: Bearer YWRhAGFjbWU.0000000000000000\r\n"] {
        assert_eq!(client.ask("GET", "/orders", headers, "").status, 401);
        assert_eq!(client.ask("GET", "/orders/1", headers, "").status, 401);
        assert_eq!(client.ask("POST", "/orders", headers, "{}").status, 401);
    }
}

#[test]
fn bad_bodies_are_refused_by_the_field_that_is_wrong() {
    let target = start();
    let mut client = Client::connect(&target);
    for (body, status, says) in [
        ("", 400, "JSON object"),
        ("[1]", 400, "JSON object"),
        (r#"{"tenant": "a"}"#, 422, "`user`"),
        (r#"{"user": "a"}"#, 422, "`tenant`"),
        (r#"{"user": 1, "tenant": "a"}"#, 422, "`user`"),
        (r#"{"user": "a\u0000b", "tenant": "a"}"#, 422, "`user`"),
    ] {
        let reply = client.ask("POST", "/login", "", body);
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.error().contains(says), "{body}: {}", reply.error());
    }
}

#[test]
fn stream_sends_each_line_as_a_chunk_after_its_pause() {
    let target = start();
    let mut client = Client::connect(&target);
    let asked = Instant::now();
    client.send(b"GET /stream/3?pause=20 HTTP/1.1\r\n\r\n");
    client.lines();
    let chunks: Vec<_> = std::iter::from_fn(|| client.chunk()).collect();
    assert!(asked.elapsed() >= Duration::from_millis(40));
    assert_eq!(chunks.len(), 3);
    assert_eq!(chunks[2], b"{\"line\":3,\"of\":3}\n");
}

#[test]
fn close_answers_and_closes() {
    let target = start();
    let mut client = Client::connect(&target);
    let reply = client.ask("GET", "/close", "", "");
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert_eq!(client.rest(), b"");
}

#[test]
fn unknown_paths_and_methods_are_told_what_there_is() {
    let target = start();
    let mut client = Client::connect(&target);
    let reply = client.ask("GET", "/nowhere", "", "");
    assert_eq!((reply.status, reply.json()["error"]["status"].as_u64()), (404, Some(404)));
    assert!(reply.error().contains("/nowhere"), "{}", reply.error());
    let reply = client.ask("DELETE", "/orders", "", "");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD, POST")));
    assert_eq!(client.ask("GET", "/login", "", "").header("allow"), Some("POST"));
}
