//! How names, texts and times are written in a listing.

use std::fmt::Write as _;

use crate::program::RequestRow;
use crate::reply::Needs;

pub(super) fn needs(row: &RequestRow) -> String {
    let needs = Needs::from_bits(row.needs).unwrap_or_default();
    let words: Vec<&str> = Needs::NAMED
        .iter()
        .filter(|(need, _)| needs.contains(*need))
        .map(|(_, word)| *word)
        .collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join("+") }
}

/// A name as it is, or quoted when it would not read as one word.
pub(super) fn word(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(plain) && !name.starts_with("session.") {
        name.to_owned()
    } else {
        quote(name.as_bytes())
    }
}

/// Text as in JSON, but with bytes that are no UTF-8 as `\x` and two digits.
pub(super) fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                control if control.is_control() => {
                    let _ = write!(text, "\\u{{{:x}}}", u32::from(control));
                }
                other => text.push(other),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    text
}

/// A duration in the largest unit that keeps it whole.
pub(super) fn time(ns: u64) -> String {
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")] {
        if ns.is_multiple_of(unit) {
            return format!("{}{name}", ns / unit);
        }
    }
    format!("{ns}ns")
}
