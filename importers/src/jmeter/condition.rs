//! Conditions: texts that are `true` or not, and what JEXL, Groovy and JavaScript say simply, as
//! expressions of ours.

use super::functions;
use super::outcome;
use super::reader::Reader;
use super::text::{self, Part};

/// Operators and calls inside each other.
const MAX_DEPTH: usize = 40;

/// A condition as an expression; nothing when it is more than that.
pub(super) fn condition(reader: &mut Reader<'_>, text: &str, is_script: bool) -> Option<String> {
    let text = text.trim();
    if is_script {
        return script(reader, text);
    }
    let parts = text::parse(text);
    match parts.as_slice() {
        [] => Some("false".to_owned()),
        [Part::Text(text)] => Some(text.trim().eq_ignore_ascii_case("true").to_string()),
        [Part::Variable(name)] if name == outcome::LAST_OK => Some(outcome::EXPRESSION.to_owned()),
        [Part::Variable(name)] => {
            let variable = reader.variable(name);
            // As texts are compared: `true` in any case.
            Some(format!("lower({}) == 'true'", operand(&variable)))
        }
        [Part::Call(call)] => match call.name.as_str() {
            "__jexl3" | "__jexl2" | "__jexl" | "__groovy" | "__javaScript" => {
                script(reader, &script_of(call)?)
            }
            _ => {
                let value = reader.parts(&parts);
                Some(format!("lower({}) == 'true'", operand(&value)))
            }
        },
        _ => None,
    }
}

/// A lone placeholder as part of an expression: a name stands there for itself.
pub(super) fn operand(placeholder: &str) -> String {
    if let Some(call) = call(placeholder, 0) {
        return call;
    }
    let inside = placeholder.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !is_word(name)
    };
    inside.filter(|name| is_name(name)).unwrap_or(placeholder).to_owned()
}

/// A call with placeholders in it as part of an expression: `${len(${a})}` is `len(a)` there.
fn call(placeholder: &str, depth: usize) -> Option<String> {
    let inside = placeholder.strip_prefix("${")?.strip_suffix('}')?;
    let (name, rest) = inside.split_once('(')?;
    let mut rest = rest.strip_suffix(')')?;
    if depth > MAX_DEPTH || !rest.contains("${") || rest.contains(['\'', '"']) {
        return None;
    }
    let mut arguments = Vec::new();
    while !rest.is_empty() {
        let end = match rest.starts_with("${") {
            true => placeholder_end(rest)?,
            false => rest.find(',').unwrap_or(rest.len()),
        };
        let argument = rest.get(..end)?.trim();
        arguments.push(if argument.starts_with("${") {
            call(argument, depth + 1).unwrap_or_else(|| operand(argument))
        } else if argument.parse::<f64>().is_ok() {
            argument.to_owned()
        } else {
            quoted(argument)?
        });
        let after = rest.get(end..)?.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(format!("{name}({})", arguments.join(", ")))
}

/// What a script computes, as an expression; nothing when it is more than that.
pub(super) fn value(reader: &mut Reader<'_>, text: &str) -> Option<String> {
    script(reader, text)
}

/// The source of a script that a function is called with.
pub(super) fn script_of(call: &text::Call) -> Option<String> {
    // Commas that are not escaped cut a script into several arguments.
    let source = call.source.split_once('(')?.1;
    let source = source.strip_suffix(")}")?.trim_end().trim_end_matches(',');
    Some(source.replace("\\,", ",").replace("\\$", "$"))
}

/// Pieces of a text joined by an expression.
fn joined(reader: &mut Reader<'_>, parts: &[Part]) -> Option<String> {
    let mut pieces = Vec::new();
    for part in parts {
        pieces.push(match part {
            Part::Text(text) => quoted(text)?,
            placeholder => operand(&reader.parts(std::slice::from_ref(placeholder))),
        });
    }
    match pieces.as_slice() {
        [] => Some("''".to_owned()),
        [alone] => Some(alone.clone()),
        pieces => Some(format!("concat({})", pieces.join(", "))),
    }
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> Option<String> {
    let quote = ['\'', '"'].into_iter().find(|quote| !text.contains(*quote))?;
    Some(format!("{quote}{text}{quote}"))
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Number(String),
    Name(String),
    Operator(&'static str),
}

/// Words and signs of the languages, and what they are here.
const SIGNS: &[(&str, &str)] = &[
    ("===", "=="),
    ("!==", "!="),
    ("==~", "=~"),
    ("?:", "?:"),
    ("==", "=="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("=~", "=~"),
    ("&&", "and"),
    ("||", "or"),
    ("<", "<"),
    (">", ">"),
    ("!", "!"),
    ("(", "("),
    (")", ")"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("%", "%"),
    (".", "."),
    (",", ","),
];

const WORDS: &[(&str, &str)] = &[
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
    ("and", "and"),
    ("or", "or"),
    ("not", "!"),
];

fn script(reader: &mut Reader<'_>, text: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { reader, tokens, at: 0 };
    let expression = parser.any(0)?;
    (parser.at == parser.tokens.len()).then_some(expression)
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim().trim_end_matches(';').trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' || first == '\'' {
            let inside = rest.get(1..)?;
            let end = inside.find(first)?;
            let inside = inside.get(..end)?;
            if inside.contains('\\') {
                return None;
            }
            tokens.push(Token::Text(inside.to_owned()));
            end + 2
        } else if rest.starts_with("${") {
            let end = placeholder_end(rest)?;
            tokens.push(Token::Name(rest.get(..end)?.to_owned()));
            end
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Number(rest.get(..end)?.to_owned()));
            end
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let word = rest.get(..end)?;
            let known = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
            tokens.push(match known {
                Some((_, ours)) => Token::Operator(ours),
                None => Token::Name(word.to_owned()),
            });
            end
        } else {
            let (sign, ours) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign))?;
            tokens.push(Token::Operator(ours));
            sign.len()
        };
        rest = rest.get(taken..)?.trim_start();
    }
    Some(tokens)
}

/// Where the placeholder ends that a text begins with.
fn placeholder_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

struct Parser<'r, 'a> {
    reader: &'r mut Reader<'a>,
    tokens: Vec<Token>,
    at: usize,
}

impl Parser<'_, '_> {
    fn take(&mut self, operator: &str) -> bool {
        let found =
            matches!(self.tokens.get(self.at), Some(Token::Operator(known)) if *known == operator);
        self.at += usize::from(found);
        found
    }

    /// Comparisons joined by `and` and `or`, of which ours binds the same way.
    fn any(&mut self, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut expression = self.comparison(depth)?;
        if self.take("?:") {
            let other = self.comparison(depth)?;
            expression = format!("default({expression}, {other})");
        }
        loop {
            let joined = ["and", "or"].into_iter().find(|joined| self.take(joined));
            let Some(joined) = joined else { return Some(expression) };
            let right = self.comparison(depth)?;
            expression = format!("{expression} {joined} {right}");
        }
    }

    fn comparison(&mut self, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take("!") {
            let inner = self.comparison(depth + 1)?;
            return Some(format!("not ({inner})"));
        }
        let left = self.sum(depth)?;
        let operators = ["==", "!=", "<=", ">=", "<", ">", "=~"];
        let Some(operator) = operators.into_iter().find(|known| self.take(known)) else {
            return Some(left);
        };
        let right = self.sum(depth)?;
        Some(format!("{left} {operator} {right}"))
    }

    fn sum(&mut self, depth: usize) -> Option<String> {
        let mut expression = self.operand(depth)?;
        loop {
            let known = ["+", "-", "*", "/", "%"];
            let Some(operator) = known.into_iter().find(|known| self.take(known)) else {
                return Some(expression);
            };
            let right = self.operand(depth)?;
            expression = format!("{expression} {operator} {right}");
        }
    }

    fn operand(&mut self, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            if !self.take(")") {
                return None;
            }
            return self.methods(format!("({inner})"), depth);
        }
        if self.take("-") {
            return Some(format!("-{}", self.operand(depth + 1)?));
        }
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        let value = match token {
            Token::Text(text) => self.text(&text)?,
            Token::Number(number) => number,
            Token::Name(name) if name.starts_with("${") => self.placeholder(&name)?,
            Token::Name(name) => self.named(&name, depth)?,
            Token::Operator(_) => return None,
        };
        self.methods(value, depth)
    }

    /// A text in quotes; variables in it stand for themselves.
    fn text(&mut self, text: &str) -> Option<String> {
        joined(self.reader, &text::parse(text))
    }

    fn placeholder(&mut self, text: &str) -> Option<String> {
        let parts = text::parse(text);
        if matches!(parts.as_slice(), [Part::Variable(name)] if name == outcome::LAST_OK) {
            return Some(outcome::EXPRESSION.to_owned());
        }
        matches!(parts.as_slice(), [Part::Variable(_) | Part::Call(_)])
            .then(|| joined(self.reader, &parts))?
    }

    fn named(&mut self, name: &str, depth: usize) -> Option<String> {
        match name {
            "true" | "false" | "null" => Some(name.to_owned()),
            "vars" | "props" => {
                let gets = self.take(".")
                    && matches!(self.tokens.get(self.at), Some(Token::Name(get)) if get == "get");
                self.at += 1;
                if !gets || !self.take("(") {
                    return None;
                }
                let Some(Token::Text(key)) = self.tokens.get(self.at).cloned() else { return None };
                self.at += 1;
                if !self.take(")") {
                    return None;
                }
                if name == "props" {
                    return Some(self.reader.property_name(&key));
                }
                let variable = format!("${{{key}}}");
                self.placeholder(&variable)
            }
            // Numbers are compared by value also when they are text.
            "Integer" | "Long" | "Double" | "Float" => {
                self.take(".");
                let parses = matches!(self.tokens.get(self.at), Some(Token::Name(name))
                    if name.starts_with("parse") || name == "valueOf");
                self.at += 1;
                if !parses || !self.take("(") {
                    return None;
                }
                let inner = self.any(depth + 1)?;
                self.take(")").then_some(inner)
            }
            "parseInt" | "Number" | "parseFloat" | "size" | "empty" if self.take("(") => {
                let inner = self.any(depth + 1)?;
                let closed = self.take(")");
                closed.then(|| match name {
                    "size" => format!("len({inner})"),
                    "empty" => format!("len({inner}) == 0"),
                    _ => inner,
                })
            }
            "UUID" | "System" | "String" | "java" | "new" => self.of_java(name, depth),
            local => self.reader.locals.get(local).cloned(),
        }
    }

    /// What Java gives: `UUID.randomUUID()`, `System.currentTimeMillis()`, `new Random().nextInt(9)`.
    fn of_java(&mut self, first: &str, depth: usize) -> Option<String> {
        let mut path = vec![first.to_owned()];
        while let Some(Token::Name(name)) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            path.push(name);
            if !self.take(".") {
                break;
            }
        }
        if first != "new" && path.len() == 1 && self.take(".") {
            return self.of_java_member(&path, depth);
        }
        self.java_call(&path.join("."), depth)
    }

    fn of_java_member(&mut self, path: &[String], depth: usize) -> Option<String> {
        let mut path = path.to_vec();
        while let Some(Token::Name(name)) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            path.push(name);
            if !self.take(".") {
                break;
            }
        }
        self.java_call(&path.join("."), depth)
    }

    fn java_call(&mut self, path: &str, depth: usize) -> Option<String> {
        self.take("(").then_some(())?;
        match path {
            "UUID.randomUUID" | "java.util.UUID.randomUUID" if self.take(")") => {
                Some("uuid()".to_owned())
            }
            "System.currentTimeMillis" if self.take(")") => Some("timestamp_ms()".to_owned()),
            "String.valueOf" => {
                let inner = self.any(depth + 1)?;
                self.take(")").then_some(inner)
            }
            "new.Random" if self.take(")") && self.take(".") => {
                let is_next = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == "nextInt");
                self.at += 1;
                if !is_next || !self.take("(") {
                    return None;
                }
                let below = self.any(depth + 1)?;
                self.take(")").then(|| format!("randint(0, {below} - 1)"))
            }
            _ => None,
        }
    }

    /// Methods of a value: `.equals("x")`.
    fn methods(&mut self, mut value: String, depth: usize) -> Option<String> {
        while self.take(".") {
            let Some(Token::Name(method)) = self.tokens.get(self.at).cloned() else { return None };
            self.at += 1;
            if !self.take("(") {
                return None;
            }
            let argument = if self.take(")") {
                None
            } else {
                let argument = self.any(depth + 1)?;
                if !self.take(")") {
                    return None;
                }
                Some(argument)
            };
            value = match (method.as_str(), argument) {
                ("equals" | "contentEquals", Some(other)) => format!("{value} == {other}"),
                ("equalsIgnoreCase", Some(other)) => format!("lower({value}) == lower({other})"),
                ("contains" | "includes", Some(other)) => format!("{value} contains {other}"),
                ("matches", Some(other)) => format!("{value} =~ {other}"),
                ("isEmpty", None) => format!("len({value}) == 0"),
                ("length" | "size", None) => format!("len({value})"),
                ("toLowerCase", None) => format!("lower({value})"),
                ("toUpperCase", None) => format!("upper({value})"),
                (
                    "trim" | "toString" | "toInteger" | "toLong" | "intValue" | "toDouble"
                    | "toFloat" | "toBoolean",
                    None,
                ) => value,
                _ => return None,
            };
        }
        // `as int`
        if matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == "as") {
            self.at += 2;
        }
        Some(value)
    }
}

/// Whether a name means something else in expressions.
fn is_word(name: &str) -> bool {
    ["and", "or", "not", "in", "contains", "matches", "true", "false", "null", "none"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(name))
        || functions::argument(name).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::Notes;
    use crate::options::Options;
    use crate::source::Source;
    use std::path::Path;

    fn of(text: &str, is_script: bool) -> Option<String> {
        let source = Source::new("x.jmx", b"", Path::new("")).unwrap();
        let (options, mut notes) = (Options::default(), Notes::default());
        condition(&mut Reader::new(&source, &options, &mut notes), text, is_script)
    }

    #[test]
    fn texts_are_true_or_false() {
        assert_eq!(of("", false).as_deref(), Some("false"));
        assert_eq!(of("TRUE", false).as_deref(), Some("true"));
        assert_eq!(of("IF1", false).as_deref(), Some("false"));
        assert_eq!(of("${ok}", false).as_deref(), Some("lower(ok) == 'true'"));
    }

    #[test]
    fn simple_scripts_become_expressions() {
        for (script, ours) in [
            ("${__jexl3(\"${state}\" == \"done\",)}", "state == 'done'"),
            (
                "${__groovy(vars.get(\"n\") as int > 3 && !vars.get('x').isEmpty())}",
                "n > 3 and not (len(x) == 0)",
            ),
            ("${__jexl3(${n} lt 5 or \"${a} b\" ne 'c')}", "n < 5 or concat(a, ' b') != 'c'"),
            ("${__groovy(Integer.parseInt(vars.get('n')) % 2 == 0)}", "n % 2 == 0"),
        ] {
            assert_eq!(of(script, false).as_deref(), Some(ours), "{script}");
        }
        assert_eq!(of("\"${a}\" == \"b\"", true).as_deref(), Some("a == 'b'"));
    }

    #[test]
    fn other_scripts_are_left_to_people() {
        for script in ["${__groovy(new File('x').exists())}", "${__jexl3(a = 1; b)}"] {
            assert_eq!(of(script, false), None, "{script}");
        }
        assert_eq!(of(&format!("{}1", "(".repeat(10_000)), true), None);
        assert_eq!(of(&format!("{}1", "!".repeat(10_000)), true), None);
    }
}
