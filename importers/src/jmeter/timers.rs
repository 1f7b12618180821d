//! Timers: pauses before requests, and rates that they are held to.

use serde_json::{Value, json};

use super::reader::Reader;
use super::role::Role;
use super::steps::Scope;
use super::text::{self, Part};
use super::tree::Element;
use crate::draft::{Step, Task};
use crate::options::ThinkTime;

/// A time to wait in milliseconds, drawn from a range.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Delay {
    min: f64,
    max: f64,
}

/// The pauses before a sampler, all timers of its scope together.
pub(super) fn pauses(reader: &mut Reader<'_>, scope: &Scope<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut fixed = 0.0;
    for element in scope.outer_first(Role::Timer) {
        reader.at(element, |reader| match delay(reader, element) {
            Some(delay) if delay.min.total_cmp(&delay.max).is_eq() => fixed += delay.min,
            Some(delay) => steps.extend(pause(reader, delay)),
            None => steps.extend(reader.take_before()),
        });
    }
    if fixed > 0.0 {
        // One range and fixed times are one range.
        match steps.as_mut_slice() {
            [Step::Block(block)] => {
                let by = scaled(reader, fixed).unwrap_or_default();
                if let Some(Value::Object(range)) = block.head.get_mut("pause") {
                    for value in range.values_mut() {
                        *value = seconds(value.as_f64().unwrap_or_default() + by);
                    }
                }
            }
            _ => steps.extend(pause(reader, Delay { min: fixed, max: fixed })),
        }
    }
    steps
}

/// A pause of milliseconds.
pub(super) fn fixed_pause(reader: &Reader<'_>, milliseconds: f64) -> Option<Step> {
    pause(reader, Delay { min: milliseconds, max: milliseconds })
}

/// A pause of the milliseconds that a text says, drawn from a range where it says so.
pub(super) fn pause_of(reader: &mut Reader<'_>, text: &str) -> Option<Step> {
    let delay = value(reader, text)?;
    pause(reader, delay)
}

fn delay(reader: &mut Reader<'_>, element: &Element) -> Option<Delay> {
    let base = element.text("ConstantTimer.delay");
    let range = element.text("RandomTimer.range");
    let delay = match element.class.as_str() {
        "ConstantTimer" => value(reader, base),
        "UniformRandomTimer" => {
            let (base, range) = (value(reader, base)?, value(reader, range)?);
            Some(Delay { min: base.min, max: base.max + range.max })
        }
        "GaussianRandomTimer" => {
            let (base, range) = (value(reader, base)?, value(reader, range)?);
            let why = "drawn evenly from a range as wide as the deviation on both sides";
            reader.approximate("the normal distribution of a pause", why);
            Some(Delay { min: (base.min - range.max).max(0.0), max: base.max + range.max })
        }
        "PoissonRandomTimer" => {
            let (base, range) = (value(reader, base)?, value(reader, range)?);
            let why = "drawn evenly from a range as wide as the deviation on both sides";
            reader.approximate("the Poisson distribution of a pause", why);
            let deviation = range.max.sqrt();
            let mean = base.max + range.max;
            Some(Delay { min: (mean - deviation).max(0.0), max: mean + deviation })
        }
        // These hold requests to a rate.
        "ConstantThroughputTimer" | "PreciseThroughputTimer" | "VariableThroughputTimer" => {
            return None;
        }
        "SyncTimer" => {
            reader.drop("synchronizing timer", "users do not wait for each other");
            return None;
        }
        other => {
            let source = element.text("script");
            let source = if source.is_empty() { element.text("filename") } else { source };
            reader.drop(other, "the pause that a script computes has to be written by hand");
            reader.do_before(Step::todo("pause as long as this script says", source));
            return None;
        }
    };
    if delay.is_none() {
        let what = format!("a pause of `{base}` milliseconds");
        reader.drop(&what, "how long it is cannot be told before the run");
        reader.do_before(Step::todo(&format!("pause for `{base}` milliseconds"), base));
    } else {
        reader.keep();
    }
    delay
}

/// A number, or a draw from a range.
fn value(reader: &mut Reader<'_>, text: &str) -> Option<Delay> {
    if text.trim().is_empty() {
        return Some(Delay { min: 0.0, max: 0.0 });
    }
    if let Some(number) = reader.number(text) {
        return Some(Delay { min: number.max(0.0), max: number.max(0.0) });
    }
    let parts = text::parse(text.trim());
    let [Part::Call(call)] = parts.as_slice() else { return None };
    if call.name != "__Random" {
        return None;
    }
    let source = |at: usize| match call.arguments.get(at)?.as_slice() {
        [Part::Text(text)] => Some(text.clone()),
        [Part::Variable(name)] => Some(format!("${{{name}}}")),
        [Part::Call(call)] => Some(call.source.clone()),
        _ => None,
    };
    let (min, max) = (reader.number(&source(0)?)?, reader.number(&source(1)?)?);
    (min >= 0.0 && max >= min).then_some(Delay { min, max })
}

fn pause(reader: &Reader<'_>, delay: Delay) -> Option<Step> {
    let (min, max) = (scaled(reader, delay.min)?, scaled(reader, delay.max)?);
    if max <= 0.0 {
        return None;
    }
    Some(if min.total_cmp(&max).is_eq() {
        Step::simple("pause", seconds(max))
    } else {
        Step::simple("pause", json!({"min": seconds(min), "max": seconds(max)}))
    })
}

/// Milliseconds as seconds, as the caller wants pauses to be.
fn scaled(reader: &Reader<'_>, milliseconds: f64) -> Option<f64> {
    match reader.options.think_time {
        ThinkTime::None => None,
        ThinkTime::Scaled(factor) => Some(milliseconds / 1000.0 * factor),
        ThinkTime::AsWritten | ThinkTime::Recorded => Some(milliseconds / 1000.0),
    }
}

/// Seconds to the millisecond, without a fraction when there is none.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
pub(super) fn seconds(value: f64) -> Value {
    let value = (value * 1000.0).round() / 1000.0;
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

/// The rate that a task is held to by the nearest timer that says one.
pub(super) fn throttle(reader: &mut Reader<'_>, task: &mut Task, scope: &Scope<'_>) {
    let timers: Vec<&Element> = scope
        .outer_first(Role::Timer)
        .filter(|timer| {
            matches!(timer.class.as_str(), "ConstantThroughputTimer" | "PreciseThroughputTimer")
        })
        .collect();
    let Some(timer) = timers.last() else { return };
    reader.at(timer, |reader| {
        let rate = reader.number(timer.text("throughput"));
        let period = match timer.class.as_str() {
            "ConstantThroughputTimer" => Some(60.0),
            _ => reader.number(timer.text("throughputPeriod")),
        };
        let (Some(rate), Some(period)) = (rate, period) else {
            reader.drop("a rate of requests", "it cannot be told before the run");
            return;
        };
        let rps = rate / period.max(1e-9);
        if rps <= 0.0 {
            return;
        }
        if timer.class == "ConstantThroughputTimer" && matches!(timer.text("calcMode"), "" | "0") {
            let why = "the rate is that of all users together, not of each";
            reader.approximate("a rate of requests of each user", why);
        } else {
            reader.keep();
        }
        let key = if timer.name.is_empty() { "rate".to_owned() } else { timer.name.clone() };
        let key = key.replace("${", "$");
        let rounded = (rps * 1e6).round() / 1e6;
        task.fields.insert(
            "throttle".to_owned(),
            json!({"rps": seconds_or(rounded), "key": key, "burst": 1}),
        );
    });
}

fn seconds_or(rps: f64) -> Value {
    if rps.fract() == 0.0 { seconds(rps) } else { json!(rps.max(1e-6)) }
}
