//! `regex`: a regular expression matches the body.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};
use regex::bytes::Regex;

use super::{Assertion, Example, ExampleReply, operand};
use crate::field::{Field, Shape};
use crate::json;
use crate::late::Late;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "regex",
    fields: &[
        PATTERN,
        Field::new("exists", Shape::Bool, "`false` when it must match nowhere.", "false")
            .default("true"),
    ],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "A regular expression matches somewhere in the body.",
    examples: &[
        Example {
            plan: r#"{"type": "regex", "pattern": "order \\d+"}"#,
            reply: ExampleReply::body("your order 17 is on its way"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "regex", "pattern": "^(?i)error"}"#,
            reply: ExampleReply::body("all well"),
            failure: Some("body does not match '^(?i)error'"),
        },
        Example {
            plan: r#"{"type": "regex", "pattern": "(?i)error", "exists": false}"#,
            reply: ExampleReply::body("an Error"),
            failure: Some("body unexpectedly matches '(?i)error'"),
        },
    ],
    prepare,
    internal: false,
};

/// A regular expression; shared with the extractor of the same name.
pub(crate) const PATTERN: Field = Field::new(
    "pattern",
    Shape::Text,
    "The regular expression, in the syntax of the `regex` crate: no look-around and no \
     back-references, and time linear in the length of the body.",
    r#""id=(\\d+)""#,
)
.required();

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let pattern = Late::<Regex>::new(operand(operands, 0))?;
    let wanted = operand(operands, 1) != Value::Bool(false);
    Ok(Box::new(move |operands, reply, kept, failure| {
        let written = operand(operands, 0);
        let matches = match pattern.with(written, kept, |regex, _| regex.is_match(reply.payload)) {
            Ok(matches) => matches,
            Err(why) => {
                failure.push_str(&why);
                return false;
            }
        };
        if matches != wanted {
            let verb = if wanted { "does not match " } else { "unexpectedly matches " };
            failure.push_str("body ");
            failure.push_str(verb);
            json::repr(written, failure);
        }
        matches == wanted
    }))
}
