//! What becomes of a run whose server misbehaves: it goes on, and counts each failure in its class.
#![cfg(test)]

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ld_tests::cases;
use ld_tests::command::Folder;
use ld_tests::fault::{FAULTS, Fault, FaultServer, Outcome};
use ld_tests::runs::{self, Run};

/// Runs side by side: most of them wait.
const WORKERS: usize = 12;

/// Three users, two ticks each.
const REQUESTS: u64 = 6;

/// Each request has a time limit of one second, and a user makes two.
const LIMIT: Duration = Duration::from_secs(30);

fn run(fault: &'static Fault) -> (FaultServer, Run) {
    let folder = Folder::new().unwrap();
    let server = FaultServer::start(fault).unwrap();
    let plan = match server.root_pem() {
        Some(root) => {
            folder.write("root.pem", root).unwrap();
            "fault-tls.json"
        }
        None => "fault.json",
    };
    runs::bring(&folder, plan).unwrap();
    let call = runs::call(&folder, plan, &["--host", &server.url(), "--threads", "1"]).unwrap();
    let outcome = call.limit(LIMIT).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{}: {outcome:#?}", fault.name);
    assert!(!outcome.stderr.contains("panicked"), "{}: {outcome:#?}", fault.name);
    (server, runs::finish(&folder, outcome).unwrap())
}

/// What is wrong with a run against a fault; nothing, as a rule.
fn judge(fault: &Fault, server: &FaultServer, run: &Run) -> Result<(), String> {
    let count = |pointer| run.count(pointer);
    let successes = match fault.outcome {
        Outcome::Success => REQUESTS,
        Outcome::Failure(_) => 0,
    };
    let counted =
        (count("/totals/requests"), count("/totals/successes"), count("/totals/failures"));
    if counted != (REQUESTS, successes, REQUESTS - successes) {
        return Err(format!("requests, successes, failures: {counted:?}"));
    }
    if (count("/ticks"), count("/cut")) != (REQUESTS, 0) {
        return Err("the users did not go on to their end".to_owned());
    }
    let failures = run.failures();
    let sum: u64 = failures.iter().map(|(_, _, count)| count).sum();
    if sum != REQUESTS - successes {
        return Err(format!("the groups of failures hold {sum}"));
    }
    if let Outcome::Failure(class) = fault.outcome
        && failures.iter().any(|failure| failure.0 != class)
    {
        return Err(format!("not of class {class}"));
    }
    if fault.outcome == Outcome::Success && server.requests() < REQUESTS {
        return Err(format!("the server saw {} requests", server.requests()));
    }
    Ok(())
}

/// The failures as a reader of the summary sees them, ports aside.
fn describe(fault: &Fault, server: &FaultServer, run: &Run) -> String {
    let port = format!(":{}", server.addr().port());
    let mut text = format!("{}: {}\n", fault.name, fault.doc);
    for (class, what, _) in run.failures() {
        let _ = writeln!(text, "  {class}: {}", what.replace(&port, ":PORT"));
    }
    text
}

#[test]
fn a_run_goes_on_after_every_fault_and_says_what_it_was() {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(fault) = FAULTS.get(index) else { break };
                    let (server, run) = run(fault);
                    let verdict = judge(fault, &server, &run)
                        .map_err(|why| format!("{}: {why}\n{:#?}", fault.name, run.failures()));
                    let text = describe(fault, &server, &run);
                    results.lock().unwrap().push((index, text, verdict));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|result| result.0);
    assert_eq!(results.len(), FAULTS.len());
    let mut problems: Vec<_> = results.iter().filter_map(|result| result.2.clone().err()).collect();
    let texts: String = results.into_iter().map(|result| result.1).collect();
    problems.extend(cases::compare(&cases::folder("run").join("faults.txt"), &texts).err());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
