//! What is taken out of drafts, and what is not.

use super::*;

fn after(mut task: Task) -> (Task, Vec<(String, String)>) {
    let mut secrets = Secrets::default();
    secrets.task(&mut task);
    (task, secrets.found.into_iter().map(|secret| (secret.name, secret.value)).collect())
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn tokens_keys_and_cookies_of_headers_are_taken_out() {
    let (task, found) = after(Task {
        headers: vec![
            pair("Authorization", "Bearer abc"),
            pair("X-Api-Key", "k1"),
            pair("Cookie", "theme=dark; sessionId=s1"),
            pair("Accept", "*/*"),
        ],
        ..Task::default()
    });
    assert_eq!(
        task.headers,
        [
            pair("Authorization", "Bearer ${secret.BEARER_TOKEN}"),
            pair("X-Api-Key", "${secret.API_KEY}"),
            pair("Cookie", "theme=dark; sessionId=${secret.SESSION_ID}"),
            pair("Accept", "*/*"),
        ]
    );
    assert_eq!(
        found,
        [pair("BEARER_TOKEN", "abc"), pair("API_KEY", "k1"), pair("SESSION_ID", "s1")]
    );
}

#[test]
fn basic_credentials_become_auth_with_a_secret_password() {
    let (task, found) = after(Task {
        headers: vec![pair("authorization", "Basic YWRhOnNlc2FtZQ==")],
        ..Task::default()
    });
    assert_eq!(
        task.fields.get("auth"),
        Some(&json!({"type": "basic", "username": "ada", "password": "${secret.PASSWORD}"}))
    );
    assert!(task.headers.is_empty());
    assert_eq!(found, [pair("PASSWORD", "sesame")]);
}

#[test]
fn bodies_and_queries_are_searched_by_the_names_of_their_fields() {
    let (task, found) = after(Task {
        url: "https://a.example/x?page=1&access_token=t1#f".to_owned(),
        fields: [
            ("json".to_owned(), json!({"user": "ada", "login": [{"password": "p1"}]})),
            ("data".to_owned(), json!("a=1&client_secret=t1")),
        ]
        .into_iter()
        .collect(),
        ..Task::default()
    });
    assert_eq!(task.url, "https://a.example/x?page=1&access_token=${secret.ACCESS_TOKEN}#f");
    assert_eq!(
        task.fields.get("json"),
        Some(&json!({"user": "ada", "login": [{"password": "${secret.PASSWORD}"}]}))
    );
    assert_eq!(task.fields.get("data"), Some(&json!("a=1&client_secret=${secret.ACCESS_TOKEN}")));
    assert_eq!(found, [pair("ACCESS_TOKEN", "t1"), pair("PASSWORD", "p1")]);
}

#[test]
fn texts_of_bodies_are_searched_whatever_type_they_have() {
    let data = |text: &str| {
        let fields = std::iter::once(("data".to_owned(), json!(text))).collect();
        let (task, found) = after(Task { fields, ..Task::default() });
        let text = task.fields.get("data").and_then(Value::as_str).map(str::to_owned);
        (text.unwrap(), found)
    };
    let (text, found) = data(
        r#"{"a": "password", "password" : "hun\"ter2", "pin":1234, "n": ${env.N}, "token": null,"#,
    );
    assert_eq!(
        text,
        r#"{"a": "password", "password" : "${secret.PASSWORD}", "pin":${secret.PIN}, "n": ${env.N}, "token": null,"#
    );
    assert_eq!(found, [pair("PASSWORD", r#"hun\"ter2"#), pair("PIN", "1234")]);
    let (text, found) =
        data("<a><s:Password t='1'>x y</s:Password><password/><secret><b>c</b></secret>");
    assert_eq!(
        text,
        "<a><s:Password t='1'>${secret.PASSWORD}</s:Password><password/><secret><b>c</b></secret>"
    );
    assert_eq!(found, [pair("PASSWORD", "x y")]);
    for text in ["{\"password\":\"", "[\"", "<", "<password", "<password>"] {
        assert_eq!(data(text), (text.to_owned(), vec![]));
    }
}

#[test]
fn numbers_that_are_secret_stay_numbers() {
    let fields = std::iter::once(("json".to_owned(), json!({"pin": 1234}))).collect();
    let (task, found) = after(Task { fields, ..Task::default() });
    assert_eq!(task.fields.get("json"), Some(&json!({"pin": "${json([${secret.PIN}], 0)}"})));
    assert_eq!(found, [pair("PIN", "1234")]);
}

#[test]
fn passwords_in_urls_are_taken_out() {
    let (task, found) = after(Task {
        url: "http://ada:p1@a.example:81/x@y:z".to_owned(),
        fields: std::iter::once(("proxy".to_owned(), json!("http://pu:p2@b.example:1"))).collect(),
        ..Task::default()
    });
    assert_eq!(task.url, "http://ada:${secret.PASSWORD}@a.example:81/x@y:z");
    assert_eq!(
        task.fields.get("proxy"),
        Some(&json!("http://pu:${secret.PROXY_PASSWORD}@b.example:1"))
    );
    assert_eq!(found, [pair("PASSWORD", "p1"), pair("PROXY_PASSWORD", "p2")]);
}

#[test]
fn what_looks_like_a_placeholder_in_a_secret_is_part_of_it() {
    let headers = vec![pair("X-Api-Key", "a${concat($)}{b}")];
    let (task, found) = after(Task { headers, ..Task::default() });
    assert_eq!(task.headers, [pair("X-Api-Key", "${secret.API_KEY}")]);
    assert_eq!(found, [pair("API_KEY", "a${b}")]);
}

#[test]
fn secret_variables_are_read_as_secrets_and_set_at_the_start_when_they_change() {
    let task = Task {
        url: "/x?p=${password}".to_owned(),
        headers: vec![pair("X-A", "${token}")],
        extract: vec![json!({"var": "token", "path": "token"})],
        ..Task::default()
    };
    let mut draft = Draft::of_steps(vec![task.into()]);
    draft.variables.insert("password".to_owned(), json!("sesame"));
    draft.variables.insert("token".to_owned(), json!("t1"));
    let found = run(&mut draft);
    assert_eq!(found.len(), 2);
    assert!(draft.variables.is_empty());
    let task = draft.tasks()[0];
    assert_eq!(task.url, "/x?p=${secret.PASSWORD}");
    assert_eq!(task.headers, [pair("X-A", "${token}")]);
    let [Step::Block(block)] = draft.scenarios[0].on_start.as_slice() else { panic!() };
    assert_eq!(block.head.get("set"), Some(&json!({"token": "${secret.TOKEN}"})));
}

#[test]
fn placeholders_and_empty_values_stay() {
    let (task, found) = after(Task {
        headers: vec![pair("Authorization", "Bearer ${env.TOKEN}"), pair("X-Api-Key", "")],
        ..Task::default()
    });
    assert_eq!(task.headers, [pair("Authorization", "Bearer ${env.TOKEN}"), pair("X-Api-Key", "")]);
    assert!(found.is_empty());
}

#[test]
fn urls_in_headers_paths_attributes_and_tokens_anywhere_are_searched() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.q1w2e3r4t5y6u7i8";
    let (task, found) = after(Task {
        url: "https://a.example/x;jsessionid=j1/y".to_owned(),
        headers: vec![
            pair("Referer", "https://a.example/in?access_token=t1&x=1"),
            pair("X-Amz-Security-Token", "z1"),
        ],
        fields: std::iter::once((
            "data".to_owned(),
            json!("<a><login user=\"ada\" token=\"x1\"/><otp>77</otp></a>"),
        ))
        .collect(),
        ..Task::default()
    });
    assert_eq!(task.url, "https://a.example/x;jsessionid=${secret.JSESSIONID}/y");
    assert_eq!(
        task.headers,
        [
            pair("Referer", "https://a.example/in?access_token=${secret.ACCESS_TOKEN}&x=1"),
            pair("X-Amz-Security-Token", "${secret.AMZ_SECURITY_TOKEN}"),
        ]
    );
    assert_eq!(
        task.fields.get("data"),
        Some(&json!(
            "<a><login user=\"ada\" token=\"${secret.TOKEN}\"/><otp>${secret.OTP}</otp></a>"
        ))
    );
    let values: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["t1", "z1", "j1", "x1", "77"]);

    let task = Task { url: format!("https://a.example/in/{jwt}/x"), ..Task::default() };
    let mut draft = Draft::of_steps(vec![Step::Task(Box::new(task))]);
    let found = run(&mut draft);
    assert_eq!(draft.tasks()[0].url, "https://a.example/in/${secret.JWT}/x");
    assert_eq!(found[0].value, jwt);
}

#[test]
fn what_blocks_set_is_searched_by_the_names_of_variables() {
    let set =
        Step::simple("set", json!({"pass": "hunter2", "user": "ada", "token": {"expr": "a"}}));
    let mut draft = Draft::of_steps(vec![Step::group("g", vec![set])]);
    let secrets = run(&mut draft);
    assert_eq!(secrets.first().map(|secret| secret.value.as_str()), Some("hunter2"));
    let said = format!("{draft:?}");
    assert!(said.contains("${secret.PASS}") && !said.contains("hunter2"), "{said}");
}
