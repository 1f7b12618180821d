//! Programs: reading, verifying, linking, and running for a while with empty replies.
//!
//! The checksum is repaired before reading, or nothing would ever get past it.

#![no_main]

use ld_vm::link::{Clock, Inputs, Wall};
use ld_vm::program::{RunId, ScenarioId};
use ld_vm::user::NoRows;
use ld_vm::{Effect, Linked, Reply, Resume, ScratchPool, User, World, format};

struct Noon;

impl Clock for Noon {
    fn wall(&self) -> Wall {
        Wall { unix_seconds: 1_700_000_000, nanos: 0, offset_seconds: 0 }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = format::read(data);
    let bytes = repaired(data);
    let Ok(program) = format::read(&bytes) else { return };
    assert!(format::write(&program) == bytes, "written as it was read");
    // A listing is total, whether the program verifies or not.
    let _ = ld_vm::listing::listing(&program, |_| &[]);
    let tables = ld_stdlib::tables(|_| true);
    let inputs = Inputs { env: &|_| None, secret: &|_| None, column: &|_, _| None };
    let Ok(linked) = Linked::new(program, &tables, &inputs) else { return };
    if linked.program().tables.scenarios.is_empty() {
        return;
    }
    let mut user = User::new(&linked, RunId(0), ScenarioId(0), 0, 1);
    let mut scratch = ScratchPool::default();
    let mut resume = Resume::Go;
    for _ in 0..100 {
        let mut world = World { rows: &mut NoRows, clock: &Noon, scratch: &mut scratch };
        resume = match user.step(&linked, &mut world, resume) {
            Effect::Request(_) => Resume::Reply(Reply { status: Some(200), payload: b"{}", ..Reply::EMPTY }),
            _ => Resume::Go,
        };
    }
});

/// The bytes with the length and checksum they ought to have.
fn repaired(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    if let Some((header, body)) = bytes.split_at_mut_checked(16) {
        header[8..12].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        header[12..16].copy_from_slice(&(body.len() as u32).to_le_bytes());
    }
    bytes
}
