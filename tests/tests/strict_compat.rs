//! `--strict-compat`: values in the reference's forms, also in programs that are compiled again.
//! That the forms are the reference's is shown by `tests/parity`.
#![cfg(test)]

use ld_tests::command::Folder;
use ld_tests::runs;
use ld_tests::witness::{Witness, reply};

const PLAN: &str = r#"[["LD_start_test", {
  "user_detail_dict": {}, "host": "http://127.0.0.1:9", "user_count": 1, "iterations": 1, "test_time": 30,
  "variables": {"flag": true, "list": [1, null, "a"], "n": 2},
  "tasks": [
    {"method": "get", "request_url": "/doc", "extract": [{"var": "id", "path": "id"}, {"var": "tags", "path": "tags"}]},
    {"method": "post", "request_url": "/${flag}", "json": {"id": "${id}", "n": "${n}", "gone": "${gone}"},
     "skip_if": {"in": ["${n}", [2, 3]]}},
    {"foreach": "${tags}", "tasks": [{"method": "post", "request_url": "/tag", "data": "${item} ${tags} ${list}"}]},
    {"if": "${id} + 1 == 8", "tasks": [{"method": "get", "request_url": "/sum", "params": {"on": [false, 1.5]}}]}
  ]}]]"#;

#[test]
fn a_program_compiled_for_the_references_forms_keeps_to_them() {
    let witness = Witness::start(|_| reply(200, &[], r#"{"id": 7, "tags": [true]}"#)).unwrap();
    let folder = Folder::new().unwrap();
    folder.write("plan.json", PLAN).unwrap();
    for (output, more) in [("typed.ldb", None), ("strict.ldb", Some("--strict-compat"))] {
        let compile = ["compile", "plan.json", "-o", output];
        let compiled = folder.call("ldc").unwrap().args(compile).args(more).run().unwrap();
        assert_eq!(compiled.code, Some(0), "{}", compiled.stderr);
    }

    // Another host is folded in, for which the plan's text is compiled again.
    let host = ["--host", &witness.url()];
    let strictly = ["--host", &witness.url(), "--strict-compat"];
    for (plan, args) in
        [("strict.ldb", &host[..]), ("typed.ldb", &strictly), ("plan.json", &strictly)]
    {
        let before = witness.seen().len();
        let run = runs::run(&folder, plan, args).unwrap();
        assert_eq!(run.count("/totals/failures"), 0, "{plan}");
        let seen = &witness.seen()[before..];
        let targets: Vec<_> = seen.iter().map(|seen| seen.target.as_str()).collect();
        assert_eq!(targets, ["/doc", "/True", "/tag", "/sum?on=False&on=1.5"], "{plan}");
        assert_eq!(seen[1].text(), r#"{"id": "7", "n": "2", "gone": "${gone}"}"#, "{plan}");
        assert_eq!(seen[2].text(), "True [True] [1, None, 'a']", "{plan}");
    }
    let run = runs::run(&folder, "typed.ldb", &host).unwrap();
    assert_eq!(run.count("/totals/requests"), 3, "the condition holds, numbers being numbers");
}
