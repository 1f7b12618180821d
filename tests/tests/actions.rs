//! Actions as users of `ldvm` meet them: results in both forms, documents inside documents, several
//! plans at once.
#![cfg(test)]

use ld_tests::command::{Folder, Outcome};
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
