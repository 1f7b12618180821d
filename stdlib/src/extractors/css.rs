//! `css`: an element of an HTML body.

use ld_vm::link::ExtractFn;
use ld_vm::{Needs, Value};

use super::wanted::MATCH;
use super::{Example, Extractor, matches, operand};
use crate::assertions::{ATTRIBUTE, ExampleReply, SELECTOR, attribute};
use crate::markup::Css;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "css",
    fields: &[SELECTOR, ATTRIBUTE, MATCH],
    needs: Needs::PAYLOAD,
    doc: "The text or an attribute of an element of an HTML body. A body of more than 4 MiB, 50000 \
          tags or 512 levels is not searched.",
    examples: &[
        Example {
            plan: r#"{"var": "token", "from": "css", "selector": "input[name=csrf]", "attribute": "value"}"#,
            reply: ExampleReply::body("<form><input type=hidden name=csrf value='a&amp;1'></form>"),
            found: Some(r#""a&1""#),
        },
        Example {
            plan: r#"{"var": "names", "from": "css", "selector": "li", "match": -1}"#,
            reply: ExampleReply::body("<ul><li>Lamp <b>new</b><li>Cable</ul>"),
            found: Some(r#"["Lamp new","Cable"]"#),
        },
        Example {
            plan: r#"{"var": "name", "from": "css", "selector": "li", "match": 3}"#,
            reply: ExampleReply::body("<ul><li>Lamp<li>Cable</ul>"),
            found: None,
        },
    ],
    prepare,
};

fn prepare(operands: &[Value<'_>]) -> Result<ExtractFn, String> {
    let attribute = attribute(operand(operands, 1));
    let find = move |css: &Css, body: &[u8]| css.find(body, attribute.as_deref());
    matches::extract(find, operands, 2)
}
