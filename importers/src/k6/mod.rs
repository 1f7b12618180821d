//! k6 scripts: a real parser, and an evaluator that runs what can be decided when the plan is made.
//!
//! A script is run once for each kind of user, with values that are constants, things that are known
//! when the plan runs (`Code`), parts of replies, or unknown. Requests become tasks in the order in which the
//! script makes them; functions are inlined; a condition on something that only the plan knows becomes a
//! block. What cannot be decided becomes a `todo` block with its source text.

mod assignments;
mod attempts;
mod branches;
mod calls;
mod changes;
mod checks;
mod code;
mod collections;
mod construct;
mod data;
mod dates;
mod digests;
mod environment;
mod exits;
mod expressions;
mod files;
mod gates;
mod grpc;
mod hoist;
mod http;
mod jar;
mod lists;
mod load;
mod loops;
mod machine;
mod members;
mod modules;
mod names;
mod natives;
mod openings;
mod operators;
mod pause;
mod promises;
mod queries;
mod redis;
mod render;
mod reply;
mod scope;
mod socket;
mod sql;
mod statements;
mod switches;
mod texts;
mod typescript;
mod url;
mod value;

use std::collections::HashSet;

use oxc_allocator::Allocator;
use serde_json::{Map, Value as Json, json};

use self::machine::{Machine, Node};
use self::value::{Made, Value};
use crate::draft::{Draft, Scenario, Step};
use crate::notes::Notes;
use crate::options::Options;
use crate::source::{Failure, Source};

/// The evaluator follows the nesting of a script with its own.
const STACK_BYTES: usize = 512 << 20;

/// Whether a text is a script for k6.
pub(crate) fn detect(source: &Source) -> bool {
    let text = &source.text;
    ["'k6", "\"k6"].iter().any(|quoted| {
        text.match_indices(quoted).any(|(at, _)| {
            let line = text.get(..at).and_then(|before| before.lines().last()).unwrap_or_default();
            let before = line.trim_end();
            before.ends_with("from") || before.ends_with("require(") || before.ends_with("import")
        })
    })
}

/// What the script does, as a draft.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let Some((script, others)) = sources.split_first() else {
        return Err(Failure::new("", "there is no script"));
    };
    for other in others {
        let why = "one script makes one plan; import it by itself";
        notes.drop(&other.name, "script", why);
    }
    std::thread::scope(|threads| {
        let worker = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(threads, || evaluate(script, options, notes));
        let failed = |_| Failure::new(&script.name, "the script could not be evaluated");
        match worker {
            Ok(worker) => worker.join().map_err(|_| ()).map_err(failed)?,
            Err(_) => Err(failed(())),
        }
    })
}

/// Evaluates the script, and once more when it has found names whose values last longer than an
/// iteration: these are variables of the plan from the start.
fn evaluate(source: &Source, options: &Options, notes: &mut Notes) -> Result<Draft, Failure> {
    let mut lasting = HashSet::new();
    for _ in 0..3 {
        let before = notes.clone();
        let (draft, found) = evaluate_with(source, options, notes, lasting.clone())?;
        if found.is_empty() {
            return Ok(draft);
        }
        *notes = before;
        lasting.extend(found);
    }
    let (draft, found) = evaluate_with(source, options, notes, lasting)?;
    for name in found {
        notes.drop(&source.name, &name, changes::KEPT_ON);
    }
    Ok(draft)
}

fn evaluate_with(
    source: &Source,
    options: &Options,
    notes: &mut Notes,
    lasting: HashSet<String>,
) -> Result<(Draft, HashSet<String>), Failure> {
    let arena = Allocator::default();
    let mut machine = Machine::new(&arena, source, options, notes);
    machine.lasting = lasting;
    let module = machine.load_module(&source.name, &source.text, "")?;
    machine.text = arena.alloc_str(&source.text);
    machine.loading = false;
    machine.loaded = Made::default();
    let exports = module.exports.borrow().clone();
    let exported = |name: &str| {
        exports.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    if exported("handleSummary").is_some() {
        let why = "`ldvm run` writes reports itself";
        machine.notes.remark(&source.name, "handleSummary", why);
    }
    let settings = exported("options").unwrap_or(Value::Undefined);
    let (wanted, mut run) = machine.load(&settings);

    let data = match exported("setup") {
        Some(setup) => machine.run(&setup, Vec::new()),
        None => Value::Undefined,
    };
    let setup = std::mem::take(&mut machine.steps);
    let mut scenarios = Vec::new();
    // Users of several kinds have variables of their own.
    let taken = machine.taken.clone();
    for wanted in wanted {
        let Some(function) = exported(&wanted.exec) else {
            let why = format!("the script exports no function `{}`", wanted.exec);
            machine.notes.drop_request(&source.name, &wanted.name, &why);
            continue;
        };
        machine.of_scenario = wanted.environment;
        machine.scenario.clone_from(&wanted.name);
        machine.taken = taken.clone();
        machine.cookies.clear();
        machine.run(&function, vec![data.clone()]);
        let steps = std::mem::take(&mut machine.steps);
        scenarios.push((wanted.name, wanted.arguments, steps));
    }
    if let Some(teardown) = exported("teardown") {
        machine.run(&teardown, vec![data]);
    }
    let teardown = std::mem::take(&mut machine.steps);
    machine.everywhere(&settings);

    let gates = machine.gates(&settings.member("thresholds").unwrap_or(Value::Undefined));
    if !gates.is_empty() {
        run.insert("gates".to_owned(), Json::Array(gates));
    }
    let found = std::mem::take(&mut machine.found_lasting);
    // Each iteration begins without the cookies of the one before.
    let forgets = settings.member("noCookiesReset").and_then(|keeps| keeps.truth()) != Some(true);
    Ok((draft(&machine, run, &setup, scenarios, &teardown, forgets), found))
}

fn draft(
    machine: &Machine<'_, '_>,
    mut run: Map<String, Json>,
    setup: &[Node],
    scenarios: Vec<(String, Map<String, Json>, Vec<Node>)>,
    teardown: &[Node],
    forgets: bool,
) -> Draft {
    let mut draft = Draft {
        setup: machine.finished(setup),
        teardown: machine.finished(teardown),
        ..Draft::default()
    };
    let on_start = machine.finished(&machine.of_user);
    for (name, arguments, steps) in scenarios {
        let steps = machine.finished(&steps);
        let mut scenario = Scenario { name, ..Scenario::default() };
        let of_draft = Draft::of_steps(steps.clone());
        let said = format!("{steps:?}");
        scenario.steps = steps;
        let is_repeated = arguments.get("iterations") != Some(&json!(1));
        if forgets && is_repeated && of_draft.has_http() {
            scenario.steps.insert(0, Step::simple("clear_cookies", true));
        }
        scenario.on_start = on_start.iter().filter(|step| is_used(step, &said)).cloned().collect();
        scenario.arguments = arguments;
        draft.scenarios.push(scenario);
    }
    // What only the options asked for, with the environment's say, is not needed any more.
    let said = format!("{draft:?} {run:?}");
    let before = machine.finished(&machine.setup);
    let before: Vec<Step> = before.into_iter().filter(|step| is_used(step, &said)).collect();
    draft.setup.splice(0..0, before);
    let said = format!("{draft:?}");
    draft.variables = machine
        .variables
        .iter()
        .filter(|(name, _)| mentions(&said, name))
        .map(|(name, value)| (name.clone(), machine::escaped(value)))
        .collect();
    let sources: Vec<Json> = machine
        .sources
        .iter()
        .filter(|(name, ..)| said.contains(&format!("data.{name}.")))
        .map(|(name, file, mode)| {
            json!({"name": name, "file_path": file.path, "format": file.format, "mode": mode})
        })
        .collect();
    if !sources.is_empty() {
        run.insert("data_sources".to_owned(), Json::Array(sources));
    }
    draft.run = run;
    draft.for_each_task(grpc::settle);
    without_vain_extracts(&mut draft);
    draft
}

/// Leaves out what is extracted and then asked for by nothing that became a step.
fn without_vain_extracts(draft: &mut Draft) {
    let mut others = draft.clone();
    others.for_each_task(|task| task.extract.clear());
    let said = format!("{others:?}");
    let any_status = json!({"type": "status_code", "op": "lt", "value": 600});
    draft.for_each_task(|task| {
        let before = task.extract.len();
        task.extract.retain(|extract| {
            extract.get("var").and_then(Json::as_str).is_some_and(|name| mentions(&said, name))
        });
        let has_status =
            task.extract.iter().any(|extract| extract.get("from") == Some(&json!("status_code")));
        if task.extract.len() < before && !has_status {
            task.assertions.retain(|check| *check != any_status);
        }
    });
}

/// Whether a text has this word in it.
fn mentions(text: &str, word: &str) -> bool {
    let is_part = |char: Option<char>| char.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        !is_part(before) && !is_part(after)
    })
}

/// Whether something else mentions a variable that a step sets.
fn is_used(step: &Step, said: &str) -> bool {
    let Step::Block(block) = step else { return true };
    match block.head.get("set").and_then(Json::as_object) {
        Some(set) => set.keys().any(|name| mentions(said, name)),
        None => true,
    }
}

/// Whether steps make requests or are to be written.
fn sends(steps: &[Node]) -> bool {
    steps.iter().any(|step| match step {
        Node::Request(_) => true,
        Node::Block { head, lists } => {
            ["todo", "pause", "stop_run"].iter().any(|key| head.contains_key(*key))
                || lists.iter().any(|(_, steps)| sends(steps))
        }
        Node::Take(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn imported(text: &str) -> Result<Draft, Failure> {
        let source = Source::new("script.js", text.as_bytes(), Path::new("")).unwrap();
        read(&[source], &Options::default(), &mut Notes::default())
    }

    const SCRIPT: &str = include_str!("../../../tests/cases/importers/k6/own-flow.js");

    #[test]
    fn scripts_are_known_by_what_they_import() {
        let known =
            |text: &str| detect(&Source::new("x.js", text.as_bytes(), Path::new("")).unwrap());
        assert!(known("import http from 'k6/http';"));
        assert!(known("const http = require(\"k6/http\");"));
        assert!(!known("curl http://a.example/'k6"));
        assert!(!known("{\"name\": \"k6\"}"));
    }

    #[test]
    fn scripts_that_are_cut_or_damaged_end_with_a_draft_or_an_error() {
        for end in (0..SCRIPT.len()).step_by(29) {
            let _ = imported(SCRIPT.get(..end).unwrap_or_default());
        }
        for at in (0..SCRIPT.len()).step_by(37) {
            let mut bytes = SCRIPT.as_bytes().to_vec();
            bytes[at] = b"({[`'=;.0"[at % 9];
            let _ = imported(&String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn what_never_ends_or_is_nested_too_deep_is_bounded() {
        for text in [
            "export default function f() { f(); }",
            "export default function () { for (;;) {} }",
            "export default function () { let a = ''; while (true) { a += a + 'x'; } }",
            "export default () => [1, 2].map(function g(x) { return [x, x].map(g); });",
            "const a = []; a.push(a); export default () => JSON.stringify(a);",
        ] {
            let _ = imported(&format!("import http from 'k6/http';\n{text}"));
        }
        let deep = format!("export default () => {}1{};", "(".repeat(50_000), ")".repeat(50_000));
        assert!(imported(&deep).unwrap_err().message.contains("nested too deep"));
        let long = format!("export default () => 1{};", "+1".repeat(20_000));
        let _ = imported(&long);
    }

    #[test]
    fn what_is_no_script_is_an_error_with_its_line() {
        let failure =
            imported("import http from 'k6/http';\nexport default function ( {").unwrap_err();
        assert_eq!(failure.place, "script.js:2");
    }

    /// The draft and the notes of a script with this default function, as texts.
    fn told(body: &str) -> (String, String) {
        let text = format!(
            "import http from 'k6/http';\nimport {{ check, fail }} from 'k6';\nlet count = 0; const list = [];\n\
             export default function () {{\nconst r = http.get('http://a.example/r');\n{body}\n}}"
        );
        let source = Source::new("script.js", text.as_bytes(), Path::new("")).unwrap();
        let mut notes = Notes::default();
        let draft = read(&[source], &Options::default(), &mut notes).unwrap();
        (format!("{:?}", draft.scenarios), format!("{:?}", notes.list()))
    }

    #[test]
    fn what_a_plan_cannot_do_is_noted() {
        for (body, why) in [
            (
                "const h = {}; if (r.json('a')) h.X = '1'; http.get('http://a.example/', {headers: h});",
                "changed on a condition",
            ),
            (
                "const l = [1]; if (r.json('a')) l.push(2); l.forEach(i => http.get('http://a.example/' + i));",
                "changed on a condition",
            ),
            (
                "try { r.json('a'); } catch (e) { http.get('http://a.example/never'); }",
                "would throw",
            ),
            ("parseInt(r.json('a'), 16);", "cannot be computed"),
            ("const s = new Set(r.json('a'));", "is not known"),
            (
                "if (r.json('a')) http.cookieJar().set('http://a.example', 'a', 'b');",
                "on a condition",
            ),
            ("http.cookieJar().delete('http://a.example', 'a');", "that the server set"),
            ("http.cookieJar().clear('http://a.example');", "of all hosts"),
            ("new Uint8Array([1, 2]);", "is not known"),
            ("r.submitForm({});", "that the page says"),
            ("r.html('li').each((i, e) => e.text());", "not followed"),
            ("const c = {a: 1, b: 2}[__ENV.WHICH || 'a'];", "says nothing"),
            (
                "http.post('http://a.example/', JSON.stringify(r.json('l').map(x => x.a + '!')));",
                "is not known",
            ),
            (
                "check(r.timings.duration, {fast: d => d < 5}) || fail('slow'); r.json('a');",
                "goes on in any case",
            ),
            (
                "(async () => { http.get('http://a.example/1'); await null; http.get('http://a.example/2'); })();",
                "nobody waits",
            ),
            ("outer: { break outer; }", "is no loop"),
            ("list.push(1);", "from one iteration to the next"),
            ("const f = function () {}; f.toString();", "method of a function"),
        ] {
            let (_, notes) = told(body);
            assert!(notes.contains(why), "{body}: {notes}");
        }
    }

    #[test]
    fn many_conditions_do_not_make_blocks_deeper_than_a_plan_may_have() {
        let body = "if (r.json('a') === 1) return;\nhttp.get('http://a.example/');\n".repeat(300);
        let (draft, notes) = told(&body);
        assert!(draft.matches("Block(").count() < 400, "{}", draft.len());
        assert!(notes.contains("too many conditions"), "{notes}");
    }
}
