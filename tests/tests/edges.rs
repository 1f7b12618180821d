//! The lines between the parts of the project: which crate may know which, what the machine and
//! the tables may touch, and that tables which belong together pair up.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ld_drivers::DRIVERS;
use ld_stdlib::assertions::ASSERTIONS;
use ld_stdlib::protocols::{LATER, MIXED, PROTOCOLS};
use serde_json::Value;

/// The arrows of the picture in `docs/design/0002-crates.md`. What an arrow leads to may also
/// be used directly.
const DRAWN: &[(&str, &[&str])] = &[
    ("ld-vm", &[]),
    ("ld-stdlib", &["ld-vm"]),
    ("ld-compiler", &["ld-stdlib"]),
    ("ldc", &["ld-compiler", "ld-importers", "ld-vm"]),
    ("ld-importers", &["ld-stdlib"]),
    ("ld-drivers", &["ld-stdlib"]),
    ("ld-results", &[]),
    ("ld-runtime", &["ld-drivers", "ld-importers", "ld-results"]),
    ("ld-target", &[]),
    ("ldvm", &["ld-runtime", "ld-compiler", "ld-target", "ld-results", "ld-vm"]),
];

/// Crates that test or measure the others, and may know all of them.
const OBSERVERS: &[&str] = &["ld-tests", "ld-bench"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn crates_know_only_those_the_picture_draws() {
    let cargo = std::env::var_os("CARGO").unwrap();
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let members: BTreeSet<String> = packages.iter().map(|p| text(&p["name"])).collect();
    let known: BTreeSet<String> =
        DRAWN.iter().map(|(name, _)| name).chain(OBSERVERS).map(|n| (*n).to_owned()).collect();
    assert_eq!(members, known, "every crate is in the picture");

    let drawn: BTreeMap<&str, &[&str]> = DRAWN.iter().copied().collect();
    for package in packages {
        let name = text(&package["name"]);
        let Some(direct) = drawn.get(name.as_str()) else {
            continue;
        };
        let used: BTreeSet<String> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| text(&dependency["name"]))
            .filter(|dependency| members.contains(dependency))
            .collect();
        let allowed = reachable(&name, &drawn);
        assert!(used.is_subset(&allowed), "{name} knows {used:?}, and may know {allowed:?}");
        for crate_name in *direct {
            assert!(used.contains(*crate_name), "{name} does not use {crate_name}, as drawn");
        }
    }
}

fn reachable(from: &str, drawn: &BTreeMap<&str, &[&str]>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&str> = drawn[from].to_vec();
    while let Some(next) = waiting.pop() {
        if found.insert(next.to_owned()) {
            waiting.extend(drawn[next]);
        }
    }
    found
}

#[test]
fn the_picture_names_every_crate() {
    let page = fs::read_to_string(root().join("docs/design/0002-crates.md")).unwrap();
    for (name, _) in DRAWN {
        assert!(page.contains(name), "{name} is not in the picture");
    }
}

#[test]
fn the_machine_and_the_tables_touch_no_clock_file_socket_or_environment() {
    const FOREIGN: &[&str] = &[
        "Instant",
        "SystemTime",
        "TcpListener",
        "TcpStream",
        "UdpSocket",
        "UnixStream",
        "ToSocketAddrs",
        "std::env",
        "std::fs",
        "std::io",
        "std::os",
        "std::process",
        "std::thread",
        "thread_local",
        "static mut",
        "tokio",
    ];
    for folder in ["vm/src", "stdlib/src"] {
        for path in sources(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap();
                let found = FOREIGN.iter().find(|word| code.contains(**word));
                let place = format!("{}:{}", path.display(), number + 1);
                assert!(found.is_none(), "{place} uses {}", found.unwrap());
            }
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_compiler_names_no_protocol() {
    for path in sources(&root().join("compiler/src")) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for protocol in PROTOCOLS {
            let module = format!("protocols::{}", protocol.name);
            let name = format!("\"{}\"", protocol.name);
            assert!(!code.contains(&module) && !code.contains(&name), "{}", path.display());
        }
    }
}

#[test]
fn every_protocol_has_a_driver_and_every_driver_a_protocol() {
    let protocols = PROTOCOLS.iter().map(|protocol| protocol.name);
    let drivable: BTreeSet<&str> = protocols.chain([MIXED]).collect();
    assert_eq!(drivable, DRIVERS.iter().copied().collect());
}

#[test]
fn protocols_have_names_for_their_positions_and_checks_that_exist() {
    let mut keys = BTreeSet::new();
    for protocol in PROTOCOLS {
        for names in [protocol.parts, protocol.options] {
            let unique: BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{}", protocol.name);
        }
        if let Some(name) = protocol.default_check {
            assert!(ASSERTIONS.iter().any(|row| row.name == name), "{name}");
        }
        for user in protocol.users {
            assert!(keys.insert(user.key), "{} is a user of two protocols", user.key);
            assert!(!LATER.contains(&user.key), "{} is there already", user.key);
        }
    }
}
