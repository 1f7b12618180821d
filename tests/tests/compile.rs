//! What plans compile to: `tests/cases/compile/NAME.json`, the listing of its program in
//! `NAME.lst`, and that of the program without optimisation in `NAME.no-opt.lst`. Warnings
//! stand before the listing.
#![cfg(test)]

use std::fmt::Write as _;
use std::path::Path;

use ld_compiler::{Severity, listing};
use ld_tests::{cases, plans};
use ld_vm::assemble::assemble;
use ld_vm::verify::verify;
use ld_vm::{Program, format};

/// The program of a case with its warnings as lines of comment.
fn compiled(plan: &Path, optimise: bool) -> (Program, String) {
    let (source, compiled) = plans::compile_file(plan, optimise).unwrap();
    let mut warnings = String::new();
    for problem in &compiled.diagnostics {
        let place = source.position(problem.span().map_or(0, |span| span.start));
        let (code, message) = (problem.code, &problem.message);
        assert_eq!(problem.severity, Severity::Warning, "{}: {message}", plan.display());
        writeln!(warnings, "; warning {code} {}:{}: {message}", place.line, place.column).unwrap();
    }
    (compiled.program.unwrap(), warnings)
}

#[test]
fn plans_compile_to_their_listings() {
    let mut wrong = String::new();
    let plans = cases::files(&cases::folder("compile"), "json").unwrap();
    for plan in &plans {
        for (optimise, extension) in [(true, "lst"), (false, "no-opt.lst")] {
            let (program, warnings) = compiled(plan, optimise);
            let text = warnings + &listing(&program);
            if let Err(difference) = cases::compare(&plan.with_extension(extension), &text) {
                wrong.push_str(&difference);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(plans.len() >= 18, "the cases are there");
}

#[test]
fn compiled_programs_verify_and_survive_being_written() {
    for plan in plans::all().unwrap() {
        for optimise in [true, false] {
            let (program, _) = compiled(&plan, optimise);
            assert_eq!(verify(&program), Ok(()), "{}", plan.display());
            let bytes = format::write(&program);
            assert_eq!(format::read(&bytes).as_ref(), Ok(&program), "{}", plan.display());
            let (again, _) = compiled(&plan, optimise);
            assert!(format::write(&again) == bytes, "{} compiles the same", plan.display());
        }
    }
}

#[test]
fn a_listing_can_be_put_together_again() {
    for plan in plans::all().unwrap() {
        for optimise in [true, false] {
            let text = listing(&compiled(&plan, optimise).0);
            let again = assemble(&text).unwrap();
            assert_eq!(plans::bare(&listing(&again)), plans::bare(&text), "{}", plan.display());
        }
    }
}
