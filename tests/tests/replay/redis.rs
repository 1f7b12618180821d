//! Scripts with clients of Redis, against a real Redis and a web server.

use std::process::{Command, Stdio};

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::python::{self, Python};
use ld_tests::redis::RedisServer;
use serde_json::Value;

use crate::import;

/// Commands with which clients greet a server.
const GREETINGS: &[&str] = &["auth", "client", "hello", "ping", "select"];

/// What servers saw: the commands in order, those that are sent at once, and the requests.
#[derive(Debug, PartialEq)]
struct Seen {
    commands: Vec<String>,
    at_once: Vec<String>,
    requests: Value,
}

/// What is seen while something is sent to the servers that an environment names.
fn seen(server: &RedisServer, send: impl FnOnce(&Folder, [(&str, String); 2])) -> Seen {
    assert_eq!(server.ask("FLUSHALL").unwrap(), "+OK\r\n");
    let web = Python::start("web").unwrap();
    let redis = format!("redis://127.0.0.1:{}/2", server.port());
    let addresses = [("WEB", web.addr().to_string()), ("REDIS", redis)];
    let folder = Folder::new().unwrap();
    let script = cases::folder("importers/k6").join("own-redis.js");
    folder.write("own-redis.js", std::fs::read(script).unwrap()).unwrap();
    let commands = server.seen(|| send(&folder, addresses)).unwrap();
    let mut requests = web.finish().unwrap();
    for request in requests.as_array_mut().unwrap() {
        // The port of the client, and who it is.
        let request = request.as_object_mut().unwrap();
        request.remove("connection");
        request.remove("headers");
    }
    let (mut at_once, commands): (Vec<_>, Vec<_>) = commands
        .iter()
        .map(|line| {
            let (name, arguments) = line.split_once("\" ").unwrap_or((line, ""));
            // Names of commands and options are read in either case.
            let arguments = arguments.replace("\"ex\"", "\"EX\"");
            format!("{} {arguments}", name.to_ascii_lowercase().replace('"', ""))
        })
        .filter(|line| !GREETINGS.iter().any(|greeting| line.contains(&format!(" {greeting} "))))
        .partition(|line| line.contains("at-once"));
    at_once.sort_unstable();
    Seen { commands, at_once, requests }
}

#[test]
fn imported_k6_scripts_say_to_redis_what_k6_says() {
    let server = RedisServer::start().unwrap();
    let original = seen(&server, |folder, addresses| {
        let mut command = Command::new("timeout");
        command.arg("50").arg(python::program("k6").unwrap()).args(["run", "--quiet"]);
        command.arg("own-redis.js").envs(addresses).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("level=error"), "{said}");
    });
    let imported = seen(&server, |folder, addresses| {
        import(folder, "own-redis.js");
        let args = ["run", "plan.json", "--secrets", "secrets.env", "-q", "--summary", "sum.json"];
        let call = folder.call("ldvm").unwrap().args(args);
        let call = addresses.iter().fold(call, |call, (name, value)| call.env(name, value));
        let outcome = call.run().unwrap();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let summary = folder.json("sum.json").unwrap();
        let failed = [&summary["totals"]["failures"], &summary["soft_failures"]];
        assert_eq!(failed, [0, 0], "{summary}");
    });
    assert_eq!(original.commands.len(), 47, "{original:#?}");
    assert_eq!(original.at_once.len(), 3);
    assert_eq!(imported, original);
}
