//! What results cost in memory. A test binary of its own, because it counts the allocations of the
//! whole process.

use std::alloc::System;

use ld_results::{Recorder, Sample, Totals};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

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

#[test]
fn two_thousand_series_on_two_shards_stay_under_200_megabytes_however_long_it_takes() {
    let region = Region::new(ALLOCATOR);
    let held = || region.change().bytes_allocated - region.change().bytes_deallocated;
    let mut totals = Totals::new(SERIES);
    let mut shards: Vec<_> =
        (0..SHARDS).map(|_| (Recorder::new(SERIES), Recorder::new(SERIES))).collect();
    let mut run = |seconds: u32| {
        for _ in 0..seconds {
            // The same second over and over, so that only the number of requests grows.
            let mut seed = 88_172_645_463_325_252;
            for (recorder, spare) in &mut shards {
                one_second(recorder, &mut seed);
                std::mem::swap(recorder, spare);
                totals.absorb(spare);
            }
        }
        totals.requests()
    };
    assert_eq!(run(2), 2 * PER_SECOND * SHARDS as u64);
    let early = held();
    assert!(early < 200_000_000, "{early} bytes");
    run(8);
    assert_eq!(held(), early);
}
