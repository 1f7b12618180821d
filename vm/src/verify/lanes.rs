//! The rules of forks: lanes stand one behind the other right after their fork, nothing goes
//! into one or out of it, and all they do is make requests.

use std::collections::HashSet;

use super::VerifyError;
use crate::isa::{Instruction, Opcode};
use crate::program::{Addr, Program};

/// Which lane each instruction is in.
pub(super) struct Lanes {
    /// The number of the lane, from 1; 0 for none.
    of: Vec<u32>,
    known: u32,
    jumps: Vec<(u32, u32)>,
}

impl Lanes {
    /// Of code of so many words, in which no fork was seen yet.
    pub(super) fn new(words: usize) -> Self {
        Self { of: vec![0; words], known: 0, jumps: Vec::new() }
    }

    /// Notes the instruction at an address, which comes after all of lower addresses, and where
    /// it makes code be entered.
    pub(super) fn see(
        &mut self,
        program: &Program,
        here: u32,
        instruction: Instruction,
        entered: &mut HashSet<u32>,
    ) -> Result<(), &'static str> {
        match instruction.op {
            op if self.lane(here) != 0 && may_stand_in_a_lane(op) => Ok(()),
            _ if self.lane(here) != 0 => Err("a lane does nothing but make requests"),
            Opcode::Join => Err("it stands in no lane"),
            Opcode::Fork => self.fork(program, here, instruction.x, entered),
            _ => Ok(()),
        }
    }

    /// Notes a jump.
    pub(super) fn jump(&mut self, from: u32, to: u32) {
        self.jumps.push((from, to));
    }

    /// Once all code was seen: that no jump leaves or enters a lane, nor any of the program's
    /// entries.
    pub(super) fn jumps_stay(&self, entries: &[Addr]) -> Result<(), VerifyError> {
        let fail = |address, rule| Err(VerifyError::Code { address, rule });
        for &(from, to) in &self.jumps {
            if self.lane(from) != self.lane(to) {
                return fail(from as usize, "a jump leaves or enters a lane");
            }
        }
        match entries.iter().find(|entry| self.lane(entry.0) != 0) {
            Some(entry) => fail(entry.index(), "a scenario begins in a lane"),
            None => Ok(()),
        }
    }

    fn lane(&self, address: u32) -> u32 {
        self.of.get(address as usize).copied().unwrap_or(0)
    }

    fn fork(
        &mut self,
        program: &Program,
        here: u32,
        fork: u32,
        entered: &mut HashSet<u32>,
    ) -> Result<(), &'static str> {
        let Some(row) = program.tables.forks.get(fork as usize) else { return Ok(()) };
        if row.most == 0 {
            return Err("no request of the fork may be under way");
        }
        let lanes = Program::rows(&program.tables.lanes, row.lanes);
        let ends = lanes.iter().skip(1).map(|lane| lane.entry).chain([row.after]);
        let mut begin = here + 1;
        for (lane, end) in lanes.iter().zip(ends) {
            if lane.entry.0 != begin || end.0 <= begin {
                return Err("the lanes do not stand right behind their fork");
            }
            let last = program.code.get(end.index() - 1).copied().and_then(Instruction::decode);
            if last.is_none_or(|last| last.op != Opcode::Join) {
                return Err("a lane does not end with `join`");
            }
            self.known += 1;
            for of in self.of.iter_mut().take(end.index()).skip(begin as usize) {
                *of = self.known;
            }
            entered.insert(begin);
            begin = end.0;
        }
        if begin != row.after.0 {
            return Err("the fork does not go on behind its lanes");
        }
        entered.insert(begin);
        Ok(())
    }
}

const fn may_stand_in_a_lane(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::Part
            | Opcode::Lit
            | Opcode::Put
            | Opcode::Throttle
            | Opcode::Request
            | Opcode::Check
            | Opcode::Extract
            | Opcode::Retry
            | Opcode::Sample
            | Opcode::Pause
            | Opcode::Unless
            | Opcode::Jump
            | Opcode::Join
    )
}
