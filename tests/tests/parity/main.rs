//! Plans run by LoadDensity 0.0.79 and by `ldvm`: `tests/cases/parity/NAME.json`, each against a
//! server that records what it is sent.
//!
//! Compared are what was on the wire, how often each name succeeded and failed and with which
//! texts, the summaries written, and the exit code. Where the two differ, `NAME.case.json`
//! says exactly how, and names the row of `docs/compatibility.md` that says why. The plans of
//! `tests/cases/parity/not-yet` are those that `ldvm` refuses because it lacks something; once
//! it does not, they belong among the others.
#![cfg(test)]

mod case;
mod difference;
mod outcome;
mod peers;
mod sides;

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use case::Case;
use difference::Difference;
use ld_tests::cases;
use serde_json::Value;

/// Rows of `docs/compatibility.md` that these plans cannot show, and why, or where they are shown.
const SHOWN_ELSEWHERE: &[(&str, &str)] = &[
    ("exit code 1 for all that goes wrong in a plan", "tests/run.rs, and every refusal here"),
    (
        "a failed action cannot be told from one that gives back text",
        "about another form than the map that is compared here; tests/actions.rs",
    ),
    (
        "`LD_generate_junit_report` writes a case for each request, and control characters raw",
        "the files compared are JSON; ld-results",
    ),
    ("`hash` of a text differs from process to process", "not the same twice; ld-stdlib"),
    (
        "`run-dir` takes files in any order, stops at the first failure, and finds no fault with a missing folder",
        "tests/actions.rs",
    ),
    ("`LD_write_action_toml` quotes no keys and escapes no line ends", "tests/actions.rs"),
    ("whole numbers have any size", "more than the JSON compared here holds; ld-stdlib"),
    ("when rows run out, the placeholder is sent", "the same unless `on_end` is given; ld-runtime"),
    (
        "commands that import take what `LD_load_*` gave",
        "plans of the reference cannot hand it on, so that none runs; ld-runtime",
    ),
    (
        "imported tasks lose variables, credentials in them stay, and a load that the source asks for is replaced by 10 users for 60 s",
        "ld-runtime, and every case of the importers",
    ),
    ("`LD_generate_from_curls` skips commands it cannot read", "ld-runtime"),
    ("`LD_load_jmeter_jmx` gives a tree of Python's", "ld-runtime"),
    ("the pause between ticks is 0.1–0.2 s", "tests/run.rs"),
    ("at the end, requests in flight vanish", "tests/counts.rs"),
    ("engines `locust` and `asyncio`", "the latter takes no `iterations` and no hook to count"),
    (
        "no secrets: they stand in the plan or in the environment, and in whatever is logged",
        "tests/secrets.rs",
    ),
    (
        "rows of databases in the text forms of Python's drivers; `db_sources` for HTTP users only; queries run when their action's turn comes",
        "tests/databases.rs",
    ),
    ("a SQLite file that is not there is created", "about a file that nothing reads; ld-runtime"),
    ("environment variables are read at each expansion", "nobody can change them meanwhile"),
    ("`fast_http_user` never verifies TLS", "tests/tls.rs"),
    (
        "`fast_http_user` sends `Accept` only with a JSON body",
        "`*/*` is left out of all comparisons, as it means the same",
    ),
    (
        "YAML and TOML documents can only be read by commands, with YAML 1.1 (`yes` is true)",
        "the reference runs no such plan; ld-compiler",
    ),
    (
        "shapes are looked at once a second; a change starts a ramp in batches",
        "needs time; ld-runtime",
    ),
    (
        "a shape's `spawn_rate` below 1 counts as 0; fractions are cut off",
        "needs time and users; ld-runtime",
    ),
    ("users that a shape takes away are killed", "needs time and users; ld-runtime"),
    (
        "users that wait for a `throttle` do not queue, so ten users exceed a cap of 2/s sevenfold",
        "needs time and users; ld-runtime",
    ),
    ("at the end requests are killed at once", "tests/counts.rs"),
    (
        "Faker's lists and numbers in Python's notation",
        "not the same twice, and needs one more library; ld-stdlib",
    ),
    ("`http2` needs a package at run time", "it depends on what is installed; ld-drivers"),
    ("IPv6 targets do not work", "not every machine has IPv6; ld-drivers"),
    ("lengths of texts are characters", "not in what is compared; ld-drivers"),
    ("frames that arrive between steps wait in the system", "needs many; ld-drivers"),
    ("`timeout` limits connecting and receiving apart", "needs time; ld-drivers"),
    ("no headers, subprotocols, binary frames or TLS options", "tests/sockets.rs"),
    ("percentiles are of the sorted samples", "ld-results"),
    (
        "messages and stubs are generated Python modules",
        "the reference has nothing in common with it; tests/grpc.rs",
    ),
    ("plain connections only, and the run's `host` is not looked at", "tests/grpc.rs"),
    (
        "an unknown `rpc` is `unary`, and one that is not the method's kind fails somewhere",
        "tests/grpc.rs, ld-stdlib",
    ),
    (
        "a payload that is no object is the empty message, malformed metadata is dropped",
        "ld-stdlib",
    ),
    ("nothing of a reply can be checked", "tests/grpc.rs"),
    ("`response_length` is the size of the messages", "no length is compared here; ld-drivers"),
    ("any exception is a failure with its text", "tests/grpc.rs"),
    ("a connection from a pool for each task", "tests/sql.rs"),
    ("decimals, dates and bytes are Python objects", "nothing of a row is seen here; tests/sql.rs"),
    ("any database with a Python library", "ld-stdlib"),
    ("`response_length` is the number of rows", "no length is compared here"),
    ("no time limit", "tests/sql.rs, tests/redis.rs"),
    ("seven methods; others are passed over without a record", "tests/redis.rs, ld-stdlib"),
    ("a task without a key fails each time", "ld-stdlib"),
    ("values are the text of Python objects", "tests/redis.rs"),
    ("`expect` of a value that was set is `True`", "tests/redis.rs"),
    ("no `extract`, no `assertions`", "tests/redis.rs"),
    ("no certificates of one's own; passwords in the URL", "tests/redis.rs"),
    ("Unix sockets, clusters, sentinels", "ld-stdlib, ld-drivers"),
    ("`length` is that of strings, else 1", "no length is compared here; ld-drivers"),
];

/// Rows of `docs/compatibility.md` that `--strict-compat` takes back.
const TAKEN_BACK: [&str; 3] = [
    "a text that is one placeholder becomes text",
    "`True`, `[1, '2']` (Python forms)",
    "values that conditions fill in are text, which equals no number",
];

#[test]
fn plans_do_the_same_as_with_the_reference_but_for_the_differences_they_name() {
    let cases = case::load("parity").unwrap();
    let all: Vec<_> = cases.iter().collect();
    let takes_back =
        |case: &Case| case.differs.iter().any(|differs| TAKEN_BACK.contains(&differs.row.as_str()));
    let strict: Vec<_> = cases.iter().filter(|case| takes_back(case)).collect();
    let (references, ldvm, strictly) = thread::scope(|scope| {
        let references = scope.spawn(|| sides::reference(&cases).unwrap());
        let ldvm = sides::ldvm(&all, &[]);
        let strictly = sides::ldvm(&strict, &["--strict-compat"]);
        (references.join().unwrap(), ldvm, strictly)
    });
    let mut wrong = String::new();
    for (case, (reference, ldvm)) in all.iter().zip(references.iter().zip(&ldvm)) {
        if let Err(text) = compare(case, reference, ldvm) {
            wrong.push_str(&text);
        }
    }
    let references = cases.iter().zip(&references).filter(|(case, _)| takes_back(case));
    for ((case, reference), ldvm) in references.zip(&strictly) {
        let rest = case.differs.iter().filter(|it| !TAKEN_BACK.contains(&it.row.as_str()));
        let told = rest.map(|differs| differs.difference.clone());
        if let Err(text) = agree(&told.collect::<Vec<_>>(), &difference::between(reference, ldvm)) {
            wrong.push_str(&format!("{} with --strict-compat\n{text}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_this_build_lacks_is_refused_by_name() {
    let cases = case::load("parity/not-yet").unwrap();
    let outcomes = cases.iter().zip(sides::ldvm(&cases.iter().collect::<Vec<_>>(), &[]));
    let others: Vec<_> = outcomes
        .filter(|(_, ldvm)| {
            let codes = ldvm["refused"].as_array().into_iter().flatten();
            let mut codes = codes.map(|code| code.as_str().unwrap());
            !codes.any(|code| code.starts_with("LD05"))
        })
        .map(|(case, _)| &case.name)
        .collect();
    assert!(others.is_empty(), "they are not refused any more; move them up: {others:?}");
}

#[test]
fn differences_are_documented_and_all_that_are_documented_are_shown() {
    let rows = documented();
    let cases = case::load("parity").unwrap();
    let mut shown = BTreeSet::new();
    for case in &cases {
        for difference in &case.differs {
            assert!(rows.contains(&difference.row), "{}: no row {:?}", case.name, difference.row);
            shown.insert(difference.row.clone());
        }
    }
    for (row, _) in SHOWN_ELSEWHERE {
        assert!(rows.contains(*row), "there is no row {row:?}");
        assert!(shown.insert((*row).to_owned()), "a case shows {row:?}");
    }
    let missing: Vec<_> = rows.difference(&shown).collect();
    assert!(missing.is_empty(), "no case shows {missing:#?}");
}

/// The first cells of the tables in `docs/compatibility.md`.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/compatibility.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| LoadD"));
    rows.map(|row| row.split(" | ").next().unwrap().trim_start_matches("| ").to_owned()).collect()
}

/// Compares what the two did with what the case says about it.
fn compare(case: &Case, reference: &Value, ldvm: &Value) -> Result<(), String> {
    let found = difference::between(reference, ldvm);
    let told: Vec<_> = case.differs.iter().map(|differs| differs.difference.clone()).collect();
    match agree(&told, &found) {
        Err(_) if cases::updating() => {
            case.update(found).map_err(|why| format!("{}: {why}\n", case.name))
        }
        result => result.map_err(|text| format!("{}\n{text}(LD_UPDATE=1 writes it)\n", case.name)),
    }
}

/// Whether the differences are those that were told.
fn agree(told: &[Difference], found: &[Difference]) -> Result<(), String> {
    if found == told {
        return Ok(());
    }
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    Err(format!("--- told\n{}\n--- found\n{}\n", told.join("\n"), found.join("\n")))
}
