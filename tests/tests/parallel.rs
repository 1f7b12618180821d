//! Requests of one user at once.
#![cfg(test)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ld_tests::command::Folder;
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Seen, Witness, reply};

/// Lets requests go on only once so many are there at the same time.
#[derive(Default)]
struct Gate {
    /// Those waiting, those let through so far, and the most that were there at once.
    state: Mutex<(u64, u64, u64)>,
    changed: Condvar,
}

impl Gate {
    /// Waits for the others; whether they came.
    fn pass(&self, together: u64) -> bool {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        state.2 = state.2.max(state.0);
        let round = state.1;
        if state.0 == together {
            *state = (0, round + 1, state.2);
            self.changed.notify_all();
            return true;
        }
        let limit = Duration::from_secs(20);
        let waiting = |state: &mut (u64, u64, u64)| state.1 == round;
        !self.changed.wait_timeout_while(state, limit, waiting).unwrap().1.timed_out()
    }
}

/// A server that answers `/together/…` only when so many are asked for at once.
fn witness(together: u64) -> (Witness, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let own = Arc::clone(&gate);
    let witness = Witness::start(move |seen: &Seen| match seen.path() {
        path if path.starts_with("/together/") && !own.pass(together) => reply(504, &[], ""),
        "/together/cookie" => reply(200, &[("Set-Cookie", "seen=yes; Path=/")], ""),
        "/together/refused" => reply(503, &[], ""),
        _ => reply(200, &[], r#"{"id": "n7"}"#),
    });
    (witness.unwrap(), gate)
}

fn run(witness: &Witness, arguments: &str, tasks: &str) -> Run {
    let folder = Folder::new().unwrap();
    let plan = format!(
        r#"[["LD_start_test", {{"user_detail_dict": {{}}, "test_time": 60, "wait_time": 0,
             "user_count": 1, {arguments}, "tasks": [{tasks}]}}]]"#
    );
    folder.write("plan.json", plan).unwrap();
    runs::run(&folder, "plan.json", &["--host", &witness.url()]).unwrap()
}

#[test]
fn so_many_requests_as_allowed_are_under_way_on_connections_that_are_kept() {
    for (max, most) in [("", 6), (r#", "max": 3"#, 3)] {
        let (witness, gate) = witness(most);
        let tasks: Vec<_> = (0..12)
            .map(|nth| {
                format!(r#"{{"method": "get", "request_url": "/together/{nth}", "name": "part"}}"#)
            })
            .collect();
        let page = r#"{"method": "get", "request_url": "/page"}"#;
        let block = format!(r#"{page}, {{"parallel": [{}]{max}}}"#, tasks.join(", "));
        let run = run(&witness, r#""iterations": 3"#, &block);
        assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
        assert_eq!(run.count("/per_name/part/requests"), 36);
        assert_eq!(gate.state.lock().unwrap().2, most);
        assert_eq!(witness.connections(), most, "the page has one of them");
        assert_eq!(run.count("/connections/opened"), most);
        // A page is whole before the next one begins.
        let seen = witness.targets();
        let pages: Vec<_> = (0..seen.len()).filter(|&at| seen[at] == "/page").collect();
        assert_eq!(pages, [0, 13, 26]);
        let parts: BTreeSet<_> = seen[1..13].iter().collect();
        assert_eq!(parts.len(), 12);
    }
}

#[test]
fn what_is_extracted_at_once_is_there_afterwards() {
    let (witness, _) = witness(3);
    let tasks = r#"
      {"set": {"id": "old"}},
      {"group": "all", "tasks": [{"parallel": [
        {"method": "get", "request_url": "/together/cookie?${id}", "name": "a"},
        {"method": "get", "request_url": "/together/1?${id}", "name": "b",
         "extract": [{"var": "id", "path": "id"}]},
        {"method": "get", "request_url": "/together/2?${id}", "name": "c", "think_time": 0.01},
        {"method": "get", "request_url": "/left-out", "skip_if": "true"}]}]},
      {"method": "get", "request_url": "/then?${id}", "name": "then"}"#;
    let run = run(&witness, r#""iterations": 2"#, tasks);
    assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
    assert_eq!((run.count("/groups/all/count"), run.count("/groups/all/failures")), (2, 0));
    let seen = witness.seen();
    let sent: BTreeSet<_> = seen[..3].iter().map(|seen| seen.target.as_str()).collect();
    let expected = ["/together/1?old", "/together/2?old", "/together/cookie?old"];
    assert_eq!(sent, BTreeSet::from(expected));
    assert_eq!(seen[3].target, "/then?n7");
    assert_eq!(seen[3].header("cookie"), Some("seen=yes"));
    // The cookie is the user's, whatever the connection.
    assert!(seen[4..].iter().all(|seen| seen.header("cookie") == Some("seen=yes")));
    assert_eq!(seen.len(), 8);
}

#[test]
fn each_request_fails_for_itself_and_is_waited_for_by_the_response_time_of_none() {
    let (witness, _) = witness(2);
    let tasks = r#"
      {"group": "all", "tasks": [{"parallel": [
        {"method": "get", "request_url": "/together/refused", "name": "refused"},
        {"method": "get", "request_url": "/together/1", "name": "good"},
        {"method": "get", "request_url": "http://127.0.0.1:1/", "name": "nobody there"}]}]}"#;
    let run = run(&witness, r#""iterations": 5"#, tasks);
    assert_eq!(run.count("/per_name/refused/requests"), 5);
    assert_eq!(run.count("/per_name/good/requests"), 5);
    let failures: BTreeSet<_> =
        run.failures().into_iter().map(|(class, _, n)| (class, n)).collect();
    assert_eq!(failures, BTreeSet::from([("connect".to_owned(), 5), ("status".to_owned(), 5)]));
    assert_eq!((run.count("/groups/all/count"), run.count("/groups/all/failures")), (5, 5));
    assert_eq!(run.count("/ticks"), 5);
}

#[test]
fn a_run_that_ends_cuts_what_is_under_way_at_once() {
    let (witness, _) = witness(100);
    let task = r#"{"method": "get", "request_url": "/together/1"}"#;
    let block = format!(r#"{{"parallel": [{task}, {task}, {task}], "max": 2}}"#);
    let folder = Folder::new().unwrap();
    let plan = format!(
        r#"[["LD_start_test", {{"user_detail_dict": {{}}, "test_time": 1, "user_count": 2,
             "spawn_rate": 100, "tasks": [{block}]}}]]"#
    );
    folder.write("plan.json", plan).unwrap();
    let call = runs::call(&folder, "plan.json", &["--host", &witness.url()]).unwrap();
    let run = runs::finish(&folder, call.run().unwrap()).unwrap();
    assert_eq!(run.count("/cut"), 4);
    assert_eq!(run.count("/totals/requests"), 0);
}

#[test]
fn a_lane_sends_again_what_failed_while_the_others_go_on() {
    let asked = AtomicU32::new(0);
    let witness = Witness::start(move |seen: &Seen| match seen.path() {
        "/busy" if asked.fetch_add(1, Ordering::Relaxed) < 2 => reply(503, &[], "busy"),
        "/gone" => reply(503, &[], "gone"),
        _ => reply(200, &[], "{}"),
    })
    .unwrap();
    let retry = r#""retry": {"transient": 2, "base_delay": 0.01}"#;
    let tasks = format!(
        r#"{{"group": "all", "tasks": [{{"parallel": [
             {{"method": "get", "request_url": "/busy", "name": "busy", {retry}}},
             {{"method": "get", "request_url": "/gone", "name": "gone", {retry}}},
             {{"method": "get", "request_url": "/page", "name": "page"}}]}}]}}"#
    );
    let run = run(&witness, r#""iterations": 1"#, &tasks);
    for (name, requests, failures) in [("busy", 3, 2), ("gone", 3, 3), ("page", 1, 0)] {
        let figures = &run.summary["per_name"][name];
        let counts = (figures["requests"].as_u64(), figures["failures"].as_u64());
        assert_eq!(counts, (Some(requests), Some(failures)), "{name}");
    }
    assert_eq!((run.count("/retries/attempts"), run.count("/retries/recovered")), (4, 1));
    assert_eq!(run.count("/groups/all/failures"), 1, "one of its requests never succeeded");
}

#[test]
fn a_worse_network_holds_up_and_drops_the_requests_of_lanes() {
    let witness = Witness::start(|_| reply(200, &[], "{}")).unwrap();
    let folder = Folder::new().unwrap();
    let plan = r#"[
      ["LD_install_network_conditioner", {"latency_ms": 50, "name_filter": "slow"}],
      ["LD_start_test", {"user_detail_dict": {}, "host": "http://127.0.0.1:9", "test_time": 60,
        "wait_time": 0, "user_count": 1, "iterations": 5, "tasks": [{"parallel": [
          {"method": "get", "request_url": "/slow", "name": "slow"},
          {"method": "get", "request_url": "/slow", "name": "slow"},
          {"method": "get", "request_url": "/fast", "name": "fast"}]}]}],
      ["LD_install_network_conditioner", {"loss_rate": 1}],
      ["LD_start_test", {"user_detail_dict": {}, "host": "http://127.0.0.1:9", "test_time": 60,
        "wait_time": 0, "user_count": 1, "iterations": 5, "tasks": [{"parallel": [
          {"method": "get", "request_url": "/lost", "name": "lost"},
          {"method": "get", "request_url": "/lost", "name": "lost"}]}]}]]"#;
    folder.write("plan.json", plan).unwrap();
    let run = runs::run(&folder, "plan.json", &["--host", &witness.url()]).unwrap();
    let slow = &run.summary["per_name"]["slow"];
    assert!(slow["service_time"]["min_ms"].as_f64().unwrap() >= 50.0, "{slow}");
    assert_eq!((run.count("/per_name/slow/requests"), slow["failures"].as_u64()), (10, Some(0)));
    assert_eq!(run.count("/per_name/fast/requests"), 5);
    let (class, text, times) = &run.failures()[0];
    assert_eq!((class.as_str(), *times), ("dropped", 10), "{text}");
    assert!(witness.targets().iter().all(|target| target != "/lost"));
}
