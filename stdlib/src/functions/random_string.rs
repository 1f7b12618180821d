//! `${random_string(length, alphabet)}`: random characters.

use ld_vm::Value;
use ld_vm::link::{Call, CallFn};

use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

/// The most characters of a result.
const LONGEST: i64 = 1 << 20;

const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub(super) const FUNCTION: Function = Function {
    name: "random_string",
    parameters: &[
        Parameter {
            name: "length",
            kind: ParameterKind::Integer,
            doc: "How many characters, up to 1048576.",
        },
        Parameter {
            name: "alphabet",
            kind: ParameterKind::Text,
            doc: "The characters it is made of; ASCII letters and digits when it is left out.",
        },
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: false,
    doc: "Random characters of an alphabet, each equally likely.",
    examples: &[
        Example { call: "${random_string(8)}", result: "ohOwAwv0" },
        Example { call: "${random_string(6, 0123456789abcdef)}", result: "a83c0c" },
    ],
    prepare,
};

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    if let Some(length) = argument::whole(argument::at(arguments, 0))
        && !(0..=LONGEST).contains(&length)
    {
        return Err(format!("`length` must be between 0 and {LONGEST}, not {length}"));
    }
    if argument::constant_text(arguments, 1).is_some_and(str::is_empty) {
        return Err("`alphabet` must have a character at least".to_owned());
    }
    Ok(Box::new(|call, result| {
        let length = argument::whole(argument::at(call.arguments, 0));
        let Some(length) = length.filter(|length| (0..=LONGEST).contains(length)) else {
            return;
        };
        let length = length as usize;
        match call.arguments.get(1) {
            None => draw(call, LETTERS_AND_DIGITS, length, result.text_mut()),
            Some(&alphabet) => {
                argument::with_text(alphabet, |alphabet| {
                    if !alphabet.is_empty() {
                        draw(call, alphabet, length, result.text_mut());
                    }
                });
            }
        }
    }))
}

fn draw(call: &mut Call<'_>, alphabet: &[u8], length: usize, out: &mut Vec<u8>) {
    if alphabet.is_ascii() {
        let characters = std::iter::repeat_with(|| alphabet.get(call.rng.usize(..alphabet.len())));
        out.extend(characters.take(length).flatten());
        return;
    }
    let Ok(alphabet) = str::from_utf8(alphabet) else {
        return;
    };
    let characters = alphabet.chars().count();
    for _ in 0..length {
        if let Some(character) = alphabet.chars().nth(call.rng.usize(..characters)) {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::tests::{complaint, text};

    #[test]
    fn every_character_of_the_alphabet_comes_about_equally_often() {
        let mut rng = fastrand::Rng::with_seed(5);
        for alphabet in ["xyz", "äßz"] {
            let text = text(&format!("${{random_string(3000, {alphabet})}}"), &mut rng);
            for character in alphabet.chars() {
                let count = text.chars().filter(|other| *other == character).count();
                assert!((900..1100).contains(&count), "{character}: {count}");
            }
            assert_eq!(text.chars().count(), 3000);
        }
    }

    #[test]
    fn lengths_have_bounds_and_alphabets_characters() {
        assert_eq!(
            complaint("${random_string(-1)}"),
            "`length` must be between 0 and 1048576, not -1"
        );
        assert_eq!(
            complaint("${random_string(5, '')}"),
            "`alphabet` must have a character at least"
        );
    }
}
