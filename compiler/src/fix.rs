//! Carries out what diagnostics say would cure them, in the text of a plan: only what is wrong
//! changes, comments and layout stay.

use std::ops::Range;

use crate::diag::{Diagnostic, Edit, Severity, Source, Span};
use crate::json::trivia::{self, Trivium};
use crate::json::{self, Kind, Node};
use crate::{Options, compile, notation};

/// Cures may make room for others; this often at most.
const MAX_ROUNDS: usize = 20;

/// A plan with what could be cured.
#[derive(Debug)]
pub struct Fixed {
    /// The text of the plan.
    pub text: String,
    /// What is no longer wrong with it, in the order of the cures.
    pub cured: Vec<Diagnostic>,
}

/// Whether plans of this name can be fixed: those in JSON.
#[must_use]
pub fn is_fixable(source: &Source) -> bool {
    notation::is_json(source)
}

/// Applies the fixes of a plan until there are none. A fix that would make things worse is left
/// out, and with it the ones found beside it.
#[must_use]
pub fn fix(source: &Source, options: &Options<'_>) -> Fixed {
    let mut fixed = Fixed { text: source.text().to_owned(), cured: Vec::new() };
    if !is_fixable(source) {
        return fixed;
    }
    let mut found = compile(source, options).diagnostics;
    for _ in 0..MAX_ROUNDS {
        let (text, cured) = round(&fixed.text, &found);
        if cured.is_empty() {
            break;
        }
        let next = compile(&Source::new(source.name(), text.as_str()), options).diagnostics;
        if errors(&next) > errors(&found) {
            break;
        }
        fixed.text = text;
        fixed.cured.extend(cured);
        found = next;
    }
    fixed
}

fn errors(problems: &[Diagnostic]) -> usize {
    problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

/// Applies all fixes that do not get in each other's way.
fn round(text: &str, problems: &[Diagnostic]) -> (String, Vec<Diagnostic>) {
    let root = json::parse(text, &mut Vec::new());
    let mut changes: Vec<(Range<usize>, &str)> = Vec::new();
    let mut cured = Vec::new();
    for problem in problems.iter().filter(|problem| !problem.fix.is_empty()) {
        let mut own: Vec<(Range<usize>, &str)> = Vec::new();
        for edit in &problem.fix {
            match edit {
                Edit::Replace(span, with) => own.push((span.range(), with)),
                Edit::Remove(span) => {
                    own.extend(removal(text, &root, *span).into_iter().map(|range| (range, "")));
                }
            }
        }
        let clash = own.iter().any(|(range, _)| {
            changes.iter().any(|(other, _)| range.start < other.end && other.start < range.end)
        });
        if !clash && !own.is_empty() {
            changes.extend(own);
            cured.push(problem.clone());
        }
    }
    changes.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, with) in changes {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(with);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    (out, cured)
}

/// What has to go so that an item or member goes: itself, one comma, and its line if that is
/// empty then.
fn removal(text: &str, root: &Node<'_>, span: Span) -> Vec<Range<usize>> {
    let Some(found) = Item::find(root, span) else {
        return Vec::new();
    };
    let item = found.whole.range();
    let comma = match (found.is_last, found.before) {
        (false, _) => comma(text, item.end),
        (true, Some(before)) => comma(text, before.end as usize),
        (true, None) => None,
    };
    let Some(comma) = comma else {
        return vec![with_line(text, item)];
    };
    let between = |range: Range<usize>| text.get(range).is_some_and(|t| t.trim().is_empty());
    if comma >= item.end {
        if between(item.end..comma) {
            return vec![with_line(text, item.start..comma + 1)];
        }
        return vec![with_line(text, item), comma..comma + 1];
    }
    if between(comma + 1..item.start) {
        let both = comma..item.end;
        return vec![both];
    }
    vec![comma..comma + 1, with_line(text, item)]
}

/// Widens a range to its whole line where nothing else stands there, or else over the spaces
/// that follow.
fn with_line(text: &str, range: Range<usize>) -> Range<usize> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let bytes = text.as_bytes();
    let before = bytes.get(..range.start).unwrap_or_default();
    let after = bytes.get(range.end..).unwrap_or_default();
    let left = before.iter().rev().take_while(|byte| is_space(byte)).count();
    let right = after.iter().take_while(|byte| is_space(byte)).count();
    let starts_line = before.len() == left || before.get(before.len() - left - 1) == Some(&b'\n');
    match after.get(right) {
        Some(b'\n') if starts_line => range.start - left..range.end + right + 1,
        Some(b'\n' | b'}' | b']') | None => range,
        Some(_) => range.start..range.end + right,
    }
}

/// The first comma after a place, past spaces and comments.
fn comma(text: &str, from: usize) -> Option<usize> {
    trivia::tokens(text, from).find_map(|(range, kind)| match kind {
        Trivium::Space | Trivium::Comment => None,
        Trivium::Other => Some((text.get(range.start..)?.starts_with(',')).then_some(range.start)),
    })?
}

/// An item of a list or a member of an object.
struct Item {
    whole: Span,
    before: Option<Span>,
    is_last: bool,
}

impl Item {
    fn find(node: &Node<'_>, span: Span) -> Option<Self> {
        if node.span.end < span.end || node.span.start > span.start {
            return None;
        }
        // The quote before a key is not part of its place.
        let whole: Vec<(Span, &Node<'_>)> = match &node.kind {
            Kind::Array(items) => items.iter().map(|item| (item.span, item)).collect(),
            Kind::Object(members) => members
                .iter()
                .map(|member| {
                    let start = member.key.span.start.saturating_sub(1);
                    (Span::new(start, member.value.span.end), &member.value)
                })
                .collect(),
            _ => return None,
        };
        if let Some(at) = whole.iter().position(|(_, value)| value.span == span) {
            let before = at.checked_sub(1).and_then(|at| whole.get(at)).map(|(span, _)| *span);
            let (item, _) = whole.get(at)?;
            return Some(Self { whole: *item, before, is_last: at + 1 == whole.len() });
        }
        whole.into_iter().find_map(|(_, value)| Self::find(value, span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, value: &str) -> String {
        let start = text.find(value).unwrap() as u32;
        let root = json::parse(text, &mut Vec::new());
        let mut out = text.to_owned();
        let mut ranges = removal(text, &root, Span::new(start, start + value.len() as u32));
        ranges.sort_by_key(|range| range.start);
        for range in ranges.into_iter().rev() {
            out.replace_range(range, "");
        }
        out
    }

    #[test]
    fn an_item_goes_with_its_comma_and_its_line() {
        for (text, value, expected) in [
            ("[1, 2, 3]", "1", "[2, 3]"),
            ("[1, 2, 3]", "2", "[1, 3]"),
            ("[1, 2, 3]", "3", "[1, 2]"),
            ("[1]", "1", "[]"),
            (r#"{"a": 1, "b": 2}"#, "2", r#"{"a": 1}"#),
            (r#"{"a": 1, "b": 2}"#, "1", r#"{"b": 2}"#),
            ("[\n  1,\n  2,\n  3\n]", "2", "[\n  1,\n  3\n]"),
            ("[\n  1,\n  2\n]", "2", "[\n  1\n]"),
            ("[\n  1, // one\n  2 // two\n]", "2", "[\n  1 // one\n  // two\n]"),
            ("[1 /* one */, 2]", "1", "[/* one */ 2]"),
            ("[1, 2,]", "2", "[1,]"),
        ] {
            assert_eq!(without(text, value), expected, "{text} without {value}");
        }
    }

    #[test]
    fn a_plan_is_fixed_until_nothing_is_left_to_fix() {
        let plan = r#"{"load_density": [["LD_start_test", {
  "user_detail_dict": {"user": "fast_http_user"}, "host": "http://127.0.0.1:8080", // here
  "variables": {
    "a": 1, // never read
    "b": 2
  },
  "tasks": [
    {"methd": "get", "request_url": " /x#top", "headers": {"X": "{{b}} ${b}", "x": "{{b}} ${b}"},
     "assertions": [{"type": "contains", "value": "a"}, {"type": "contains", "value": "a"}]}
  ]}]]}
"#;
        let expected = r#"{"load_density": [["LD_start_test", {
  "user_detail_dict": {"user": "fast_http_user"}, "host": "http://127.0.0.1:8080", // here
  "variables": {
    // never read
    "b": 2
  },
  "tasks": [
    {"method": "get", "request_url": "/x", "headers": {"X": "${b} ${b}"},
     "assertions": [{"type": "contains", "value": "a"}]}
  ]}]]}
"#;
        let fixed = fix(&Source::new("plan.json", plan), &Options::new());
        assert_eq!(fixed.text, expected);
        assert_eq!(fixed.cured.len(), 7, "{:?}", fixed.cured);
        let again = fix(&Source::new("plan.json", fixed.text), &Options::new());
        assert_eq!((again.text.as_str(), again.cured.len()), (expected, 0));
    }

    #[test]
    fn plans_in_other_notations_stay_as_they_are() {
        let plan = "- - LD_sumary\n";
        assert_eq!(fix(&Source::new("plan.yaml", plan), &Options::new()).text, plan);
    }
}
