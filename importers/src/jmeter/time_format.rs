//! Formats and shifts of times: Java's as those of `strftime`.

/// A format of `SimpleDateFormat` or `DateTimeFormatter` in the letters of `strftime`; nothing
/// when it has something that those have not.
pub(super) fn strftime(format: &str) -> Option<String> {
    let format = match format {
        "YMD" => "yyyyMMdd",
        "HMS" => "HHmmss",
        "YMDHMS" => "yyyyMMdd-HHmmss",
        "USER1" | "USER2" => return None,
        other => other,
    };
    let mut written = String::new();
    let mut chars = format.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\'' {
            if chars.next_if_eq(&'\'').is_some() {
                written.push('\'');
                continue;
            }
            for quoted in chars.by_ref() {
                if quoted == '\'' {
                    break;
                }
                push_literal(&mut written, quoted);
            }
            continue;
        }
        if !char.is_ascii_alphabetic() {
            push_literal(&mut written, char);
            continue;
        }
        let mut length = 1;
        while chars.next_if_eq(&char).is_some() {
            length += 1;
        }
        written.push_str(letters(char, length)?);
    }
    Some(written)
}

fn push_literal(written: &mut String, char: char) {
    if char == '%' {
        written.push('%');
    }
    written.push(char);
}

fn letters(letter: char, length: usize) -> Option<&'static str> {
    Some(match (letter, length) {
        ('y' | 'Y' | 'u', 2) => "%y",
        ('y' | 'Y' | 'u', _) => "%Y",
        ('M' | 'L', 1) => "%-m",
        ('M' | 'L', 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', _) => "%B",
        ('d', 1) => "%-d",
        ('d', 2) => "%d",
        ('D', 1) => "%-j",
        ('D', 3) => "%j",
        ('H', 1) => "%-H",
        ('H', 2) => "%H",
        ('h', 1) => "%-I",
        ('h', 2) => "%I",
        ('m', 1) => "%-M",
        ('m', 2) => "%M",
        ('s', 1) => "%-S",
        ('s', 2) => "%S",
        ('S', 1) => "%1f",
        ('S', 2) => "%2f",
        ('S', 3) => "%3f",
        ('S', 6) => "%6f",
        ('S', 9) => "%9f",
        ('a', _) => "%p",
        ('E', 1..=3) => "%a",
        ('E', _) => "%A",
        ('Z', 1..=3) | ('X' | 'x', 2) => "%z",
        ('X' | 'x', 3) => "%:z",
        ('z', 1..=3) => "%Z",
        _ => return None,
    })
}

/// A shift like `P1DT2H` or `-P3D` as `+1d2h`; empty for none.
pub(super) fn shift(duration: &str) -> Option<String> {
    let duration = duration.trim();
    if duration.is_empty() {
        return Some(String::new());
    }
    let (sign, rest) = match duration.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("+", duration.strip_prefix('+').unwrap_or(duration)),
    };
    let rest = rest.strip_prefix(['P', 'p'])?;
    // A sign may also stand before the number: `P-1D`.
    let (sign, rest) = match (sign, rest.strip_prefix('-')) {
        ("+", Some(rest)) => ("-", rest),
        (_, Some(_)) => return None,
        (sign, None) => (sign, rest),
    };
    let mut written = sign.to_owned();
    let mut number = String::new();
    let mut is_time = false;
    for char in rest.chars() {
        match char.to_ascii_uppercase() {
            'T' if number.is_empty() => is_time = true,
            digit @ '0'..='9' => number.push(digit),
            unit => {
                let unit = match (unit, is_time) {
                    ('D', false) => "d",
                    ('H', true) => "h",
                    ('M', true) => "m",
                    ('S', true) => "s",
                    _ => return None,
                };
                if number.is_empty() {
                    return None;
                }
                written.push_str(&number);
                written.push_str(unit);
                number.clear();
            }
        }
    }
    (number.is_empty() && written.len() > 1).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_written_in_the_letters_of_strftime() {
        for (java, ours) in [
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "%Y-%m-%dT%H:%M:%S.%3f%:z"),
            ("d MMM yy, h:mm a", "%-d %b %y, %-I:%M %p"),
            ("YMDHMS", "%Y%m%d-%H%M%S"),
            ("100%", "100%%"),
        ] {
            assert_eq!(strftime(java).as_deref(), Some(ours), "{java}");
        }
        assert_eq!(strftime("GGGG"), None);
    }

    #[test]
    fn shifts_are_written_with_their_sign() {
        for (java, ours) in
            [("P1D", "+1d"), ("-P1DT2H30M", "-1d2h30m"), ("PT5S", "+5s"), ("P-3D", "-3d"), ("", "")]
        {
            assert_eq!(shift(java).as_deref(), Some(ours), "{java}");
        }
        assert_eq!(shift("P1M"), None);
        assert_eq!(shift("tomorrow"), None);
    }
}
