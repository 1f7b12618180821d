//! `LD_cluster_errors`: failures whose texts differ only in numbers and names.

use std::cmp::Reverse;

use serde_json::{Value as Json, json};

/// A signature is cut after so many characters.
const SIGNATURE: usize = 200;
/// Texts kept of each cluster.
const SAMPLES: usize = 3;

/// One kind of failure, as often as it happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure<'f> {
    pub(super) name: &'f str,
    pub(super) text: &'f str,
    pub(super) count: u64,
}

/// The failures in clusters, the most frequent first.
pub(super) fn clusters<'f>(failures: impl IntoIterator<Item = Failure<'f>>) -> Json {
    struct Cluster<'f> {
        signature: String,
        count: u64,
        names: Vec<&'f str>,
        samples: Vec<&'f str>,
    }
    let mut clusters: Vec<Cluster<'_>> = Vec::new();
    for Failure { name, text, count } in failures {
        let signature = signature(text);
        let known = clusters.iter_mut().find(|cluster| cluster.signature == signature);
        let cluster = match known {
            Some(cluster) => cluster,
            None => {
                let (names, samples) = (Vec::new(), Vec::new());
                clusters.push(Cluster { signature, count: 0, names, samples });
                let Some(last) = clusters.last_mut() else { continue };
                last
            }
        };
        cluster.count += count;
        if !cluster.names.contains(&name) {
            cluster.names.push(name);
        }
        if cluster.samples.len() < SAMPLES && !cluster.samples.contains(&text) {
            cluster.samples.push(text);
        }
    }
    clusters.sort_by_key(|cluster| Reverse(cluster.count));
    let rows = clusters.into_iter().map(|cluster| {
        let Cluster { signature, count, names, samples } = cluster;
        json!({"signature": signature, "count": count, "names": names, "samples": samples})
    });
    rows.collect()
}

/// A text without what varies: UUIDs, hexadecimal and whole numbers, quoted texts.
fn signature(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    // What a number follows directly is part of a word.
    let mut in_word = false;
    while let Some(first) = rest.chars().next() {
        let (mark, length) = if in_word {
            ("", 0)
        } else if let Some(length) = uuid(rest) {
            ("<uuid>", length)
        } else if let Some(length) = hex(rest) {
            ("<hex>", length)
        } else if let Some(length) = whole(rest) {
            ("<n>", length)
        } else {
            ("", 0)
        };
        let (mark, length) = match quoted(rest) {
            Some(length) if mark.is_empty() => ("<str>", length),
            _ => (mark, length),
        };
        let taken = if mark.is_empty() { first.len_utf8() } else { length };
        let (piece, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(if mark.is_empty() { piece } else { mark });
        in_word = mark.is_empty() && is_word(first);
        rest = after;
    }
    out.trim().chars().take(SIGNATURE).collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of a text's beginning that satisfies `wanted`, unless a word goes on after it.
fn run(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let length = text.find(|c| !wanted(c)).unwrap_or(text.len());
    let goes_on = text.get(length..)?.chars().next().is_some_and(is_word);
    (length > 0 && !goes_on).then_some(length)
}

fn whole(text: &str) -> Option<usize> {
    run(text, |c| c.is_ascii_digit())
}

fn hex(text: &str) -> Option<usize> {
    let digits = text.strip_prefix("0x")?;
    Some(2 + run(digits, |c| c.is_ascii_hexdigit())?)
}

fn uuid(text: &str) -> Option<usize> {
    const LENGTH: usize = 36;
    let candidate = text.get(..LENGTH)?;
    let fits = candidate.chars().enumerate().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    });
    let goes_on = text.get(LENGTH..)?.chars().next().is_some_and(is_word);
    (fits && !goes_on).then_some(LENGTH)
}

fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let end = text.get(1..)?.find(quote)?;
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_left_out_of_a_signature() {
        for (text, expected) in [
            ("HTTP 503", "HTTP <n>"),
            ("user 0xDEADbeef is 42", "user <hex> is <n>"),
            ("order 123e4567-e89b-12d3-a456-426614174000 gone", "order <uuid> gone"),
            ("expected 'ann', got \"bob 7\"", "expected <str>, got <str>"),
            ("p95 of sha256 and h2", "p95 of sha256 and h2"),
            ("  3rd try: 1.5 s ", "3rd try: <n>.<n> s"),
            ("don't", "don't"),
            ("é 5 é5", "é <n> é5"),
        ] {
            assert_eq!(signature(text), expected);
        }
        assert_eq!(signature(&"é".repeat(300)).chars().count(), SIGNATURE);
    }

    #[test]
    fn failures_of_one_signature_are_one_row() {
        let failure = |name, text, count| Failure { name, text, count };
        let rows = clusters([
            failure("a", "HTTP 503", 2),
            failure("b", "refused", 3),
            failure("b", "HTTP 504", 5),
            failure("a", "HTTP 503", 1),
        ]);
        assert_eq!(
            rows,
            json!([
                {"signature": "HTTP <n>", "count": 8, "names": ["a", "b"], "samples": ["HTTP 503", "HTTP 504"]},
                {"signature": "refused", "count": 3, "names": ["b"], "samples": ["refused"]},
            ])
        );
    }
}
