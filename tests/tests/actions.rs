//! Actions as users of `ldvm` meet them: results in both forms, documents inside documents, several
//! plans at once.
#![cfg(test)]

use ld_tests::command::{Folder, Outcome};
use ld_tests::witness::{Witness, reply};
use serde_json::{Value, json};

fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new().unwrap();
    for (name, text) in files {
        if let Some(parent) = folder.path().join(name).parent() {
            std::fs::create_dir_all(parent).unwrap();
        }
        folder.write(name, text).unwrap();
    }
    folder
}

fn ldvm(folder: &Folder, args: &[&str]) -> Outcome {
    folder.call("ldvm").unwrap().args(args).run().unwrap()
}

/// The results of a plan that is given as text.
fn results(plan: &str) -> Value {
    let folder = folder(&[("plan.json", plan)]);
    let outcome = ldvm(&folder, &["run", "plan.json", "--results", "results.json"]);
    assert!(outcome.code < Some(2), "{outcome:#?}");
    folder.json("results.json").unwrap()["documents"][0].clone()
}

#[test]
fn every_action_has_a_record_and_a_place_in_the_map() {
    let document = results(
        r#"[["max", [1, 2]],
            ["max", [1, 2]],
            ["divmod", [7, 2]],
            ["LD_execute_action", [[["len", ["abc"]], ["max", [[]]], ["sum", [[1, 2]]]]]],
            ["LD_add_package_to_executor", {"package": "os"}],
            ["LD_clear_records"]]"#,
    );
    let refusal = "package 'os' is not allowed; the host must call executor.allow_packages(...) or \
                   executor.set_allow_arbitrary_packages(True)";
    assert_eq!(
        document["map"],
        json!({
            "execute: ['max', [1, 2]]": 2,
            "execute: ['max', [1, 2]] #2": 2,
            "execute: ['divmod', [7, 2]]": [3, 1],
            "execute: ['LD_execute_action', [[['len', ['abc']], ['max', [[]]], ['sum', [[1, 2]]]]]]": {
                "execute: ['len', ['abc']]": 3,
                "execute: ['max', [[]]]": "ValueError('max() arg is an empty sequence')",
                "execute: ['sum', [[1, 2]]]": 3,
            },
            "execute: ['LD_add_package_to_executor', {'package': 'os'}]":
                format!("LoadDensityTestExecuteException(\"{refusal}\")"),
            "execute: ['LD_clear_records']": {"status": "cleared"},
        })
    );
    assert_eq!((&document["ok"], &document["failed_actions"]), (&json!(false), &json!(2)));
    let records = document["records"].as_array().unwrap();
    assert_eq!(
        records[0],
        json!({"index": 0, "command": "max", "line": 1, "ok": true, "value": 2})
    );
    assert_eq!(records[3]["records"][1]["error"]["type"], "ValueError");
    assert_eq!(records[4]["error"]["message"], refusal);
}

#[test]
fn documents_of_files_run_in_place_and_failures_name_their_file() {
    let folder = folder(&[
        (
            "main.json",
            r#"[["print", ["first"]], ["LD_execute_files", [["sub/a.json", "sub/b.json"]]], ["print", ["last"]]]"#,
        ),
        (
            "sub/a.json",
            "[[\"print\", [\"in a\"]],\n\n [\"max\", [[]]],\n [\"LD_execute_files\", [[\"c.json\"]]]]",
        ),
        ("sub/b.json", r#"{"load_density": [["print", ["in b"]]]}"#),
        ("sub/c.json", r#"[["print", ["in c"]]]"#),
    ]);
    let outcome = ldvm(&folder, &["run", "main.json", "--results", "results.json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(outcome.stdout.starts_with("first\nin a\nin c\nin b\nlast\n"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("sub/a.json:3: max: max() arg is an empty"), "{outcome:#?}");
    let documents = folder.json("results.json").unwrap();
    let files = &documents["documents"][0]["map"]["execute: ['LD_execute_files', [['sub/a.json', 'sub/b.json']]]"];
    assert_eq!(files[1], json!({"execute: ['print', ['in b']]": null}));
    assert_eq!(files.as_array().unwrap().len(), 2);
}

#[test]
fn results_are_printed_as_the_reference_prints_them() {
    let folder = Folder::new().unwrap();
    let plan = r#"[["LD_execute_action", [[["max", [1, 2.5]]]]], ["repr", ["it's"]]]"#;
    let outcome = ldvm(&folder, &["run-str", plan, "--print-results"]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let expected = "execute: ['max', [1, 2.5]]\n2.5\n\
                    execute: ['LD_execute_action', [[['max', [1, 2.5]]]]]\n\
                    {\"execute: ['max', [1, 2.5]]\": 2.5}\n\
                    execute: ['repr', [\"it's\"]]\n\"it's\"\n";
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn a_folder_is_run_in_the_order_of_names_and_to_its_end() {
    let folder = folder(&[
        ("plans/b.json", r#"[["print", ["b"]], ["max", [[]]]]"#),
        ("plans/a.json", r#"[["print", ["a"]]]"#),
        ("plans/sub/c.json", r#"[["print", ["c"]]]"#),
        ("plans/data.csv", "x\n1\n"),
        ("z.json", r#"[["print", ["z"]]]"#),
    ]);
    let all = ldvm(&folder, &["run", "plans", "z.json"]);
    assert_eq!((all.code, all.stdout.as_str()), (Some(1), "a\nb\nc\nz\n"), "{all:#?}");
    let some = ldvm(&folder, &["run", "--fail-fast", "plans", "z.json"]);
    assert_eq!((some.code, some.stdout.as_str()), (Some(1), "a\nb\n"), "{some:#?}");
}

#[test]
fn nothing_runs_when_one_of_several_plans_is_wrong_or_missing() {
    let folder = folder(&[
        ("a.json", r#"[["print", ["a"]]]"#),
        ("b.json", r#"[["print", ["b"]], ["maxx", [1]]]"#),
        ("empty/readme.txt", ""),
    ]);
    for (plans, code, says) in [
        (["a.json", "b.json"], 3, "did you mean `max`?"),
        (["a.json", "none.json"], 2, "none.json"),
        (["a.json", "empty"], 2, "has no plans"),
    ] {
        let outcome = ldvm(&folder, &["run", plans[0], plans[1]]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(code), ""), "{outcome:#?}");
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    }
    let summary = ldvm(&folder, &["run", "a.json", "a.json", "--summary", "s.json"]);
    assert_eq!(summary.code, Some(2), "{summary:#?}");
}

#[test]
fn a_stripped_plan_names_its_actions_by_their_commands() {
    let folder = folder(&[("plan.json", r#"[["max", [1, 2]]]"#)]);
    for (args, key) in [
        (vec!["compile", "plan.json", "-o", "plan.ldb"], "execute: ['max', [1, 2]]"),
        (vec!["compile", "plan.json", "-o", "plan.ldb", "--strip"], "execute: ['max']"),
    ] {
        assert_eq!(folder.call("ldc").unwrap().args(args).run().unwrap().code, Some(0));
        let outcome = ldvm(&folder, &["run", "plan.ldb", "--print-results"]);
        assert_eq!(outcome.stdout, format!("{key}\n2\n"));
    }
}

#[test]
fn the_ending_of_its_name_tells_the_notation_of_a_plan() {
    let folder = folder(&[
        ("a.json", r#"{"load_density": [["max", [1, 2.5]], ["LD_execute_files", [["c.yml"]]]]}"#),
        ("b.yaml", "load_density:\n  - [max, [1, 2.5]]\n  - [LD_execute_files, [[c.yml]]]\n"),
        ("c.toml", "load_density = [[\"max\", [1, 2.5]], [\"LD_execute_files\", [[\"c.yml\"]]]]\n"),
        ("c.yml", "- [print, [it's, 0x10, ~]]\n"),
    ]);
    let plans = ["a.json", "b.yaml", "c.toml"];
    let mut printed = Vec::new();
    for plan in plans {
        let outcome = ldvm(&folder, &["run", plan, "--print-results"]);
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        let compile = ["compile", plan, "-o", "plan.ldb"];
        assert_eq!(folder.call("ldc").unwrap().args(compile).run().unwrap().code, Some(0));
        assert_eq!(ldvm(&folder, &["run", "plan.ldb", "--print-results"]).stdout, outcome.stdout);
        printed.push(outcome.stdout);
    }
    assert!(printed[0].starts_with("it's 16 None\n"), "{}", printed[0]);
    assert!(printed.iter().all(|text| *text == printed[0]), "{printed:#?}");
}

#[test]
fn documents_are_written_formatted_linted_and_described() {
    let plan = r#"[
      ["LD_write_action_yaml", ["a.yaml", [["max", [1, 2]], ["LD_summary"]]]],
      ["LD_read_action_yaml", ["a.yaml"]],
      ["LD_write_action_toml", ["a.toml", {"load_density": [["print", ["a\nb"]], ["LD_summary", {}]]}]],
      ["LD_read_action_toml", ["a.toml"]],
      ["LD_write_action_toml", ["b.toml", {"load_density": null}]],
      ["LD_format_action_document", {"doc": [["LD_start_test", {"tasks": [{"url": "/", "method": "get"}]}]]}],
      ["LD_format_action_string", ["[[\"LD_summary\"]]", 0]],
      ["LD_format_action_file", ["none.json"]],
      ["LD_format_action_file", ["some.json"]],
      ["LD_lint_action", {"actions": [["LD_sumary"], []]}],
      ["LD_lint_action_file", ["some.json"]],
      ["LD_export_schema", ["deep/er/schema.json"]]]"#;
    let folder = folder(&[("plan.json", plan), ("some.json", r#"{"load_density":[["LD_x"]]}"#)]);
    let outcome = ldvm(&folder, &["run", "plan.json", "--results", "results.json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    let document = folder.json("results.json").unwrap()["documents"][0].clone();
    let value = |at: usize| document["records"][at]["value"].clone();
    let error = |at: usize| document["records"][at]["error"].to_string();
    assert_eq!((value(0), value(2)), (Value::Null, Value::Null));
    assert_eq!(value(1), json!([["max", [1, 2]], ["LD_summary"]]));
    assert_eq!(value(3), json!({"load_density": [["print", ["a\nb"]], ["LD_summary", {}]]}));
    assert!(error(4).contains("LoadDensityTestJsonException"), "{}", error(4));
    let formatted = json!([["LD_start_test", {"tasks": [{"method": "get", "url": "/"}]}]]);
    assert_eq!(value(5).to_string(), formatted.to_string());
    assert_eq!(value(6), json!("[\n[\n\"LD_summary\"\n]\n]\n"));
    assert!(error(7).contains("FileNotFoundError"), "{}", error(7));
    assert_eq!(
        value(8).as_str().unwrap(),
        std::fs::read_to_string(folder.path().join("some.json")).unwrap()
    );
    let rules = |at: usize| -> Vec<Value> {
        let found = value(at);
        found.as_array().unwrap().iter().map(|finding| finding["rule"].clone()).collect()
    };
    assert_eq!(rules(9), ["unknown-command", "invalid-shape"]);
    assert_eq!(rules(10), ["unknown-command"]);
    let path = value(11).as_str().unwrap().to_owned();
    assert!(path.starts_with('/') && path.ends_with("deep/er/schema.json"), "{path}");
    assert!(folder.json("deep/er/schema.json").unwrap()["$defs"].is_object());
}

#[test]
fn documents_in_yaml_and_toml_are_read_and_what_is_wrong_in_them_is_told() {
    let folder = folder(&[
        (
            "plan.json",
            r#"[["LD_read_action_yaml", ["a.yaml"]], ["LD_read_action_toml", {"toml_file_path": "b.toml"}],
                          ["LD_read_action_yaml", {"path": "bad.yaml"}], ["LD_read_action_toml", ["none.toml"]]]"#,
        ),
        ("a.yaml", "load_density: [[LD_summary, {}]]\n"),
        ("b.toml", "load_density = [[\"LD_summary\"]]\n"),
        ("bad.yaml", "a: 1\nb: [1\nc: 2\n"),
    ]);
    let outcome = ldvm(&folder, &["run", "plan.json", "--results", "results.json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    let results = folder.json("results.json").unwrap();
    let records = results["documents"][0]["records"].as_array().unwrap();
    assert_eq!(records[0]["value"], json!({"load_density": [["LD_summary", {}]]}));
    assert_eq!(records[1]["value"], json!({"load_density": [["LD_summary"]]}));
    for (record, says) in records[2..].iter().zip(["bad.yaml:", "none.toml"]) {
        assert_eq!(record["error"]["type"], "LoadDensityTestJsonException");
        assert!(record["error"]["message"].as_str().unwrap().contains(says), "{record}");
    }
}

/// A run of one user against a server of its own that fails every second request, with this put
/// before and into its arguments.
fn load(before: &str, arguments: &str, args: &[&str]) -> (Outcome, Value) {
    let plan = format!(
        r#"{{"load_density": [{before} ["LD_start_test", {{
            "user_detail_dict": {{"user": "fast_http_user"}}, "host": "http://127.0.0.1:8080",
            "user_count": 1, "wait_time": 0.001, {arguments}
            "tasks": [{{"method": "get", "request_url": "/good", "name": "good"}},
                      {{"method": "get", "request_url": "/bad", "name": "bad", "think_time": 0.002}}]
        }}]], "metadata": {{"name": "shop", "tags": ["a", "b"]}}}}"#
    );
    let folder = folder(&[("plan.json", &plan)]);
    let witness =
        Witness::start(|seen| reply(if seen.target == "/bad" { 503 } else { 200 }, &[], ""));
    let url = witness.as_ref().unwrap().url();
    let run = ["run", "plan.json", "--no-progress", "--host", &url, "--summary", "summary.json"];
    let outcome = ldvm(&folder, &[run.as_slice(), args].concat());
    (outcome, folder.json("summary.json").unwrap())
}

#[test]
fn a_run_that_does_not_keep_to_its_gates_fails_and_says_which() {
    let arguments = r#""iterations": 20, "test_time": 30,
        "gates": ["p95(good) < 10s", {"gate": "failure_rate < 1%"}, "requests >= 40"],"#;
    let args = ["--gate", "failure_rate(good) <= 0"];
    let (outcome, summary) = load("", arguments, &args);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    let said = "LD_start_test: gates failed: failure_rate < 1%: 50";
    assert!(outcome.stderr.contains(said), "{outcome:#?}");
    for line in [
        "PASS  p95(good) < 10000ms",
        "FAIL  failure_rate < 1% ",
        "PASS  requests >= 40",
        "shop · a, b",
    ] {
        assert!(outcome.stdout.contains(line), "{line}: {outcome:#?}");
    }
    let gates = summary["gates"].as_array().unwrap();
    let passed: Vec<_> = gates.iter().map(|gate| gate["passed"].as_bool().unwrap()).collect();
    assert_eq!(passed, [true, false, true, true]);
    assert_eq!((&gates[1]["actual"], &gates[1]["unit"]), (&json!(0.5), &json!("share")));
    assert_eq!(summary["metadata"], json!({"name": "shop", "tags": ["a", "b"]}));
}

#[test]
fn a_run_is_a_junit_suite_with_a_case_for_each_name_and_each_gate() {
    let folder = folder(&[(
        "plan.json",
        r#"[["LD_start_test", {
            "user_detail_dict": {"user": "fast_http_user"}, "host": "http://127.0.0.1:8080",
            "user_count": 1, "iterations": 2, "test_time": 30, "gates": ["requests >= 4"],
            "tasks": [{"method": "get", "request_url": "/good", "name": "a<b"},
                      {"method": "post", "request_url": "/bad", "name": "bad"}]
        }], ["LD_generate_junit_report", {"report_name": "suite"}]]"#,
    )]);
    let witness =
        Witness::start(|seen| reply(if seen.target == "/bad" { 503 } else { 200 }, &[], ""));
    let url = witness.as_ref().unwrap().url();
    let outcome = ldvm(&folder, &["run", "plan.json", "--host", &url, "--results", "r.json"]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let records = &folder.json("r.json").unwrap()["documents"][0]["records"];
    assert_eq!(records[1]["value"], "suite.xml");
    let suite = std::fs::read_to_string(folder.path().join("suite.xml")).unwrap();
    for part in [
        r#"<testsuite name="loaddensity" tests="3" failures="1" "#,
        r#"<testcase classname="GET" name="a&lt;b" time="0."#,
        r#"<testcase classname="POST" name="bad" time="0."#,
        r#"<failure message="HTTP 503 (2 of 2 failed)">HTTP 503</failure></testcase>"#,
        r#"<testcase classname="gate" name="requests &gt;= 4" time="0.000"/></testsuite>"#,
    ] {
        assert!(suite.contains(part), "{part}: {suite}");
    }
}

#[test]
fn a_gate_with_abort_ends_the_run_early() {
    let arguments = r#""test_time": 30, "gates": [
        {"gate": "failure_rate < 10%", "for": "1s", "abort": true}, "rps > 1"],"#;
    let (outcome, summary) = load("", arguments, &[]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(summary["duration"]["achieved_s"].as_f64().unwrap() < 15.0, "{summary:#}");
    let gate = &summary["gates"][0];
    assert_eq!((&gate["passed"], &gate["aborted"]), (&json!(false), &json!(true)));
    assert!(gate["failed_at_s"].as_f64().unwrap() >= 1.0, "{gate}");
    assert_eq!(summary["gates"][1]["passed"], true);
    assert!(outcome.stdout.contains("stopped the run"), "{outcome:#?}");
}

#[test]
fn gates_of_the_command_line_are_checked_before_anything_runs() {
    let printing = folder(&[("plan.json", r#"[["print", ["x"]]]"#)]);
    let outcome = ldvm(&printing, &["run", "plan.json", "--gate", "P95 < 3ms"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{outcome:#?}");
    assert!(outcome.stderr.contains("did you mean `p95`?"), "{outcome:#?}");

    let plan = r#"[["LD_start_test", {"user_detail_dict": {"user": "fast_http_user"}, "tasks": [
        {"method": "get", "request_url": "http://127.0.0.1:9/", "name": "checkout"}]}]]"#;
    let folder = folder(&[("plan.json", plan)]);
    let outcome = ldvm(&folder, &["run", "plan.json", "--gate", "max(chekout) < 1s"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{outcome:#?}");
    let said = "no request or group of plan.json is called `chekout`; did you mean `checkout`?";
    assert!(outcome.stderr.contains(said), "{outcome:#?}");
}

#[test]
fn a_spent_failure_budget_stops_the_run_and_fails_it() {
    let before = r#"["LD_install_failure_budget", {"threshold": 0.2, "window_seconds": 10, "min_samples": 20}],"#;
    let (outcome, summary) = load(before, r#""test_time": 30,"#, &["--results", "r.json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(summary["duration"]["achieved_s"].as_f64().unwrap() < 15.0, "{summary:#}");
    assert!(outcome.stderr.contains("failure budget spent: 50"), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("of the requests of 10 s failed, more than 20"),
        "{outcome:#?}"
    );

    let before = format!("{before} [\"LD_uninstall_failure_budget\"],");
    let (outcome, _) = load(&before, r#""iterations": 30, "test_time": 30,"#, &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn rules_judge_the_runs_before_them() {
    let folder = folder(&[]);
    let witness = Witness::start(|_| reply(200, &[], "")).unwrap();
    let plan = json!([
        ["LD_assert_sla", {"rules": [{"type": "requests", "op": "gte", "value": 0}]}],
        ["LD_evaluate_sla", {"rules": [{"type": "failure_rate", "value": 1}]}],
        ["LD_start_test", {"user_detail_dict": {"user": "http_user"}, "host": witness.url(),
            "user_count": 1, "iterations": 5, "wait_time": 0,
            "tasks": [{"method": "get", "request_url": "/", "name": "home"}]}],
        ["LD_assert_sla", {"rules": [{"type": "latency_p99", "name": "home", "op": "lt", "value": 60000},
                                     {"type": "requests", "op": "gte", "value": 5}]}],
        ["LD_clear_records"],
        ["LD_assert_sla", {"rules": [{"type": "latency_p99", "value": 1}]}],
    ]);
    folder.write("plan.json", plan.to_string()).unwrap();
    let outcome = ldvm(&folder, &["run", "plan.json", "--quiet", "--results", "r.json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    let results = folder.json("r.json").unwrap();
    let records = results["documents"][0]["records"].as_array().unwrap();
    assert_eq!(records[1]["value"][0]["reason"], "no requests recorded");
    assert_eq!(records[2]["value"]["user_count"], 1);
    assert_eq!(records[2]["value"]["runner_mode"], "local");
    assert_eq!(records[3]["ok"], true, "{:#}", records[3]);
    let message = "SLA gates failed: no requests recorded";
    assert_eq!(
        records[5]["error"],
        json!({"type": "LoadDensityAssertException", "message": message, "infrastructure": false})
    );
}
