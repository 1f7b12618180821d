//! What a run says it did is what its server saw, to the request and to the byte.
#![cfg(test)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use ld_target::{Target, TargetOptions};
use ld_tests::command::Folder;
use ld_tests::fault::{FaultServer, named};
use ld_tests::nginx::{Nginx, NginxOptions};
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Witness, reply};

/// How long a server may take to notice what has been sent to it.
const PATIENCE: Duration = Duration::from_secs(20);

fn run(plan: &str, args: &[&str]) -> Run {
    let folder = Folder::new().unwrap();
    runs::bring(&folder, plan).unwrap();
    runs::run(&folder, plan, args).unwrap()
}

/// Requests of one name and how many of them failed.
fn of_name(run: &Run, name: &str) -> (u64, u64) {
    let count = |what| run.count(&format!("/per_name/{name}/{what}"));
    (count("requests"), count("failures"))
}

fn url(addr: SocketAddr) -> String {
    format!("http://{addr}")
}

/// Makes sure that nginx, which is one process and takes events as they come, has seen all that
/// was sent to it before: it has once it answers what is sent now.
fn settle(nginx: &Nginx) {
    let mut stream = TcpStream::connect(nginx.http()).unwrap();
    stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

/// Waits until every connection to the target has ended, all of its requests counted.
fn settle_target(target: &Target) {
    let due = Instant::now() + PATIENCE;
    while target.open_connections() > 0 && Instant::now() < due {
        thread::yield_now();
    }
    assert_eq!(target.open_connections(), 0);
}

fn of_route(target: &Target, pattern: &str) -> u64 {
    let counts = target.requests_by_route();
    counts.iter().find(|count| count.route.pattern == pattern).unwrap().requests
}

#[test]
fn nginx_saw_every_request_of_a_run_of_so_many_ticks() {
    let mut served = 0;
    let nginx = Nginx::start(&NginxOptions::default()).unwrap();
    for threads in ["1", "2"] {
        let host = url(nginx.http());
        let run = run("load.json", &["--host", &host, "--iterations", "25", "--threads", threads]);
        let ticks = 20 * 25;
        assert_eq!((run.count("/ticks"), run.count("/cut")), (ticks, 0));
        assert_eq!(run.count("/totals/requests"), 3 * ticks);
        assert_eq!(run.count("/totals/failures"), ticks);
        assert_eq!(of_name(&run, "small"), (ticks, 0));
        assert_eq!(of_name(&run, "json"), (ticks, 0));
        assert_eq!(of_name(&run, "fail"), (ticks, ticks));
        assert_eq!(run.count("/connections/opened"), 20);
        assert_eq!(run.count("/users/achieved"), 20);

        served += ticks;
        assert_eq!(nginx.await_requests(3 * served, PATIENCE).unwrap(), 3 * served);
        settle(&nginx);
        for (path, status) in [("/small", 200), ("/json", 200), ("/fail", 503)] {
            assert_eq!(nginx.requests_of(path, status).unwrap(), served, "{path}");
        }
    }
}

#[test]
fn nginx_saw_every_request_up_to_the_cut_at_full_load() {
    for threads in ["1", "2"] {
        let nginx = Nginx::start(&NginxOptions::default()).unwrap();
        let host = url(nginx.http());
        let args = ["--host", &host, "--duration", "1s", "--users", "64", "--threads", threads];
        let run = run("load.json", &args);
        let (finished, cut) = (run.count("/totals/requests"), run.count("/cut"));
        assert!(finished > 100 && cut <= 64, "{finished} finished, {cut} cut");
        let sent = finished + cut;
        nginx.await_requests(sent, PATIENCE).unwrap();
        settle(&nginx);
        assert_eq!(nginx.requests().unwrap(), sent, "{finished} finished and {cut} cut");
        let names = ["small", "json", "fail"].map(|name| of_name(&run, name).0);
        assert_eq!(names.iter().sum::<u64>(), finished);
    }
}

#[test]
fn a_connection_that_nginx_closes_now_and_then_costs_no_request() {
    let options = NginxOptions { keepalive_requests: Some(10), ..NginxOptions::default() };
    let nginx = Nginx::start(&options).unwrap();
    let run = run("load.json", &["--host", &url(nginx.http()), "--iterations", "40"]);
    let requests = 3 * 40 * 20;
    assert_eq!(run.count("/totals/requests"), requests);
    assert_eq!(run.count("/totals/failures"), requests / 3);
    assert_eq!(run.count("/connections/opened"), requests / 10);
    assert_eq!(nginx.await_requests(requests, PATIENCE).unwrap(), requests);
}

#[test]
fn the_target_saw_every_request_and_one_more_for_each_redirect() {
    for threads in [1, 2] {
        let options =
            TargetOptions { threads: NonZeroUsize::new(threads).unwrap(), ..Default::default() };
        let target = Target::start(&options).unwrap();
        let args = ["--host", &target.url(), "--iterations", "10", "--threads"];
        let run = run("target.json", &[args.as_slice(), &[&threads.to_string()]].concat());
        let ticks = 20 * 10;
        assert_eq!(run.count("/totals/requests"), 5 * ticks);
        for (name, failures) in
            [("health", 0), ("echo", 0), ("redirect", 0), ("close", 0), ("missing", ticks)]
        {
            assert_eq!(of_name(&run, name), (ticks, failures), "{name}");
        }
        settle_target(&target);
        for (pattern, requests) in [
            ("/health", ticks),
            ("/echo", ticks),
            // Three redirects and where they lead to: one request of the plan.
            ("/redirect/{count}", 4 * ticks),
            ("/close", ticks),
            ("/status/{code}", ticks),
        ] {
            assert_eq!(of_route(&target, pattern), requests, "{pattern}");
        }
        assert_eq!((target.requests(), target.rejected()), (8 * ticks, 0));
        // Each reply of `/close` ends a connection, and the next request needs another one.
        assert_eq!(run.count("/connections/opened"), target.connections());
        assert_eq!(target.connections(), 20 + ticks);
    }
}

#[test]
fn the_target_saw_every_request_up_to_the_cut_at_full_load() {
    for threads in ["1", "2"] {
        let target = Target::start(&TargetOptions::default()).unwrap();
        let host = target.url();
        let args = ["--host", &host, "--duration", "1s", "--users", "32", "--threads", threads];
        let run = run("cut.json", &args);
        let (finished, cut) = (run.count("/totals/requests"), run.count("/cut"));
        assert!(finished > 100 && cut <= 32, "{finished} finished, {cut} cut");
        settle_target(&target);
        assert_eq!(target.requests(), finished + cut, "{finished} finished and {cut} cut");
    }
}

#[test]
fn requests_that_wait_for_their_reply_at_the_end_are_cut_and_were_sent() {
    let target = Target::start(&TargetOptions::default()).unwrap();
    let run = run("slow.json", &["--host", &target.url()]);
    assert_eq!((run.count("/totals/requests"), run.count("/cut")), (0, 5));
    // The target notices that its clients have gone once it answers them, and never within this
    // test; but what it has counted does not change any more.
    let due = Instant::now() + PATIENCE;
    while of_route(&target, "/delay/{ms}") < 5 && Instant::now() < due {
        thread::yield_now();
    }
    assert_eq!(of_route(&target, "/delay/{ms}"), 5);
}

#[test]
fn requests_that_never_got_a_connection_do_not_count_as_cut() {
    let server = FaultServer::start(named("never-accepting").unwrap()).unwrap();
    let run = run("slow.json", &["--host", &server.url()]);
    assert_eq!((run.count("/totals/requests"), run.count("/cut")), (0, 0));
}

#[test]
fn bytes_are_those_that_the_server_got_and_sent() {
    for threads in ["1", "2"] {
        let witness = Witness::start(|seen| match seen.path() {
            "/small" => reply(200, &[], "{\"ok\":true}"),
            "/json" => reply(200, &[("X-Long", &"x".repeat(300))], "{\"data\":{}}"),
            _ => b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                .to_vec(),
        })
        .unwrap();
        let host = witness.url();
        let run = run("load.json", &["--host", &host, "--iterations", "5", "--threads", threads]);
        let (received, sent) = witness.bytes();
        assert_eq!((run.count("/bytes/out"), run.count("/bytes/in")), (received, sent));
        let of_names = |way: &str| -> u64 {
            let names = ["small", "json", "fail"];
            names.iter().map(|name| run.count(&format!("/per_name/{name}/bytes/{way}"))).sum()
        };
        assert_eq!((of_names("out"), of_names("in")), (received, sent));
        assert_eq!(witness.seen().len(), 3 * 5 * 20);
        assert_eq!(witness.connections(), run.count("/connections/opened"));
    }
}
