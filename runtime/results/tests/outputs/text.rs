//! The text on the terminal, whole, in `tests/cases/outputs`. `UPDATE_CASES=1` writes it anew.

use std::path::Path;
use std::time::Duration;

use ld_results::render::{plain_line, progress_lines, summary};
use ld_results::{Progress, Snapshot, VerdictState};

use crate::runs::{Run, busy};

fn check(case: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/outputs");
    let path = folder.join(case).with_extension("txt");
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{case} is now\n{text}\nand was\n{expected}");
}

#[test]
fn a_valid_run() {
    check("summary-valid", &summary(&Run::checkout().summary()));
}

#[test]
fn an_overloaded_generator() {
    let mut run = Run::of(&["login", "orders"]);
    run.health.shards = vec![busy(3), busy(38)];
    run.health.cpu_system = Duration::from_secs(45);
    for tenth in 0..10 {
        let late_ns = 21_200_000 * (tenth + 1);
        run.late_requests(0, 500, 1_100_000, late_ns);
        run.late_requests(1, 500, 900_000, late_ns);
    }
    run.late(10_000, 212_000_000);
    run.recorder.counters.connections_opened = 200;
    check("summary-invalid", &summary(&run.summary()));
}

#[test]
fn users_that_never_wait() {
    let mut run = Run::of(&["index"]);
    run.info.plan = "bare.json".to_owned();
    run.health.shards = vec![busy(60)];
    run.health.cpu_user = Duration::from_secs(10);
    run.health.cpu_system = Duration::from_secs(49);
    run.requests(0, 100_000, 400_000);
    check("summary-suspect", &summary(&run.summary()));
}

#[test]
fn an_interrupted_run_with_failures_of_every_kind() {
    let mut run =
        Run::of(&["login", "a name that goes on and on, for no reason but to be long", "取消"]);
    run.info.duration = Duration::from_millis(12_340);
    run.info.interrupted = true;
    run.info.users_started = 62;
    run.requests(0, 900, 2_000_000);
    run.failure(2, "connect", "connection refused by 127.0.0.1:8080", 3_000);
    for number in 0..30 {
        let text = format!("status_code expected 200, got {}", 500 + number);
        run.failure(0, "assertion", &text, 100 * number);
    }
    run.failure(1, "protocol", "not HTTP: \u{1b}[31mred\r\n\u{202e}desrever", 11_999);
    let long = "body does not contain 'a text that is much too long to be shown in one line of a terminal'";
    run.failure(1, "assertion", long, 700_000);
    run.recorder.record(&ld_results::Sample {
        series: 1,
        unresolved: 3,
        soft_failures: 2,
        done_ns: 1,
        ..Default::default()
    });
    run.recorder.counters.cut = 57;
    run.recorder.counters.dropped_messages = 44;
    run.recorder.counters.connections_opened = 62;
    check("summary-interrupted", &summary(&run.summary()));
}

#[test]
fn more_names_than_a_table_can_hold() {
    let names: Vec<_> = (0..60).map(|number| format!("/orders/{number}")).collect();
    let mut run = Run::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for series in 0..60 {
        run.requests(series, 1_000 + u64::from(series % 3), 1_500_000);
    }
    run.requests(7, 2_000_000 / 10, 1_500_000);
    run.late(100, 1_000);
    check("summary-many-names", &summary(&run.summary()));
}

#[test]
fn a_run_without_a_request() {
    let mut run = Run::of(&["login"]);
    run.info.duration_planned = None;
    run.info.duration = Duration::from_secs(3_725);
    check("summary-nothing", &summary(&run.summary()));
}

#[test]
fn progress_on_a_terminal_and_elsewhere() {
    let mut run = Run::checkout();
    let mut totals = run.totals();
    let mut text = String::new();
    let mut show = |title: &str, snapshot: &Snapshot, history: &[f64], columns| {
        text.push_str(&format!("# {title}\n"));
        text.push_str(&progress_lines(&run.info, snapshot, history, columns));
        text.push_str(&plain_line(snapshot));
        text.push_str("\n\n");
    };
    show("before the first second, 100 columns", &Snapshot::default(), &[], 100);

    let progress = Progress {
        elapsed: Duration::from_secs(23),
        window: Duration::from_secs(1),
        active_users: 200,
        cores: 0.03,
    };
    let running = totals.snapshot(&progress, &run.health);
    let history: Vec<_> = (0..15).map(|second| f64::from(second * second)).collect();
    show("running, 100 columns", &running, &history, 100);
    show("running, 60 columns", &running, &[0.0, 0.0], 60);

    let late = Snapshot {
        elapsed_s: 75.0,
        active_users: 1,
        cores: 1.7,
        verdict: VerdictState::Suspect,
        ..running
    };
    show("beyond its time, 100 columns", &late, &history, 100);
    check("progress", &text);
}

#[test]
fn a_snapshot_is_of_its_own_window() {
    let mut run = Run::checkout();
    let mut totals = run.totals();
    let second = Progress { window: Duration::from_secs(2), ..Progress::default() };
    let first = totals.snapshot(&second, &run.health);
    assert_eq!((first.rps, first.window_failed), (10_238.0 / 2.0, 2));
    run.requests(0, 50, 7_000_000);
    totals.absorb(&mut run.recorder);
    let next = totals.snapshot(&second, &run.health);
    assert_eq!((next.rps, next.window_failed, next.ok, next.failed), (25.0, 0, 10_286, 2));
    assert!(next.window_p50_ms >= 7.0 && next.p50_ms < 2.0, "{next:?}");
}

#[test]
fn no_progress_line_is_wider_than_the_terminal() {
    let mut run = Run::checkout();
    run.info.plan = "一個非常長的計劃名稱".repeat(5);
    let snapshot = run.totals().snapshot(&Progress::default(), &run.health);
    for columns in 1..150 {
        for line in progress_lines(&run.info, &snapshot, &[1.0; 10], columns).lines() {
            let wide = line.chars().filter(|c| ('一'..='龥').contains(c)).count();
            assert!(line.chars().count() + wide <= columns, "{columns}: {line}");
        }
    }
}
