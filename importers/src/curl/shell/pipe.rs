//! What commands of a pipe print, and what they take out of a reply.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::{Command, Input};
use crate::curl::arguments;
use crate::text::plain;

/// A value that is taken out of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    pub(crate) variable: String,
    pub(crate) from: From,
}

/// What a value is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// The whole body.
    Body,
    Status,
    /// The JSON value at a path.
    Json(String),
    /// All JSON values that a path of JSONPath leads to.
    All(String),
    /// The first group of a regular expression.
    Regex(String),
    Header(String),
}

impl Take {
    /// As an entry of `extract`.
    pub(crate) fn entry(&self) -> Value {
        let var = &self.variable;
        match &self.from {
            From::Body => json!({"var": var, "from": "body"}),
            From::Status => json!({"var": var, "from": "status_code"}),
            From::Json(path) => json!({"var": var, "path": path}),
            From::All(path) => json!({"var": var, "path": path, "match": -1}),
            From::Regex(pattern) => json!({"var": var, "from": "regex", "pattern": pattern}),
            From::Header(name) => json!({"var": var, "from": "header", "name": name}),
        }
    }
}

/// Gives commands behind a pipe what the ones before them print.
pub(super) fn connect(commands: &mut [Command]) {
    for at in 1..commands.len() {
        let Some(([.., before], [command, ..])) = commands.split_at_mut_checked(at) else { break };
        if command.piped && command.input.is_none() {
            command.input = Some(prints(before).unwrap_or(Input::Unknown));
        }
    }
}

/// What a command prints, if that is known.
pub(super) fn prints(command: &Command) -> Option<Input> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let (&program, arguments) = words.split_first()?;
    if !command.substitutions.is_empty() {
        return None;
    }
    let input = || command.input.clone();
    let text = |text: String| Some(Input::Text(text));
    match (program, arguments) {
        ("echo", _) => text(echo(arguments)),
        ("printf", [format, values @ ..]) => text(printf(format, values)?),
        ("cat", [] | ["-"]) | ("tee", _) => input(),
        ("cat", [path]) if !path.starts_with('-') => {
            if *path == "/proc/sys/kernel/random/uuid" {
                return text("${uuid()}".to_owned());
            }
            Some(Input::File((*path).to_owned()))
        }
        ("seq", _) => super::loops::sequence(arguments),
        ("uuidgen", []) => text("${uuid()}".to_owned()),
        ("date", [format]) if !format.contains(['(', ')', ',', '\'']) => match *format {
            "+%s" => text("${timestamp()}".to_owned()),
            "+%s%3N" => text("${timestamp_ms()}".to_owned()),
            format => text(format!("${{date('{}')}}", format.strip_prefix('+')?)),
        },
        ("tr", ["-d", characters]) => {
            let Some(Input::Text(given)) = input() else { return None };
            let dropped = characters.replace("\\n", "\n").replace("\\r", "\r");
            let is_plain = dropped.chars().all(|c| c.is_whitespace() || c == '"');
            text(given.replace(|c| dropped.contains(c), "")).filter(|_| is_plain)
        }
        ("base64", [] | ["-w0" | "-w" | "--wrap=0" | "-"] | ["-w", "0"]) => {
            let Some(Input::Text(given)) = input() else { return None };
            text(match plain(&given) {
                Some(given) => BASE64.encode(given),
                None if !given.contains(['\'', '\n']) => format!("${{base64('{given}')}}"),
                None => return None,
            })
        }
        _ => None,
    }
}

fn echo(mut arguments: &[&str]) -> String {
    let (mut ends, mut escapes) = (true, false);
    while let [flag @ ("-n" | "-e" | "-E" | "-ne" | "-en"), rest @ ..] = arguments {
        ends &= !flag.contains('n');
        escapes |= flag.contains('e');
        arguments = rest;
    }
    let text = arguments.join(" ");
    let text = if escapes { unescaped(&text) } else { text };
    if ends { text + "\n" } else { text }
}

/// The text of a format, when its values are put in as they are.
fn printf(format: &str, values: &[&str]) -> Option<String> {
    let mut values = values.iter();
    let format = unescaped(format);
    let mut parts = format.split('%');
    let mut text = parts.next()?.to_owned();
    while let Some(part) = parts.next() {
        match part.chars().next() {
            Some('s' | 'd' | 'i') => {
                text.push_str(values.next().unwrap_or(&""));
                text.push_str(part.get(1..)?);
            }
            // `%%`
            None => {
                text.push('%');
                text.push_str(parts.next()?);
            }
            _ => return None,
        }
    }
    // More values would be printed in the same way again.
    values.next().is_none().then_some(text)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('t') => plain.push('\t'),
                Some(c @ ('\\' | '"' | '\'')) => plain.push(c),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain
}

/// What a request prints itself: its status when `-w` asks for that alone, else its body.
pub(super) fn of_request(command: &Command) -> Option<(Option<usize>, From)> {
    let words = arguments(command)?;
    let asks = |text: &str| words.iter().any(|word| word.contains(text));
    let prints_status = asks("%{http_code}") || asks("%{response_code}");
    let hides_body = words.windows(2).any(|pair| {
        matches!(pair, [option, file] if file == "/dev/null"
            && (option == "--output" || (option.starts_with('-') && option.ends_with('o'))))
    });
    match (prints_status, hides_body) {
        (true, true) => Some((None, From::Status)),
        // The body with something behind it.
        (true, false) => None,
        _ => Some((None, From::Body)),
    }
}

/// What filters leave of a reply, if that is something that can be extracted.
pub(super) fn taken<'c>(
    filters: impl Iterator<Item = &'c Command>,
    mut from: From,
) -> Option<From> {
    for filter in filters {
        let words: Vec<&str> = filter.words.iter().map(String::as_str).collect();
        let (&program, arguments) = words.split_first()?;
        let program = program.rsplit('/').next().unwrap_or(program);
        from = match (program, from) {
            // Quotes and ends of lines are taken off.
            ("tr", kept) if arguments.first() == Some(&"-d") => kept,
            ("xargs", kept) if arguments.is_empty() => kept,
            ("cat", kept) if arguments.is_empty() => kept,
            ("sed", kept) if arguments.iter().any(|word| word.contains("s/\"//")) => kept,
            ("head" | "tail", kept @ (From::Json(_) | From::Regex(_) | From::Header(_))) => kept,
            ("jq", From::Body) => match jq(arguments) {
                Some(path) => From::Json(path),
                None => From::All(jq_all(arguments)?),
            },
            (python, From::Body) if python.starts_with("python") => {
                From::Json(of_python(arguments)?)
            }
            ("grep" | "egrep", From::Body) => of_grep(arguments)?,
            ("cut" | "awk" | "sed" | "grep", kept @ (From::Regex(_) | From::Header(_))) => kept,
            _ => return None,
        };
    }
    Some(from)
}

/// The path of a filter of jq that is nothing but a path.
fn jq(arguments: &[&str]) -> Option<String> {
    let mut filters = arguments.iter().filter(|word| {
        !matches!(**word, "-r" | "-e" | "-c" | "-M" | "-j" | "-re" | "-er" | "--raw-output")
    });
    let (Some(filter), None) = (filters.next(), filters.next()) else { return None };
    let filter = filter.trim();
    let filter = filter.split_once("//").map_or(filter, |(before, default)| {
        if default.trim() == "empty" { before.trim() } else { filter }
    });
    let mut path = Vec::new();
    let mut rest = filter.strip_prefix('.')?;
    while !rest.is_empty() {
        let (key, behind) = if let Some(index) = rest.strip_prefix('[') {
            let (index, behind) = index.split_once(']')?;
            (index.trim_matches('"'), behind)
        } else if let Some(quoted) = rest.strip_prefix('"') {
            quoted.split_once('"')?
        } else {
            let end = rest.find(['.', '[', '"']).unwrap_or(rest.len());
            rest.split_at_checked(end)?
        };
        let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if key.is_empty() || !key.chars().all(is_key) {
            return None;
        }
        path.push(key);
        rest = behind.strip_prefix('.').unwrap_or(behind);
    }
    (!path.is_empty()).then(|| path.join("."))
}

/// The path of a filter that gives a member of each item of a list: `.items[].id`.
fn jq_all(arguments: &[&str]) -> Option<String> {
    let mut filters = arguments.iter().filter(|word| !word.starts_with('-'));
    let (Some(filter), None) = (filters.next(), filters.next()) else { return None };
    let filter = filter.replace(" | ", "").replace("|", "");
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    let is_one = filter.matches("[]").count() == 1 && filter.starts_with('.');
    let path = filter.replacen(".[]", "[]", 1).replace("[]", "[*]");
    (is_one && filter.trim().chars().all(is_path)).then(|| format!("${path}"))
}

/// The path of `json.load(sys.stdin)["a"][0]`.
fn of_python(arguments: &[&str]) -> Option<String> {
    let code = arguments.iter().find(|word| word.contains("json.load"))?;
    let (_, rest) = code.split_once("json.load(sys.stdin)")?;
    let mut path = Vec::new();
    let mut rest = rest;
    while let Some((key, behind)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']'))
    {
        path.push(key.trim_matches(['"', '\'']));
        rest = behind;
    }
    let is_whole = rest.chars().all(|c| matches!(c, ')' | ';' | ' ' | '\n'));
    (is_whole && !path.is_empty()).then(|| path.join("."))
}

/// `-o '"token":"[^"]*"'`, or a line of the head by its name.
fn of_grep(arguments: &[&str]) -> Option<From> {
    let only = arguments.iter().any(|word| word.starts_with('-') && word.contains('o'));
    let pattern = arguments.iter().find(|word| !word.starts_with('-'))?;
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if only {
        let (_, quoted) = pattern.split_once('"')?;
        let (key, behind) = quoted.split_once('"')?;
        let behind = behind.trim_start_matches(['\\', 's', '*', ' ']);
        let is_member = behind.starts_with(':') && !key.is_empty() && key.chars().all(name);
        return is_member.then(|| From::Regex(format!("\"{key}\"\\s*:\\s*\"([^\"]*)\"")));
    }
    let header = pattern.trim_start_matches('^').trim_end_matches([':', ' ']);
    let ignores_case = arguments.iter().any(|word| word.starts_with('-') && word.contains('i'));
    (ignores_case && !header.is_empty() && header.chars().all(name))
        .then(|| From::Header(header.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_jq_and_python_are_read() {
        for (filter, expected) in [
            (".a.b", Some("a.b")),
            (".items[0].id", Some("items.0.id")),
            (".[\"x-y\"]", Some("x-y")),
            (".a // empty", Some("a")),
            (".a | length", None),
            (".[]", None),
            (".", None),
        ] {
            assert_eq!(jq(&["-r", filter]).as_deref(), expected, "{filter}");
        }
        let code = "import sys, json; print(json.load(sys.stdin)['a'][0])";
        assert_eq!(of_python(&["-c", code]).as_deref(), Some("a.0"));
    }

    #[test]
    fn what_echo_and_printf_print_is_known() {
        assert_eq!(echo(&["-n", "a", "b"]), "a b");
        assert_eq!(echo(&["-e", "a\\nb"]), "a\nb\n");
        assert_eq!(printf("%s=%d%%\\n", &["a", "1"]).as_deref(), Some("a=1%\n"));
        assert_eq!(printf("%05d", &["1"]), None);
        assert_eq!(printf("%s", &["a", "b"]), None);
    }
}
