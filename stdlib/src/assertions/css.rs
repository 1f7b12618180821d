//! `css`: elements of an HTML body.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::expect::{Actual, COUNT, EXISTS, Expect, Otherwise, Places, VALUE};
use super::{Assertion, Example, ExampleReply, operand, text};
use crate::compare::OP;
use crate::field::{Field, Shape};
use crate::json::{Count, Found};
use crate::markup::Css;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "css",
    fields: &[SELECTOR, ATTRIBUTE, VALUE, OP, EXISTS, COUNT],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body is HTML and has an element that the selector selects; or the text of the first \
          one compares as it should. A body of more than 4 MiB, 50000 tags or 512 levels has none.",
    examples: &[
        Example {
            plan: r#"{"type": "css", "selector": "form[action='/pay']"}"#,
            reply: ExampleReply::body("<form action=/pay></form>"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "css", "selector": "h1", "value": "Shop"}"#,
            reply: ExampleReply::body("<h1>Sold <i>out</i></h1>"),
            failure: Some("css h1 expected 'Shop', got 'Sold out'"),
        },
        Example {
            plan: r#"{"type": "css", "selector": ".error", "exists": false}"#,
            reply: ExampleReply::body("<p class='error big'>no</p>"),
            failure: Some("css .error expected not to exist, got 'no'"),
        },
        Example {
            plan: r#"{"type": "css", "selector": "a", "attribute": "href", "op": "ge", "count": 2}"#,
            reply: ExampleReply::body("<a href=/1></a><a name=x></a>"),
            failure: Some("css a count expected >= 2, got 1"),
        },
    ],
    prepare,
    internal: false,
};

/// Selects elements; shared with the extractor of the same name.
pub(crate) const SELECTOR: Field =
    Field::new("selector", Shape::Text, "The CSS selector.", r#""input[name=token]""#).required();

/// What of an element counts; shared with the extractor.
pub(crate) const ATTRIBUTE: Field = Field::new(
    "attribute",
    Shape::ConstantText,
    "The attribute whose value counts; elements without it are passed over.",
    r#""value""#,
)
.default("none: their text, without blanks around it");

const PLACES: Places = Places { value: 2, op: 3, exists: 4, count: Some(5), value_type: None };

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let css = LateCss::new(operands)?;
    let expect = Expect::new(operands, PLACES, Otherwise::Exists)?;
    Ok(Box::new(move |operands, reply, failure| {
        let found = css.with(operands, |css| css.find(reply.payload));
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                failure.push_str(&why);
                return false;
            }
        };
        let actual = Actual {
            kind: "css",
            place: &text(operand(operands, 0)),
            found: found.get(0).map_or(Found::Missing, Found::of),
            count: Count::Of(found.count() as u64),
        };
        expect.check(operands, &actual, failure)
    }))
}

/// The selector in operand 0 and the attribute in operand 1, read before the run when the
/// selector is known by then.
pub(crate) struct LateCss(Option<Css>);

impl LateCss {
    pub(crate) fn new(operands: &[Value<'_>]) -> Result<Self, String> {
        let is_known = operand(operands, 0) != Value::Unset;
        Ok(Self(is_known.then(|| read(operands)).transpose()?))
    }

    pub(crate) fn with<R>(
        &self,
        operands: &[Value<'_>],
        then: impl FnOnce(&Css) -> R,
    ) -> Result<R, String> {
        match &self.0 {
            Some(css) => Ok(then(css)),
            None => Ok(then(&read(operands)?)),
        }
    }
}

fn read(operands: &[Value<'_>]) -> Result<Css, String> {
    let attribute = match operand(operands, 1) {
        Value::Text(name) => Some(String::from_utf8_lossy(name).into_owned()),
        _ => None,
    };
    Css::new(&String::from_utf8_lossy(&text(operand(operands, 0))), attribute)
}
