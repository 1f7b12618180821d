//! Test plans of JMeter, 2.x to 5.x, and of its common plugins.

mod arguments;
mod assertions;
mod condition;
mod config;
mod controllers;
mod expand;
mod extractors;
mod foreach;
mod functions;
mod groovy;
mod http;
mod jdbc;
mod load;
mod managers;
mod outcome;
mod processors;
mod profile;
mod reader;
mod rewriting;
mod role;
mod rows;
mod samplers;
mod sockets;
mod steps;
mod text;
mod time_format;
mod timers;
mod tree;

use serde_json::{Value, json};

use crate::draft::{Block, Draft, Scenario, Step};
use crate::notes::Notes;
use crate::options::Options;
use crate::source::{Failure, Source};

use self::load::Load;
use self::reader::Reader;
use self::rewriting::Rewriting;
use self::role::Role;
use self::steps::Scope;
use self::tree::Element;

/// Whether a text is a test plan.
pub(crate) fn detect(source: &Source) -> bool {
    let start: String = source.text.trim_start().chars().take(4096).collect();
    start.starts_with('<') && start.contains("<jmeterTestPlan")
}

/// The users of all thread groups of the sources.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let mut draft = Draft::default();
    let mut loads = Vec::new();
    for source in sources {
        let mut elements = tree::parse(source)?;
        expand::expand(&mut elements, source, notes);
        let mut reader = Reader::new(source, options, notes);
        test_plan(&mut reader, &elements, &mut draft, &mut loads);
    }
    ends(&mut draft, loads);
    draft.run.insert("wait_time".to_owned(), json!(0));
    Ok(draft)
}

fn test_plan(
    reader: &mut Reader<'_>,
    elements: &[Element],
    draft: &mut Draft,
    loads: &mut Vec<Load>,
) {
    reader.look(elements);
    if let Some(plan) = elements.iter().find(|element| element.class == "TestPlan") {
        reader.plan.clone_from(&plan.name);
        draft.name = Some(plan.name.clone()).filter(|name| !name.trim().is_empty());
        let comments = plan.text("TestPlan.comments").trim();
        draft.description = Some(comments.to_owned()).filter(|comments| !comments.is_empty());
        if let Some(variables) = plan.element("TestPlan.user_defined_variables") {
            reader.at(plan, |reader| config::variables(reader, variables));
        }
        if plan.flag("TestPlan.serialize_threadgroups", false) {
            let why = "scenarios run side by side; give them `start_after`";
            reader.notes.approximate(&reader.place, "thread groups one after the other", why);
        }
    }
    gather(reader, elements, true);
    listeners(reader, elements);
    let of_plan: Vec<&Element> = elements
        .iter()
        .filter(|element| element.enabled)
        .flat_map(|element| match element.class.as_str() {
            "TestPlan" => element.live().collect::<Vec<_>>(),
            _ => vec![element],
        })
        .collect();
    let mut groups: Vec<&Element> = Vec::new();
    for element in elements {
        match element.class.as_str() {
            "TestPlan" => groups.extend(&element.children),
            _ => groups.push(element),
        }
    }
    for group in groups.into_iter().filter(|element| element.role() == Role::Group) {
        if group.enabled {
            reader.at(group, |reader| self::group(reader, group, &of_plan, draft, loads));
        } else {
            reader.at(group, |reader| {
                reader.remark("thread group", "it is switched off, and left out");
            });
        }
    }
    draft.variables.append(&mut reader.variables);
    let mut setup = std::mem::take(&mut reader.setup);
    setup.append(&mut draft.setup);
    draft.setup = setup;
    if !reader.sources.is_empty() {
        let sources = draft.run.entry("csv_sources").or_insert_with(|| json!([]));
        if let Value::Array(all) = sources {
            all.append(&mut reader.sources);
        }
    }
}

/// What holds for the whole test plan wherever it stands: variables, and which of them are lists.
fn gather(reader: &mut Reader<'_>, elements: &[Element], enabled: bool) {
    for element in elements {
        let enabled = enabled && element.enabled;
        if enabled && element.class == "JDBCDataSource" {
            jdbc::pool(reader, element);
        }
        if enabled && element.class == "Arguments" {
            reader.at(element, |reader| config::variables(reader, element));
        }
        if enabled {
            for name in extractors::list_names(element) {
                reader.lists.insert(name);
            }
            element.props.walk(&mut |text| {
                text::split_names(&text::parse(text), &mut |name| {
                    reader.lists.insert(name.to_owned());
                });
            });
        }
        gather(reader, &element.children, enabled);
    }
}

/// One note for all that shows or keeps results, and one for what is no part of a run.
fn listeners(reader: &mut Reader<'_>, elements: &[Element]) {
    let (mut listeners, mut aside) = (0_usize, 0_usize);
    for element in elements {
        element.walk(&mut |element| match element.role() {
            Role::Listener => listeners += 1,
            Role::Aside => aside += 1,
            _ => {}
        });
    }
    let place = reader.source.name.clone();
    if listeners > 0 {
        let what = format!("{listeners} listeners");
        reader.notes.remark(&place, &what, "the summary, `--results` and reports show results");
    }
    if aside > 0 {
        let what = format!("{aside} elements that are no part of a run");
        reader.notes.remark(&place, &what, "recorders, mirrors and the workbench are left out");
    }
}

/// A thread group becomes a scenario, or what is done before or after all of them.
fn group<'e>(
    reader: &mut Reader<'_>,
    group: &'e Element,
    of_plan: &[&'e Element],
    draft: &mut Draft,
    loads: &mut Vec<Load>,
) {
    let mut load = load::of(reader, group);
    // What stands beside thread groups applies in each of them, after what is their own.
    let beside = of_plan.iter().copied().filter(|element| {
        !matches!(element.role(), Role::Group | Role::Sampler | Role::Controller)
    });
    let scope = Scope::default().with(group.live().chain(beside.clone()).collect());
    reader.rewriting = Rewriting::of(group, &scope);
    let mut steps = Vec::new();
    for element in beside {
        steps.extend(config::each_time(reader, element));
    }
    steps.extend(reader.inside(group, &scope));
    if std::mem::take(&mut reader.clears_cookies) {
        steps.insert(0, Step::simple("clear_cookies", true));
    }
    if outcome::tell(&mut steps) {
        // Before the first request all is well.
        reader.set_at_start("last_status", json!(0));
    }
    let at_start = std::mem::take(&mut reader.at_start);
    let on_start: Vec<Step> = at_start
        .into_iter()
        .map(|(name, value)| Step::simple("set", json!({name: value})))
        .chain(reader.take_first_rows())
        .collect();
    match group.class.as_str() {
        "SetupThreadGroup" => draft.setup.extend(once(reader, &load, on_start, steps)),
        "PostThreadGroup" => draft.teardown.extend(once(reader, &load, on_start, steps)),
        _ => {
            let requests = count(&steps);
            if let Some(timer) = shaping_timer(&scope) {
                reader.at(timer, |reader| {
                    profile::shaping(reader, timer, requests, &mut load.arguments);
                });
            }
            let mut name = group.name.trim().replace("${", "$");
            if name.is_empty() {
                "Thread Group".clone_into(&mut name);
            }
            let mut unique = name.clone();
            let mut number = 2;
            while draft.scenarios.iter().any(|known| known.name == unique) {
                unique = format!("{name} {number}");
                number += 1;
            }
            if steps.is_empty() {
                reader.remark("thread group", "nothing is done in it, so it is left out");
                return;
            }
            draft.scenarios.push(Scenario {
                name: unique,
                arguments: load.arguments.clone(),
                on_start,
                steps,
                ..Scenario::default()
            });
            loads.push(load);
        }
    }
}

/// The steps of a group that is run before or after all others, as often as it says.
fn once(reader: &mut Reader<'_>, load: &Load, on_start: Vec<Step>, steps: Vec<Step>) -> Vec<Step> {
    let users = load.arguments.get("user_count").and_then(Value::as_u64).unwrap_or(1);
    if users > 1 {
        let what = format!("{users} threads");
        reader.approximate(&what, "one user does this alone");
    }
    let mut all = on_start;
    match load.loops {
        Some(loops) if loops > 1 => all.push(Step::block("repeat", loops, steps)),
        _ => all.extend(steps),
    }
    all
}

/// The timer that says how many requests there are to be each second.
fn shaping_timer<'e>(scope: &Scope<'e>) -> Option<&'e Element> {
    scope.inner_first("VariableThroughputTimer").next()
}

/// The requests of steps.
fn count(steps: &[Step]) -> usize {
    let count_block =
        |block: &Block| block.lists.iter().map(|(_, steps)| count(steps)).sum::<usize>();
    steps
        .iter()
        .map(|step| match step {
            Step::Task(_) => 1,
            Step::Block(block) => count_block(block),
        })
        .sum()
}

/// When the run ends, and the groups that end before.
fn ends(draft: &mut Draft, mut loads: Vec<Load>) {
    let end = |load: &Load| load.duration.map(|duration| load.delay + duration);
    let latest = loads
        .iter()
        .filter_map(end)
        .fold(None, |latest: Option<f64>, at| Some(latest.map_or(at, |latest| latest.max(at))));
    for load in &mut loads {
        if let (Some(at), Some(latest)) = (end(load), latest)
            && at < latest
        {
            load.end_by_itself();
        }
    }
    let of_itself = |load: &Load| {
        load.loops.is_some()
            || load.arguments.contains_key("load_shape")
            || load.arguments.contains_key("arrival")
    };
    let has_endless = loads.iter().any(|load| load.duration.is_none() && !of_itself(load));
    match latest {
        Some(latest) if !has_endless && loads.iter().all(|load| load.duration.is_some()) => {
            draft.run.insert("test_time".to_owned(), timers::seconds(latest));
        }
        // As long as a minute when nothing says how long it takes.
        _ if has_endless => {}
        _ => {
            draft.run.insert("test_time".to_owned(), Value::Null);
        }
    }
    for (scenario, load) in draft.scenarios.iter_mut().zip(loads) {
        scenario.arguments = load.arguments;
        if let Some(loops) = load.loops {
            scenario.arguments.insert("iterations".to_owned(), json!(loops));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{IMPORTERS, import};

    const PLAN: &str = include_str!("../../../tests/cases/importers/jmeter/own-controllers.jmx");

    fn plan(text: &str) -> Result<Value, String> {
        let source = Source::new("x.jmx", text.as_bytes(), Path::new("")).unwrap();
        let importer = IMPORTERS.iter().find(|importer| importer.name == "jmeter").unwrap();
        import(importer, &[source], &Options::default())
            .map(|imported| imported.plan)
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn entities_are_refused_with_their_line() {
        let text = "\n<!DOCTYPE a [<!ENTITY b SYSTEM \"/etc/passwd\">]>\n<jmeterTestPlan>&b;</jmeterTestPlan>";
        let failure = plan(text).unwrap_err();
        assert!(failure.starts_with("x.jmx:2: document types"), "{failure}");
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let deep =
            |tag: &str| format!("<{tag}>").repeat(50_000) + &format!("</{tag}>").repeat(50_000);
        for inside in [
            deep("hashTree"),
            format!("<hashTree><A>{}</A></hashTree>", deep("collectionProp")),
            format!("<hashTree><A>{}</A></hashTree>", deep("elementProp")),
        ] {
            let failure = plan(&format!("<jmeterTestPlan>{inside}</jmeterTestPlan>")).unwrap_err();
            assert!(failure.contains("deep inside each other"), "{failure}");
        }
    }

    #[test]
    fn modules_that_name_themselves_end() {
        let text = r#"<jmeterTestPlan><hashTree><TestPlan testname="p"/><hashTree>
            <ThreadGroup testname="g"/><hashTree><GenericController testname="c"/><hashTree>
            <HTTPSamplerProxy testname="r"/><hashTree/>
            <ModuleController testname="m"><collectionProp name="ModuleController.node_path">
            <stringProp name="1">p</stringProp><stringProp name="2">g</stringProp>
            <stringProp name="3">c</stringProp></collectionProp></ModuleController><hashTree/>
            </hashTree></hashTree></hashTree></hashTree></jmeterTestPlan>"#;
        assert!(plan(text).unwrap().to_string().contains("modules are inside each other"));
    }

    #[test]
    fn broken_plans_are_refused_or_read_and_nothing_else() {
        let mut random = 1_u32;
        let mut next = |below: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as usize % below
        };
        for round in 0..300 {
            let mut bytes = PLAN.as_bytes().to_vec();
            if round % 2 == 0 {
                bytes.truncate(next(bytes.len()));
            }
            for _ in 0..3 {
                let at = next(bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b"<>&\"'/={}$(),x1 "[next(16)];
                }
            }
            let _ = plan(&String::from_utf8_lossy(&bytes));
        }
    }
}
