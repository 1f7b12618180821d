//! k6 scripts that call methods over gRPC, against what k6 calls.

use std::process::{Command, Stdio};

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::python::{self, Python};
use serde_json::Value;

use crate::import;
use crate::k6::folder;

/// What a server has seen of what `send` sends to its address: methods, metadata and messages, in
/// any order, because streams go on beside other calls.
fn seen(send: impl Fn(&str)) -> Vec<String> {
    let server = Python::start_with("grpc_shop", &["--reflection", "v1"]).unwrap();
    send(&server.addr().to_string());
    let mut seen = server.finish().unwrap();
    let calls = seen["calls"].as_array_mut().unwrap();
    for call in calls.iter_mut() {
        let call = call.as_object_mut().unwrap();
        // k6 has other time limits.
        call.retain(|key, _| !["peer", "has_deadline"].contains(&key.as_str()));
    }
    let mut calls: Vec<String> = calls.iter().map(Value::to_string).collect();
    calls.sort_unstable();
    calls
}

fn compare(name: &str, calls: usize) {
    let script = cases::folder("importers/k6").join(name);
    let original = seen(|address| {
        let folder = folder(&script, true);
        let mut command = Command::new("timeout");
        command.arg("50").arg(python::program("k6").unwrap());
        command.args(["run", "--quiet", "--no-usage-report", "--vus", "1", "--iterations", "1"]);
        command.arg(name).env("SHOP", address).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
    assert_eq!(original.len(), calls, "{original:#?}");
    let imported = seen(|address| {
        let folder: Folder = folder(&script, false);
        import(&folder, name);
        let args = ["run", "plan.json", "--users", "1", "--iterations", "1", "-q"];
        let call = folder.call("ldvm").unwrap().args(args).env("SHOP", address);
        let outcome = call.run().unwrap();
        assert_eq!(outcome.code, Some(0), "{} {}", outcome.stdout, outcome.stderr);
    });
    assert_eq!(imported, original, "{name}");
}

#[test]
fn imported_k6_scripts_call_what_k6_calls_by_files_of_protos() {
    compare("own-grpc.js", 5);
}

#[test]
fn imported_k6_scripts_call_what_k6_calls_by_reflection() {
    compare("own-grpc-reflect.js", 2);
}
