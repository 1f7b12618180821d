//! `docs/summary.md` describes every field of the JSON file, and no other.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use ld_results::{GateResult, GateUnit};
use serde_json::{Value, json};

use ld_results::{Arrivals, Distribution, GroupSummary, Groups, Sample, ScenarioUsers};

use crate::runs::Run;

/// Paths as the page writes them: `a.b`, `per_name.<name>.c`, `errors[].d`.
fn paths(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let named = ["per_name", "per_scenario", "groups"].contains(&path);
                let key = if named { "<name>" } else { key };
                let dot = if path.is_empty() { "" } else { "." };
                paths(value, &format!("{path}{dot}{key}"), out);
            }
        }
        Value::Array(items) if path != "verdict.reasons" => {
            items.iter().for_each(|item| paths(item, &format!("{path}[]"), out));
        }
        _ => {
            out.insert(path.to_owned());
        }
    }
}

/// The paths in the first column of the page's tables; `X.*` stands for the fields of a
/// distribution, which has a table of its own.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/summary.md");
    let text = std::fs::read_to_string(page).unwrap();
    let mut all: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    // A scenario has the fields of a name.
    if all.extract_if(.., |path| path == "per_scenario.<name>.…").count() > 0 {
        let names = all.iter().filter_map(|path| path.strip_prefix("per_name."));
        let more: Vec<_> = names.map(|path| format!("per_scenario.{path}")).collect();
        all.extend(more);
    }
    let fields: Vec<_> = all.extract_if(.., |path| path.starts_with("*.")).collect();
    all.iter()
        .flat_map(|path| match path.strip_suffix(".*") {
            Some(whole) => fields.iter().map(|field| field.replacen('*', whole, 1)).collect(),
            None => vec![path.clone()],
        })
        .collect()
}

#[test]
fn the_page_and_the_file_have_the_same_fields() {
    let mut run = Run::checkout();
    run.info.arrivals = Some(Arrivals::default());
    let metadata = json!({"name": "a", "owner": "b", "tags": ["c"], "description": "d"});
    run.info.metadata = metadata.as_object().unwrap().clone();
    run.info.gates = vec![GateResult {
        gate: "rps > 1".to_owned(),
        passed: true,
        actual: Some(2.0),
        unit: GateUnit::PerSecond,
        reason: String::new(),
        failed_at_s: None,
        aborted: false,
    }];
    let mut summary = run.summary();
    let group = GroupSummary { count: 1, failures: 0, time: Distribution::default() };
    summary.groups = Groups(vec![("checkout".to_owned(), group)]);
    let json: Value = serde_json::from_str(&summary.to_json().unwrap()).unwrap();
    let mut written = BTreeSet::new();
    paths(&json, "", &mut written);
    let documented = documented();
    let undocumented: Vec<_> = written.difference(&documented).collect();
    let unwritten: Vec<_> = documented.difference(&written).collect();
    assert!(undocumented.is_empty(), "not in docs/summary.md: {undocumented:#?}");
    assert!(unwritten.is_empty(), "only in docs/summary.md: {unwritten:#?}");
}

#[test]
fn the_reference_finds_its_fields() {
    let summary = Run::checkout().summary();
    let json: Value = serde_json::from_str(&summary.to_json().unwrap()).unwrap();
    assert_eq!(json["totals"]["requests"], 10_238);
    assert_eq!(json["totals"]["successes"], 10_236);
    assert_eq!(json["totals"]["failures"], 2);
    assert_eq!(json["totals"]["failure_rate"], 2.0 / 10_238.0);
    assert_eq!(json["latency_overall"]["count"], 10_238);
    // A name's own figures are of its successes only; failed requests took 1 ms, less than any.
    let login = &json["per_name"]["login"];
    assert_eq!((&login["count"], &login["requests"]), (&5_118.into(), &5_120.into()));
    assert_eq!((&login["min_ms"], &login["response_time"]["min_ms"]), (&1.12.into(), &1.0.into()));
}

#[test]
fn a_name_that_several_scenarios_have_is_told_apart_by_them() {
    let mut run = Run::of(&["home", "buy", "home"]);
    run.info.scenarios = ["visitors", "buyers", "buyers"].map(str::to_owned).to_vec();
    let users = |name: &str| ScenarioUsers { name: name.to_owned(), planned: 2, started: 1 };
    run.info.scenario_users = vec![users("visitors"), users("buyers")];
    for series in 0..3 {
        run.requests(series, 10 + u64::from(series), 1_000_000);
    }
    let json: Value = serde_json::from_str(&run.summary().to_json().unwrap()).unwrap();
    let names: Vec<_> = json["per_name"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["visitors: home", "buy", "buyers: home"]);
    assert_eq!(json["per_name"]["buy"]["scenario"], "buyers");
    assert_eq!(json["per_scenario"]["visitors"]["requests"], 10);
    assert_eq!(json["per_scenario"]["buyers"]["requests"], 11 + 12);
    assert_eq!(json["per_scenario"]["buyers"]["users"]["achieved"], 1);
}

#[test]
fn a_group_that_several_scenarios_have_is_told_apart_by_them() {
    let mut run = Run::of(&["shop", "shop", "shop"]);
    run.info.scenarios = ["visitors", "buyers", "buyers"].map(str::to_owned).to_vec();
    run.info.groups = vec![true; 3];
    for (series, seconds) in [(0, 1), (1, 2), (2, 4)] {
        run.recorder.record_group(series, seconds * 1_000_000_000, series == 2);
    }
    let summary = run.summary();
    let json: Value = serde_json::from_str(&summary.to_json().unwrap()).unwrap();
    let names: Vec<_> = json["groups"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["visitors: shop", "buyers: shop"]);
    let buyers = &json["groups"]["buyers: shop"];
    assert_eq!((&buyers["count"], &buyers["failures"]), (&json!(2), &json!(1)));
    assert_eq!(buyers["time"]["max_ms"], 4_000.0);
    assert_eq!(json["per_name"], json!({}));
}

#[test]
fn rates_are_over_the_time_after_the_warm_up() {
    let mut run = Run::of(&["home"]);
    run.requests(0, 300, 1_000_000);
    run.info.duration = Duration::from_secs(40);
    run.info.warmup = Duration::from_secs(10);
    run.recorder.counters.warmup_requests = 77;
    let summary = run.summary();
    assert_eq!((summary.rps, summary.duration.achieved_s), (10.0, 40.0));
    assert_eq!((summary.warmup.requests, summary.totals.requests), (77, 300));
}

#[test]
fn soft_failures_are_counted_apart_and_fail_nothing() {
    let mut run = Run::of(&["home", "buy"]);
    run.requests(0, 10, 1_000_000);
    for (soft_failures, failed) in [(2, false), (0, false), (1, true)] {
        run.recorder.record(&Sample {
            series: 1,
            done_ns: 5_000_000,
            soft_failures,
            failed,
            ..Sample::default()
        });
    }
    run.recorder.fail(1, "assertion", "HTTP 500", 0);
    let json: Value = serde_json::from_str(&run.summary().to_json().unwrap()).unwrap();
    let counts = |figures: &Value| {
        ["requests", "failures", "soft_failures"].map(|key| figures[key].as_u64().unwrap())
    };
    assert_eq!(counts(&json["per_name"]["home"]), [10, 0, 0]);
    assert_eq!(counts(&json["per_name"]["buy"]), [3, 1, 3]);
    assert_eq!(json["soft_failures"], 3);
    let totals = ["requests", "successes", "failures"].map(|key| json["totals"][key].clone());
    assert_eq!(totals, [json!(13), json!(12), json!(1)]);
    let errors = json["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "a soft failure is no failure: {errors:?}");
}

#[test]
fn series_of_equal_name_are_one_entry() {
    let mut run = Run::of(&["same", "other", "same"]);
    for series in 0..3 {
        run.requests(series, 10, 1_000_000);
    }
    let json: Value = serde_json::from_str(&run.summary().to_json().unwrap()).unwrap();
    let names: Vec<_> = json["per_name"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["same", "other"]);
    assert_eq!(json["per_name"]["same"]["count"], 20);
}
