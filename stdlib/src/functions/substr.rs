//! `${substr(text, start, length)}`: a part of a text.

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

pub(super) const FUNCTION: Function = Function {
    name: "substr",
    parameters: &[
        argument::TEXT,
        Parameter {
            name: "start",
            kind: ParameterKind::Integer,
            doc: "The position of the first character, from 0; negative ones count from the end.",
        },
        Parameter {
            name: "length",
            kind: ParameterKind::Integer,
            doc: "How many characters at most; all the others when it is left out.",
        },
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The characters of a text from a position on. What lies outside the text is left out.",
    examples: &[
        Example { call: "${substr(2026-11-22, 5, 2)}", result: "11" },
        Example { call: "${substr(user-0042, -4)}", result: "0042" },
        Example { call: "${substr('größer', 2, 3)}", result: "öße" },
        Example { call: "${substr(abc, 9)}", result: "" },
    ],
    prepare: |_| {
        Ok(Box::new(|call, result| {
            let [text, start, ..] = *call.arguments else {
                return;
            };
            let Some(start) = argument::whole(start) else {
                return;
            };
            let length = match call.arguments.get(2) {
                None => usize::MAX,
                Some(&value) => match argument::whole(value) {
                    Some(length) => usize::try_from(length).unwrap_or(0),
                    None => return,
                },
            };
            argument::with_text(text, |text| {
                result.text_mut().extend_from_slice(part(text, start, length));
            });
        }))
    },
};

/// So many characters from `start` on. A byte that is not UTF-8 counts as a character.
fn part(text: &[u8], start: i64, length: usize) -> &[u8] {
    let first = match usize::try_from(start) {
        Ok(start) => start,
        Err(_) => {
            let back = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
            starts(text).count().saturating_sub(back)
        }
    };
    let mut ends = starts(text).skip(first);
    let Some(begin) = ends.next() else {
        return &[];
    };
    let end = match length.checked_sub(1) {
        None => begin,
        Some(more) => ends.nth(more).unwrap_or(text.len()),
    };
    text.get(begin..end).unwrap_or_default()
}

/// Where each character starts.
fn starts(text: &[u8]) -> impl Iterator<Item = usize> {
    let mut at = 0;
    text.utf8_chunks().flat_map(move |chunk| {
        let first = at;
        at += chunk.valid().len() + chunk.invalid().len();
        let invalid = first + chunk.valid().len()..at;
        chunk.valid().char_indices().map(move |(offset, _)| first + offset).chain(invalid)
    })
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn positions_outside_the_text_are_its_ends() {
        for (start, length, expected) in [
            (0, 2, "ab"),
            (-2, 9, "cd"),
            (-9, 1, "a"),
            (4, 1, ""),
            (1, 0, ""),
            (0, usize::MAX, "abcd"),
            (i64::MIN, usize::MAX, "abcd"),
            (i64::MAX, 1, ""),
        ] {
            assert_eq!(part(b"abcd", start, length), expected.as_bytes(), "{start}, {length}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_count_one_each() {
        assert_eq!(part(b"\xff\xfe\xc3\xa4x", 1, 2), b"\xfe\xc3\xa4");
    }
}
