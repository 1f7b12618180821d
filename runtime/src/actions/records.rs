//! `LD_summary` of records that a plan writes itself, with the keys of the reference.

use serde_json::{Map, Value as Json, json};

/// The summary of successes and failures: the times of all records, and by name those of successes.
pub(super) fn summary(successes: &[Json], failures: &[Json]) -> Json {
    let requests = successes.len() + failures.len();
    let rate = if requests == 0 { 0.0 } else { failures.len() as f64 / requests as f64 };
    let overall = Times::of(successes.iter().chain(failures).filter_map(time_ms));
    let mut names: Vec<(&str, Vec<f64>)> = Vec::new();
    for record in successes {
        let Some(time) = time_ms(record) else { continue };
        let name = name(record);
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, times)) => times.push(time),
            None => names.push((name, vec![time])),
        }
    }
    let per_name = names.into_iter().map(|(name, times)| {
        let times = Times::of(times.into_iter());
        let mut figures = times.percentiles();
        figures.insert("min_ms".to_owned(), json!(times.least()));
        figures.insert("mean_ms".to_owned(), json!(times.mean()));
        (name.to_owned(), figures.into())
    });
    json!({
        "totals": {
            "requests": requests,
            "successes": successes.len(),
            "failures": failures.len(),
            "failure_rate": rate,
        },
        "latency_overall": overall.percentiles(),
        "per_name": per_name.collect::<Map<String, Json>>(),
    })
}

/// What a record is counted under.
fn name(record: &Json) -> &str {
    let text = |key: &str| record.get(key)?.as_str().filter(|text| !text.is_empty());
    text("name").or_else(|| text("test_url")).unwrap_or("unknown")
}

/// The time of a record, if it has one that can be.
fn time_ms(record: &Json) -> Option<f64> {
    let time = match record.get("response_time_ms")? {
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (time.is_finite() && time >= 0.0).then_some(time)
}

/// Times in milliseconds, in order.
struct Times(Vec<f64>);

impl Times {
    fn of(times: impl Iterator<Item = f64>) -> Self {
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// Between two ranks the percentile lies in proportion.
    fn percentile(&self, percentile: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let rank = percentile / 100.0 * last as f64;
        let at = |rank: f64| self.0.get(rank as usize).copied();
        let low = at(rank).unwrap_or_default();
        let high = at(rank.floor() + 1.0).unwrap_or(low);
        low + (high - low) * rank.fract()
    }

    fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    fn mean(&self) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.iter().sum::<f64>() / self.0.len() as f64 }
    }

    fn percentiles(&self) -> Map<String, Json> {
        let mut figures = Map::new();
        figures.insert("count".to_owned(), json!(self.0.len()));
        for (key, percentile) in [("p50_ms", 50.0), ("p90_ms", 90.0), ("p95_ms", 95.0)] {
            figures.insert(key.to_owned(), json!(self.percentile(percentile)));
        }
        figures.insert("p99_ms".to_owned(), json!(self.percentile(99.0)));
        figures.insert("max_ms".to_owned(), json!(self.0.last().copied().unwrap_or_default()));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_summed_up_by_name_and_odd_times_count_as_requests_only() {
        let successes = [
            json!({"name": "a", "response_time_ms": 1}),
            json!({"name": "a", "response_time_ms": 3.0}),
            json!({"name": "a", "response_time_ms": true}),
            json!({"name": "", "test_url": "/u", "response_time_ms": "5"}),
            json!({"response_time_ms": -1}),
            json!({}),
        ];
        let failures = [json!({"name": "b", "response_time_ms": 7, "error": "x"}), json!({})];
        let summary = summary(&successes, &failures);
        assert_eq!(
            summary["totals"],
            json!({"requests": 8, "successes": 6, "failures": 2, "failure_rate": 0.25})
        );
        let overall = &summary["latency_overall"];
        assert_eq!((&overall["count"], &overall["max_ms"]), (&json!(4), &json!(7.0)));
        assert_eq!((&overall["p50_ms"], &overall["p90_ms"]), (&json!(4.0), &json!(6.4)));
        let names: Vec<_> = summary["per_name"].as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let a = &summary["per_name"]["a"];
        assert_eq!(
            (&a["min_ms"], &a["mean_ms"], &a["p50_ms"]),
            (&json!(1.0), &json!(2.0), &json!(2.0))
        );
        assert_eq!(summary["per_name"]["/u"]["count"], 1);
    }

    #[test]
    fn nothing_is_all_zero() {
        let summary = summary(&[], &[]);
        assert_eq!(summary["totals"]["failure_rate"], 0.0);
        assert_eq!(summary["latency_overall"]["p99_ms"], 0.0);
        assert_eq!(summary["per_name"], json!({}));
    }
}
