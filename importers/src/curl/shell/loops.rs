//! Functions and loops of a script: commands that are read where they are called, or once for
//! each value.

use super::{Command, Input, Reader, is_name, pipe};
use crate::text::plain;

/// Functions call each other at most this deep.
const MOST_DEPTH: usize = 8;

/// The body of a function or loop is read at most this often in a script.
const MOST_READS: usize = 1000;

/// And that is this many bytes at most.
const MOST_BYTES: usize = 64 << 20;

/// The longest body of a function or loop, in bytes.
const MOST_BODY: usize = 1 << 16;

/// All of them that are searched for their ends, in bytes.
const MOST_SEARCHED: usize = 8 << 20;

/// A function of the script.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Where its body begins and ends.
    body: (usize, usize),
    called: bool,
}

/// What a loop goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::curl) struct Over {
    /// The variable of the plan that has each value.
    pub(in crate::curl) variable: String,
    pub(in crate::curl) values: Values,
}

/// The values of a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::curl) enum Values {
    Known(Vec<String>),
    /// A list that was taken out of a reply, as a placeholder.
    Taken(String),
}

impl Reader<'_> {
    /// Takes in a function or the head of a counting loop behind an opening parenthesis; whether
    /// it is one.
    pub(super) fn parenthesis(&mut self, command: &mut Command) -> bool {
        let next = self.chars.peek().map(|&(_, c)| c);
        let is_for =
            command.words.is_empty() && command.keywords.last().is_some_and(|word| word == "for");
        if is_for && next == Some('(') {
            if let Some(words) = self.counted() {
                command.words = words;
                return true;
            }
            return false;
        }
        let [name] = command.words.as_slice() else { return false };
        let name = name.clone();
        if next == Some(')') && self.function(&name) {
            *command = self.command(false);
            return true;
        }
        false
    }

    /// Whether a brace begins the body of a function: `function name {`.
    pub(super) fn is_function(&mut self, command: &Command) -> bool {
        let is_head = command.keywords.last().is_some_and(|word| word == "function");
        let [name] = command.words.as_slice() else { return false };
        is_head && self.function(&name.clone())
    }

    /// The words of a command as a script of their own.
    pub(super) fn evaluated(&mut self, command: &Command) -> bool {
        let Some(words) = command.words.get(1..).filter(|_| self.state.depth < 10) else {
            return false;
        };
        let text = words.join(" ");
        let mut state = std::mem::take(&mut self.state);
        state.depth += 1;
        let mut reader = Reader::new(&text, state, self.file);
        reader.done = std::mem::take(&mut self.done);
        let count = reader.done.len();
        let read = reader.script(false);
        self.state = reader.state;
        self.state.depth -= 1;
        self.done = reader.done;
        self.done.iter_mut().skip(count).for_each(|inner| inner.offset = command.offset);
        read.is_ok()
    }

    /// Takes in the function whose name is read already, at its parentheses or its brace; whether
    /// it is one.
    pub(super) fn function(&mut self, name: &str) -> bool {
        let mut ahead = self.chars.clone();
        while ahead.next_if(|&(_, c)| c.is_whitespace() || c == ')').is_some() {}
        let Some(&(open, '{')) = ahead.peek() else { return false };
        let Some(end) = self.end_of(open + 1, "{", "}") else { return false };
        self.skip_to(end + 1);
        let function = Function { body: (open + 1, end), called: false };
        self.state.functions.insert(name.to_owned(), function);
        true
    }

    /// Reads the commands of a function that is called; whether it is one.
    pub(super) fn call(&mut self, command: &Command) -> bool {
        let Some((name, arguments)) = command.words.split_first() else { return false };
        let Some(function) = self.state.functions.get_mut(name) else { return false };
        let is_long = self.state.reads * self.text.len() > MOST_BYTES;
        if self.state.call_depth >= MOST_DEPTH || self.state.reads >= MOST_READS || is_long {
            return false;
        }
        function.called = true;
        let body = function.body;
        self.state.call_depth += 1;
        let outer = self.state.arguments.replace(arguments.to_vec());
        self.read_part(body);
        self.state.arguments = outer;
        self.state.call_depth -= 1;
        true
    }

    /// Reads the functions that nothing calls, so that no request is lost.
    pub(super) fn read_uncalled(&mut self) {
        let mut uncalled: Vec<(usize, usize)> = self
            .state
            .functions
            .values()
            .filter(|function| !function.called)
            .map(|function| function.body)
            .collect();
        uncalled.sort_unstable();
        for body in uncalled {
            self.read_part(body);
        }
    }

    /// Reads a part of the text again; what cannot be read in it is left out.
    fn read_part(&mut self, (start, end): (usize, usize)) {
        self.state.reads += 1;
        let after = self.chars.clone();
        let limit = std::mem::replace(&mut self.limit, end);
        let documents = std::mem::take(&mut self.documents);
        self.chars = self.begin.clone();
        self.skip_to(start);
        let _ = self.script(false);
        self.chars = after;
        self.limit = limit;
        self.documents = documents;
    }

    /// Goes on to a place in the text.
    fn skip_to(&mut self, place: usize) {
        while self.chars.next_if(|&(at, _)| at < place).is_some() {}
    }

    /// What the loop goes through whose head is this command, if that is known.
    pub(super) fn loop_over(&mut self, head: &Command) -> Option<Over> {
        let words: Vec<&str> = head.words.iter().map(String::as_str).collect();
        let (variable, values) = match (head.keywords.last()?.as_str(), words.as_slice()) {
            ("for", [name, "in", values @ ..]) if is_name(name) => {
                let values: Vec<String> = values.iter().flat_map(|word| braces(word)).collect();
                (*name, self.values(values, head)?)
            }
            ("for", [name, from, to]) if is_name(name) => {
                let (from, to) = (from.parse::<i64>().ok()?, to.parse::<i64>().ok()?);
                let count = usize::try_from(to.checked_sub(from)?).ok()?;
                if count > 10_000 {
                    return None;
                }
                (*name, Values::Known((from..to).map(|number| number.to_string()).collect()))
            }
            ("while", ["read", rest @ ..]) => {
                let names: Vec<&str> =
                    rest.iter().copied().filter(|word| !word.starts_with('-')).collect();
                let [name] = names.as_slice() else { return None };
                let piped = self.done.last().filter(|_| head.piped).and_then(pipe::prints);
                let lines = match head.input.clone().or(piped) {
                    Some(Input::Text(text)) => text,
                    Some(Input::File(path)) => self.read_file(&path)?,
                    _ => self.input_behind()?,
                };
                let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
                (*name, Values::Known(lines.map(str::to_owned).collect()))
            }
            _ => return None,
        };
        Some(Over { variable: variable.to_owned(), values })
    }

    fn values(&self, values: Vec<String>, head: &Command) -> Option<Values> {
        match values.as_slice() {
            [alone] if self.state.replies.contains_key(alone) => Some(Values::Taken(alone.clone())),
            _ if !head.substitutions.is_empty() => None,
            _ => Some(Values::Known(values)),
        }
    }

    /// What is read by a loop whose head was just read: a file or text behind its `done`.
    fn input_behind(&mut self) -> Option<String> {
        let start = self.body_start()?;
        let end = self.end_of(start, "do", "done")?;
        let behind = self.text.get(end + 4..)?.trim_start_matches([' ', '\t']);
        if let Some(document) = behind.strip_prefix("<<").filter(|rest| !rest.starts_with('<')) {
            let (first, lines) = document.split_once('\n')?;
            let word = first.trim_start_matches('-').trim().trim_matches(['\'', '"']);
            let mut text = String::new();
            for line in lines.lines().take_while(|line| line.trim() != word) {
                text.push_str(line);
                text.push('\n');
            }
            return Some(text);
        }
        let path = behind.strip_prefix('<')?.split_whitespace().next()?.trim_matches(['\'', '"']);
        self.read_file(path)
    }

    /// The commands of a loop: read once with the variable itself in place of its values, or,
    /// where a script needs to know the value, once for each. Whether it is the latter.
    pub(super) fn each(&mut self, over: &Over) -> bool {
        let Some(start) = self.body_start() else { return false };
        let Some(end) = self.end_of(start, "do", "done") else { return false };
        let body = self.text.get(start..end).unwrap_or_default();
        let Values::Known(values) = &over.values else {
            self.set_loop_variable(over);
            return false;
        };
        let is_few = values.len() + self.state.reads <= MOST_READS && values.len() <= 100;
        if !(is_few && needs_value(body, &over.variable)) {
            self.set_loop_variable(over);
            return false;
        }
        for value in values {
            self.state.variables.insert(over.variable.clone(), value.clone());
            self.read_part((start, end));
        }
        self.skip_to(end + 4);
        true
    }

    /// Where the word stands that closes what was opened before a place, unless too much of the
    /// script was searched already.
    fn end_of(&mut self, from: usize, open: &str, close: &str) -> Option<usize> {
        if self.state.searched > MOST_SEARCHED {
            return None;
        }
        let end = end_of(self.text, from, open, close);
        self.state.searched += end.map_or(MOST_BODY, |end| end - from);
        end
    }

    /// Where the commands of a loop begin whose head was just read.
    fn body_start(&self) -> Option<usize> {
        let from = self.chars.clone().next().map(|(at, _)| at)?;
        let rest = self.text.get(from..)?;
        let body = rest.trim_start_matches([' ', '\t', '\r', '\n', ';']).strip_prefix("do")?;
        Some(self.text.len() - body.len())
    }

    fn set_loop_variable(&mut self, over: &Over) {
        let placeholder = format!("${{{}}}", over.variable);
        self.state.variables.insert(over.variable.clone(), placeholder);
    }

    /// `((i=1; i<=3; i++))` behind `for`, at its second parenthesis: the words of a loop from one
    /// number to before another.
    pub(super) fn counted(&mut self) -> Option<Vec<String>> {
        let from = self.chars.peek().map(|&(at, _)| at)?;
        let rest = self.text.get(from..)?;
        let end = rest.find("))")?;
        let inside = rest.get(1..end)?.replace([' ', '$'], "");
        let mut parts = inside.split(';');
        let (name, first) = parts.next()?.split_once('=')?;
        let test = parts.next()?.strip_prefix(name)?;
        let (bound, more) = match test.strip_prefix("<=") {
            Some(bound) => (bound, 1),
            None => (test.strip_prefix('<')?, 0),
        };
        let step = parts.next()?;
        if ![format!("{name}++"), format!("++{name}"), format!("{name}+=1")]
            .contains(&step.to_owned())
        {
            return None;
        }
        let known =
            |text: &str| self.state.variables.get(text).cloned().unwrap_or_else(|| text.to_owned());
        let (first, bound) = (known(first).parse::<i64>().ok()?, known(bound).parse::<i64>().ok()?);
        let name = name.to_owned();
        self.skip_to(from + end + 2);
        Some(vec![name, first.to_string(), (bound + more).to_string()])
    }
}

/// Whether a script works with the value of a variable, or names files by it.
fn needs_value(body: &str, variable: &str) -> bool {
    for (at, _) in body.match_indices(variable) {
        let before = body.get(..at).unwrap_or_default();
        let behind = body.get(at + variable.len()..).unwrap_or_default();
        let is_plain = match (before.ends_with("${"), before.ends_with('$')) {
            (true, _) => behind.starts_with('}'),
            (false, true) => true,
            // In a sum, or as the name of something else.
            (false, false) => {
                let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
                if word.contains("((") {
                    return true;
                }
                continue;
            }
        };
        let word = before.rsplit([' ', '\t', '\n', '=']).next().unwrap_or_default();
        let names_file =
            word.contains('@') || word.starts_with('<') || before.trim_end().ends_with("-T");
        if !is_plain || names_file {
            return true;
        }
    }
    false
}

/// A word with its patterns carried out as a shell does: `{1..3}` and `{a,b}`.
fn braces(word: &str) -> Vec<String> {
    let inner = || {
        let (before, rest) = word.split_once('{')?;
        let (inside, behind) = rest.split_once('}')?;
        let is_text = plain(word).is_some() && !before.ends_with('$');
        is_text.then_some((before, inside, behind))
    };
    let Some((before, inside, behind)) = inner() else { return vec![word.to_owned()] };
    let values: Vec<String> = match inside.split_once("..") {
        Some((from, to)) => {
            let (to, step) =
                to.split_once("..").map_or((to, 1), |(to, step)| (to, step.parse().unwrap_or(1)));
            let width = if from.starts_with('0') { from.len() } else { 0 };
            match (from.parse::<i64>(), to.parse::<i64>()) {
                (Ok(from), Ok(to)) if (from - to).abs() <= 10_000 && step > 0 => {
                    let numbers: Vec<i64> = if from <= to {
                        (from..=to).collect()
                    } else {
                        (to..=from).rev().collect()
                    };
                    numbers
                        .into_iter()
                        .step_by(step)
                        .map(|number| format!("{number:0width$}"))
                        .collect()
                }
                _ => return vec![word.to_owned()],
            }
        }
        None if inside.contains(',') => inside.split(',').map(str::to_owned).collect(),
        None => return vec![word.to_owned()],
    };
    values.iter().flat_map(|value| braces(&format!("{before}{value}{behind}"))).collect()
}

/// Where the word stands that closes what was opened before a place, with quotations, comments and
/// here-documents passed over.
fn end_of(text: &str, from: usize, open: &str, close: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut documents: Vec<String> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = from;
    // Not searched without end, as it may be missing time and again.
    while let Some(&byte) = bytes.get(at).filter(|_| at < from + MOST_BODY) {
        let rest = text.get(at..).unwrap_or_default();
        let starts_word = at == 0
            || bytes.get(at - 1).is_some_and(|b| b.is_ascii_whitespace() || b";&|({)".contains(b));
        match byte {
            b'\\' => at += 1,
            b'\'' => at += 1 + rest.get(1..)?.find('\'')?,
            b'"' => at += quoted_length(rest)?,
            b'#' if starts_word => at += rest.find('\n')?.saturating_sub(1),
            b'$' if rest.starts_with("${") => at += rest.find('}')?,
            b'<' if rest.starts_with("<<<") => at += 2,
            b'<' if rest.starts_with("<<") => {
                let word = rest.get(2..)?.trim_start_matches(['-', ' ']);
                let word: String = word
                    .chars()
                    .take_while(|c| !c.is_whitespace() && !";|)".contains(*c))
                    .collect();
                documents.push(word.trim_matches(['\'', '"']).to_owned());
                at += 1;
            }
            b'\n' => {
                for document in documents.drain(..) {
                    for line in text.get(at + 1..)?.split_inclusive('\n') {
                        at += line.len();
                        if line.trim() == document {
                            break;
                        }
                    }
                }
            }
            _ if starts_word => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || ";&|)<>".contains(c))
                    .unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                if word == open {
                    depth += 1;
                } else if word == close {
                    if depth == 0 {
                        return Some(at);
                    }
                    depth -= 1;
                }
            }
            _ => {}
        }
        at += 1;
        // A last backslash escapes what is not there.
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
    }
    None
}

/// How long a quotation in double quotes is, without its last quote.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, char)| {
        let ends = char == '"' && !escaped;
        escaped = char == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at)
}

/// What commands print that only make lists.
pub(super) fn sequence(arguments: &[&str]) -> Option<Input> {
    let numbers: Option<Vec<i64>> = arguments.iter().map(|word| word.parse().ok()).collect();
    let (from, step, to) = match numbers?.as_slice() {
        [to] => (1, 1, *to),
        [from, to] => (*from, 1, *to),
        [from, step, to] => (*from, *step, *to),
        _ => return None,
    };
    if step < 1 || to.checked_sub(from)? > 10_000 {
        return None;
    }
    let step = usize::try_from(step).ok()?;
    let numbers: Vec<String> = (from..=to).step_by(step).map(|number| number.to_string()).collect();
    Some(Input::Text(numbers.join("\n") + "\n"))
}
