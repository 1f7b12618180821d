//! Values in texts of any form, also where their notation escapes some of their characters:
//! `a\/b\u003d` of a script stands for `a/b=`.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::reply::Coding;

/// Of a value so many bytes are searched for; where they are found the rest is compared.
const PREFIX: usize = 48;
/// So many values are searched for.
const MOST: usize = 500;
/// Shorter ones would be found by chance.
const SHORTEST: usize = 8;

/// Ways to write values.
pub(super) struct Needles {
    searcher: AhoCorasick,
    /// For each of the searched beginnings the texts that begin so.
    by_prefix: Vec<Vec<Needle>>,
}

struct Needle {
    value: String,
    written: String,
    coding: Coding,
}

/// A value that stands in a text.
pub(super) struct Hit<'n> {
    pub(super) value: &'n str,
    pub(super) coding: Coding,
    /// Where it stands, in bytes.
    pub(super) at: usize,
    pub(super) length: usize,
}

impl Needles {
    /// Those for values that are no single word; none when there are no such.
    pub(super) fn new<'v>(values: impl Iterator<Item = &'v String>) -> Option<Self> {
        let mut values: Vec<&String> = values.filter(|value| is_odd(value)).collect();
        values.sort();
        values.truncate(MOST);
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut by_prefix: Vec<Vec<Needle>> = Vec::new();
        for value in values {
            for (written, coding) in ways(value) {
                let prefix = written.get(..PREFIX).unwrap_or(&written).to_owned();
                let number = *numbers.entry(prefix).or_insert_with(|| {
                    by_prefix.push(Vec::new());
                    by_prefix.len() - 1
                });
                if let Some(list) = by_prefix.get_mut(number) {
                    list.push(Needle { value: value.clone(), written, coding });
                }
            }
        }
        let mut prefixes: Vec<(String, usize)> = numbers.into_iter().collect();
        prefixes.sort_by_key(|(_, number)| *number);
        let searcher = AhoCorasick::new(prefixes.iter().map(|(prefix, _)| prefix)).ok()?;
        (!by_prefix.is_empty()).then_some(Self { searcher, by_prefix })
    }

    /// Shows `visit` what stands in a text, not as a part of something longer.
    pub(super) fn find(&self, text: &str, visit: &mut dyn FnMut(Hit<'_>)) {
        let is_of_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        for found in self.searcher.find_overlapping_iter(text) {
            let at = found.start();
            let rest = text.get(at..).unwrap_or_default();
            let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
            let list = self.by_prefix.get(found.pattern().as_usize());
            for needle in list.into_iter().flatten() {
                let length = needle.written.len();
                let is_whole = rest.starts_with(&needle.written)
                    && !is_of_word(before)
                    && !is_of_word(rest.as_bytes().get(length));
                if is_whole {
                    visit(Hit { value: &needle.value, coding: needle.coding, at, length });
                }
            }
        }
    }
}

/// Whether a value has characters that end words, or that some notation escapes.
fn is_odd(value: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    value.len() >= SHORTEST && value.is_ascii() && !value.bytes().all(is_plain)
}

/// The ways in which texts have a value: as it is, and as JSON in scripts may have it.
fn ways(value: &str) -> Vec<(String, Coding)> {
    let mut ways = vec![(value.to_owned(), Coding::Plain)];
    for escaped in ["", "+", "=", "+=", "&<>", "=&<>'", "+=&<>'"] {
        for slash in ["/", "\\/", "\\u002f", "\\u002F"] {
            for upper in [false, true] {
                let mut written = String::with_capacity(value.len());
                for char in value.chars() {
                    match char {
                        '/' => written.push_str(slash),
                        '"' => written.push_str("\\\""),
                        c if escaped.contains(c) && upper => {
                            written.push_str(&format!("\\u{:04X}", u32::from(c)));
                        }
                        c if escaped.contains(c) => {
                            written.push_str(&format!("\\u{:04x}", u32::from(c)));
                        }
                        c => written.push(c),
                    }
                }
                if !ways.iter().any(|(known, _)| *known == written) {
                    ways.push((written, Coding::Json));
                }
            }
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_as_they_are_and_escaped_but_not_within_words() {
        let long = format!("/{}+", "wEPDwUK".repeat(20));
        let values = ["q8/Zr2+Lm==".to_owned(), "word1234".to_owned(), long.clone()];
        let needles = Needles::new(values.iter()).unwrap();
        let found = |text: &str| {
            let mut found = Vec::new();
            needles.find(text, &mut |hit| {
                let written = text[hit.at..hit.at + hit.length].to_owned();
                found.push((hit.value.to_owned(), written, hit.coding));
            });
            found
        };
        let row =
            |written: &str, coding| vec![("q8/Zr2+Lm==".to_owned(), written.to_owned(), coding)];
        assert_eq!(found("|q8/Zr2+Lm==|"), row("q8/Zr2+Lm==", Coding::Plain));
        for written in [
            "q8\\/Zr2+Lm==",
            "q8/Zr2+Lm\\u003d\\u003d",
            "q8\\/Zr2\\u002bLm\\u003d\\u003d",
            "q8/Zr2\\u002BLm==",
        ] {
            assert_eq!(found(&format!("{{'a':\"{written}\"}}")), row(written, Coding::Json));
        }
        assert_eq!(found("xq8/Zr2+Lm== q8/Zr2+Lm word1234"), []);
        assert_eq!(found(&format!("a|{long}|{}", &long[..100])).len(), 1);
        assert!(Needles::new(["word1234".to_owned()].iter()).is_none());
    }
}
