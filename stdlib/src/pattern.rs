//! Regular expressions that plans write.

use regex::bytes::Regex;

use crate::late::Written;

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

impl Written for Regex {
    fn read(text: &str) -> Result<Self, String> {
        compile(text)
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
