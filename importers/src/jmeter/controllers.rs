//! Logic controllers as blocks.

use serde_json::{Map, Value, json};

use super::condition::{self, condition};
use super::reader::Reader;
use super::steps::{Scope, as_one, choice};
use super::tree::{Element, Prop};
use super::{foreach, processors, timers};
use crate::draft::{Block, Step};

/// The rounds of a loop without end; the run ends it.
const ENDLESS: u32 = 1_000_000_000;

/// The steps of a controller.
pub(super) fn steps<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    outer: &Scope<'e>,
) -> Vec<Step> {
    // What is run only where a module names it.
    if element.class == "TestFragmentController" {
        let what = format!("the fragment `{}`", element.name);
        reader.remark(&what, "it is in the plan where a module or include controller names it");
        return Vec::new();
    }
    let scope = &outer.inside(element);
    reader.keep();
    match element.class.as_str() {
        "GenericController" | "RecordingController" => named(reader, element, scope),
        "TransactionController" => named(reader, element, scope),
        "ModuleController" | "IncludeController" => reader.inside(element, scope),
        "CriticalSectionController" => {
            reader.approximate("critical section", "users do not wait for each other");
            named(reader, element, scope)
        }
        "LoopController" => counted(reader, element, scope),
        "WhileController" => while_loop(reader, element, scope),
        "IfController" => if_block(reader, element, scope),
        "OnceOnlyController" => list(reader, element, scope, "once"),
        "InterleaveControl" => one_of(reader, element, scope, "interleave"),
        "RandomController" => one_of(reader, element, scope, "random"),
        "RandomOrderController" => {
            reader.approximate("random order", "the steps are done in the order of the source");
            named(reader, element, scope)
        }
        "WeightedSwitchController" => weighted(reader, element, scope),
        "ThroughputController" => share(reader, element, scope),
        "SwitchController" => switch(reader, element, scope),
        "ForeachController" => foreach::steps(reader, element, scope),
        "RunTime" => run_time(reader, element, scope),
        "ParallelSampler" => parallel(reader, element, scope),
        "ParameterizedController" => {
            let mut steps = Vec::new();
            if let Some(arguments) = element.element("Arguments") {
                let mut set = Map::new();
                for argument in arguments.elements("Arguments.arguments") {
                    let value = reader.text(argument.text("Argument.value"));
                    set.insert(reader.name(argument.text("Argument.name")), json!(value));
                }
                steps.extend(reader.take_before());
                steps.push(Step::simple("set", Value::Object(set)));
            }
            steps.extend(reader.inside(element, scope));
            steps
        }
        other => {
            reader.drop(
                other,
                "this controller is not known; its steps are done one after the other",
            );
            let mut steps = vec![Step::todo(
                &format!("control these steps as {other} does"),
                &processors::script_of(element),
            )];
            steps.extend(named(reader, element, scope));
            steps
        }
    }
}

/// The steps as a group of the element's name.
fn named<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let steps = reader.inside(element, scope);
    if steps.is_empty() || element.name.trim().is_empty() {
        return steps;
    }
    vec![Step::group(&element.name.replace("${", "$"), steps)]
}

fn list<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    scope: &Scope<'e>,
    key: &'static str,
) -> Vec<Step> {
    let steps = reader.inside(element, scope);
    if steps.is_empty() { steps } else { vec![block(key, steps)] }
}

/// A block whose value is its list of steps.
fn block(key: &'static str, steps: Vec<Step>) -> Step {
    Step::Block(Block { head: Map::new(), lists: vec![(key, steps)] })
}

/// Each child is one of the steps that are chosen from.
fn one_of<'e>(
    reader: &mut Reader<'_>,
    element: &'e Element,
    scope: &Scope<'e>,
    key: &'static str,
) -> Vec<Step> {
    let mut steps = reader.each_time(element);
    let children = reader.children(element, scope);
    if children.is_empty() {
        return steps;
    }
    let has_blocks =
        children.iter().any(|(child, _)| !child.live().all(|below| below.children.is_empty()));
    if element.text("InterleaveControl.style") == "0" && has_blocks {
        let why = "the steps of a controller below are done together, not one each time";
        reader.approximate("ignored sub-controllers", why);
    }
    if element.flag("InterleaveControl.accrossThreads", false) {
        reader
            .approximate("interleaving across threads", "each user takes them in turn for itself");
    }
    let options = children.into_iter().map(|(child, steps)| as_one(&child.name, steps)).collect();
    steps.push(block(key, options));
    steps
}

fn counted<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let index = loop_index(reader, element);
    let mut inside = reader.inside(element, scope);
    if let Some((name, _)) = &index {
        inside.push(Step::simple("set", json!({name: {"expr": format!("{name} + 1")}})));
    }
    let loops = element.text("LoopController.loops").trim();
    let is_endless = loops == "-1"
        || (loops.is_empty() && element.flag("LoopController.continue_forever", false));
    if inside.is_empty() {
        return inside;
    }
    let mut steps: Vec<Step> = index.map(|(_, start)| start).into_iter().collect();
    if is_endless {
        steps.push(while_block("true".to_owned(), inside));
        return steps;
    }
    let count = match reader.text(loops) {
        text if text.contains("${") => Value::String(text),
        text => json!(text.trim().parse::<u64>().unwrap_or(0)),
    };
    steps.extend(reader.take_before());
    steps.push(Step::block("repeat", count, inside));
    steps
}

/// The variable that counts the rounds of a loop, from 0, when some text reads it.
pub(super) fn loop_index(reader: &mut Reader<'_>, element: &Element) -> Option<(String, Step)> {
    let key = format!("__jm__{}__idx", element.name);
    if !reader.used.contains(&key) {
        return None;
    }
    let name = reader.name(&key);
    let start = Step::simple("set", json!({name.as_str(): 0}));
    Some((name, start))
}

fn while_block(condition: String, steps: Vec<Step>) -> Step {
    let mut head = Map::new();
    head.insert("while".to_owned(), json!(condition));
    head.insert("max_iterations".to_owned(), json!(ENDLESS));
    Step::Block(Block { head, lists: vec![("tasks", steps)] })
}

fn while_loop<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let text = element.text("WhileController.condition").trim();
    let index = loop_index(reader, element);
    let mut inside = reader.inside(element, scope);
    if let Some((name, _)) = &index {
        inside.push(Step::simple("set", json!({name: {"expr": format!("{name} + 1")}})));
    }
    let mut steps: Vec<Step> = index.map(|(_, start)| start).into_iter().collect();
    // A lone variable goes on until it is `false`.
    let known = match super::text::parse(text).as_slice() {
        [] | [super::text::Part::Text(_)] if matches!(text, "" | "LAST") => None,
        [super::text::Part::Text(text)] => {
            Some((!text.trim().eq_ignore_ascii_case("false")).to_string())
        }
        [super::text::Part::Variable(name)] => {
            let variable = reader.variable(name);
            Some(format!("lower({}) != 'false'", condition::operand(&variable)))
        }
        _ => condition(reader, text, false),
    };
    // What the condition is made of is computed before each round.
    let before = reader.take_before();
    inside.extend(before.clone());
    steps.extend(before);
    match known {
        Some(condition) => steps.push(while_block(condition, inside)),
        None => {
            let what = format!("while `{text}`");
            let why = "this condition has to be written by hand; the steps are done once";
            reader.drop(&what, why);
            steps.push(Step::todo("do the steps that follow while this holds", text));
            steps.push(Step::group(&element.name.replace("${", "$"), inside));
        }
    }
    steps
}

fn if_block<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let text = element.text("IfController.condition").trim();
    let is_script = !element.flag("IfController.useExpression", false);
    let known = condition(reader, text, is_script);
    let mut steps = reader.take_before();
    let inside = reader.inside(element, scope);
    if inside.is_empty() {
        return Vec::new();
    }
    match known {
        Some(condition) => steps.push(choice("if", &condition, inside, Vec::new())),
        None => {
            let what = format!("if `{text}`");
            reader.drop(&what, "this condition has to be written by hand; it never holds");
            steps.push(Step::todo("do the steps that follow only if this holds", text));
            steps.push(choice("if", "false", inside, Vec::new()));
        }
    }
    steps
}

/// One of the children, by weights.
fn weighted<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let weights: Vec<(String, f64)> = element
        .list("WeightedSwitchController")
        .iter()
        .chain(element.list("weights"))
        .filter_map(|(_, row)| {
            let mut cells = row.as_list().iter().filter_map(|(_, cell)| cell.as_text());
            let name = cells.next()?.to_owned();
            Some((name, reader.number(cells.next()?)?))
        })
        .collect();
    let mut steps = reader.each_time(element);
    let children = reader.children(element, scope);
    let weight = |name: &str| {
        weights.iter().find(|(known, _)| known == name).map_or(0.0, |(_, weight)| weight.max(0.0))
    };
    let all: f64 = children.iter().map(|(child, _)| weight(&child.name)).sum();
    if all <= 0.0 {
        reader.drop("weights", "none of the steps has one");
        return steps;
    }
    let branches =
        children.into_iter().map(|(child, steps)| (weight(&child.name) / all * 100.0, steps));
    steps.push(pick(branches.collect()));
    steps
}

/// One of several lists of steps, by percents.
fn pick(branches: Vec<(f64, Vec<Step>)>) -> Step {
    let mut lists = Vec::new();
    for (percent, steps) in branches {
        let mut head = Map::new();
        // What is left of rounding must not be more than all.
        let percent = (percent * 1e4).floor() / 1e4;
        head.insert("percent".to_owned(), timers::seconds(percent));
        lists.push(Step::Block(Block { head, lists: vec![("tasks", steps)] }));
    }
    block("pick", lists)
}

/// Some of the times: a share, or so often in all.
fn share<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let inside = reader.inside(element, scope);
    if inside.is_empty() {
        return inside;
    }
    let percent = element.text("ThroughputController.style") == "1";
    let (key, fallback) = if percent {
        ("ThroughputController.percentThroughput", "FloatProperty")
    } else {
        ("ThroughputController.maxThroughput", "ThroughputController.maxThroughput")
    };
    let text = match element.props.get(key) {
        Some(Prop::Element(inner)) => inner.text(fallback),
        _ => element.text(key),
    };
    // A number that is no text is kept in a property of its own.
    let Some(number) = reader.number(text).or_else(|| reader.number(element.text(fallback))) else {
        reader.drop(&format!("throughput `{text}`"), "it cannot be told before the run");
        return vec![Step::group(&element.name.replace("${", "$"), inside)];
    };
    if percent {
        return vec![pick(vec![(number.clamp(0.0, 100.0), inside)])];
    }
    let per_user = element.flag("ThroughputController.perThread", false);
    let function = if per_user { "counter" } else { "run_counter" };
    let counter = reader.fresh("times");
    let condition = format!("{function}('{counter}') <= {}", timers::seconds(number));
    vec![choice("if", &condition, inside, Vec::new())]
}

/// The child of a number or name.
fn switch<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let mut steps = reader.each_time(element);
    let children = reader.children(element, scope);
    let value = element.text("SwitchController.value").trim();
    let numbers: Vec<usize> = children
        .iter()
        .filter_map(|(child, _)| {
            let mut controls = element.live().filter(|child| {
                matches!(child.role(), super::role::Role::Sampler | super::role::Role::Controller)
            });
            controls.position(|other| std::ptr::eq(other, *child))
        })
        .collect();
    let default = children.iter().position(|(child, _)| child.name.eq_ignore_ascii_case("default"));
    if let Some(value) = reader.constant(value) {
        let value = value.trim();
        let by_number = match value {
            "" => Some(0),
            value => value.parse::<usize>().ok(),
        };
        let chosen = match by_number {
            Some(number) => numbers.iter().position(|known| *known == number).or(Some(0)),
            None => children.iter().position(|(child, _)| child.name == value).or(default),
        };
        let mut rest = children.into_iter();
        if let Some((_, chosen)) = chosen.and_then(|chosen| rest.nth(chosen)) {
            steps.extend(chosen);
        }
        reader.remark(&format!("switch `{value}`"), "the others are never chosen, and left out");
        return steps;
    }
    let text = reader.text(value);
    steps.extend(reader.take_before());
    let Some(value) = condition::quoted(&text) else { return steps };
    let chosen = reader.fresh("chosen");
    steps.push(Step::simple("set", json!({chosen.as_str(): text})));
    let _ = value;
    let mut otherwise: Vec<Step> = Vec::new();
    // Without a child of the name nothing is done, unless one is the default; a number that is too
    // high is the first.
    for ((child, inside), number) in children.into_iter().zip(numbers).rev() {
        let Some(name) = condition::quoted(&child.name) else { continue };
        let condition = if child.name.eq_ignore_ascii_case("default") {
            otherwise = if otherwise.is_empty() { inside } else { otherwise };
            continue;
        } else if number == 0 {
            format!("{chosen} == {name} or {chosen} == 0 or {chosen} == ''")
        } else {
            format!("{chosen} == {name} or {chosen} == {number}")
        };
        otherwise = vec![choice("if", &condition, inside, otherwise)];
    }
    steps.extend(otherwise);
    steps
}

/// For so many seconds.
fn run_time<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let inside = reader.inside(element, scope);
    if inside.is_empty() {
        return inside;
    }
    let text = element.text("RunTime.seconds");
    let Some(seconds) = reader.number(text) else {
        reader.drop(&format!("run time `{text}`"), "it cannot be told before the run");
        return inside;
    };
    let until = reader.fresh("until");
    let expression = format!("timestamp_ms() + {}", timers::seconds(seconds * 1000.0));
    vec![
        Step::simple("set", json!({until.as_str(): {"expr": expression}})),
        while_block(format!("timestamp_ms() < {until}"), inside),
    ]
}

/// Requests that are sent at once.
fn parallel<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Vec<Step> {
    let steps = reader.inside(element, scope);
    let (mut before, mut tasks) = (Vec::new(), Vec::new());
    let mut is_simple = true;
    for step in steps {
        match step {
            Step::Task(_) => tasks.push(step),
            Step::Block(block) if block.lists.is_empty() => before.push(Step::Block(block)),
            Step::Block(block) => {
                is_simple = false;
                tasks.push(Step::Block(block));
            }
        }
    }
    if tasks.is_empty() {
        return before;
    }
    if is_simple {
        before.push(block("parallel", tasks));
    } else {
        let why = "only requests can be made at once; these steps are done one after the other";
        reader.approximate("parallel controllers", why);
        before.extend(tasks);
    }
    before
}
