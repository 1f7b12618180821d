//! The flow of a scenario: steps become jumps around the code of tasks.

use ld_stdlib::Span;
use ld_vm::build::push;
use ld_vm::isa::{Instruction, Opcode};
use ld_vm::program::{
    Addr, ForkId, ForkRow, LaneRow, Maybe, SeriesId, SeriesKind, SeriesRow, SetId, SetRow, TestId,
    TestRow,
};
use ld_vm::{Escape, Scope};

use super::{Emit, append};
use crate::ir::{Argument, Condition, Scenario, Step, StepKind, Task, slots_of};
use crate::task::as_written;

impl<'e> Emit<'e> {
    /// A tick; returns where it begins.
    pub(super) fn tick(&mut self, scenario: &'e Scenario) -> Addr {
        let entry = self.builder.here();
        if !scenario.weighted || (self.optimise && scenario.steps.len() == 1) {
            self.steps(scenario, &scenario.steps);
            self.op(Opcode::End, 0);
            return entry;
        }
        // Before the scenario's steps, so that the choice can only go forward. Without a
        // choice the `end` stands: no step has a weight, so a tick does nothing.
        self.op(Opcode::End, 0);
        let mut weighted = Vec::new();
        for step in &scenario.steps {
            weighted.push((step.weight, self.builder.here()));
            self.step(scenario, step);
            self.op(Opcode::End, 0);
        }
        if let Some(choice) = self.builder.choice(&weighted) {
            self.builder.patch(entry, Instruction::wide(Opcode::Pick, choice.0));
        }
        entry
    }

    /// Steps beside the tick, if there are any.
    pub(super) fn apart(&mut self, scenario: &'e Scenario, steps: &'e [Step]) -> Maybe<Addr> {
        if steps.is_empty() {
            return Maybe(None);
        }
        let entry = self.builder.here();
        self.steps(scenario, steps);
        self.op(Opcode::End, 0);
        Maybe(Some(entry))
    }

    fn steps(&mut self, scenario: &'e Scenario, steps: &'e [Step]) {
        let held = self.held.len();
        let mut before = None;
        for step in steps {
            // What the compiler made of one block has the same place, and shares rows.
            if before.replace(step.span) != Some(step.span) {
                self.held.truncate(held);
            }
            self.step(scenario, step);
            if let StepKind::Set { value: Argument::Slot(slot), .. } = step.kind {
                self.hold([slot]);
            }
        }
        self.held.truncate(held);
    }

    fn step(&mut self, scenario: &'e Scenario, step: &'e Step) {
        if step.condition == Condition::Never && self.optimise {
            return;
        }
        // A task and its condition share the rows of the sources they read; what only the
        // task reads is not fetched for a task that is skipped.
        let mut sources = Vec::new();
        let slot = step.condition.slot();
        self.line(step.span);
        let registers = self.more_rows(slot, &mut sources, step.span);
        let skip = self.unless(step.condition, &registers);
        match &step.kind {
            StepKind::Task(task) => {
                let registers = self.more_rows(task.slots(), &mut sources, step.span);
                self.task(scenario, task, &registers, None);
            }
            kind => {
                let held = self.hold(slot);
                self.block(scenario, kind, step.span);
                self.held.truncate(held);
            }
        }
        self.land(skip);
    }

    fn block(&mut self, scenario: &'e Scenario, kind: &'e StepKind, span: Span) {
        match kind {
            StepKind::Task(_) => {}
            // What is no part of the statistics has no times to record.
            StepKind::Group { steps, .. } if scenario.apart => self.steps(scenario, steps),
            StepKind::Group { name, steps } => {
                let name = as_written(name, &self.ir.slots);
                let series = self.group(name, &scenario.name);
                self.op(Opcode::Enter, series.0);
                self.steps(scenario, steps);
                self.line(span);
                self.op(Opcode::Leave, series.0);
            }
            StepKind::Branch { condition, then, otherwise } => {
                self.branch(scenario, *condition, [then, otherwise], span);
            }
            StepKind::While { condition: Condition::Never, .. } if self.optimise => {}
            StepKind::While { condition, steps } => {
                let begin = self.builder.here();
                let skip = self.test(*condition, span);
                let held = self.hold(condition.slot());
                self.steps(scenario, steps);
                self.held.truncate(held);
                self.line(span);
                self.op(Opcode::Loop, begin.0);
                self.land(skip);
            }
            StepKind::Parallel { most, steps } => self.parallel(scenario, *most, steps, span),
            StepKind::Pick { branches, rest } => self.pick(scenario, branches, *rest),
            StepKind::Set { var, value } => {
                let slot = match value {
                    Argument::Slot(slot) => {
                        let registers = self.rows([*slot], span);
                        self.slot(*slot, Escape::Raw, &registers)
                    }
                    Argument::Const(value) => self.constant_slot(value.value()),
                };
                let var = self.var(*var);
                let rows = &mut self.builder.program_mut().tables.sets;
                let set: SetId = push(rows, SetRow { var, slot });
                self.op(Opcode::Set, set.0);
            }
            StepKind::Log(text) => {
                let registers = self.rows(slots_of(text), span);
                self.render(0, text, &registers);
                self.op(Opcode::Log, 0);
            }
            StepKind::Pause(pause) => {
                let pause = self.builder.pause(pause.min_ns, pause.max_ns);
                self.op(Opcode::Pause, pause.0);
            }
            StepKind::ForgetCookies => self.op(Opcode::Forget, 0),
            StepKind::Stop(scope) => self.op(Opcode::Stop, u32::from(*scope == Scope::Run)),
        }
    }

    fn branch(
        &mut self,
        scenario: &'e Scenario,
        condition: Condition,
        [then, otherwise]: [&'e [Step]; 2],
        span: Span,
    ) {
        match condition {
            Condition::Always if self.optimise => return self.steps(scenario, then),
            Condition::Never if self.optimise => return self.steps(scenario, otherwise),
            _ => {}
        }
        let skip = self.test(condition, span);
        let held = self.hold(condition.slot());
        self.steps(scenario, then);
        if otherwise.is_empty() {
            self.held.truncate(held);
            self.land(skip);
            return;
        }
        let over = self.builder.here();
        self.op(Opcode::Jump, 0);
        self.land(skip);
        self.steps(scenario, otherwise);
        self.held.truncate(held);
        let here = self.builder.here();
        self.builder.patch(over, Instruction::wide(Opcode::Jump, here.0));
    }

    /// One of the branches, drawn by weight; `rest` is the weight of none.
    fn pick(&mut self, scenario: &'e Scenario, branches: &'e [(u64, Vec<Step>)], rest: u64) {
        let pick = self.builder.here();
        self.op(Opcode::Jump, 0);
        let mut weighted = Vec::new();
        let mut ends = Vec::new();
        for (weight, steps) in branches {
            weighted.push((*weight, self.builder.here()));
            self.steps(scenario, steps);
            ends.push(self.builder.here());
            self.op(Opcode::Jump, 0);
        }
        let end = self.builder.here();
        weighted.push((rest, end));
        for jump in ends {
            self.builder.patch(jump, Instruction::wide(Opcode::Jump, end.0));
        }
        // Where nothing has a weight nothing is picked.
        let instruction = match self.builder.choice(&weighted) {
            Some(choice) => Instruction::wide(Opcode::Pick, choice.0),
            None => Instruction::wide(Opcode::Jump, end.0),
        };
        self.builder.patch(pick, instruction);
    }

    /// Tasks at once. They share the rows of the sources they read.
    fn parallel(&mut self, scenario: &'e Scenario, most: u32, steps: &'e [Step], span: Span) {
        let left_out = |step: &&Step| step.condition == Condition::Never && self.optimise;
        let members: Vec<_> = steps.iter().filter(|step| !left_out(step)).collect();
        let tasks = || Step::tasks(steps).into_iter();
        let conditions = members.iter().filter_map(|step| step.condition.slot());
        let slots: Vec<u32> = tasks().flat_map(Task::slots).chain(conditions).collect();
        let changed = tasks().flat_map(|task| &task.extracts).map(|extract| extract.var).collect();
        if members.is_empty() {
            return;
        }
        let registers = self.rows(slots, span);
        let fork = self.builder.here();
        self.op(Opcode::Fork, 0);
        let mut lanes = Vec::new();
        for step in members {
            self.line(step.span);
            lanes.push(LaneRow { entry: self.builder.here() });
            let skip = self.unless(step.condition, &registers);
            if let StepKind::Task(task) = &step.kind {
                self.task(scenario, task, &registers, Some(&changed));
            }
            self.land(skip);
            self.op(Opcode::Join, 0);
        }
        let after = self.builder.here();
        let tables = &mut self.builder.program_mut().tables;
        let lanes = append(&mut tables.lanes, lanes);
        let id: ForkId = push(&mut tables.forks, ForkRow { lanes, most, after });
        self.builder.patch(fork, Instruction::wide(Opcode::Fork, id.0));
    }

    /// Tests the condition of a block.
    fn test(&mut self, condition: Condition, span: Span) -> Skip {
        let registers = self.rows(condition.slot(), span);
        self.unless(condition, &registers)
    }

    /// Jumps when a condition does not hold; where to is said by [`land`](Self::land).
    fn unless(&mut self, condition: Condition, registers: &[usize]) -> Skip {
        match condition {
            Condition::Always => Skip::Never,
            Condition::Never => {
                let jump = self.builder.here();
                self.op(Opcode::Jump, 0);
                Skip::Jump(jump)
            }
            Condition::Slot(slot) => {
                let slot = self.slot(slot, Escape::Raw, registers);
                let rows = &mut self.builder.program_mut().tables.tests;
                let test: TestId = push(rows, TestRow { slot, otherwise: Addr(0) });
                self.op(Opcode::Unless, test.0);
                Skip::Test(test)
            }
        }
    }

    /// Lets a skip end here.
    fn land(&mut self, skip: Skip) {
        let here = self.builder.here();
        match skip {
            Skip::Never => {}
            Skip::Jump(jump) => self.builder.patch(jump, Instruction::wide(Opcode::Jump, here.0)),
            Skip::Test(test) => {
                let tests = &mut self.builder.program_mut().tables.tests;
                if let Some(row) = tests.get_mut(test.index()) {
                    row.otherwise = here;
                }
            }
        }
    }

    /// The series of a group.
    fn group(&mut self, name: Vec<u8>, scenario: &'e str) -> SeriesId {
        let key = (name, scenario);
        if let Some(series) = self.names.groups.get(&key) {
            return *series;
        }
        let text = self.builder.constant(&key.0);
        let scenario = self.builder.constant(scenario.as_bytes());
        let nothing = self.builder.constant(b"");
        let row = SeriesRow {
            name: text,
            method: nothing,
            target: nothing,
            scenario,
            kind: SeriesKind::Group,
        };
        let series = push(&mut self.builder.program_mut().tables.series, row);
        self.names.groups.insert(key, series);
        series
    }
}

/// How a step is passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Skip {
    Never,
    Jump(Addr),
    Test(TestId),
}
