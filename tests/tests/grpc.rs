//! gRPC users against a server in Python.
#![cfg(test)]

use std::fs;

use ld_tests::cases;
use ld_tests::certificates::{Authority, Kind};
use ld_tests::command::Folder;
use ld_tests::python::Python;
use ld_tests::runs::{self, Run};
use serde_json::{Value, json};

/// Where the plan says what the messages are.
const BY_PROTO: &str = r#""proto": "protos/shop.proto""#;

/// The requests of each name: two users, three times.
const EACH: u64 = 6;

/// A folder with the plan, its descriptors from elsewhere.
fn folder(descriptors: &str) -> Folder {
    let folder = Folder::new().unwrap();
    fs::create_dir_all(folder.path().join("protos/common")).unwrap();
    for file in ["protos/shop.proto", "protos/common/money.proto"] {
        runs::bring(&folder, file).unwrap();
    }
    let plan = fs::read_to_string(cases::folder("run").join("grpc.json")).unwrap();
    assert!(plan.contains(BY_PROTO));
    folder.write("grpc.json", plan.replace(BY_PROTO, descriptors)).unwrap();
    folder
}

/// Requests of one name and how many of them failed.
fn of_name(run: &Run, name: &str) -> (u64, u64) {
    let figures = &run.summary["per_name"][name];
    let count = |key: &str| figures[key].as_u64().unwrap_or(u64::MAX);
    (count("requests"), count("failures"))
}

/// The failures of one name, all of one class and text.
fn failure(run: &Run, name: &str) -> (String, String) {
    let errors = run.summary["errors"].as_array().unwrap();
    let mut own = errors.iter().filter(|error| error["name"] == name);
    let error = own.next().unwrap_or_else(|| panic!("{name} did not fail: {errors:?}"));
    assert!(own.next().is_none(), "{name}: {errors:?}");
    (error["class"].as_str().unwrap().to_owned(), error["text"].as_str().unwrap().to_owned())
}

fn assert_as_planned(run: &Run) {
    for name in [
        "find",
        "list",
        "add",
        "chat",
        "metadata",
        "pairs",
        "shop_pb2_grpc.CatalogStub.Find",
        "missing as expected",
        "missing as checked",
        "slow as expected",
        "large",
    ] {
        assert_eq!(of_name(run, name), (EACH, 0), "{name}: {:#?}", run.summary["errors"]);
    }
    for (name, class, text) in [
        ("missing", "status", "NOT_FOUND: no item 'm': 100%"),
        ("not missing", "status", "expected NOT_FOUND, got OK"),
        ("broken off", "status", "UNAVAILABLE: no more"),
        ("slow", "timeout", "DEADLINE_EXCEEDED"),
        ("too large", "protocol", "RESOURCE_EXHAUSTED: a message is larger than the 1000 bytes"),
        ("no stream", "plan", "`rpc` says unary, and the descriptors say"),
        ("no field", "plan", "the payload is not a `shop.v1.FindRequest`: "),
        ("no method", "plan", "the service `shop.v1.Catalog` has no method `Lose`; it has Add,"),
        ("two of them", "plan", "several services are called `Orders`: shop.common.Orders, shop"),
    ] {
        assert_eq!(of_name(run, name), (EACH, EACH), "{name}");
        let errors = run.summary["errors"].as_array().unwrap();
        for error in errors.iter().filter(|error| error["name"] == name) {
            let told = error["text"].as_str().unwrap();
            assert!(told.starts_with(text) && error["class"] == class, "{name}: {error}");
        }
    }
}

/// What the server has seen of the calls of one method with this metadata.
fn calls<'s>(seen: &'s Value, method: &str, metadata: &Value) -> Vec<&'s Value> {
    let calls = seen["calls"].as_array().unwrap().iter();
    calls.filter(|call| call["method"] == method && call["metadata"] == *metadata).collect()
}

#[test]
fn calls_of_all_kinds_arrive_as_planned_and_come_to_what_is_planned() {
    for threads in ["1", "2"] {
        let server = Python::start("grpc_shop").unwrap();
        let args = ["--host", &server.addr().to_string(), "--threads", threads];
        let run = runs::run(&folder(BY_PROTO), "grpc.json", &args).unwrap();
        assert_as_planned(&run);
        // One channel for each user, whatever its calls came to.
        assert_eq!(run.count("/connections/opened"), 2);
        let seen = server.finish().unwrap();
        let none = json!([]);
        let finds = calls(&seen, "/shop.v1.Catalog/Find", &none);
        let of = |message: Value| {
            finds.iter().filter(|call| call["messages"] == json!([message])).count()
        };
        assert_eq!(of(json!({"name": "lamp", "size": 3})), 6);
        assert_eq!(of(json!({"name": "stub"})), 6);
        assert!(finds.iter().all(|call| call["has_deadline"] == true), "{finds:?}");
        let added = calls(&seen, "/shop.v1.Catalog/Add", &none);
        let items = json!([{"name": "a", "id": "42"}, {"name": "b", "part": {"name": "c"}, "kind": "SMALL"}]);
        assert!(added.len() == 6 && added.iter().all(|call| call["messages"] == items));
        let notes = json!([{"text": "one"}, {"text": "two"}]);
        let chats = calls(&seen, "/shop.v1.Catalog/Chat", &none);
        assert!(chats.len() == 6 && chats.iter().all(|call| call["messages"] == notes));
        let metadata = json!([
            ["authorization", "Bearer 42"],
            ["many", "1"],
            ["many", "2"],
            ["raw-bin", "000102"]
        ]);
        assert_eq!(calls(&seen, "/shop.v1.Catalog/Find", &metadata).len(), 6);
        let pairs = json!([["k", "2"], ["k", "lamp"]]);
        assert_eq!(calls(&seen, "/shop.v1.Catalog/Find", &pairs).len(), 6);
    }
}

#[test]
fn a_descriptor_set_says_what_files_say() {
    let folder = folder(r#""descriptor_set": "shop.protoset""#);
    let set = folder.path().join("shop.protoset");
    let server = Python::start_with("grpc_shop", &["--protoset", set.to_str().unwrap()]).unwrap();
    let args = ["--host", &server.addr().to_string()];
    assert_as_planned(&runs::run(&folder, "grpc.json", &args).unwrap());
}

#[test]
fn the_server_says_what_files_say_in_either_version_of_reflection() {
    for version in ["v1", "v1alpha"] {
        let server =
            Python::start_with("grpc_shop", &["--reflection", version, "--answers", "gzip"])
                .unwrap();
        let args = ["--host", &server.addr().to_string()];
        let run = runs::run(&folder(r#""reflection": true"#), "grpc.json", &args).unwrap();
        assert_as_planned(&run);
        assert_eq!(run.count("/connections/opened"), 2, "reflection goes over the channel");
    }
    let server = Python::start("grpc_shop").unwrap();
    let args = ["--host", &server.addr().to_string()];
    let run = runs::run(&folder(r#""reflection": true"#), "grpc.json", &args).unwrap();
    let (class, text) = failure(&run, "find");
    assert_eq!(class, "plan");
    assert_eq!(text, "the server has no reflection; give proto or descriptor_set");
}

#[test]
fn calls_go_over_tls_to_servers_that_are_trusted() {
    let authority = Authority::new().unwrap();
    let folder = folder(
        r#""proto": "protos/shop.proto", "verify": "ca.pem", "cert": ["client.pem", "client.key"]"#,
    );
    let (own, client) =
        (authority.sign(Kind::Server).unwrap(), authority.sign(Kind::Client).unwrap());
    for (name, pem) in [
        ("ca.pem", &authority.pem()),
        ("server.pem", &own.certificate_pem),
        ("server.key", &own.key_pem),
        ("client.pem", &client.certificate_pem),
        ("client.key", &client.key_pem),
    ] {
        folder.write(name, pem).unwrap();
    }
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key, ca) = (path("server.pem"), path("server.key"), path("ca.pem"));
    let options = ["--tls", cert.as_str(), key.as_str(), "--clients", ca.as_str()];
    let server = Python::start_with("grpc_shop", &options).unwrap();
    let host = format!("grpcs://{}", server.addr());
    assert_as_planned(&runs::run(&folder, "grpc.json", &["--host", &host]).unwrap());

    let plan = fs::read_to_string(folder.path().join("grpc.json")).unwrap();
    folder.write("grpc.json", plan.replace(r#""verify": "ca.pem", "#, "")).unwrap();
    let run = runs::run(&folder, "grpc.json", &["--host", &host]).unwrap();
    let (class, text) = failure(&run, "find");
    assert!(class == "tls" && text.contains("an authority that is not trusted"), "{text}");
    let host = server.addr().to_string();
    let run = runs::run(&folder, "grpc.json", &["--host", &host]).unwrap();
    assert_eq!(of_name(&run, "find"), (EACH, EACH), "TLS is not spoken unasked");
}

#[test]
fn nobody_who_listens_is_told() {
    let run = runs::run(&folder(BY_PROTO), "grpc.json", &["--host", "127.0.0.1:1"]).unwrap();
    let (class, text) = failure(&run, "find");
    assert_eq!(class, "connect");
    assert!(text.contains("127.0.0.1:1: connection refused"), "{text}");
}

#[test]
fn users_go_on_with_a_server_that_comes_back() {
    let folder = folder(BY_PROTO);
    runs::bring(&folder, "grpc-restart.json").unwrap();
    let server = Python::start_with("grpc_shop", &["--restart-after", "40"]).unwrap();
    let args = ["--host", &server.addr().to_string()];
    let run = runs::run(&folder, "grpc-restart.json", &args).unwrap();
    let (requests, failures) = of_name(&run, "find");
    assert_eq!(requests, 200);
    // How many fall into the gap depends on how long it is; before and after it none fails.
    assert!(failures < 100, "{:?}", run.failures());
    assert!(run.count("/connections/opened") >= 4, "each user connects again");
    let seen = server.finish().unwrap();
    let answered = seen["calls"].as_array().unwrap().len() as u64;
    assert!(answered >= requests - failures, "{answered} of {requests}, {failures} failed");
}
