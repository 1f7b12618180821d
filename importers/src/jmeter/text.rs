//! Texts of test plans: what JMeter reads as variables and calls of functions.

/// Calls inside each other's arguments; deeper ones stay text.
const MAX_DEPTH: usize = 20;

/// What looks like a placeholder and is none is read again as text; so often in one text.
const MAX_FAILED: usize = 50;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What stands for itself.
    Text(String),
    /// `${name}`
    Variable(String),
    /// `${__name(arguments)}`
    Call(Call),
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// With its two underscores.
    pub(super) name: String,
    pub(super) arguments: Vec<Vec<Part>>,
    /// How the source says it.
    pub(super) source: String,
}

impl Call {
    /// An argument that is text alone; empty when there is none.
    pub(super) fn plain(&self, at: usize) -> Option<&str> {
        match self.arguments.get(at).map(Vec::as_slice) {
            None | Some([]) => Some(""),
            Some([Part::Text(text)]) => Some(text),
            _ => None,
        }
    }

    /// Whether there is an argument that is not blank.
    pub(super) fn has(&self, at: usize) -> bool {
        self.plain(at).is_none_or(|text| !text.trim().is_empty())
    }
}

/// Takes a text apart. Without a placeholder in it a text stands as it is written; else a
/// backslash before `$`, `,` and `\` is left out, as JMeter has it.
pub(super) fn parse(text: &str) -> Vec<Part> {
    if !text.contains("${") {
        let part = Part::Text(text.to_owned());
        return if text.is_empty() { Vec::new() } else { vec![part] };
    }
    let mut reader = Reader { text, at: 0, failed: 0 };
    let parts = reader.parts(&[], 0);
    if parts.iter().all(|part| matches!(part, Part::Text(_))) {
        return vec![Part::Text(text.to_owned())];
    }
    parts
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    failed: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    /// Pieces up to one of `ends` outside of parentheses, which is not taken.
    fn parts(&mut self, ends: &[char], depth: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut open = 0_usize;
        while let Some(char) = self.peek() {
            match char {
                '\\' => {
                    self.next();
                    match self.next() {
                        Some(escaped @ ('$' | ',' | '\\')) => plain.push(escaped),
                        Some(other) => plain.extend(['\\', other]),
                        None => plain.push('\\'),
                    }
                    continue;
                }
                '$' if self.text.get(self.at..).is_some_and(|rest| rest.starts_with("${")) => {
                    if let Some(part) = self.placeholder(depth) {
                        if !plain.is_empty() {
                            parts.push(Part::Text(std::mem::take(&mut plain)));
                        }
                        parts.push(part);
                        continue;
                    }
                }
                ')' if open > 0 => open -= 1,
                '(' if !ends.is_empty() => open += 1,
                // A comma ends an argument also in parentheses, as JMeter has it.
                end if ends.contains(&end) => break,
                _ => {}
            }
            plain.push(char);
            self.next();
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        parts
    }

    /// The placeholder that begins here; nothing, and nothing taken, when it is none.
    fn placeholder(&mut self, depth: usize) -> Option<Part> {
        let start = self.at;
        let may = depth < MAX_DEPTH && self.failed < MAX_FAILED;
        let part = if may { self.body(start, depth) } else { None };
        if part.is_none() {
            self.failed += 1;
            self.at = start;
        }
        part
    }

    fn body(&mut self, start: usize, depth: usize) -> Option<Part> {
        self.at += 2;
        let rest = self.text.get(self.at..)?;
        let end = rest.find(['(', '}'])?;
        let name = rest.get(..end)?.trim();
        if name.is_empty() || name.contains("${") {
            return None;
        }
        let is_call = rest.get(end..)?.starts_with('(') && name.starts_with("__");
        if !is_call {
            // A variable may have parentheses in its name.
            let end = rest.find('}')?;
            self.at += end + 1;
            let name = rest.get(..end)?.trim();
            return Some(if name.starts_with("__") && !name.starts_with("__jm__") {
                Part::Call(Call {
                    name: name.to_owned(),
                    arguments: Vec::new(),
                    source: self.text.get(start..self.at)?.to_owned(),
                })
            } else {
                Part::Variable(name.to_owned())
            });
        }
        let name = name.to_owned();
        self.at += end + 1;
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.parts(&[',', ')'], depth + 1));
            match self.next()? {
                ',' => {}
                _ => break,
            }
        }
        if arguments.last().is_some_and(Vec::is_empty) {
            arguments.pop();
        }
        (self.next()? == '}').then_some(())?;
        let source = self.text.get(start..self.at)?.to_owned();
        Some(Part::Call(Call { name, arguments, source }))
    }
}

/// Calls `visit` with the name of each variable that a text reads.
pub(super) fn variables(parts: &[Part], visit: &mut impl FnMut(&str)) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Variable(name) => visit(name),
            Part::Call(call) => {
                call.arguments.iter().for_each(|argument| variables(argument, visit));
            }
        }
    }
}

/// Calls `visit` with the name of each variable that `__split` sets.
pub(super) fn split_names(parts: &[Part], visit: &mut impl FnMut(&str)) {
    for part in parts {
        if let Part::Call(call) = part {
            if call.name == "__split"
                && let Some(name) = call.plain(1).map(str::trim).filter(|name| !name.is_empty())
            {
                visit(name);
            }
            call.arguments.iter().for_each(|argument| split_names(argument, visit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    fn variable(name: &str) -> Part {
        Part::Variable(name.to_owned())
    }

    #[test]
    fn texts_are_taken_apart_as_jmeter_does() {
        assert_eq!(parse("{\"a\": \"\\\\n $x\"}"), [text("{\"a\": \"\\\\n $x\"}")]);
        assert_eq!(
            parse("a ${b} \\${c} \\\\ \\n"),
            [text("a "), variable("b"), text(" ${c} \\ \\n")]
        );
        assert_eq!(parse("${a b(1)}"), [variable("a b(1)")]);
        assert_eq!(parse("${unended"), [text("${unended")]);
    }

    #[test]
    fn calls_have_arguments_with_calls_in_them() {
        let parts = parse("x${__Random(1,${__P(max,10)},v)}${__UUID}");
        let [before, Part::Call(random), Part::Call(uuid)] = parts.as_slice() else {
            panic!("{parts:?}");
        };
        assert_eq!(before, &text("x"));
        assert_eq!((random.name.as_str(), random.plain(0)), ("__Random", Some("1")));
        assert_eq!(random.plain(2), Some("v"));
        let [Part::Call(property)] = random.arguments[1].as_slice() else { panic!("{random:?}") };
        assert_eq!(property.plain(1), Some("10"));
        assert_eq!((uuid.name.as_str(), uuid.arguments.len()), ("__UUID", 0));
    }

    #[test]
    fn commas_may_be_escaped_and_parentheses_match() {
        let parts = parse("${__groovy(vars.get(\"a\") == \"b\\,c\",)}");
        let [Part::Call(call)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(call.plain(0), Some("vars.get(\"a\") == \"b,c\""));
    }

    #[test]
    fn what_is_nested_too_deeply_stays_text() {
        let deep = "${__eval(".repeat(5000) + &")}".repeat(5000);
        assert!(matches!(parse(&deep).as_slice(), [Part::Text(_) | Part::Call(_)]));
    }
}
