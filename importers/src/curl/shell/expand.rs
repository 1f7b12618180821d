//! What begins with a dollar sign or a backtick in words and here-documents.

use super::pipe::{self, From};
use super::{
    BREAK, Command, Document, Input, LONGEST, Reader, Substitution, is_name, is_name_char,
    matching_parenthesis, push,
};
use crate::curl::arguments;
use crate::text::{append, literal, plain};

/// Substitutions stand in each other at most this deep; deeper ones are sent as written.
const DEEPEST: usize = 50;

impl Reader<'_> {
    pub(super) fn double_quoted(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
    ) -> Result<(), usize> {
        while let Some(&(at, char)) = self.chars.peek() {
            match char {
                '"' => {
                    self.chars.next();
                    return Ok(());
                }
                '\\' => self.escaped(start, "\"\\$`", word)?,
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

    /// A backslash within quotes: it stays before characters that need none.
    fn escaped(&mut self, start: usize, escapable: &str, word: &mut String) -> Result<(), usize> {
        if !self.skip_joined_line() {
            self.chars.next();
            let (_, escaped) = self.chars.next().ok_or(start)?;
            if !escapable.contains(escaped) {
                word.push('\\');
            }
            push(word, escaped);
        }
        Ok(())
    }

    /// What begins with `$`: a variable, a command, a quotation with escapes, or a dollar sign.
    pub(super) fn dollar(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
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
                self.parameter(inside, word, substitutions);
                Ok(())
            }
            Some('(') => self.substitution(start, word, substitutions),
            Some(c) if is_name_char(c) && !c.is_ascii_digit() => {
                let mut name = String::new();
                while let Some((_, c)) = self.chars.next_if(|&(_, c)| is_name_char(c)) {
                    name.push(c);
                }
                self.variable(&name, None, word, substitutions);
                Ok(())
            }
            Some(c)
                if c.is_ascii_digit()
                    || matches!(c, '@' | '*')
                    || (c == '#' && self.state.arguments.is_some()) =>
            {
                self.chars.next();
                self.parameter(&c.to_string(), word, substitutions);
                Ok(())
            }
            _ => {
                word.push('$');
                Ok(())
            }
        }
    }

    /// `${NAME}`, perhaps with what is done to the value.
    fn parameter(
        &mut self,
        inside: &str,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
    ) {
        let name: String = inside.chars().take_while(|&c| is_name_char(c)).collect();
        let how = inside.get(name.len()..).unwrap_or_default();
        if let Some(value) = self.positional(inside, &name, how) {
            append(word, &value);
            return;
        }
        let default = [":-", "-", ":=", "="].iter().find_map(|start| how.strip_prefix(start));
        let cut_end = how.strip_prefix("%%").or_else(|| how.strip_prefix('%'));
        let cut_start = how.strip_prefix("##").or_else(|| how.strip_prefix('#'));
        let known = self.state.variables.get(&name).filter(|value| plain(value).is_some());
        let items = matches!(how, "[@]" | "[*]").then(|| self.state.arrays.get(&name)).flatten();
        if let Some(items) = items {
            let length: usize = items.iter().map(String::len).sum();
            if word.len() + length <= LONGEST {
                append(word, &items.join(BREAK.encode_utf8(&mut [0; 4])));
                return;
            }
        }
        let is_text = |pattern: &str| !pattern.contains(['*', '?', '[', '\\', '$']);
        if is_name(&name) && (how.is_empty() || how.starts_with('?') || how.starts_with(":?")) {
            self.variable(&name, None, word, substitutions);
        } else if let Some(default) = default {
            self.variable(&name, Some(default), word, substitutions);
        } else if let (Some(value), Some(end)) = (known, cut_end.filter(|end| is_text(end))) {
            append(word, value.strip_suffix(end).unwrap_or(value));
        } else if let (Some(value), Some(start)) = (known, cut_start.filter(|part| is_text(part))) {
            append(word, value.strip_prefix(start).unwrap_or(value));
        } else {
            let is_short = inside.len() == 1;
            let text = if is_short { format!("${inside}") } else { format!("${{{inside}}}") };
            if is_name(&name) {
                // The value as it is, without what is done to it.
                self.variable(&name, None, word, substitutions);
            } else {
                append(word, &literal(&text));
            }
            substitutions.push(Substitution { text, variable: None });
        }
    }

    /// An argument of the function that is read, or all of them.
    fn positional(&self, inside: &str, name: &str, how: &str) -> Option<String> {
        let arguments = self.state.arguments.as_ref()?;
        if matches!(inside, "@" | "*") {
            return Some(arguments.join(BREAK.encode_utf8(&mut [0; 4])));
        }
        if inside == "#" {
            return Some(arguments.len().to_string());
        }
        let at = name.parse::<usize>().ok()?.checked_sub(1)?;
        let value = arguments.get(at).filter(|value| !value.is_empty()).cloned();
        let default = [":-", "-", ":=", "="].iter().find_map(|start| how.strip_prefix(start));
        Some(value.unwrap_or_else(|| literal(default.unwrap_or_default().trim_matches('"'))))
    }

    fn variable(
        &mut self,
        name: &str,
        default: Option<&str>,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
    ) {
        match (self.state.variables.get(name), default) {
            (Some(value), _) if word.len() + value.len() > LONGEST => {
                let text = format!("${name}");
                append(word, &literal(&text));
                substitutions.push(Substitution { text, variable: None });
            }
            (Some(value), _) => {
                append(word, value);
                for (at, _) in value.match_indices("${") {
                    let rest = value.get(at..).unwrap_or_default();
                    let end = rest.find('}').map_or(rest.len(), |end| end + 1);
                    let placeholder = rest.get(..end).unwrap_or_default();
                    if self.state.replies.contains_key(placeholder) {
                        self.used.push(placeholder.to_owned());
                    }
                }
            }
            (None, Some(default)) => append(word, &literal(default)),
            (None, None) if name == "RANDOM" => append(word, "${randint(0, 32767)}"),
            (None, None) => append(word, &format!("${{env.{name}}}")),
        }
    }

    /// `$(…)`, at its parenthesis.
    fn substitution(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
    ) -> Result<(), usize> {
        let is_sum = self.text.get(start + 1..).is_some_and(|rest| rest.starts_with("(("));
        if is_sum || self.state.depth >= DEEPEST {
            let end = matching_parenthesis(self.text, start + 1).ok_or(start)?;
            let text = self.text.get(start..=end).unwrap_or_default();
            while self.chars.next_if(|&(at, _)| at <= end).is_some() {}
            self.unknown(text, word, substitutions);
            return Ok(());
        }
        self.chars.next();
        let (used, first) = (std::mem::take(&mut self.used), self.done.len());
        self.state.depth += 1;
        let is_closed = self.script(true)?;
        self.state.depth -= 1;
        if !is_closed {
            return Err(start);
        }
        let end = self.chars.peek().map_or(self.text.len(), |&(at, _)| at);
        self.used = used;
        let commands = self.done.split_off(first);
        let text = self.text.get(start..end).unwrap_or_default();
        self.result(commands, text, word, substitutions);
        Ok(())
    }

    /// A command between backticks.
    pub(super) fn backticks(
        &mut self,
        start: usize,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
    ) -> Result<(), usize> {
        self.chars.next();
        let rest = self.text.get(start + 1..).unwrap_or_default();
        let length = rest.find('`').ok_or(start)?;
        while self.chars.next_if(|&(at, _)| at <= start + 1 + length).is_some() {}
        let inside = rest.get(..length).unwrap_or_default();
        let first = self.done.len();
        let mut reader = Reader::new(inside, std::mem::take(&mut self.state), self.file);
        reader.done = std::mem::take(&mut self.done);
        let read = reader.script(false);
        self.state = reader.state;
        self.done = reader.done;
        read.map_err(|_| start)?;
        let mut commands = self.done.split_off(first);
        commands.iter_mut().for_each(|command| command.offset += start + 1);
        let text = self.text.get(start..start + length + 2).unwrap_or_default();
        self.result(commands, text, word, substitutions);
        Ok(())
    }

    /// Puts what commands print in a word: text, or a placeholder for what is in a reply.
    fn result(
        &mut self,
        mut commands: Vec<Command>,
        text: &str,
        word: &mut String,
        substitutions: &mut Vec<Substitution>,
    ) {
        if commands.is_empty() {
            // A comment between backticks.
            return;
        }
        pipe::connect(&mut commands);
        let variable = word.strip_suffix('=').filter(|name| is_name(name)).map(str::to_owned);
        let asks = |command: &Command| arguments(command).is_some();
        let last = commands.iter().rposition(|command| !command.piped).unwrap_or(0);
        let (before, pipeline) = commands.split_at_checked(last).unwrap_or_default();
        if !before.iter().any(asks) && !pipeline.iter().any(asks) {
            let made = pipeline.last().and_then(pipe::prints);
            let known = match made {
                Some(Input::Text(text)) => Some(text),
                Some(Input::File(path)) => self.read_file(&path),
                _ => None,
            };
            if let Some(known) = known {
                append(word, known.trim_end_matches('\n'));
                return;
            }
        }
        // What is printed of a reply, by its request itself or by an `echo` of it.
        let mut filters = pipeline.get(1..).unwrap_or_default().iter();
        let producer = match pipeline.first() {
            Some(first) if asks(first) => pipe::of_request(first),
            Some(first) => {
                let of_input = matches!(first.input, Some(Input::Text(_)));
                if of_input {
                    // `jq .x <<< "$REPLY"`
                    filters = pipeline.iter();
                }
                let printed = if of_input { first.input.clone() } else { pipe::prints(first) };
                let printed = match printed {
                    Some(Input::Text(text)) => text.trim_end().to_owned(),
                    _ => String::new(),
                };
                let reply = self.state.replies.get(&printed);
                let whole = reply.filter(|(_, from)| *from == From::Body);
                whole.map(|&(id, _)| (Some(id), From::Body))
            }
            None => None,
        };
        let taken = producer.and_then(|(id, from)| Some((id, pipe::taken(filters, from)?)));
        let Some((id, from)) = taken else {
            self.done.extend(commands.into_iter().filter(asks));
            return self.unknown(text, word, substitutions);
        };
        let name = match &variable {
            Some(name) => name.to_ascii_lowercase(),
            None => {
                self.state.unnamed += 1;
                format!("reply_{}", self.state.unnamed)
            }
        };
        let placeholder = format!("${{{name}}}");
        let id = id.or_else(|| pipeline.first().map(|command| command.id)).unwrap_or_default();
        self.done.extend(commands.into_iter().filter(asks));
        // It is taken out when something sends it.
        self.state.replies.insert(placeholder.clone(), (id, from));
        if variable.is_none() {
            self.used.push(placeholder.clone());
        }
        append(word, &placeholder);
    }

    /// Something that is not known before the script runs.
    fn unknown(&self, text: &str, word: &mut String, substitutions: &mut Vec<Substitution>) {
        let variable = word.strip_suffix('=').filter(|name| is_name(name)).map(str::to_owned);
        match &variable {
            Some(name) => {
                let placeholder = format!("${{env.{name}}}");
                append(word, &placeholder);
            }
            None => append(word, &literal(text)),
        }
        substitutions.push(Substitution { text: text.to_owned(), variable });
    }

    /// The lines from here up to the one that is `end`.
    pub(super) fn document(&mut self, of: &Document) -> String {
        let first = self.chars.peek().map_or(self.text.len(), |&(at, _)| at);
        let mut document = String::new();
        let mut until = first;
        for line in self.text.get(first..).unwrap_or_default().split_inclusive('\n') {
            until += line.len();
            if line.trim() == of.end {
                break;
            }
            document.push_str(if of.strips { line.trim_start_matches('\t') } else { line });
        }
        while self.chars.next_if(|&(at, _)| at < until).is_some() {}
        if of.expands { self.expanded(&document) } else { literal(&document) }
    }

    /// A here-document with its variables filled in; as it is written when it cannot be read.
    fn expanded(&mut self, document: &str) -> String {
        let mut reader = Reader::new(document, std::mem::take(&mut self.state), self.file);
        reader.done = std::mem::take(&mut self.done);
        let (mut text, mut substitutions) = (String::new(), Vec::new());
        let mut read = Ok(());
        while let (Ok(()), Some(&(at, char))) = (read, reader.chars.peek()) {
            read = match char {
                '\\' => reader.escaped(at, "\\$`", &mut text),
                '$' => reader.dollar(at, &mut text, &mut substitutions, true),
                '`' => reader.backticks(at, &mut text, &mut substitutions),
                _ => {
                    reader.chars.next();
                    push(&mut text, char);
                    Ok(())
                }
            };
        }
        self.state = reader.state;
        self.done = reader.done;
        self.used.append(&mut reader.used);
        if read.is_ok() { text.replace(BREAK, " ") } else { literal(document) }
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
}

fn push_char(bytes: &mut Vec<u8>, char: char) {
    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}
