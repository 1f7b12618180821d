//! Command lines as browsers copy them for Windows' `cmd`.

use super::shell::Command;
use crate::text::literal;

/// Whether a text is written for `cmd`: carets stand before quotes or at the ends of lines,
/// where a word can, outside quotes: elsewhere they are parts of regular expressions.
pub(super) fn is_cmd(text: &str) -> bool {
    let (mut quote, mut before) = (None, '\n');
    let mut chars = text.chars().filter(|&c| c != '\r').peekable();
    while let Some(char) = chars.next() {
        let begins = before.is_whitespace();
        before = char;
        match (quote, char) {
            (None, '^') if begins && matches!(chars.peek(), Some('"' | '\n')) => return true,
            (None, '#') if begins => while chars.next_if(|&c| c != '\n').is_some() {},
            (None, '\'' | '"') => quote = Some(char),
            (Some('"') | None, '\\') => {
                chars.next();
            }
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    false
}

/// The commands of such a text. `%NAME%` becomes `${env.NAME}`.
pub(super) fn cmd(text: &str) -> Vec<Command> {
    carets(text)
        .into_iter()
        .map(|(offset, line)| Command::of_words(offset, words(&line)))
        .filter(|command| !command.words.is_empty())
        .collect()
}

/// Lines as `cmd` hands them to a program, with the offsets at which they began: carets are
/// taken out, joined lines joined.
fn carets(text: &str) -> Vec<(usize, String)> {
    let mut lines = vec![(0, String::new())];
    let mut quoted = false;
    let mut chars = text.char_indices().filter(|&(_, c)| c != '\r').peekable();
    while let Some((at, char)) = chars.next() {
        let Some((_, line)) = lines.last_mut() else { break };
        match char {
            '^' if !quoted => match chars.next() {
                // An escaped end of line joins the next; an empty one after it is in the text.
                Some((_, '\n')) => line.extend(chars.next_if(|&(_, c)| c == '\n').map(|(_, c)| c)),
                Some((_, escaped)) => line.push(escaped),
                None => {}
            },
            '"' => {
                quoted = !quoted;
                line.push('"');
            }
            '\n' => {
                quoted = false;
                lines.push((at + 1, String::new()));
            }
            '&' | '|' if !quoted => lines.push((at + 1, String::new())),
            _ => line.push(char),
        }
    }
    lines
}

/// Arguments as programs on Windows split them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                let mut count = 1;
                while chars.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let into = word.get_or_insert_default();
                // Backslashes escape only before a quote.
                if chars.peek() == Some(&'"') {
                    into.extend(std::iter::repeat_n('\\', count / 2));
                    if count % 2 == 1 {
                        chars.next();
                        into.push('"');
                    }
                } else {
                    into.extend(std::iter::repeat_n('\\', count));
                }
            }
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                word.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words.into_iter().map(|word| environment(&literal(&word))).collect()
}

/// `%NAME%` as `${env.NAME}`; percent signs of encoded URLs stay.
fn environment(word: &str) -> String {
    let mut written = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('%') {
        written.push_str(before);
        match after.split_once('%') {
            Some((name, after))
                if !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && !is_encoded_byte(name) =>
            {
                written.push_str("${env.");
                written.push_str(name);
                written.push('}');
                rest = after;
            }
            _ => {
                written.push('%');
                rest = after;
            }
        }
    }
    written.push_str(rest);
    written
}

/// Whether what follows a percent sign reads as an encoded byte: `C3` of `%C3%A9`.
fn is_encoded_byte(name: &str) -> bool {
    name.len() >= 2 && name.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<Vec<String>> {
        cmd(text).into_iter().map(|command| command.words).collect()
    }

    #[test]
    fn commands_copied_from_chrome_are_read() {
        let text = "curl ^\"https://a.example/?q=1^&r=^%^C3^%^A9^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"\r\n";
        assert_eq!(
            words_of(text),
            [[
                "curl",
                "https://a.example/?q=1&r=%C3%A9",
                "-H",
                "accept: */*",
                "--data-raw",
                "{\"a\":1}"
            ]]
        );
    }

    #[test]
    fn quoted_arguments_with_joined_lines_are_read() {
        let text =
            "curl \"https://a.example/x\" ^\n  -H \"x: \\\"y\\\"\" ^\n  -d \"a\"\"b\" %HOME%";
        assert_eq!(
            words_of(text),
            [["curl", "https://a.example/x", "-H", "x: \"y\"", "-d", "a\"b", "${env.HOME}"]]
        );
    }

    #[test]
    fn what_looks_like_a_placeholder_is_sent() {
        assert_eq!(words_of("curl \"${uuid()}%A%\""), [["curl", "${concat($)}{uuid()}${env.A}"]]);
    }

    #[test]
    fn ends_of_lines_in_a_body_stay() {
        assert_eq!(words_of("curl ^\"a^\n\nb^\""), [["curl", "a\nb"]]);
    }

    #[test]
    fn texts_for_other_shells_are_not_taken_for_cmd() {
        assert!(!is_cmd("curl 'a^b' \\\n -d x"));
        assert!(!is_cmd("curl 'https://a.example/page' | grep -o 'href=\"[^\"]*\"'"));
        assert!(!is_cmd("curl a | grep \"x ^\\\"\" # don't ^\"\ncurl b"));
        assert!(!is_cmd("curl -d 'a ^\n ^\"b' c"));
        assert!(is_cmd("curl ^\"a^\""));
        assert!(is_cmd("curl \"a\" ^\r\n -d x"));
    }
}
