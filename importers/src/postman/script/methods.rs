//! Methods of values: of texts, times, patterns and parts of the reply.

use serde_json::Value as Json;

use super::eval::date;
use super::value::{Part, Segment, Val, number};
use super::walk::Walk;
use super::{check, crypto, lists};

impl Walk<'_> {
    /// A method of a value.
    pub(super) fn method(&mut self, of: Val, name: &str, arguments: &[Val]) -> Val {
        let first = arguments.first().cloned().unwrap_or(Val::Undefined);
        let holds =
            |assertion: Option<Json>| assertion.map_or(Val::Unknown, |one| Val::Holds(vec![one]));
        match (of, name) {
            (Val::Now(shift), "getTime" | "valueOf") => {
                Val::Text(format!("${{timestamp_ms({shift})}}"))
            }
            (Val::Now(shift), "unix") => Val::Text(format!("${{timestamp({shift})}}")),
            (
                now @ Val::Now(_),
                "toISOString" | "toJSON" | "utc" | "local" | "clone" | "toDate",
            ) => now,
            (now @ Val::Now(_), "format") if arguments.is_empty() => now,
            (Val::Now(shift), "format") => match first.as_text().and_then(strftime) {
                Some(format) => Val::Text(date(&format, &shift)),
                None => Val::Unknown,
            },
            (Val::Now(shift), "add" | "subtract") if shift.is_empty() => {
                let unit = arguments.get(1).and_then(Val::as_text);
                match first.as_number().zip(unit).and_then(|(count, unit)| moved(name, count, unit))
                {
                    Some(shift) => Val::Now(shift),
                    None => Val::Unknown,
                }
            }
            (Val::Now(shift), "getFullYear" | "getUTCFullYear" | "year") => {
                Val::Text(date("%Y", &shift))
            }
            (Val::Digest(call), "toString") => crypto::written(&call, &first),
            (
                Val::Reply(Part::Json(list)),
                "find" | "filter" | "some" | "every" | "map" | "forEach",
            ) => self.of_reply_list(&list, name, &first),
            (Val::Const(Json::String(text)), name)
                if self.of_text(&text, name, arguments).is_some() =>
            {
                self.of_text(&text, name, arguments).unwrap_or(Val::Unknown)
            }
            (list @ (Val::Const(Json::Array(_)) | Val::Tree(Json::Array(_))), name) => {
                match lists::items(&list) {
                    Some(items) => self.of_list(items, name, arguments),
                    None => Val::Unknown,
                }
            }
            (Val::Random { .. }, "toString")
                if first.as_number().is_some_and(|base| base > 10.0) =>
            {
                Val::Letters(None)
            }
            (Val::Letters(count), "substring" | "substr" | "slice") => {
                let (from, to) = (first.as_number(), arguments.get(1).and_then(Val::as_number));
                match (from, to) {
                    (Some(_), None) => Val::Letters(count),
                    (Some(_), Some(length)) if name == "substr" => Val::Letters(whole(length)),
                    (Some(from), Some(to)) => Val::Letters(whole(to - from)),
                    _ => Val::Unknown,
                }
            }
            (Val::Reply(Part::Headers), "get" | "one") => match first.as_text() {
                Some(name) => Val::Reply(Part::Header(name.to_owned())),
                None => Val::Unknown,
            },
            (Val::Reply(Part::Headers), "has") => match first.as_text() {
                Some(name) => holds(check::exists(&Part::Header(name.to_owned()), true)),
                None => Val::Unknown,
            },
            (Val::Reply(Part::Cookies), "get") => match first.as_text() {
                Some(name) => Val::Reply(Part::Cookie(name.to_owned())),
                None => Val::Unknown,
            },
            (Val::Reply(Part::Json(mut segments)), "hasOwnProperty") => match first.as_text() {
                Some(name) => {
                    segments.push(Segment::Name(name.to_owned()));
                    Val::Holds(vec![check::truthy(&segments)])
                }
                None => Val::Unknown,
            },
            (Val::Reply(part @ (Part::Json(_) | Part::Body | Part::Header(_))), name) => match name
            {
                "has" | "includes" | "contains" => match self.json(&first) {
                    Some(text) => holds(check::contains(&part, &text, false)),
                    None => Val::Unknown,
                },
                // It is nearly always compared with -1; see `binary`.
                "indexOf" => match self.json(&first) {
                    Some(text) => holds(check::contains(&part, &text, false)),
                    None => Val::Unknown,
                },
                "match" | "search" => match &first {
                    Val::Pattern(pattern) => holds(check::matches(&part, pattern, false)),
                    _ => Val::Unknown,
                },
                "startsWith" => match first.as_text() {
                    Some(text) => {
                        holds(check::matches(&part, &format!("\\A{}", regex::escape(text)), false))
                    }
                    None => Val::Unknown,
                },
                "toString" | "trim" | "valueOf" => Val::Reply(part),
                "toUpperCase" => self.function_of("upper", &Val::Reply(part)),
                "toLowerCase" => self.function_of("lower", &Val::Reply(part)),
                _ => Val::Unknown,
            },
            (Val::Pattern(pattern), "test") => match first {
                Val::Reply(part) => holds(check::matches(&part, &pattern, false)),
                _ => Val::Unknown,
            },
            (value @ (Val::Text(_) | Val::Letters(_)), "toString" | "trim") => value,
            (Val::Const(value), "toString") => {
                Val::text(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            }
            (Val::Text(text), "toUpperCase" | "toLowerCase") if !text.contains(['\'', ',']) => {
                let function = if name == "toUpperCase" { "upper" } else { "lower" };
                Val::Text(format!("${{{function}('{text}')}}"))
            }
            _ => Val::Unknown,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small")]
fn whole(value: f64) -> Option<u64> {
    (1.0..=1024.0).contains(&value).then_some(value as u64)
}

/// How far a time is moved: `+1d`.
fn moved(way: &str, count: f64, unit: &str) -> Option<String> {
    let unit = match unit {
        "y" | "year" | "years" => "y",
        "M" | "month" | "months" => "mo",
        "w" | "week" | "weeks" => "w",
        "d" | "day" | "days" => "d",
        "h" | "hour" | "hours" => "h",
        "m" | "minute" | "minutes" => "m",
        "s" | "second" | "seconds" => "s",
        "ms" | "millisecond" | "milliseconds" => "ms",
        _ => return None,
    };
    let back = (way == "subtract") != (count < 0.0);
    Some(format!("{}{}{unit}", if back { '-' } else { '+' }, number(count.abs())))
}

/// A format of moment as `date` has it; nothing when it has words that are not known.
fn strftime(format: &str) -> Option<String> {
    let known = [
        ("YYYY", "%Y"),
        ("YY", "%y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("dddd", "%A"),
        ("ddd", "%a"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
        ("SSS", "%3f"),
        ("[Z]", "Z"),
        ("Z", "%:z"),
        ("[T]", "T"),
    ];
    let mut written = String::new();
    let mut rest = format;
    while let Some(char) = rest.chars().next() {
        if let Some((word, code)) = known.iter().find(|(word, _)| rest.starts_with(word)) {
            written.push_str(code);
            rest = rest.get(word.len()..).unwrap_or_default();
        } else if char.is_ascii_alphabetic() && char != 'T' || char == '\'' {
            return None;
        } else {
            written.push(char);
            rest = rest.get(char.len_utf8()..).unwrap_or_default();
        }
    }
    Some(written)
}
