//! Random plans: both forms of their programs behave alike, and a listing put together again
//! is the program it was made of.

use std::path::PathBuf;

use ld_compiler::{Options, Severity, Source, compile, listing};
use ld_tests::cases;
use ld_tests::generate::{plan, shrink};
use ld_tests::plans::{Folder, bare};
use ld_vm::assemble::assemble;
use ld_vm::{Program, format};
use serde_json::Value;

use crate::alike::{Outcomes, Ready, difference};

/// How many plans each test makes up.
const PLANS: u64 = 300;

fn folder() -> PathBuf {
    cases::folder("compile")
}

/// The program of a plan; the error is what the compiler says.
fn program(plan: &Value, optimise: bool) -> Result<Program, String> {
    let text = serde_json::to_string_pretty(plan).unwrap();
    let files = Folder(folder());
    let options = Options { optimise, files: &files, ..Options::new() };
    let compiled = compile(&Source::new("generated.json", text), &options);
    let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let errors: Vec<_> = errors.map(|error| format!("{} {}", error.code, error.message)).collect();
    compiled.program.ok_or_else(|| errors.join("; "))
}

/// Tries `holds` on plans and stops with the smallest one found for which it does not.
fn for_all(mut holds: impl FnMut(&Value) -> Result<(), String>) {
    for seed in 0..PLANS {
        let plan = plan(seed);
        let text = |plan| serde_json::to_string_pretty(plan).unwrap();
        if let Err(why) = program(&plan, true) {
            panic!("seed {seed} gives no valid plan: {why}\n{}", text(&plan));
        }
        if let Err(why) = holds(&plan) {
            let fails = |plan: &Value| program(plan, true).is_ok() && holds(plan).is_err();
            let small = shrink(plan, fails);
            let why = holds(&small).err().unwrap_or(why);
            panic!("seed {seed}: {why}\n{}", text(&small));
        }
    }
}

#[test]
fn random_plans_behave_alike_in_both_forms() {
    let mut outcomes = Outcomes::default();
    for_all(|plan| {
        let optimised = Ready::of(program(plan, true)?, &folder());
        let plain = Ready::of(program(plan, false)?, &folder());
        outcomes.add(&difference(&optimised, &plain, 2)?);
        Ok(())
    });
    let Outcomes { ok, failed, unresolved } = outcomes;
    assert!(ok > 1000 && failed > 1000 && unresolved > 100, "{ok} {failed} {unresolved}");
}

#[test]
fn programs_of_random_plans_survive_their_listing_and_their_bytes() {
    for_all(|plan| {
        for optimise in [true, false] {
            let program = program(plan, optimise)?;
            let bytes = format::write(&program);
            if format::read(&bytes).as_ref() != Ok(&program) {
                return Err("its bytes read back as another program".to_owned());
            }
            let text = listing(&program);
            let again = assemble(&text).map_err(|error| format!("{error}\n{text}"))?;
            if bare(&listing(&again)) != bare(&text) {
                return Err(format!("assembled it is another program:\n{text}"));
            }
        }
        Ok(())
    });
}

#[test]
fn a_plan_that_is_shrunk_keeps_what_matters() {
    let needle = "task 2";
    let holds = |plan: &Value| plan.to_string().contains(needle);
    let small = shrink(plan(3), holds);
    assert!(holds(&small));
    assert!(small.to_string().len() < 100, "{small}");
}
