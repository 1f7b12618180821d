//! The same plan, seed and replies give the same bytes and samples, whether the program is
//! optimised or not; another seed gives others.
#![cfg(test)]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ld_stdlib::protocols::payload::decode;
use ld_stdlib::protocols::{http, socket, websocket};
use ld_tests::plans;
use ld_tests::script::{self, Answer, Data, Event, Sent, Stage};
use ld_vm::program::{Id as _, RunId, SourceId};
use ld_vm::{FaultClass, Linked, format};

/// What one user did: the events, its variables before and after.
#[derive(Debug, PartialEq)]
struct Played {
    events: Vec<Event>,
    before: Vec<(String, String)>,
    after: Vec<(String, String)>,
}

/// A plan's program, ready to run.
struct Ready {
    linked: Linked,
    data: Data,
}

impl Ready {
    fn new(plan: &Path, optimise: bool) -> Self {
        let (_, compiled) = plans::compile_file(plan, optimise).unwrap();
        assert!(compiled.program.is_some(), "{}: {:?}", plan.display(), compiled.diagnostics);
        let program = compiled.program.unwrap();
        let data = Data::read(&program, plans::folder(plan)).unwrap();
        let env = [("TARGET".to_owned(), "http://127.0.0.1:8080".to_owned())];
        Self { linked: script::link(program, &data, &env).unwrap(), data }
    }

    fn runs(&self) -> impl Iterator<Item = RunId> {
        (0..self.linked.program().tables.runs.len() as u32).map(RunId::from_number)
    }

    fn play(&self, run: RunId, id: u32, seed: u64) -> Played {
        let mut user = script::user(&self.linked, run, id, seed);
        let before = script::vars(&self.linked, &user);
        let mut stage = Stage::new(self.data.clone());
        let mut answers = fastrand::Rng::with_seed(seed);
        let events = script::play(&self.linked, &mut user, &mut stage, 8, |_| answer(&mut answers));
        Played { events, before, after: script::vars(&self.linked, &user) }
    }
}

/// Some reply of the kinds a run meets: mostly good ones.
fn answer(rng: &mut fastrand::Rng) -> Answer {
    const BODY: &str = r#"{"token": "t-N", "page": 2, "ids": [2, "acme & co"], "data":
        {"token": "a\"N", "id": N, "next": "http://127.0.0.1:8080/next?N"}, "error": null}"#;
    let number = rng.u32(0..1000).to_string();
    if rng.u32(0..10) == 0 {
        return Answer::fault(FaultClass::Reset, &format!("connection reset, {number}"));
    }
    let status = *rng.choice(&[200, 200, 200, 200, 201, 204, 404, 503]).unwrap();
    let body = *rng.choice(&[BODY, BODY, BODY, BODY, "", "<html>", "of acme & co"]).unwrap();
    Answer::new(status, body.replace('N', &number))
        .header("Content-Type", "application/json")
        .header("X-Where", "page")
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let mut varied = 0;
    for plan in plans::all().unwrap() {
        let ready = Ready::new(&plan, true);
        let written = format::read(&format::write(ready.linked.program())).unwrap();
        assert_eq!(&written, ready.linked.program());
        for run in ready.runs() {
            let played = ready.play(run, 3, 42);
            assert_eq!(played, ready.play(run, 3, 42), "{}", plan.display());
            assert_eq!(played, Ready::new(&plan, true).play(run, 3, 42), "{}", plan.display());
            varied += u32::from(bytes(&played) != bytes(&ready.play(run, 3, 43)));
            varied += u32::from(bytes(&played) != bytes(&ready.play(run, 4, 42)));
        }
    }
    assert!(varied >= 10, "plans with random values send others for another seed or user");
}

fn bytes(played: &Played) -> Vec<&Vec<Vec<u8>>> {
    let sent = played.events.iter().filter_map(|event| match event {
        Event::Request(sent) => Some(&sent.parts),
        _ => None,
    });
    sent.collect()
}

#[test]
fn both_forms_of_a_program_behave_alike() {
    let (mut ok, mut failed, mut unresolved_seen) = (0, 0, 0);
    for plan in plans::all().unwrap() {
        let (optimised, plain) = (Ready::new(&plan, true), Ready::new(&plan, false));
        assert!(optimised.runs().eq(plain.runs()));
        for run in optimised.runs() {
            for seed in 0..20 {
                let id = seed as u32 % 3;
                let (left, right) = (optimised.play(run, id, seed), plain.play(run, id, seed));
                let place = format!("{}, {run:?}, seed {seed}", plan.display());
                assert_eq!(left.events.len(), right.events.len(), "{place}");
                for (left, right) in left.events.iter().zip(&right.events) {
                    let (left, right) = (seen(&optimised, left), seen(&plain, right));
                    assert_eq!(left, right, "{place}");
                    if let Seen::Sample { failure, unresolved, .. } = left {
                        failed += u32::from(failure.is_some());
                        ok += u32::from(failure.is_none());
                        unresolved_seen += unresolved;
                    }
                }
                for (name, value) in &right.after {
                    let same = left.after.iter().find(|(other, _)| other == name);
                    let folded = right.before.iter().find(|(other, _)| other == name);
                    // A variable that the optimised program folded has not changed.
                    assert_eq!(same.or(folded).unwrap().1, *value, "{place}: {name}");
                }
            }
        }
    }
    assert!(ok > 1000 && failed > 1000 && unresolved_seen > 100, "all kinds of outcomes are met");
}

/// What the world sees of an event.
#[derive(Debug, PartialEq)]
enum Seen {
    Request { name: String, wire: Wire },
    Sample { name: String, failure: Option<(FaultClass, String)>, unresolved: u32 },
    Retry { name: String, failure: Option<(FaultClass, String)>, attempt: u8, pause_ns: u64 },
    Wait(u64),
    Throttle { key: String, interval_ns: u64, burst: u32 },
    End(u64),
    Enter(String),
    Leave,
    Log(String),
    Stop(ld_vm::Scope),
    Stuck,
    UsedUp(SourceId),
}

fn seen(ready: &Ready, event: &Event) -> Seen {
    let program = ready.linked.program();
    let series = |id: ld_vm::program::SeriesId| {
        let row = &program.tables.series[id.index()];
        [row.name, row.method, row.target].map(|id| program.consts.text(id)).join(" ")
    };
    match event {
        Event::Request(sent) => {
            let protocol = program.consts.text(program.tables.protocols[0].name);
            let wire = match protocol {
                "http" => http_wire(sent),
                "socket" => {
                    let hex = usize::from(socket::option::HEX);
                    let payload = usize::from(socket::part::PAYLOAD);
                    plain_wire(sent, payload, hex)
                }
                "websocket" => {
                    let hex = usize::from(websocket::option::HEX);
                    let payload = usize::from(websocket::part::PAYLOAD);
                    plain_wire(sent, payload, hex)
                }
                other => panic!("how does {other} send?"),
            };
            Seen::Request { name: series(sent.series), wire }
        }
        Event::Sample { series: id, failure, unresolved } => {
            let (failure, unresolved) = (failure.clone(), *unresolved);
            Seen::Sample { name: series(*id), failure, unresolved }
        }
        Event::Retry { series: id, failure, attempt, pause_ns } => {
            let (failure, attempt, pause_ns) = (failure.clone(), *attempt, *pause_ns);
            Seen::Retry { name: series(*id), failure, attempt, pause_ns }
        }
        Event::Wait(ns) => Seen::Wait(*ns),
        Event::Throttle(throttle) => {
            let row = program.tables.throttles[throttle.index()];
            let key = program.consts.text(row.key).to_owned();
            Seen::Throttle { key, interval_ns: row.interval_ns, burst: row.burst }
        }
        Event::End(ns) => Seen::End(*ns),
        Event::Enter(id) => Seen::Enter(series(*id)),
        Event::Leave => Seen::Leave,
        Event::Log(text) => Seen::Log(text.clone()),
        Event::Stop(scope) => Seen::Stop(*scope),
        Event::Stuck => Seen::Stuck,
        Event::UsedUp(source) => Seen::UsedUp(*source),
    }
}

/// A request as its driver would send it. What does not go over the connection as it is
/// (files of certificates, limits, cookies to be merged) stands in `beside`.
#[derive(Debug, PartialEq)]
struct Wire {
    text: String,
    beside: Vec<String>,
}

/// As the HTTP driver puts a request together, on a connection without cookies.
fn http_wire(sent: &Sent) -> Wire {
    use http::{option, part};
    // A part that the request does not have is empty, as for the driver.
    let part = |part: u8| {
        let bytes = sent.parts.get(usize::from(part)).map_or(&[][..], Vec::as_slice);
        String::from_utf8_lossy(bytes).into_owned()
    };
    let option = |option: u8| sent.options[usize::from(option)];
    let (mut origin, whole) = (part(part::ORIGIN), part(part::WHOLE));
    let (mut head, body) = match whole.split_at_checked(option(option::HEAD_END) as usize) {
        Some((head, body)) if !head.is_empty() => (head.to_owned(), body[2..].to_owned()),
        _ => (part(part::HEAD), part(part::BODY)),
    };
    let url = part(part::URL);
    if !url.is_empty() {
        let (scheme, rest) = url.split_once("://").unwrap_or(("no URL", &url));
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        origin = format!("{scheme}://{authority}");
        let slash = if path.starts_with('/') { "" } else { "/" };
        let host = format!("\r\n{head}").to_ascii_lowercase().contains("\r\nhost: ");
        let host = if host { String::new() } else { format!("Host: {authority}\r\n") };
        let method = part(part::METHOD);
        head = format!("{method} {slash}{path} HTTP/1.1\r\n{host}{head}");
    }
    if option(option::LENGTH_MISSING) != 0 {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let basic = part(part::BASIC);
    if !basic.is_empty() {
        head += &format!("Authorization: Basic {}\r\n", BASE64.encode(basic));
    }
    // The driver appends credentials that vary, so their line may stand elsewhere.
    let (credentials, others): (Vec<_>, Vec<_>) =
        head.split_inclusive('\n').partition(|line| line.starts_with("Authorization: "));
    let text = format!("{origin}\n{}{}\r\n{body}", others.concat(), credentials.concat());
    let mut beside =
        [part::METHOD, part::COOKIES, part::CA, part::CERT, part::KEY].map(part).to_vec();
    for limit in [option::TIMEOUT_NS, option::REDIRECTS, option::VERIFY] {
        beside.push(option(limit).to_string());
    }
    Wire { text, beside }
}

/// As a driver sends a payload that may be hexadecimal, with all other parts beside it.
fn plain_wire(sent: &Sent, payload: usize, hex: usize) -> Wire {
    let (mut parts, mut options) = (sent.parts.clone(), sent.options);
    let mut text = std::mem::take(&mut parts[payload]);
    if std::mem::take(&mut options[hex]) != 0
        && let Ok(Some(bytes)) = decode(&text)
    {
        text = bytes;
    }
    let mut beside: Vec<_> =
        parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    beside.extend(options.iter().map(i64::to_string));
    Wire { text: String::from_utf8_lossy(&text).into_owned(), beside }
}
