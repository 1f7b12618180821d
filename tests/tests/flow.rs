//! Blocks and conditions in real runs: how often each request is made.
#![cfg(test)]

use std::collections::BTreeMap;

use ld_tests::command::Folder;
use ld_tests::runs;
use ld_tests::witness::{Seen, Witness, reply};

fn witness() -> Witness {
    Witness::start(|seen: &Seen| match seen.target.as_str() {
        "/json" => reply(200, &[], "{\"status\": \"shipped\"}"),
        _ => reply(200, &[], "{}"),
    })
    .unwrap()
}

#[test]
fn every_block_makes_the_requests_it_says() {
    for options in [["--threads", "1"], ["--threads", "2"]] {
        let (folder, witness) = (Folder::new().unwrap(), witness());
        runs::bring(&folder, "flow.json").unwrap();
        let url = witness.url();
        let args = [&options[..], &["--host", &url]].concat();
        let run = runs::run(&folder, "flow.json", &args).unwrap();
        assert_eq!(run.outcome.code, Some(0), "{options:?} {:?}", run.outcome);

        // Two users, each ended by the plan in its third tick.
        let expected = [
            ("start", 1),
            ("read", 3),
            ("even", 1),
            ("odd", 2),
            ("repeated", 9),
            ("item", 9),
            ("while", 6),
            ("once", 1),
            ("first", 2),
            ("second", 1),
            ("picked", 3),
            ("grouped", 6),
            ("gold", 3),
            ("silver", 0),
            ("state", 3),
            ("stop", 1),
        ];
        for (name, times) in expected {
            let requests = run.summary["per_name"][name]["requests"].as_u64().unwrap_or(0);
            assert_eq!(requests, 2 * times, "{options:?} {name}");
        }
        let total = expected.iter().map(|(_, times)| 2 * times).sum::<u64>();
        assert_eq!(run.count("/totals/requests"), total, "groups are no requests");
        assert_eq!(run.count("/totals/failures"), 0, "{:?}", run.failures());
        assert_eq!(run.count("/groups/both/count"), 6);

        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for request in witness.seen() {
            *seen.entry(request.target).or_default() += 1;
        }
        for target in ["/item/7", "/item/8", "/item/9", "/left/2", "/left/1"] {
            assert_eq!(seen.get(target), Some(&6), "{options:?} {target}: {seen:?}");
        }
    }
}
