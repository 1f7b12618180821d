//! The commands of a script, as the shells read them from which browsers and people copy.
//!
//! References to environment variables become `${env.NAME}`, unless the script sets the variable.
//! What a script takes out of a reply, as in `TOKEN=$(curl … | jq -r .token)`, becomes a
//! [`Take`] of the command that asks for the reply, and a placeholder where it is used.

mod expand;
mod files;
mod loops;
mod pipe;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::CharIndices;

use crate::text::append;

use self::loops::Function;
pub(super) use self::loops::{Over, Values};

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
    /// What the loop goes through that begins here.
    pub(super) over: Option<Over>,
    /// The file that it prints to.
    output: Option<String>,
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

/// What a script does.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    /// The files that it writes, as far as it is known what.
    pub(super) files: HashMap<String, String>,
}

/// The commands of a script for a POSIX shell, bash or zsh; `file` gives the texts of files that
/// it prints.
///
/// # Errors
/// When a quotation has no end: where it begins.
pub(super) fn posix(text: &str, file: &dyn Fn(&str) -> Option<String>) -> Result<Script, usize> {
    let mut reader = Reader::new(text, State::default(), file);
    reader.script(false)?;
    reader.read_uncalled();
    let mut commands = reader.done;
    pipe::connect(&mut commands);
    Ok(Script { commands, files: reader.state.files })
}

/// What is known of the script so far.
#[derive(Debug, Default)]
struct State {
    variables: HashMap<String, String>,
    /// Variables that are lists: `ARGS=(-H 'A: 1')`.
    arrays: HashMap<String, Vec<String>>,
    /// The commands whose replies placeholders stand for something in.
    replies: HashMap<String, (usize, From)>,
    /// How many values were taken out of replies without a variable's name.
    unnamed: usize,
    next_id: usize,
    functions: HashMap<String, Function>,
    /// The arguments of the function that is read.
    arguments: Option<Vec<String>>,
    call_depth: usize,
    /// How often bodies of functions and loops were read.
    reads: usize,
    /// How many bytes were searched for the ends of such bodies.
    searched: usize,
    /// The files that were written so far.
    files: HashMap<String, String>,
    /// How deep substitutions stand in each other.
    depth: usize,
}

struct Reader<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    begin: Peekable<CharIndices<'t>>,
    /// Where the part ends that is read.
    limit: usize,
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
    /// Whether tabs are taken off its lines.
    strips: bool,
}

/// What becomes of the word after a redirection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirection {
    Output,
    Input,
    Text,
    /// A here-document, perhaps without the tabs that its lines begin with.
    Document {
        strips: bool,
    },
}

/// Words of the shell that stand before a command.
const KEYWORDS: &[&str] = &[
    "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
    "in", "then", "time", "until", "while",
];

/// Stands in a word where it breaks into several: no text has this noncharacter.
const BREAK: char = '\u{fdd0}';

/// Values that variables give a word are at most this long together, in bytes: a few lines could
/// otherwise double one without end.
const LONGEST: usize = 1 << 20;

/// Commands that set variables.
const SETTERS: &[&str] = &["declare", "export", "local", "readonly", "typeset"];

impl<'t> Reader<'t> {
    fn new(text: &'t str, state: State, file: &'t dyn Fn(&str) -> Option<String>) -> Self {
        let chars = text.char_indices().peekable();
        let (documents, used, done) = (Vec::new(), Vec::new(), Vec::new());
        let (begin, limit) = (chars.clone(), text.len());
        Self { text, chars, begin, limit, state, file, documents, used, done }
    }

    /// Reads commands to the end of the text, or to a closing parenthesis that was not opened in
    /// it when they stand `within` some. Says whether there was one.
    fn script(&mut self, within: bool) -> Result<bool, usize> {
        let mut command = self.command(false);
        let mut redirection = None;
        let mut writes = false;
        let mut depth = 0_u32;
        while let Some((at, char)) = self.chars.peek().copied().filter(|&(at, _)| at < self.limit) {
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
                    if self.array(at, &mut command.substitutions)? || self.parenthesis(&mut command)
                    {
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
                '{' if self.is_function(&command) => {
                    command = self.command(false);
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
                    let strips = self.chars.next_if(|&(_, c)| c == '-').is_some();
                    redirection = Some(match count {
                        1 => Redirection::Input,
                        2 => Redirection::Document { strips },
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
                    let is_numbered = touches && command.words.last().is_some_and(number);
                    if is_numbered {
                        command.words.pop();
                    }
                    redirection = Some(Redirection::Output);
                    writes = !is_numbered;
                }
                _ => {
                    if command.words.is_empty() && command.keywords.is_empty() {
                        command.offset = at;
                    }
                    let word = self.word(&mut command.substitutions)?;
                    let Some(redirection) = redirection.take() else {
                        self.add_broken(&mut command, &word);
                        continue;
                    };
                    let word = word.replace(BREAK, " ");
                    match redirection {
                        Redirection::Output if writes => command.output = Some(word),
                        Redirection::Output => {}
                        Redirection::Input => command.input = Some(Input::File(word)),
                        Redirection::Text => command.input = Some(Input::Text(word + "\n")),
                        Redirection::Document { strips } => {
                            let written = self.text.get(at..).unwrap_or_default();
                            let expands = !written.starts_with(['\'', '"', '\\']);
                            let document =
                                Document { command: command.id, end: word, expands, strips };
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

    /// Adds what a word breaks into, which may be nothing; the value of a variable stays whole.
    fn add_broken(&mut self, command: &mut Command, word: &str) {
        let is_assignment = word.split_once('=').is_some_and(|(name, _)| is_name(name));
        if !word.contains(BREAK) {
            self.add(command, word.to_owned());
        } else if is_assignment && is_before_program(command) {
            self.add(command, word.replace(BREAK, " "));
        } else {
            for part in word.split(BREAK).filter(|part| !part.is_empty()) {
                self.add(command, part.to_owned());
            }
        }
    }

    /// Adds a word, or sets a variable when it is an assignment before the program.
    fn add(&mut self, command: &mut Command, word: String) {
        let before_program = is_before_program(command);
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
        if ended.words.first().is_some_and(|word| word == "shift") {
            let count = ended.words.get(1).and_then(|count| count.parse().ok()).unwrap_or(1);
            if let Some(arguments) = &mut self.state.arguments {
                arguments.drain(..arguments.len().min(count));
                return;
            }
        }
        self.write_file(&ended);
        ended.over = self.loop_over(&ended);
        if let Some(over) = ended.over.clone() {
            if let Values::Taken(placeholder) = &over.values {
                self.take_reply(placeholder);
            }
            if self.each(&over) {
                return;
            }
        }
        let is_call =
            ended.words.first().is_some_and(|word| self.state.functions.contains_key(word));
        if is_call {
            let mut call = ended.clone();
            ended.words.clear();
            if !ended.keywords.is_empty() {
                self.done.push(ended);
            }
            call.keywords.clear();
            if !self.call(&call) {
                self.done.push(call);
            }
            return;
        }
        if ended.words.first().is_some_and(|word| word == "eval") && self.evaluated(&ended) {
            return;
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
            self.take_reply(placeholder);
        }
    }

    /// What a placeholder stands for is taken out of its reply.
    fn take_reply(&mut self, placeholder: &str) {
        let Some((id, from)) = self.state.replies.get(placeholder) else { return };
        let Some(producer) = self.done.iter_mut().rev().find(|known| known.id == *id) else {
            return;
        };
        let variable = placeholder.trim_start_matches("${").trim_end_matches('}').to_owned();
        let take = Take { variable, from: from.clone() };
        if !producer.takes.contains(&take) {
            producer.takes.push(take);
        }
    }

    /// Reads the items of `NAME=(…)`; the parenthesis at a place is behind us. Whether it was one.
    fn array(&mut self, open: usize, substitutions: &mut Vec<Substitution>) -> Result<bool, usize> {
        let before = self.text.get(..open).unwrap_or_default();
        let Some(target) = before.strip_suffix('=') else { return Ok(false) };
        let (target, adds) = match target.strip_suffix('+') {
            Some(target) => (target, true),
            None => (target, false),
        };
        let start = target.rfind(|c| !is_name_char(c)).map_or(0, |at| at + 1);
        let name = target.get(start..).unwrap_or_default();
        let end = matching_parenthesis(self.text, open);
        let Some(end) = end.filter(|_| is_name(name)) else { return Ok(false) };
        let mut items = Vec::new();
        while let Some(&(at, char)) = self.chars.peek() {
            if char == '#' {
                while self.chars.next_if(|&(_, c)| c != '\n').is_some() {}
            } else if at >= end || char == ')' {
                self.chars.next();
                break;
            } else if char.is_whitespace() || ";|&<>(".contains(char) {
                self.chars.next();
            } else {
                let word = self.word(substitutions)?;
                let parts = word.split(BREAK).filter(|part| !part.is_empty() || word.is_empty());
                items.extend(parts.map(str::to_owned));
            }
        }
        let known = self.state.arrays.entry(name.to_owned()).or_default();
        if !adds {
            known.clear();
        }
        known.append(&mut items);
        Ok(true)
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

    /// The next word, with [`BREAK`] where it is several.
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
                '$' | '`' => {
                    let before = word.len();
                    let is_quoted = self.text.get(at..).is_some_and(|rest| rest.starts_with("$'"));
                    match char {
                        '$' => self.dollar(at, &mut word, substitutions, false)?,
                        _ => self.backticks(at, &mut word, substitutions)?,
                    }
                    if !is_quoted {
                        break_up(&mut word, before);
                    }
                }
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
            let text = self.document(&document);
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

/// Whether no program is named yet: what has a `=` sets a variable.
fn is_before_program(command: &Command) -> bool {
    command
        .words
        .iter()
        .all(|word| SETTERS.contains(&word.as_str()) || (word.starts_with('-') && word.len() == 2))
}

/// Breaks what a shell has put into a word, without quotes, from a place on. Placeholders are
/// left whole: what they stand for is not known.
fn break_up(word: &mut String, from: usize) {
    let Some(put) = word.get(from..) else { return };
    if put.is_empty() || (put.contains(char::is_whitespace) && !put.contains("${")) {
        let broken: String =
            put.chars().map(|char| if char.is_whitespace() { BREAK } else { char }).collect();
        word.truncate(from);
        word.push_str(&broken);
        if word.is_empty() {
            word.push(BREAK);
        }
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
