//! JMeter test plans.

use std::fs;
use std::path::{Path, PathBuf};

use ld_tests::command::Folder;
use ld_tests::recorder::{Recorded, Recorder};
use ld_tests::witness::reply;
use ld_tests::{cases, jmeter};
use serde_json::{Map, Value, json};

use crate::answers;
use crate::compare::{Body, Differences, Request, requests};
use crate::plans_are_as_expected;

/// Plans that JMeter cannot run with one user in one round, or at all, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("j2k6-full.jmx", "it has elements of plugins that are not there"),
    ("jm-adv-web.jmx", "its data file has to be made first"),
    ("jm-csv-sample.jmx", "it makes no requests, and its data files are not there"),
    ("jm-jdbc.jmx", "it makes no requests"),
    ("jm-recording-template.jmx", "there is nothing in it"),
    ("jp-jsonpath.jmx", "it has elements of plugins that are not there"),
    ("jp-stepping.jmx", "it makes no requests"),
    ("jp-throughput-shaping.jmx", "it makes no requests"),
    ("own-arrivals.jmx", "its groups of plugins have many users, and take minutes"),
    ("own-jdbc.jmx", "its JMeter has no driver of JDBC; `tests/tests/sql.rs` runs its plan"),
    ("own-protocols.jmx", "it has elements of plugins that are not there"),
    ("own-stepping.jmx", "its groups of plugins have many users, and take minutes"),
    ("own-tcp.jmx", "the sampler of TCP is not there, and it makes no requests of HTTP"),
    ("own-websocket.jmx", "it has elements of plugins that are not there"),
    ("tr-all-controllers.jmx", "one of its loops has no end"),
    ("tr-assertions.jmx", "it has elements of plugins that are not there"),
    ("tr-extractors.jmx", "it has elements of plugins that are not there"),
    ("tr-files-paths.jmx", "JMeter sends no URL with a variable that nothing sets"),
    ("tr-threadgroups.jmx", "its groups of plugins have more users and rounds than one"),
    ("tr-ultimate.jmx", "it makes no requests"),
];

/// Requests that differ, and why.
const KNOWN: &[(&str, usize, &str)] = &[
    (
        "jm-regex-user-parameters.jmx",
        1,
        "the parameters are found in what a Java request of JMeter gives to itself: a step to be written",
    ),
    (
        "jm-test-http.jmx",
        1,
        "where the sampler says no encoding, JMeter writes names of parts in ASCII, and `?` for the rest",
    ),
];

/// What Java's own client asks for by itself, in place of all.
const JAVA_ACCEPTS: &str = "text/html, image/gif, image/jpeg, */*; q=0.2";

/// Files that test plans name and that JMeter's own folder has.
const BROUGHT_ALONG: &[(&str, &str)] = &[("user.properties", "# none\nsample.setting=1\n")];

/// Settings of test plans, and what they are when one user goes round once and waits for nothing.
const CUT: &[(&str, &str)] = &[
    ("ThreadGroup.num_threads", "1"),
    ("ThreadGroup.ramp_time", "0"),
    ("ThreadGroup.scheduler", "false"),
    ("ThreadGroup.delay", "0"),
    ("TestPlan.serialize_threadgroups", "true"),
    ("ConstantTimer.delay", "0"),
    ("RandomTimer.range", "0"),
    ("ActionProcessor.duration", "0"),
    ("throughput", "6000000"),
];

#[test]
fn plans_of_test_plans_are_as_expected() {
    let cases = cases::files(&cases::folder("importers/jmeter"), "jmx").unwrap();
    plans_are_as_expected(cases, |case| import(&folder(case), &name(case)));
}

#[test]
fn imported_test_plans_send_what_jmeter_sends() {
    let mut plans = cases::files(&cases::folder("importers/jmeter"), "jmx").unwrap();
    let here: Vec<String> = plans.iter().map(|plan| name(plan)).collect();
    plans.extend(corpus().into_iter().filter(|plan| !here.contains(&name(plan))));
    let mut differences = Differences::default();
    for plan in plans {
        let name = name(&plan);
        if NOT_RUN.iter().any(|(known, _)| *known == name) {
            continue;
        }
        if std::env::var("LD_ONLY").is_ok_and(|only| !name.contains(&only)) {
            continue;
        }
        let folder = folder(&plan);
        let theirs = requests(&Recorder::start_with(answer).unwrap(), |recorder| {
            let source = fs::read_to_string(folder.path().join(&name)).unwrap();
            let cut = folder.write("cut.jmx", cut(&source)).unwrap();
            jmeter::run(&cut, recorder.addr()).unwrap();
        });
        let ours = requests(&Recorder::start_with(answer).unwrap(), |recorder| {
            let (plan, _) = import(&folder, &name);
            for (number, plan) in alone(serde_json::from_str(&plan).unwrap()).iter().enumerate() {
                let file = format!("plan-{number}.json");
                folder.write(&file, plan.to_string()).unwrap();
                run(&folder, &file, &recorder.connect_to());
            }
        });
        differences.between(&name, &alike(theirs), &alike(ours));
    }
    if std::env::var_os("LD_ONLY").is_some() {
        return differences.at_most(0, 0);
    }
    let known = KNOWN.iter().map(|(_, number, _)| number).sum();
    differences.at_most(known, 50);
}

fn answer(asked: &Recorded) -> Vec<u8> {
    if asked.host == "rich.example" {
        return answers::rich(asked);
    }
    reply(200, &[("Content-Type", "application/json")], "{}")
}

fn name(plan: &Path) -> String {
    plan.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The test plans beside the project, where they are.
fn corpus() -> Vec<PathBuf> {
    crate::corpus("jmeter").map(|folder| cases::files(&folder, "jmx").unwrap()).unwrap_or_default()
}

/// A folder with a test plan and the files that the cases name.
fn folder(plan: &Path) -> Folder {
    let folder = Folder::new().unwrap();
    for entry in fs::read_dir(plan.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let is_data = path.extension().is_some_and(|found| found == "csv" || found == "txt");
        if is_data || path == plan {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    for (name, content) in BROUGHT_ALONG {
        folder.write(name, content).unwrap();
    }
    folder
}

fn import(folder: &Folder, file: &str) -> (String, String) {
    let args = ["import", file, "-o", "plan.json", "--secrets", "secrets.env"];
    let outcome = folder.call("ldc").unwrap().args(args).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{file}: {}", outcome.stderr);
    (fs::read_to_string(folder.path().join("plan.json")).unwrap(), outcome.stderr)
}

fn run(folder: &Folder, plan: &str, connect_to: &str) {
    let mut args = vec!["run", plan, "--users", "1", "--iterations", "1", "-q"];
    args.extend(["--insecure", "--connect-to", connect_to]);
    if folder.path().join("secrets.env").exists() {
        args.extend(["--secrets", "secrets.env"]);
    }
    let outcome = folder.call("ldvm").unwrap().args(args).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

/// A test plan whose groups have one thread that goes round once, one after the other.
fn cut(source: &str) -> String {
    let mut text = source.to_owned();
    for (name, value) in CUT {
        text = set_all(&text, name, value);
    }
    let mut cut = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("name=\"ThreadGroup.main_controller\"") {
        let end = at + rest[at..].find("</elementProp>").unwrap();
        cut.push_str(&rest[..at]);
        let controller = set_all(&rest[at..end], "LoopController.loops", "1");
        cut.push_str(&set_all(&controller, "LoopController.continue_forever", "false"));
        rest = &rest[end..];
    }
    cut + rest
}

/// Sets a property wherever it stands.
fn set_all(text: &str, name: &str, value: &str) -> String {
    let mark = format!("name=\"{name}\">");
    let mut pieces = text.split(mark.as_str());
    let mut set = pieces.next().unwrap().to_owned();
    for piece in pieces {
        set.push_str(&mark);
        let text = piece.trim_start();
        // A number may have its value in an element of its own.
        if text.starts_with("<value>") {
            set.push_str("<value>");
        }
        set.push_str(value);
        let skipped = if text.starts_with("<value>") { "<value>".len() } else { 0 };
        set.push_str(&text[skipped + text[skipped..].find('<').unwrap()..]);
    }
    set
}

/// The plan for each of its scenarios, with what says how many users there are and how long they
/// wait left out.
fn alone(mut plan: Value) -> Vec<Value> {
    without_pauses(&mut plan);
    let run = plan["load_density"][0][1].as_object_mut().unwrap();
    without_load(run);
    let Some(Value::Object(scenarios)) = run.remove("scenarios") else { return vec![plan] };
    let run = run.clone();
    scenarios
        .into_iter()
        .map(|(_, scenario)| {
            let mut run = run.clone();
            let mut scenario = scenario.as_object().unwrap().clone();
            without_load(&mut scenario);
            run.extend(scenario);
            json!({"load_density": [["LD_start_test", run]]})
        })
        .collect()
}

fn without_load(arguments: &mut Map<String, Value>) {
    let load = ["user_count", "spawn_rate", "load_shape", "shape_config", "arrival"];
    arguments.retain(|key, _| {
        !load.contains(&key.as_str())
            && !matches!(key.as_str(), "iterations" | "start_after" | "test_time")
    });
}

fn without_pauses(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("throttle");
            if let Some(pause) = members.get_mut("pause") {
                *pause = json!(0);
            }
            members.values_mut().for_each(without_pauses);
        }
        Value::Array(items) => items.iter_mut().for_each(without_pauses),
        _ => {}
    }
}

/// Leaves out what JMeter adds for itself: its name, the connection to the proxy, and the encoding
/// of forms. `Accept: */*`, which asks for what is sent without it, counts as none. Parts of forms
/// are compared by name, file name and content.
fn alike(requests: Vec<Request>) -> Vec<Request> {
    requests
        .into_iter()
        .map(|mut request| {
            request.headers.retain(|(name, value)| match name.as_str() {
                "proxy-connection" => false,
                "user-agent" => {
                    !value.starts_with("Apache-HttpClient/") && !value.starts_with("Java/")
                }
                "accept" => value != "*/*" && value != JAVA_ACCEPTS,
                // What the type of nothing is does not matter.
                "content-type" => request.body != Body::Text(String::new()),
                _ => true,
            });
            for (name, value) in &mut request.headers {
                if name == "content-type" {
                    let form = "application/x-www-form-urlencoded";
                    if value.starts_with(form) {
                        form.clone_into(value);
                    }
                    if value.starts_with("multipart/form-data") {
                        "multipart/form-data".clone_into(value);
                    }
                }
            }
            // There are two ways to write a blank.
            if let Some((path, query)) = request.target.split_once('?') {
                request.target = format!("{path}?{}", query.replace('+', "%20"));
            }
            let is_form = request.headers.iter().any(|(_, value)| value == "multipart/form-data");
            if is_form && let Body::Text(text) = &request.body {
                request.body = Body::Text(parts(text));
            }
            request
        })
        .collect()
}

/// The parts of a form without how they are encoded.
fn parts(text: &str) -> String {
    text.split("--BOUNDARY")
        .filter_map(|part| {
            let (head, content) = part.split_once("\r\n\r\n")?;
            let head = head
                .lines()
                .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
            Some(format!("{head}\n{content}\n"))
        })
        .collect()
}
