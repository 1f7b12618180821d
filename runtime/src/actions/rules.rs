//! `LD_evaluate_sla` and `LD_assert_sla`: whether a summary keeps to rules.

use ld_stdlib::builtins::Arguments;
use ld_stdlib::python::Value;
use serde_json::{Map, Value as Json};

use super::{ActionError, Outcome};

/// What a rule may be about, and where a summary has it: for all requests, and below a name.
const FIGURES: &[(&str, Option<&str>, Option<&str>)] = &[
    ("latency_p50", Some("/latency_overall/p50_ms"), Some("p50_ms")),
    ("latency_p90", Some("/latency_overall/p90_ms"), Some("p90_ms")),
    ("latency_p95", Some("/latency_overall/p95_ms"), Some("p95_ms")),
    ("latency_p99", Some("/latency_overall/p99_ms"), Some("p99_ms")),
    ("latency_mean", Some("/response_time/mean_ms"), Some("mean_ms")),
    ("failure_rate", Some("/totals/failure_rate"), Some("failure_rate")),
    ("requests", Some("/totals/requests"), Some("count")),
];

const NO_REQUESTS: &str = "no requests recorded";

/// The result of every rule.
pub(super) fn evaluate(arguments: &Arguments, summary: &Json) -> Vec<Value> {
    rules(arguments).iter().map(|rule| result(rule, summary)).collect()
}

/// The result of every rule, if all of them hold.
pub(super) fn assert(arguments: &Arguments, summary: &Json) -> Result<Outcome, ActionError> {
    let results = evaluate(arguments, summary);
    let reason = |result: &Value| match result {
        Value::Dict(members) => members.iter().find_map(|(name, value)| match value {
            Value::Str(text) if name == "reason" && !text.is_empty() => Some(text.clone()),
            _ => None,
        }),
        _ => None,
    };
    let reasons: Vec<String> = results.iter().filter_map(reason).collect();
    if reasons.is_empty() {
        return Ok(Outcome::Value(Value::List(results)));
    }
    let message = format!("SLA gates failed: {}", reasons.join("; "));
    Err(ActionError::new("LoadDensityAssertException", message))
}

fn rules(arguments: &Arguments) -> Vec<Json> {
    match arguments.get("rules").map(Value::to_json) {
        Some(Json::Array(rules)) => rules,
        _ => Vec::new(),
    }
}

fn result(rule: &Json, summary: &Json) -> Value {
    let (actual, reason) = judge(rule, summary);
    let members = [
        ("passed", Value::Bool(reason.is_empty())),
        ("rule", rule.clone().into()),
        ("actual", actual.map_or(Value::None, Value::Float)),
        ("reason", Value::Str(reason)),
    ];
    Value::Dict(members.map(|(name, value)| (name.to_owned(), value)).into())
}

/// The figure a rule is about, and why the rule does not hold; nothing when it does.
fn judge(rule: &Json, summary: &Json) -> (Option<f64>, String) {
    let text = |key: &str| rule.get(key).and_then(Json::as_str).unwrap_or_default();
    let op = match text("op") {
        "" => "lte".to_owned(),
        op => op.to_ascii_lowercase(),
    };
    let holds: fn(f64, f64) -> bool = match op.as_str() {
        "lt" => |a, b| a < b,
        "lte" => |a, b| a <= b,
        "gt" => |a, b| a > b,
        "gte" => |a, b| a >= b,
        _ => return (None, format!("unsupported op '{op}'")),
    };
    let Some((given, limit)) = rule.get("value").and_then(|value| Some((value, number(value)?)))
    else {
        return (None, "rule missing 'value'".to_owned());
    };
    let (kind, name) = (text("type"), text("name"));
    let Some((actual, count)) = figure(kind, name, summary) else {
        return (None, "metric not available in summary".to_owned());
    };
    if count == 0.0 && kind != "requests" {
        return (None, NO_REQUESTS.to_owned());
    }
    if holds(actual, limit) {
        return (Some(actual), String::new());
    }
    let whose = if name.is_empty() { "overall" } else { name };
    // As the plan writes it: 1000 and 1000.0 are two texts.
    let (shown, limit) = (Value::Float(actual), Value::from(given.clone()));
    (Some(actual), format!("{kind}({whose})={shown} not {op} {limit}"))
}

/// A figure of a summary, and of how many requests it is.
fn figure(kind: &str, name: &str, summary: &Json) -> Option<(f64, f64)> {
    let &(_, overall, named) = FIGURES.iter().find(|(figure, ..)| *figure == kind)?;
    if name.is_empty() {
        let count = summary.pointer("/totals/requests").and_then(number)?;
        return Some((summary.pointer(overall?).and_then(number)?, count));
    }
    let figures: &Map<String, Json> = summary.get("per_name")?.get(name)?.as_object()?;
    // Latencies of a name are those of its successes; the rate of failures is of all.
    let of = if kind == "failure_rate" { "requests" } else { "count" };
    Some((number(figures.get(named?)?)?, figures.get(of).and_then(number)?))
}

/// A number, or text that is one.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        value => value.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn summary() -> Json {
        json!({
            "totals": {"requests": 100, "successes": 98, "failures": 2, "failure_rate": 0.02},
            "latency_overall": {"count": 100, "p50_ms": 1.5, "p95_ms": 12.25},
            "per_name": {
                "login": {"count": 98, "requests": 100, "p95_ms": 11.0, "mean_ms": 2.0, "failure_rate": 0.02},
                "broken": {"count": 0, "requests": 7, "p95_ms": 0.0, "failure_rate": 1.0}
            }
        })
    }

    fn arguments(rules: Json) -> Arguments {
        Arguments(vec![("rules".into(), rules.into())])
    }

    #[test]
    fn rules_are_judged_with_the_reasons_of_the_reference() {
        for (rule, passed, actual, reason) in [
            (json!({"type": "latency_p95", "value": 20}), true, json!(12.25), ""),
            (json!({"type": "latency_p95", "value": "20", "op": "LT"}), true, json!(12.25), ""),
            (
                json!({"type": "latency_p95", "value": 10, "op": "lt"}),
                false,
                json!(12.25),
                "latency_p95(overall)=12.25 not lt 10",
            ),
            (
                json!({"type": "latency_p95", "value": 10, "name": "login"}),
                false,
                json!(11.0),
                "latency_p95(login)=11.0 not lte 10",
            ),
            (json!({"type": "latency_mean", "value": 10, "name": "login"}), true, json!(2.0), ""),
            (
                json!({"type": "failure_rate", "value": 0.5, "name": "broken"}),
                false,
                json!(1.0),
                "failure_rate(broken)=1.0 not lte 0.5",
            ),
            (
                json!({"type": "latency_p95", "value": 10, "name": "broken"}),
                false,
                json!(null),
                "no requests recorded",
            ),
            (json!({"type": "requests", "value": 100, "op": "gte"}), true, json!(100.0), ""),
            (json!({"type": "requests", "value": 0, "name": "broken"}), true, json!(0.0), ""),
            (
                json!({"type": "latency_p95", "value": 10, "name": "gone"}),
                false,
                json!(null),
                "metric not available in summary",
            ),
            (
                json!({"type": "wishes", "value": 10}),
                false,
                json!(null),
                "metric not available in summary",
            ),
            (
                json!({"type": "latency_p50", "value": 10, "op": "eq"}),
                false,
                json!(null),
                "unsupported op 'eq'",
            ),
            (json!({"type": "latency_p50"}), false, json!(null), "rule missing 'value'"),
        ] {
            let results = evaluate(&arguments(json!([rule.clone()])), &summary());
            let expected =
                json!({"passed": passed, "rule": rule, "actual": actual, "reason": reason});
            assert_eq!(results[0].to_json(), expected);
        }
    }

    #[test]
    fn rules_that_do_not_hold_fail_the_action_together() {
        let rules = json!([
            {"type": "latency_p95", "value": 10},
            {"type": "latency_p50", "value": 10},
            {"type": "failure_rate", "value": 0.01},
        ]);
        let error = assert(&arguments(rules), &summary()).unwrap_err();
        assert_eq!(
            error.exception.to_string(),
            "LoadDensityAssertException('SLA gates failed: latency_p95(overall)=12.25 not lte 10; \
             failure_rate(overall)=0.02 not lte 0.01')"
        );
    }

    #[test]
    fn without_requests_only_rules_about_their_number_can_hold() {
        let empty = json!({"totals": {"requests": 0, "failure_rate": 0.0}, "latency_overall": {"p95_ms": 0.0}});
        let rules = json!([
            {"type": "latency_p95", "value": 10},
            {"type": "failure_rate", "value": 1},
            {"type": "requests", "value": 0},
        ]);
        let results = evaluate(&arguments(rules), &empty);
        let passed: Vec<_> =
            results.iter().map(|result| result.to_json()["passed"].clone()).collect();
        assert_eq!(passed, [false, false, true]);
    }
}
