//! `thresholds` become gates.

use serde_json::{Value as Json, json};

use super::load::seconds;
use super::machine::Machine;
use super::value::{Value, number_text};

impl<'a> Machine<'a, '_> {
    /// The gates of `options.thresholds`.
    pub(super) fn gates(&mut self, thresholds: &Value<'a>) -> Vec<Json> {
        let mut gates = Vec::new();
        for (metric, conditions) in thresholds.members() {
            let conditions = conditions.items().unwrap_or_else(|| vec![conditions]);
            for condition in conditions {
                let text = condition.member("threshold").unwrap_or_else(|| condition.clone());
                let Some(text) = self.settled(&text).to_text() else { continue };
                let place = format!("{}: options.thresholds", self.file);
                let what = format!("{metric}: {text}");
                match self.gate(&metric, &text) {
                    Ok(gate) => {
                        self.notes.keep();
                        gates.push(with_abort(gate, &condition));
                    }
                    Err(why) => self.notes.drop(&place, &what, why),
                }
            }
        }
        gates
    }

    fn gate(&self, metric: &str, condition: &str) -> Result<String, &'static str> {
        let (metric, tag) = match metric.split_once('{') {
            Some((metric, tag)) => (metric.trim(), Some(tag.trim_end_matches('}').trim())),
            None => (metric, None),
        };
        let of = match tag {
            None | Some("expected_response:true") => String::new(),
            Some(tag) => {
                let (key, value) = tag.split_once(':').ok_or("a tag is NAME:VALUE")?;
                let value = value.trim().trim_matches(['"', '\'']);
                let name = match key.trim() {
                    "name" => value,
                    "group" => value.rsplit("::").next().unwrap_or(value),
                    _ => {
                        return Err(
                            "gates are about names of requests and groups; other tags are not kept",
                        );
                    }
                };
                let is_known = self.groups.contains(name)
                    || self.requests.iter().any(|sent| sent.task.name.as_deref() == Some(name));
                if !is_known || name.contains(['(', ')']) {
                    return Err("no request or group of the plan has this name");
                }
                format!("({name})")
            }
        };
        let at = condition.find(['<', '>', '=']).ok_or("no condition that a gate can have")?;
        let (figure, rest) = condition.split_at(at);
        let figure = figure.trim();
        let digits = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (op, limit) = rest.split_at(digits);
        let op = op.trim();
        if !matches!(op, "<" | "<=" | ">" | ">=") {
            return Err("a gate has a limit above or below");
        }
        let limit: f64 = limit.trim().parse().map_err(|_| "the limit is no number")?;
        let time = number_text(limit);
        match metric {
            "http_req_duration" | "http_req_waiting" | "iteration_duration" | "group_duration" => {
                if metric == "http_req_waiting" || (metric == "iteration_duration") {
                    return Err("gates are about the whole time of requests and groups");
                }
                let figure = match figure {
                    "avg" => "mean".to_owned(),
                    "med" => "p50".to_owned(),
                    "min" | "max" => figure.to_owned(),
                    other => {
                        let percent =
                            other.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
                        format!("p{}", percent.ok_or("a gate has no such figure")?.trim())
                    }
                };
                Ok(format!("{figure}{of} {op} {time}ms"))
            }
            "http_req_failed" if figure == "rate" => {
                let percent = number_text((limit * 1e6).round() / 1e4);
                Ok(format!("failure_rate{of} {op} {percent}%"))
            }
            "http_reqs" if figure == "rate" => Ok(format!("rps{of} {op} {time}")),
            "http_reqs" if figure == "count" => Ok(format!("requests{of} {op} {time}")),
            "checks" => {
                Err("checks are soft assertions; the summary counts those that do not hold")
            }
            _ => Err("a plan has no such figure"),
        }
    }
}

fn with_abort(gate: String, condition: &Value<'_>) -> Json {
    if condition.member("abortOnFail").and_then(|abort| abort.truth()) != Some(true) {
        return json!(gate);
    }
    match condition.member("delayAbortEval").and_then(|delay| seconds(&delay)) {
        Some(delay) => json!({"gate": format!("{gate} after {delay}s"), "abort": true}),
        None => json!({"gate": gate, "abort": true}),
    }
}
