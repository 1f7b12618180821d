//! Load that changes: the thread groups of the common plugins, and JMeter's open model.

use serde_json::{Map, Value, json};

use super::load::{number, whole};
use super::reader::Reader;
use super::timers::seconds;
use super::tree::Element;

/// Stages of one profile.
const MOST_STAGES: usize = 1000;

/// Says stages as the load of a scenario.
pub(super) fn shape(arguments: &mut Map<String, Value>, stages: Vec<Value>) {
    if stages.is_empty() {
        return;
    }
    arguments.insert("load_shape".to_owned(), json!("stages"));
    arguments.insert("shape_config".to_owned(), json!({"stages": stages}));
}

fn linear(duration: f64, users: f64) -> Value {
    json!({"duration": seconds(duration), "users": whole(users), "ramp": "linear"})
}

fn hold(duration: f64, users: f64) -> Value {
    json!({"duration": seconds(duration), "users": whole(users), "spawn_rate": whole(users).max(1)})
}

pub(super) fn stepping(
    reader: &mut Reader<'_>,
    group: &Element,
    arguments: &mut Map<String, Value>,
) {
    let mut get = |key: &str, default: f64| number(reader, group, key, key, default).max(0.0);
    let all = get("ThreadGroup.num_threads", 1.0).max(1.0);
    let delay = get("Threads initial delay", 0.0);
    let first = get("Start users count burst", 0.0);
    let count = get("Start users count", all).max(1.0);
    let period = get("Start users period", 0.0);
    let ramp = get("rampUp", 0.0);
    let flight = get("flighttime", 0.0);
    let stop_count = get("Stop users count", all).max(1.0);
    let stop_period = get("Stop users period", 0.0);
    let mut stages = Vec::new();
    if delay > 0.0 {
        stages.push(hold(delay, 0.0));
    }
    let mut users = if first > 0.0 { first.min(all) } else { count.min(all) };
    loop {
        if ramp > 0.0 {
            stages.push(linear(ramp, users));
        }
        if users >= all || stages.len() > MOST_STAGES {
            break;
        }
        if period > 0.0 {
            stages.push(hold(period, users));
        }
        users = (users + count).min(all);
    }
    if flight > 0.0 {
        stages.push(hold(flight, all));
    }
    while users > 0.0 && stop_period > 0.0 && stages.len() < 2 * MOST_STAGES {
        users = (users - stop_count).max(0.0);
        if users > 0.0 {
            stages.push(hold(stop_period, users));
        }
    }
    shape(arguments, stages);
}

pub(super) fn ultimate(
    reader: &mut Reader<'_>,
    group: &Element,
    arguments: &mut Map<String, Value>,
) {
    let rows: Vec<[f64; 5]> = group
        .list("ultimatethreadgroupdata")
        .iter()
        .take(MOST_STAGES)
        .map(|(_, row)| {
            let mut cells = row.as_list().iter().filter_map(|(_, cell)| cell.as_text());
            std::array::from_fn(|_| {
                cells.next().and_then(|cell| reader.number(cell)).unwrap_or(0.0).max(0.0)
            })
        })
        .collect();
    // Users of a row at a time: none, rising, all, falling.
    let users = |row: &[f64; 5], at: f64| {
        let [count, delay, up, hold, down] = *row;
        let (risen, held) = (delay + up, delay + up + hold);
        if at < delay || at > held + down {
            0.0
        } else if at < risen {
            count * (at - delay) / up
        } else if at <= held {
            count
        } else {
            count * (held + down - at) / down
        }
    };
    let mut times: Vec<f64> = rows
        .iter()
        .flat_map(|[_, delay, up, hold, down]| {
            [*delay, delay + up, delay + up + hold, delay + up + hold + down]
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut stages = Vec::new();
    let mut from = 0.0;
    let mut level = 0;
    for at in times.into_iter().take(MOST_STAGES) {
        if at > from {
            // Just after and just before, since rows may begin or end at once.
            let short = (at - from) * 1e-9;
            let all = |at: f64| rows.iter().map(|row| users(row, at)).sum::<f64>();
            let (start, end) = (all(from + short), all(at - short));
            if whole(start) != level && whole(start) == whole(end) {
                stages.push(hold(at - from, end));
            } else {
                if whole(start) != level {
                    stages.push(linear(0.001, start));
                }
                stages.push(linear(at - from, end));
            }
            level = whole(end);
        }
        from = at;
    }
    shape(arguments, stages);
}

pub(super) fn concurrency(
    reader: &mut Reader<'_>,
    group: &Element,
    arguments: &mut Map<String, Value>,
) {
    let (target, ramp, steps, hold_for) = target(reader, group);
    let mut stages = Vec::new();
    for (seconds, level) in stepped(target, ramp, steps) {
        stages.push(hold(seconds, level.ceil()));
    }
    if stages.is_empty() && ramp > 0.0 {
        stages.push(linear(ramp, target));
    }
    if hold_for > 0.0 {
        stages.push(hold(hold_for, target));
    }
    shape(arguments, stages);
}

/// Target, ramp-up, steps and hold of bzm's groups, in seconds.
fn target(reader: &mut Reader<'_>, group: &Element) -> (f64, f64, f64, f64) {
    let unit = if group.text("Unit").trim() == "S" { 1.0 } else { 60.0 };
    let mut get = |key: &str| number(reader, group, key, key, 0.0).max(0.0);
    (get("TargetLevel"), get("RampUp") * unit, get("Steps"), get("Hold") * unit)
}

/// The steps of a ramp of bzm's groups: seconds and level of each; none when it has no steps.
fn stepped(target: f64, ramp: f64, steps: f64) -> impl Iterator<Item = (f64, f64)> {
    let steps = if ramp > 0.0 { steps.min(100.0) } else { 0.0 };
    (1..=whole(steps)).map(move |step| (ramp / steps, target * to_float(step) / steps))
}

pub(super) fn arrivals(
    reader: &mut Reader<'_>,
    group: &Element,
    arguments: &mut Map<String, Value>,
) {
    let (target, ramp, steps, hold_for) = target(reader, group);
    let mut stages = Vec::new();
    for (seconds, rate) in stepped(target, ramp, steps) {
        stages.push((0.0, rate));
        stages.push((seconds, rate));
    }
    if stages.is_empty() {
        stages.push((ramp.max(0.0), target));
    }
    if hold_for > 0.0 {
        stages.push((hold_for, target));
    }
    let unit = if group.text("Unit").trim() == "S" { "s" } else { "m" };
    arrive(arguments, &stages, unit, false);
    limit(reader, group, arguments);
}

pub(super) fn free_form(
    reader: &mut Reader<'_>,
    group: &Element,
    arguments: &mut Map<String, Value>,
) {
    let unit = if group.text("Unit").trim() == "S" { 1.0 } else { 60.0 };
    let mut stages = Vec::new();
    for (_, row) in group.list("Schedule").iter().take(MOST_STAGES) {
        let mut cells = row.as_list().iter().filter_map(|(_, cell)| cell.as_text());
        let mut next = || cells.next().and_then(|cell| reader.number(cell)).unwrap_or(0.0).max(0.0);
        let (from, to, duration) = (next(), next(), next());
        stages.push((0.0, from));
        stages.push((duration * unit, to));
    }
    arrive(arguments, &stages, if unit > 1.0 { "m" } else { "s" }, false);
    limit(reader, group, arguments);
}

fn limit(reader: &mut Reader<'_>, group: &Element, arguments: &mut Map<String, Value>) {
    let most = number(reader, group, "ConcurrencyLimit", "ConcurrencyLimit", 0.0);
    if most >= 1.0
        && let Some(Value::Object(arrival)) = arguments.get_mut("arrival")
    {
        arrival.insert("max_users".to_owned(), json!(whole(most)));
    }
}

/// The schedule of the open model: `rate(10/min) random_arrivals(5 min) rate(20/min)`.
pub(super) fn open_model(
    reader: &mut Reader<'_>,
    group: &Element,
    arguments: &mut Map<String, Value>,
) {
    let text = group.text("OpenModelThreadGroup.schedule");
    let Some(schedule) = reader.constant(text) else {
        reader.drop("the schedule", "what it is cannot be told before the run");
        return;
    };
    let schedule = without_comments(&schedule);
    if !matches!(group.text("OpenModelThreadGroup.random_seed").trim(), "" | "0") {
        reader.remark("the seed", "`ldvm run --seed` says which numbers are drawn");
    }
    if schedule.contains("random_arrivals") && schedule.contains("even_arrivals") {
        reader.approximate("even arrivals", "all arrivals are random when some are");
    }
    let mut stages: Vec<(f64, f64)> = Vec::new();
    let mut rate = 0.0;
    // A period ends at the rate that the next word says.
    let mut period: Option<f64> = None;
    let mut is_random = false;
    for part in schedule.split(')') {
        let Some((word, value)) = part.split_once('(') else { continue };
        let word = word.trim().trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        match word {
            "rate" => {
                let (count, per) = value.split_once('/').unwrap_or((value, "sec"));
                let count: f64 = count.trim().parse().unwrap_or(0.0);
                let next = count / time_unit(per.trim()).unwrap_or(1.0);
                match period.take() {
                    Some(duration) => stages.push((duration, next)),
                    None => stages.push((0.0, next)),
                }
                rate = next;
            }
            "random_arrivals" | "even_arrivals" => {
                is_random |= word == "random_arrivals";
                if let Some(duration) = period.take() {
                    stages.push((duration, rate));
                }
                period = duration(value);
            }
            "pause" => {
                if let Some(duration) = period.take() {
                    stages.push((duration, rate));
                }
                stages.push((0.0, 0.0));
                stages.push((duration(value).unwrap_or(0.0), 0.0));
                stages.push((0.0, rate));
            }
            _ => reader.drop(word, "this is not known in a schedule"),
        }
    }
    if let Some(duration) = period {
        stages.push((duration, rate));
    }
    arrive(arguments, &stages, "s", is_random);
}

/// A schedule without `/* … */` and `// …`.
fn without_comments(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        let (before, comment) = rest.split_at_checked(at).unwrap_or((rest, ""));
        plain.push_str(before);
        plain.push(' ');
        let end = if comment.starts_with("//") { "\n" } else { "*/" };
        rest = comment.split_once(end).map_or("", |(_, behind)| behind);
    }
    plain + rest
}

/// `5 min`, `1h 30 sec`.
fn duration(text: &str) -> Option<f64> {
    let mut all = 0.0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at_checked(end)?;
        let behind = behind.trim_start();
        let end = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(end)?;
        all += number.parse::<f64>().ok()? * time_unit(unit)?;
        rest = behind.trim_start();
    }
    Some(all)
}

fn time_unit(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "ms" | "milliseconds" => 0.001,
        "" | "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    })
}

/// Says rates and how long it takes to get there as arrivals; one of no time is a jump.
fn arrive(arguments: &mut Map<String, Value>, stages: &[(f64, f64)], unit: &str, is_random: bool) {
    let mut arrival = Map::new();
    let mut written: Vec<Value> = Vec::new();
    let mut start = None;
    for &(duration, rate) in stages.iter().take(2 * MOST_STAGES) {
        let before = written.last().and_then(|stage| stage.get("rate"));
        if duration > 0.0 {
            written.push(json!({"duration": seconds(duration), "rate": seconds(rate)}));
        } else if written.is_empty() {
            start = Some(rate);
        } else if before != Some(&seconds(rate)) {
            // A jump is a very short way.
            written.push(json!({"duration": 0.001, "rate": seconds(rate)}));
        }
    }
    if let Some(rate) = start.filter(|&rate| rate > 0.0) {
        arrival.insert("rate".to_owned(), seconds(rate));
    }
    if unit != "s" {
        arrival.insert("unit".to_owned(), json!(unit));
    }
    if !written.is_empty() {
        arrival.insert("stages".to_owned(), Value::Array(written));
    }
    if is_random {
        arrival.insert("distribution".to_owned(), json!("poisson"));
    }
    if !arrival.is_empty() {
        arguments.insert("arrival".to_owned(), Value::Object(arrival));
    }
}

/// The rates of a throughput shaping timer: rows of rates at the start and end, and seconds.
pub(super) fn shaping(
    reader: &mut Reader<'_>,
    timer: &Element,
    requests: usize,
    arguments: &mut Map<String, Value>,
) {
    let per_round = to_float(requests.max(1) as u64);
    let mut stages = Vec::new();
    for (_, row) in timer.list("load_profile").iter().take(MOST_STAGES) {
        let mut cells = row.as_list().iter().filter_map(|(_, cell)| cell.as_text());
        let mut next = || cells.next().and_then(|cell| reader.number(cell)).unwrap_or(0.0).max(0.0);
        let (from, to, duration) = (next(), next(), next());
        stages.push((0.0, from / per_round));
        stages.push((duration, to / per_round));
    }
    if stages.is_empty() {
        return;
    }
    let users = arguments.get("user_count").cloned();
    let load = ["user_count", "spawn_rate", "load_shape", "shape_config", "arrival"];
    arguments.retain(|key, _| !load.contains(&key.as_str()));
    arrive(arguments, &stages, "s", false);
    if let (Some(users), Some(Value::Object(arrival))) = (users, arguments.get_mut("arrival")) {
        arrival.insert("max_users".to_owned(), users);
    }
    let why = "rounds start at this rate, which is that of the requests by how many a round has";
    reader.approximate("a profile of requests per second", why);
}

#[expect(clippy::cast_precision_loss, reason = "counts of stages and requests are small")]
fn to_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_a_schedule_are_passed_over() {
        let text = "rate(1/s) /* (a) */ pause(2 s) // b\nrate(3/s)";
        let words: String = without_comments(text).split_whitespace().collect();
        assert_eq!(words, "rate(1/s)pause(2s)rate(3/s)");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("1h 30 min"), Some(5400.0));
        assert_eq!(duration("10s"), Some(10.0));
        assert_eq!(duration("10 parsecs"), None);
    }
}
