//! Payloads of protocols that carry bytes: text, or `hex:` and hexadecimal digits.

use super::{Problem, ProblemKind, Task};
use crate::template::{Template, TreeKind};

/// What a payload in hexadecimal form begins with.
const HEX: &[u8] = b"hex:";

/// The `payload` of a task, and whether the driver has to look for `hex:` itself, because
/// only the run decides how the payload begins or what follows.
pub(super) fn payload(task: &Task<'_>, problems: &mut Vec<Problem>) -> (Template, bool) {
    let Some(field) = task.field("payload") else {
        return (Template::default(), false);
    };
    // As in the reference, what counts as false is no payload.
    if matches!(field.kind, TreeKind::Bool(false) | TreeKind::Int(0)) {
        return (Template::default(), false);
    }
    let text = field.to_text();
    let Some(constant) = text.constant() else {
        let prefix = text.prefix();
        let may_be_hex = prefix.starts_with(HEX) || HEX.starts_with(&prefix);
        return (text, may_be_hex);
    };
    match decode(&constant) {
        Ok(Some(bytes)) => (Template::text(bytes), false),
        Ok(None) => (text, false),
        Err(why) => {
            problems.push(Problem {
                span: field.span,
                kind: ProblemKind::Value,
                message: format!("the payload is not hexadecimal: {why}"),
                label: "after `hex:`, pairs of digits 0-9 a-f, with spaces between pairs or none"
                    .to_owned(),
                help: "without `hex:` the text is sent as it is".to_owned(),
            });
            (text, false)
        }
    }
}

/// The bytes of a payload that begins with `hex:`; `None` when it does not.
///
/// # Errors
/// When what follows is not pairs of hexadecimal digits, says why.
pub fn decode(payload: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let Some(digits) = payload.strip_prefix(HEX) else {
        return Ok(None);
    };
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut rest = digits.iter().copied();
    while let Some(first) = rest.next() {
        if first.is_ascii_whitespace() {
            continue;
        }
        let high = digit(first)?;
        let low = digit(rest.next().ok_or("the last pair has one digit only")?)?;
        bytes.push(high << 4 | low);
    }
    Ok(Some(bytes))
}

fn digit(byte: u8) -> Result<u8, String> {
    let value = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    value.ok_or_else(|| format!("`{}` is no such digit", char::from(byte).escape_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_in_either_case_and_with_spaces_between_pairs() {
        assert_eq!(decode(b"hex:00fF 7a\n10"), Ok(Some(vec![0, 0xff, 0x7a, 0x10])));
        assert_eq!(decode(b"hex:"), Ok(Some(Vec::new())));
        assert_eq!(decode(b"text"), Ok(None));
    }

    #[test]
    fn what_is_not_hexadecimal_is_told() {
        assert_eq!(decode(b"hex:0g").unwrap_err(), "`g` is no such digit");
        assert_eq!(decode(b"hex:0 1").unwrap_err(), "` ` is no such digit");
        assert_eq!(decode(b"hex:012").unwrap_err(), "the last pair has one digit only");
        assert_eq!(decode(b"hex:\xff0").unwrap_err(), "`\\u{ff}` is no such digit");
    }
}
