//! Regular expressions that plans write.

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

/// A pattern that is compiled before the run when it is known by then. One with a placeholder is
/// compiled for each reply: the tables keep nothing from one call to the next.
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
            None => Ok(then(&compile(&String::from_utf8_lossy(&text(pattern)))?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_pattern_is_said_in_one_line() {
        let Err(why) = compile("(a") else { panic!("an unclosed group") };
        assert_eq!(why, "`(a` is not a regular expression: unclosed group");
        let Err(why) = compile("(?=a)") else { panic!("look-around") };
        assert!(why.contains("look-around") && !why.contains('\n'), "{why}");
    }
}
