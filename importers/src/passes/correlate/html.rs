//! The tags of an HTML text, as far as values are taken out of them.

use std::borrow::Cow;

/// A tag and its attributes.
pub(super) struct Tag<'a> {
    /// As written.
    pub(super) name: &'a str,
    /// Names as written, values without entities.
    pub(super) attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Tag<'a> {
    /// The value of an attribute.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_ref())
    }
}

/// Shows `visit` each tag that opens an element. What stands in scripts and styles is none.
pub(super) fn tags<'a>(html: &'a str, visit: &mut impl FnMut(&Tag<'a>)) {
    let mut at = 0;
    while let Some(found) = html.get(at..).and_then(|rest| rest.find('<')) {
        at += found + 1;
        let rest = html.get(at..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("!--") {
            let length = comment.find("-->").map_or(rest.len(), |end| end + 6);
            at += length;
            continue;
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let (tag, length) = tag(rest);
        at += length;
        visit(&tag);
        for raw in ["script", "style"] {
            if tag.name.eq_ignore_ascii_case(raw) {
                let rest = html.get(at..).unwrap_or_default();
                at += rest.find("</").map_or(rest.len(), |_| end_of(rest, raw));
            }
        }
    }
}

/// Where the element of raw text ends that begins here.
fn end_of(rest: &str, name: &str) -> usize {
    let ends = |at: usize| {
        let tag = rest.get(at + 2..at + 2 + name.len());
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name))
    };
    rest.match_indices("</").map(|(at, _)| at).find(|at| ends(*at)).unwrap_or(rest.len())
}

/// The tag that begins here, and its length.
fn tag(text: &str) -> (Tag<'_>, usize) {
    let is_end = |c: char| c.is_ascii_whitespace() || c == '>' || c == '/';
    let name = text.split(is_end).next().unwrap_or_default();
    let mut tag = Tag { name, attributes: Vec::new() };
    let mut at = name.len();
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let skipped = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        at += rest.len() - skipped.len();
        if skipped.is_empty() {
            return (tag, at);
        }
        if skipped.starts_with('>') {
            return (tag, at + 1);
        }
        let length = skipped.find(|c: char| is_end(c) || c == '=').unwrap_or(skipped.len()).max(1);
        let Some(name) = skipped.get(..length) else { return (tag, text.len()) };
        at += length;
        let behind = skipped.get(length..).unwrap_or_default();
        let Some(value) = behind.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start();
        at += behind.len() - value.len();
        let (value, length) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inside = value.get(1..).unwrap_or_default();
                let end = inside.find(quote).unwrap_or(inside.len());
                (inside.get(..end).unwrap_or_default(), (end + 2).min(value.len()))
            }
            _ => {
                let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>');
                let end = end.unwrap_or(value.len());
                (value.get(..end).unwrap_or_default(), end)
            }
        };
        at += length;
        tag.attributes.push((name, plain(value)));
    }
}

/// A text without the entities that tokens have in them.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        let char = entity.and_then(|(name, _)| match name {
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "equals" => Some('='),
            "plus" => Some('+'),
            "sol" => Some('/'),
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (char, entity) {
            (Some(char), Some((_, behind))) => {
                plain.push(char);
                rest = behind;
            }
            _ => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_with_their_attributes() {
        let html = "<!-- <input value=no> --><p a><INPUT type=hidden name='t' value=\"a&#x2F;b&amp;c\"/>\
                    <script>if (a<input) '<meta>'</SCRIPT><a href=/x?y=1>é<";
        let mut found = Vec::new();
        tags(html, &mut |tag| {
            let value = tag.get("value").or(tag.get("href")).unwrap_or_default();
            found.push(format!("{} {value}", tag.name));
        });
        assert_eq!(found, ["p ", "INPUT a/b&c", "script ", "a /x?y=1"]);
    }

    #[test]
    fn broken_tags_end_with_the_text() {
        for html in ["<", "<a", "<a b", "<a b=", "<a b='", "<a b=\"é", "<a =", "<script", "<a é=é"]
        {
            tags(html, &mut |_| {});
        }
    }
}
