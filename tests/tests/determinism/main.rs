//! The same plan, seed and replies give the same bytes and samples, whether the program is
//! optimised or not; another seed gives others. So it is with the plans of all cases, and with
//! random ones.
#![cfg(test)]

mod alike;
mod generated;
mod wire;

use ld_tests::plans;
use ld_vm::format;

use alike::{Outcomes, Played, Ready, difference};
use ld_tests::script::Event;

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let mut varied = 0;
    for plan in plans::all().unwrap() {
        let ready = Ready::new(&plan, true);
        let written = format::read(&format::write(ready.linked.program())).unwrap();
        assert_eq!(&written, ready.linked.program());
        for run in ready.runs() {
            let played = ready.play(run, 3, 42);
            assert_eq!(played, ready.play(run, 3, 42), "{}", plan.display());
            assert_eq!(played, Ready::new(&plan, true).play(run, 3, 42), "{}", plan.display());
            varied += u32::from(bytes(&played) != bytes(&ready.play(run, 3, 43)));
            varied += u32::from(bytes(&played) != bytes(&ready.play(run, 4, 42)));
        }
    }
    assert!(varied >= 10, "plans with random values send others for another seed or user");
}

fn bytes(played: &Played) -> Vec<&Vec<Vec<u8>>> {
    let sent = played.events.iter().filter_map(|event| match event {
        Event::Request(sent) => Some(&sent.parts),
        _ => None,
    });
    sent.collect()
}

#[test]
fn both_forms_of_a_program_behave_alike() {
    let mut outcomes = Outcomes::default();
    for plan in plans::all().unwrap() {
        let (optimised, plain) = (Ready::new(&plan, true), Ready::new(&plan, false));
        match difference(&optimised, &plain, 20) {
            Ok(others) => outcomes.add(&others),
            Err(difference) => panic!("{}: {difference}", plan.display()),
        }
    }
    let Outcomes { ok, failed, unresolved } = outcomes;
    assert!(ok > 1000 && failed > 1000 && unresolved > 100, "all kinds of outcomes are met");
}
