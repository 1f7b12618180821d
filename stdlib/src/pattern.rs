//! Regular expressions that plans write.

use std::cell::RefCell;

use ld_vm::Value;
use regex::bytes::Regex;

use crate::assertions::text;

/// Compiles a pattern; the error is one line that says what is wrong with it.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| {
        let why = error.to_string();
        // The first lines point into the pattern; the last says what is the matter.
        let why = why.lines().last().unwrap_or_default();
        let why = why.strip_prefix("error: ").unwrap_or(why);
        format!("`{pattern}` is not a regular expression: {why}")
    })
}

/// How many patterns that are only known during the run a thread keeps.
const KEPT: usize = 32;

thread_local! {
    /// The patterns that this thread used last, the latest first. Of a thread and not shared, so
    /// that no shard waits for another.
    static LATELY: RefCell<Vec<(Box<str>, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// Calls `then` with a pattern that may be another one the next time. It is compiled unless
/// it is among the last [`KEPT`] of this thread; then nothing is allocated.
pub(crate) fn with_compiled<R>(pattern: &str, then: impl FnOnce(&Regex) -> R) -> Result<R, String> {
    LATELY.with(|lately| {
        // Borrowed already only if `then` of another call got here.
        let Ok(mut lately) = lately.try_borrow_mut() else {
            return Ok(then(&compile(pattern)?));
        };
        match lately.iter().position(|(known, _)| **known == *pattern) {
            Some(at) => {
                if let Some(up_to_it) = lately.get_mut(..=at) {
                    up_to_it.rotate_right(1);
                }
            }
            None => {
                let regex = compile(pattern)?;
                lately.truncate(KEPT - 1);
                lately.insert(0, (pattern.into(), regex));
            }
        }
        match lately.first() {
            Some((_, regex)) => Ok(then(regex)),
            None => Ok(then(&compile(pattern)?)),
        }
    })
}

/// A pattern that is compiled before the run when it is known by then; see [`with_compiled`] for
/// one with a placeholder.
pub(crate) struct Pattern(Option<Regex>);

impl Pattern {
    /// Prepares the pattern; [`Value::Unset`] for one that is not known yet.
    pub(crate) fn new(pattern: Value<'_>) -> Result<Self, String> {
        if pattern == Value::Unset {
            return Ok(Self(None));
        }
        Ok(Self(Some(compile(&String::from_utf8_lossy(&text(pattern)))?)))
    }

    /// Calls `then` with the pattern, whose value is `pattern` at this time.
    ///
    /// # Errors
    /// When that turns out to be none.
    pub(crate) fn with<R>(
        &self,
        pattern: Value<'_>,
        then: impl FnOnce(&Regex) -> R,
    ) -> Result<R, String> {
        match &self.0 {
            Some(regex) => Ok(then(regex)),
            None => with_compiled(&String::from_utf8_lossy(&text(pattern)), then),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_used_lately_are_kept_and_others_compiled_again() {
        let kept = || LATELY.with_borrow(|lately| lately.len());
        for round in 0..3 {
            for number in 0..KEPT + 5 {
                let matches = |regex: &Regex| regex.is_match(b"x7") && regex.is_match(b"x36");
                let found = with_compiled(&format!("^x({number}|7|36)$"), matches);
                assert_eq!(found, Ok(true), "{round}");
                assert!(with_compiled("(", matches).is_err());
            }
            assert_eq!(kept(), KEPT);
        }
        let place = |pattern: &str| {
            with_compiled(pattern, |regex| std::ptr::from_ref(regex.as_str())).unwrap()
        };
        let first = place("^x(10|7|36)$");
        (20..30).for_each(|number| _ = place(&format!("^x({number}|7|36)$")));
        assert_eq!(place("^x(10|7|36)$"), first, "the same one, not compiled again");
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_said_in_one_line() {
        let Err(why) = compile("(a") else { panic!("an unclosed group") };
        assert_eq!(why, "`(a` is not a regular expression: unclosed group");
        let Err(why) = compile("(?=a)") else { panic!("look-around") };
        assert!(why.contains("look-around") && !why.contains('\n'), "{why}");
    }
}
