//! From the text of a plan to a program.

use std::hint::black_box;

use ld_compiler::Source;

use super::machine::{compiled, plan};
use super::{Call, Stage};
use crate::big_plan::{TASKS, big_plan};

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "compile/post",
        doc: "compiles the POST of the comparison, its data file looked at",
        prepare: || Ok(compile(plan("post.json")?)),
    },
    Stage {
        name: "compile/big",
        doc: "compiles a plan of 10 000 tasks, 5 MB",
        prepare: || Ok(compile(Source::new("big.json", big_plan(TASKS)))),
    },
];

fn compile(source: Source) -> Call {
    Box::new(move || {
        let _ = black_box(compiled(black_box(&source)));
    })
}
