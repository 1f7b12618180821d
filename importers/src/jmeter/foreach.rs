//! The ForEach controller: variables whose names are numbered.

use serde_json::{Map, Value, json};

use super::reader::Reader;
use super::steps::Scope;
use super::tree::Element;
use crate::draft::{Block, Step};

/// More variables than are looked for where nothing says how many there are.
const MOST: usize = 1000;

/// The steps, once for each of the variables.
pub(super) fn steps<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    scope: &Scope<'e>,
) -> Vec<Step> {
    let input = element.text("ForeachController.inputVal").trim();
    let output = element.text("ForeachController.returnVal").trim();
    let separator = if element.flag("ForeachController.useSeparator", true) { "_" } else { "" };
    let position = |name: &str| reader.number(element.text(name));
    let start = position("ForeachController.startIndex").unwrap_or(0.0).max(0.0);
    let end = position("ForeachController.endIndex");
    let inside = reader.inside(element, scope);
    if inside.is_empty() {
        return inside;
    }
    let list = if reader.lists.contains(input) {
        if start > 0.0 || end.is_some() {
            reader.approximate("a part of a list", "the steps are done for all of it");
        }
        Value::String(format!("${{{}}}", reader.name(input)))
    } else {
        let numbers = (whole(start) + 1)..=end.map_or(MOST, whole).min(MOST);
        let mut items = Vec::new();
        for number in numbers {
            let name = format!("{input}{separator}{number}");
            let our = reader.name(&name);
            if !reader.is_set(&our) {
                break;
            }
            items.push(json!(format!("${{{our}}}")));
        }
        if items.is_empty() {
            let what = format!("the variables `{input}{separator}1` and so on");
            let why = "nothing that is known sets them; the steps are done for each item of a list";
            reader.approximate(&what, why);
            let name = reader.name(input);
            Value::String(format!("${{{name}}}"))
        } else {
            Value::Array(items)
        }
    };
    let mut head = Map::new();
    head.insert("foreach".to_owned(), list);
    if !output.is_empty() {
        head.insert("as".to_owned(), json!(reader.name(output)));
    }
    vec![Step::Block(Block { head, lists: vec![("tasks", inside)] })]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn whole(number: f64) -> usize {
    number.clamp(0.0, 1e6) as usize
}
