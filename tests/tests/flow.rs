//! Blocks and conditions in real runs: how often each request is made.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use ld_tests::command::Folder;
use ld_tests::witness::{Seen, Witness, reply};
use ld_tests::{cases, runs};
use serde_json::json;

fn witness() -> Witness {
    Witness::start(|seen: &Seen| match seen.target.as_str() {
        "/json" => reply(200, &[], "{\"status\": \"shipped\"}"),
        _ => reply(200, &[], "{}"),
    })
    .unwrap()
}

#[test]
fn every_block_makes_the_requests_it_says() {
    for options in [["--threads", "1"], ["--threads", "2"]] {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        runs::bring(&folder, "flow.json").unwrap();
        let url = witness.url();
        let gates = ["--gate", "requests(both) >= 6"];
        let args = [&options[..], &gates, &["--host", &url]].concat();
        let run = runs::run(&folder, "flow.json", &args).unwrap();
        assert_eq!(run.outcome.code, Some(0), "{options:?} {:?}", run.outcome);

        // Two users, each ended by the plan in its third tick.
        let expected = [
            ("start", 1),
            ("read", 3),
            ("even", 1),
            ("odd", 2),
            ("repeated", 9),
            ("item", 9),
            ("while", 6),
            ("once", 1),
            ("first", 2),
            ("second", 1),
            ("picked", 3),
            ("grouped", 6),
            ("gold", 3),
            ("silver", 0),
            ("state", 3),
            ("stop", 1),
        ];
        for (name, times) in expected {
            let requests = run.summary["per_name"][name]["requests"].as_u64().unwrap_or(0);
            assert_eq!(requests, 2 * times, "{options:?} {name}");
        }
        let total = expected.iter().map(|(_, times)| 2 * times).sum::<u64>();
        assert_eq!(run.count("/totals/requests"), total, "groups are no requests");
        assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
        assert_eq!(run.count("/groups/both/count"), 6);
        let gates = run.summary["gates"].as_array().unwrap();
        let judged: Vec<_> = gates.iter().map(|gate| (&gate["gate"], &gate["actual"])).collect();
        let (most, least) = (json!("requests(both) <= 6"), json!("requests(both) >= 6"));
        assert_eq!(judged, [(&most, &json!(6.0)), (&least, &json!(6.0))], "a group is no request");

        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for request in witness.seen() {
            *seen.entry(request.target).or_default() += 1;
        }
        for target in ["/item/7", "/item/8", "/item/9", "/left/2", "/left/1"] {
            assert_eq!(seen.get(target), Some(&6), "{options:?} {target}: {seen:?}");
        }
    }
}

#[test]
fn loops_take_their_number_or_list_once_and_make_no_rounds_without_one() {
    for options in [&[][..], &["--no-opt"]] {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        runs::bring(&folder, "loops.csv").unwrap();
        let plan = std::fs::read_to_string(cases::folder("run").join("loops.json")).unwrap();
        folder.write("loops.json", plan.replace("http://127.0.0.1:1", &witness.url())).unwrap();
        let compile = ["compile", "loops.json", "-o", "plan.ldb"];
        let compiled = folder.call("ldc").unwrap().args(compile).args(options).run().unwrap();
        assert_eq!(compiled.code, Some(0), "{compiled:#?}");
        let run = runs::run(&folder, "plan.ldb", &[]).unwrap();
        assert_eq!(run.outcome.code, Some(0), "{options:?} {:?}", run.outcome);
        let expected = [
            ("changed inside", 2),
            ("of one row", 3),
            ("of the next row", 1),
            ("fraction", 2),
            ("computed", 6),
            ("number as text", 5),
            ("no number", 0),
            ("no list", 0),
            ("known", 2),
            ("list as text", 3),
            ("nested", 4),
        ];
        for (name, times) in expected {
            let requests = run.summary["per_name"][name]["requests"].as_u64().unwrap_or(0);
            assert_eq!(requests, times, "{options:?} {name}");
        }
        let seen: Vec<_> = witness.seen().into_iter().map(|request| request.target).collect();
        let targets = |start: &str| -> Vec<&str> {
            seen.iter().filter_map(|target| target.strip_prefix(start)).collect()
        };
        assert_eq!(targets("/3/"), ["first"; 3], "{options:?} rounds share the row");
        assert_eq!(targets("/9/"), ["second"], "{options:?} the loop took one row");
        assert_eq!(targets("/nested/"), ["xx", "xy", "yx", "yy"], "{options:?}");
    }
}

#[test]
fn scenarios_begin_and_end_as_the_run_says_where_they_say_nothing_else() {
    let (folder, witness) = (Folder::new().unwrap(), witness());
    runs::bring(&folder, "around.json").unwrap();
    let run = runs::run(&folder, "around.json", &["--host", &witness.url()]).unwrap();
    assert_eq!(run.outcome.code, Some(0), "{:?}", run.outcome);
    // One user in each of the three scenarios.
    for (target, times) in [("/start", 1), ("/own", 1), ("/tick", 6), ("/stop", 2)] {
        let seen = witness.seen();
        let requests = seen.iter().filter(|request| request.target == target).count();
        assert_eq!(requests, times, "{target}");
    }
}

#[test]
fn counters_count_for_users_and_runs_and_calls_take_many_arguments() {
    const PLAN: &str = r#"[["LD_start_test", {
      "user_detail_dict": {"user": "fast_http_user"}, "user_count": 4, "spawn_rate": 100,
      "iterations": 3, "wait_time": 0, "tasks": [{"method": "get", "name": "n",
        "request_url": "/${user_id()}/${counter(ticks)}/${run_counter()}/${shard()}",
        "headers": {"X": "${random_choice(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ${counter(ticks)})}"}}]}]]"#;
    let (folder, witness) = (Folder::new().unwrap(), witness());
    folder.write("plan.json", PLAN).unwrap();
    let args = ["--threads", "2", "--host", &witness.url()];
    runs::run(&folder, "plan.json", &args).unwrap();
    let mut of_users: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let (mut of_run, mut shards) = (BTreeSet::new(), BTreeSet::new());
    for seen in witness.seen() {
        let numbers: Vec<u64> =
            seen.target.split('/').skip(1).map(|number| number.parse().unwrap()).collect();
        let [user, ticks, run, shard] = numbers[..] else { panic!("{}", seen.target) };
        of_users.entry(user).or_default().push(ticks);
        assert!(of_run.insert(run), "{run} was given twice");
        shards.insert(shard);
        assert!(seen.header("X").is_some_and(|x| x == "1" || x == (ticks + 1).to_string()));
    }
    // Each request asks twice for the user's number.
    assert!(of_users.values().all(|ticks| *ticks == [1, 3, 5]), "{of_users:?}");
    assert_eq!((of_users.len(), of_run.len()), (4, 12));
    assert_eq!(shards.into_iter().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_tick_that_loops_without_a_request_is_ended_whatever_else_is_in_the_loop() {
    // The first user loops; the second is on the same shard and has to come to its turn.
    const PLAN: &str = r#"[["LD_start_test", {
      "user_detail_dict": {"user": "fast_http_user"}, "user_count": 2, "iterations": 3, "wait_time": 0,
      "scenarios": {
        "loops": {"tasks": [{"while": "true", "max_iterations": 1000000000, "tasks": [
          {"group": "g", "tasks": [{"set": {"a": 1}}]}, {"pause": 0}]}]},
        "asks": {"tasks": [{"method": "get", "request_url": "/", "name": "asked"}]}}}]]"#;
    let (folder, witness) = (Folder::new().unwrap(), witness());
    folder.write("plan.json", PLAN).unwrap();
    let args = ["--threads", "1", "--host", &witness.url()];
    let run = runs::run(&folder, "plan.json", &args).unwrap();
    assert_eq!(run.outcome.code, Some(0), "{:?}", run.outcome);
    assert_eq!((run.count("/stuck_ticks"), run.count("/totals/requests")), (3, 3));
}

#[test]
fn users_that_end_by_themselves_leave_their_places_to_those_who_arrive() {
    const PLAN: &str = r#"[["LD_start_test", {
      "user_detail_dict": {"user": "fast_http_user"}, "test_time": 30,
      "arrival": {"rate": 40, "duration": 0.5, "max_users": 3}, MORE
      "tasks": [{"method": "get", "name": "n", "request_url": "/a/${user_id()}", "headers": {"X": "ROW"}} END]}]]"#;
    let stop = r#", {"stop_user": true}"#;
    // A row for each user, which ends when it asks for another.
    let rows = r#""csv_sources": [{"name": "rows", "file_path": "rows.csv", "mode": "per_user",
        "on_end": "stop_user"}],"#;
    for (more, end) in [("", stop), (r#""iterations": 1,"#, ""), (rows, "")] {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        folder.write("rows.csv", "n\n1\n").unwrap();
        let plan = PLAN.replace("ROW", if more == rows { "${csv.rows.n}" } else { "" });
        folder.write("plan.json", plan.replace("MORE", more).replace("END", end)).unwrap();
        let url = witness.url();
        let run = runs::run(&folder, "plan.json", &["--host", &url, "--threads", "2"]).unwrap();
        let counts = ["started", "missed"].map(|key| run.count(&format!("/arrivals/{key}")));
        assert_eq!(counts, [20, 0], "{more} {end}");
        if more != rows {
            assert_eq!(run.count("/totals/requests"), 20, "{more} {end}");
        }
        assert!(run.count("/arrivals/users") <= 3);
        assert!(run.summary["duration"]["achieved_s"].as_f64().unwrap() < 5.0);
        // Whoever comes in another's place has its number.
        let numbers: BTreeSet<_> = witness.targets().into_iter().collect();
        assert!(numbers.iter().all(|target| ["/a/0", "/a/1", "/a/2"].contains(&target.as_str())));
    }
}

/// A value that doubles in each round of a loop.
fn doubling(after: &str) -> String {
    format!(
        r#"[["LD_start_test", {{"user_detail_dict": {{"user": "fast_http_user"}}, "user_count": 1,
          "iterations": 1, "tasks": [{{"set": {{"s": "x"}}}},
          {{"repeat": 40, "tasks": [{{"set": {{"s": "${{s}}${{s}}"}}}}]}}{after}]}}]]"#
    )
}

#[test]
fn a_value_that_grows_without_end_fails_the_next_request_and_the_run_goes_on() {
    let (folder, witness) = (Folder::new().unwrap(), witness());
    let url = witness.url();
    let run = |after: &str| {
        folder.write("grows.json", doubling(after)).unwrap();
        runs::run(&folder, "grows.json", &["--host", &url]).unwrap()
    };
    let requests = r#", {"method": "get", "request_url": "/a", "name": "a"},
        {"method": "get", "request_url": "/b", "name": "b"}"#;
    let told = run(requests);
    assert_eq!(told.count("/totals/requests"), 2);
    let errors = told.summary["errors"].as_array().unwrap();
    let [error] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!((&error["name"], &error["class"]), (&json!("a"), &json!("plan")));
    assert!(error["text"].as_str().unwrap().contains("more than 64 MiB"), "{error}");
    assert_eq!(told.count("/stuck_ticks"), 0);

    assert_eq!(run("").count("/stuck_ticks"), 1, "no request tells of it");
}
