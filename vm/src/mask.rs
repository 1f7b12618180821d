//! Secrets in texts that people read: asterisks stand for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::escape::Escape;
use crate::value::Value;

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// What is cut off ends in this.
const CUT: &[u8] = "…".as_bytes();

/// Of a secret that is cut off, as many bytes are taken for it.
const LEAST_CUT: usize = 4;

/// Of what is made of secrets, shorter texts are hidden only where they are expected: they stand
/// in most texts by chance.
pub(crate) const LEAST_MADE: usize = 4;

/// Of what is made of secrets, so much at the beginning is hidden, in bytes.
const MOST_MADE: usize = 1024;

/// Longer secrets are looked for with fewer escapes of escapes, in bytes.
const SHORT: usize = 64;

/// Secrets, as they may appear in a text.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// The longest first, so that a secret inside another one does not leave the rest to be seen.
    forms: Vec<Vec<u8>>,
}

impl Mask {
    /// Of secrets as they are; the ways in which they are written elsewhere are added: escaped in
    /// JSON, in URLs, in HTML, in Python's notation, also twice, and in Base64.
    pub(crate) fn new(secrets: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets.filter(|secret| !secret.is_empty()) {
            base64_in(&secret, &mut forms);
            let mut written = vec![number(&secret), html(&secret), misread(&secret)];
            for escape in [Escape::Url, Escape::Query] {
                let mut form = Vec::new();
                escape.write(Value::Text(&secret), &mut form);
                written.push(form);
            }
            let secret_len = secret.len();
            written.push(secret);
            // Texts hold documents, whose strings hold documents.
            let depth = if secret_len <= SHORT { 3 } else { 2 };
            for _ in 0..depth {
                written = written.iter().flat_map(|form| escaped(form)).collect();
                written.sort_unstable();
                written.dedup();
            }
            forms.append(&mut written);
        }
        forms.retain(|form| !form.is_empty());
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// Hides the secrets in a text, and those of `more`. Where the text is cut off, the beginning
    /// of one is hidden as well.
    pub(crate) fn text(&self, more: Option<&Self>, text: &mut String) {
        if let Some(bytes) = self.masked(more, text.as_bytes(), true) {
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }

    /// Hides the secrets in bytes, and those of `more`.
    pub(crate) fn bytes(&self, more: Option<&Self>, bytes: &mut Vec<u8>) {
        if let Some(masked) = self.masked(more, bytes, false) {
            *bytes = masked;
        }
    }

    /// The text with asterisks; `None` when there is nothing to hide.
    fn masked(&self, more: Option<&Self>, text: &[u8], may_be_cut: bool) -> Option<Vec<u8>> {
        let masks = || std::iter::once(self).chain(more);
        if masks().all(|mask| mask.forms.is_empty()) {
            return None;
        }
        let mut masked = Vec::new();
        let (mut at, mut shown, mut cut) = (0, 0, None);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let mut length = masks().map(|mask| mask.at(rest)).max().unwrap_or(0);
            if length == 0 && may_be_cut {
                let cut = *cut.get_or_insert_with(|| next_cut(rest).map_or(text.len(), |n| at + n));
                let beginning = text.get(at..cut).unwrap_or_default();
                if masks().any(|mask| mask.begins(beginning)) {
                    length = beginning.len();
                }
            }
            if length > 0 {
                masked.extend_from_slice(text.get(shown..at).unwrap_or_default());
                masked.extend_from_slice(HIDDEN.as_bytes());
                shown = at + length;
            }
            at += length.max(1);
            cut = cut.filter(|&cut| at <= cut);
        }
        masked.extend_from_slice(text.get(shown..).unwrap_or_default());
        (shown > 0).then_some(masked)
    }

    /// How long the secret is that a text begins with; 0 when it does not.
    fn at(&self, text: &[u8]) -> usize {
        let form = self.forms.iter().find(|form| text.starts_with(form));
        form.map_or(0, Vec::len)
    }

    /// Whether a text is the beginning of a secret.
    fn begins(&self, text: &[u8]) -> bool {
        let is_enough = text.len() >= LEAST_CUT;
        is_enough && self.forms.iter().any(|form| form.starts_with(text))
    }
}

/// Values made of secrets, one after the other, from which a [`Mask`] is made.
#[derive(Debug, Default)]
pub(crate) struct Made(Vec<u8>);

impl Made {
    /// Adds a value; `true` and `false` tell nothing, and stand everywhere.
    pub(crate) fn push(&mut self, value: Value<'_>) {
        if matches!(value, Value::Bool(_)) {
            return;
        }
        let mut number = Vec::new();
        let text = value.bytes().unwrap_or_else(|| {
            value.write_text(&mut number);
            &number
        });
        let text = text.get(..MOST_MADE).unwrap_or(text);
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        if length > 0 {
            self.0.extend_from_slice(&length.to_le_bytes());
            self.0.extend_from_slice(text);
        }
    }

    /// Takes over what another one holds.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it, as the key of what is made of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Hides all that is `least` bytes long at least.
    pub(crate) fn mask(&self, least: usize) -> Mask {
        let mut rest = self.0.as_slice();
        let texts = std::iter::from_fn(|| {
            let (length, behind) = rest.split_first_chunk()?;
            let (text, behind) =
                behind.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
            rest = behind;
            Some(text.to_vec())
        });
        Mask::new(texts.filter(|text| text.len() >= least))
    }
}

/// Where a text is cut off next.
fn next_cut(text: &[u8]) -> Option<usize> {
    text.windows(CUT.len()).position(|part| part == CUT)
}

/// A text and the ways in which strings of documents and people's notations write it.
fn escaped(text: &[u8]) -> Vec<Vec<u8>> {
    let mut json = Vec::new();
    Escape::JsonText.write(Value::Text(text), &mut json);
    let (mut upper, mut digits) = (json.clone(), 0);
    for at in 0..upper.len() {
        if upper.get(at.wrapping_sub(2)..at) == Some(b"\\u") {
            digits = 4;
        }
        if digits > 0
            && let Some(byte) = upper.get_mut(at)
        {
            byte.make_ascii_uppercase();
            digits -= 1;
        }
    }
    let slashes = backslashed(text, "\"\\/");
    let quoted = backslashed(text, "'\\");
    let (doubly, plain) = (backslashed(text, "\"\\"), backslashed(text, "\\"));
    vec![text.to_vec(), json, upper, slashes, quoted, doubly, plain]
}

/// A text with a backslash before each of these characters, and line feeds and the like as in
/// most languages; other characters stay.
fn backslashed(text: &[u8], special: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                if special.as_bytes().contains(&byte) {
                    out.push(b'\\');
                }
                out.push(byte);
            }
        }
    }
    out
}

/// A text as HTML and XML write it.
fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#x27;"),
            other => out.push(*other),
        }
    }
    out
}

/// A text in UTF-8 that is read as Latin-1.
fn misread(text: &[u8]) -> Vec<u8> {
    text.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
}

/// The whole number that a text says, as a check writes it; else nothing.
fn number(text: &[u8]) -> Vec<u8> {
    let number = str::from_utf8(text).ok().and_then(|text| text.trim().parse::<f64>().ok());
    let whole = number.filter(|number| number.abs() < 1e15).map(|number| number as i64);
    whole.map_or_else(Vec::new, |whole| whole.to_string().into_bytes())
}

/// The characters that stand for a text inside of Base64, wherever in it the text begins: as in
/// the `Basic` credentials of its user.
fn base64_in(text: &[u8], forms: &mut Vec<Vec<u8>>) {
    for before in [b"".as_slice(), b"\0", b"\0\0"] {
        let bytes = [before, text].concat();
        let (first, end) = ((before.len() * 8).div_ceil(6), bytes.len() * 8 / 6);
        let coded = STANDARD_NO_PAD.encode(&bytes).into_bytes();
        if let Some(inside) = coded.get(first..end).filter(|inside| inside.len() >= 6) {
            let url = inside.iter().map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            });
            forms.push(url.collect());
            forms.push(inside.to_vec());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], text: &str) -> String {
        let mask = Mask::new(secrets.iter().map(|secret| secret.as_bytes().to_vec()));
        let mut text = text.to_owned();
        mask.text(None, &mut text);
        text
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        assert_eq!(masked(&["pw"], "pw and pw, pwpw"), "*** and ***, ******");
        assert_eq!(masked(&["pw"], "p w"), "p w");
    }

    #[test]
    fn the_longest_secret_is_hidden_first() {
        assert_eq!(masked(&["key", "key-2"], "key-2 is not key"), "*** is not ***");
    }

    #[test]
    fn the_forms_of_json_and_urls_are_hidden_too() {
        assert_eq!(
            masked(&["a\"b c"], r#"{"x": "a\"b c"} ?q=a%22b%20c"#),
            r#"{"x": "***"} ?q=***"#
        );
    }

    #[test]
    fn an_empty_secret_hides_nothing() {
        assert_eq!(masked(&[""], "text"), "text");
    }

    #[test]
    fn what_python_json_html_and_base64_write_is_hidden() {
        for (secret, text) in [
            ("a'b\"c-sek", r#"got 'a\'b"c-sek'"#),
            ("a'b\"c-sek", r#"got '{"p": "a\'b\\"c-sek"}'"#),
            ("a\"b-sek", r#"{"b": "{\"p\": \"a\\\"b-sek\"}"}"#),
            ("d\\e-sek", r"got 'd\\e-sek'"),
            ("d\\e-sek", r"got 'd\\\\e-sek'"),
            ("p\u{e4}55-sek", r"p\u00e455-sek, p\u00E455-sek"),
            ("p\u{e4}55-sek", r"got 'p\\u00e455-sek'"),
            ("p\u{e4}55-sek", "p\u{c3}\u{a4}55-sek"),
            ("k/l-sek", r"k\/l-sek"),
            ("m<n&o-sek", "m&lt;n&amp;o-sek"),
            ("two\nlines-sek", r"got 'two\nlines-sek'"),
        ] {
            let masked = masked(&[secret], text);
            assert!(!masked.contains("sek") && masked.contains(HIDDEN), "{text}: {masked}");
        }
        // Of "ann:s3cr3t-val", and of other lengths before the secret.
        for coded in
            ["YW5uOnMzY3IzdC12YWw=", "bjpzM2NyM3QtdmFs", "czNjcjN0LXZhbA", "YTpzM2NyM3QtdmFsLHg="]
        {
            let masked = masked(&["s3cr3t-val"], coded);
            assert!(masked.contains(HIDDEN) && masked.len() < 12, "{masked}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_is_hidden() {
        assert_eq!(
            masked(&["hunter2-long"], "got 'hunter2\u{2026} and more"),
            "got '***\u{2026} and more"
        );
        assert_eq!(masked(&["hunter2-long"], "schema: hunter2"), "schema: ***");
        assert_eq!(masked(&["hunter2-long"], "a hunter in the middle"), "a hunter in the middle");
    }

    #[test]
    fn of_what_is_made_of_secrets_only_longer_texts_are_hidden_everywhere() {
        let mut made = Made::default();
        for value in [Value::Text(b"HUNTER"), Value::Int(12), Value::Int(30415), Value::Bool(true)]
        {
            made.push(value);
        }
        let hidden = |least| {
            let mut text = "HUNTER 12 30415 true secret".to_owned();
            Mask::new([b"secret".to_vec()].into_iter()).text(Some(&made.mask(least)), &mut text);
            text
        };
        assert_eq!(hidden(LEAST_MADE), "*** 12 *** true ***");
        assert_eq!(hidden(1), "*** *** *** true ***");
    }

    #[test]
    fn a_made_text_inside_a_secret_does_not_leave_the_rest_to_be_seen() {
        let mut made = Made::default();
        made.push(Value::Text(b"hunt"));
        let mut text = "hunter2 hunt".to_owned();
        Mask::new([b"hunter2".to_vec()].into_iter()).text(Some(&made.mask(1)), &mut text);
        assert_eq!(text, "*** ***");
    }
}
