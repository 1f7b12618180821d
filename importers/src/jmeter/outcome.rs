//! `${JMeterThread.last_sample_ok}`: whether the request before went well.
//!
//! A variable has the status of the last request that went well, and none while there is none: requests that a
//! condition asks about set it.

use serde_json::{Value, json};

use crate::draft::{Step, Task};

/// JMeter's name for it.
pub(super) const LAST_OK: &str = "JMeterThread.last_sample_ok";
/// The variable.
const STATUS: &str = "last_status";
/// Whether the request before went well, as a part of an expression.
pub(super) const EXPRESSION: &str = "(last_status != null)";

/// Has the requests that conditions ask about set the variable; says whether a condition may be asked
/// before there was any request.
pub(super) fn tell(steps: &mut Vec<Step>) -> bool {
    within(steps, false)
}

/// Goes from the end to the start: `asked` says whether what follows asks about the request before.
fn within(steps: &mut Vec<Step>, mut asked: bool) -> bool {
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        match steps.get_mut(at) {
            Some(Step::Task(task)) if asked => {
                mark(task);
                steps.insert(at, Step::simple("set", json!({STATUS: null})));
                asked = false;
            }
            Some(Step::Block(block)) => {
                let asks = block.head.values().any(mentions);
                // What is done again is asked about by the condition of its next round.
                let is_again = asks && block.head.contains_key("while");
                let mut before = asks;
                for (_, list) in &mut block.lists {
                    before |= within(list, asked || is_again);
                }
                asked |= before;
            }
            _ => {}
        }
    }
    asked
}

fn mentions(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(EXPRESSION))
}

fn mark(task: &mut Task) {
    task.extract.push(json!({"var": STATUS, "from": "status_code"}));
}
