//! Pauses.

use oxc_span::Span;
use serde_json::json;

use super::machine::Machine;
use super::value::{Value, json_number};
use crate::options::ThinkTime;

impl<'a> Machine<'a, '_> {
    /// `sleep(seconds)`.
    pub(super) fn sleep(&mut self, seconds: &Value<'a>, span: Span) {
        let factor = match self.options.think_time {
            ThinkTime::None => {
                self.notes.keep();
                return;
            }
            ThinkTime::Scaled(factor) => factor,
            _ => 1.0,
        };
        let rounded = |number: f64| json_number((number * factor * 1000.0).round() / 1000.0);
        let range = |min: f64, max: f64| json!({"min": rounded(min.max(0.0)), "max": rounded(max.max(0.0))});
        let pause = match seconds {
            Value::Range(min, max, _) => range(*min, *max),
            Value::Live(code) => match (&**code, self.ranges.get(&code.expression())) {
                (_, Some((min, max))) => range(*min, *max),
                _ => {
                    self.drop(span, "how long this pause takes is computed; write a `pause`");
                    return;
                }
            },
            other => match other.to_number() {
                Some(seconds) => rounded(seconds.max(0.0)),
                None => {
                    self.drop(span, "how long this pause takes is not known; write a `pause`");
                    return;
                }
            },
        };
        self.notes.keep();
        self.steps.push(Self::block("pause", pause, Vec::new()));
    }
}
