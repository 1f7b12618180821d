//! What a server sees of a plan, request by request, and what the run makes of its replies.
//!
//! A case is a plan `tests/cases/run/NAME.json` with a transcript `NAME.seen` beside it. Each plan
//! is run as it is, compiled, and compiled without preparing anything: all must look alike.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Seen, Witness, reply};

/// A site with something for every plan; `elsewhere` is where it redirects to other origins.
fn site(seen: &Seen, elsewhere: &str) -> Vec<u8> {
    const OK: &str = "{\"ok\":true}";
    let parts: Vec<_> = seen.path().split('/').skip(1).collect();
    match parts.as_slice() {
        ["here", status] => {
            reply(status.parse().unwrap(), &[("Location", "../landed?by=redirect#part")], "")
        }
        ["elsewhere", status] => {
            let target = format!("{elsewhere}/stranger");
            reply(status.parse().unwrap(), &[("Location", &target)], "")
        }
        ["loop"] => reply(302, &[("Location", "/loop")], ""),
        ["shop"] => {
            let items = r#"[{"id": 7, "price": 5}, {"id": 8, "price": 12.5, "tags": ["new"]}]"#;
            let body =
                format!(r#"{{"state": "paid", "a.b": [1], "error": null, "items": {items}}}"#);
            reply(200, &[("Age", "9"), ("Content-Type", "application/json")], &body)
        }
        ["page"] => {
            let cookies = ("Set-Cookie", "sid=a1; Path=/");
            let body =
                "<form><input type=hidden name=csrf value=t1></form><ul><li>Lamp<li>Cable</ul>";
            reply(200, &[cookies, ("Content-Type", "text/html")], body)
        }
        ["feed"] => {
            let body = "<r><item id='7'>Lamp</item><item id='8'>Cable</item></r>";
            reply(200, &[("Content-Type", "application/xml")], body)
        }
        ["token"] => {
            let headers = [("Content-Type", "application/json; charset=utf-8")];
            reply(201, &headers, r#"{"data":{"token":"t-1\"x","number":12.50}}"#)
        }
        ["cookies", "set"] => {
            let headers = [
                ("Set-Cookie", "sid=abc; Path=/; HttpOnly"),
                ("Set-Cookie", "deep=yes; Path=/deep"),
                ("Set-Cookie", "stranger=1; Domain=example.com"),
                ("Set-Cookie", "secure=1; Secure; Path=/"),
            ];
            reply(200, &headers, OK)
        }
        ["cookies", "end"] => reply(200, &[("Set-Cookie", "sid=; Path=/; Max-Age=0")], OK),
        ["status", status @ ("204" | "304")] => {
            format!("HTTP/1.1 {status} Status\r\n\r\n").into_bytes()
        }
        ["status", status] => reply(status.parse().unwrap(), &[], "{\"ok\":false}"),
        ["recorded", name] => {
            fs::read(cases::folder("wire").join(name).with_extension("reply")).unwrap()
        }
        _ if seen.method == "HEAD" => {
            let whole = reply(200, &[], OK);
            whole[..whole.len() - OK.len()].to_vec()
        }
        _ => reply(200, &[], OK),
    }
}

/// What runs side by side must not depend on, replaced by a word.
fn normal(text: &str, replaced: &[(String, &str)]) -> String {
    let mut text = text.to_owned();
    for (what, word) in replaced {
        text = text.replace(what, word);
    }
    text
}

fn describe(seen: &Seen, text: &mut String) {
    let Seen { method, target, headers, .. } = seen;
    let _ = writeln!(text, "{method} {target}");
    for (name, value) in headers {
        let _ = writeln!(text, "  {name}: {value}");
    }
    if !seen.body.is_empty() {
        let _ = writeln!(text, "\n  {:?}", seen.text());
    }
    text.push('\n');
}

/// Runs a file and writes down what the servers saw and what the summary says.
fn transcript(folder: &Folder, file: &str) -> String {
    let stranger = Witness::start(|_| reply(200, &[], "far away")).unwrap();
    let elsewhere = stranger.url();
    let witness = Witness::start(move |seen| site(seen, &elsewhere)).unwrap();
    let run = runs::call(folder, file, &["--connect-to"])
        .unwrap()
        .args([format!("127.0.0.1:8080:{}", witness.addr())])
        .args(["--seed", "7", "--threads", "1"])
        .env("LD_TEST_HOME", "/home/ada");
    let outcome = run.run().unwrap();
    assert_eq!(outcome.code, Some(0), "{file}: {outcome:#?}");
    let run = runs::finish(folder, outcome).unwrap();

    let replaced = [
        (witness.addr().to_string(), "WITNESS"),
        (stranger.addr().to_string(), "STRANGER"),
        (format!("ldvm/{}", env!("CARGO_PKG_VERSION")), "ldvm/VERSION"),
    ];
    let mut text = String::new();
    for same in witness.seen().chunk_by(|one, next| one == next) {
        if same.len() > 1 {
            let _ = write!(text, "{} times ", same.len());
        }
        describe(&same[0], &mut text);
    }
    for seen in stranger.seen() {
        text.push_str("stranger: ");
        describe(&seen, &mut text);
    }
    results(&run, &mut text);
    normal(&text, &replaced)
}

fn results(run: &Run, text: &mut String) {
    let _ = writeln!(text, "unresolved {}", run.count("/unresolved"));
    if let soft @ 1.. = run.count("/soft_failures") {
        let _ = writeln!(text, "soft failures {soft}");
    }
    for (name, figures) in run.summary["per_name"].as_object().unwrap() {
        let _ = write!(text, "{name}: {} requests", figures["requests"]);
        match figures["failures"].as_u64() {
            Some(0) => text.push('\n'),
            failures => {
                let _ = writeln!(text, ", {} failed", failures.unwrap());
            }
        }
        for error in run.summary["errors"].as_array().unwrap() {
            if error["name"] == *name {
                let (class, what) = (error["class"].as_str(), error["text"].as_str());
                let _ = writeln!(text, "  {}: {}", class.unwrap(), what.unwrap());
            }
        }
    }
}

fn case(name: &str) {
    let folder = Folder::new().unwrap();
    let plan = format!("{name}.json");
    runs::bring(&folder, &plan).unwrap();
    runs::bring(&folder, "people.csv").unwrap();
    let seen = transcript(&folder, &plan);
    cases::compare(&cases::folder("run").join(name).with_extension("seen"), &seen).unwrap();
    for passes in [[].as_slice(), &["--no-opt"]] {
        let compile = folder.call("ldc").unwrap();
        let compile = compile.args(["compile", &plan, "-o", "plan.ldb"]).args(passes);
        let compiled = compile.run().unwrap();
        assert_eq!(compiled.code, Some(0), "{compiled:#?}");
        let again = transcript(&folder, "plan.ldb");
        assert!(again == seen, "{name} compiled with {passes:?}\n{again}\n--- directly\n{seen}");
    }
}

#[test]
fn bodies_queries_and_headers() {
    case("bodies");
}

#[test]
fn placeholders() {
    case("placeholders");
}

#[test]
fn credentials() {
    case("auth");
}

#[test]
fn redirects() {
    case("redirects");
}

#[test]
fn cookies() {
    case("cookies");
}

#[test]
fn checks() {
    case("checks");
}

#[test]
fn extracts() {
    case("extracts");
}

#[test]
fn replies() {
    case("replies");
}
