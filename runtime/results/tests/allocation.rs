//! What recording allocates. A test binary of its own, because counting replaces its allocator.

use allocation_counter::measure;
use ld_results::{Recorder, Sample, Totals};

const SERIES: u32 = 50;
const TEXTS: [&str; 2] = [
    "status_code expected 200, got 503",
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
            let [short, long] = TEXTS;
            let text = if step % 200 == 0 { short } else { long };
            recorder.fail(series, "assertion", text, step * 50_000);
        }
    }
}

#[test]
fn recording_and_handing_over_allocate_nothing_once_warm() {
    let mut recorder = Recorder::new(SERIES as usize);
    for series in 0..SERIES {
        TEXTS.iter().for_each(|text| recorder.fail(series, "assertion", text, 0));
    }
    // A recorder is warm for samples from the start, and for failures from the first of a kind.
    assert_eq!(measure(|| one_second(&mut recorder)).count_total, 0);

    let mut totals = Totals::new(SERIES as usize);
    let mut spare = Recorder::new(SERIES as usize);
    let mut hand_over = || {
        one_second(&mut recorder);
        std::mem::swap(&mut recorder, &mut spare);
        totals.absorb(&mut spare);
    };
    hand_over();
    hand_over();
    assert_eq!(measure(hand_over).count_total, 0);
    assert_eq!((totals.requests(), totals.failed()), (80_000, 800));
}
