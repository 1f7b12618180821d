//! What is done once per run, before its users start and after they have ended.
#![cfg(test)]

use std::time::Duration;

use ld_tests::command::Folder;
use ld_tests::runs;
use ld_tests::witness::{Seen, Witness, reply};
use rustix::process::Signal;

fn witness() -> Witness {
    Witness::start(|seen: &Seen| match seen.path() {
        "/tenants" => reply(201, &[], r#"{"id": "t1"}"#),
        "/refused" => reply(503, &[], r#"{"why": "closed"}"#),
        "/gone" => reply(410, &[], ""),
        _ => reply(200, &[], r#"{"id": "own"}"#),
    })
    .unwrap()
}

#[test]
fn setup_comes_first_and_teardown_last_and_neither_is_counted() {
    for threads in ["1", "2"] {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        runs::bring(&folder, "setup.json").unwrap();
        let args = ["--threads", threads, "--host", &witness.url()];
        let run = runs::run(&folder, "setup.json", &args).unwrap();

        let seen = witness.targets();
        assert_eq!(seen[..3], ["/tenants", "/ready", "/ready"], "{seen:?}");
        assert_eq!(witness.seen()[0].text(), r#"{"region": "north"}"#);
        // What a user changes is its own.
        assert_eq!(seen[seen.len() - 2..], ["/tenants/t1", "/gone"], "{seen:?}");
        let load = &seen[3..seen.len() - 2];
        let times = |target: &str| load.iter().filter(|seen| *seen == target).count();
        // Two users of two ticks, two of three.
        assert_eq!(times("/read/t1/south"), 4, "{load:?}");
        assert_eq!((times("/write/t1"), times("/write/own")), (2, 4), "{load:?}");
        assert_eq!(load.len(), 10);

        assert_eq!(run.count("/totals/requests"), 10);
        assert_eq!(run.count("/totals/failures"), 0);
        let names = run.summary["per_name"].as_object().unwrap();
        assert_eq!(names.keys().collect::<Vec<_>>(), ["shared", "write"]);
        assert_eq!(run.count("/per_name/shared/requests"), 4);
        assert!(run.summary["groups"].as_object().is_none_or(serde_json::Map::is_empty));
        assert_eq!((run.count("/users/planned"), run.count("/users/achieved")), (4, 4));
        let warning = "warning: the teardown failed: GET \"/gone\": ";
        assert!(run.outcome.stderr.contains(warning), "{}", run.outcome.stderr);
    }
}

/// A run with this setup, and a teardown.
fn plan(setup: &str) -> String {
    format!(
        r#"[["LD_start_test", {{
          "user_detail_dict": {{}}, "user_count": 2, "test_time": 30, "iterations": 1, "wait_time": 0,
          "setup": {setup},
          "tasks": [{{"method": "get", "request_url": "/load"}}],
          "teardown": [{{"method": "get", "request_url": "/end"}}]}}]]"#
    )
}

#[test]
fn a_setup_that_fails_fails_the_run_before_its_users_start() {
    let cases = [
        (
            r#"[{"method": "get", "request_url": "/refused", "name": "first"},
                {"method": "get", "request_url": "/second"}]"#,
            vec!["/refused"],
            r#"the setup failed: GET "first": "#,
        ),
        (
            r#"[{"method": "get", "request_url": "/refused", "name": "second"},
                {"log": "not said"}, {"stop_run": true}]"#,
            vec!["/refused"],
            r#"the setup failed: GET "second": "#,
        ),
        (
            r#"[{"parallel": [{"method": "get", "request_url": "/refused", "name": "third"}]},
                {"log": "not said"}]"#,
            vec!["/refused"],
            r#"the setup failed: GET "third": "#,
        ),
        (
            r#"[{"method": "get", "request_url": "/a"}, {"stop_run": true}]"#,
            vec!["/a"],
            "its `stop_run` ended the run",
        ),
        (
            r#"[{"set": {"n": 0}}, {"while": "true", "max_iterations": 1000000,
                 "tasks": [{"set": {"n": {"expr": "n + 1"}}}]}]"#,
            vec![],
            "it loops without end",
        ),
    ];
    for (setup, requests, why) in cases {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        folder.write("plan.json", plan(setup)).unwrap();
        let call = runs::call(&folder, "plan.json", &["--host", &witness.url()]).unwrap();
        let outcome = call.run().unwrap();
        assert_eq!(outcome.code, Some(1), "{outcome:#?}");
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("not said"), "{}", outcome.stderr);
        assert_eq!(witness.targets(), requests);
        let run = runs::finish(&folder, outcome).unwrap();
        assert_eq!(run.count("/totals/requests"), 0);
        assert_eq!(run.count("/users/achieved"), 0);
    }
}

#[test]
fn teardown_follows_an_interrupted_run() {
    let (folder, witness) = (Folder::new().unwrap(), witness());
    let setup = r#"[{"method": "post", "request_url": "/tenants", "json": {}}]"#;
    let plan = plan(setup).replace(r#""iterations": 1, "#, "");
    folder.write("plan.json", plan).unwrap();
    let call = runs::call(&folder, "plan.json", &["--host", &witness.url()]).unwrap();
    let running = call.start().unwrap();
    assert!(witness.await_requests(20, Duration::from_secs(30)));
    running.signal(Signal::INT).unwrap();
    let outcome = running.wait().unwrap();
    assert_eq!(witness.targets().last().map(String::as_str), Some("/end"), "{outcome:#?}");
    let run = runs::finish(&folder, outcome).unwrap();
    assert_eq!(run.summary["interrupted"], true);
}
