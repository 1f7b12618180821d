//! What the histograms say, against the sorted samples.

use ld_results::{Histogram, MAX_VALUE_NS, Recorder, Sample, Totals};
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

fn recorded(times: &[u64], shards: usize) -> Totals {
    let mut recorders: Vec<_> = (0..shards).map(|_| Recorder::new(3)).collect();
    for (position, &time) in times.iter().enumerate() {
        recorders[position % shards].record(&Sample {
            series: (position % 3) as u32,
            due_ns: 1_000,
            sent_ns: 1_000,
            done_ns: 1_000 + time,
            failed: position % 7 == 0,
            ..Sample::default()
        });
    }
    let mut totals = Totals::new(3);
    recorders.iter_mut().for_each(|recorder| totals.absorb(recorder));
    totals
}

proptest! {
    #[test]
    fn percentiles_are_within_a_tenth_of_a_percent_of_the_sorted_samples(
        times in times(),
        p in 0.0f64..=100.0,
    ) {
        let totals = recorded(&times, 2);
        let mut sorted = times;
        sorted.sort_unstable();
        for p in [0.0, p, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0] {
            let (got, expected) = (totals.response().percentile(p), exact(&sorted, p));
            let allowed = expected * 0.001;
            prop_assert!((got - expected).abs() <= allowed, "p{p}: {got} for {expected}");
        }
    }

    #[test]
    fn percentiles_are_ordered_from_the_exact_minimum_to_the_exact_maximum(
        times in times(),
        mut ps in prop::array::uniform8(0.0f64..=100.0),
    ) {
        let totals = recorded(&times, 1);
        let histogram = totals.response();
        ps.sort_by(f64::total_cmp);
        let values = histogram.percentiles(ps);
        let (min, max) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        prop_assert_eq!((histogram.min(), histogram.max()), (*min, *max));
        prop_assert_eq!(histogram.percentiles([0.0, 100.0]), [*min as f64, *max as f64]);
        prop_assert!(*min as f64 <= values[0] && values[7] <= *max as f64);
        prop_assert!(values.is_sorted(), "{values:?} at {ps:?}");
    }

    #[test]
    fn merging_shards_is_the_same_as_recording_in_one(times in times(), shards in 2usize..5) {
        let (apart, whole) = (recorded(&times, shards), recorded(&times, 1));
        let ps = [0.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0];
        prop_assert_eq!(apart.response().percentiles(ps), whole.response().percentiles(ps));
        prop_assert_eq!(apart.response().mean(), whole.response().mean());
        prop_assert_eq!(apart.requests(), times.len() as u64);
    }

    #[test]
    fn the_mean_is_exact(times in times()) {
        let mut histogram = Histogram::new();
        times.iter().for_each(|&time| histogram.record(time));
        let sum: u128 = times.iter().map(|&time| u128::from(time)).sum();
        prop_assert_eq!(histogram.mean(), sum as f64 / times.len() as f64);
    }
}
