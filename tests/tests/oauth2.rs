//! Tokens of OAuth 2.0: fetched before requests, shared, replaced in time, and missed.
#![cfg(test)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ld_tests::command::Folder;
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Seen, Witness, reply};

/// How long the server takes to give a token.
const SLOW: Duration = Duration::from_millis(300);

fn plan(auth: &str, load: &str, more: &str) -> String {
    format!(
        r#"[["LD_start_test", {{"user_detail_dict": {{"user": "fast_http_user"}}, {load},
          "wait_time": 0, "tasks": [{{"method": "get", "request_url": "/", "name": "task",
            "auth": {{"type": "oauth2", "token_url": "TOKENS/token", {auth}}}{more}}}]}}]]"#
    )
}

/// Runs a plan against a server of tokens and a server that wants them.
fn run(plan: &str, tokens: &Witness) -> (Run, Vec<Seen>) {
    let folder = Folder::new().unwrap();
    folder.write("plan.json", plan.replace("TOKENS", &tokens.url())).unwrap();
    let witness = Witness::start(|_| reply(200, &[], "{}")).unwrap();
    let args = ["--threads", "1", "--host", &witness.url()];
    let run = runs::run(&folder, "plan.json", &args).unwrap();
    (run, witness.seen())
}

/// Gives `t1`, `t2`, … with more members.
fn tokens(more: &'static str) -> Witness {
    let count = AtomicU64::new(0);
    Witness::start(move |_| {
        std::thread::sleep(SLOW);
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        reply(200, &[], format!(r#"{{"access_token": "t{number}", "token_type": "Bearer"{more}}}"#))
    })
    .unwrap()
}

#[test]
fn users_of_a_thread_share_a_token_and_no_request_has_its_fetching_in_it() {
    let tokens = tokens(", \"expires_in\": 3600");
    let auth = r#""client_id": "shop", "client_secret": "s", "scope": "a b""#;
    let load = r#""user_count": 4, "spawn_rate": 100, "iterations": 3"#;
    let (run, seen) = run(&plan(auth, load, ""), &tokens);
    assert_eq!((seen.len(), run.count("/totals/failures")), (12, 0), "{:?}", run.failures());
    assert!(seen.iter().all(|seen| seen.header("Authorization") == Some("Bearer t1")));
    let asked = tokens.seen();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("POST", "/token"));
    assert_eq!(asked[0].header("Authorization"), Some("Basic c2hvcDpz"));
    assert_eq!(asked[0].text(), "grant_type=client_credentials&scope=a+b");
    for of in ["response_time", "service_time"] {
        let slowest = run.summary[of]["max_ms"].as_f64().unwrap();
        assert!(slowest < SLOW.as_secs_f64() * 1e3, "{of}: {slowest} ms");
    }
}

#[test]
fn no_request_made_at_once_with_others_or_held_up_has_the_fetching_in_it() {
    const TASK: &str = r#"{"method": "get", "request_url": "/", "name": "task",
        "auth": {"type": "oauth2", "token_url": "TOKENS/token", "client_id": "shop"}}"#;
    const HOLD_UP: &str = r#"["LD_install_network_conditioner", {"latency_ms": 20}],"#;
    for hold_up in ["", HOLD_UP] {
        for tasks in [TASK.to_owned(), format!(r#"{{"parallel": [{TASK}, {TASK}]}}"#)] {
            let tokens = tokens(", \"expires_in\": 3600");
            let plan = format!(
                r#"[{hold_up} ["LD_start_test", {{"user_detail_dict": {{"user": "fast_http_user"}},
                  "user_count": 1, "iterations": 2, "wait_time": 0, "tasks": [{tasks}]}}]]"#
            );
            let (run, _) = run(&plan, &tokens);
            assert_eq!((tokens.seen().len(), run.count("/totals/failures")), (1, 0));
            let least = if hold_up.is_empty() { 0.0 } else { 20.0 };
            for of in ["response_time", "service_time"] {
                let times = &run.summary[of];
                let [first, last] = ["min_ms", "max_ms"].map(|key| times[key].as_f64().unwrap());
                assert!(first >= least, "{of} {tasks}: {first} ms");
                assert!(last < SLOW.as_secs_f64() * 1e3, "{of} {tasks}: {last} ms");
            }
        }
    }
}

#[test]
fn a_token_is_refreshed_before_it_expires() {
    let tokens = tokens(", \"expires_in\": 1, \"refresh_token\": \"r\"");
    let auth = r#""grant": "password", "username": "ada", "password": "pw", "client_id": "c",
        "client_auth": "body""#;
    let load = r#""user_count": 1, "iterations": 2"#;
    let (run, seen) = run(&plan(auth, load, r#", "think_time": 1.2"#), &tokens);
    assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
    let used: Vec<_> = seen.iter().filter_map(|seen| seen.header("Authorization")).collect();
    assert_eq!(used, ["Bearer t1", "Bearer t2"]);
    let asked: Vec<_> = tokens.seen().iter().map(Seen::text).collect();
    assert_eq!(
        asked,
        [
            "grant_type=password&username=ada&password=pw&client_id=c",
            "grant_type=refresh_token&refresh_token=r&client_id=c"
        ]
    );
}

#[test]
fn without_a_token_requests_fail_and_say_why() {
    let tokens = Witness::start(|_| reply(401, &[], r#"{"error": "invalid_client"}"#)).unwrap();
    let auth = r#""client_id": "shop", "client_secret": "s""#;
    let (run, seen) = run(&plan(auth, r#""user_count": 1, "iterations": 2"#, ""), &tokens);
    assert_eq!(seen.len(), 0);
    let text = format!("no token from {}/token: HTTP 401, invalid_client", tokens.url());
    assert_eq!(run.failures(), [("auth".to_owned(), text, 2)]);
}
