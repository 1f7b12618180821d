//! The words of a command line, as the shells take them from which browsers and people copy.
//!
//! References to environment variables become `${env.NAME}`, unless the text sets the variable.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::CharIndices;

use crate::text::{append, literal};

/// A command of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Where it begins, in bytes.
    pub(super) offset: usize,
    /// The program and its arguments.
    pub(super) words: Vec<String>,
    /// What it reads from standard input.
    pub(super) input: Option<Input>,
    /// What stands in it that only a shell can carry out: `$(date)`.
    pub(super) substitutions: Vec<String>,
}

/// What a command reads from standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A file.
    File(String),
    /// A text written in the script.
    Text(String),
}

/// The commands of a script for a POSIX shell, bash or zsh.
///
/// # Errors
/// When a quotation has no end: where it begins.
pub(super) fn posix(text: &str) -> Result<Vec<Command>, usize> {
    let mut reader = Reader {
        text,
        chars: text.char_indices().peekable(),
        variables: HashMap::new(),
        done: Vec::new(),
    };
    reader.script()?;
    Ok(reader.done)
}

struct Reader<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    variables: HashMap<String, String>,
    done: Vec<Command>,
}

/// What becomes of the word after a redirection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirection {
    Output,
    Input,
    Text,
    Document,
}

impl Reader<'_> {
    fn script(&mut self) -> Result<(), usize> {
        let mut command = Command::default();
        let mut redirection = None;
        while let Some(&(at, char)) = self.chars.peek() {
            match char {
                '\n' | ';' | '|' | '&' => {
                    self.chars.next();
                    self.end(&mut command);
                    redirection = None;
                }
                c if c.is_whitespace() => {
                    self.chars.next();
                }
                '\\' if self.skip_joined_line() => {}
                '#' => while self.chars.next_if(|&(_, c)| c != '\n').is_some() {},
                '<' => {
                    self.chars.next();
                    let mut count = 1;
                    while self.chars.next_if(|&(_, c)| c == '<').is_some() {
                        count += 1;
                    }
                    self.chars.next_if(|&(_, c)| c == '-');
                    redirection = Some(match count {
                        1 => Redirection::Input,
                        2 => Redirection::Document,
                        _ => Redirection::Text,
                    });
                }
                '>' => {
                    self.chars.next();
                    while self.chars.next_if(|&(_, c)| matches!(c, '>' | '&' | '|')).is_some() {}
                    // The number of a descriptor before it is no argument.
                    let number = |word: &String| matches!(word.as_str(), "0" | "1" | "2");
                    let touches = self
                        .text
                        .as_bytes()
                        .get(at.wrapping_sub(1))
                        .is_some_and(u8::is_ascii_digit);
                    if touches && command.words.last().is_some_and(number) {
                        command.words.pop();
                    }
                    redirection = Some(Redirection::Output);
                }
                _ => {
                    if command.words.is_empty() {
                        command.offset = at;
                    }
                    let word = self.word(&mut command.substitutions)?;
                    match redirection.take() {
                        None => self.add(&mut command, word),
                        Some(Redirection::Output) => {}
                        Some(Redirection::Input) => command.input = Some(Input::File(word)),
                        Some(Redirection::Text) => command.input = Some(Input::Text(word + "\n")),
                        Some(Redirection::Document) => {
                            command.input = Some(Input::Text(self.document(&word)));
                            self.end(&mut command);
                        }
                    }
                }
            }
        }
        self.end(&mut command);
        Ok(())
    }

    /// Adds a word, or sets a variable when it is an assignment before the program.
    fn add(&mut self, command: &mut Command, word: String) {
        let before_program = command.words.iter().all(|word| word == "export");
        if before_program
            && let Some((name, value)) = word.split_once('=')
            && is_name(name)
        {
            self.variables.insert(name.to_owned(), value.to_owned());
        } else {
            command.words.push(word);
        }
    }

    fn end(&mut self, command: &mut Command) {
        let command = std::mem::take(command);
        if command.words.iter().any(|word| word != "export") {
            self.done.push(command);
        }
    }

    /// Skips a backslash with the end of its line; also in texts with Windows' ends of lines.
    fn skip_joined_line(&mut self) -> bool {
        let mut ahead = self.chars.clone();
        ahead.next();
        ahead.next_if(|&(_, c)| c == '\r');
        if ahead.next_if(|&(_, c)| c == '\n').is_none() {
            return false;
        }
        self.chars = ahead;
        true
    }

    fn word(&mut self, substitutions: &mut Vec<String>) -> Result<String, usize> {
        let mut word = String::new();
        while let Some(&(at, char)) = self.chars.peek() {
            match char {
                c if c.is_whitespace() => break,
                ';' | '|' | '&' | '<' | '>' => break,
                '\\' => {
                    if !self.skip_joined_line() {
                        self.chars.next();
                        if let Some((_, escaped)) = self.chars.next() {
                            push(&mut word, escaped);
                        }
                    }
                }
                '\'' => {
                    self.chars.next();
                    self.until_quote(at, &mut word)?;
                }
                '"' => {
                    self.chars.next();
                    self.double_quoted(at, &mut word, substitutions)?;
                }
                '$' => self.dollar(at, &mut word, substitutions, false)?,
                '`' => self.backticks(at, &mut word, substitutions)?,
                _ => {
                    self.chars.next();
                    push(&mut word, char);
                }
            }
        }
        Ok(word)
    }

    fn until_quote(&mut self, start: usize, word: &mut String) -> Result<(), usize> {
        for (_, char) in self.chars.by_ref() {
            if char == '\'' {
                return Ok(());
            }
            push(word, char);
        }
        Err(start)
    }

    fn double_quoted(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<String>,
    ) -> Result<(), usize> {
        while let Some(&(at, char)) = self.chars.peek() {
            match char {
                '"' => {
                    self.chars.next();
                    return Ok(());
                }
                '\\' => {
                    if !self.skip_joined_line() {
                        self.chars.next();
                        let (_, escaped) = self.chars.next().ok_or(start)?;
                        if !matches!(escaped, '"' | '\\' | '$' | '`') {
                            word.push('\\');
                        }
                        push(word, escaped);
                    }
                }
                '$' => self.dollar(at, word, substitutions, true)?,
                '`' => self.backticks(at, word, substitutions)?,
                _ => {
                    self.chars.next();
                    push(word, char);
                }
            }
        }
        Err(start)
    }

    /// What begins with `$`: a variable, a command, a quotation with escapes, or a dollar sign.
    fn dollar(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<String>,
        quoted: bool,
    ) -> Result<(), usize> {
        self.chars.next();
        match self.chars.peek().map(|&(_, c)| c) {
            Some('\'') if !quoted => {
                self.chars.next();
                self.ansi_quoted(start, word)
            }
            Some('{') => {
                let rest = self.text.get(start + 2..).unwrap_or_default();
                let end = rest.find('}').ok_or(start)?;
                let inside = rest.get(..end).unwrap_or_default();
                while self.chars.next_if(|&(at, _)| at < start + 3 + end).is_some() {}
                // Of `${NAME:-default}` the default stands for what is not set.
                let name: String = inside.chars().take_while(|&c| is_name_char(c)).collect();
                let default = inside.get(name.len()..).unwrap_or_default();
                let default = default.strip_prefix(":-").or_else(|| default.strip_prefix('-'));
                self.variable(&name, default, word);
                Ok(())
            }
            Some('(') => {
                let end = matching_parenthesis(self.text, start + 1).ok_or(start)?;
                let whole = self.text.get(start..=end).unwrap_or_default();
                while self.chars.next_if(|&(at, _)| at <= end).is_some() {}
                substitutions.push(whole.to_owned());
                append(word, &literal(whole));
                Ok(())
            }
            Some(c) if is_name_char(c) && !c.is_ascii_digit() => {
                let mut name = String::new();
                while let Some((_, c)) = self.chars.next_if(|&(_, c)| is_name_char(c)) {
                    name.push(c);
                }
                self.variable(&name, None, word);
                Ok(())
            }
            _ => {
                word.push('$');
                Ok(())
            }
        }
    }

    fn variable(&self, name: &str, default: Option<&str>, word: &mut String) {
        match (self.variables.get(name), default) {
            (Some(value), _) => append(word, value),
            (None, Some(default)) => append(word, &literal(default)),
            (None, None) => {
                word.push_str("${env.");
                word.push_str(name);
                word.push('}');
            }
        }
    }

    fn backticks(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<String>,
    ) -> Result<(), usize> {
        self.chars.next();
        let mut inside = String::from("`");
        for (_, char) in self.chars.by_ref() {
            inside.push(char);
            if char == '`' {
                substitutions.push(inside.clone());
                append(word, &literal(&inside));
                return Ok(());
            }
        }
        Err(start)
    }

    /// `$'…'`: escapes as in C.
    fn ansi_quoted(&mut self, start: usize, word: &mut String) -> Result<(), usize> {
        // `\xHH` are bytes, so that several may be one character.
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            let (_, char) = self.chars.next().ok_or(start)?;
            if char == '\'' {
                append(word, &literal(&String::from_utf8_lossy(&bytes)));
                return Ok(());
            }
            if char != '\\' {
                push_char(&mut bytes, char);
                continue;
            }
            let (_, escaped) = self.chars.next().ok_or(start)?;
            match escaped {
                'a' => bytes.push(7),
                'b' => bytes.push(8),
                'e' | 'E' => bytes.push(27),
                'f' => bytes.push(12),
                'n' => bytes.push(b'\n'),
                'r' => bytes.push(b'\r'),
                't' => bytes.push(b'\t'),
                'v' => bytes.push(11),
                'c' => {
                    let (_, control) = self.chars.next().ok_or(start)?;
                    push_char(&mut bytes, char::from(u8::try_from(control).unwrap_or(b'?') & 0x1f));
                }
                'x' => bytes.push(u8::try_from(self.digits(2, 16)).unwrap_or(b'?')),
                'u' => {
                    push_char(&mut bytes, char::from_u32(self.digits(4, 16)).unwrap_or('\u{fffd}'))
                }
                'U' => {
                    push_char(&mut bytes, char::from_u32(self.digits(8, 16)).unwrap_or('\u{fffd}'))
                }
                '0'..='7' => {
                    let first = escaped.to_digit(8).unwrap_or(0);
                    let before = self.chars.clone();
                    let rest = self.digits(2, 8);
                    let count = before.clone().take(2).take_while(|(_, c)| c.is_digit(8)).count();
                    let value = (0..count).fold(first, |value, _| value * 8) + rest;
                    bytes.push(u8::try_from(value & 0xff).unwrap_or(b'?'));
                }
                other @ ('\'' | '"' | '\\' | '?') => push_char(&mut bytes, other),
                other => {
                    bytes.push(b'\\');
                    push_char(&mut bytes, other);
                }
            }
        }
    }

    /// The number that at most `most` digits ahead stand for.
    fn digits(&mut self, most: usize, radix: u32) -> u32 {
        let mut value = 0_u32;
        for _ in 0..most {
            let Some((_, char)) = self.chars.next_if(|&(_, c)| c.is_digit(radix)) else { break };
            value = value.wrapping_mul(radix) + char.to_digit(radix).unwrap_or(0);
        }
        value
    }

    /// The lines after this one up to the one that is `end`.
    fn document(&mut self, end: &str) -> String {
        // What stands behind it on the line is not looked at: a document ends the command.
        let at = self.chars.peek().map_or(self.text.len(), |&(at, _)| at);
        let rest = self.text.get(at..).unwrap_or_default();
        let Some(first) = rest.find('\n').map(|line| at + line + 1) else { return String::new() };
        let mut document = String::new();
        let mut until = first;
        for line in self.text.get(first..).unwrap_or_default().split_inclusive('\n') {
            until += line.len();
            if line.trim() == end {
                break;
            }
            document.push_str(line);
        }
        while self.chars.next_if(|&(at, _)| at < until).is_some() {}
        literal(&document)
    }
}

/// Adds a character that stands for itself.
fn push(word: &mut String, char: char) {
    append(word, char.encode_utf8(&mut [0; 4]));
}

fn push_char(bytes: &mut Vec<u8>, char: char) {
    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(is_name_char)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// The parenthesis that closes the one at `open`.
fn matching_parenthesis(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        posix(text).unwrap().into_iter().map(|command| command.words).collect()
    }

    #[test]
    fn words_are_split_and_unquoted() {
        let cases: &[(&str, &[&str])] = &[
            ("curl  a\tb", &["curl", "a", "b"]),
            ("curl 'a b'\"c d\"e", &["curl", "a bc de"]),
            (r#"curl "a\"b\\c\d""#, &["curl", r#"a"b\c\d"#]),
            (r"curl a\ b\'", &["curl", "a b'"]),
            ("curl a \\\n  b", &["curl", "a", "b"]),
            ("curl a \\\r\n  b", &["curl", "a", "b"]),
            ("curl \"a\\\nb\"", &["curl", "ab"]),
            (r"curl $'a\n\x41\u00e9\'\101\0'", &["curl", "a\nA\u{e9}'A\0"]),
            (r"curl $'\xc3\xa9'", &["curl", "\u{e9}"]),
            ("curl '' x", &["curl", "", "x"]),
            ("curl a#b # comment", &["curl", "a#b"]),
            ("curl $A '$A' \"${B}/x\" $ $1", &["curl", "${env.A}", "$A", "${env.B}/x", "$", "$1"]),
            ("curl ${A:-b}", &["curl", "b"]),
            (
                r#"curl '${uuid()}' "\${a}" \$'{b}' "$"{c} $'${d}'"#,
                &[
                    "curl",
                    "${concat($)}{uuid()}",
                    "${concat($)}{a}",
                    "${concat($)}{b}",
                    "${concat($)}{c}",
                    "${concat($)}{d}",
                ],
            ),
            ("curl -o x 2>/dev/null >> log a", &["curl", "-o", "x", "a"]),
        ];
        for &(text, expected) in cases {
            assert_eq!(words(text), [expected], "{text}");
        }
    }

    #[test]
    fn commands_end_at_lines_and_operators() {
        assert_eq!(
            words("# first\ncurl a; curl b && curl c\n\n\ncurl d | jq .x & curl e"),
            [
                vec!["curl", "a"],
                vec!["curl", "b"],
                vec!["curl", "c"],
                vec!["curl", "d"],
                vec!["jq", ".x"],
                vec!["curl", "e"]
            ]
        );
    }

    #[test]
    fn variables_that_the_script_sets_are_known() {
        assert_eq!(
            words("export T=abc\nH=\"x $T\"\ncurl \"$H\" $U"),
            [vec!["curl", "x abc", "${env.U}"]]
        );
    }

    #[test]
    fn standard_input_is_noted() {
        let commands = posix(
            "curl -d @- a < in.txt\ncurl -d @- b <<< 'x y'\ncurl -d @- c <<EOF\n1\n2\nEOF\ncurl d",
        )
        .unwrap();
        let inputs: Vec<_> = commands.iter().map(|command| command.input.clone()).collect();
        assert_eq!(
            inputs,
            [
                Some(Input::File("in.txt".to_owned())),
                Some(Input::Text("x y\n".to_owned())),
                Some(Input::Text("1\n2\n".to_owned())),
                None
            ]
        );
    }

    #[test]
    fn what_only_a_shell_can_do_is_noted() {
        let commands = posix("curl a?$(date +%s)&x `id`").unwrap();
        assert_eq!(commands.first().unwrap().substitutions, ["$(date +%s)"]);
    }

    #[test]
    fn quotations_without_end_are_refused_where_they_begin() {
        for (text, at) in [
            ("curl 'a", 5),
            ("curl \"a", 5),
            ("curl $'a", 5),
            ("curl ${A", 5),
            ("curl $(a", 5),
            ("curl `a", 5),
        ] {
            assert_eq!(posix(text), Err(at), "{text}");
        }
    }
}
