//! `boundary`: what stands between two texts of the body.

use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};
use memchr::memmem;

use super::wanted::{MATCH, position};
use super::{Example, Extractor, operand};
use crate::assertions::{ExampleReply, text};
use crate::field::{Field, Shape};

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "boundary",
    fields: &[
        Field::new(
            "left",
            Shape::Text,
            "What stands before it; empty for the start of the body.",
            r#""token=\"""#,
        )
        .default(r#""""#),
        Field::new(
            "right",
            Shape::Text,
            "What stands after it; empty for the end of the body.",
            r#""\"""#,
        )
        .default(r#""""#),
        MATCH,
    ],
    needs: Needs::PAYLOAD,
    doc: "What stands between two texts of the body, as text.",
    examples: &[
        Example {
            plan: r#"{"var": "id", "from": "boundary", "left": "id=", "right": ";"}"#,
            reply: ExampleReply::body("id=17; id=18;"),
            found: Some(r#""17""#),
        },
        Example {
            plan: r#"{"var": "id", "from": "boundary", "left": "id=", "right": ";", "match": 2}"#,
            reply: ExampleReply::body("id=17; id=18;"),
            found: Some(r#""18""#),
        },
        Example {
            plan: r#"{"var": "ids", "from": "boundary", "left": "id=", "right": ";", "match": -1}"#,
            reply: ExampleReply::body("id=17; id=18;"),
            found: Some(r#"["17","18"]"#),
        },
        Example {
            plan: r#"{"var": "rest", "from": "boundary", "left": ", "}"#,
            reply: ExampleReply::body("first, second"),
            found: Some(r#""second""#),
        },
        Example {
            plan: r#"{"var": "id", "from": "boundary", "left": "id=", "right": ";"}"#,
            reply: ExampleReply::body("id=17"),
            found: None,
        },
    ],
    prepare,
};

fn prepare(_: &[Value<'_>]) -> Result<ExtractFn, String> {
    Ok(Box::new(|operands, reply, tools, result| {
        let (left, right) = (text(operand(operands, 0)), text(operand(operands, 1)));
        let asked = operand(operands, 2);
        let matches = || Between { rest: Some(reply.payload), left: &left, right: &right };
        let count = if asked == Value::Int(0) { matches().count() } else { 0 };
        match position(asked, count, tools.rng) {
            Some(position) => {
                if let Some(found) = matches().nth(position) {
                    result.set(Value::Text(found));
                }
            }
            None => {
                let all: Vec<_> = matches().map(String::from_utf8_lossy).collect();
                if !all.is_empty() {
                    result.set(Value::Json(&serde_json::to_vec(&all).unwrap_or_default()));
                }
            }
        }
    }))
}

/// All that stands between two texts.
struct Between<'b> {
    rest: Option<&'b [u8]>,
    left: &'b [u8],
    right: &'b [u8],
}

impl<'b> Iterator for Between<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let rest = self.rest.take()?;
        let start = memmem::find(rest, self.left)? + self.left.len();
        let inside = rest.get(start..)?;
        if self.right.is_empty() {
            return Some(inside);
        }
        let end = memmem::find(inside, self.right)?;
        // An empty left text stands at the start only.
        if !self.left.is_empty() {
            self.rest = inside.get(end + self.right.len()..);
        }
        inside.get(..end)
    }
}
