//! A whole tick in the machine: rendering, the checks and extracts of a scripted
//! reply, no socket.

use std::hint::black_box;

use anyhow::{Result, ensure};
use ld_vm::Reply;

use super::machine::{Machine, plan};
use super::{Call, Stage};
use crate::nginx::JSON_ANSWER;

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "tick/get",
        doc: "the GET of the comparison: a constant request, one status assertion",
        prepare: || tick("get.json", b""),
    },
    Stage {
        name: "tick/post",
        doc: "the POST of the comparison: a row, four slots, two assertions, one extract",
        prepare: || tick("post.json", JSON_ANSWER.as_bytes()),
    },
    Stage {
        name: "tick/flow10",
        doc: "the flow of the comparison: ten requests, eleven assertions, three extracts, two \
              conditions, a loop, a group, a row",
        prepare: || tick("flow.json", JSON_ANSWER.as_bytes()),
    },
];

fn tick(file: &str, payload: &'static [u8]) -> Result<Call> {
    let mut machine = Machine::new(&plan(file)?)?;
    let reply = Reply { status: Some(200), payload, ..Reply::EMPTY };
    let (bytes, failed) = machine.tick(reply);
    ensure!(bytes > 0 && failed == 0, "{file}: {bytes} bytes sent, {failed} requests failed");
    Ok(Box::new(move || {
        black_box(machine.tick(black_box(reply)));
    }))
}
