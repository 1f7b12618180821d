//! Numbers, kept as they were written.

use std::borrow::Cow;

/// A number. As long as nothing else is asked of it, it is kept as it was written.
///
/// Whether it has to be an integer, and how large it may be, is known only where
/// it is used, so it is converted there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<'s>(Form<'s>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form<'s> {
    /// As JSON writes it, which Rust's own number parsing can read.
    Written(&'s str),
    /// Of another notation.
    Whole(i64),
    /// Of another notation; finite.
    Float(f64),
}

impl<'s> Number<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self(Form::Written(text))
    }

    /// A whole number that JSON would write in another way.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self(Form::Whole(number))
    }

    /// A finite number that JSON would write in another way.
    #[must_use]
    pub fn float(number: f64) -> Self {
        Self(Form::Float(number))
    }

    /// The number as written, or as JSON would write it.
    #[must_use]
    pub fn text(self) -> Cow<'s, str> {
        match self.0 {
            Form::Written(text) => text.into(),
            Form::Whole(number) => number.to_string().into(),
            Form::Float(number) => format!("{number:?}").into(),
        }
    }

    /// Whether it is written without a point and an exponent.
    #[must_use]
    pub fn is_integer(self) -> bool {
        match self.0 {
            Form::Written(text) => !text.contains(['.', 'e', 'E']),
            Form::Whole(_) => true,
            Form::Float(_) => false,
        }
    }

    /// The value, if it is written as an integer and fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Form::Written(text) => text.parse().ok(),
            Form::Whole(number) => Some(number),
            Form::Float(_) => None,
        }
    }

    /// The value, if it is written as an integer and fits.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Form::Written(text) => text.parse().ok(),
            Form::Whole(number) => number.try_into().ok(),
            Form::Float(_) => None,
        }
    }

    /// The nearest floating-point value; always finite.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            // The parser lets no text through that does not convert.
            Form::Written(text) => text.parse().unwrap_or(0.0),
            Form::Whole(number) => number as f64,
            Form::Float(number) => number,
        }
    }
}

/// Whether `text` is a number as JSON writes it.
pub(super) fn is_valid(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let (integer, rest) = digits(unsigned);
    if integer.is_empty() || (integer.len() > 1 && integer.starts_with(b"0")) {
        return false;
    }
    let rest = match rest.split_first() {
        Some((b'.', rest)) => {
            let (fraction, rest) = digits(rest);
            if fraction.is_empty() {
                return false;
            }
            rest
        }
        _ => rest,
    };
    match rest.split_first() {
        None => true,
        Some((b'e' | b'E', rest)) => {
            let rest = match rest.split_first() {
                Some((b'+' | b'-', rest)) => rest,
                _ => rest,
            };
            let (exponent, rest) = digits(rest);
            !exponent.is_empty() && rest.is_empty()
        }
        Some(_) => false,
    }
}

/// What is wrong with `text`, what to do, and the number that was surely meant, if any.
pub(super) struct Mistake<'s> {
    pub(super) text: &'static str,
    pub(super) help: String,
    pub(super) meant: Option<&'s str>,
}

/// Explains why `text` is not a number. It holds what stood there up to the next
/// separator, and begins like a number.
pub(super) fn explain(text: &str) -> Mistake<'_> {
    /// Longer ones are not numbers anybody wrote.
    const LONGEST: usize = 64;
    let mistake = |text, help, meant| Mistake { text, help, meant };
    let unknown = || {
        let help = "write decimal digits, as in `10`, `0.5` or `1e3`; other things go in quotes";
        mistake("not a number", help.to_owned(), None)
    };
    if text.len() > LONGEST {
        return unknown();
    }
    if let Some(unsigned) = text.strip_prefix('+')
        && is_valid(unsigned.as_bytes())
        && !unsigned.starts_with('-')
    {
        return mistake("a plus sign in front", format!("write `{unsigned}`"), Some(unsigned));
    }
    if ["inf", "infinity", "nan"]
        .iter()
        .any(|word| text.trim_start_matches(['+', '-']).eq_ignore_ascii_case(word))
    {
        let help = "leave the value out, or write the largest number that makes sense here";
        return mistake("JSON has no such number", help.to_owned(), None);
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.starts_with('.') && is_valid(format!("0{unsigned}").as_bytes()) {
        let sign = if text.starts_with('-') { "-" } else { "" };
        let help = format!("write `{sign}0{unsigned}`");
        return mistake("no digit before the point", help, Some(text));
    }
    if let Some(integer) = text.strip_suffix('.')
        && is_valid(integer.as_bytes())
    {
        return mistake("no digit after the point", format!("write `{integer}`"), Some(integer));
    }
    let stripped = unsigned.trim_start_matches('0');
    let zeros = unsigned.len() - stripped.len();
    if zeros > 0 {
        let keep =
            if stripped.starts_with(|c: char| c.is_ascii_digit()) { zeros } else { zeros - 1 };
        let meant = unsigned.get(keep..).unwrap_or_default();
        if keep > 0 && is_valid(meant.as_bytes()) {
            let sign = if text.starts_with('-') { "-" } else { "" };
            // A negative one is not a slice of the text, so nothing is kept for it.
            let value = sign.is_empty().then_some(meant);
            return mistake("superfluous zeros in front", format!("write `{sign}{meant}`"), value);
        }
        if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X"))
            && let Ok(value) = u64::from_str_radix(hex, 16)
        {
            let help = format!("write `{value}`");
            return mistake("JSON has no hexadecimal numbers", help, None);
        }
    }
    let plain: String = text.chars().filter(|&c| c != '_').collect();
    if plain.len() < text.len() && is_valid(plain.as_bytes()) {
        return mistake("JSON numbers have no separators", format!("write `{plain}`"), None);
    }
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if number.len() < text.len() && is_valid(number.as_bytes()) {
        let help = "write the number alone, or put it in quotes where a text is expected";
        return mistake("a number with something behind it", help.to_owned(), Some(number));
    }
    unknown()
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    text.split_at(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_numbers_is_jsons() {
        for text in ["0", "-0", "10", "1.5", "-1.25e+10", "1E5", "0.0", "9e-2"] {
            assert!(is_valid(text.as_bytes()), "{text}");
        }
        for text in
            ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1.e1", "0x1", "1_0", "--1", "1 ", "NaN"]
        {
            assert!(!is_valid(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_kept_of_a_wrong_number_converts() {
        for text in ["+5", ".5", "-.5", "5.", "007", "00", "-007", "30s", "1_000", "0x1F", "1.2.3"]
        {
            let mistake = explain(text);
            if let Some(meant) = mistake.meant {
                assert!(meant.parse::<f64>().is_ok(), "{text} keeps {meant}");
            }
            assert!(!mistake.text.is_empty() && !mistake.help.is_empty());
        }
        assert_eq!(explain("007").meant, Some("7"));
        assert_eq!(explain("00").meant, Some("0"));
        assert_eq!(explain("00.5").meant, Some("0.5"));
        assert_eq!(explain("0x1F").help, "write `31`");
        assert_eq!(explain("1_000").help, "write `1000`");
        assert_eq!(explain("30s").meant, Some("30"));
    }

    #[test]
    fn integers_convert_exactly_or_not_at_all() {
        let n = |text| Number::new(text);
        assert_eq!(n("9223372036854775807").as_i64(), Some(i64::MAX));
        assert_eq!(n("9223372036854775808").as_i64(), None);
        assert_eq!(n("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(n("1.0").as_i64(), None);
        assert_eq!(n("-0").as_i64(), Some(0));
        assert!(n("10").is_integer() && !n("1e1").is_integer());
    }
}
