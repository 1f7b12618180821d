//! Extracts that find a value again.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::json;
use super::reply::{Found, Selector, Way};
use super::worth::{self, Worth};
use crate::draft::Reply;
use crate::text::literal;

/// Bodies beyond these are not searched for elements.
const MOST_HTML: usize = 4 << 20;

/// How many words and bytes the text before a value has at most.
const WORDS: usize = 4;
const LONGEST: usize = 64;

/// How many texts between the same two others are passed over at most.
const MOST_MATCHES: usize = 20;

impl Found<'_> {
    /// The members of an `extract` besides `var`, and what it does in a word; none when nothing
    /// finds the value for sure.
    pub(super) fn extract(&self, reply: &Reply) -> Option<(Map<String, Value>, String)> {
        let (row, how) = match &self.way {
            Way::Json(way) => {
                let path = json::path(way);
                (json!({"from": "json_path", "path": path}), format!("JSON, {path}"))
            }
            Way::Header => {
                let same = |line: &&(String, String)| line.0.eq_ignore_ascii_case(self.label);
                if reply.headers.iter().filter(same).count() > 1 {
                    return None;
                }
                (json!({"from": "header", "name": self.label}), format!("header {}", self.label))
            }
            Way::Quoted => {
                let row =
                    json!({"from": "header", "name": self.label, "left": "\"", "right": "\""});
                (row, format!("header {}", self.label))
            }
            Way::Location { left, right, .. } => {
                let location =
                    reply.headers.iter().filter(|line| line.0.eq_ignore_ascii_case("location"));
                let [(_, location)] = location.collect::<Vec<_>>().try_into().ok()?;
                let part = location.split_once(left.as_str()).map(|(_, rest)| rest)?;
                let part = part.split(right).next().unwrap_or_default();
                let mut row = json!({
                    "from": "header", "name": "Location", "left": literal(left), "right": right,
                });
                if part != self.value
                    && let Value::Object(row) = &mut row
                {
                    row.insert("decode".to_owned(), json!(true));
                }
                // It must be found again.
                let decoded = percent_decode_str(part).decode_utf8_lossy();
                (decoded == self.value).then_some(())?;
                (row, "header Location".to_owned())
            }
            Way::Cookie => {
                (json!({"from": "cookie", "name": self.label}), format!("cookie {}", self.label))
            }
            Way::Element { selector, number, attribute } => {
                if reply.body.len() > MOST_HTML || self.label.contains(['"', '\\', '$']) {
                    return None;
                }
                let label = self.label;
                let selector = match selector {
                    Selector::InputName => format!("input[name=\"{label}\"]"),
                    Selector::MetaName => format!("meta[name=\"{label}\"]"),
                    Selector::MetaProperty => format!("meta[property=\"{label}\"]"),
                    Selector::Attribute => format!("[{label}]"),
                };
                let mut row = json!({"from": "css", "selector": selector, "attribute": attribute});
                if let (Value::Object(row), 2..) = (&mut row, *number) {
                    row.insert("match".to_owned(), json!(number));
                }
                (row, selector)
            }
            Way::LinkPath => {
                let text = format!("/{}/{}", self.label, self.value);
                let at = reply.body.find(&text)? + self.label.len() + 2;
                (boundary(&reply.body, at, self.value)?, "a link".to_owned())
            }
            Way::LinkQuery(written) => {
                let text = format!("{}={written}", self.label);
                let at = reply.body.find(&text)? + self.label.len() + 1;
                (boundary(&reply.body, at, written)?, "a link".to_owned())
            }
            Way::Text { at, length } => {
                let written = reply.body.get(*at..at + length)?;
                (boundary(&reply.body, *at, written)?, "text".to_owned())
            }
        };
        match row {
            Value::Object(row) => Some((row, how)),
            _ => None,
        }
    }
}

/// The extract of what stands at a place, between what stands before and behind it. As little
/// is taken of what stands before as tells the place from others.
fn boundary(body: &str, at: usize, value: &str) -> Option<Value> {
    let right = body.get(at + value.len()..)?.chars().next()?.to_string();
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    let before = body.get(..at)?.as_bytes();
    let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (mut start, mut found) = (at, None);
    for _ in 0..WORDS {
        // One word more, and what stands behind it.
        let behind = before.get(line..start).unwrap_or_default();
        let Some(last) = behind.iter().rposition(is_of_word) else { break };
        let word = behind.get(..=last)?;
        start = word.iter().rposition(|byte| !is_of_word(byte)).map_or(line, |end| line + end + 1);
        let left = body.get(start..at)?;
        let varies = left.bytes().any(|byte| byte.is_ascii_digit());
        // What was drawn at random is another one the next time.
        let is_drawn = worth::of(std::str::from_utf8(word).ok()?, "") == Some(Worth::Strong);
        if left.len() > LONGEST || is_drawn || (varies && found.is_some()) {
            break;
        }
        let Some(number) = position(body, left, &right, value) else { continue };
        if found.as_ref().is_none_or(|(known, _)| number < *known) {
            found = Some((number, left));
        }
        if number == 1 {
            break;
        }
    }
    let (number, left) = found?;
    let mut row = json!({"from": "boundary", "left": literal(left), "right": literal(&right)});
    if let (Value::Object(row), 2..) = (&mut row, number) {
        row.insert("match".to_owned(), json!(number));
    }
    Some(row)
}

/// Which of the texts between two others a value is, from 1.
fn position(body: &str, left: &str, right: &str, value: &str) -> Option<usize> {
    let mut rest = body;
    for number in 1..=MOST_MATCHES {
        let (_, inside) = rest.split_once(left)?;
        let (text, behind) = inside.split_once(right)?;
        if text == value {
            return Some(number);
        }
        rest = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(body: &str, value: &str, expected: Option<Value>) {
        let at = body.rfind(value).unwrap();
        let row = boundary(body, at, value);
        assert_eq!(row, expected);
    }

    #[test]
    fn as_little_as_is_needed_stands_before_a_value() {
        let row =
            |left: &str, right: &str| json!({"from": "boundary", "left": left, "right": right});
        found("var x = {\"cartId\": \"abc\"}", "abc", Some(row("cartId\": \"", "\"")));
        found("<a href=/o/17?sig=5a6b>", "5a6b", Some(row("sig=", ">")));
        found("id=1;\nother id=2;", "2", Some(row("other id=", ";")));
        let second = json!({"from": "boundary", "left": "id=", "right": ";", "match": 2});
        found("id=1;\nid=2;", "2", Some(second));
        found("abc", "abc", None);
        found("\n abc ", "abc", None);
    }
}
