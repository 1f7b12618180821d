//! Texts that match a regular expression.

use regex::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// A text is not made longer than this, repetitions without end are cut.
const MAX_LENGTH: usize = 4096;

/// The expression as ours understands it; none where it does not.
pub(super) fn regex(pattern: &str) -> Option<Regex> {
    let limit = 1 << 20;
    regex::RegexBuilder::new(&ours(pattern)?).size_limit(limit).build().ok()
}

/// A text that matches, of at least `least` and at most `most` characters when there is one;
/// `number` tells several apart.
pub(super) fn text(pattern: &str, least: usize, most: usize, number: u64) -> Option<String> {
    let pattern = ours(pattern).or_else(|| ours(&without_lookaround(pattern)))?;
    let tree = ParserBuilder::new().nest_limit(100).build().parse(&pattern).ok()?;
    let regex = regex(&pattern)?;
    for extra in (0..12).chain([least.min(MAX_LENGTH)]) {
        let mut maker = Maker { number: number.wrapping_add(1), extra, text: String::new() };
        maker.make(&tree);
        // An expression that is not tied to the ends matches in a longer text as well.
        let length = maker.text.chars().count();
        if length < least && !pattern.ends_with('$') {
            maker.text.extend(std::iter::repeat_n('a', (least - length).min(MAX_LENGTH)));
        }
        let length = maker.text.chars().count();
        if (least..=most).contains(&length) && regex.is_match(&maker.text) {
            return Some(maker.text);
        }
    }
    None
}

struct Maker {
    number: u64,
    /// How often more than they must repetitions are made.
    extra: usize,
    text: String,
}

impl Maker {
    /// The next number, by Steele and Vigna's SplitMix64.
    fn next(&mut self) -> u64 {
        self.number = self.number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.number ^ (self.number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn make(&mut self, tree: &Hir) {
        if self.text.len() > MAX_LENGTH {
            return;
        }
        match tree.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => {
                let picked = self.pick(class);
                self.text.extend(picked);
            }
            HirKind::Repetition(repetition) => {
                let least = repetition.min as usize;
                let most = repetition.max.map_or(usize::MAX, |max| max as usize);
                let wanted = if least == 0 { self.extra.max(1) } else { least + self.extra };
                for _ in 0..wanted.min(most).min(MAX_LENGTH) {
                    self.make(&repetition.sub);
                    if self.text.len() > MAX_LENGTH {
                        return;
                    }
                }
            }
            HirKind::Capture(capture) => self.make(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.make(part)),
            HirKind::Alternation(parts) => {
                let picked = self.extra % parts.len().max(1);
                if let Some(part) = parts.get(picked) {
                    self.make(part);
                }
            }
        }
    }

    /// A character of a class: a letter or digit where there are some, plain ASCII otherwise.
    fn pick(&mut self, class: &Class) -> Option<char> {
        let ranges: Vec<(u32, u32)> = match class {
            Class::Unicode(class) => {
                class.ranges().iter().map(|r| (r.start() as u32, r.end() as u32)).collect()
            }
            Class::Bytes(class) => {
                class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect()
            }
        };
        let liked: [&[(char, char)]; 4] =
            [&[('0', '9'), ('a', 'z')], &[('A', 'Z')], &[(' ', '~')], &[('\0', char::MAX)]];
        let within = liked.iter().find_map(|liked| {
            let cut: Vec<(u32, u32)> = ranges
                .iter()
                .flat_map(|&(start, end)| {
                    liked
                        .iter()
                        .map(move |&(from, to)| (start.max(from as u32), end.min(to as u32)))
                })
                .filter(|(start, end)| start <= end)
                .collect();
            (!cut.is_empty()).then_some(cut)
        })?;
        let count: u64 = within.iter().map(|(start, end)| u64::from(end - start) + 1).sum();
        let mut at = self.next() % count;
        for (start, end) in within {
            let length = u64::from(end - start) + 1;
            if at < length {
                return char::from_u32(start + u32::try_from(at).ok()?);
            }
            at -= length;
        }
        None
    }
}

/// An expression of ECMA-262 in our notation; none when ours has no such thing.
fn ours(pattern: &str) -> Option<String> {
    let mut written = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(char) = rest.next() {
        match char {
            '\\' => match rest.next()? {
                'd' => written.push_str(if in_class { "0-9" } else { "[0-9]" }),
                'w' => written.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                // Escapes that ours does not know, of characters that need none.
                c if !c.is_ascii() || matches!(c, '/' | '<' | '>' | '@' | ' ' | '_') => {
                    written.push(c)
                }
                'c' => return None,
                c => written.extend(['\\', c]),
            },
            '[' if in_class => written.push_str("\\["),
            '[' => {
                in_class = true;
                written.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    written.push('^');
                }
            }
            ']' if in_class => {
                in_class = false;
                written.push(']');
            }
            '&' | '~' | '-' if in_class && rest.peek() == Some(&char) => {
                written.extend(['\\', char]);
            }
            c => written.push(c),
        }
    }
    Regex::new(&written).is_ok().then_some(written)
}

/// The expression without groups that only look ahead or back.
fn without_lookaround(pattern: &str) -> String {
    let mut written = String::new();
    let mut rest = pattern;
    while let Some(at) = ["(?=", "(?!", "(?<=", "(?<!"].iter().filter_map(|o| rest.find(o)).min() {
        let (before, group) = rest.split_at(at);
        written.push_str(before);
        let mut depth = 0_usize;
        let mut escaped = false;
        let end = group.char_indices().find(|&(_, char)| {
            match char {
                _ if escaped => {
                    escaped = false;
                    return false;
                }
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        rest = end.and_then(|(end, _)| group.get(end + 1..)).unwrap_or_default();
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_their_patterns_and_lengths() {
        for (pattern, least, most) in [
            (r"^\d{3}-\d{2}-\d{4}$", 0, 100),
            (r"^[A-Z]{2}[0-9a-f]{32}$", 34, 34),
            ("^(foo|bar)+$", 6, 9),
            (r"[\w.-]+@[\w-]+\.\w+", 20, 30),
            ("^[^/]*$", 5, 10),
            (r"^\+?[1-9]\d{1,14}$", 0, 16),
            (r"^https?:\/\/.+$", 0, 50),
            ("^AC", 34, 34),
            (r"^[\p{L}\-& ]{1,20}$", 1, 20),
            ("", 0, 10),
        ] {
            let text = text(pattern, least, most, 1).unwrap_or_else(|| panic!("{pattern}"));
            assert!(regex(pattern).unwrap().is_match(&text), "{pattern}: {text}");
            assert!((least..=most).contains(&text.chars().count()), "{pattern}: {text}");
        }
    }

    #[test]
    fn looking_ahead_is_left_out_and_hostile_patterns_end() {
        assert!(text(r"^(?!a\))(?=b)[bc]{3}$", 0, 10, 1).is_some());
        assert!(text("((a{1000}){1000}){1000}", 0, 10, 1).is_none());
        assert!(text("(", 0, 10, 1).is_none());
        assert!(text(&"(".repeat(10_000), 0, 10, 1).is_none());
        assert!(text("^(.*)*$", 0, 10, 1).is_some());
    }

    #[test]
    fn numbers_tell_texts_apart() {
        let make = |number| text("^[a-z]{8}$", 0, 10, number);
        assert_ne!(make(1), make(2));
        assert_eq!(make(1), make(1));
    }
}
