//! Compiled programs as bytes: what was written reads back, and whatever else the bytes say,
//! reading, verifying, linking and running them ends with an error or a program that runs.
#![cfg(test)]

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ld_tests::plans;
use ld_tests::script::{self, Data, Stage, Table};
use ld_vm::format::{FormatError, VERSION, read, write};
use ld_vm::isa::{Instruction, Opcode};
use ld_vm::link::{Inputs, LinkError, Tables};
use ld_vm::program::{Id as _, RunId, ScenarioId};
use ld_vm::verify::verify;
use ld_vm::{Effect, Linked, Program, Reply, Resume, User};

/// Before the sections come magic, version, checksum and length, four bytes each.
const HEADER: usize = 16;

/// The programs whose every bit is tried: small, and together with all instructions and tables.
const SMALL: &[&str] = &["constant-get", "every-instruction", "url-known-at-run-time", "socket"];

/// Programs that are larger, with every eleventh bit tried.
const LARGER: &[&str] = &["demo", "everything-at-once", "extract-chain", "actions"];

fn program(name: &str) -> Program {
    let plan = plans::all().unwrap().into_iter().find(|plan| plans::name(plan) == name).unwrap();
    plans::compile_file(&plan, true).unwrap().1.program.unwrap()
}

/// The same without the plan's text, of which no bit matters.
fn stripped(name: &str) -> Program {
    Program { source: String::new(), ..program(name) }
}

/// Makes checksum and length right again, so that a reader gets as far as the sections.
fn repair(bytes: &mut [u8]) {
    let (header, body) = bytes.split_at_mut(HEADER);
    header[8..12].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    header[12..].copy_from_slice(&(body.len() as u32).to_le_bytes());
}

/// What bytes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    NotRead,
    NotVerified,
    NotLinked,
    Ran,
}

/// Reads, verifies, links and runs. Nothing may panic on the way, and what was read must be
/// what writing it again gives.
fn try_out(bytes: &[u8]) -> Fate {
    let Ok(program) = read(bytes) else {
        return Fate::NotRead;
    };
    assert!(write(&program) == bytes, "a program has one form as bytes");
    if verify(&program).is_err() {
        return Fate::NotVerified;
    }
    // What can be shown is shown without a panic, too.
    let _ = ld_compiler::listing(&program);
    let cell = |text: &str| text.as_bytes().to_vec();
    let table = Table { columns: vec!["name".to_owned()], rows: vec![vec![cell("ada")], vec![]] };
    let data = Data::of(&program, |_| table.clone());
    let Ok(linked) = script::link(program, &data, &[]) else {
        return Fate::NotLinked;
    };
    let mut stage = Stage::new(data);
    let tables = &linked.program().tables;
    for run in (0..tables.runs.len() as u32).map(RunId::from_number) {
        for scenario in (0..tables.scenarios.len() as u32).map(ScenarioId::from_number) {
            let mut user = User::new(&linked, run, scenario, 0, 1);
            let mut resume = Resume::Go;
            for _ in 0..60 {
                resume = match user.step(&linked, &mut stage.world(), resume) {
                    Effect::Request(request) => {
                        (0..request.parts()).for_each(|part| _ = request.part(part));
                        // More than any protocol has, and the last there could be.
                        (0..32).chain([u8::MAX]).for_each(|option| _ = request.option(option));
                        Resume::Reply(Reply::EMPTY)
                    }
                    // It would be again, and that takes its time.
                    Effect::Stuck => break,
                    _ => Resume::Go,
                };
            }
            user.release(&mut stage.world());
        }
    }
    Fate::Ran
}

/// Does `one` for all numbers below `count`, on both sides of the machine.
fn in_parallel(count: usize, one: impl Fn(usize) -> Fate + Sync) -> Vec<Fate> {
    let next = AtomicUsize::new(0);
    let fates = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    own.push(one(number));
                }
                fates.lock().unwrap().extend(own);
            });
        }
    });
    fates.into_inner().unwrap()
}

fn share(fates: &[Fate], fate: Fate) -> f64 {
    fates.iter().filter(|other| **other == fate).count() as f64 / fates.len() as f64
}

#[test]
fn the_small_programs_have_all_instructions_and_tables() {
    let mut missing: Vec<Opcode> = Opcode::ALL.to_vec();
    let mut empty = None::<BTreeSet<String>>;
    for name in SMALL {
        let program = stripped(name);
        let code = program.code.iter().filter_map(|&word| Instruction::decode(word));
        code.for_each(|instruction| missing.retain(|op| *op != instruction.op));
        // Tables are the only lists in it.
        let tables = format!("{:?}", program.tables);
        let before = tables.match_indices(": []").map(|(at, _)| &tables[..at]);
        let names = before.map(|before| before.rsplit([' ', '{']).next().unwrap().to_owned());
        let others: BTreeSet<String> = names.collect();
        empty = Some(empty.map_or(others.clone(), |empty| &empty & &others));
    }
    assert_eq!(missing, []);
    assert_eq!(empty, Some(BTreeSet::new()));
}

#[test]
fn what_is_written_reads_back_equal() {
    for plan in plans::all().unwrap() {
        for optimise in [true, false] {
            let program = plans::compile_file(&plan, optimise).unwrap().1.program.unwrap();
            let bytes = write(&program);
            assert_eq!(read(&bytes), Ok(program), "{}", plan.display());
            assert_eq!(try_out(&bytes), Fate::Ran, "{}", plan.display());
        }
    }
}

#[test]
fn no_truncated_program_is_read() {
    for name in SMALL.iter().chain(LARGER) {
        let bytes = write(&program(name));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        assert!(matches!(read(&longer), Err(FormatError::Length { .. })), "{name}");
    }
}

#[test]
fn truncated_sections_are_refused_even_when_the_header_agrees() {
    for name in SMALL {
        let bytes = write(&stripped(name));
        for length in HEADER..bytes.len() {
            let mut cut = bytes[..length].to_vec();
            repair(&mut cut);
            assert!(matches!(read(&cut), Err(FormatError::Damaged(_))), "{name} cut to {length}");
        }
    }
}

#[test]
fn the_checksum_finds_every_flipped_bit() {
    for name in SMALL {
        let bytes = write(&stripped(name));
        let fates = in_parallel(bytes.len() * 8, |bit| {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bytes).is_err(), "{name}, bit {bit}");
            Fate::NotRead
        });
        assert_eq!(fates.len(), bytes.len() * 8);
    }
}

#[test]
fn every_flipped_bit_behind_a_right_checksum_ends_well() {
    for (names, step) in [(SMALL, 1), (LARGER, 11)] {
        for name in names {
            let bytes = write(&stripped(name));
            let fates = in_parallel((bytes.len() - HEADER) * 8 / step, |number| {
                let bit = HEADER * 8 + number * step;
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                repair(&mut bytes);
                try_out(&bytes)
            });
            // Bits of texts and numbers do no harm, those of ids and counts do.
            for fate in [Fate::NotRead, Fate::NotVerified, Fate::NotLinked, Fate::Ran] {
                assert!(share(&fates, fate) > 0.001, "{name}: {fate:?} {}", share(&fates, fate));
            }
        }
    }
}

#[test]
fn programs_with_several_wrong_bytes_end_well() {
    for name in SMALL.iter().chain(LARGER) {
        let bytes = write(&stripped(name));
        in_parallel(4_000, |number| {
            let mut rng = fastrand::Rng::with_seed(number as u64);
            let mut bytes = bytes.clone();
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(HEADER..bytes.len());
                // Small numbers and the largest ones are likelier to be ids that exist.
                bytes[at] =
                    *rng.choice(&[0, 1, 2, 3, 5, 8, 0x7f, 0xff, rng.clone().u8(..)]).unwrap();
            }
            repair(&mut bytes);
            try_out(&bytes)
        });
    }
}

#[test]
fn a_count_beyond_the_bytes_is_refused_before_anything_is_allocated() {
    let bytes = write(&stripped("constant-get"));
    // The code's count is the first number of the sections, that of the constants' ends follows.
    let code = u32::from_le_bytes(bytes[HEADER..HEADER + 4].try_into().unwrap()) as usize;
    for (at, section) in [(HEADER, "code"), (HEADER + 4 + code * 4, "constants")] {
        for count in [u32::MAX, u32::MAX / 4, 1 << 30, bytes.len() as u32] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
            repair(&mut bytes);
            assert_eq!(read(&bytes), Err(FormatError::Damaged(section)));
        }
    }
}

#[test]
fn other_files_and_other_versions_are_named() {
    let bytes = write(&stripped("constant-get"));
    assert_eq!(read(b""), Err(FormatError::NotAProgram));
    assert_eq!(read(b"{\"load_density\": []}"), Err(FormatError::NotAProgram));
    assert_eq!(read(b"LDB\n"), Err(FormatError::Damaged("header")));
    // What a transfer as text makes of the line feed.
    assert_eq!(read(&[b"LDB\r\n", &bytes[4..]].concat()), Err(FormatError::NotAProgram));
    let mut newer = bytes.clone();
    newer[4..8].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let why = read(&newer).unwrap_err();
    assert_eq!(why, FormatError::Version(VERSION + 1));
    assert!(why.to_string().contains("compile the plan again"), "{why}");
    let mut damaged = bytes.clone();
    damaged[HEADER] ^= 1;
    assert_eq!(read(&damaged), Err(FormatError::Checksum));
}

#[test]
fn requests_at_once_need_a_protocol_whose_users_can_make_them() {
    let inputs = Inputs { env: &|_| None, secret: &|_| None, column: &|_, _| None };
    let any = ld_stdlib::tables(|_| true);
    let one_by_one = Tables { at_once: |_| false, ..any };
    let linked = |name, tables| Linked::new(program(name), tables, &inputs).map(drop);
    let refused = linked("parallel", &one_by_one);
    assert_eq!(refused, Err(LinkError::NotAtOnce("http".to_owned())));
    assert_eq!(linked("parallel", &any), Ok(()));
    assert_eq!(linked("constant-get", &one_by_one), Ok(()), "without any the rule is no matter");
}
