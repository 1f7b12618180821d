//! Filing samples, and handing them over once a second.

use std::hint::black_box;

use ld_results::{Recorder, Sample, Totals};

use super::{Call, Stage};

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "record/ok",
        doc: "files the sample of a request that went well, both histograms",
        prepare: || Ok(samples(1, false)),
    },
    Stage {
        name: "record/ok_of_2000",
        doc: "the same, in turn for 2 000 names",
        prepare: || Ok(samples(2000, false)),
    },
    Stage {
        name: "record/failed",
        doc: "files the sample and the reason of a failed request",
        prepare: || Ok(samples(1, true)),
    },
    Stage {
        name: "record/late",
        doc: "files how late a send was",
        prepare: || {
            let mut recorder = Recorder::new(1);
            let mut latencies = latencies();
            Ok(Box::new(move || recorder.late(black_box(latencies()))))
        },
    },
    Stage {
        name: "record/hand_over",
        doc: "files 1 000 samples of 10 names, then swaps, merges and clears the recorder",
        prepare: || Ok(hand_over()),
    },
];

/// Service times between 50 µs and 10 ms, most of them short, in an endless row.
fn latencies() -> impl FnMut() -> u64 {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        50_000 + (state % 1_000_000) * (state >> 61) * (state >> 61) / 5
    }
}

fn sample(series: u32, due_ns: u64, latency_ns: u64, failed: bool) -> Sample {
    Sample {
        series,
        due_ns,
        sent_ns: due_ns + 2_000,
        done_ns: due_ns + 2_000 + latency_ns,
        first_byte_ns: latency_ns,
        bytes_out: 120,
        bytes_in: 160,
        failed,
        ..Sample::default()
    }
}

fn samples(series: u32, failed: bool) -> Call {
    let mut recorder = Recorder::new(series as usize);
    let mut latencies = latencies();
    let mut count = 0;
    Box::new(move || {
        count += 1;
        let sample = sample(count % series, u64::from(count) * 5_000, latencies(), failed);
        recorder.record(black_box(&sample));
        if failed {
            let text = "status_code expected 200, got 503";
            recorder.fail(sample.series, "assertion", black_box(text), sample.done_ns);
        }
    })
}

fn hand_over() -> Call {
    const SERIES: u32 = 10;
    let mut recorder = Recorder::new(SERIES as usize);
    let mut spare = Some(Recorder::new(SERIES as usize));
    let mut totals = Totals::new(SERIES as usize);
    let mut latencies = latencies();
    Box::new(move || {
        for count in 0..1000 {
            recorder.record(&sample(count % SERIES, u64::from(count) * 5_000, latencies(), false));
        }
        if let Some(cleared) = spare.take() {
            let mut full = recorder.take(cleared);
            totals.absorb(black_box(&mut full));
            full.clear();
            spare = Some(full);
        }
    })
}
