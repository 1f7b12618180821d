//! Secrets: they reach the server, and nothing that people read.
#![cfg(test)]

use ld_tests::command::{Folder, Outcome};
use ld_tests::witness::{Witness, reply};

const SECRET: &str = "hunter2\"x y";
/// Of "user:" and the secret.
const DERIVED: &str = "dXNlcjpodW50ZXIyInggeQ==";

const PLAN: &str = r#"[["LD_start_test", {
  "user_detail_dict": {"user": "fast_http_user"}, "user_count": 1, "iterations": 1,
  "tasks": [
    {"set": {"login": "user:${secret.PASSWORD}", "coded": "${base64(${login})}"}},
    {"method": "post", "request_url": "/login?p=${secret.PASSWORD}", "name": "login",
     "headers": {"X-Coded": "${coded}"}, "json": {"password": "${secret.PASSWORD}"},
     "extract": [{"var": "echoed", "from": "body"}]},
    {"log": "plain ${secret.PASSWORD}, derived ${coded}, echoed ${echoed}, other ${user_id()}"},
    {"method": "get", "request_url": "/", "name": "raw",
     "assertions": [{"type": "contains", "value": "no ${secret.PASSWORD}"}]},
    {"method": "get", "request_url": "/", "name": "derived",
     "assertions": [{"type": "json_path", "path": "a", "value": "${coded}"}]},
    {"method": "get", "request_url": "/", "name": "echo",
     "assertions": [{"type": "json_path", "path": "b", "value": "nothing"}]},
    {"method": "get", "request_url": "/", "name": "place",
     "extract": [{"var": "none", "from": "json_path", "path": "${coded}.x", "required": true}]}
  ]}]]"#;

/// Checks of all kinds that fail, with secrets in what they compare with or look for.
const CHECKS: &str = r#"[["LD_start_test", {
  "user_detail_dict": {"user": "fast_http_user"}, "user_count": 1, "iterations": 1,
  "tasks": [
    {"method": "get", "request_url": "/", "name": "regex",
     "assertions": [{"type": "regex", "pattern": "x=${secret.TOK}"}]},
    {"method": "get", "request_url": "/", "name": "css",
     "assertions": [{"type": "css", "selector": ".${secret.TOK}", "count": 2}]},
    {"method": "get", "request_url": "/", "name": "schema",
     "assertions": [{"type": "json_schema", "schema": {"properties": {"a": {"const": "${secret.TOK}"}}}}]},
    {"method": "get", "request_url": "/", "name": "header",
     "assertions": [{"type": "header", "name": "X-A", "value": "${secret.TOK}"}]},
    {"method": "get", "request_url": "/", "name": "path",
     "assertions": [{"type": "json_path", "path": "a", "value": "${secret.TOK}"}]},
    {"method": "get", "request_url": "/", "name": "made",
     "assertions": [{"type": "contains", "value": "say ${upper(${secret.TOK})}"}]},
    {"method": "post", "request_url": "/echo", "name": "echo", "data": "${upper(${secret.TOK})}",
     "auth": {"type": "basic", "username": "ann", "password": "${secret.TOK}"},
     "assertions": [{"type": "json_path", "path": "0", "value": 1}]}
  ]}]]"#;

#[test]
fn failed_checks_say_what_they_would_say_but_the_secrets() {
    let folder = Folder::new().unwrap();
    let witness = Witness::start(|seen| match seen.text() {
        body if body.is_empty() => reply(200, &[("X-A", "here")], r#"{"a": "x"}"#),
        body => {
            let basic = seen.header("Authorization").unwrap_or_default();
            let echo = serde_json::json!([format!("{basic} {body}")]);
            reply(200, &[], echo.to_string())
        }
    })
    .unwrap();
    folder.write("plan.json", CHECKS).unwrap();
    folder.write("secrets.env", "TOK=s3cr3t-val\n").unwrap();
    let url = witness.url();
    let args =
        ["run", "plan.json", "--host", &url, "--secrets", "secrets.env", "--summary", "s.json"];
    let outcome = ldvm(&folder, &args);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let summary = std::fs::read_to_string(folder.path().join("s.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let errors = summary["errors"].as_array().unwrap().iter();
    let mut texts: Vec<_> = errors.map(|error| error["text"].as_str().unwrap()).collect();
    texts.sort_unstable();
    let expected = [
        "body does not contain 'say ***'",
        "body does not match 'x=***'",
        "css .*** count expected 2, got 0",
        "header X-A expected '***', got 'here'",
        "json_path 0 expected 1, got 'Basic YW5uOn***w= ***'",
        "json_path a expected '***', got 'x'",
        "json_schema: \"***\" was expected at /a",
    ];
    assert_eq!(texts, expected);
}

/// A server that answers with what was sent to it and the secret.
fn witness() -> Witness {
    Witness::start(|seen| match seen.text() {
        body if body.is_empty() => reply(200, &[], r#"{"a": "x", "b": "hunter2\"x y"}"#),
        body => reply(200, &[], body),
    })
    .unwrap()
}

fn ldvm(folder: &Folder, args: &[&str]) -> Outcome {
    folder.call("ldvm").unwrap().args(args).run().unwrap()
}

#[test]
fn secrets_are_sent_and_shown_nowhere() {
    let (folder, witness) = (Folder::new().unwrap(), witness());
    folder.write("plan.json", PLAN).unwrap();
    folder.write("secrets.env", "PASSWORD='hunter2\"x y'\n").unwrap();
    let url = witness.url();
    let outcome = ldvm(
        &folder,
        &[
            "run",
            "plan.json",
            "--host",
            &url,
            "--secrets",
            "secrets.env",
            "--summary",
            "s.json",
            "--results",
            "r.json",
            "--print-results",
        ],
    );
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let seen = witness.seen();
    assert_eq!(seen[0].target, "/login?p=hunter2%22x%20y");
    assert_eq!(seen[0].header("X-Coded"), Some(DERIVED));
    assert_eq!(seen[0].json()["password"], SECRET);

    let file = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let shown = format!("{}{}{}{}", outcome.stdout, outcome.stderr, file("s.json"), file("r.json"));
    for form in ["hunter2", DERIVED] {
        assert!(!shown.contains(form), "{form} in {shown}");
    }
    let log = "plain ***, derived ***, echoed {\"password\": \"***\"}, other 0";
    assert!(outcome.stderr.contains(log), "{}", outcome.stderr);
    let summary: serde_json::Value = serde_json::from_str(&file("s.json")).unwrap();
    let texts: Vec<_> = summary["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["text"].to_string())
        .collect();
    assert!(texts.len() == 4 && texts.iter().all(|text| text.contains("***")), "{texts:?}");
}

#[test]
fn a_program_holds_the_names_of_secrets_alone() {
    let folder = Folder::new().unwrap();
    let plan = PLAN.replace("\"user_count\"", "\"host\": \"http://127.0.0.1:9\", \"user_count\"");
    folder.write("plan.json", plan).unwrap();
    for args in [vec!["compile", "plan.json", "-o", "plan.ldb"], vec!["dump", "plan.ldb"]] {
        let call = folder.call("ldc").unwrap().env("LD_SECRET_PASSWORD", SECRET);
        let outcome = call.args(args).run().unwrap();
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        assert!(!outcome.stdout.contains("hunter2"), "{}", outcome.stdout);
        if outcome.stdout.contains("task") {
            assert!(outcome.stdout.contains("{secret \"PASSWORD\"}"), "{}", outcome.stdout);
            assert!(outcome.stdout.contains("check secret contains"), "{}", outcome.stdout);
        }
    }
    let program = std::fs::read(folder.path().join("plan.ldb")).unwrap();
    assert!(!String::from_utf8_lossy(&program).contains("hunter2"));
}

#[test]
fn missing_secrets_are_all_named_before_anything_is_sent() {
    let (folder, witness) = (Folder::new().unwrap(), witness());
    folder.write("plan.json", PLAN.replace("no ${secret.PASSWORD}", "${secret.OTHER}")).unwrap();
    let outcome = ldvm(&folder, &["run", "plan.json", "--host", &witness.url()]);
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
    let says = "nothing gives these secrets: PASSWORD, OTHER\nset LD_SECRET_PASSWORD (or PASSWORD)";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    assert_eq!(witness.connections(), 0);
    let run = folder.call("ldvm").unwrap().env("LD_SECRET_PASSWORD", "p").env("OTHER", "q");
    let outcome = run.args(["run", "plan.json", "--host", &witness.url()]).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    assert_eq!(witness.seen()[0].json()["password"], "p");
}

#[test]
fn a_file_of_secrets_that_cannot_be_read_is_wrong_usage() {
    let folder = Folder::new().unwrap();
    folder.write("plan.json", PLAN).unwrap();
    folder.write("secrets.env", "PASSWORD=one\nhunter2\n").unwrap();
    for (file, says) in [
        ("nowhere.env", "nowhere.env cannot be read"),
        ("secrets.env", "secrets.env:2: expected NAME=value"),
    ] {
        let outcome = ldvm(&folder, &["run", "plan.json", "--secrets", file]);
        assert_eq!(outcome.code, Some(2), "{outcome:#?}");
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
    }
}
