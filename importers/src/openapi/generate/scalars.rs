//! Numbers and texts by the limits and patterns of their schemas.

use serde_json::{Number, Value, json};

use super::super::model::is_json;
use super::super::schema::Schema;
use super::super::{fits, formats, pattern};
use super::Generator;

impl Generator {
    pub(super) fn number(&mut self, schema: &Schema<'_>, whole: bool) -> Option<Value> {
        let (least, above) = fits::lower(schema);
        let (most, below) = fits::upper(schema);
        let step = schema.most("multipleOf").filter(|step| *step > 0.0);
        let grain = step.unwrap_or(if whole { 1.0 } else { 0.5 });
        let align = |value: f64| (value / grain).ceil() * grain;
        let first = match (least, most) {
            (Some(least), _) if least > 0.0 => {
                align(least) + if above && align(least) <= least { grain } else { 0.0 }
            }
            (_, Some(most)) if most < 1.0 => {
                let floor = (most / grain).floor() * grain;
                floor - if below && floor >= most { grain } else { 0.0 }
            }
            _ => align(1.0),
        };
        let middle = least.zip(most).map(|(least, most)| f64::midpoint(least, most));
        let candidates = [first + grain * self.number as f64, first, 0.0]
            .into_iter()
            .chain(least)
            .chain(most)
            .chain(middle);
        let found = candidates
            .filter(|value| !whole || value.fract() == 0.0)
            .find(|value| fits::is_in_range(schema, *value))?;
        // Limits that a float does not hold exactly are taken as they are written.
        let limits = ["minimum", "maximum"].into_iter().flat_map(|keyword| schema.all(keyword));
        let mut exact = limits.map(|node| node.value).filter(|limit| !limit.is_f64());
        let is_large = found.abs() >= (1_u64 << 53) as f64;
        let limit = exact.find(|limit| is_large && limit.as_f64() == Some(found));
        Some(limit.cloned().unwrap_or_else(|| number(found)))
    }

    pub(super) fn text(&mut self, schema: &Schema<'_>, name: &str, depth: usize) -> Option<String> {
        let least = schema.most("minLength").map_or(0, |least| least as usize);
        let most = schema.least("maxLength").map_or(usize::MAX, |most| most as usize);
        if least > 1 << 20 {
            return None;
        }
        let number = self.number;
        let pattern = schema.text("pattern");
        let format = schema.text("format");
        let by_format = || formats::text(format?, number);
        // Two names are to have two texts.
        let seed =
            name.bytes().fold(number, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let by_pattern = || pattern::text(pattern?, least, most, seed);
        let by_encoding =
            || (schema.text("contentEncoding")? == "base64").then(|| "bG9hZA==".to_owned());
        let inner = schema.all("contentSchema").next().filter(|_| {
            schema.text("contentEncoding").is_none()
                && schema.text("contentMediaType").is_some_and(is_json)
        });
        let inner = inner.and_then(|inner| self.make(&Schema::of(inner), name, depth + 1));
        let by_name = || {
            let base = if name.is_empty() { "text" } else { name };
            let numbered =
                if number == 0 { base.to_owned() } else { format!("{base}-{}", number + 1) };
            let cut: String = numbered.chars().take(most).collect();
            // Cut off, all would be the same.
            let cut = if number > 0 && cut.len() < numbered.len() {
                let digits = (number + 1).to_string();
                let kept: String = base.chars().take(most.saturating_sub(digits.len())).collect();
                kept + &digits
            } else {
                cut
            };
            let length = cut.chars().count();
            cut + &"x".repeat(least.saturating_sub(length))
        };
        // Where the name fits, it says more than what the pattern makes.
        let readable = pattern
            .and_then(pattern::regex)
            .map(|_| by_name())
            .filter(|text| format.is_none() && self.checker.text(schema, text));
        let candidates = [
            by_format(),
            readable,
            by_pattern(),
            by_encoding(),
            inner.map(|inner| inner.to_string()),
        ]
        .into_iter()
        .flatten()
        .chain([by_name()]);
        let candidates: Vec<String> = candidates.collect();
        let fitting = candidates.iter().find(|text| self.checker.text(schema, text));
        fitting.or(candidates.first()).cloned()
    }
}

/// A number without a fraction when it has none.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < i64::MAX as f64 {
        json!(value as i64)
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}
