//! Recording allocates nothing once it is warm. A test binary of its own, because it counts the
//! allocations of the whole process.

use std::alloc::System;

use ld_results::{Recorder, Sample, Totals};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SERIES: u32 = 50;
const TEXTS: [&str; 3] = [
    "status_code expected 200, got 503",
    "connection refused",
    "body does not contain 'a text that is long enough not to be stored in place'",
];

/// A second's worth of requests: latencies over two octaves, some failures, new connections.
fn one_second(recorder: &mut Recorder) {
    for step in 0..20_000u64 {
        let series = (step % u64::from(SERIES)) as u32;
        let failed = step % 100 == 0;
        recorder.record(&Sample {
            series,
            due_ns: step * 50_000,
            sent_ns: step * 50_000 + 20_000,
            done_ns: step * 50_000 + 1_000_000 + step * 997 % 3_000_000,
            connect_ns: if step % 1000 == 0 { 80_000 } else { 0 },
            tls_ns: if step % 1000 == 0 { 900_000 } else { 0 },
            first_byte_ns: 900_000,
            failed,
            ..Sample::default()
        });
        recorder.late(step % 100_000);
        if failed {
            let text = TEXTS[step as usize / 100 % TEXTS.len()];
            recorder.fail(series, "assertion", text, step * 50_000);
        }
    }
}

#[test]
fn recording_allocates_nothing_after_warm_up() {
    let mut totals = Totals::new(SERIES as usize);
    let (mut recorder, mut spare) =
        (Recorder::new(SERIES as usize), Recorder::new(SERIES as usize));
    // Two seconds warm up both halves of the pair, and the totals.
    for _ in 0..2 {
        one_second(&mut recorder);
        let mut full = recorder.take(spare);
        totals.absorb(&mut full);
        spare = full;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..3 {
        one_second(&mut recorder);
        let mut full = recorder.take(spare);
        totals.absorb(&mut full);
        spare = full;
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
    assert_eq!((totals.requests(), totals.failed()), (100_000, 1_000));
}
