//! A network made worse on purpose: requests are held up or dropped before they are sent.
//!
//! What is held up is held up within the measured time, as it would be by a network; what is
//! dropped is a request that failed. Runs without a conditioner pay for one look at an option.

use std::time::Duration;

use ld_vm::{Fault, FaultClass, program::SeriesId};

/// What is done to requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditioner {
    /// How much later each one is sent.
    pub latency: Duration,
    /// By how much that varies up and down.
    pub jitter: Duration,
    /// The share of them that is not sent at all, 0–1.
    pub loss_rate: f64,
    /// Which ones: those whose name contains this, or all of them.
    pub name_filter: Option<String>,
}

/// A conditioner for the series of a run.
#[derive(Debug)]
pub(crate) struct Conditions {
    latency_ns: u64,
    jitter_ns: u64,
    loss_rate: f64,
    dropped: Fault,
    /// Whether it is about the requests of a series.
    series: Box<[bool]>,
    seed: u64,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate<'c> {
    /// It is sent.
    Sent,
    /// It is sent so many nanoseconds later.
    Held(u64),
    /// It is not sent, which is why it has no reply.
    Dropped(&'c Fault),
}

/// The network of one user.
pub(crate) struct Network<'c> {
    conditions: &'c Conditions,
    rng: fastrand::Rng,
}

impl Conditions {
    /// `names` are those of the series.
    pub(crate) fn new(conditioner: &Conditioner, names: &[String], seed: u64) -> Self {
        let Conditioner { latency, jitter, loss_rate, name_filter } = conditioner;
        let ns = |duration: &Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let text = format!("network_conditioner: simulated drop ({loss_rate:?})");
        let is_meant =
            |name: &String| name_filter.as_ref().is_none_or(|filter| name.contains(filter));
        Self {
            latency_ns: ns(latency),
            jitter_ns: ns(jitter),
            loss_rate: *loss_rate,
            dropped: Fault::new(FaultClass::Dropped, text),
            series: names.iter().map(is_meant).collect(),
            seed,
        }
    }

    /// The network of a user, which draws apart from everything else the user draws.
    pub(crate) fn network(&self, user: u32) -> Network<'_> {
        let seed = self.seed.rotate_left(32) ^ u64::from(user);
        Network { conditions: self, rng: fastrand::Rng::with_seed(seed) }
    }
}

impl<'c> Network<'c> {
    /// What becomes of the next request of a series.
    pub(crate) fn fate(&mut self, series: SeriesId) -> Fate<'c> {
        let Conditions { latency_ns, jitter_ns, loss_rate, .. } = *self.conditions;
        if !self.conditions.series.get(series.index()).is_some_and(|meant| *meant) {
            return Fate::Sent;
        }
        if loss_rate > 0.0 && self.rng.f64() < loss_rate {
            return Fate::Dropped(&self.conditions.dropped);
        }
        let most_ns = jitter_ns.saturating_mul(2);
        let jitter_ns = if most_ns == 0 { 0 } else { self.rng.u64(..most_ns) };
        match latency_ns.saturating_add(jitter_ns).saturating_sub(most_ns / 2) {
            0 => Fate::Sent,
            held_ns => Fate::Held(held_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn conditions(latency: u64, jitter: u64, loss_rate: f64, filter: Option<&str>) -> Conditions {
        let conditioner = Conditioner {
            latency: Duration::from_millis(latency),
            jitter: Duration::from_millis(jitter),
            loss_rate,
            name_filter: filter.map(str::to_owned),
        };
        Conditions::new(&conditioner, &["search".to_owned(), "cart".to_owned()], 7)
    }

    #[test]
    fn requests_are_held_up_for_latency_and_jitter_and_never_less_than_not_at_all() {
        for (latency, jitter) in [(50, 0), (50, 20), (5, 20)] {
            let conditions = conditions(latency, jitter, 0.0, None);
            let mut network = conditions.network(3);
            let held: Vec<u64> = (0..2_000)
                .map(|_| match network.fate(SeriesId(0)) {
                    Fate::Sent => 0,
                    Fate::Held(held_ns) => held_ns,
                    Fate::Dropped(_) => panic!("nothing is lost"),
                })
                .collect();
            let (least, most) = (held.iter().min().unwrap(), held.iter().max().unwrap());
            let bounds = (latency.saturating_sub(jitter) * MS, (latency + jitter) * MS);
            assert!(bounds.0 <= *least && *most <= bounds.1, "{least}..{most}");
            assert!(*least <= bounds.0 + MS && *most + MS >= bounds.1, "{least}..{most}");
        }
    }

    #[test]
    fn the_share_of_drops_is_the_loss_rate() {
        let conditions = conditions(0, 0, 0.2, None);
        let mut network = conditions.network(0);
        let dropped: Vec<_> = (0..10_000)
            .filter_map(|_| match network.fate(SeriesId(1)) {
                Fate::Dropped(fault) => Some(&fault.text),
                _ => None,
            })
            .collect();
        assert!((1_800..2_200).contains(&dropped.len()), "{}", dropped.len());
        assert_eq!(dropped[0], "network_conditioner: simulated drop (0.2)");
    }

    #[test]
    fn only_names_that_contain_the_filter_are_meant() {
        let conditions = conditions(1, 0, 0.0, Some("ear"));
        let mut network = conditions.network(0);
        assert_eq!(network.fate(SeriesId(0)), Fate::Held(MS));
        assert_eq!(network.fate(SeriesId(1)), Fate::Sent);
        assert_eq!(network.fate(SeriesId(9)), Fate::Sent);
    }

    #[test]
    fn users_draw_apart_and_the_same_each_time() {
        let conditions = conditions(10, 10, 0.1, None);
        let fates = |user| {
            let mut network = conditions.network(user);
            (0..20).map(|_| network.fate(SeriesId(0))).collect::<Vec<_>>()
        };
        assert_eq!(fates(1), fates(1));
        assert_ne!(fates(1), fates(2));
    }
}
