//! k6 scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::python::{self, Python};
use ld_tests::recorder::{Recorded, Recorder};
use ld_tests::witness::reply;
use serde_json::json;

use crate::answers;
use crate::compare::{Body, Differences, Request, comparable};
use crate::{import, plans_are_as_expected, run_plan};

/// Cases that are not run side by side, and why.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("own-feed.js", "it is compared by what two servers have seen"),
    ("own-grpc-reflect.js", "it is compared by what a server has seen"),
    ("own-grpc.js", "it is compared by what a server has seen"),
    ("own-redis-options.js", "its servers are not there"),
    ("own-redis.js", "compared in redis.rs, with a server that speaks Redis"),
    ("own-scenarios.js", "its scenarios run at once, and for a minute"),
    ("own-stages.js", "its stages take minutes"),
    ("own-sql.js", "its k6 has no databases; `tests/tests/sql.rs` runs its plan"),
    ("own-sql-older.js", "its k6 has no databases"),
    ("own-todo.js", "it calls what is not there"),
    ("own-ws.js", "the recorder does not speak WebSocket with k6"),
];

/// The cases: scripts of the folder, without the modules that they import.
fn scripts() -> Vec<PathBuf> {
    let folder = cases::folder("importers/k6");
    let mut scripts = cases::files(&folder, "js").unwrap();
    scripts.extend(cases::files(&folder, "ts").unwrap());
    scripts
}

/// A folder with a script and what it needs. For k6 itself the libraries that it would load from
/// the network are files.
pub(crate) fn folder(script: &Path, for_k6: bool) -> Folder {
    let folder = Folder::new().unwrap();
    let cases = cases::folder("importers/k6");
    for within in ["lib", "data", "jslib"] {
        fs::create_dir_all(folder.path().join(within)).unwrap();
        for file in fs::read_dir(cases.join(within)).unwrap() {
            let file = file.unwrap();
            let name = format!("{within}/{}", file.file_name().to_str().unwrap());
            fs::copy(file.path(), folder.path().join(name)).unwrap();
        }
    }
    let protos = cases::folder("run/protos");
    fs::create_dir_all(folder.path().join("protos/common")).unwrap();
    for file in ["shop.proto", "common/money.proto"] {
        fs::copy(protos.join(file), folder.path().join("protos").join(file)).unwrap();
    }
    let mut text = fs::read_to_string(script).unwrap();
    if for_k6 {
        for (url, file) in [
            ("https://jslib.k6.io/k6-utils/1.4.0/index.js", "./jslib/utils.js"),
            ("https://jslib.k6.io/papaparse/5.1.1/index.js", "./jslib/papaparse.js"),
            ("https://jslib.k6.io/url/1.0.0/index.js", "./jslib/url.js"),
        ] {
            text = text.replace(url, file);
        }
    }
    folder.write(name(script), text).unwrap();
    folder
}

fn name(script: &Path) -> &str {
    script.file_name().unwrap().to_str().unwrap()
}

#[test]
fn plans_of_k6_scripts_are_as_expected() {
    plans_are_as_expected(scripts(), |script| {
        let folder = folder(script, false);
        let args = ["import", name(script), "-o", "plan.json"];
        let outcome = folder.call("ldc").unwrap().args(args).run().unwrap();
        assert_eq!(outcome.code, Some(0), "{}: {}", name(script), outcome.stderr);
        (fs::read_to_string(folder.path().join("plan.json")).unwrap(), outcome.stderr)
    });
}

#[test]
fn imported_k6_scripts_send_what_k6_sends() {
    let k6 = python::program("k6").unwrap();
    let mut differences = Differences::default();
    for script in scripts() {
        if NOT_COMPARED.iter().any(|(known, _)| *known == name(&script)) {
            continue;
        }
        if std::env::var("LD_ONLY").is_ok_and(|only| !name(&script).contains(&only)) {
            continue;
        }
        let original = recorded(|recorder| {
            let folder = folder(&script, true);
            run_k6(&k6, folder.path(), name(&script), &recorder.proxy_url());
        });
        let imported = recorded(|recorder| {
            let folder = folder(&script, false);
            import(&folder, name(&script));
            run_plan(&folder, &["--connect-to", &recorder.connect_to()]);
        });
        differences.between(name(&script), &original, &imported);
    }
    let least = if std::env::var_os("LD_ONLY").is_some() { 0 } else { 281 };
    differences.at_most(0, least);
}

/// Sends what a script does to the servers that an environment names.
type Send<'s> = dyn Fn(&Folder, [(&str, String); 2]) + 's;

#[test]
fn imported_k6_scripts_say_to_a_websocket_server_what_k6_says() {
    let script = cases::folder("importers/k6").join("own-feed.js");
    // What a web and a WebSocket server have seen.
    let seen = |send: &Send<'_>| {
        let (web, feed) = (Python::start("web").unwrap(), Python::start("websocket").unwrap());
        let addresses = [("WEB", web.addr().to_string()), ("FEED", feed.addr().to_string())];
        send(&folder(&script, false), addresses);
        let (mut web, feed) = (web.finish().unwrap(), feed.finish().unwrap());
        for request in web.as_array_mut().unwrap() {
            // The port of the client.
            request.as_object_mut().unwrap().remove("connection");
        }
        (web, feed)
    };
    let original = seen(&|folder, addresses| {
        let mut command = Command::new("timeout");
        command.arg("50").arg(python::program("k6").unwrap()).args(["run", "--quiet"]);
        command.arg(name(&script)).envs(addresses).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
    let imported = seen(&|folder, addresses| {
        import(folder, name(&script));
        let args = ["run", "plan.json", "--secrets", "secrets.env", "-q"];
        let call = folder.call("ldvm").unwrap().args(args);
        let call = addresses.iter().fold(call, |call, (name, value)| call.env(name, value));
        let outcome = call.run().unwrap();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    });
    assert_eq!(imported.0, original.0);
    for what in ["handshakes", "messages"] {
        assert_eq!(imported.1[what], original.1[what], "{what}");
    }
}

fn run_k6(k6: &Path, folder: &Path, script: &str, proxy: &str) {
    let mut command = Command::new("timeout");
    command.arg("50").arg(k6).args(["run", "--quiet", "--no-usage-report", "--no-summary"]);
    command.args(["--vus", "1", "--iterations", "1", script]).current_dir(folder);
    command.env("HTTP_PROXY", proxy).env("HTTPS_PROXY", proxy).env("NO_PROXY", "");
    let output = command.stdin(Stdio::null()).output().unwrap();
    // 99: a threshold was crossed.
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 99)), "{script}: {said}");
}

/// What a recorder sees that answers as the server of the cases would.
fn recorded(send: impl FnOnce(&Recorder)) -> Vec<Request> {
    let recorder = Recorder::start_with(answer).unwrap();
    send(&recorder);
    let host = recorder.addr().to_string();
    let recorded = recorder.recorded();
    let mut requests: Vec<Request> = recorded.iter().map(|one| comparable(one, &host)).collect();
    for request in &mut requests {
        // Braces in a query may be encoded or not.
        request.target = request.target.replace("%7B", "{").replace("%7D", "}");
        // The client says that JSON is welcome where it sends JSON; k6 says nothing.
        let by_default = ["*/*", "application/json"];
        request.headers.retain(|(name, value)| {
            let is_default = name == "accept" && by_default.contains(&value.as_str());
            let is_of_k6 = name == "user-agent" && value.starts_with("Grafana k6/");
            !(is_default || is_of_k6)
        });
        // k6 sends cookies in any order: it goes through a map of them.
        for (name, value) in &mut request.headers {
            if name == "cookie" {
                let mut cookies: Vec<&str> = value.split(';').collect();
                cookies.sort_unstable();
                *value = cookies.join(";");
            }
        }
        // JSON may have blanks, also where no type says that it is JSON.
        if let Body::Text(text) = &request.body
            && let Ok(json @ serde_json::Value::Object(_)) = serde_json::from_str(text)
        {
            request.body = Body::Json(json);
        }
        // k6 sends the parts of a form in any order.
        if let Body::Text(text) = &mut request.body {
            let mut parts: Vec<&str> = text.split("--BOUNDARY").collect();
            parts.sort_unstable();
            *text = parts.join("--BOUNDARY");
        }
    }
    in_order(&mut requests);
    requests
}

/// Requests that are made at once come in any order.
fn in_order(requests: &mut [Request]) {
    let at_once = [
        "/style.css",
        "/app.js",
        "/visit",
        "/logo.png",
        "/front",
        "/about",
        "/print/home",
        "/print/terms",
    ];
    let is_one = |request: &Request| {
        ["shop.example", "shop2.example"].contains(&request.host.as_str())
            && at_once.contains(&request.target.as_str())
    };
    for run in requests.chunk_by_mut(|one, other| is_one(one) && is_one(other)) {
        if run.first().is_some_and(is_one) {
            run.sort_by(|one, other| one.target.cmp(&other.target));
        }
    }
}

fn answer(asked: &Recorded) -> Vec<u8> {
    let target = &asked.request.target;
    if asked.host == "html.example" {
        let page = "<html><h1>Hello</h1><form><input name=csrf value='c5&amp;rf'></form>\
                    <!-- build=42 --></html>";
        let headers =
            [("Content-Type", "text/html"), ("X-Session", "s-1"), ("Set-Cookie", "sid=abc")];
        return reply(200, &headers, page);
    }
    if asked.host == "rich.example" {
        return answers::rich(asked);
    }
    let tried = target.split_once("try=").and_then(|(_, tried)| tried.parse::<u32>().ok());
    let body = json!({
        "id": 42, "token": "t0k3n", "user": {"id": 7}, "state": "done", "kind": "large",
        "total": 12, "n": tried, "items": [{"id": 1, "name": "Lamp"}, {"id": 2, "name": "Desk"}],
        "data": {"repository": {"issues": {"edges": [{"node": {"id": "I_7"}}]}}},
    });
    reply(200, &[("Content-Type", "application/json")], body.to_string())
}
