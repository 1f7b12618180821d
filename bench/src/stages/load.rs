//! From the bytes of a `.ldb` to a program that can run.

use std::hint::black_box;

use anyhow::{Context, Result};
use ld_compiler::Source;
use ld_runtime::Sources;
use ld_vm::{format, verify};

use super::machine::{compiled, link, plan};
use super::{Call, Stage};
use crate::big_plan::{TASKS, big_plan};

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "load/post",
        doc: "reads, verifies and links the program of the POST of the comparison",
        prepare: linked,
    },
    Stage {
        name: "load/big",
        doc: "reads and verifies the program of 10 000 tasks",
        prepare: verified,
    },
];

fn linked() -> Result<Call> {
    let program = compiled(&plan("post.json")?)?;
    let sources = Sources::load(&program, &|_, _| None).unwrap_or_default();
    let bytes = format::write(&program);
    Ok(Box::new(move || {
        let program = format::read(black_box(&bytes));
        let _ = black_box(program.map(|program| link(program, &sources)));
    }))
}

fn verified() -> Result<Call> {
    let bytes = format::write(&compiled(&Source::new("big.json", big_plan(TASKS)))?);
    verify::verify(&format::read(&bytes).context("reading")?).context("verifying")?;
    Ok(Box::new(move || {
        let program = format::read(black_box(&bytes));
        let _ = black_box(program.map(|program| verify::verify(&program)));
    }))
}
