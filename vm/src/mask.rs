//! Secrets in texts that people read: asterisks stand for them.

use crate::escape::Escape;
use crate::value::Value;

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// The secrets of a run, as they may appear in a text.
#[derive(Default)]
pub(crate) struct Mask {
    /// The longest first, so that a secret inside another one does not leave the rest to be seen.
    secrets: Vec<Vec<u8>>,
}

impl Mask {
    /// Of secrets as they are; the ways in which they are written in JSON and in URLs are added.
    pub(crate) fn new(secrets: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            for escape in [Escape::JsonText, Escape::Url, Escape::Query] {
                let mut form = Vec::new();
                escape.write(Value::Text(&secret), &mut form);
                forms.push(form);
            }
            forms.push(secret);
        }
        forms.retain(|form| !form.is_empty());
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { secrets: forms }
    }

    /// Hides the secrets in a text.
    pub(crate) fn text(&self, text: &mut String) {
        if self.finds_any(text.as_bytes()) {
            let mut bytes = std::mem::take(text).into_bytes();
            self.bytes(&mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }

    /// Hides the secrets in bytes.
    pub(crate) fn bytes(&self, bytes: &mut Vec<u8>) {
        if !self.finds_any(bytes) {
            return;
        }
        let mut masked = Vec::with_capacity(bytes.len());
        let mut rest = bytes.as_slice();
        while let Some((&first, others)) = rest.split_first() {
            match self.secrets.iter().find_map(|secret| rest.strip_prefix(secret.as_slice())) {
                Some(behind) => {
                    masked.extend_from_slice(HIDDEN.as_bytes());
                    rest = behind;
                }
                None => {
                    masked.push(first);
                    rest = others;
                }
            }
        }
        *bytes = masked;
    }

    fn finds_any(&self, text: &[u8]) -> bool {
        self.secrets.iter().any(|secret| text.windows(secret.len()).any(|part| part == secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], text: &str) -> String {
        let mask = Mask::new(secrets.iter().map(|secret| secret.as_bytes().to_vec()));
        let mut text = text.to_owned();
        mask.text(&mut text);
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
}
