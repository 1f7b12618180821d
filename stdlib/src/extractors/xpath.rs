//! `xpath`: a node of an XML body, or what an expression computes of it.

use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};

use super::wanted::MATCH;
use super::{Example, Extractor, matches};
use crate::assertions::{ExampleReply, XPATH};
use crate::markup::XPath;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "xpath",
    fields: &[XPATH, MATCH],
    needs: Needs::PAYLOAD,
    doc: "The text of a node of an XML body, or the value of an expression. A body of more than 8 \
          MiB, 100000 nodes or 256 levels, or with a document type, is not searched; entities are \
          not expanded.",
    examples: &[
        Example {
            plan: r#"{"var": "id", "from": "xpath", "path": "//item[price > 10]/@id"}"#,
            reply: ExampleReply::body(
                "<r><item id='7'><price>5</price></item><item id='8'><price>12</price></item></r>",
            ),
            found: Some(r#""8""#),
        },
        Example {
            plan: r#"{"var": "count", "from": "xpath", "path": "count(//item)"}"#,
            reply: ExampleReply::body("<r><item/><item/></r>"),
            found: Some("2"),
        },
        Example {
            plan: r#"{"var": "name", "from": "xpath", "path": "//name"}"#,
            reply: ExampleReply::body("{}"),
            found: None,
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    matches::extract(XPath::find, operands, 1)
}
