//! `xpath`: nodes of an XML body, or what an expression computes of it.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};

use super::expect::{COUNT, EXISTS, Places, VALUE};
use super::{Assertion, Example, ExampleReply, matches};
use crate::compare::OP;
use crate::field::{Field, Shape};
use crate::markup::XPath;

pub(super) const ASSERTION: Assertion = Assertion {
    name: "xpath",
    fields: &[XPATH, VALUE, OP, EXISTS, COUNT],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body is XML and has a node at the path; or the text of the first one, or the value \
          of the expression, compares as it should. A body of more than 8 MiB, 100000 nodes or 256 \
          levels, or with a document type, has none; entities are not expanded.",
    examples: &[
        Example {
            plan: r#"{"type": "xpath", "path": "/order[@state='paid']"}"#,
            reply: ExampleReply::body("<order state='new'/>"),
            failure: Some("xpath /order[@state='paid'] expected to exist"),
        },
        Example {
            plan: r#"{"type": "xpath", "path": "//total", "op": "lt", "value": 100}"#,
            reply: ExampleReply::body("<order><total>39.50</total></order>"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "xpath", "path": "count(//item)", "value": 3}"#,
            reply: ExampleReply::body("<r><item/><item/></r>"),
            failure: Some("xpath count(//item) expected 3, got 2"),
        },
        Example {
            plan: r#"{"type": "xpath", "path": "//s:item", "count": 1}"#,
            reply: ExampleReply::body("<s:r xmlns:s='urn:shop'><s:item/></s:r>"),
            failure: None,
        },
    ],
    prepare,
    internal: false,
};

/// Where in the tree; shared with the extractor of the same name.
pub(crate) const XPATH: Field = Field::new(
    "path",
    Shape::Text,
    "The XPath 1.0 expression. Prefixes are those that the body declares; names without one are \
     in no namespace.",
    r#""//item[1]/@id""#,
)
.required();

const PLACES: Places = Places { value: 1, op: 2, exists: 3, count: Some(4), value_type: None };

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    matches::check("xpath", XPath::find, operands, PLACES)
}
