//! The commands of a script, as the shells read them from which browsers and people copy.
//!
//! References to environment variables become `${env.NAME}`, unless the script sets the variable.
//! What a script takes out of a reply, as in `TOKEN=$(curl … | jq -r .token)`, becomes a
//! [`Take`] of the command that asks for the reply, and a placeholder where it is used.

mod expand;
mod pipe;

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::CharIndices;

use crate::text::append;

pub(super) use self::pipe::{From, Take};

/// A command of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Where it begins, in bytes.
    pub(super) offset: usize,
    /// The program and its arguments; empty when there are only words of the shell.
    pub(super) words: Vec<String>,
    /// Words of the shell before the program, such as `if` and `done`.
    pub(super) keywords: Vec<String>,
    /// What it reads from standard input.
    pub(super) input: Option<Input>,
    /// What stands in it that only a shell can carry out.
    pub(super) substitutions: Vec<Substitution>,
    /// What later commands use of its reply.
    pub(super) takes: Vec<Take>,
    /// Tells the commands of a script apart.
    id: usize,
    /// Whether it reads what the command before it prints.
    piped: bool,
    /// The placeholders in it that stand for something in a reply.
    replies: Vec<String>,
}

/// Something that only a shell can carry out: `$(date)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Substitution {
    pub(super) text: String,
    /// The variable that it is the value of, which is read from the environment instead.
    pub(super) variable: Option<String>,
}

/// What a command reads from standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A file.
    File(String),
    /// A text written in the script.
    Text(String),
    /// What another command makes.
    Unknown,
}

/// The commands of a script for a POSIX shell, bash or zsh; `file` gives the texts of files that
/// it prints.
///
/// # Errors
/// When a quotation has no end: where it begins.
pub(super) fn posix(
    text: &str,
    file: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Command>, usize> {
    let mut reader = Reader::new(text, State::default(), file);
    reader.script(false)?;
    let mut commands = reader.done;
    pipe::connect(&mut commands);
    Ok(commands)
}

/// What is known of the script so far.
#[derive(Debug, Default)]
struct State {
    variables: HashMap<String, String>,
    /// The commands whose replies placeholders stand for something in.
    replies: HashMap<String, (usize, From)>,
    /// How many values were taken out of replies without a variable's name.
    unnamed: usize,
    next_id: usize,
    /// How deep substitutions stand in each other.
    depth: usize,
}

struct Reader<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    state: State,
    file: &'t dyn Fn(&str) -> Option<String>,
    documents: Vec<Document>,
    /// The replies that the command has used so far.
    used: Vec<String>,
    done: Vec<Command>,
}

/// A here-document whose lines are still to come.
#[derive(Debug)]
struct Document {
    command: usize,
    end: String,
    /// Whether variables in it are filled in.
    expands: bool,
}

/// What becomes of the word after a redirection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirection {
    Output,
    Input,
    Text,
    Document,
}

/// Words of the shell that stand before a command.
const KEYWORDS: &[&str] = &[
    "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
    "in", "then", "time", "until", "while",
];

/// Commands that set variables.
const SETTERS: &[&str] = &["declare", "export", "local", "readonly", "typeset"];

impl<'t> Reader<'t> {
    fn new(text: &'t str, state: State, file: &'t dyn Fn(&str) -> Option<String>) -> Self {
        let chars = text.char_indices().peekable();
        let (documents, used, done) = (Vec::new(), Vec::new(), Vec::new());
        Self { text, chars, state, file, documents, used, done }
    }

    /// Reads commands to the end of the text, or to a closing parenthesis that was not opened in
    /// it when they stand `within` some. Says whether there was one.
    fn script(&mut self, within: bool) -> Result<bool, usize> {
        let mut command = self.command(false);
        let mut redirection = None;
        let mut depth = 0_u32;
        while let Some(&(at, char)) = self.chars.peek() {
            match char {
                '\n' => {
                    self.chars.next();
                    self.read_documents(&mut command);
                    self.end(&mut command, false);
                    redirection = None;
                }
                ';' | '|' | '&' => {
                    self.chars.next();
                    let twice = self.chars.next_if(|&(_, c)| c == char).is_some();
                    if char == '&' && self.chars.peek().is_some_and(|&(_, c)| c == '>') {
                        // `&> file`
                        continue;
                    }
                    if char == '|' && !twice {
                        self.chars.next_if(|&(_, c)| c == '&');
                    }
                    self.end(&mut command, char == '|' && !twice);
                    redirection = None;
                }
                '(' => {
                    self.chars.next();
                    if self.skip_array(at) {
                        continue;
                    }
                    depth += 1;
                    self.end(&mut command, false);
                }
                ')' => {
                    self.chars.next();
                    self.end(&mut command, false);
                    if depth == 0 && within {
                        return Ok(true);
                    }
                    depth = depth.saturating_sub(1);
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
                    if command.words.is_empty() && command.keywords.is_empty() {
                        command.offset = at;
                    }
                    let word = self.word(&mut command.substitutions)?;
                    match redirection.take() {
                        None => self.add(&mut command, word),
                        Some(Redirection::Output) => {}
                        Some(Redirection::Input) => command.input = Some(Input::File(word)),
                        Some(Redirection::Text) => command.input = Some(Input::Text(word + "\n")),
                        Some(Redirection::Document) => {
                            let written = self.text.get(at..).unwrap_or_default();
                            let expands = !written.starts_with(['\'', '"', '\\']);
                            let document = Document { command: command.id, end: word, expands };
                            self.documents.push(document);
                        }
                    }
                }
            }
        }
        self.end(&mut command, false);
        Ok(false)
    }

    fn command(&mut self, piped: bool) -> Command {
        self.state.next_id += 1;
        Command { id: self.state.next_id, piped, ..Command::default() }
    }

    /// Adds a word, or sets a variable when it is an assignment before the program.
    fn add(&mut self, command: &mut Command, word: String) {
        let before_program = command.words.iter().all(|word| {
            SETTERS.contains(&word.as_str()) || (word.starts_with('-') && word.len() == 2)
        });
        if command.words.is_empty() && KEYWORDS.contains(&word.as_str()) {
            command.keywords.push(word);
        } else if word == "{" && command.keywords.last().is_some_and(|word| word == "function") {
            // The function's name goes before its commands.
            command.words.clear();
            command.keywords.push(word);
        } else if before_program
            && let Some((name, value)) = word.split_once('=')
            && is_name(name.trim_end_matches('+'))
        {
            match name.strip_suffix('+') {
                Some(name) => {
                    append(self.state.variables.entry(name.to_owned()).or_default(), value);
                }
                None => {
                    self.state.variables.insert(name.to_owned(), value.to_owned());
                }
            }
        } else {
            command.words.push(word);
        }
    }

    /// Ends a command; the next one may read what it prints.
    fn end(&mut self, command: &mut Command, into_next: bool) {
        let next = self.command(into_next);
        let mut ended = std::mem::replace(command, next);
        ended.replies = std::mem::take(&mut self.used);
        if let ["for", name, "in", first, ..] = ended.for_words().as_slice() {
            let (name, first) = ((*name).to_owned(), (*first).to_owned());
            self.state.variables.insert(name, first);
        }
        let says = ended.words.iter().any(|word| !SETTERS.contains(&word.as_str()));
        if says || !ended.keywords.is_empty() || !ended.substitutions.is_empty() {
            self.take_replies(&ended);
            self.done.push(ended);
        } else {
            // The pipe goes on behind an empty command, such as one in parentheses.
            command.piped |= ended.piped;
        }
    }

    /// What a request sends of replies is taken out of them.
    fn take_replies(&mut self, command: &Command) {
        if super::arguments(command).is_none() {
            return;
        }
        for placeholder in &command.replies {
            let Some((id, from)) = self.state.replies.get(placeholder) else { continue };
            let Some(producer) = self.done.iter_mut().rev().find(|known| known.id == *id) else {
                continue;
            };
            let variable = placeholder.trim_start_matches("${").trim_end_matches('}').to_owned();
            let take = Take { variable, from: from.clone() };
            if !producer.takes.contains(&take) {
                producer.takes.push(take);
            }
        }
    }

    /// Skips the items of `NAME=(…)`; the parenthesis at a place is behind us.
    fn skip_array(&mut self, open: usize) -> bool {
        let is_array = self.text.get(..open).is_some_and(|before| before.ends_with('='));
        let end = is_array.then(|| matching_parenthesis(self.text, open)).flatten();
        let Some(end) = end else { return false };
        while self.chars.next_if(|&(at, _)| at <= end).is_some() {}
        true
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

    fn word(&mut self, substitutions: &mut Vec<Substitution>) -> Result<String, usize> {
        let mut word = String::new();
        while let Some(&(at, char)) = self.chars.peek() {
            match char {
                c if c.is_whitespace() => break,
                ';' | '|' | '&' | '<' | '>' | '(' | ')' => break,
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

    /// Reads the here-documents that begin behind this line.
    fn read_documents(&mut self, command: &mut Command) {
        for document in std::mem::take(&mut self.documents) {
            let text = self.document(&document.end, document.expands);
            let of = if command.id == document.command {
                Some(&mut *command)
            } else {
                self.done.iter_mut().rev().find(|known| known.id == document.command)
            };
            if let Some(of) = of {
                of.input = Some(Input::Text(text));
            }
        }
    }
}

impl Command {
    /// A command of another shell.
    pub(super) fn of_words(offset: usize, words: Vec<String>) -> Self {
        Self { offset, words, ..Self::default() }
    }

    /// Its words with those of the shell, when it begins a loop over values.
    fn for_words(&self) -> Vec<&str> {
        if self.keywords.last().is_none_or(|word| word != "for") {
            return Vec::new();
        }
        std::iter::once("for").chain(self.words.iter().map(String::as_str)).collect()
    }
}

/// Adds a character that stands for itself.
fn push(word: &mut String, char: char) {
    append(word, char.encode_utf8(&mut [0; 4]));
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
    // Not searched without end, as it may be missing time and again.
    for (at, byte) in text.bytes().enumerate().skip(open).take(1 << 16) {
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

    fn read(text: &str) -> Result<Vec<Command>, usize> {
        posix(text, &|path| (path == "in.txt").then(|| "content\n".to_owned()))
    }

    fn words(text: &str) -> Vec<Vec<String>> {
        let commands = read(text).unwrap().into_iter();
        commands.map(|command| command.words).filter(|words| !words.is_empty()).collect()
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
            ("curl ${A:-b} ${1:-c}", &["curl", "b", "c"]),
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
        let text = |text: &str| Some(Input::Text(text.to_owned()));
        let cases: &[(&str, &[&str], Option<Input>)] = &[
            (
                "curl -d @- a < in.txt",
                &["curl", "-d", "@-", "a"],
                Some(Input::File("in.txt".to_owned())),
            ),
            ("curl -d @- a <<< 'x y'", &["curl", "-d", "@-", "a"], text("x y\n")),
            ("curl -d @- <<EOF a\n1\n2\nEOF", &["curl", "-d", "@-", "a"], text("1\n2\n")),
            ("curl -d @- a <<-'EOF'\n$A\n\tEOF", &["curl", "-d", "@-", "a"], text("$A\n")),
            (
                "A=1\ncurl a <<EOF\n\"$A\" ${B} \\$C $(echo x)\nEOF",
                &["curl", "a"],
                text("\"1\" ${env.B} $C x\n"),
            ),
            ("cat <<EOF | curl -d @- a\n1\nEOF\n", &["curl", "-d", "@-", "a"], text("1\n")),
            ("echo '{\"a\": 1}' |\n curl a", &["curl", "a"], text("{\"a\": 1}\n")),
            ("printf '%s' x | tee y | curl a", &["curl", "a"], text("x")),
            ("cat in.txt | curl a", &["curl", "a"], Some(Input::File("in.txt".to_owned()))),
            ("generate | curl a", &["curl", "a"], Some(Input::Unknown)),
            ("curl a", &["curl", "a"], None),
        ];
        for (text, words, input) in cases {
            let commands = read(text).unwrap();
            let command = commands.last().unwrap();
            assert_eq!(command.words, *words, "{text}");
            assert_eq!(command.input, *input, "{text}");
        }
        assert_eq!(words("curl a <<EOF\nx\nEOF\ncurl b"), [["curl", "a"], ["curl", "b"]]);
    }

    #[test]
    fn requests_are_found_behind_words_of_the_shell_and_in_substitutions() {
        for text in [
            "(curl a)",
            "if curl a; then",
            "! curl a",
            "{ curl a; }",
            "while ! curl a; do",
            "f() { curl a; }",
            "function f { curl a; }",
            "X=$(curl a)",
            "X=\"$(curl a | other)\"",
            "X=`curl a`",
            "for i in 1 2; do curl a; done",
            "curl a &> /dev/null",
        ] {
            let words = words(text);
            assert!(words.contains(&vec!["curl".to_owned(), "a".to_owned()]), "{text}: {words:?}");
        }
    }

    #[test]
    fn values_out_of_replies_are_taken_from_the_request_that_has_them() {
        let json = |path: &str| From::Json(path.to_owned());
        let cases = [
            ("T=$(curl a | jq -r .x.y)\ncurl $T", "${t}", json("x.y")),
            (
                "T=$(curl -s a | python3 -c \"import sys, json; print(json.load(sys.stdin)['x'])\")\ncurl $T",
                "${t}",
                json("x"),
            ),
            ("R=$(curl a)\nT=$(echo \"$R\" | jq -r '.x')\ncurl ${T}", "${t}", json("x")),
            ("R=$(curl a)\nT=$(jq -r '.x' <<< \"$R\")\ncurl ${T}", "${t}", json("x")),
            ("T=$(curl a | jq -r .x)\nH=$T\ncurl $H", "${t}", json("x")),
            ("R=`curl a`\ncurl $R", "${r}", From::Body),
            (
                "T=$(curl a | grep -o '\"x\":\"[^\"]*\"' | cut -d'\"' -f4)\ncurl $T",
                "${t}",
                From::Regex(r#""x"\s*:\s*"([^"]*)""#.to_owned()),
            ),
            ("S=$(curl -s -o /dev/null -w '%{http_code}' a)\ncurl $S", "${s}", From::Status),
            ("curl $(curl a | jq -r .x)", "${reply_1}", json("x")),
        ];
        for (text, placeholder, from) in cases {
            let commands = read(text).unwrap();
            let taken: Vec<&From> =
                commands.iter().flat_map(|command| &command.takes).map(|take| &take.from).collect();
            assert_eq!(taken, [&from], "{text}");
            let last = commands.last().unwrap();
            assert_eq!(last.words, ["curl", placeholder], "{text}");
        }
        let unused = read("R=$(curl a)\necho \"$R\"\nT=$(curl b | jq .c)").unwrap();
        assert!(unused.iter().all(|command| command.takes.is_empty()), "{unused:?}");
    }

    #[test]
    fn what_a_shell_computes_is_known_when_it_is_simple() {
        for (text, expected) in [
            ("curl $(echo a)b", "ab"),
            ("A=x/\ncurl ${A%/}", "x"),
            ("curl $(cat in.txt)", "content"),
            ("curl $(echo -n 'a:b' | base64)", "YTpi"),
            ("curl $(echo -n \"a:$B\" | base64)", "${base64('a:${env.B}')}"),
            ("curl $(date +%s)", "${timestamp()}"),
            ("A=a\nA+=b\ncurl $A", "ab"),
            ("X=$(other)\ncurl $X", "${env.X}"),
            ("curl $RANDOM", "${randint(0, 32767)}"),
        ] {
            let commands = words(text);
            assert_eq!(commands.last().unwrap(), &["curl", expected], "{text}");
        }
    }

    #[test]
    fn deep_nesting_and_many_documents_have_an_end() {
        for (before, after) in [
            ("$(", ")"),
            ("\"$(", ")\""),
            ("(", ")"),
            ("a=(", ""),
            ("cat <<E\n", ""),
            ("${a:-", "}"),
            ("`", "`"),
            ("if ", ""),
        ] {
            let text = format!("curl {}{}", before.repeat(3000), after.repeat(3000));
            let _ = read(&text);
        }
    }

    #[test]
    fn what_only_a_shell_can_do_is_noted() {
        let commands = read("curl a?$(date -u +%s) `id` $1 $((1 + 2))").unwrap();
        let texts: Vec<&str> = commands
            .first()
            .unwrap()
            .substitutions
            .iter()
            .map(|substitution| substitution.text.as_str())
            .collect();
        assert_eq!(texts, ["$(date -u +%s)", "`id`", "$1", "$((1 + 2))"]);
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
            assert_eq!(read(text), Err(at), "{text}");
        }
    }
}
