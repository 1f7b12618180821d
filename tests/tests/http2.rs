//! HTTP/2 against nginx, with TLS and without.
#![cfg(test)]

use std::time::Duration;

use ld_tests::command::Folder;
use ld_tests::nginx::{Nginx, NginxOptions};
use ld_tests::runs::{self, Run};
use serde_json::{Value, json};

/// Two users, three ticks each, of a step that nginx must have seen in `protocol`, and of four
/// requests at once.
fn run(folder: &Folder, host: &str, version: &str, protocol: &str) -> Run {
    let told = json!([{"type": "contains", "value": protocol}]);
    let step = |path: String, assertions: &Value| {
        json!({"method": "get", "request_url": path, "http_version": version,
               "verify": "ca.pem", "assertions": assertions})
    };
    let at_once: Vec<_> = (0..4).map(|part| step(format!("/echo/{part}"), &json!([]))).collect();
    let plan = json!([["LD_start_test", {
        "user_detail_dict": {"user": "fast_http_user"}, "host": host,
        "user_count": 2, "spawn_rate": 100, "iterations": 3, "test_time": 30, "wait_time": 0,
        "tasks": [step("/protocol".to_owned(), &told), {"parallel": at_once}]}]]);
    folder.write("plan.json", plan.to_string()).unwrap();
    runs::run(folder, "plan.json", &[]).unwrap()
}

fn nginx() -> (Nginx, Folder) {
    let nginx = Nginx::start(&NginxOptions::default()).unwrap();
    let folder = Folder::new().unwrap();
    folder.write("ca.pem", nginx.root_pem()).unwrap();
    (nginx, folder)
}

fn assert_good(run: &Run, nginx: &Nginx, connections: u64) {
    let counts = (run.count("/totals/requests"), run.count("/totals/failures"));
    assert_eq!(counts, (30, 0), "{:?}", run.failures());
    assert_eq!(nginx.await_requests(30, Duration::from_secs(10)).unwrap(), 30);
    assert_eq!(run.count("/connections/opened"), connections);
}

#[test]
fn a_user_has_one_connection_whatever_it_does_at_once() {
    for is_tls in [true, false] {
        let (nginx, folder) = nginx();
        let host = match is_tls {
            true => format!("https://{}", nginx.https()),
            false => format!("http://{}", nginx.http2()),
        };
        assert_good(&run(&folder, &host, "2", "HTTP/2.0"), &nginx, 2);
    }
}

#[test]
fn the_server_chooses_where_the_plan_leaves_it_to_the_server() {
    let (nginx, folder) = nginx();
    assert_good(
        &run(&folder, &format!("https://{}", nginx.https()), "auto", "HTTP/2.0"),
        &nginx,
        2,
    );
    let (nginx, folder) = self::nginx();
    let plain = run(&folder, &format!("http://{}", nginx.http()), "auto", "HTTP/1.1");
    assert_eq!(plain.count("/totals/failures"), 0, "{:?}", plain.failures());
}
