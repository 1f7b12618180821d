//! `ldvm run` as its users meet it: exit codes, Ctrl-C, what the command line changes, data,
//! random choices.
#![cfg(test)]

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use ld_tests::command::{Folder, Outcome};
use ld_tests::fault::{FaultServer, named};
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Seen, Witness, reply};
use rustix::process::Signal;
use serde_json::Value;

/// How long a run may take to be under way.
const PATIENCE: Duration = Duration::from_secs(30);

fn witness() -> Witness {
    Witness::start(|_| reply(200, &[], "{\"ok\":true}")).unwrap()
}

fn folder(files: &[&str]) -> Folder {
    let folder = Folder::new().unwrap();
    for file in files {
        runs::bring(&folder, file).unwrap();
    }
    folder
}

/// Runs a plan of the cases against a server of its own.
fn run(plan: &str, args: &[&str]) -> (Run, Vec<Seen>) {
    let folder = folder(&[plan, "ids.csv"]);
    let witness = witness();
    let url = witness.url();
    let args = [args, &["--host", &url]].concat();
    (runs::run(&folder, plan, &args).unwrap(), witness.seen())
}

fn outcome(folder: &Folder, plan: &str, args: &[&str]) -> Outcome {
    runs::call(folder, plan, args).unwrap().run().unwrap()
}

fn targets(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect()
}

#[test]
fn a_failed_action_is_told_and_the_rest_goes_on() {
    let (folder, witness) = (folder(&["actions.json"]), witness());
    let outcome = outcome(&folder, "actions.json", &["--host", &witness.url()]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(outcome.stderr.contains("LD_generate_summary_report"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("actions.json:8"), "{}", outcome.stderr);
    assert_eq!(witness.targets(), ["/first", "/second"]);
    let report = std::fs::read_dir(folder.path()).unwrap().filter_map(Result::ok);
    let names: Vec<_> = report.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("report")), "{names:?}");
    let run = runs::finish(&folder, outcome).unwrap();
    assert_eq!(run.count("/totals/requests"), 2);
}

#[test]
fn wrong_usage_and_unreadable_input_exit_with_2() {
    let folder = folder(&["echo.json"]);
    for (plan, args, says) in [
        ("echo.json", ["--users", "0"], "--users"),
        ("echo.json", ["--duration", "soon"], "500ms"),
        ("echo.json", ["--var", "nothing"], "NAME=VALUE"),
        ("echo.json", ["--connect-to", "a:b"], "--connect-to"),
        ("nowhere.json", ["--users", "1"], "nowhere.json"),
    ] {
        let outcome = outcome(&folder, plan, &args);
        assert_eq!(outcome.code, Some(2), "{args:?}: {outcome:#?}");
        assert!(outcome.stderr.contains(says), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_plan_with_errors_exits_with_3_and_sends_nothing() {
    let (folder, witness) = (folder(&["echo.json"]), witness());
    let good = std::fs::read_to_string(folder.path().join("echo.json")).unwrap();
    folder.write("typo.json", good.replace("request_url", "request_ulr")).unwrap();
    let outcome = outcome(&folder, "typo.json", &["--host", &witness.url()]);
    assert_eq!(outcome.code, Some(3), "{outcome:#?}");
    assert!(outcome.stderr.contains("did you mean `request_url`"), "{}", outcome.stderr);
    assert_eq!(witness.connections(), 0);
}

#[test]
fn what_this_machine_lacks_exits_with_4() {
    let (folder, witness) = (folder(&["rows.json", "ids.csv"]), witness());
    let compile = folder.call("ldc").unwrap().args(["compile", "rows.json", "-o", "rows.ldb"]);
    assert_eq!(compile.run().unwrap().code, Some(0));
    std::fs::remove_file(folder.path().join("ids.csv")).unwrap();
    let connect_to = format!("::{}", witness.addr());
    let started = outcome(&folder, "rows.ldb", &["--connect-to", &connect_to]);
    assert_eq!(started.code, Some(4), "{started:#?}");
    assert!(started.stderr.contains("ids.csv"), "{}", started.stderr);

    runs::bring(&folder, "ids.csv").unwrap();
    let args = ["--connect-to", &connect_to, "--summary", "no/such/folder/summary.json"];
    let call = folder.call("ldvm").unwrap().args(["run", "rows.ldb"]).args(args);
    let written = call.run().unwrap();
    assert_eq!(written.code, Some(4), "{written:#?}");
    assert!(written.stderr.contains("no/such/folder"), "{}", written.stderr);
    assert!(witness.seen().is_empty(), "said before the run");
}

#[test]
fn a_run_whose_figures_are_worth_nothing_exits_with_5_when_asked_to() {
    let server = FaultServer::start(named("stall-before-reply").unwrap()).unwrap();
    let folder = folder(&["slow.json"]);
    for (args, code) in [([].as_slice(), 0), (&["--strict"], 5)] {
        let url = server.url();
        let args = [args, &["--host", &url]].concat();
        let outcome = outcome(&folder, "slow.json", &args);
        assert_eq!(outcome.code, Some(code), "{outcome:#?}");
        assert!(outcome.stdout.contains("INVALID"), "{}", outcome.stdout);
        let run = runs::finish(&folder, outcome).unwrap();
        assert_eq!(run.summary["verdict"]["state"], "INVALID");
    }
}

#[test]
fn ctrl_c_ends_the_run_in_order_and_everything_is_written() {
    let (folder, witness) = (folder(&["load.json"]), witness());
    let call = folder.call("ldvm").unwrap().args(["run", "load.json", "--summary", "summary.json"]);
    let url = witness.url();
    let args = ["--host", &url, "--duration", "10m", "--wait", "10ms", "--threads", "1"];
    let running = call.args(args).start().unwrap();
    assert!(witness.await_requests(100, PATIENCE));
    running.signal(Signal::INT).unwrap();
    let outcome = running.wait().unwrap();
    assert_eq!(outcome.code, Some(130), "{outcome:#?}");
    assert!(outcome.stdout.contains("interrupted"), "{}", outcome.stdout);
    let run = runs::finish(&folder, outcome).unwrap();
    assert_eq!(run.summary["interrupted"], true);
    let (finished, cut) = (run.count("/totals/requests"), run.count("/cut"));
    assert!(finished > 0);
    assert!(witness.seen().len() as u64 >= finished && cut <= 20, "{finished}, {cut}");
}

#[test]
fn a_second_ctrl_c_ends_the_program_at_once() {
    let (folder, witness) = (folder(&["load.json"]), witness());
    let call = folder.call("ldvm").unwrap().args(["run", "load.json"]);
    let url = witness.url();
    let args = ["--host", &url, "--duration", "10m", "--wait", "10ms"];
    let running = call.args(args).start().unwrap();
    assert!(witness.await_requests(100, PATIENCE));
    // The first may have been enough by the time the second is sent.
    running.signal(Signal::INT).unwrap();
    let _ = running.signal(Signal::INT);
    let outcome = running.wait().unwrap();
    assert_eq!(outcome.code, Some(130), "{outcome:#?}");
}

#[test]
fn the_command_line_goes_before_the_plan_also_for_a_compiled_one() {
    let (folder, witness) = (folder(&["echo.json"]), witness());
    for (file, strip) in [("plan.ldb", [].as_slice()), ("stripped.ldb", &["--strip"])] {
        let compile = folder.call("ldc").unwrap();
        let compile = compile.args(["compile", "echo.json", "-o", file]).args(strip);
        assert_eq!(compile.run().unwrap().code, Some(0));
    }
    let url = witness.url();
    let args = ["--host", url.as_str(), "--var", "who=grace", "--users", "2", "--iterations", "3"];
    for file in ["echo.json", "plan.ldb"] {
        let before = witness.seen().len();
        let run = runs::run(&folder, file, &args).unwrap();
        assert_eq!(run.count("/users/achieved"), 2, "{file}");
        let seen = witness.seen().split_off(before);
        assert_eq!(seen.len(), 6, "{file}");
        assert!(seen.iter().all(|seen| seen.path() == "/grace"), "{file}: {:?}", targets(&seen));
    }

    let refused = outcome(&folder, "stripped.ldb", &args);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("--strip"), "{}", refused.stderr);
    let connect_to = format!("127.0.0.1:8080:{}", witness.addr());
    let run = runs::run(&folder, "stripped.ldb", &["--connect-to", &connect_to]).unwrap();
    assert_eq!((run.count("/totals/requests"), run.count("/totals/failures")), (20, 0));
    // Elsewhere connected to, the same host asked for.
    assert_eq!(witness.seen().last().unwrap().header("host"), Some("127.0.0.1:8080"));
}

#[test]
fn a_plan_can_come_from_standard_input() {
    let (folder, witness) = (folder(&["echo.json"]), witness());
    let plan = std::fs::read(folder.path().join("echo.json")).unwrap();
    let call = runs::call(&folder, "-", &["--host", &witness.url()]).unwrap().input(plan);
    assert_eq!(call.run().unwrap().code, Some(0));
    assert_eq!(witness.seen().len(), 20);
}

#[test]
fn quiet_prints_nothing_and_writes_the_summary() {
    let (run, _) = run("echo.json", &["--quiet"]);
    assert_eq!((run.outcome.stdout.as_str(), run.outcome.stderr.as_str()), ("", ""));
    assert_eq!(run.count("/totals/requests"), 20);
}

#[test]
fn the_same_seed_sends_the_same_and_another_seed_something_else() {
    let of_seed = |seed| targets(&run("echo.json", &["--seed", seed]).1);
    let first = of_seed("11");
    assert_eq!(first.len(), 20);
    assert_eq!(first, of_seed("11"));
    assert_ne!(first, of_seed("12"));
}

#[test]
fn users_draw_for_themselves_however_many_threads_there_are() {
    let of_threads = |threads| {
        let args = ["--seed", "5", "--users", "6", "--iterations", "5", "--threads", threads];
        let mut targets = targets(&run("echo.json", &args).1);
        targets.sort();
        targets
    };
    let targets = of_threads("1");
    assert_eq!(targets, of_threads("2"));
    assert!(targets.iter().collect::<HashSet<_>>().len() > 25, "{targets:?}");
}

#[test]
fn weights_are_shares() {
    let args = ["--users", "20", "--iterations", "100", "--seed", "3"];
    let (run, _) = run("echo.json", &args);
    let of = |name: &str| run.count(&format!("/per_name/{name}/requests"));
    assert_eq!(of("get") + of("post"), 2000);
    // 1500 are to be expected; 80 are four standard deviations.
    assert!((1420..=1580).contains(&of("get")), "{}", of("get"));
}

#[test]
fn rows_are_used_once_over_all_users_and_threads_and_then_there_are_no_more() {
    for threads in ["1", "2"] {
        // 100 rows for 8 users of 11 ticks: some are left.
        let (run, seen) = run("rows.json", &["--iterations", "11", "--threads", threads]);
        assert_eq!(run.count("/totals/requests"), 88);
        let rows: HashSet<_> = seen.iter().map(|seen| seen.path().to_owned()).collect();
        assert_eq!(rows.len(), 88);
        for seen in &seen {
            let id = seen.path().trim_start_matches('/');
            assert_eq!(seen.target, format!("/{id}?again={id}"), "one task, one row");
        }

        // More ticks than rows, until the time is over.
        let (run, seen) = self::run("rows.json", &["--duration", "1s", "--threads", threads]);
        let with_row = seen.iter().filter(|seen| !seen.target.contains("csv"));
        let rows: BTreeMap<_, usize> = with_row.fold(BTreeMap::new(), |mut rows, seen| {
            *rows.entry(seen.path().to_owned()).or_default() += 1;
            rows
        });
        assert_eq!(rows.len(), 100, "{threads}: {:?}", run.failures());
        assert!(run.count("/unresolved") > 0);
        assert!(rows.values().all(|times| *times == 1), "{rows:?}");
    }
}

#[test]
fn rows_in_json_keep_their_types_and_go_to_users_as_the_plan_says() {
    for threads in ["1", "2"] {
        let folder = folder(&["rows-of-users.json", "accounts.list", "accounts.ndjson"]);
        let witness = witness();
        let args = ["--host", &witness.url(), "--threads", threads];
        let run = runs::run(&folder, "rows-of-users.json", &args).unwrap();
        assert_eq!(run.outcome.code, Some(0), "{:#?}", run.outcome);
        let mut bodies: Vec<_> = witness.seen().iter().map(|seen| seen.text()).collect();
        bodies.sort_unstable();
        let body = |own, each| format!(r#"{{"own": {own}, "each": {each}, "any": true}}"#);
        // A member that is not there leaves the placeholder as it is written.
        let each = [r#""${data.each.tags}""#, r#"["a"]"#, "[]"];
        let expected: Vec<_> =
            [10, 20, 30].into_iter().flat_map(|own| each.map(|each| body(own, each))).collect();
        assert_eq!(bodies, expected, "{threads}");
    }
}

#[test]
fn a_run_fails_of_a_data_source_that_must_not_end() {
    let (folder, witness) = (folder(&["rows-end.json", "ids.csv"]), witness());
    let outcome = outcome(&folder, "rows-end.json", &["--host", &witness.url()]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(outcome.stderr.contains("data source `ids` has no more rows"), "{outcome:#?}");
    assert_eq!(witness.seen().len(), 100);
}

#[test]
fn the_pause_between_ticks_is_kept() {
    let args = ["--iterations", "4", "--wait", "100ms"];
    let (run, _) = run("echo.json", &args);
    // Four ticks have three gaps.
    assert!(run.outcome.elapsed >= Duration::from_millis(300), "{:?}", run.outcome.elapsed);
    assert_eq!(run.count("/ticks"), 4);
}

#[test]
fn what_is_due_when_the_run_ends_does_not_begin() {
    for load in [
        r#""user_count": 1, "pace": 0.25, "test_time": 0.5"#,
        r#""arrival": {"rate": 4}, "test_time": 0.5"#,
    ] {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        let task = r#"{"method": "get", "request_url": "/"}"#;
        let plan = format!(
            r#"[["LD_start_test", {{"user_detail_dict": {{}}, {load}, "tasks": [{task}]}}]]"#
        );
        folder.write("plan.json", plan).unwrap();
        let run = runs::run(&folder, "plan.json", &["--host", &witness.url()]).unwrap();
        assert_eq!(run.count("/totals/requests"), 2, "{load}");
    }
}

#[test]
fn cookies_are_kept_apart_by_user() {
    let witness = Witness::start(|seen| {
        let cookie = format!("user={}", seen.connection);
        match seen.header("cookie") {
            None => reply(200, &[("Set-Cookie", &cookie)], "new"),
            Some(sent) => reply(if sent == cookie { 200 } else { 500 }, &[], "known"),
        }
    })
    .unwrap();
    let url = witness.url();
    let args = ["--host", &url, "--users", "8", "--iterations", "5", "--threads", "2"];
    let run = runs::run(&folder(&["echo.json"]), "echo.json", &args).unwrap();
    assert_eq!((run.count("/totals/requests"), run.count("/totals/failures")), (40, 0));
    let without = witness.seen().iter().filter(|seen| seen.header("cookie").is_none()).count();
    assert_eq!(without, 8);
}

#[test]
fn cookies_are_kept_until_the_plan_clears_them() {
    let witness = Witness::start(|_| reply(200, &[("Set-Cookie", "sid=1; Path=/")], "")).unwrap();
    let folder = Folder::new().unwrap();
    let get = |url: &str| format!(r#"{{"method": "get", "request_url": "{url}"}}"#);
    let both = format!(r#"{{"parallel": [{}]}}"#, get("/c"));
    let plan = format!(
        r#"[["LD_start_test", {{"user_detail_dict": {{}}, "user_count": 1, "iterations": 2, "wait_time": 0,
            "tasks": [{{"clear_cookies": true}}, {}, {}, {both}, {{"clear_cookies": true}}, {},
                      {{"clear_cookies": false}}, {}]}}]]"#,
        get("/a"),
        get("/b"),
        get("/d"),
        get("/e")
    );
    folder.write("plan.json", plan).unwrap();
    runs::run(&folder, "plan.json", &["--host", &witness.url()]).unwrap();
    let seen = witness.seen();
    let sent: String =
        seen.iter().map(|seen| if seen.header("cookie").is_some() { '+' } else { '-' }).collect();
    assert_eq!(sent, "-++-+-++-+", "{:?}", witness.targets());
}

#[test]
fn the_summary_file_has_the_keys_of_the_reference_and_ours() {
    let (run, _) = run("echo.json", &[]);
    let keys = |pointer: &str| -> Vec<String> {
        let value = run.summary.pointer(pointer).and_then(Value::as_object);
        value.unwrap_or_else(|| panic!("no {pointer}")).keys().cloned().collect()
    };
    let has = |pointer: &str, wanted: &[&str]| {
        let keys = keys(pointer);
        for key in wanted {
            assert!(keys.iter().any(|found| found == key), "{pointer}/{key}: {keys:?}");
        }
    };
    has("/totals", &["requests", "successes", "failures", "failure_rate"]);
    has("/latency_overall", &["count", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"]);
    has("/per_name/get", &["count", "min_ms", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms"]);
    has("/per_name/get/service_time", &["min_ms", "p50_ms", "p99_9_ms", "max_ms"]);
    has("", &["plan", "seed", "rps", "errors", "bytes", "connections", "generator", "verdict"]);
    assert_eq!(run.summary["latency_overall"]["count"], 20);
}

#[test]
fn the_demo_runs_without_a_failure() {
    let folder = Folder::new().unwrap();
    let args = ["demo", "--duration", "2s", "--summary", "summary.json", "--no-progress"];
    let outcome = folder.call("ldvm").unwrap().args(args).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let run = runs::finish(&folder, outcome).unwrap();
    assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
    assert!(run.count("/totals/requests") > 0);
}
