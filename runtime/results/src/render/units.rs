//! Numbers as people read them: two or three digits that matter, and always a unit.

/// `1234567` as `1 234 567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Nanoseconds as `740 ns`, `41 µs`, `1.2 ms` or `2.5 s`.
#[must_use]
pub fn duration_ns(ns: f64) -> String {
    scaled(ns, 1000.0, &["ns", "µs", "ms", "s"])
}

/// Milliseconds as `740 ns`, `41 µs`, `1.2 ms` or `2.5 s`.
#[must_use]
pub fn duration_ms(ms: f64) -> String {
    duration_ns(ms * 1e6)
}

/// Bytes as `312 B`, `2.1 MB`: powers of 1 000.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// A rate per second: `0.3`, `85.3`, `1 206`.
#[must_use]
pub fn rate(per_second: f64) -> String {
    if per_second < 999.95 { format!("{per_second:.1}") } else { count(per_second.round() as u64) }
}

/// A share of one as `0 %`, `0.05 %`, `3.4 %`, `34 %`; what is not zero never reads as zero.
#[must_use]
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.01 => "<0.01 %".to_owned(),
        percent if percent < 0.995 => format!("{percent:.2} %"),
        percent if percent < 9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// Processor time per second as `3 % of a core` or `1.7 cores`.
#[must_use]
pub fn cores(cores: f64) -> String {
    if cores < 0.995 {
        format!("{:.0} % of a core", cores * 100.0)
    } else if cores < 1.05 {
        "1 core".to_owned()
    } else {
        format!("{cores:.1} cores")
    }
}

/// A time since the start of the run: `0:14`, `12:05`, `1:00:00`.
#[must_use]
pub fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// One decimal below ten, none above, in the unit that keeps the number below `base`; whole
/// numbers of the smallest unit.
fn scaled(value: f64, base: f64, names: &[&str]) -> String {
    let mut value = value;
    let mut names = names.iter();
    let mut name = names.next().copied().unwrap_or_default();
    let mut decimals = 0;
    // Compares what would be printed, so that 999.7 µs becomes 1.0 ms and not 1000 µs.
    while value.round() >= base
        && let Some(larger) = names.next()
    {
        value /= base;
        name = larger;
        decimals = 1;
    }
    if decimals == 1 && value < 9.95 {
        format!("{value:.1} {name}")
    } else {
        format!("{} {name}", count(value.round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_choose_their_unit() {
        let cases = [
            (0.0, "0 ns"),
            (740.0, "740 ns"),
            (999.6, "1.0 µs"),
            (41_000.0, "41 µs"),
            (999_700.0, "1.0 ms"),
            (1_240_000.0, "1.2 ms"),
            (9_940_000.0, "9.9 ms"),
            (9_960_000.0, "10 ms"),
            (111_400_000.0, "111 ms"),
            (2_500_000_000.0, "2.5 s"),
            (4_200_000_000_000.0, "4 200 s"),
        ];
        for (ns, text) in cases {
            assert_eq!(duration_ns(ns), text);
        }
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        let texts = [0, 999, 1_000, 10_238, 1_234_567].map(count);
        assert_eq!(texts, ["0", "999", "1 000", "10 238", "1 234 567"]);
    }

    #[test]
    fn a_small_share_is_not_zero() {
        let texts = [0.0, 0.000_01, 0.0005, 0.034, 0.34, 1.0].map(percent);
        assert_eq!(texts, ["0 %", "<0.01 %", "0.05 %", "3.4 %", "34 %", "100 %"]);
    }

    #[test]
    fn the_rest() {
        assert_eq!([312, 2_100_000, 999_999].map(bytes), ["312 B", "2.1 MB", "1.0 MB"]);
        assert_eq!([0.0, 85.34, 999.96, 1206.4].map(rate), ["0.0", "85.3", "1 000", "1 206"]);
        assert_eq!([0.031, 1.0, 1.72].map(cores), ["3 % of a core", "1 core", "1.7 cores"]);
        assert_eq!([14.9, 725.0, 3600.0].map(clock), ["0:14", "12:05", "1:00:00"]);
    }
}
