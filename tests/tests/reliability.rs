//! Requests that are sent again, and a network that is made worse on purpose.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use ld_tests::command::Folder;
use ld_tests::runs;
use ld_tests::witness::{Seen, Witness, reply};

/// Answers the n-th request of each first segment of a path, n from 0.
fn counting(answer: impl Fn(&str, u32) -> Vec<u8> + Send + Sync + 'static) -> Witness {
    let counts = Mutex::new(BTreeMap::<String, u32>::new());
    Witness::start(move |seen: &Seen| {
        let first = seen.path().split('/').nth(1).unwrap().to_owned();
        let mut counts = counts.lock().unwrap();
        let count = counts.entry(first.clone()).or_default();
        *count += 1;
        answer(&first, *count - 1)
    })
    .unwrap()
}

#[test]
fn a_request_is_sent_again_as_it_was_as_often_as_failures_of_its_kind_may_be() {
    let witness = counting(|path, earlier| match (path, earlier) {
        ("busy", 0) => reply(503, &[], "busy"),
        ("busy", 1) => reply(429, &[], "too many"),
        ("closed", 0 | 1) => Vec::new(),
        ("wrong", 0 | 1) => reply(200, &[], "wrong"),
        ("wrong", _) => reply(200, &[], "right"),
        ("token", 0) => reply(200, &[], "{}"),
        ("token", _) => reply(200, &[], r#"{"token": "t-1"}"#),
        ("gone", _) => reply(404, &[], "gone"),
        ("always-busy", _) => reply(503, &[], "busy"),
        _ => reply(200, &[], "{}"),
    });
    let folder = Folder::new().unwrap();
    runs::bring(&folder, "retry.json").unwrap();
    let run = runs::run(&folder, "retry.json", &["--host", &witness.url()]).unwrap();

    let names = [
        ("busy", 3, 2),
        ("closed", 3, 2),
        ("wrong", 3, 2),
        ("token", 2, 1),
        ("page", 1, 0),
        ("gone", 1, 1),
        ("always", 2, 2),
    ];
    for (name, requests, failures) in names {
        let figures = &run.summary["per_name"][name];
        let counts = (figures["requests"].as_u64(), figures["failures"].as_u64());
        assert_eq!(counts, (Some(requests), Some(failures)), "{name}");
    }
    assert_eq!(run.count("/totals/requests"), 15, "every attempt is recorded");
    assert_eq!(run.count("/retries/attempts"), 8);
    assert_eq!(run.count("/retries/recovered"), 4);
    // A group whose requests all succeeded in the end did not fail.
    assert_eq!(run.count("/groups/all/failures"), 0);
    assert_eq!(run.count("/groups/failing/failures"), 1);
    assert!(run.outcome.stdout.contains("8 requests sent again after failures, 4 of them with"));

    let seen = witness.seen();
    let busy: Vec<_> = seen.iter().filter(|seen| seen.path().starts_with("/busy/")).collect();
    assert_eq!(busy.len(), 3);
    assert!(busy.iter().all(|seen| seen.target == busy[0].target), "{busy:#?}");
    let posts: Vec<_> = seen.iter().filter(|seen| seen.path() == "/token").collect();
    assert_eq!(posts.len(), 2);
    assert_eq!((posts[0].text(), &posts[0].headers), (posts[1].text(), &posts[1].headers));
    assert!(witness.targets().contains(&"/t-1".to_owned()));
}

#[test]
fn a_worse_network_holds_up_within_the_measured_time_and_what_it_drops_is_recorded() {
    let witness = counting(|_, _| reply(200, &[], "{}"));
    let folder = Folder::new().unwrap();
    runs::bring(&folder, "conditioner.json").unwrap();
    let run = runs::run(&folder, "conditioner.json", &["--host", &witness.url()]).unwrap();

    let slow = &run.summary["per_name"]["a slow one"];
    for time in ["response_time", "service_time"] {
        let least = slow[time]["min_ms"].as_f64().unwrap();
        assert!(least >= 50.0, "{time} {least}");
    }
    assert_eq!(
        (run.count("/per_name/a slow one/requests"), slow["failures"].as_u64()),
        (10, Some(0))
    );
    assert_eq!(run.count("/per_name/fast/requests"), 10);
    assert_eq!(run.count("/per_name/after/failures"), 0);

    assert_eq!(run.count("/per_name/lost/requests"), 2_000);
    let dropped =
        ("dropped".to_owned(), "network_conditioner: simulated drop (1.0)".to_owned(), 2_000);
    assert_eq!(run.failures(), [dropped]);
    assert_eq!((run.count("/retries/attempts"), run.count("/retries/recovered")), (1_000, 0));
    assert!(witness.targets().iter().all(|target| target != "/lost"));
    assert_eq!(witness.targets().len(), 25);
}
