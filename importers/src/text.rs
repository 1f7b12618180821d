//! Texts of a source as texts of a plan.
//!
//! In a plan `${…}` is a placeholder; in a source it may be anything. What a source sends goes
//! through [`literal`] once, where it is read, and only what an importer itself means as a
//! placeholder does not.

/// A dollar sign that begins no placeholder, whatever follows it.
const DOLLAR: &str = "${concat($)}";

/// A text that the plan is to mean as it stands: what looks like a placeholder is none.
pub(crate) fn literal(text: &str) -> String {
    text.replace("${", "${concat($)}{")
}

/// Puts a text of a plan behind another. No placeholder comes to be where they meet.
pub(crate) fn append(text: &mut String, more: &str) {
    if text.ends_with('$') && more.starts_with('{') {
        text.pop();
        text.push_str(DOLLAR);
    }
    text.push_str(more);
}

/// Where the brace is that closes a placeholder, in what follows its `${`; the end when none does.
pub(crate) fn placeholder_end(after: &str) -> usize {
    let mut depth = 1_usize;
    let end = after.char_indices().find(|(_, char)| {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.map_or(after.len(), |(at, _)| at)
}

/// What a text of a plan means, when that is known: it has no placeholder but those of
/// [`literal`].
pub(crate) fn plain(text: &str) -> Option<String> {
    let plain = text.replace(DOLLAR, "$");
    let none = text.match_indices("${").all(|(at, _)| text.get(at..).is_some_and(is_dollar));
    none.then_some(plain)
}

fn is_dollar(text: &str) -> bool {
    text.starts_with(DOLLAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_placeholder_is_none() {
        assert_eq!(literal("a ${b} $c $${d}"), "a ${concat($)}{b} $c $${concat($)}{d}");
        let mut text = "a$".to_owned();
        append(&mut text, "{b}");
        assert_eq!(text, literal("a${b}"));
    }

    #[test]
    fn the_meaning_of_a_text_is_known_unless_it_has_placeholders() {
        for text in ["", "a", "${uuid()}", "$${a}", "${${", "$"] {
            assert_eq!(plain(&literal(text)).as_deref(), Some(text));
        }
        assert_eq!(plain("${env.A}"), None);
    }
}
