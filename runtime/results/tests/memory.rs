//! What results take in memory. A test binary of its own, because counting replaces its allocator.

use allocation_counter::measure;
use ld_results::{Recorder, Sample, Totals};

const SERIES: usize = 2_000;
const SHARDS: usize = 2;
const PER_SECOND: u64 = 100_000;

/// A second of a shard: latencies of all series, each over three octaves around a centre of its own.
fn one_second(recorder: &mut Recorder, seed: &mut u64) {
    for step in 0..PER_SECOND {
        // xorshift64
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        let series = *seed % SERIES as u64;
        let centre_ns = 500_000 * (1 + series % 50);
        let took_ns = (centre_ns >> ((*seed >> 32) % 3)) * (1_000 + (*seed >> 40) % 1_000) / 1_000;
        let due_ns = step * 10_000;
        recorder.record(&Sample {
            series: series as u32,
            due_ns,
            sent_ns: due_ns + (*seed >> 50),
            done_ns: due_ns + 20_000 + took_ns,
            ..Sample::default()
        });
    }
}

/// Totals, and for each shard two recorders that take turns.
struct Run {
    totals: Totals,
    shards: Vec<(Recorder, Recorder)>,
}

impl Run {
    fn new() -> Self {
        let pair = || (Recorder::new(SERIES), Recorder::new(SERIES));
        Self { totals: Totals::new(SERIES), shards: (0..SHARDS).map(|_| pair()).collect() }
    }

    /// The same second over and over, so that only the number of requests grows.
    fn go_on(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let mut seed = 88_172_645_463_325_252;
            for (recorder, spare) in &mut self.shards {
                one_second(recorder, &mut seed);
                std::mem::swap(recorder, spare);
                self.totals.absorb(spare);
            }
        }
    }
}

#[test]
fn two_thousand_series_on_two_shards_stay_under_200_megabytes_however_long_it_takes() {
    let mut run = None;
    let early = measure(|| run.insert(Run::new()).go_on(2));
    assert!(early.bytes_current < 200_000_000, "{early:?}");
    let later = measure(|| run.iter_mut().for_each(|run| run.go_on(8)));
    assert_eq!(later.bytes_current, 0);
    let requests = run.map(|run| run.totals.requests());
    assert_eq!(requests, Some(10 * SHARDS as u64 * PER_SECOND));
}
