//! An HTTP request on an open connection allocates nothing once warm. A test binary of its
//! own, because counting replaces its allocator.
#![cfg(test)]
#![cfg(feature = "http")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::rc::Rc;
use std::thread;

use allocation_counter::measure;
use ld_drivers::Driver as _;
use ld_drivers::http::{Http, Session};
use ld_drivers::net::{Clock, Net, NetOptions};
use ld_vm::assemble::assemble;
use ld_vm::link::{Clock as WallClock, Inputs, Wall};
use ld_vm::program::{RunId, ScenarioId};
use ld_vm::user::NoRows;
use ld_vm::{Effect, Linked, Request, Resume, ScratchPool, Tables, User, World};
use tokio::runtime::LocalRuntime;

const ROUNDS: usize = 100;

/// A server that sends the same reply to whatever comes, which is small enough for one read.
fn server(reply: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        while matches!(stream.read(&mut request), Ok(count) if count > 0) {
            stream.write_all(&reply).unwrap();
        }
    });
    origin
}

/// A program with one request; `parts` are those after the origin.
fn link(needs: &str, origin: &str, parts: &str, options: &str) -> Linked {
    let listing = format!(
        "run unlimited iterations 0\n\
         scenario u http @0000 users 1 rate 1 wait 0s\n\
         0000  request http \"t\" \"GET\" \"/\" needs {needs} parts {origin:?} {parts} options {options}\n\
         0001  sample\n\
         0002  end\n"
    );
    let tables = Tables {
        function: |_| None,
        assertion: |_| None,
        extractor: |_| None,
        protocol: |_| true,
        at_once: |_| true,
    };
    let inputs = Inputs { env: &|_| None, secret: &|_| None, column: &|_, _| None };
    Linked::new(assemble(&listing).unwrap(), &tables, &inputs).unwrap()
}

async fn exchange(http: &Http, session: &mut Session, request: Request<'_>) {
    let exchange = http.exchange(session, request).await;
    assert_eq!(exchange.reply.status, Some(200), "{:?}", exchange.reply.fault);
}

/// Allocations of some requests, once they have been made before.
fn allocations(linked: &Linked) -> u64 {
    struct NoClock;
    impl WallClock for NoClock {
        fn wall(&self) -> Wall {
            Wall::default()
        }
    }
    let runtime = LocalRuntime::new().unwrap();
    let net = runtime.block_on(async { Net::new(&NetOptions::new(Clock::starting_now())) });
    let http = Http::new(Rc::clone(&net));
    let mut session = http.session(0);
    let mut user = User::new(linked, RunId(0), ScenarioId(0), 0, 0);
    let mut scratch = ScratchPool::default();
    let mut world = World { rows: &mut NoRows, clock: &NoClock, scratch: &mut scratch };
    let Effect::Request(request) = user.step(linked, &mut world, Resume::Go) else {
        panic!("the program begins with its request");
    };
    let mut run = |rounds| {
        runtime.block_on(async {
            for _ in 0..rounds {
                exchange(&http, &mut session, request).await;
            }
        });
    };
    run(ROUNDS);
    let allocations = measure(|| run(ROUNDS)).count_total;
    assert_eq!(net.counters.opened(), 1);
    allocations
}

#[test]
fn a_constant_request_allocates_nothing() {
    let parts = r#""" "" "" "GET / HTTP/1.1\r\nHost: x\r\n\r\n" "GET""#;
    for needs in ["status", "status+headers+body"] {
        let linked = link(needs, &server(reply("", b"hello")), parts, "60000000000 30 1 0 25");
        assert_eq!(allocations(&linked), 0, "{needs}");
    }
}

#[test]
fn a_request_that_varies_allocates_nothing() {
    let origin = server(reply("", b"{\"token\":1}"));
    let parts = r#""" "POST / HTTP/1.1\r\nHost: x\r\n" "{\"a\":1}" "" "POST" "a=b" "user:secret""#;
    let linked = link("status+body", &origin, parts, "60000000000 30 1 1 0");
    assert_eq!(allocations(&linked), 0);
}

#[test]
fn a_body_in_gzip_allocates_nothing() {
    // `hello`, as gzip writes it.
    const GZIP: &[u8] =
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0";
    let origin = server(reply("Content-Encoding: gzip\r\n", GZIP));
    let parts = r#""" "" "" "GET / HTTP/1.1\r\nHost: x\r\n\r\n" "GET""#;
    let linked = link("status+body", &origin, parts, "0 30 1 0 25");
    assert_eq!(allocations(&linked), 0);
}

fn reply(lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
