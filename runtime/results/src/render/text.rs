//! Laying out text on a terminal: widths, padding, shortening, wrapping, and nothing that could
//! steer the terminal.

/// `text` with everything that would steer a terminal written as an escape, such as `\n`.
///
/// Names come from plans and failure texts quote peers; neither may move the cursor, change
/// colours or turn the writing direction around.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                safe.extend(character.escape_unicode());
            }
            steering if steering.is_control() => safe.extend(steering.escape_default()),
            harmless => safe.push(harmless),
        }
    }
    safe
}

/// Columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// `text` in at most `limit` columns, its middle replaced by `…` when it is longer: the beginning
/// and the end are what tells long names apart.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(1);
    let head = prefix(text.chars(), kept.div_ceil(2));
    let tail = prefix(text.chars().rev(), kept / 2);
    let mut short = head;
    short.push('…');
    short.extend(tail.chars().rev());
    short
}

/// `text` in at most `limit` columns, its end replaced by `…` when it is longer.
pub(crate) fn clip(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut short = prefix(text.chars(), limit.saturating_sub(1));
    short.push('…');
    short
}

/// `text` followed by spaces up to `columns`.
pub(crate) fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", spaces(columns, text))
}

/// `text` preceded by spaces up to `columns`.
pub(crate) fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", spaces(columns, text))
}

/// `text` in lines of at most `columns`, broken at spaces.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

fn spaces(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

fn prefix(characters: impl Iterator<Item = char>, limit: usize) -> String {
    let mut used = 0;
    characters
        .take_while(|&character| {
            used += columns(character);
            used <= limit
        })
        .collect()
}

/// Columns of one character: East Asian wide ones and emoji take two, combining marks none. The
/// blocks that matter in names, not the whole table of Unicode Annex 11.
fn columns(character: char) -> usize {
    match character as u32 {
        0x300..=0x36f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[31m\r\nb\u{202e}c\tü"), r"a\u{1b}[31m\r\nb\u{202e}c\tü");
    }

    #[test]
    fn long_text_loses_its_middle() {
        assert_eq!(shorten("orders/archive/2024/by-customer", 15), "orders/…ustomer");
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("abc", 1), "…");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(width("登入 ok"), 7);
        assert_eq!(width(&shorten("登入登入登入登入", 9)), 9);
        assert_eq!(left("登入", 6), "登入  ");
    }

    #[test]
    fn wrapped_lines_keep_every_word() {
        let text = "one two three-is-longer-than-the-line four";
        assert_eq!(wrap(text, 9), ["one two", "three-is-longer-than-the-line", "four"]);
    }
}
