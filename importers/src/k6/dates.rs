//! `Date`: a time that the script says, or so far from the time when the plan runs.

use std::cell::Cell;
use std::rc::Rc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use oxc_span::Span;
use serde_json::json;

use super::code::Code;
use super::machine::Machine;
use super::value::{Object, Value, json_number};

/// ISO 8601 as `toISOString` writes it, but for the zone's name.
const ISO: &str = "%Y-%m-%dT%H:%M:%S.000%:z";

/// Units that dates are changed by, with their letters and milliseconds.
const UNITS: &[(&str, &str, i64)] = &[
    ("FullYear", "y", 0),
    ("Month", "mo", 0),
    ("Date", "d", 86_400_000),
    ("Hours", "h", 3_600_000),
    ("Minutes", "m", 60_000),
    ("Seconds", "s", 1000),
    ("Milliseconds", "ms", 1),
];

impl<'a> Machine<'a, '_> {
    /// `new Date(…)`.
    pub(super) fn date(&mut self, arguments: &[Value<'a>], span: Span) -> Value<'a> {
        let made = |name: &str, value| {
            let object = Object { kind: Cell::new("date"), ..Object::default() };
            object.set(name, value);
            Value::Object(Rc::new(object))
        };
        let first = arguments.first().cloned().unwrap_or(Value::Undefined);
        match (&first, arguments.len()) {
            (_, 0) => return made("shift", Value::text("")),
            (Value::Object(object), 1) if object.kind.get() == "date" => {
                let copy = Object { kind: Cell::new("date"), ..Object::default() };
                copy.members.borrow_mut().extend(first.members());
                return Value::Object(Rc::new(copy));
            }
            (Value::Live(code), 1) => {
                if let Some(shift) = shift_of(code) {
                    return made("shift", Value::text(&shift));
                }
            }
            (Value::Text(text), 1) => {
                if let Some(ms) = read(text) {
                    return made("ms", Value::Number(ms));
                }
            }
            (Value::Number(ms), 1) => return made("ms", Value::Number(*ms)),
            _ => {
                let parts: Option<Vec<f64>> = arguments.iter().map(Value::to_number).collect();
                if let Some(ms) = parts.as_deref().and_then(of_parts) {
                    return made("ms", Value::Number(ms));
                }
            }
        }
        self.drop(span, "which time this is cannot be told before the run");
        Value::Unknown(Rc::from(self.words(span)))
    }

    /// A method of a date.
    pub(super) fn date_method(
        &mut self,
        of: &Rc<Object<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let value = Value::Object(Rc::clone(of));
        let first = arguments.first().cloned().unwrap_or(Value::Undefined);
        if let Some(ms) = value.member("ms").and_then(|ms| ms.to_number()) {
            if let (Some(unit), Some(to)) = (unit_of(name, "set"), first.to_number())
                && let Some(changed) = changed(ms, unit, to)
            {
                self.set_member(of, "ms", Value::Number(changed), span);
                return Value::Number(changed);
            }
            return match told(ms, name) {
                Some(value) => value,
                None => self.unknown_date(span),
            };
        }
        let shift = value.member("shift").and_then(|shift| shift.to_text()).unwrap_or_default();
        let shifted = |format: &str| {
            let mut call = vec![Code::text(format)];
            if !shift.is_empty() {
                call.push(Code::text(&shift));
            }
            Code::Call("date", call)
        };
        if let Some(unit) = unit_of(name, "set")
            && let Value::Live(code) = &first
            && let Some((&(_, letters, _), by)) = UNITS
                .iter()
                .find(|(known, ..)| *known == unit)
                .zip(moved(code, &part_of(&shifted, unit)))
        {
            let sign = if by < 0.0 { "-" } else { "+" };
            let shift = format!("{shift}{sign}{}{letters}", json_number(by.abs()));
            self.set_member(of, "shift", Value::text(&shift), span);
            return Value::Undefined;
        }
        if let Some(unit) = unit_of(name, "get") {
            return Value::live(part_of(&shifted, unit));
        }
        Value::live(match name {
            "getDay" => shifted("%w"),
            "getTime" | "valueOf" => {
                let shift = (!shift.is_empty()).then(|| Code::text(&shift));
                Code::Call("timestamp_ms", shift.into_iter().collect())
            }
            "toISOString" | "toJSON" => shifted(ISO),
            "toString" | "toUTCString" | "toGMTString" => shifted("%a %b %d %Y %H:%M:%S"),
            "toDateString" => shifted("%a %b %d %Y"),
            _ => return self.unknown_date(span),
        })
    }

    fn unknown_date(&mut self, span: Span) -> Value<'a> {
        self.drop(span, "what this is of a date is not known");
        Value::Unknown(Rc::from(self.words(span)))
    }
}

/// The unit that a method sets or gives, in local time or UTC.
fn unit_of<'n>(name: &'n str, verb: &str) -> Option<&'n str> {
    let unit = name.strip_prefix(verb)?;
    let unit = unit.strip_prefix("UTC").unwrap_or(unit);
    UNITS.iter().any(|(known, ..)| *known == unit).then_some(unit)
}

/// A part of the time when the plan runs; months count from 0.
fn part_of(shifted: &dyn Fn(&str) -> Code, unit: &str) -> Code {
    match unit {
        "FullYear" => shifted("%Y"),
        "Month" => Code::op("-", shifted("%-m"), Code::Const(json!(1))),
        "Date" => shifted("%-d"),
        "Hours" => shifted("%-H"),
        "Minutes" => shifted("%-M"),
        "Seconds" => shifted("%-S"),
        _ => Code::Const(json!(0)),
    }
}

/// A part of a date with zeros before it: `String(date.getDate()).padStart(2, '0')`.
pub(super) fn padded(code: &Code, length: Option<f64>, with: Option<String>) -> Option<Code> {
    let Code::Call("date", arguments) = code else { return None };
    let (format, shift) = arguments.split_first()?;
    let Code::Const(format) = format else { return None };
    let format = super::code::plain(format);
    let letter = format.strip_prefix("%-")?;
    let is_usual = length == Some(2.0) && with.as_deref() == Some("0");
    is_usual.then(|| {
        let format = Code::text(&format!("%{letter}"));
        Code::Call("date", std::iter::once(format).chain(shift.iter().cloned()).collect())
    })
}

/// Whole seconds, where a number is the milliseconds of a time by 1000.
pub(super) fn seconds(code: &Code) -> Option<Code> {
    match code {
        Code::Op("/", time, by) if **by == Code::Const(json!(1000)) => match &**time {
            Code::Call("timestamp_ms", shift) => Some(Code::Call("timestamp", shift.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// How far a sum or difference is from this part of a date.
fn moved(code: &Code, from: &Code) -> Option<f64> {
    match code {
        Code::Op("+", left, right) => match (&**left, &**right) {
            (left, Code::Const(by)) | (Code::Const(by), left) if left == from => by.as_f64(),
            _ => None,
        },
        Code::Op("-", left, right) => match &**right {
            Code::Const(by) if **left == *from => by.as_f64().map(|by| -by),
            _ => None,
        },
        _ => None,
    }
}

/// How far from now a number of milliseconds is, as the language says it.
fn shift_of(code: &Code) -> Option<String> {
    match code {
        Code::Call("timestamp_ms", arguments) => match arguments.as_slice() {
            [] => Some(String::new()),
            [Code::Const(shift)] => Some(super::code::plain(shift)),
            _ => None,
        },
        Code::Op(op @ ("+" | "-"), left, right) => {
            let (start, by) = match (&**left, &**right) {
                (start, Code::Const(by)) => (start, by),
                (Code::Const(by), start) if *op == "+" => (start, by),
                _ => return None,
            };
            let by = by.as_f64().filter(|by| by.fract() == 0.0)?;
            let by = if *op == "-" { -by } else { by };
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a script")]
            let by = by as i64;
            let sign = if by < 0 { "-" } else { "+" };
            let by = by.abs();
            let units = UNITS.iter().filter(|(.., ms)| *ms > 0);
            let (count, letters) = units
                .filter(|(.., ms)| by % ms == 0)
                .map(|(_, letters, ms)| (by / ms, *letters))
                .next()?;
            let before = shift_of(start)?;
            Some(if count == 0 { before } else { format!("{before}{sign}{count}{letters}") })
        }
        _ => None,
    }
}

/// Milliseconds since 1970 of a text; without a zone a time is taken for UTC.
fn read(text: &str) -> Option<f64> {
    let stamp = match text.parse::<Timestamp>() {
        Ok(stamp) => stamp,
        Err(_) => {
            let civil = text.parse::<DateTime>().ok()?;
            civil.to_zoned(TimeZone::UTC).ok()?.timestamp()
        }
    };
    Some(of_stamp(stamp))
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript has no more of it either")]
fn of_stamp(stamp: Timestamp) -> f64 {
    stamp.as_millisecond() as f64
}

/// Year, month from 0, day, hour, minute, second, millisecond.
fn of_parts(parts: &[f64]) -> Option<f64> {
    let start = DateTime::constant(1970, 1, 1, 0, 0, 0, 0).to_zoned(TimeZone::UTC).ok()?;
    let mut ms = of_stamp(start.timestamp());
    let firsts = [1970.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    for (number, (unit, ..)) in UNITS.iter().enumerate() {
        let first = firsts.get(number).copied().unwrap_or_default();
        ms = changed(ms, unit, parts.get(number).copied().unwrap_or(first))?;
    }
    Some(ms)
}

/// A time with a part of it set; what is too much for it goes on in the next one.
fn changed(ms: f64, unit: &str, to: f64) -> Option<f64> {
    let civil = civil(ms)?;
    let months = f64::from(civil.year()) * 12.0 + f64::from(civil.month()) - 1.0;
    let (now, ms_of_unit) = match unit {
        "FullYear" | "Month" => {
            let year = f64::from(civil.year());
            let months =
                if unit == "FullYear" { months + (to - year) * 12.0 } else { year * 12.0 + to };
            let (year, month) = ((months / 12.0).floor(), months.rem_euclid(12.0) + 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "refused when out of range")]
            let first = DateTime::new(year as i16, month as i8, 1, 0, 0, 0, 0).ok()?;
            let days = f64::from(civil.day()) - 1.0;
            let of_day = ms.rem_euclid(86_400_000.0);
            let start = of_stamp(first.to_zoned(TimeZone::UTC).ok()?.timestamp());
            return Some(start + days * 86_400_000.0 + of_day);
        }
        "Date" => (f64::from(civil.day()), 86_400_000.0),
        "Hours" => (f64::from(civil.hour()), 3_600_000.0),
        "Minutes" => (f64::from(civil.minute()), 60_000.0),
        "Seconds" => (f64::from(civil.second()), 1000.0),
        _ => (f64::from(civil.millisecond()), 1.0),
    };
    Some(ms + (to - now) * ms_of_unit)
}

fn civil(ms: f64) -> Option<DateTime> {
    #[expect(clippy::cast_possible_truncation, reason = "refused when out of range")]
    let span = SignedDuration::from_millis(ms as i64);
    let stamp = Timestamp::UNIX_EPOCH.checked_add(span).ok()?;
    Some(stamp.to_zoned(TimeZone::UTC).datetime())
}

/// What a method tells of a time.
fn told<'a>(ms: f64, name: &str) -> Option<Value<'a>> {
    if matches!(name, "getTime" | "valueOf") {
        return Some(Value::Number(ms));
    }
    let civil = civil(ms)?;
    if let Some(unit) = unit_of(name, "get") {
        return Some(Value::Number(match unit {
            "FullYear" => f64::from(civil.year()),
            "Month" => f64::from(civil.month()) - 1.0,
            "Date" => f64::from(civil.day()),
            "Hours" => f64::from(civil.hour()),
            "Minutes" => f64::from(civil.minute()),
            "Seconds" => f64::from(civil.second()),
            _ => f64::from(civil.millisecond()),
        }));
    }
    match name {
        "getDay" => Some(Value::Number(f64::from(civil.weekday().to_sunday_zero_offset()))),
        "toISOString" | "toJSON" => {
            Some(Value::text(&civil.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()))
        }
        "toDateString" => Some(Value::text(&civil.strftime("%a %b %d %Y").to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{changed, moved, of_parts, read, shift_of, told};
    use crate::k6::code::Code;

    fn iso(ms: f64) -> String {
        told(ms, "toISOString").and_then(|value| value.to_text()).unwrap()
    }

    #[test]
    fn constant_times_are_counted_as_javascript_counts_them() {
        assert_eq!(iso(read("2024-05-01T10:00:00Z").unwrap()), "2024-05-01T10:00:00.000Z");
        assert_eq!(iso(read("2024-05-01").unwrap()), "2024-05-01T00:00:00.000Z");
        assert_eq!(iso(of_parts(&[2024.0, 0.0, 31.0]).unwrap()), "2024-01-31T00:00:00.000Z");
        assert_eq!(iso(of_parts(&[2024.0, 1.0, 30.0]).unwrap()), "2024-03-01T00:00:00.000Z");
        let day = of_parts(&[2024.0, 11.0, 31.0, 23.0]).unwrap();
        assert_eq!(iso(changed(day, "Date", 32.0).unwrap()), "2025-01-01T23:00:00.000Z");
        assert_eq!(iso(changed(day, "Month", 12.0).unwrap()), "2025-01-31T23:00:00.000Z");
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn times_from_now_are_shifts() {
        let now = || Code::Call("timestamp_ms", Vec::new());
        let day = Code::Const(json!(86_400_000));
        assert_eq!(shift_of(&Code::op("+", now(), day.clone())).unwrap(), "+1d");
        assert_eq!(shift_of(&Code::op("-", now(), Code::Const(json!(90_000)))).unwrap(), "-90s");
        assert_eq!(shift_of(&now()).unwrap(), "");
        assert_eq!(shift_of(&Code::op("*", now(), day)), None);
        let date = Code::Call("date", vec![Code::text("%-d")]);
        let week = Code::op("+", date.clone(), Code::Const(json!(7)));
        assert_eq!(moved(&week, &date), Some(7.0));
    }
}
