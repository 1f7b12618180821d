//! What HTTP requests may carry, against servers that share no code with the product.
#![cfg(test)]

use ld_tests::command::Folder;
use ld_tests::python::Python;
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Seen, Witness, reply};
use serde_json::{Value, json};

/// A run of one user, once through these tasks.
fn run(folder: &Folder, user: &str, host: &str, tasks: &Value) -> Run {
    let plan = json!([["LD_start_test", {
        "user_detail_dict": {"user": user}, "host": host, "user_count": 1, "iterations": 1,
        "test_time": 60, "wait_time": 0, "tasks": tasks,
    }]]);
    folder.write("plan.json", plan.to_string()).unwrap();
    runs::run(folder, "plan.json", &["--threads", "1"]).unwrap()
}

/// What the server written in Python saw of a run of these tasks.
fn seen(folder: &Folder, tasks: &Value) -> (Run, Vec<Value>) {
    let peer = Python::start("web").unwrap();
    let run = run(folder, "http_user", &format!("http://{}", peer.addr()), tasks);
    let seen = peer.finish().unwrap();
    (run, seen.as_array().unwrap().clone())
}

fn assert_good(run: &Run) {
    assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
}

/// The SHA-256 of 300 000 letters, as the server tells it.
const LETTERS: &str =
    "300000 bytes 29927e273accc68286005017f7fa6e4f27bddb4db3083ff8b8d4c3667905b7fa";

#[test]
fn forms_with_files_are_taken_apart_as_they_were_put_together() {
    let folder = Folder::new().unwrap();
    folder.write("large.bin", "x".repeat(300_000)).unwrap();
    folder.write("small.txt", "small").unwrap();
    let (run, seen) = seen(
        &folder,
        &json!([
            {"method": "post", "request_url": "/a", "data": {"a": ["1", "2"]},
             "files": {"text": "it is ${uuid()}"}},
            {"method": "post", "request_url": "/b", "files": [
                {"field": "one", "path": "large.bin", "content_type": "image/png"},
                {"field": "two", "content": "2", "filename": "two \"2\".txt"},
                {"field": "three", "path": "small.txt"},
            ]},
            {"method": "put", "request_url": "/c", "files": {"constant": "text"}, "compress": "gzip"},
            {"method": "put", "request_url": "/d", "body_file": "large.bin"},
            {"method": "put", "request_url": "/e", "body_file": "large.bin", "compress": "deflate"},
        ]),
    );
    assert_good(&run);
    let parts = seen[0]["parts"].as_array().unwrap();
    assert_eq!(parts[..2], [json!(["a", null, null, "1"]), json!(["a", null, null, "2"])]);
    assert_eq!(parts[2][1], "text");
    assert!(parts[2][3].as_str().unwrap().starts_with("it is "), "{parts:?}");
    let expected = json!([
        ["one", "large.bin", "image/png", LETTERS],
        ["two", "two %222%22.txt", null, "2"],
        ["three", "small.txt", "application/octet-stream", "small"],
    ]);
    assert_eq!(seen[1]["parts"], expected);
    assert_eq!(seen[2]["parts"], json!([["constant", "constant", null, "text"]]));
    assert_eq!((&seen[3]["text"], &seen[3]["coding"]), (&json!(LETTERS), &Value::Null));
    assert_eq!((&seen[4]["text"], &seen[4]["coding"]), (&json!(LETTERS), &json!("deflate")));
}

#[test]
fn a_file_that_is_not_there_fails_the_request_and_says_so() {
    let folder = Folder::new().unwrap();
    let task = json!([{"method": "put", "request_url": "/", "body_file": "nowhere.bin"}]);
    let (run, seen) = seen(&folder, &task);
    let failures = run.failures();
    assert_eq!(failures[0].0, "plan");
    assert!(failures[0].1.starts_with("nowhere.bin cannot be sent: "), "{failures:?}");
    assert_eq!(seen, [] as [Value; 0]);
}

#[test]
fn bodies_are_compressed_whether_they_vary_or_not() {
    let (run, seen) = seen(
        &Folder::new().unwrap(),
        &json!([
            {"method": "post", "request_url": "/", "json": {"a": 1}, "compress": "gzip"},
            {"method": "post", "request_url": "/", "data": "n=${randint(7, 7)}", "compress": "gzip"},
            {"method": "post", "request_url": "/", "data": "n=${randint(7, 7)}", "compress": "deflate"},
        ]),
    );
    assert_good(&run);
    let texts: Vec<_> = seen.iter().map(|seen| (&seen["text"], &seen["coding"])).collect();
    let (json, n) = (json!("{\"a\": 1}"), json!("n=7"));
    let (gzip, deflate) = (json!("gzip"), json!("deflate"));
    assert_eq!(texts, [(&json, &gzip), (&n, &gzip), (&n, &deflate)]);
}

#[test]
fn graphql_errors_in_a_good_reply_fail_the_request_unless_allowed() {
    let (run, seen) = seen(
        &Folder::new().unwrap(),
        &json!([
            {"method": "post", "request_url": "/graphql", "name": "good", "graphql": {
                "query": "query Q($id: ID!) { user(id: $id) { name } }", "operation_name": "Q",
                "variables": {"id": "${randint(3, 3)}"}},
             "assertions": [{"type": "json_path", "path": "data.echo.id", "value": 3}]},
            {"method": "post", "request_url": "/graphql", "name": "bad",
             "graphql": {"query": "{ missing }"}},
            {"method": "post", "request_url": "/graphql", "name": "allowed",
             "graphql": {"query": "{ missing }", "allow_errors": true}},
        ]),
    );
    assert_eq!(
        run.failures(),
        [("assertion".to_owned(), "GraphQL: Cannot query field \"missing\"".to_owned(), 1)]
    );
    assert_eq!(
        seen[0]["query"],
        json!({"query": "query Q($id: ID!) { user(id: $id) { name } }", "variables": {"id": 3},
               "operationName": "Q"})
    );
    assert_eq!(seen[0]["type"], "application/json");
}

#[test]
fn a_body_waits_until_the_server_asks_for_it() {
    let (run, seen) = seen(
        &Folder::new().unwrap(),
        &json!([
            {"method": "post", "request_url": "/asked", "data": "body", "expect_continue": true},
            {"method": "post", "request_url": "/silent", "data": "late", "expect_continue": true},
            {"method": "post", "request_url": "/refuse", "data": "never", "expect_continue": true},
            {"method": "get", "request_url": "/after"},
        ]),
    );
    assert_eq!(run.failures(), [("status".to_owned(), "HTTP 417".to_owned(), 1)]);
    let texts: Vec<_> = seen.iter().map(|seen| (&seen["path"], &seen["text"])).collect();
    let expected = [("/asked", "body"), ("/silent", "late"), ("/after", "")];
    let expected: Vec<_> = expected.iter().map(|(path, text)| (json!(path), json!(text))).collect();
    assert_eq!(texts, expected.iter().map(|(path, text)| (path, text)).collect::<Vec<_>>());
    assert_eq!(seen[0]["asked"], true);
    assert_ne!(seen[1]["connection"], seen[2]["connection"], "a body never sent is in the way");
}

#[test]
fn connections_are_closed_where_the_plan_says_so() {
    let (run, seen) = seen(
        &Folder::new().unwrap(),
        &json!([
            {"method": "get", "request_url": "/1", "connection": "close"},
            {"method": "get", "request_url": "/2"},
            {"method": "get", "request_url": "/3", "headers": {"Connection": "Close"}},
            {"method": "get", "request_url": "/4", "connection": "keep"},
            {"method": "get", "request_url": "/5"},
        ]),
    );
    assert_good(&run);
    let ports: Vec<_> = seen.iter().map(|seen| &seen["connection"]).collect();
    assert!(ports[0] != ports[1] && ports[1] == ports[2], "{ports:?}");
    assert!(ports[2] != ports[3] && ports[3] == ports[4], "{ports:?}");
    assert_eq!(run.count("/connections/opened"), 3);
}

#[test]
fn users_differ_in_redirects_and_limits_and_in_nothing_else() {
    use ld_tests::witness::{Witness, reply};
    let witness = Witness::start(|seen| match seen.path() {
        "/moved" => reply(302, &[("Location", "/there")], ""),
        "/fails" => reply(500, &[], "{}"),
        _ => reply(200, &[], "{}"),
    })
    .unwrap();
    let tasks = json!([
        {"method": "get", "url": "/moved", "name": "default"},
        {"method": "get", "url": "/moved", "name": "followed", "follow_redirects": true},
        {"method": "get", "url": "/fails", "name": "fails"},
        {"method": "post", "url": "/there", "name": "basic", "json": {},
         "auth": {"type": "basic", "username": "a", "password": "b"}},
    ]);
    let run = run(&Folder::new().unwrap(), "async_http_user", &witness.url(), &tasks);
    assert_eq!(run.failures(), [("status".to_owned(), "HTTP 500".to_owned(), 1)]);
    assert_eq!(witness.targets(), ["/moved", "/moved", "/there", "/fails", "/there"]);
    assert_eq!(witness.seen()[4].header("Authorization"), Some("Basic YTpi"));
}

#[test]
fn digest_answers_challenges_and_uses_nonces_again() {
    let good = json!({"type": "digest", "username": "ada", "password": "secret"});
    let wrong = json!({"type": "digest", "username": "ada", "password": "${uuid()}"});
    let task =
        |path: &str, auth: &Value| json!({"method": "get", "request_url": path, "auth": auth});
    let (run, seen) = seen(
        &Folder::new().unwrap(),
        &json!([
            task("/digest/MD5/2", &good),
            task("/digest/MD5/2", &good),
            task("/digest/MD5/2", &good),
            task("/digest/SHA-256/9", &wrong),
            task("/digest/SHA-256/9", &good),
        ]),
    );
    assert_eq!(run.failures(), [("status".to_owned(), "HTTP 401".to_owned(), 1)]);
    let told: Vec<_> =
        seen.iter().map(|seen| (seen["good"] == true, seen["nc"].as_str())).collect();
    let (first, second, third) = (Some("00000001"), Some("00000002"), Some("00000003"));
    assert_eq!(told[..3], [(false, None), (true, first), (true, second)]);
    assert_eq!(told[3..5], [(false, third), (true, first)], "the nonce was stale");
    // The good credentials still have the nonce of the other realm.
    assert_eq!(told[5..], [(false, None), (false, first), (false, second), (true, first)]);
    assert_eq!(seen[8]["algorithm"], "SHA-256");
}

#[test]
fn digest_answers_a_challenge_behind_a_redirect() {
    let task = |password: &str| {
        json!({"method": "get", "request_url": "/moved/digest/SHA-256/9",
            "auth": {"type": "digest", "username": "ada", "password": password}})
    };
    let (run, seen) = seen(&Folder::new().unwrap(), &json!([task("secret"), task("wrong")]));
    assert_eq!(run.failures(), [("status".to_owned(), "HTTP 401".to_owned(), 1)]);
    let told: Vec<_> = seen
        .iter()
        .map(|seen| (seen["moved"] == true, seen["good"] == true, seen["nc"].as_str()))
        .collect();
    let first = Some("00000001");
    let asked = [(true, false, None), (false, false, None)];
    assert_eq!(told[..3], [asked[0], asked[1], (false, true, first)]);
    assert_eq!(told[3..], [asked[0], asked[1], (false, false, first)], "asked once more only");
}

#[test]
fn tasks_with_credentials_of_their_own_keep_them_beside_each_other() {
    let digest = json!({"method": "get", "request_url": "/digest/MD5/99",
        "auth": {"type": "digest", "username": "ada", "password": "secret"}});
    let jwt = json!({"method": "get", "request_url": "/jwt", "auth": {
        "type": "jwt", "algorithm": "HS256", "key": "secret", "lifetime": 60,
        "claims": {"sub": "ada"}}});
    let tasks = json!([digest, jwt, digest, {"parallel": [digest, jwt]}, digest, jwt]);
    let (run, seen) = seen(&Folder::new().unwrap(), &tasks);
    assert_good(&run);
    let answers: Vec<_> = seen.iter().filter(|seen| seen.get("good").is_some()).collect();
    let unasked = answers.iter().filter(|seen| seen["good"] == false).count();
    assert_eq!((answers.len(), unasked), (5, 1), "the nonce is used again: {answers:?}");
    let signed: Vec<_> = seen.iter().filter_map(|seen| seen.get("claims")).collect();
    assert_eq!(signed.len(), 3);
    assert!(signed.iter().all(|claims| claims == &signed[0]), "signed once: {signed:?}");
}

#[test]
fn refused_credentials_are_sent_once_for_each_request() {
    let wrong = json!({"method": "get", "request_url": "/digest/MD5/1", "auth":
        {"type": "digest", "username": "ada", "password": "wrong"}});
    let (run, seen) = seen(&Folder::new().unwrap(), &json!([wrong, wrong, wrong, wrong]));
    assert_eq!(run.failures(), [("status".to_owned(), "HTTP 401".to_owned(), 4)]);
    let bore: Vec<_> = seen.iter().map(|seen| seen["nc"].is_string()).collect();
    assert_eq!(bore, [false, true, true, true, true]);
}

#[test]
fn tokens_are_signed_as_the_plan_says() {
    let task = |algorithm: &str| {
        json!({"method": "get", "request_url": "/jwt", "auth": {
            "type": "jwt", "algorithm": algorithm, "key": "secret", "key_id": "k1", "lifetime": 60,
            "claims": {"sub": "ada", "n": "${randint(4, 4)}"}}})
    };
    let tasks = json!([task("HS256"), task("HS384"), task("HS512")]);
    let (run, seen) = seen(&Folder::new().unwrap(), &tasks);
    assert_good(&run);
    for (seen, algorithm) in seen.iter().zip(["HS256", "HS384", "HS512"]) {
        assert_eq!(seen["header"], json!({"typ": "JWT", "alg": algorithm, "kid": "k1"}));
        let claims = &seen["claims"];
        assert_eq!((&claims["sub"], &claims["n"]), (&json!("ada"), &json!(4)));
        assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|at| at + 60));
    }
}

#[test]
fn a_json_schema_may_come_from_a_file_beside_the_plan() {
    let folder = Folder::new().unwrap();
    let schema =
        r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}"#;
    folder.write("order.schema.json", schema).unwrap();
    let witness = Witness::start(|seen: &Seen| match seen.path() {
        "/good" => reply(200, &[], r#"{"id": 7}"#),
        _ => reply(200, &[], r#"{"id": "7"}"#),
    });
    let check = json!([{"type": "json_schema", "file": "order.schema.json"}]);
    let tasks = ["/good", "/bad"]
        .map(|url| json!({"method": "get", "request_url": url, "name": url, "assertions": check}));
    let run = run(&folder, "http_user", &witness.unwrap().url(), &json!(tasks));
    let text = r#"json_schema: "7" is not of type "integer" at /id"#;
    assert_eq!(run.failures(), [("assertion".to_owned(), text.to_owned(), 1)]);
    assert_eq!(run.count("/per_name/~1bad/failures"), 1);
}
