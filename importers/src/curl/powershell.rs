//! `Invoke-WebRequest` commands, as browsers copy them for PowerShell.

use serde_json::json;

use crate::body;
use crate::draft::Task;
use crate::notes::Notes;
use crate::source::Source;
use crate::text::literal;

/// Whether a text is for PowerShell.
pub(super) fn detect(text: &str) -> bool {
    text.lines().take(50).any(|line| {
        let line = line.trim_start().to_ascii_lowercase();
        ["invoke-webrequest", "invoke-restmethod", "$session = new-object"]
            .iter()
            .any(|start| line.starts_with(start))
    })
}

/// A token of PowerShell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A word, or a quoted text.
    Text { text: String, quoted: bool },
    /// `(`, `)`, `{`, `}`, `=`, `,`, or the end of a statement.
    Mark(char),
}

/// Adds the requests of a text.
pub(super) fn read(source: &Source, tasks: &mut Vec<Task>, notes: &mut Notes) {
    let tokens = tokens(&source.text);
    let mut agent = None;
    let mut cookies: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some((token, offset)) = tokens.get(at) {
        at += 1;
        let Token::Text { text, quoted: false } = token else { continue };
        let name = text.to_ascii_lowercase();
        if name == "$session.useragent" {
            agent = texts(&tokens, at).next();
        } else if name.starts_with("$session.cookies.add") {
            let mut texts = texts(&tokens, at);
            if let (Some(name), Some(value)) = (texts.next(), texts.next()) {
                cookies.push(format!("{name}={value}"));
            }
        } else if name == "invoke-webrequest" || name == "invoke-restmethod" {
            let place = format!("{}:{}", source.name, source.line(*offset));
            let mut task = request(&tokens, at, &place, notes);
            if let Some(agent) = agent.take() {
                task.headers.push(("User-Agent".to_owned(), agent));
            }
            if !cookies.is_empty() {
                task.fields.insert("cookies".to_owned(), json!(cookies.join("; ")));
                cookies.clear();
            }
            if task.url.is_empty() {
                notes.drop_request(&place, text, "there is no -Uri");
            } else {
                notes.keep_request();
                tasks.push(task);
            }
        }
    }
}

/// The quoted texts from a token to the end of its statement.
fn texts(tokens: &[(Token, usize)], at: usize) -> impl Iterator<Item = String> {
    let rest = tokens.iter().skip(at).take_while(|(token, _)| *token != Token::Mark('\n'));
    rest.filter_map(|(token, _)| match token {
        Token::Text { text, quoted: true } => Some(text.clone()),
        _ => None,
    })
}

/// The request of a command whose parameters begin at a token.
fn request(tokens: &[(Token, usize)], mut at: usize, place: &str, notes: &mut Notes) -> Task {
    let mut task = Task { method: "GET".to_owned(), ..Task::default() };
    let mut text_body = None;
    while let Some((token, _)) = tokens.get(at) {
        at += 1;
        let Token::Text { text: parameter, quoted: false } = token else {
            if *token == Token::Mark('\n') {
                break;
            }
            continue;
        };
        let value = tokens.get(at).and_then(|(token, _)| match token {
            Token::Text { text, .. } => Some(text.clone()),
            Token::Mark(_) => None,
        });
        match (parameter.to_ascii_lowercase().as_str(), value) {
            ("-uri", Some(url)) => task.url = url,
            ("-method", Some(method)) => task.method = method,
            ("-contenttype", Some(value)) => task.headers.push(("Content-Type".to_owned(), value)),
            ("-useragent", Some(value)) => task.headers.push(("User-Agent".to_owned(), value)),
            ("-headers", _) => task.headers.extend(table(tokens, at)),
            ("-body", Some(text)) => {
                // `([System.Text.Encoding]::UTF8.GetBytes("…"))` has the text inside.
                let is_text = matches!(tokens.get(at), Some((Token::Text { quoted: true, .. }, _)));
                text_body = if is_text { Some(text) } else { texts(tokens, at).next() };
            }
            ("-body", None) => text_body = texts(tokens, at).next(),
            ("-maximumredirection", Some(count)) if count == "0" => {
                task.fields.insert("allow_redirects".to_owned(), json!(false));
            }
            ("-skipcertificatecheck", _) => {
                task.fields.insert("verify".to_owned(), json!(false));
            }
            ("-timeoutsec", Some(seconds)) => {
                if let Ok(seconds) = seconds.parse::<f64>() {
                    task.fields.insert("timeout".to_owned(), json!(seconds));
                }
            }
            (
                "-usebasicparsing" | "-websession" | "-sessionvariable" | "-outfile" | "-passthru",
                _,
            ) => continue,
            (name, _) if name.starts_with('-') => {
                notes.drop(place, parameter, "this parameter is not known");
                continue;
            }
            _ => continue,
        }
        notes.keep();
    }
    let own = ["host", "content-length", "connection", "method", "authority", "scheme", "path"];
    task.headers.retain(|(name, _)| {
        !own.contains(&name.to_ascii_lowercase().as_str()) && !name.starts_with(':')
    });
    if let Some(text) = text_body {
        if body::header(&task, "content-type").is_none() {
            task.headers.push(("Content-Type".to_owned(), body::FORM.to_owned()));
        }
        body::set_text(&mut task, &text);
    }
    task
}

/// The pairs of a table: `@{ "a"="b" … }`.
fn table(tokens: &[(Token, usize)], at: usize) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut name = None;
    for (token, _) in tokens.iter().skip(at) {
        match token {
            Token::Mark('}') => break,
            Token::Text { text, .. } if text == "@" => {}
            Token::Text { text, .. } => match name.take() {
                None => name = Some(text.clone()),
                Some(name) => pairs.push((name, text.clone())),
            },
            Token::Mark(_) => {}
        }
    }
    pairs
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut depth = 0_u32;
    while let Some(&(at, char)) = chars.peek() {
        match char {
            '`' => {
                // A joined line.
                chars.next();
                chars.next_if(|&(_, c)| c == '\r');
                chars.next();
            }
            '\n' | ';' => {
                chars.next();
                // Within braces it only ends a pair.
                if depth == 0 {
                    tokens.push((Token::Mark('\n'), at));
                }
            }
            c if c.is_whitespace() => {
                chars.next();
            }
            '#' => while chars.next_if(|&(_, c)| c != '\n').is_some() {},
            '"' | '\'' => {
                chars.next();
                tokens.push((Token::Text { text: quoted(&mut chars, char), quoted: true }, at));
            }
            '(' | ')' | '{' | '}' | '=' | ',' => {
                chars.next();
                match char {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                tokens.push((Token::Mark(char), at));
            }
            _ => {
                let mut word = String::new();
                let ends = |c: char| c.is_whitespace() || "(){}=,;\"'".contains(c);
                while let Some((_, c)) = chars.next_if(|&(_, c)| !ends(c)) {
                    word.push(c);
                }
                tokens.push((Token::Text { text: literal(&word), quoted: false }, at));
            }
        }
    }
    tokens
}

/// The text up to the closing quote, with the escapes of its kind of quote.
fn quoted(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>, quote: char) -> String {
    let mut text = String::new();
    while let Some((_, char)) = chars.next() {
        if char == quote {
            if chars.next_if(|&(_, c)| c == quote).is_none() {
                break;
            }
            text.push(quote);
        } else if char == '`' && quote == '"' {
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 't')) => text.push('\t'),
                Some((_, '0')) => text.push('\0'),
                Some((_, other)) => text.push(other),
                None => {}
            }
        } else {
            text.push(char);
        }
    }
    literal(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_request_copied_from_chrome_is_read() {
        let text = r#"$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession
$session.UserAgent = "Mozilla/5.0"
$session.Cookies.Add((New-Object System.Net.Cookie("theme", "dark", "/", "a.example")))
Invoke-WebRequest -UseBasicParsing -Uri "https://a.example/x?y=1" `
-Method "POST" `
-WebSession $session `
-Headers @{
"authority"="a.example"
  "method"="POST"
  "accept"="*/*"
  "x-quote"="a`"b"
} `
-ContentType "application/json" `
-Body "{`"a`":`"`$b`"}"
"#;
        assert!(detect(text));
        let source = Source::new("x", text.as_bytes(), Path::new("")).unwrap();
        let mut tasks = Vec::new();
        read(&source, &mut tasks, &mut Notes::default());
        let task = tasks.first().unwrap();
        assert_eq!((task.method.as_str(), task.url.as_str()), ("POST", "https://a.example/x?y=1"));
        assert_eq!(task.fields.get("json"), Some(&json!({"a": "$b"})));
        assert_eq!(task.fields.get("cookies"), Some(&json!("theme=dark")));
        let names: Vec<&str> = task.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["accept", "x-quote", "Content-Type", "User-Agent"]);
    }
}
