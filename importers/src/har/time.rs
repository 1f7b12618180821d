//! When things happened.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Milliseconds since 1970 of a time as recorders write it: with or without a zone (then it is
/// that of Greenwich), or as a number of milliseconds or seconds.
pub(super) fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        // Seconds would be before April 1970 as milliseconds.
        let milliseconds = if number.abs() < 1e10 { number * 1000.0 } else { number };
        return number.is_finite().then_some(milliseconds);
    }
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })?;
    Some(timestamp.as_nanosecond() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_recorders_write_them() {
        for text in [
            "2017-02-11T09:36:22.868Z",
            "2017-02-11T18:36:22.868+09:00",
            "2017-02-11T18:36:22.868+0900",
            "2017-02-11T09:36:22.8680000Z",
            "2017-02-11T09:36:22.868",
            "2017-02-11 09:36:22.868+00:00",
            "1486805782868",
            "1486805782.868",
        ] {
            assert_eq!(milliseconds(text), Some(1_486_805_782_868.0), "{text}");
        }
        for text in ["", "yesterday", "2017-13-01T00:00:00Z"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
