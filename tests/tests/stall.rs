//! A server that stalls: response times say what users who come regardless of it would wait.
#![cfg(test)]

use std::time::{Duration, Instant};

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::runs;
use ld_tests::stall::{Served, StallServer};

/// Of `tests/cases/run/stall.json`.
const RATE: f64 = 200.0;
const SECONDS: f64 = 4.0;

const STALL: Duration = Duration::from_millis(1_400);

/// Long enough for a stall and for what has to be caught up with.
const LIMIT: Duration = Duration::from_secs(40);

/// A client cannot read replies while this machine does not let it run. What comes of that is
/// no property of the program, so it may be tried again; what is wrong is wrong each time.
const TRIES: usize = 3;

/// The 99th percentile in milliseconds by the summary, and by what the server did.
fn p99(max_users: u32) -> (f64, f64) {
    let folder = Folder::new().unwrap();
    let plan = std::fs::read_to_string(cases::folder("run").join("stall.json")).unwrap();
    let plan = plan.replace("\"max_users\": 1000", &format!("\"max_users\": {max_users}"));
    folder.write("stall.json", plan).unwrap();
    let server = StallServer::start((RATE as usize) / 2, STALL).unwrap();
    let args = ["--host", &server.url(), "--threads", "1"];
    let call = runs::call(&folder, "stall.json", &args).unwrap();
    let outcome = call.limit(LIMIT).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let run = runs::finish(&folder, outcome).unwrap();

    let served = server.served();
    assert_eq!(served.len(), (RATE * SECONDS) as usize);
    assert_eq!(run.count("/totals/requests"), served.len() as u64);
    assert_eq!(run.count("/totals/failures"), 0);
    assert_eq!(run.count("/cut"), 0);
    (run.summary["response_time"]["p99_ms"].as_f64().unwrap(), expected(&served))
}

/// The 99th percentile of the times from when each request was due, which is `RATE` times a
/// second from when the first can have been, to the reply.
fn expected(served: &[Served]) -> f64 {
    let after = |number: usize| Duration::from_secs_f64(number as f64 / RATE);
    let starts = served.iter().enumerate().map(|(number, served)| served.arrived - after(number));
    let start: Instant = starts.min().unwrap();
    let mut times: Vec<f64> = served
        .iter()
        .enumerate()
        .map(|(number, served)| {
            let waited = served.replied.unwrap() - (start + after(number));
            waited.as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let rank = 0.99 * (times.len() - 1) as f64;
    let (low, high) = (times[rank as usize], times[rank as usize + 1]);
    low + (high - low) * rank.fract()
}

#[test]
fn a_stall_of_a_server_is_seen_by_one_user_as_by_a_thousand() {
    // Of all requests, those of the first hundredth of the time waited longer than the others.
    let known = (STALL.as_secs_f64() - 0.01 * SECONDS) * 1e3;
    for users in [1, 1_000] {
        let close = |(told, expected): (f64, f64)| (told / expected - 1.0).abs() < 0.01;
        let tries: Vec<_> = (0..TRIES)
            .scan(false, |done, _| {
                let result = (!*done).then(|| p99(users))?;
                *done = close(result);
                Some(result)
            })
            .collect();
        let (told, expected) = *tries.last().unwrap();
        assert!(close((told, expected)), "{users} users: told and expected {tries:?}");
        // However slow this machine is, it cannot make the stall shorter.
        assert!(expected > 0.99 * known && told > 0.99 * known, "{users} users: {told}, {known}");
    }
}
