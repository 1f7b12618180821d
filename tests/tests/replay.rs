//! Imported plans against what the original tool sends.
//!
//! A case is a file in `tests/cases/importers/KIND`. Its plan, notes included, is beside it
//! (`NAME.plan.json`); and where the original tool can run it, both send their requests to a
//! server that keeps them, and the two lists must be equal but for what is said in
//! [`comparable`].
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::witness::{Seen, Witness, reply};
use serde_json::Value;

/// Where the commands of the cases send their requests.
const HOST: &str = "localhost:28139";

/// A folder with the files that the cases name.
fn folder(host: &str) -> Folder {
    let folder = Folder::new().unwrap();
    let files = [
        ("note.txt", "first line\nsecond = line\r\n"),
        ("headers.txt", "X-From: file\nX-Also: file\n"),
        (
            "calls.conf",
            "# a file of options\nurl = \"http://HOST/configured\"\n-H \"X-Quoted: \\\"q\\\"\"\nrequest = PATCH\ndata a=1\n",
        ),
        ("myfile.jpg", "not really a picture"),
        ("file.txt", "some text"),
        ("new_file", "more\ntext"),
        ("input_redirected_file.txt", "redirected"),
        ("test/fixtures/curl_commands/delete.sh", "curl -X DELETE"),
    ];
    for (name, content) in files {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        folder.write(name, content.replace("HOST", host)).unwrap();
    }
    folder
}

/// The plan of a case, as `ldc import` writes it.
fn import(folder: &Folder, file: &str) -> (String, String) {
    let args = ["import", file, "-o", "plan.json", "--secrets", "secrets.env", "--users", "1"];
    let outcome = folder.call("ldc").unwrap().args(args).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{file}: {}", outcome.stderr);
    (fs::read_to_string(folder.path().join("plan.json")).unwrap(), outcome.stderr)
}

#[test]
fn plans_of_curl_commands_are_as_expected() {
    let mut failures = Vec::new();
    for extension in ["sh", "txt"] {
        for case in cases::files(&cases::folder("importers/curl"), extension).unwrap() {
            let folder = folder(HOST);
            let name = case.file_name().unwrap().to_str().unwrap();
            fs::copy(&case, folder.path().join(name)).unwrap();
            let (plan, stderr) = import(&folder, name);
            assert!(!stderr.contains("error["), "{name}: {stderr}");
            failures.extend(cases::compare(&case.with_extension("plan.json"), &plan).err());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn imported_curl_commands_send_what_curl_sends() {
    let (mut equal, mut all) = (0, 0);
    let mut differences = Vec::new();
    for case in cases::files(&cases::folder("importers/curl"), "sh").unwrap() {
        let name = case.file_name().unwrap().to_str().unwrap();
        // What curl itself refuses: protocols and options that are not there, and `-d` with `-T`.
        if matches!(name, "own-dropped.sh" | "multiple_urls.sh") {
            continue;
        }
        let script = fs::read_to_string(&case).unwrap();
        let original = seen(|host| {
            let folder = folder(host);
            run_curl(folder.path(), &script.replace(HOST, host));
        });
        let imported = seen(|host| {
            let folder = folder(host);
            folder.write("case.sh", script.replace(HOST, host)).unwrap();
            import(&folder, "case.sh");
            run_plan(&folder);
        });
        all += original.len().max(imported.len());
        for number in 0..original.len().max(imported.len()) {
            let (theirs, ours) = (original.get(number), imported.get(number));
            if theirs == ours {
                equal += 1;
            } else {
                differences.push(format!(
                    "{name}, request {number}:\n  curl:  {theirs:?}\n  ldvm:  {ours:?}"
                ));
            }
        }
    }
    assert!(all >= 76, "only {all} requests");
    assert!(differences.is_empty(), "{equal} of {all} equal\n{}", differences.join("\n"));
}

/// What a server of its own sees while `send` runs.
fn seen(send: impl FnOnce(&str)) -> Vec<Request> {
    let witness = Witness::start(|_| reply(200, &[], "{}")).unwrap();
    let host = witness.addr().to_string();
    send(&host);
    witness.seen().iter().map(|seen| comparable(seen, &host)).collect()
}

fn run_curl(folder: &Path, script: &str) {
    let mut command = Command::new("timeout");
    command.args(["50", "bash", "-c", script]).current_dir(folder).env("DO_API_TOKEN", "do1");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    // Its exit code is that of the last command; what counts is what the server saw.
    assert!(status.unwrap().code().is_some_and(|code| code < 124), "{script}");
}

fn run_plan(folder: &Folder) {
    let args =
        ["run", "plan.json", "--users", "1", "--iterations", "1", "--secrets", "secrets.env", "-q"];
    let call = folder.call("ldvm").unwrap().env("DO_API_TOKEN", "do1").args(args);
    let outcome = call.limit(Duration::from_secs(50)).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

/// A request as far as the two must be alike.
#[derive(Debug, PartialEq)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Debug, PartialEq)]
enum Body {
    Json(Value),
    Text(String),
}

/// Leaves out who sends and how it is framed: the client's name unless the plan sets it, the
/// length of the body, the connection, and the codings we accept by default. Boundaries of forms
/// are random, JSON may have blanks, and there are two ways to write an encoded byte.
fn comparable(seen: &Seen, host: &str) -> Request {
    let content_type = seen.header("content-type").unwrap_or_default().to_owned();
    let boundary = content_type.split_once("boundary=").map(|(_, boundary)| boundary.to_owned());
    let blind = |text: &str| {
        let text = text.replace(host, "HOST");
        boundary.as_ref().map_or(text.clone(), |boundary| text.replace(boundary, "BOUNDARY"))
    };
    let mut headers: Vec<(String, String)> = seen
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), blind(value)))
        .filter(|(name, value)| match name.as_str() {
            "host" | "content-length" | "connection" | "expect" | "transfer-encoding" => false,
            "user-agent" => !value.starts_with("curl/") && !value.starts_with("ldvm/"),
            "accept-encoding" => value != "gzip, deflate, br",
            _ => true,
        })
        .map(|(name, value)| {
            // The blank between cookies is a matter of taste.
            let value = if name == "cookie" { value.replace("; ", ";") } else { value };
            (name, value)
        })
        .collect();
    headers.sort();
    let text = blind(&seen.text());
    let body = match serde_json::from_str(&text) {
        Ok(json) if content_type.contains("json") => Body::Json(json),
        _ => Body::Text(text),
    };
    Request { method: seen.method.clone(), target: encoded_alike(&seen.target), headers, body }
}

/// A target with the encodings of bytes in capitals, and braces encoded as browsers do.
fn encoded_alike(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut alike = path.replace('{', "%7B").replace('}', "%7D") + query;
    for at in 0..alike.len() {
        if alike.as_bytes()[at] == b'%'
            && let Some(digits) = alike.get(at + 1..at + 3)
        {
            alike.replace_range(at + 1..at + 3, &digits.to_ascii_uppercase());
        }
    }
    alike
}
