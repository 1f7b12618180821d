//! `css`: elements of an HTML body.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::expect::{COUNT, EXISTS, Places, VALUE};
use super::{Assertion, Example, ExampleReply, matches, operand};
use crate::compare::OP;
use crate::field::{Field, Shape};
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
    let attribute = attribute(operand(operands, 1));
    let find = move |css: &Css, body: &[u8]| css.find(body, attribute.as_deref());
    matches::check("css", find, operands, PLACES)
}

/// The attribute that is wanted; shared with the extractor.
pub(crate) fn attribute(name: Value<'_>) -> Option<String> {
    name.bytes().map(|name| String::from_utf8_lossy(name).into_owned())
}
