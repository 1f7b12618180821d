//! Texts of a source as texts of a plan.

/// A text that the plan is to mean as it stands: what looks like a placeholder is none.
pub(crate) fn literal(text: &str) -> String {
    text.replace("${", "${concat($)}{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_placeholder_is_none() {
        assert_eq!(literal("a ${b} $c"), "a ${concat($)}{b} $c");
    }
}
