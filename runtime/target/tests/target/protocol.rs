//! HTTP/1.1 as clients, honest and hostile, speak it.

use std::io::{ErrorKind, Read as _, Write as _};

use serde_json::json;

use crate::client::{Client, start};

#[test]
fn a_connection_carries_many_requests() {
    let target = start();
    let mut client = Client::connect(&target);
    for number in 0..100 {
        let body = format!("{{\"n\": {number}}}");
        let reply = client.ask("POST", "/echo", "", &body);
        assert_eq!(reply.json()["json"]["n"], number);
    }
    assert_eq!(target.connections(), 1);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let target = start();
    let mut client = Client::connect(&target);
    let requests: String = (200..240)
        .map(|code| format!("POST /status/{code} HTTP/1.1\r\nContent-Length: 2\r\n\r\nxy"))
        .collect();
    client.send(requests.as_bytes());
    for code in 200..240 {
        assert_eq!(client.reply(false).status, code);
    }
}

#[test]
fn a_request_may_come_in_pieces_cut_anywhere() {
    let target = start();
    let mut client = Client::connect(&target);
    let requests: [&[u8]; 2] = [
        b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nA: b\r\n\r\n",
    ];
    for request in requests {
        for cut in 1..request.len() {
            client.send(&request[..cut]);
            client.send(&request[cut..]);
            assert_eq!(client.reply(false).json()["body"], "hello", "cut at {cut}");
        }
        for byte in request.chunks(1) {
            client.send(byte);
        }
        assert_eq!(client.reply(false).json()["body"], "hello");
    }
}

#[test]
fn a_client_that_expects_continue_is_told_to_go_on() {
    let target = start();
    let mut client = Client::connect(&target);
    client.send(b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.reply(false).status, 100);
    client.send(b"hi");
    assert_eq!(client.reply(false).json()["body"], "hi");
}

#[test]
fn the_connection_ends_when_the_client_says_so() {
    let target = start();
    let mut client = Client::connect(&target);
    let reply = client.ask("GET", "/health", "Connection: close\r\n", "");
    assert_eq!(reply.header("connection"), Some("close"));
    assert_eq!(client.rest(), b"");
}

#[test]
fn http_1_0_gets_no_chunks_and_its_own_idea_of_keep_alive() {
    let target = start();
    let mut client = Client::connect(&target);
    client.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.reply(false).header("connection"), Some("keep-alive"));
    client.send(b"GET /chunked/5000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let reply = client.reply(false);
    assert_eq!((reply.header("transfer-encoding"), reply.body.len()), (None, 5000));
}

#[test]
fn head_of_a_chunked_route_sends_no_chunks() {
    let target = start();
    let mut client = Client::connect(&target);
    client.ask("HEAD", "/chunked/5000", "", "");
    assert_eq!(client.ask("GET", "/health", "", "").json(), json!({"status": "ok"}));
}

#[test]
fn what_is_not_http_is_refused_and_the_connection_closed() {
    let requests: [(&[u8], u16); 7] = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400),
    ];
    for (request, status) in requests {
        let target = start();
        let mut client = Client::connect(&target);
        client.send(request);
        let reply = client.reply(false);
        assert_eq!(reply.status, status, "{}", String::from_utf8_lossy(request));
        assert_eq!(reply.header("connection"), Some("close"));
        assert_eq!(client.rest(), b"");
        assert_eq!((target.requests(), target.rejected()), (0, 1));
    }
}

#[test]
fn heads_beyond_the_limits_are_refused() {
    let many = "A: b\r\n".repeat(65);
    let long = format!("A: {}\r\n", "x".repeat(40_000));
    let endless = format!("GET /{}", "x".repeat(40_000));
    for head in
        [format!("GET / HTTP/1.1\r\n{many}\r\n"), format!("GET / HTTP/1.1\r\n{long}\r\n"), endless]
    {
        let target = start();
        let mut client = Client::connect(&target);
        client.send(head.as_bytes());
        assert_eq!(client.reply(false).status, 431, "{} bytes", head.len());
    }
}

#[test]
fn bodies_beyond_the_limit_are_refused_before_they_are_sent() {
    let target = start();
    for framing in
        ["Content-Length: 999999999999\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"]
    {
        let mut client = Client::connect(&target);
        client.send(format!("POST /echo HTTP/1.1\r\n{framing}").as_bytes());
        assert_eq!(client.reply(false).status, 413, "{framing}");
    }
}

#[test]
fn a_refusal_arrives_although_the_client_is_still_sending() {
    let target = start();
    let mut client = Client::connect(&target);
    client.send(b"POST /echo HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n");
    let block = [b'x'; 64 * 1024];
    for _ in 0..8 {
        client.send(&block);
    }
    assert_eq!(client.reply(false).status, 413);
}

#[test]
fn a_large_body_within_the_limit_comes_back_whole() {
    let target = start();
    let mut client = Client::connect(&target);
    let body = "0123456789".repeat(400_000);
    assert_eq!(client.ask("POST", "/echo", "", &body).json()["body"], body);
    assert_eq!(client.ask("GET", "/health", "", "").status, 200);
}

#[test]
fn a_client_that_leaves_mid_reply_disturbs_nobody() {
    let target = start();
    for _ in 0..5 {
        let mut client = Client::connect(&target);
        client.send(b"GET /bytes/1000000000 HTTP/1.1\r\n\r\n");
        let mut some = [0; 1000];
        client.stream.read_exact(&mut some).unwrap();
    }
    assert_eq!(Client::connect(&target).ask("GET", "/health", "", "").status, 200);
}

#[test]
fn stopping_ends_connections_and_frees_the_port() {
    let mut target = start();
    let mut client = Client::connect(&target);
    client.ask("GET", "/health", "", "");
    target.stop();
    let write = client.stream.get_mut().write_all(b"GET / HTTP/1.1\r\n\r\n");
    let ended = write.map(|()| client.stream.read_to_end(&mut Vec::new()));
    assert!(matches!(ended, Err(_) | Ok(Ok(0) | Err(_))), "{ended:?}");
    let refused = std::net::TcpStream::connect(target.addr()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}
