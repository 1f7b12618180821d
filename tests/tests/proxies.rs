//! Requests through real proxies, to servers with and without TLS.
#![cfg(test)]

use ld_tests::certificates::{Authority, Kind};
use ld_tests::command::Folder;
use ld_tests::proxy::RunningProxy;
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Witness, reply};
use serde_json::{Value, json};

/// A server, the same over TLS, and the folder with its authority's file.
fn servers() -> (Folder, Witness, Witness) {
    let folder = Folder::new().unwrap();
    let authority = Authority::new().unwrap();
    folder.write("ca.pem", authority.pem()).unwrap();
    let config = authority.sign(Kind::Server).unwrap().server_config().unwrap();
    let answer = |_: &_| reply(200, &[], "{}");
    (folder, Witness::start(answer).unwrap(), Witness::start_tls(config, answer).unwrap())
}

/// One user goes twice to each of the URLs.
fn run(folder: &Folder, urls: &[String], fields: &Value) -> Run {
    let tasks: Vec<Value> = urls
        .iter()
        .map(|url| {
            let mut task = fields.clone();
            task["method"] = json!("get");
            task["request_url"] = json!(format!("{url}/here?a=b"));
            task["verify"] = json!("ca.pem");
            task
        })
        .collect();
    let plan = json!([["LD_start_test", {
        "user_detail_dict": {"user": "http_user"}, "user_count": 1, "iterations": 2,
        "test_time": 60, "wait_time": 0, "tasks": tasks,
    }]]);
    folder.write("plan.json", plan.to_string()).unwrap();
    runs::run(folder, "plan.json", &["--threads", "1"]).unwrap()
}

fn assert_seen(run: &Run, servers: [&Witness; 2]) {
    assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
    for server in servers {
        assert_eq!(server.targets(), ["/here?a=b", "/here?a=b"]);
        assert_eq!(server.seen()[0].header("Proxy-Authorization"), None);
    }
}

#[test]
fn an_http_proxy_takes_plain_requests_and_opens_tunnels_for_the_others() {
    let proxy = RunningProxy::tinyproxy().unwrap();
    let (folder, plain, tls) = servers();
    let url = format!("http://ada:secret@{}", proxy.addr());
    let run = run(&folder, &[plain.url(), tls.url()], &json!({"proxy": url}));
    assert_seen(&run, [&plain, &tls]);
    assert!(plain.seen()[0].header("Via").is_some(), "{:?}", plain.seen()[0]);
    assert_eq!(tls.connections(), 1, "the tunnel stays open");
}

#[test]
fn tokens_come_through_the_proxy_of_their_tasks() {
    let proxy = RunningProxy::tinyproxy().unwrap();
    for over_tls in [false, true] {
        let folder = Folder::new().unwrap();
        let authority = Authority::new().unwrap();
        folder.write("ca.pem", authority.pem()).unwrap();
        let config = authority.sign(Kind::Server).unwrap().server_config().unwrap();
        let token = |_: &_| reply(200, &[], r#"{"access_token": "t1"}"#);
        let tokens = match over_tls {
            false => Witness::start(token).unwrap(),
            true => Witness::start_tls(config, token).unwrap(),
        };
        let server = Witness::start(|_| reply(200, &[], "{}")).unwrap();
        let url = format!("http://ada:secret@{}", proxy.addr());
        let auth = json!({"type": "oauth2", "client_id": "shop",
            "token_url": format!("{}/token", tokens.url())});
        let run = run(&folder, &[server.url()], &json!({"proxy": url, "auth": auth}));
        assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
        let asked = tokens.seen();
        assert_eq!((asked.len(), asked[0].target.as_str()), (1, "/token"));
        assert_eq!(asked[0].header("Via").is_some(), !over_tls, "{:?}", asked[0]);
        assert_eq!(asked[0].header("Proxy-Authorization"), None);
        assert!(proxy.log().contains(&tokens.addr().port().to_string()), "{}", proxy.log());
        assert_eq!(server.seen()[1].header("Authorization"), Some("Bearer t1"));
    }
}

#[test]
fn a_proxy_that_refuses_is_told_from_a_server_that_does() {
    let proxy = RunningProxy::tinyproxy().unwrap();
    let (folder, plain, tls) = servers();
    let url = format!("http://ada:wrong@{}", proxy.addr());
    let run = run(&folder, &[plain.url(), tls.url()], &json!({"proxy": url}));
    let failures = run.failures();
    let plain_failure = failures.iter().find(|failure| failure.0 == "status").unwrap();
    assert!(plain_failure.1 == "HTTP 401" || plain_failure.1 == "HTTP 407", "{failures:?}");
    let refused = failures.iter().find(|failure| failure.0 == "connect").unwrap();
    let start = format!("the proxy {} does not connect to {}: 40", proxy.addr(), tls.addr());
    assert!(refused.1.starts_with(&start), "{failures:?}");
    assert_eq!((plain.seen().len(), tls.seen().len()), (0, 0));
}

#[test]
fn a_socks_proxy_carries_everything() {
    let proxy = RunningProxy::dante().unwrap();
    let (folder, plain, tls) = servers();
    for scheme in ["socks5", "socks5h"] {
        let before = plain.seen().len();
        let url = format!("{scheme}://{}", proxy.addr());
        let local = format!("http://localhost:{}", plain.addr().port());
        let run = run(&folder, &[local, tls.url()], &json!({"proxy": url}));
        assert_eq!(run.count("/totals/failures"), 0, "{scheme}: {:?}", run.failures());
        assert_eq!(plain.seen().len(), before + 2);
    }
    assert!(proxy.log().contains(&plain.addr().port().to_string()), "{}", proxy.log());
}

#[test]
fn hosts_that_the_proxy_is_not_for_are_asked_directly() {
    let (folder, plain, tls) = servers();
    let fields = json!({"proxy": "http://127.0.0.1:1", "no_proxy": ["x.example", "127.0.0.1"]});
    let good = run(&folder, &[plain.url(), tls.url()], &fields);
    assert_seen(&good, [&plain, &tls]);
    let fields = json!({"proxy": "http://127.0.0.1:1", "no_proxy": "x.example"});
    let failures = run(&folder, &[plain.url()], &fields).failures();
    assert_eq!(failures[0].0, "connect");
    assert!(
        failures[0].1.starts_with("at the proxy: cannot connect to 127.0.0.1:1"),
        "{failures:?}"
    );
}
