//! What the histograms say, against the sorted samples.

#![expect(clippy::indexing_slicing, reason = "a wrong index fails the test, as it should")]

use ld_results::{
    Distribution, GeneratorHealth, Histogram, MAX_VALUE_NS, Recorder, RunInfo, Sample, Summary,
    Totals,
};
use proptest::prelude::*;

/// The reference's rule: rank p/100*(n-1), linear interpolation between neighbouring values.
fn exact(sorted: &[u64], p: f64) -> f64 {
    let rank = p / 100.0 * (sorted.len() - 1) as f64;
    let low = sorted[rank as usize] as f64;
    let high = sorted[(rank as usize + 1).min(sorted.len() - 1)] as f64;
    low + (high - low) * rank.fract()
}

/// Times of every magnitude, and clusters as real latencies form them.
fn times() -> impl Strategy<Value = Vec<u64>> {
    let any_magnitude = (0u32..44, any::<u64>()).prop_map(|(bits, noise)| {
        let low = 1u64 << bits;
        (low + noise % low).min(MAX_VALUE_NS)
    });
    let cluster = 900_000u64..1_500_000;
    prop::collection::vec(prop_oneof![any_magnitude, cluster, Just(0), Just(MAX_VALUE_NS)], 1..400)
}

fn histogram(times: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    times.iter().for_each(|&time| histogram.record(time));
    histogram
}

/// The summary of a run of three names whose requests took these times, on some shards.
fn summary(times: &[u64], shards: usize) -> Summary {
    let mut recorders: Vec<_> = (0..shards).map(|_| Recorder::new(3)).collect();
    for (position, &time) in times.iter().enumerate() {
        recorders[position % shards].record(&Sample {
            series: (position % 3) as u32,
            due_ns: 1_000,
            sent_ns: 1_000 + time / 2,
            done_ns: 1_000 + time,
            failed: position % 7 == 0,
            ..Sample::default()
        });
    }
    let mut totals = Totals::new(3);
    recorders.iter_mut().for_each(|recorder| totals.absorb(recorder));
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let run = RunInfo { names, ..RunInfo::default() };
    Summary::new(&run, &totals, &GeneratorHealth::default())
}

/// Whether `got` says of `times` what sorting them says.
fn assert_agrees(got: &Distribution, mut times: Vec<u64>) -> Result<(), TestCaseError> {
    times.sort_unstable();
    prop_assert_eq!(got.count, times.len() as u64);
    let figures = [
        (0.0, got.min_ms),
        (50.0, got.p50_ms),
        (90.0, got.p90_ms),
        (95.0, got.p95_ms),
        (99.0, got.p99_ms),
        (99.9, got.p99_9_ms),
        (100.0, got.max_ms),
    ];
    for (p, ms) in figures.iter().filter(|_| !times.is_empty()) {
        let expected = exact(&times, *p);
        // A figure in the summary is rounded to the nanosecond.
        let allowed = expected * 0.001 + 0.5;
        prop_assert!((ms * 1e6 - expected).abs() <= allowed, "p{p}: {ms} ms for {expected} ns");
    }
    prop_assert!(figures.is_sorted_by_key(|(_, ms)| *ms), "{got:?}");
    Ok(())
}

proptest! {
    #[test]
    fn percentiles_are_within_a_tenth_of_a_percent_of_the_sorted_samples(
        mut times in times(),
        p in 0.0f64..=100.0,
    ) {
        let histogram = histogram(&times);
        times.sort_unstable();
        let mut ps = [0.0, p, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0];
        ps.sort_by(f64::total_cmp);
        for (p, got) in ps.into_iter().zip(histogram.percentiles(ps)) {
            let expected = exact(&times, p);
            prop_assert!((got - expected).abs() <= expected * 0.001, "p{p}: {got} for {expected}");
        }
    }

    #[test]
    fn percentiles_are_ordered_from_the_exact_minimum_to_the_exact_maximum(
        times in times(),
        mut ps in prop::array::uniform8(0.0f64..=100.0),
    ) {
        let histogram = histogram(&times);
        ps.sort_by(f64::total_cmp);
        let values = histogram.percentiles(ps);
        let (min, max) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        prop_assert_eq!((histogram.min(), histogram.max()), (*min, *max));
        prop_assert_eq!(histogram.percentiles([0.0, 100.0]), [*min as f64, *max as f64]);
        prop_assert!(*min as f64 <= values[0] && values[7] <= *max as f64);
        prop_assert!(values.is_sorted(), "{values:?} at {ps:?}");
    }

    #[test]
    fn merging_is_the_same_as_recording_in_one(times in times(), at in any::<prop::sample::Index>()) {
        let (left, right) = times.split_at(at.index(times.len()));
        let mut merged = histogram(left);
        merged.merge(&histogram(right));
        let ps = [0.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0];
        prop_assert_eq!(merged.percentiles(ps), histogram(&times).percentiles(ps));
        let sum: u128 = times.iter().map(|&time| u128::from(time)).sum();
        prop_assert_eq!(merged.mean(), sum as f64 / times.len() as f64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_summary_agrees_with_the_sorted_samples_whatever_the_number_of_shards(
        times in times(),
        shards in 1usize..4,
    ) {
        let summary = summary(&times, shards);
        assert_agrees(&summary.response_time, times.clone())?;
        assert_agrees(&summary.service_time, times.iter().map(|time| time.div_ceil(2)).collect())?;
        for (series, (_, name)) in summary.per_name.0.iter().enumerate() {
            let own = || times.iter().copied().enumerate().filter(|(at, _)| at % 3 == series);
            assert_agrees(&name.response_time, own().map(|(_, time)| time).collect())?;
            let succeeded = own().filter(|(at, _)| at % 7 != 0).map(|(_, time)| time);
            assert_agrees(&name.successes, succeeded.collect())?;
        }
    }
}
