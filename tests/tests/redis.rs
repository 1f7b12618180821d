//! Redis users against a real Redis.
#![cfg(test)]

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use ld_tests::certificates::{Authority, Kind};
use ld_tests::command::Folder;
use ld_tests::redis::RedisServer;
use ld_tests::runs::{self, Run};
use rustix::process::Signal;

/// How long a run may take to notice what happens to its server.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(folder: &Folder, plan: &str, port: u16, args: &[&str]) -> Run {
    runs::bring(folder, plan).unwrap();
    let port = format!("port={port}");
    runs::run(folder, plan, &[&["--var", &port], args].concat()).unwrap()
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

#[test]
fn every_method_does_at_the_server_what_it_says() {
    for threads in ["1", "2"] {
        let server = RedisServer::start().unwrap();
        let folder = Folder::new().unwrap();
        let run = run(&folder, "redis.json", server.port(), &["--threads", threads]);
        assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
        let names = run.summary["per_name"].as_object().unwrap();
        assert_eq!(names.len(), 60);
        for name in names.keys() {
            assert_eq!(of_name(&run, name), (20, 0), "{name}");
        }
        // One connection for each user and all of its ticks, and one database.
        assert_eq!(run.count("/connections/opened"), 4);
        assert_eq!(server.calls("select").unwrap(), 4);
        for (command, calls) in [("lrange", 20), ("hgetall", 40), ("exec", 20), ("incr", 80)] {
            assert_eq!(server.calls(command).unwrap(), calls, "{command}");
        }
        assert_eq!(server.ask("DBSIZE").unwrap(), ":0\r\n");
    }
}

#[test]
fn what_the_server_refuses_is_a_failure_and_the_connection_stays() {
    let server = RedisServer::start().unwrap();
    let run = run(&Folder::new().unwrap(), "redis-failures.json", server.port(), &[]);
    for name in ["set", "after errors", "after the time"] {
        assert_eq!(of_name(&run, name), (4, 0), "{name}: {:?}", run.failures());
    }
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    let number = "ERR value is not an integer or out of range";
    let unknown = "ERR unknown command 'NOSUCH', with args beginning with: ";
    let not_let_in = "logging in: ERR AUTH <password> called without any password configured for \
                      the default user. Are you sure your configuration is correct?";
    for (name, class, text) in [
        ("wrong type", "status", wrong.to_owned()),
        ("no number", "status", number.to_owned()),
        ("unknown", "status", unknown.to_owned()),
        ("unexpected", "assertion", "redis expected 'b', got 'a'".to_owned()),
        ("second fails", "status", format!("command 2 (INCR): {number}")),
        ("transaction fails", "status", format!("command 2 (NOSUCH): {unknown}")),
        ("too late", "timeout", "timed out waiting for the reply to BLPOP".to_owned()),
        ("no database", "status", "choosing the database: ERR DB index is out of range".to_owned()),
        ("not let in", "status", not_let_in.to_owned()),
    ] {
        assert_eq!(of_name(&run, name), (4, 4), "{name}");
        assert_eq!(failure(&run, name), (class.to_owned(), text), "{name}");
    }
    let (class, text) = failure(&run, "nobody");
    assert_eq!(class, "connect");
    assert!(text.contains("127.0.0.1:1: connection refused"), "{text}");
    // Each tick opens one, one more after the time was over, and two that are not let in.
    assert_eq!(run.count("/connections/opened"), 16);
    assert!(!format!("{run:?}").contains("wr0ng-pass"));
}

#[test]
fn users_log_in_and_passwords_are_shown_nowhere() {
    let server = RedisServer::with_password("s3/cr@t").unwrap();
    let folder = Folder::new().unwrap();
    folder.write("secrets.env", "PASSWORD='s3/cr@t'\n").unwrap();
    let args = ["--secrets", "secrets.env"];
    let run = run(&folder, "redis-login.json", server.port(), &args);
    for name in ["by url", "by secret"] {
        assert_eq!(of_name(&run, name), (2, 0), "{name}: {:?}", run.failures());
    }
    assert_eq!(failure(&run, "by fields").0, "assertion");
    let wrong = "logging in: WRONGPASS invalid username-password pair or user is disabled.";
    assert_eq!(failure(&run, "wrong"), ("status".to_owned(), wrong.to_owned()));
    let (class, text) = failure(&run, "without");
    assert_eq!(class, "status");
    assert!(text.starts_with("NOAUTH"), "{text}");
    let told = format!("{run:?}");
    for password in ["s3/cr@t", "s3%2Fcr%40t"] {
        assert!(!told.contains(password), "{told}");
    }
}

#[test]
fn certificates_of_both_sides_are_checked() {
    let authority = Authority::new().unwrap();
    let server = RedisServer::with_tls(&authority).unwrap();
    let folder = Folder::new().unwrap();
    let client = authority.sign(Kind::Client).unwrap();
    folder.write("ca.pem", authority.pem()).unwrap();
    folder.write("client.pem", &client.certificate_pem).unwrap();
    folder.write("client.key", &client.key_pem).unwrap();
    let run = run(&folder, "redis-tls.json", server.tls_port(), &[]);
    for name in ["trusted", "again"] {
        assert_eq!(of_name(&run, name), (6, 0), "{name}: {:?}", run.failures());
    }
    for name in ["untrusted", "no certificate"] {
        assert_eq!(of_name(&run, name), (6, 6), "{name}");
        assert_eq!(failure(&run, name).0, "tls", "{:?}", run.failures());
    }
    assert_eq!(server.ask("GET n").unwrap(), "$2\r\n12\r\n");
}

#[test]
fn users_come_back_after_their_server_has_been_away() {
    let mut server = RedisServer::start().unwrap();
    let folder = Folder::new().unwrap();
    runs::bring(&folder, "redis-outage.json").unwrap();
    let port = format!("port={}", server.port());
    let running = runs::call(&folder, "redis-outage.json", &["--var", &port]).unwrap();
    let running = running.start().unwrap();
    let due = Instant::now() + PATIENCE;
    let await_commands = |server: &RedisServer| {
        while server.calls("incr").unwrap() < 5 {
            assert!(Instant::now() < due, "nothing is sent");
            std::thread::yield_now();
        }
    };
    await_commands(&server);
    server.kill().unwrap();
    // Somebody else is there for a while, who hangs up on each of them.
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    for _ in 0..4 {
        drop(other.accept().unwrap());
    }
    drop(other);
    server.restart().unwrap();
    await_commands(&server);
    running.signal(Signal::INT).unwrap();
    let run = runs::finish(&folder, running.wait().unwrap()).unwrap();
    assert!(!run.outcome.stderr.contains("panicked"), "{}", run.outcome.stderr);
    let (requests, failures) = of_name(&run, "incr");
    assert!(failures >= 2 && requests - failures >= 10, "{requests} {failures}");
    for (class, text, _) in run.failures() {
        assert!(["closed", "reset", "connect"].contains(&class.as_str()), "{class}: {text}");
    }
}
