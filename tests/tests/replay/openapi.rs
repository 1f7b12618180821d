//! Specifications: every request of the plan is sent to prism, which checks it against the
//! specification it came from. What prism wrongly has something against is judged by
//! `tests/peers/openapi.py`, which has openapi-core.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ld_tests::command::Folder;
use ld_tests::python::Python;
use ld_tests::witness::{Seen, Witness, reply};
use ld_tests::{cases, node};
use serde_json::{Value, json};

use crate::corpus::copy_all;
use crate::{corpus, import, plans_are_as_expected};

/// Requests that prism does not take although nothing is wrong with them, as the other judge says:
/// the file, the request, why.
const KNOWN: &[(&str, &str, &str)] = &[
    ("own-bodies.yaml", "POST /form", "prism keeps the last of several fields of a name"),
    ("own-bodies.yaml", "POST /upload", "prism takes a part that is JSON for text"),
    ("own-bodies.yaml", "POST /xml", "prism reads no XML"),
    ("own-crud.yaml", "POST /users", "prism does not take back its own realm `*`"),
    ("own-filters.yaml", "GET /matrix/;p=1,2", "prism gives up at a list with `;` in a path"),
    ("own-parameters.yaml", "GET /simple/", "prism gives up at an object in a path"),
    (
        "own-parameters.yaml",
        "GET /query",
        "prism decodes a query before it takes its lists and objects apart",
    ),
    (
        "own-v31-schemas.yaml",
        "POST /kitchen-sink",
        "prism takes `items: false` for all items, also for those that `prefixItems` describes",
    ),
    ("own-v2.yaml", "POST /login", "prism keeps the last of several fields of a name"),
    (
        "readme-parameters-style.yaml",
        "GET /anything/path/",
        "prism gives up at an object in a path",
    ),
    (
        "readme-parameters-style.yaml",
        "POST /anything/path/",
        "prism gives up at an object in a path",
    ),
    (
        "readme-parameters-style.yaml",
        "GET /anything/query/",
        "prism gives up at objects with delimiters of their own",
    ),
    (
        "readme-parameters-style.yaml",
        "POST /anything/form-data/form",
        "prism wants the commas between items encoded, which nobody decodes in parts",
    ),
    (
        "readme-parameters-style.yaml",
        "POST /anything/form-data/spaceDelimited",
        "prism gives up at objects with delimiters of their own",
    ),
    (
        "readme-parameters-style.yaml",
        "POST /anything/form-data/pipeDelimited",
        "prism gives up at objects with delimiters of their own",
    ),
    (
        "readme-parameters-style.yaml",
        "POST /anything/form-data",
        "prism reads lists and objects in forms only where `encoding` says how",
    ),
    (
        "readme-file-uploads.yaml",
        "PUT /anything/multipart-formdata",
        "prism reads several files of one field as one",
    ),
    (
        "readme-polymorphism.json",
        "PATCH /pets",
        "what fits a cat fits a dog; that the discriminator tells them apart prism does not know",
    ),
    (
        "readme-security-multiple.yaml",
        "POST /anything/and",
        "two schemes that both need the one header `Authorization`",
    ),
    (
        "twilio-api-v2010.yaml",
        "POST /2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Calls/CAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Recordings.json",
        "prism keeps the last of several fields of a name",
    ),
    (
        "twilio-api-v2010.yaml",
        "POST /2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/ConnectApps/CNaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json",
        "prism keeps the last of several fields of a name",
    ),
    (
        "twilio-api-v2010.yaml",
        "POST /2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Messages.json",
        "prism keeps the last of several fields of a name",
    ),
];

/// The specifications of a folder, and of folders in it that hold one in several files.
fn specifications(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for extension in ["json", "yaml"] {
        found.extend(cases::files(folder, extension).unwrap());
    }
    for entry in fs::read_dir(folder).unwrap() {
        let several = entry.unwrap().path();
        let roots = ["openapi.yaml", "spec/swagger.json"].map(|name| several.join(name));
        found.extend(roots.into_iter().filter(|path| path.exists()));
    }
    found.retain(|path| !path.to_str().unwrap().ends_with(".plan.json"));
    found.sort();
    found
}

/// The name of a specification below its folder.
fn name_of<'p>(path: &'p Path, folder: &Path) -> &'p str {
    path.strip_prefix(folder).unwrap().to_str().unwrap()
}

#[test]
fn plans_of_specifications_are_as_expected() {
    let cases = cases::folder("importers/openapi");
    plans_are_as_expected(specifications(&cases), |case| {
        let folder = Folder::new().unwrap();
        copy_all(&cases, folder.path());
        import(&folder, name_of(case, &cases))
    });
}

#[test]
fn requests_of_imported_specifications_are_valid_by_them() {
    prove(&cases::folder("importers/openapi"), 60);
}

#[test]
fn requests_of_the_corpus_are_valid_by_it() {
    if let Some(corpus) = corpus("openapi") {
        prove(&corpus, 300);
    }
}

fn prove(folder: &Path, least: usize) {
    let (mut valid, mut told) = (0, Vec::new());
    let mut met: HashSet<&(&str, &str, &str)> = HashSet::new();
    let judge = Arc::new(Python::start("openapi").unwrap());
    for case in specifications(folder) {
        let name = name_of(&case, folder);
        // It has nothing but what the server sends.
        if name == "oai31-webhook-example.yaml" {
            continue;
        }
        let outcomes = outcomes(folder, name, &judge);
        for (at, Outcome { request, problem, other }) in outcomes.iter().enumerate() {
            // What is asked for credentials is sent once more with them.
            let is_asked = problem.as_ref().is_some_and(|text| text.contains("UNAUTHORIZED"));
            if is_asked && outcomes.get(at + 1).is_some_and(|next| next.request == *request) {
                continue;
            }
            let known = |(file, start, _): &&(&str, &str, &str)| {
                // The whole path, or the start of one that ends so.
                let is_start = start.ends_with('/') && request.starts_with(start);
                let path = request.split('?').next().unwrap_or_default();
                *file == name && (is_start || path == *start)
            };
            let Some(problem) = problem else {
                valid += 1;
                continue;
            };
            let row = KNOWN.iter().find(known);
            met.extend(row);
            match (row, other) {
                (Some(_), None) => valid += 1,
                _ => told.push(format!("{name}: {request}: {problem}; {other:?}")),
            }
        }
    }
    let is_stale = |row: &&(&str, &str, &str)| folder.join(row.0).exists() && !met.contains(row);
    let stale: Vec<_> = KNOWN.iter().filter(is_stale).collect();
    assert!(stale.is_empty(), "these are valid: {stale:#?}");
    let all = valid + told.len();
    println!("{valid} of {all} requests valid");
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(valid * 100 >= all * 98, "only {valid} of {all} requests are valid");
    assert!(all >= least, "only {all} requests");
}

/// A request of a specification's plan.
struct Outcome {
    /// Its method and target.
    request: String,
    /// What prism has against it.
    problem: Option<String>,
    /// What the other judge has against it, who is asked when prism has something.
    other: Option<String>,
}

/// The requests of a specification's plan, and what becomes of them.
fn outcomes(cases: &Path, name: &str, judge: &Arc<Python>) -> Vec<Outcome> {
    let folder = Folder::new().unwrap();
    copy_all(cases, folder.path());
    let mut args = vec!["import", name, "-o", "plan.json", "--secrets", "secrets.env"];
    if name == "readme-parameters-style.yaml" {
        // All of its parameters are optional; and prism gives up when a header that may be a
        // list is not there.
        args.push("--optional");
    }
    let outcome = folder.call("ldc").unwrap().args(args).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
    let plan = fs::read_to_string(folder.path().join("plan.json")).unwrap();
    let prism = Mutex::new(Prism::start(&folder.path().join(name)).unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let judged = Arc::clone(&seen);
    let (judge, specification) = (Arc::clone(judge), folder.path().join(name));
    let witness = Witness::start(move |request| {
        if request.path() == "/witness-token" {
            return reply(200, &[("Content-Type", "application/json")], r#"{"access_token": "t"}"#);
        }
        let (bytes, problem) = prism.lock().unwrap().judge(request);
        let other = problem.as_ref().and_then(|_| judgement(&judge, &specification, request));
        let request = format!("{} {}", request.method, request.target);
        judged.lock().unwrap().push(Outcome { request, problem, other });
        bytes
    })
    .unwrap();
    folder.write("plan.json", pointed_at(&plan, &witness.url())).unwrap();
    let secrets = fs::read_to_string(folder.path().join("secrets.env")).unwrap();
    folder.write("secrets.env", secrets.replace("=\"\"", "=\"given\"")).unwrap();
    let args =
        ["run", "plan.json", "--users", "1", "--iterations", "1", "--secrets", "secrets.env", "-q"];
    // Prism takes its time.
    let call = folder.call("ldvm").unwrap().args(args).limit(Duration::from_secs(300));
    let outcome = call.run().unwrap();
    assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
    drop(witness);
    std::mem::take(&mut *seen.lock().unwrap())
}

/// What the judge beside prism has against a request.
fn judgement(judge: &Python, specification: &Path, request: &Seen) -> Option<String> {
    let asked = json!({
        "specification": specification, "method": request.method, "target": request.target,
        "headers": request.headers, "body": request.body,
    });
    let mut stream = TcpStream::connect(judge.addr()).unwrap();
    writeln!(stream, "{asked}").unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// A plan with all its origins, and where it gets tokens, at one server.
fn pointed_at(plan: &str, url: &str) -> String {
    fn tokens(value: &mut Value, url: &str) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if name == "token_url" {
                        *value = format!("{url}/witness-token").into();
                    }
                    tokens(value, url);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| tokens(item, url)),
            _ => {}
        }
    }
    let mut plan: Value = serde_json::from_str(plan).unwrap();
    tokens(&mut plan, url);
    let variables = plan["load_density"][0][1]["variables"].as_object_mut().unwrap();
    for (name, value) in variables {
        if name == "base_url"
            || name.ends_with("_url") && value.as_str().unwrap_or_default().contains("://")
        {
            *value = url.into();
        }
    }
    plan.to_string()
}

/// A mock server that checks requests against a specification; it ends when dropped.
struct Prism {
    specification: PathBuf,
    child: Child,
    addr: SocketAddr,
}

impl Prism {
    fn start(specification: &Path) -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay/prism.cjs");
        let mut child = Command::new(node::program("prism")?)
            .args(["mock", "--multiprocess", "false", "-p", &port.to_string()])
            .arg(specification)
            .env("NODE_OPTIONS", format!("--require={}", guard.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref() {
            if line?.contains("is listening") {
                // What it says later has to go somewhere.
                std::thread::spawn(move || lines.count());
                let addr = (Ipv4Addr::LOCALHOST, port).into();
                return Ok(Self { specification: specification.to_owned(), child, addr });
            }
        }
        let message = format!("prism does not start with {}", specification.display());
        Err(io::Error::other(message))
    }

    /// Its reply to a request, and what it has against the request.
    fn judge(&mut self, request: &Seen) -> (Vec<u8>, Option<String>) {
        match self.exchange(request) {
            Ok(bytes) if !bytes.is_empty() => {
                let problem = problem(&bytes);
                (bytes, problem)
            }
            _ => {
                if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                    *self = Self::start(&self.specification.clone()).unwrap();
                }
                (reply(502, &[("Connection", "close")], ""), Some("prism gives up".to_owned()))
            }
        }
    }

    fn exchange(&self, request: &Seen) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(Duration::from_secs(15)))?;
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        for (name, value) in &request.headers {
            if !name.eq_ignore_ascii_case("connection") {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str("Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(&request.body)?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply)?;
        Ok(reply)
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a reply of prism says is wrong with the request: a problem of its own that is not about
/// the specification, or violations that are in the request.
fn problem(reply: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(reply);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let problems = [
        "UNPROCESSABLE_ENTITY",
        "NO_PATH_MATCHED",
        "NO_METHOD_MATCHED",
        "UNAUTHORIZED",
        "NO_SERVER",
        "INVALID_CONTENT_TYPE",
    ];
    if body.contains("stoplight.io/prism/errors#") {
        // That a reply cannot be made up is not the request's fault.
        return problems.iter().any(|name| body.contains(name)).then(|| body.to_owned());
    }
    let violations = head.lines().find_map(|line| line.strip_prefix("sl-violations: "))?;
    let violations: Vec<Value> = serde_json::from_str(violations).unwrap_or_default();
    let of_request: Vec<String> = violations
        .iter()
        .filter(|violation| violation["location"][0] == "request")
        .map(Value::to_string)
        .collect();
    (!of_request.is_empty()).then(|| of_request.join(", "))
}
