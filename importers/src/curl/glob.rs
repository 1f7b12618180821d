//! curl's patterns in URLs: `{a,b}` and `[1-10]`.

/// A command stands for at most this many requests.
const MOST: usize = 1000;

/// Its URLs together are about this long at most.
const MOST_BYTES: usize = 4 << 20;

/// A URL has at most this many patterns.
const MOST_PATTERNS: usize = 100;

/// Digits of the longest number that a range can begin or end with.
const MOST_DIGITS: usize = 20;

/// The URLs a pattern stands for, in curl's order, and whether there were more than there is `room`
/// for, or [`MOST`]. A pattern that curl would refuse stands for itself.
pub(super) fn expand(pattern: &str, room: usize) -> (Vec<String>, bool) {
    let most = MOST.min(MOST_BYTES / pattern.len().max(1)).min(room).max(1);
    let Some(parts) = parse(pattern) else { return (vec![pattern.to_owned()], false) };
    let mut urls = vec![String::new()];
    let mut cut = false;
    for choices in parts {
        let mut next = Vec::new();
        'all: for url in &urls {
            for choice in &choices {
                if next.len() == most {
                    cut = true;
                    break 'all;
                }
                next.push(format!("{url}{choice}"));
            }
        }
        urls = next;
    }
    (urls, cut)
}

/// The choices of each part; a literal part has one.
fn parse(pattern: &str) -> Option<Vec<Vec<String>>> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut literal = String::new();
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let after = rest.get(char.len_utf8()..)?;
        if parts.len() > 2 * MOST_PATTERNS {
            return None;
        }
        match char {
            // A placeholder is no pattern.
            '$' if after.starts_with('{') => {
                let (inside, behind) = after.split_once('}')?;
                literal.push('$');
                literal.push_str(inside);
                literal.push('}');
                rest = behind;
            }
            '\\' if after.starts_with(['{', '}', '[', ']']) => {
                literal.push_str(after.get(..1)?);
                rest = after.get(1..)?;
            }
            '{' => {
                let (inside, behind) = after.split_once('}')?;
                parts.push(vec![std::mem::take(&mut literal)]);
                parts.push(inside.split(',').map(str::to_owned).collect());
                rest = behind;
            }
            '[' => {
                let (inside, behind) = after.split_once(']')?;
                match range(inside) {
                    Some(choices) => {
                        parts.push(vec![std::mem::take(&mut literal)]);
                        parts.push(choices);
                    }
                    // An IPv6 address.
                    None if inside.contains(':') => {
                        literal.push('[');
                        literal.push_str(inside);
                        literal.push(']');
                    }
                    None => return None,
                }
                rest = behind;
            }
            other => {
                literal.push(other);
                rest = after;
            }
        }
    }
    parts.push(vec![literal]);
    Some(parts)
}

/// `1-10`, `001-100`, `a-z`, each perhaps with `:step`.
fn range(text: &str) -> Option<Vec<String>> {
    let (bounds, step) = match text.split_once(':') {
        Some((bounds, step)) => (bounds, step.parse::<usize>().ok().filter(|&step| step > 0)?),
        None => (text, 1),
    };
    let (from, to) = bounds.split_once('-')?;
    if from.len().max(to.len()) > MOST_DIGITS {
        return None;
    }
    if let (Ok(first), Ok(last)) = (from.parse::<u64>(), to.parse::<u64>()) {
        let width = if from.starts_with('0') { from.len() } else { 0 };
        let all = (first..=last).step_by(step).take(MOST + 1);
        return (first <= last).then(|| all.map(|number| format!("{number:0width$}")).collect());
    }
    let letter = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
    };
    let (first, last) = (letter(from)?, letter(to)?);
    let same_case = first.is_ascii_lowercase() == last.is_ascii_lowercase();
    (first <= last && same_case).then(|| (first..=last).step_by(step).map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_all_their_urls() {
        let cases: &[(&str, &[&str])] = &[
            ("http://a.example/x", &["http://a.example/x"]),
            (
                "http://{a,b}.example/[1-2]",
                &[
                    "http://a.example/1",
                    "http://a.example/2",
                    "http://b.example/1",
                    "http://b.example/2",
                ],
            ),
            ("/[08-10]", &["/08", "/09", "/10"]),
            ("/[a-e:2]", &["/a", "/c", "/e"]),
            ("http://[::1]:80/", &["http://[::1]:80/"]),
            (r"/\{x\}", &["/{x}"]),
            ("/${env.A}/{1,2}", &["/${env.A}/1", "/${env.A}/2"]),
            ("/{x", &["/{x"]),
            ("/[5-1]", &["/[5-1]"]),
        ];
        for &(pattern, expected) in cases {
            assert_eq!(expand(pattern, MOST).0, expected, "{pattern}");
        }
    }

    #[test]
    fn there_is_an_end() {
        let (urls, cut) = expand("/[1-99999999999]/[1-9]/[1-9]/[1-9]", MOST);
        assert_eq!((urls.len(), cut), (MOST, true));
        let long = format!("/[{}1-2]", "0".repeat(70_000));
        assert_eq!(expand(&long, MOST), (vec![long.clone()], false));
        let (urls, cut) = expand(&format!("/{}[1-999]", "x".repeat(1 << 20)), MOST);
        assert_eq!((urls.len(), cut), (3, true));
    }
}
