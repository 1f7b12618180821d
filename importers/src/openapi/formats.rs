//! Texts of the formats that schemas name: one of each, and whether a text is one.

use std::sync::LazyLock;

use regex::Regex;

/// A text of a format; `number` tells several apart. None for formats that are not known, or
/// say nothing about how a text is written.
pub(super) fn text(format: &str, number: u64) -> Option<String> {
    let day = 1 + number % 28;
    Some(match format {
        "date" => format!("2026-01-{day:02}"),
        "date-time" => format!("2026-01-{day:02}T12:00:00Z"),
        "time" => format!("12:{:02}:00Z", number % 60),
        "duration" => format!("PT{}M", 1 + number),
        "uuid" | "guid" => uuid(number),
        "email" | "idn-email" => format!("user{}@example.com", 1 + number),
        "hostname" | "idn-hostname" => format!("host{}.example.com", 1 + number),
        "ipv4" | "ip" => format!("192.0.2.{}", 1 + number % 254),
        "ipv6" => format!("2001:db8::{:x}", 1 + number % 0xffff),
        "uri" | "url" | "iri" => format!("https://example.com/{}", 1 + number),
        "uri-reference" | "iri-reference" => format!("/{}", 1 + number),
        "uri-template" => format!("/{}/{{id}}", 1 + number),
        "json-pointer" => format!("/{number}"),
        "relative-json-pointer" => format!("{number}"),
        "regex" => "^.*$".to_owned(),
        "byte" | "base64" => ["bG9hZA==", "dGVzdA=="].get((number % 2) as usize)?.to_string(),
        "phone" => format!("+1202555{:04}", 100 + number % 9000),
        "int32" | "int64" => format!("{}", 1 + number),
        "float" | "double" | "decimal" => format!("{}.5", 1 + number),
        _ => return None,
    })
}

/// A UUID of version 4 that looks like one.
fn uuid(number: u64) -> String {
    let mix = |seed: u64| {
        let mixed = (number + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let (one, two) = (mix(1), mix(2));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        one >> 32,
        (one >> 16) & 0xffff,
        one & 0xfff,
        two >> 52,
        two & 0xffff_ffff_ffff
    )
}

/// Whether a text is of a format; of formats that are not known every text is.
pub(super) fn is(format: &str, text: &str) -> bool {
    static PATTERNS: LazyLock<Vec<(&str, Option<Regex>)>> = LazyLock::new(|| {
        let date = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])";
        let time = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|Z|[+-][01]\d:?[0-5]\d)";
        [
            ("date", date.to_owned()),
            ("time", time.to_owned()),
            ("date-time", format!("{date}[tT]{time}")),
            ("uuid", r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}".to_owned()),
            ("email", r"[^@\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*".to_owned()),
            ("ipv4", r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}".to_owned()),
            ("hostname", r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?".to_owned()),
            ("uri", r"[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-\[\]_a-z~]+".to_owned()),
            ("url", r"[A-Za-z][A-Za-z0-9+.-]*://[!-;=?-\[\]_a-z~]+".to_owned()),
            ("byte", r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?".to_owned()),
            ("duration", r"P[0-9A-Z.]+".to_owned()),
        ]
        .into_iter()
        .map(|(name, pattern)| (name, Regex::new(&format!("^(?:{pattern})$")).ok()))
        .collect()
    });
    if format == "ipv6" {
        return text.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let pattern = PATTERNS.iter().find(|(name, _)| *name == format);
    pattern.and_then(|(_, regex)| regex.as_ref()).is_none_or(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_a_format_is_of_it() {
        for format in [
            "date",
            "date-time",
            "time",
            "duration",
            "uuid",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uri",
            "url",
            "byte",
        ] {
            for number in [0, 1, 40] {
                let text = text(format, number).unwrap();
                assert!(is(format, &text), "{format}: {text}");
            }
            assert!(!is(format, "no such thing!"), "{format}");
        }
    }
}
