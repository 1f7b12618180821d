//! The counts are exact, and there when the reply is.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::thread;

use ld_target::{Target, TargetOptions};

use crate::client::{Client, start};

#[test]
fn every_request_is_counted_once_by_the_time_of_its_reply() {
    let target = start();
    let mut client = Client::connect(&target);
    for number in 1..=50 {
        let path = ["/health", "/nowhere", "/status/500"][number % 3];
        client.ask("GET", path, "", "");
        assert_eq!(target.requests(), number as u64);
    }
    assert_eq!(requests(&target, "/health"), 16);
    assert_eq!(requests(&target, "/status/{code}"), 17);
    assert_eq!(requests(&target, "/nowhere"), 0);
}

#[test]
fn a_request_cut_off_is_not_counted() {
    let target = start();
    let mut client = Client::connect(&target);
    client.send(b"POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nonly 6");
    drop(client);
    let mut client = Client::connect(&target);
    client.ask("GET", "/health", "", "");
    assert_eq!(target.requests(), 1);
}

#[test]
fn threads_share_the_connections_evenly_and_the_counts_add_up() {
    let options = TargetOptions { threads: NonZeroUsize::new(3).unwrap(), ..Default::default() };
    let target = Target::start(&options).unwrap();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut client = Client::connect(&target);
                for _ in 0..200 {
                    assert_eq!(client.ask("GET", "/health", "", "").status, 200);
                }
            });
        }
    });
    assert_eq!((target.requests(), requests(&target, "/health")), (1200, 1200));
    assert_eq!(target.connections(), 6);
}

#[test]
fn it_listens_on_loopback_unless_told_otherwise() {
    assert!(start().addr().ip().is_loopback());
    let bind: IpAddr = "::1".parse().unwrap();
    let Ok(target) = Target::start(&TargetOptions { bind, ..Default::default() }) else {
        return; // a machine without IPv6
    };
    assert!(target.url().starts_with("http://[::1]:"), "{}", target.url());
    assert_eq!(Client::connect(&target).ask("GET", "/health", "", "").status, 200);
}

#[test]
fn a_port_in_use_is_an_error() {
    let target = start();
    let options = TargetOptions { port: target.addr().port(), ..Default::default() };
    let error = Target::start(&options).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

fn requests(target: &Target, pattern: &str) -> u64 {
    let counts = target.requests_by_route();
    counts.iter().filter(|count| count.route.pattern == pattern).map(|count| count.requests).sum()
}
