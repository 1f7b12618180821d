//! `read-before-set`: a variable that is read before anything can have set it.

use std::collections::{HashMap, HashSet};

use ld_stdlib::Span;

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Argument, Condition, Ir, Run, Scenario, SlotKind, Step, StepKind, slots_of};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        for scenario in run.all() {
            in_scenario(plan.ir, run, scenario, problems);
        }
    }
}

/// Follows the first tick of a user through its blocks.
fn in_scenario(ir: &Ir, run: &Run, scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
    // Any task can be the first one, and the last of an earlier tick.
    if scenario.weighted {
        return;
    }
    let mut set_by = HashMap::new();
    setters(&scenario.on_start, &mut set_by);
    setters(&scenario.steps, &mut set_by);
    let mut before = HashMap::new();
    if let Some(setup) = run.setup.as_ref().filter(|setup| !std::ptr::eq(*setup, scenario)) {
        setters(&setup.steps, &mut before);
    }
    let inits = run.inits.iter().map(|init| init.var);
    let can_have = inits.chain(before.into_keys()).collect();
    let mut walk = Walk { ir, set_by, can_have, guarded: HashSet::new(), seen: HashSet::new() };
    walk.steps(&scenario.on_start, problems);
    walk.steps(&scenario.steps, problems);
}

/// What a walk through steps, in their order, has come by.
struct Walk<'w> {
    ir: &'w Ir,
    /// Where the variables that the steps set are set first.
    set_by: HashMap<usize, Span>,
    /// The variables that can have a value by now.
    can_have: HashSet<usize>,
    /// Variables that a condition around looks at: whoever asks knows that there may be none.
    guarded: HashSet<usize>,
    seen: HashSet<Span>,
}

impl Walk<'_> {
    fn steps(&mut self, steps: &[Step], problems: &mut Vec<Diagnostic>) {
        for step in steps {
            let guarded = self.guard(step.condition);
            self.step(step, problems);
            self.guarded = guarded;
        }
    }

    fn step(&mut self, step: &Step, problems: &mut Vec<Diagnostic>) {
        match &step.kind {
            StepKind::Task(task) => {
                self.read(task.slots(), problems);
                self.can_have.extend(task.extracts.iter().map(|extract| extract.var));
            }
            StepKind::Set { var, value } => {
                // What an expression does with a variable without a value is its own affair.
                if let Argument::Slot(slot) = value
                    && matches!(self.kind(*slot), Some(SlotKind::Var(_)))
                {
                    self.read([*slot], problems);
                }
                self.can_have.insert(*var);
            }
            StepKind::Log(text) => self.read(slots_of(text), problems),
            // None sees what another extracts.
            StepKind::Parallel { steps, .. } => {
                for member in steps {
                    let guarded = self.guard(member.condition);
                    if let StepKind::Task(task) = &member.kind {
                        self.read(task.slots(), problems);
                    }
                    self.guarded = guarded;
                }
                let mut set = HashMap::new();
                setters(steps, &mut set);
                self.can_have.extend(set.into_keys());
            }
            // What one branch sets an earlier tick may have set.
            StepKind::Branch { condition, then, otherwise } => {
                let guarded = self.guard(*condition);
                self.either(&[then, otherwise], problems);
                self.guarded = guarded;
            }
            StepKind::Pick { branches, .. } => {
                let branches: Vec<_> = branches.iter().map(|(_, steps)| steps.as_slice()).collect();
                self.either(&branches, problems);
            }
            StepKind::While { condition, steps } => {
                let guarded = self.guard(*condition);
                self.steps(steps, problems);
                self.guarded = guarded;
            }
            StepKind::Group { steps, .. } => self.steps(steps, problems),
            StepKind::Pause(_) | StepKind::ForgetCookies | StepKind::Stop(_) => {}
        }
    }

    /// Branches of which one is taken: what any other sets, an earlier tick may have set.
    fn either(&mut self, branches: &[&[Step]], problems: &mut Vec<Diagnostic>) {
        let mut sets = Vec::new();
        for steps in branches {
            let mut set = HashMap::new();
            setters(steps, &mut set);
            sets.push(set);
        }
        let before = self.can_have.clone();
        let mut after = before.clone();
        for (nth, steps) in branches.iter().enumerate() {
            self.can_have.clone_from(&before);
            let others = sets.iter().enumerate().filter(|(other, _)| *other != nth);
            self.can_have.extend(others.flat_map(|(_, set)| set.keys().copied()));
            self.steps(steps, problems);
            after.extend(self.can_have.drain());
        }
        self.can_have = after;
    }

    /// Lets a condition guard what it looks at; returns what was guarded before.
    fn guard(&mut self, condition: Condition) -> HashSet<usize> {
        let before = self.guarded.clone();
        let mut vars = Vec::new();
        condition.slot().into_iter().for_each(|slot| vars_of(self.ir, slot, &mut vars));
        self.guarded.extend(vars.into_iter().map(|(var, _)| var));
        before
    }

    fn kind(&self, slot: u32) -> Option<&SlotKind> {
        self.ir.slots.get(slot as usize).map(|slot| &slot.kind)
    }

    fn read(&mut self, slots: impl IntoIterator<Item = u32>, problems: &mut Vec<Diagnostic>) {
        let mut read = Vec::new();
        slots.into_iter().for_each(|slot| vars_of(self.ir, slot, &mut read));
        for (var, slot) in read {
            let (Some(&place), Some(name), Some(slot)) =
                (self.set_by.get(&var), self.ir.vars.get(var), self.ir.slots.get(slot as usize))
            else {
                continue;
            };
            // The compiler's own variables are set where they have to be.
            let own = name.name.contains(" #");
            let can_have = own || self.can_have.contains(&var) || self.guarded.contains(&var);
            if can_have || !self.seen.insert(slot.span) {
                continue;
            }
            let problem = Diagnostic::new(
                Code::ReadBeforeSet,
                format!("`{}` is read before anything can have set it", name.name),
            )
            .label(slot.span, format!("the first time this sends the text \"{}\"", slot.text))
            .also(place, "it is set here, afterwards")
            .help(format!("`ldc explain {}`", Code::ReadBeforeSet));
            problems.push(problem);
        }
    }
}

/// The variables that a slot reads, each with the slot that does.
fn vars_of(ir: &Ir, slot: u32, found: &mut Vec<(usize, u32)>) {
    match ir.slots.get(slot as usize).map(|slot| &slot.kind) {
        Some(SlotKind::Var(var)) => found.push((*var, slot)),
        Some(SlotKind::Call { arguments, .. }) => {
            for argument in arguments {
                if let Argument::Slot(slot) = argument {
                    vars_of(ir, *slot, found);
                }
            }
        }
        _ => {}
    }
}

/// The variables that steps set, with where they first do.
fn setters(steps: &[Step], found: &mut HashMap<usize, Span>) {
    for step in steps {
        match &step.kind {
            StepKind::Task(task) => {
                for extract in &task.extracts {
                    found.entry(extract.var).or_insert(extract.var_span);
                }
            }
            StepKind::Set { var, .. } => _ = found.entry(*var).or_insert(step.span),
            _ => {}
        }
        step.inner().into_iter().for_each(|inner| setters(inner, found));
    }
}
