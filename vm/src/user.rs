//! A virtual user: plain data, and the interpreter that moves it from one effect to the
//! next.

pub(crate) mod bounds;
mod effect;
mod lane;
mod reading;

use std::fmt;
use std::num::NonZeroU32;

use crate::counts::{Counters, UserCounts};
use crate::evaluate::{Caller, State};
use crate::isa::Opcode;
use crate::link::Linked;
use crate::mask::LEAST_MADE;
use crate::program::{
    Addr, CheckId, ChoiceId, ConstId, ExtractId, ForkId, PauseId, Program, RequestId, RetryId,
    RunId, ScenarioId, SeriesId, SetId, SlotId, SourceId, TestId, ThrottleId, VarId,
};
use crate::reply::{FaultClass, Reply};
use crate::resolve::{Origin, Slot};
use crate::retry::{Attempt, Retried};
use crate::scratch::{Scratch, ScratchPool};
use crate::value::{Value, Var};

use self::bounds::{MAX_VALUE, TOO_LONG, length};

pub use self::effect::{
    Effect, Failure, Fetch, Fetched, NoRows, Request, Resume, RowNumber, Rows, Sample, Scope, World,
};

/// How often a tick may loop without a request or pause.
pub const MAX_ROUNDS: u32 = 100_000;

/// What a user is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Start,
    Tick,
    Stop,
}

/// One virtual user.
pub struct User {
    pc: Addr,
    entry: Addr,
    /// The address of what its scenario does last, plus one.
    on_stop: Option<NonZeroU32>,
    wait: PauseId,
    id: u32,
    iteration: u64,
    request: RequestId,
    unresolved: u32,
    soft_failures: u8,
    /// Of the request under way, or of a value made since the last one that was too long.
    failed: Option<FaultClass>,
    /// What failed the request was a check of the status.
    by_status: bool,
    retried: Retried,
    /// The sample or text was handed out; its buffer goes back with the next step.
    sampled: bool,
    phase: Phase,
    /// Loops since the last request, pause or end.
    rounds: u32,
    rng: fastrand::Rng,
    counters: Option<Box<Counters>>,
    memory: Memory,
    scratch: Option<Box<Scratch>>,
}

/// What a user keeps from tick to tick.
pub(crate) struct Memory {
    pub(crate) vars: Box<[Var]>,
    /// Row registers; `None` before the first fetch and after the end of the source.
    pub(crate) rows: Box<[Option<RowNumber>]>,
}

impl User {
    /// A user of a scenario, at the start of its first tick. `id` is its number in the run;
    /// with the run's seed it decides every random choice the user makes.
    #[must_use]
    pub fn new(linked: &Linked, run: RunId, scenario: ScenarioId, id: u32, seed: u64) -> Self {
        let tables = &linked.program.tables;
        let mut vars = vec![Var::default(); tables.vars.len()].into_boxed_slice();
        let inits = tables.runs.get(run.index()).map(|row| row.inits).unwrap_or_default();
        for init in Program::rows(&tables.inits, inits) {
            if let Some(var) = vars.get_mut(init.var.index()) {
                var.set(linked.program.value(init.value));
            }
        }
        let row = tables.scenarios.get(scenario.index());
        let entry = row.map_or(Addr(0), |row| row.entry);
        let on_start = row.and_then(|row| row.on_start.0);
        let phase = if on_start.is_some() { Phase::Start } else { Phase::Tick };
        Self {
            pc: on_start.unwrap_or(entry),
            on_stop: row
                .and_then(|row| row.on_stop.0)
                .and_then(|address| NonZeroU32::MIN.checked_add(address.0)),
            wait: row.map_or(PauseId(0), |row| row.wait),
            phase,
            memory: Memory { vars, rows: vec![None; linked.registers].into_boxed_slice() },
            ..Self::at(entry, id, fastrand::Rng::with_seed(mix(seed, id)))
        }
    }

    /// A user that is about to begin at an address, without a memory.
    fn at(entry: Addr, id: u32, rng: fastrand::Rng) -> Self {
        Self {
            pc: entry,
            entry,
            on_stop: None,
            wait: PauseId(0),
            id,
            iteration: 0,
            request: RequestId(0),
            unresolved: 0,
            soft_failures: 0,
            failed: None,
            by_status: false,
            retried: Retried::default(),
            sampled: false,
            phase: Phase::Tick,
            rounds: 0,
            rng,
            counters: None,
            memory: Memory { vars: Box::default(), rows: Box::default() },
            scratch: None,
        }
    }

    /// The user's variables, by number.
    #[must_use]
    pub fn vars(&self) -> &[Var] {
        &self.memory.vars
    }

    /// Takes over the variables of another user of the same program.
    pub fn inherit(&mut self, vars: &[Var]) {
        for (var, other) in self.memory.vars.iter_mut().zip(vars) {
            var.clone_from(other);
        }
    }

    /// The user's number in the run, from 0.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// How many ticks the user has ended.
    #[must_use]
    pub const fn iteration(&self) -> u64 {
        self.iteration
    }

    /// Makes the user do what its scenario does last, once; whether there is such a thing.
    /// Whatever it was in the middle of is given up.
    pub fn leave(&mut self) -> bool {
        let on_stop = self.on_stop.take();
        if let Some(address) = on_stop {
            (self.pc, self.phase) = (Addr(address.get() - 1), Phase::Stop);
            self.sampled = self.scratch.is_some();
            (self.failed, self.by_status, self.retried) = (None, false, Retried::default());
            (self.unresolved, self.soft_failures) = (0, 0);
            self.rounds = 0;
        }
        on_stop.is_some()
    }

    /// The value of a variable, for tests and the interactive runner.
    #[must_use]
    pub fn var(&self, id: VarId) -> Value<'_> {
        self.memory.vars.get(id.index()).map_or(Value::Unset, Var::value)
    }

    /// Runs until the user needs the world.
    ///
    /// `linked` must be the program the user was made for. A user resumed with
    /// [`Resume::Go`] where a reply is due counts the request as answered by
    /// [`Reply::EMPTY`].
    pub fn step<'u>(
        &'u mut self,
        linked: &'u Linked,
        world: &mut World<'_>,
        resume: Resume<'_>,
    ) -> Effect<'u> {
        // Not copied: this is done several times in a tick.
        let reply = match &resume {
            Resume::Go => &Reply::EMPTY,
            Resume::Reply(reply) => {
                if let Some(fault) = reply.fault
                    && self.failed.is_none()
                {
                    self.fail(linked, world, fault.class, &fault.text);
                }
                reply
            }
        };
        if self.sampled {
            self.sampled = false;
            self.release(world);
        }
        if self.rounds == MAX_ROUNDS
            && let Some(effect) = self.end(linked)
        {
            return effect;
        }
        loop {
            let instruction = linked.instruction(self.pc);
            let x = instruction.x;
            self.pc.0 += 1;
            match instruction.op {
                Opcode::End => {
                    if self.failed.take().is_some() {
                        // No request tells of it. The tick ends with the next step.
                        self.rounds = MAX_ROUNDS;
                        return Effect::Stuck;
                    }
                    if let Some(effect) = self.end(linked) {
                        return effect;
                    }
                }
                Opcode::Jump => self.pc = Addr(x),
                Opcode::Pick => self.pc = self.pick(linked, ChoiceId(x)),
                Opcode::Row => {
                    let source = SourceId(u32::from(instruction.b()));
                    let register = self.memory.rows.get_mut(usize::from(instruction.a()));
                    let before = register.as_deref().copied().flatten();
                    let fetch = Fetch { user: self.id, before, rng: &mut self.rng };
                    let row = match world.rows.next(source, fetch) {
                        Fetched::Row(row) => Some(row),
                        Fetched::Nothing => None,
                        Fetched::Stop(scope) => {
                            self.pc = self.entry;
                            return match scope {
                                Scope::User => Effect::Stop(scope),
                                Scope::Run => Effect::UsedUp(source),
                            };
                        }
                    };
                    if let Some(register) = register {
                        *register = row;
                    }
                }
                Opcode::Part => {
                    self.scratch_mut(world).begin_part((x & 0xff) as u8);
                }
                Opcode::Lit => {
                    let bytes = linked.program.consts.bytes(ConstId(x));
                    self.scratch_mut(world).out.extend_from_slice(bytes);
                }
                Opcode::Put => {
                    self.put(linked, world, SlotId(x));
                    if world.scratch.gives_way() {
                        return Effect::Wait(0);
                    }
                }
                Opcode::Request => {
                    self.request = RequestId(x);
                    self.rounds = 0;
                    world.scratch.rest();
                    if self.failed.is_some() {
                        self.fail(linked, world, FaultClass::Plan, TOO_LONG);
                    }
                    if let Some(row) = linked.program.tables.requests.get(self.request.index()) {
                        let scratch = self.scratch.as_deref();
                        return Effect::Request(Request::new(linked, row, scratch));
                    }
                }
                Opcode::Check => {
                    if self.failed.is_none() {
                        self.check(linked, world, CheckId(x), reply);
                    }
                }
                Opcode::Extract => {
                    if self.failed.is_none() {
                        self.extract(linked, world, ExtractId(x), reply);
                    }
                }
                Opcode::Sample => {
                    self.sampled = true;
                    let attempt = std::mem::take(&mut self.retried).attempts();
                    return Effect::Sample(self.sample(linked, attempt));
                }
                Opcode::Retry => {
                    let attempt = self.retried.attempts();
                    if let Some(pause_ns) = self.retry(linked, RetryId(x), reply.status) {
                        return Effect::Retry(self.sample(linked, attempt), pause_ns);
                    }
                }
                Opcode::Pause => {
                    let pause_ns = self.draw(linked, PauseId(x));
                    if pause_ns > 0 {
                        self.rounds = 0;
                    }
                    return Effect::Wait(pause_ns);
                }
                Opcode::Throttle => return Effect::Throttle(ThrottleId(x)),
                Opcode::Unless => {
                    self.pc = self.unless(linked, world, TestId(x));
                    if world.scratch.gives_way() {
                        return Effect::Wait(0);
                    }
                }
                Opcode::Set => {
                    self.set(linked, world, SetId(x));
                    if world.scratch.gives_way() {
                        return Effect::Wait(0);
                    }
                }
                Opcode::Loop => {
                    self.pc = Addr(x);
                    self.rounds += 1;
                    if self.rounds == MAX_ROUNDS {
                        // It ends with the next step.
                        return Effect::Stuck;
                    }
                }
                Opcode::Enter => return Effect::Enter(SeriesId(x)),
                Opcode::Leave => return Effect::Leave,
                Opcode::Forget => return Effect::Forget,
                Opcode::Log => {
                    self.sampled = true;
                    // No request is charged with what it leaves as written.
                    self.unresolved = 0;
                    self.hide_in_log(linked, &mut world.scratch.kept);
                    let part = self.scratch.as_deref();
                    let text = part.map_or(&[][..], |scratch| scratch.part((x & 0xff) as u8));
                    return Effect::Log(text);
                }
                Opcode::Stop => {
                    self.pc = self.entry;
                    return Effect::Stop(if x == 0 { Scope::User } else { Scope::Run });
                }
                Opcode::Fork => {
                    let row = linked.program.tables.forks.get(x as usize);
                    self.pc = row.map_or(self.entry, |row| row.after);
                    return Effect::Fork(ForkId(x));
                }
                Opcode::Join => {
                    self.pc.0 -= 1;
                    return Effect::Join;
                }
            }
        }
    }

    /// Ends what the user is in the middle of; `None` when a tick follows at once.
    #[inline]
    fn end(&mut self, linked: &Linked) -> Option<Effect<'static>> {
        self.pc = self.entry;
        self.rounds = 0;
        match self.phase {
            Phase::Start => {
                self.phase = Phase::Tick;
                None
            }
            Phase::Tick => {
                self.iteration += 1;
                Some(Effect::End(self.draw(linked, self.wait)))
            }
            Phase::Stop => Some(Effect::Stop(Scope::User)),
        }
    }

    /// Gives a buffer back to the shard, for a user that is dropped in the middle of a
    /// request.
    pub fn release(&mut self, world: &mut World<'_>) {
        if let Some(scratch) = self.scratch.take() {
            world.scratch.put_back(scratch);
        }
    }

    fn scratch_mut(&mut self, world: &mut World<'_>) -> &mut Scratch {
        self.scratch.get_or_insert_with(|| world.scratch.take())
    }

    fn fail(&mut self, linked: &Linked, world: &mut World<'_>, class: FaultClass, text: &str) {
        (self.failed, self.by_status) = (Some(class), false);
        let mut failure = std::mem::take(&mut self.scratch_mut(world).failure);
        failure.clear();
        failure.push_str(text);
        self.hide(linked, &mut world.scratch.kept, LEAST_MADE, &mut failure);
        self.scratch_mut(world).failure = failure;
    }

    /// A value that was too long fails the next request, or the tick.
    #[inline]
    const fn note_length(&mut self, is_too_long: bool) {
        if is_too_long {
            (self.failed, self.by_status) = (Some(FaultClass::Plan), false);
        }
    }

    fn draw(&mut self, linked: &Linked, pause: PauseId) -> u64 {
        match linked.program.tables.pauses.get(pause.index()) {
            Some(row) if row.min_ns < row.max_ns => self.rng.u64(row.min_ns..=row.max_ns),
            Some(row) => row.min_ns,
            None => 0,
        }
    }

    fn pick(&mut self, linked: &Linked, choice: ChoiceId) -> Addr {
        let tables = &linked.program.tables;
        let branches =
            tables.choices.get(choice.index()).map(|row| row.branches).unwrap_or_default();
        let branches = Program::rows(&tables.branches, branches);
        // What is certain is not drawn: a choice of one leaves the user's random numbers alone.
        let column = if branches.len() > 1 { self.rng.usize(0..branches.len()) } else { 0 };
        let Some(branch) = branches.get(column) else {
            return self.pc;
        };
        if branch.threshold == u32::MAX || self.rng.u32(..) < branch.threshold {
            branch.here
        } else {
            branch.other
        }
    }

    fn put(&mut self, linked: &Linked, world: &mut World<'_>, id: SlotId) {
        let Some(slot) = linked.slots.get(id.index()) else {
            return;
        };
        // Calls are written from where their result stands; the buffer is taken meanwhile.
        let mut scratch = self.scratch.take().unwrap_or_else(|| world.scratch.take());
        let mut too_long = false;
        let missing = self.evaluate(linked, world, slot, |value| {
            let missing = value.is_missing();
            too_long = length(&[value]).saturating_add(scratch.out.len()) > MAX_VALUE;
            if !missing && !too_long {
                slot.escape.write(value, &mut scratch.out);
                if slot.is_of_secret {
                    scratch.made.push(value);
                }
            }
            missing
        });
        self.note_length(too_long);
        if missing {
            let text = Value::Text(linked.program.consts.slice(&slot.text));
            slot.escape.write(text, &mut scratch.out);
            self.unresolved = self.unresolved.saturating_add(1);
        }
        self.scratch = Some(scratch);
    }

    /// Lets `look` see the value of a slot.
    #[inline]
    fn evaluate<R>(
        &mut self,
        linked: &Linked,
        world: &mut World<'_>,
        slot: &Slot,
        look: impl FnOnce(Value<'_>) -> R,
    ) -> R {
        let World { rows, clock, scratch: pool } = world;
        let state = State { linked, memory: &self.memory, rows, rendered: None };
        match &slot.origin {
            Origin::Call(calling) => {
                let (user, iteration) = (self.id, self.iteration);
                let ScratchPool { spare, results, counts, kept, .. } = &mut **pool;
                let counts = &mut UserCounts { user: &mut self.counters, run: counts };
                let rng = &mut self.rng;
                let (length, too_long) = (0, false);
                let clock = *clock;
                let mut caller =
                    Caller { rng, clock, user, iteration, length, too_long, counts, kept };
                state.call(calling, &mut caller, results, spare);
                let Caller { length, too_long, .. } = caller;
                self.note_length(too_long);
                pool.worked(length);
                look(pool.spare.value())
            }
            _ => {
                pool.worked(0);
                look(state.slot(slot))
            }
        }
    }

    /// Gives a variable the value of a slot.
    fn set(&mut self, linked: &Linked, world: &mut World<'_>, id: SetId) {
        let Some(row) = linked.program.tables.sets.get(id.index()) else {
            return;
        };
        let Some(slot) = linked.slots.get(row.slot.index()) else {
            return;
        };
        // Aside, because the value may be the variable's own.
        let mut new = std::mem::take(&mut world.scratch.assigned);
        let mut is_too_long = false;
        self.evaluate(linked, world, slot, |value| {
            is_too_long = length(&[value]) > MAX_VALUE;
            new.set(if is_too_long { Value::Unset } else { value });
        });
        world.scratch.worked(length(&[new.value()]));
        self.note_length(is_too_long);
        if let Some(var) = self.memory.vars.get_mut(row.var.index()) {
            std::mem::swap(var, &mut new);
            if is_too_long {
                // What has grown so long is not kept for reuse either.
                new = Var::default();
            }
        }
        world.scratch.assigned = new;
    }

    /// Where to go on after a condition.
    fn unless(&mut self, linked: &Linked, world: &mut World<'_>, id: TestId) -> Addr {
        let row = linked.program.tables.tests.get(id.index());
        let slot = row.and_then(|row| linked.slots.get(row.slot.index()));
        match (row, slot) {
            (Some(row), Some(slot)) => {
                let holds = self.evaluate(linked, world, slot, |value| value.is_truthy());
                if holds { self.pc } else { row.otherwise }
            }
            _ => self.pc,
        }
    }

    /// Whether a request that failed is to be sent again, and after how long.
    fn retry(&mut self, linked: &Linked, id: RetryId, status: Option<i64>) -> Option<u64> {
        let failed = Attempt { class: self.failed?, status, by_status: self.by_status };
        let tables = &linked.program.tables;
        let row = tables.retries.get(id.index())?;
        let pause_ns = self.retried.again(row, failed, tables, &mut self.rng)?;
        self.pc = row.again;
        Some(pause_ns)
    }

    fn sample(&mut self, linked: &Linked, attempt: u8) -> Sample<'_> {
        let request = linked.program.tables.requests.get(self.request.index());
        let text = self.scratch.as_deref().map_or("", |scratch| scratch.failure.as_str());
        Sample {
            series: request.map_or(SeriesId(0), |row| row.series),
            failure: self.failed.take().map(|class| Failure { class, text }),
            unresolved: std::mem::take(&mut self.unresolved),
            soft_failures: u32::from(std::mem::take(&mut self.soft_failures)),
            attempt,
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("iteration", &self.iteration)
            .field("pc", &self.pc)
            .field("vars", &self.memory.vars)
            .finish_non_exhaustive()
    }
}

/// Spreads seed and number over all bits, so that neighbours draw unrelated numbers
/// (SplitMix64, Steele et al., 2014).
const fn mix(seed: u64, id: u32) -> u64 {
    let mut bits = seed.wrapping_add((id as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_and_what_it_hands_out_are_small() {
        assert_eq!(size_of::<User>(), 104);
        assert_eq!(size_of::<Sample<'_>>(), 40);
        assert_eq!(size_of::<Effect<'_>>(), 64);
    }
}
