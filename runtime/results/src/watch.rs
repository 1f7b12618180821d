//! Some requests or groups of a run apart from the others: those a gate or a failure budget looks at.
//!
//! A watch takes in what shards hand over once a second, so it costs nothing per request, and a
//! window slides in steps of a second.

use std::collections::VecDeque;
use std::time::Duration;

use crate::extent::Extent;
use crate::histogram::Histogram;
use crate::recorder::Recorder;
use crate::times::Pair;

/// The requests of some series, of the whole run or of its last seconds.
#[derive(Debug)]
pub struct Watch {
    /// Which series count; all requests without a list.
    series: Option<Vec<usize>>,
    window: Option<Duration>,
    /// Everything in the window, or in the run.
    response: Histogram,
    failed: u64,
    /// Whether anything ever came in, be it in the window or not.
    has_seen: bool,
    /// What came in, the oldest first; only kept for a window.
    slices: VecDeque<Slice>,
    /// What one recorder brings.
    batch: Pair<Histogram>,
}

/// What came in at one time, in as little memory as it needs.
#[derive(Debug)]
struct Slice {
    at: Duration,
    extent: Extent,
    buckets: Vec<(u32, u64)>,
    failed: u64,
}

impl Watch {
    /// A watch over these series, or over all requests; over a window, or the whole run.
    #[must_use]
    pub fn new(series: Option<Vec<usize>>, window: Option<Duration>) -> Self {
        Self {
            series,
            window,
            response: Histogram::default(),
            failed: 0,
            has_seen: false,
            slices: VecDeque::new(),
            batch: Pair::default(),
        }
    }

    /// Whether there was anything to watch, at any time.
    #[must_use]
    pub const fn has_seen(&self) -> bool {
        self.has_seen
    }

    /// Takes in what a shard handed over at this time of the run.
    pub fn absorb(&mut self, recorder: &Recorder, at: Duration) {
        let mut failed = 0;
        for (number, series) in recorder.series.iter().enumerate() {
            if wants(self.series.as_deref(), number) {
                self.batch.response.add_extent(&series.ok.response);
                self.batch.response.add_extent(&series.failed.response);
                failed += series.failures();
                if let Some(folded) = &recorder.folded {
                    folded.add_ok_to(number, &mut self.batch);
                    folded.add_failed_to(number, &mut self.batch);
                }
            }
        }
        for entry in &recorder.log {
            if wants(self.series.as_deref(), entry.series()) {
                self.batch.response.add_bucket(entry.response(), 1);
            }
        }
        if let Some(wanted) = &self.series {
            let groups = recorder.groups.iter();
            for (_, times) in groups.filter(|(series, _)| wanted.contains(&(**series as usize))) {
                self.batch.response.merge(&times.all);
                failed += times.failures;
            }
        }
        if self.batch.response.count() > 0 {
            self.has_seen = true;
            self.failed += failed;
            self.response.merge(&self.batch.response);
            if self.window.is_some() {
                let (extent, buckets) = self.batch.response.sparse();
                self.slices.push_back(Slice { at, extent, buckets, failed });
            }
            self.batch.clear();
        }
    }

    /// Lets go of what the window has left behind at this time of the run.
    pub fn slide(&mut self, now: Duration) {
        let Some(window) = self.window else { return };
        let begin = now.saturating_sub(window);
        let gone = self.slices.iter().take_while(|slice| slice.at <= begin).count();
        if gone == 0 {
            return;
        }
        self.slices.drain(..gone);
        // Least and greatest cannot be taken back, so all is counted anew.
        self.response.clear();
        self.failed = 0;
        for slice in &self.slices {
            self.failed += slice.failed;
            self.response.add_extent(&slice.extent);
            for &(bucket, count) in &slice.buckets {
                self.response.add_bucket(bucket as usize, count);
            }
        }
    }

    /// Response times of what is watched, failed requests included.
    #[must_use]
    pub fn response(&self) -> &Histogram {
        &self.response
    }

    /// How many of the requests failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Failures as a share of requests; none when there are no requests.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        let requests = self.response.count();
        (requests > 0).then(|| self.failed as f64 / requests as f64)
    }
}

fn wants(series: Option<&[usize]>, number: usize) -> bool {
    series.is_none_or(|series| series.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::Sample;

    fn recorder(samples: &[(u32, u64, bool)]) -> Recorder {
        let mut recorder = Recorder::new(3);
        for &(series, done_ns, failed) in samples {
            recorder.record(&Sample { series, done_ns, failed, ..Sample::default() });
        }
        recorder
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn only_what_is_watched_counts() {
        let recorder = recorder(&[(0, 10, false), (1, 20, true), (2, 30, false)]);
        let mut all = Watch::new(None, None);
        let mut some = Watch::new(Some(vec![1, 2]), None);
        for _ in 0..2 {
            all.absorb(&recorder, s(1));
            some.absorb(&recorder, s(1));
        }
        assert_eq!((all.response().count(), all.failed()), (6, 2));
        assert_eq!((some.response().count(), some.failed()), (4, 2));
        assert_eq!((some.response().min(), some.response().max()), (20, 30));
        assert_eq!(some.failure_rate(), Some(0.5));
        assert_eq!(Watch::new(None, None).failure_rate(), None);
    }

    #[test]
    fn a_window_forgets_what_it_has_left_behind() {
        let mut watch = Watch::new(None, Some(s(2)));
        for second in 1..=5 {
            watch.absorb(&recorder(&[(0, second * 100, second % 2 == 1)]), s(second));
        }
        watch.slide(s(5));
        // Seconds 4 and 5 are within two seconds.
        assert_eq!((watch.response().count(), watch.failed()), (2, 1));
        assert_eq!(watch.response().percentiles([0.0, 100.0]), [400.0, 500.0]);
        watch.slide(s(9));
        assert_eq!((watch.response().count(), watch.failed()), (0, 0));
    }
}
