//! Postman collections, against newman.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::node;
use ld_tests::recorder::{Recorded, Recorder};
use ld_tests::witness::reply;
use serde_json::{Value, json};

use crate::compare::{Body, Differences, Request, requests};
use crate::{corpus, plans_are_as_expected};

/// Requests that differ for a reason: the case, the number of the request, and the reason.
const KNOWN: &[(&str, usize, &str)] = &[
    (
        "newman-set-next-request",
        1,
        "a script goes into the middle of requests that are made again; a note says so",
    ),
    (
        "xero-oauth2",
        2,
        "a variable without a value is nothing to a script and its name to a request; the plan has \
         the name for both",
    ),
];

/// Texts that are drawn at random: the case, and a pattern that both sides must match.
const DRAWN: &[(&str, &str)] = &[
    ("newman-dynamic-vars", r#"\("RandomId", "(?:\d{1,3}|1000)"\)"#),
    ("newman-echo-v2", r#"oauth_(?:nonce="\w{11,16}"|signature="[\w%]{28,40}")"#),
    ("newman-hawk-auth", r#"mac="[\w+/]{43}=""#),
];

/// What the servers of the collections answer, as far as later requests need it.
fn answer(recorded: &Recorded) -> Vec<u8> {
    let path = recorded.request.path();
    let body = if path.ends_with("/connections") {
        json!([{"TenantId": "tenant-1", "tenantId": "tenant-1", "id": "c1"}])
    } else {
        let author = json!({"username": "ann", "bio": null, "image": null, "following": true});
        let article = json!({
            "slug": "a-1", "title": "t", "description": "d", "body": "b", "tagList": ["x"],
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
            "favorited": true, "favoritesCount": 1, "author": author,
        });
        json!({
            "url": recorded.url(), "args": {}, "headers": {"host": recorded.host}, "form": {}, "data": {},
            "id": "id-7", "token": "token-7", "access_token": "access-7", "refresh_token": "refresh-7",
            "user": {"email": "ann@a.example", "username": "ann", "token": "token-8", "bio": "", "image": ""},
            "article": article, "articles": [article], "articlesCount": 1, "profile": author, "tags": ["x"],
            "comment": {"id": 5, "body": "b", "createdAt": "2026-01-01T00:00:00.000Z",
                        "updatedAt": "2026-01-01T00:00:00.000Z", "author": author},
            "items": [{"id": 11, "name": "first"}, {"id": 12, "name": "second"}],
        })
    };
    let headers = [("Content-Type", "application/json"), ("X-Request-Id", "r-7")];
    reply(200, &headers, body.to_string())
}

/// The collections of a folder, each with the environment and globals beside it.
fn collections(folder: &Path) -> Vec<Vec<PathBuf>> {
    let is_beside = |name: &str| {
        [".plan.json", ".environment.json", ".globals.json", ".file.json"]
            .iter()
            .any(|ending| name.ends_with(ending))
    };
    let files = cases::files(folder, "json").unwrap();
    let collections = files.iter().filter(|file| !is_beside(file.to_str().unwrap()));
    collections
        .map(|file| {
            let beside =
                ["environment.json", "globals.json"].map(|ending| file.with_extension(ending));
            // The environments of the corpus stand here.
            let here = cases::folder("importers/postman");
            let beside = beside.map(|path| {
                if path.is_file() { path } else { here.join(path.file_name().unwrap()) }
            });
            [file.clone()]
                .into_iter()
                .chain(beside.into_iter().filter(|path| path.is_file()))
                .collect()
        })
        .collect()
}

/// A folder with the collection, what is beside it, and the files that collections send.
fn folder(sources: &[PathBuf]) -> (Folder, Vec<String>) {
    let folder = Folder::new().unwrap();
    for (name, content) in [("note.txt", "a note\n"), ("photo.png", "not really a picture")] {
        folder.write(name, content).unwrap();
    }
    let names = sources.iter().map(|source| {
        let name = source.file_name().unwrap().to_str().unwrap().to_owned();
        fs::copy(source, folder.path().join(&name)).unwrap();
        name
    });
    let names = names.collect();
    (folder, names)
}

fn import(folder: &Folder, sources: &[String]) -> (String, String, Option<i32>) {
    let args = ["import", "postman"].into_iter().chain(sources.iter().map(String::as_str));
    let options = ["-o", "plan.json", "--secrets", "secrets.env", "--users", "1"];
    let outcome = folder.call("ldc").unwrap().args(args).args(options).run().unwrap();
    let plan = fs::read_to_string(folder.path().join("plan.json")).unwrap_or_default();
    (plan, outcome.stderr, outcome.code)
}

#[test]
fn plans_of_postman_collections_are_as_expected() {
    let collections = collections(&cases::folder("importers/postman"));
    plans_are_as_expected(collections.iter().map(|sources| sources[0].clone()), |case| {
        let sources = collections.iter().find(|sources| sources[0] == case).unwrap();
        let (folder, names) = folder(sources);
        let (plan, stderr, code) = import(&folder, &names);
        assert_eq!(code, Some(0), "{names:?}: {stderr}");
        (plan, stderr)
    });
}

#[test]
fn imported_postman_collections_send_what_newman_sends() {
    let mut differences = Differences::default();
    let excused = replay(&cases::folder("importers/postman"), &mut differences);
    differences.at_most(0, 200);
    differences.at_least_of_100(98, excused);
}

#[test]
fn the_postman_corpus_sends_what_newman_sends() {
    if let Some(folder) = corpus("postman") {
        let mut differences = Differences::default();
        let excused = replay(&folder, &mut differences);
        differences.at_most(0, 200);
        differences.at_least_of_100(98, excused);
    }
}

/// Compares the requests of collections; how many differ for a reason.
fn replay(cases: &Path, differences: &mut Differences) -> usize {
    let mut excused = 0;
    for sources in collections(cases) {
        let (folder, names) = folder(&sources);
        let (_, stderr, code) = import(&folder, &names);
        // Version 1 is refused.
        if code != Some(0) {
            assert!(stderr.contains("version 1"), "{names:?}: {stderr}");
            continue;
        }
        let start = || Recorder::start_with(answer).unwrap();
        let mut original =
            requests(&start(), |recorder| newman(folder.path(), &names, &recorder.proxy_url()));
        let mut imported = requests(&start(), |recorder| run(&folder, &recorder.connect_to()));
        let case = names[0].trim_end_matches(".json");
        (original, imported) = side_by_side(original, imported);
        for (number, (theirs, ours)) in original.iter_mut().zip(&mut imported).enumerate() {
            for (_, pattern) in DRAWN.iter().filter(|drawn| drawn.0 == case) {
                let pattern = regex::Regex::new(pattern).unwrap();
                for request in [&mut *theirs, &mut *ours] {
                    let headers = request.headers.iter_mut().map(|(_, value)| value);
                    let body = match &mut request.body {
                        Body::Text(text) => Some(text),
                        Body::Json(_) => None,
                    };
                    for text in headers.chain(body) {
                        *text = pattern.replace_all(text, "DRAWN").into_owned();
                    }
                }
            }
            if KNOWN.iter().any(|known| (known.0, known.1) == (case, number)) {
                assert_ne!(theirs, ours, "{case}, request {number} is equal, unlike what is said");
                *theirs = ours.clone();
                excused += 1;
            }
        }
        differences.between(case, &original, &imported);
    }
    excused
}

/// Both lists with what is missing in one of them marked there, so that one missing request does
/// not make all behind it differ.
fn side_by_side(mut theirs: Vec<Request>, mut ours: Vec<Request>) -> (Vec<Request>, Vec<Request>) {
    theirs.iter_mut().chain(&mut ours).for_each(alike);
    let missing = |like: &Request| Request { method: "(none)".to_owned(), ..like.clone() };
    let mut at = 0;
    while at < theirs.len() || at < ours.len() {
        let left = theirs.get(at..).unwrap_or_default();
        let right = ours.get(at..).unwrap_or_default();
        match (left, right) {
            ([first, ..], []) => ours.push(missing(first)),
            ([], [first, ..]) => theirs.push(missing(first)),
            ([left, ..], [right, ..]) if left == right => {}
            ([first, next, ..], [right, ..]) if next == right => ours.insert(at, missing(first)),
            ([left, ..], [first, next, ..]) if left == next => theirs.insert(at, missing(first)),
            _ => {}
        }
        at += 1;
    }
    (theirs, ours)
}

fn newman(folder: &Path, sources: &[String], proxy: &str) {
    let program = node::program("newman").unwrap();
    let mut command = Command::new("timeout");
    command.arg("100").arg(program).args(["run", &sources[0], "--insecure", "--silent"]);
    for source in &sources[1..] {
        let option = if source.ends_with(".globals.json") { "--globals" } else { "--environment" };
        command.args([option, source]);
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
        command.env(name, proxy);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy").current_dir(folder);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    // 1 when one of the collection's own tests fails.
    let code = status.unwrap().code();
    assert!(code.is_some_and(|code| code <= 1), "newman {sources:?}: {code:?}");
}

fn run(folder: &Folder, connect_to: &str) {
    let args = ["run", "plan.json", "--users", "1", "--iterations", "1", "-q", "--insecure"];
    let call = folder.call("ldvm").unwrap().args(args);
    let call = call.args(["--secrets", "secrets.env", "--connect-to", connect_to]);
    let outcome = call.limit(Duration::from_secs(100)).run().unwrap();
    assert!(outcome.code.is_some_and(|code| code <= 1), "{}", outcome.stderr);
}

/// Leaves out what newman says of itself, what is drawn anew by each of them, and the two ways to
/// write a blank in a form.
fn alike(request: &mut Request) {
    request.headers.retain(|(name, value)| match name.as_str() {
        "postman-token" | "x-amz-date" => false,
        "cache-control" => value != "no-cache",
        "user-agent" => !value.starts_with("PostmanRuntime/"),
        _ => true,
    });
    let algorithm = regex::Regex::new(r#"algorithm="([\w-]+)""#).unwrap();
    for (name, value) in &mut request.headers {
        if name == "authorization" && value.starts_with("AWS4-HMAC-SHA256") {
            "AWS4-HMAC-SHA256".clone_into(value);
        }
        if name == "authorization" && value.starts_with("Digest ") {
            // The name of the algorithm is a token (RFC 7616 §3.4); newman quotes it.
            *value = algorithm.replace(value, "algorithm=$1").into_owned();
        }
        *value = drawn_alike(value);
    }
    request.target = drawn_alike(&request.target);
    // Both ways to write these are understood alike.
    for char in ['^', '|', '{', '}', '"', '<', '>', '`', '\\'] {
        request.target = request.target.replace(char, &format!("%{:02X}", u32::from(char)));
    }
    let is_form = request.headers.iter().any(|(name, value)| {
        name == "content-type" && value.starts_with("application/x-www-form-urlencoded")
    });
    match &mut request.body {
        Body::Text(text) if is_form => {
            let pairs: Vec<(String, String)> =
                form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            *text = drawn_alike(&format!("{pairs:?}"));
        }
        Body::Text(text) => *text = drawn_alike(text),
        Body::Json(value) => json_alike(value),
    }
}

fn json_alike(value: &mut Value) {
    match value {
        Value::String(text) => *text = drawn_alike(text),
        Value::Array(items) => items.iter_mut().for_each(json_alike),
        Value::Object(members) => members.values_mut().for_each(json_alike),
        _ => {}
    }
}

/// A text with UUIDs and present times replaced by marks.
fn drawn_alike(text: &str) -> String {
    let hex = "[0-9a-fA-F]";
    let uuid = format!("{hex}{{8}}-{hex}{{4}}-{hex}{{4}}-{hex}{{4}}-{hex}{{12}}");
    let text = regex::Regex::new(&uuid).unwrap().replace_all(text, "UUID");
    let time = regex::Regex::new(r"\b1\d{9}(\d{3})?\b").unwrap();
    time.replace_all(&text, "TIME").into_owned()
}
