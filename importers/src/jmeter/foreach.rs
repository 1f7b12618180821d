//! The ForEach controller: variables whose names are numbered.

use serde_json::{Map, Value, json};

use super::controllers::loop_index;
use super::reader::Reader;
use super::steps::{Scope, choice};
use super::tree::Element;
use crate::draft::{Block, Step};

/// More variables than are looked for where nothing says how many there are.
const MOST: usize = 1000;

/// Items that scripts have set that the steps are written for.
const MOST_WRITTEN: usize = 20;

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
    let mut index = loop_index(reader, element).map(|(name, _)| name);
    let mut inside = reader.inside(element, scope);
    if inside.is_empty() {
        return inside;
    }
    let mut is_put = false;
    let list = if reader.lists.contains(input) {
        let list = reader.name(input);
        if start > 0.0 || end.is_some() {
            // Only those of the positions that are meant.
            let name = index.get_or_insert_with(|| reader.fresh("position")).clone();
            let most = end.map(|end| format!("{name} < {}", whole(end)));
            let least = (start > 0.0).then(|| format!("{name} >= {}", whole(start)));
            let condition: Vec<String> = least.into_iter().chain(most).collect();
            inside = vec![choice("if", &condition.join(" and "), inside, Vec::new())];
        }
        Value::String(format!("${{{list}}}"))
    } else {
        let numbers = (whole(start) + 1)..=end.map_or(MOST, whole).min(MOST);
        let mut items = Vec::new();
        for number in numbers {
            let name = format!("{input}{separator}{number}");
            let our = reader.name(&name);
            if items.len() >= MOST_WRITTEN && is_put {
                reader.approximate("more items", "the steps are written for the first ones only");
                break;
            }
            if !reader.is_set(&our) && !reader.put.contains(&our) {
                break;
            }
            is_put |= !reader.is_set(&our);
            items.push(json!(format!("${{{our}}}")));
        }
        if items.is_empty() {
            let what = format!("the variables `{input}{separator}1` and so on");
            let why = "nothing that is known sets them; the steps are done for each item of a list";
            reader.approximate(&what, why);
            let name = reader.name(input);
            Value::String(format!("${{{name}}}"))
        } else if is_put {
            // Lists are known before the run: the steps are written once for each.
            let output = reader.name(output);
            let round = |item: &Value| {
                let set = Step::simple("set", json!({output.as_str(): item}));
                std::iter::once(set).chain(inside.iter().cloned())
            };
            return items.iter().flat_map(round).collect();
        } else {
            Value::Array(items)
        }
    };
    let mut head = Map::new();
    head.insert("foreach".to_owned(), list);
    if !output.is_empty() {
        head.insert("as".to_owned(), json!(reader.name(output)));
    }
    let mut steps = Vec::new();
    if let Some(name) = &index {
        steps.push(Step::simple("set", json!({name.as_str(): 0})));
        inside.push(Step::simple("set", json!({name.as_str(): {"expr": format!("{name} + 1")}})));
    }
    steps.push(Step::Block(Block { head, lists: vec![("tasks", inside)] }));
    steps
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn whole(number: f64) -> usize {
    number.clamp(0.0, 1e6) as usize
}
