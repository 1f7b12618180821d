//! "Did you mean": the known name nearest to what was written.

/// The candidate that resembles `written` most, if any resembles it at all.
///
/// Names that differ only in case or in `_`, `-` and spaces always match.
/// Otherwise up to one typing mistake (a letter too many, too few, wrong, or two
/// swapped) per three letters is forgiven, at least one from three letters on.
/// Of equally near candidates the first wins.
#[must_use]
pub fn suggest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes time proportional to the product of the lengths.
    const LONGEST: usize = 80;
    if written.len() > LONGEST {
        return None;
    }
    let folded = fold(written);
    let forgiven = folded.chars().count() / 3;
    let mut best = None;
    for candidate in known {
        if candidate == written || candidate.len() > LONGEST {
            continue;
        }
        let name = fold(candidate);
        let distance = if name == folded { 0 } else { strsim::damerau_levenshtein(&folded, &name) };
        let near = distance == 0 || distance <= forgiven;
        if near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 7] = ["method", "request_url", "name", "json", "data", "url", "headers"];

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        assert_eq!(suggest("request_ulr", FIELDS), Some("request_url"));
        assert_eq!(suggest("nmae", FIELDS), Some("name"));
        assert_eq!(suggest("header", FIELDS), Some("headers"));
    }

    #[test]
    fn case_and_separators_do_not_count() {
        assert_eq!(suggest("requestUrl", FIELDS), Some("request_url"));
        assert_eq!(suggest("REQUEST-URL", FIELDS), Some("request_url"));
    }

    #[test]
    fn a_different_word_finds_nothing() {
        assert_eq!(suggest("timeout", FIELDS), None);
        assert_eq!(suggest("x", FIELDS), None);
        assert_eq!(suggest("", FIELDS), None);
    }

    #[test]
    fn the_nearest_wins() {
        assert_eq!(suggest("tokens", ["tokem", "token"]), Some("token"));
    }

    #[test]
    fn very_long_names_are_not_compared() {
        let long = "a".repeat(1 << 20);
        assert_eq!(suggest(&long, ["a"]), None);
    }
}
