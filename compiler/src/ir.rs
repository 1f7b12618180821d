//! The plan between its text and its program: names resolved, shapes checked, requests
//! prepared; still in terms of tasks and templates.

use std::collections::HashSet;

use ld_stdlib::assertions::Assertion;
use ld_stdlib::extractors::Extractor;
use ld_stdlib::protocols::{MIXED, Prepared, Protocol};
use ld_stdlib::{Span, Template};
use ld_vm::Needs;
use ld_vm::program::LoadKind;
use ld_vm::program::{SourceEnd, SourceFormat, SourceMode};

/// A whole document.
#[derive(Debug, Default)]
pub(crate) struct Ir {
    pub(crate) slots: Vec<Slot>,
    pub(crate) vars: Vec<Var>,
    /// Variables that have a value at the start of a run, and where they get it.
    pub(crate) registered: Vec<(usize, Span)>,
    /// Variables that `set` gives values, and where.
    pub(crate) assigned: Vec<(usize, Span)>,
    pub(crate) sources: Vec<Source>,
    pub(crate) runs: Vec<Run>,
    pub(crate) actions: Vec<Action>,
    /// Names that gates are about.
    pub(crate) gates: Vec<crate::gates::Named>,
    /// What the document says about itself.
    pub(crate) metadata: Vec<(String, Const)>,
}

/// A hole in a template.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) kind: SlotKind,
    /// The placeholder as written.
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum SlotKind {
    Var(usize),
    Cell {
        source: usize,
        column: String,
    },
    Env(String),
    Secret(String),
    /// A function or operator, by the name it is linked under.
    Call {
        name: &'static str,
        arguments: Vec<Argument>,
    },
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    Const(Const),
    Slot(u32),
}

/// A value known at compile time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Const {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Vec<u8>),
    Json(Vec<u8>),
}

impl Const {
    pub(crate) fn of(value: ld_vm::Value<'_>) -> Self {
        match value {
            ld_vm::Value::Unset | ld_vm::Value::Null => Self::Null,
            ld_vm::Value::Bool(flag) => Self::Bool(flag),
            ld_vm::Value::Int(number) => Self::Int(number),
            ld_vm::Value::Float(number) => Self::Float(number),
            ld_vm::Value::Text(bytes) => Self::Text(bytes.to_vec()),
            ld_vm::Value::Json(bytes) => Self::Json(bytes.to_vec()),
        }
    }

    pub(crate) fn value(&self) -> ld_vm::Value<'_> {
        match self {
            Self::Null => ld_vm::Value::Null,
            Self::Bool(flag) => ld_vm::Value::Bool(*flag),
            Self::Int(number) => ld_vm::Value::Int(*number),
            Self::Float(number) => ld_vm::Value::Float(*number),
            Self::Text(bytes) => ld_vm::Value::Text(bytes),
            Self::Json(bytes) => ld_vm::Value::Json(bytes),
        }
    }
}

/// A variable of the users of a run.
#[derive(Debug, PartialEq, Eq, Hash, Clone)]
pub(crate) struct Var {
    pub(crate) name: String,
    /// Whether it lives in the `session` scope.
    pub(crate) session: bool,
}

/// A registered data source.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Where it is registered.
    pub(crate) span: Span,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) format: SourceFormat,
    pub(crate) mode: SourceMode,
    pub(crate) on_end: SourceEnd,
    /// Of a database; of a CSV file its layout when that is not the usual one.
    pub(crate) query: Option<String>,
    /// The secrets that its path is filled with.
    pub(crate) secrets: Vec<String>,
}

/// What one `LD_start_test` does.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) span: Span,
    pub(crate) scenarios: Vec<Scenario>,
    /// `None`: until the users have ended by themselves.
    pub(crate) duration_ns: Option<u64>,
    /// 0: no limit.
    pub(crate) iterations: u64,
    pub(crate) warmup_ns: u64,
    pub(crate) stop_timeout_ns: u64,
    /// What is done once before the first user starts.
    pub(crate) setup: Option<Scenario>,
    /// What is done once after the last user has ended.
    pub(crate) teardown: Option<Scenario>,
    pub(crate) inits: Vec<Init>,
    /// Variables that are read without a slot, because their value stands in its place.
    pub(crate) read: HashSet<Var>,
}

impl Run {
    /// Its scenarios, and what is done beside them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter().chain(&self.setup).chain(&self.teardown)
    }

    /// The same, to be changed.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Scenario> {
        self.scenarios.iter_mut().chain(&mut self.setup).chain(&mut self.teardown)
    }
}

/// One kind of user in a run.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Empty when it is the run's only one.
    pub(crate) name: String,
    pub(crate) protocol: &'static Protocol,
    pub(crate) user: &'static str,
    pub(crate) load: Load,
    pub(crate) wait: Pause,
    /// Whether `wait` counts from when a tick was due instead of its end.
    pub(crate) paced: bool,
    pub(crate) start_after_ns: u64,
    /// Ticks per user; 0: as many as the run says.
    pub(crate) iterations: u64,
    /// Whether it is no part of the load: a setup or teardown.
    pub(crate) apart: bool,
    pub(crate) weighted: bool,
    /// A tick.
    pub(crate) steps: Vec<Step>,
    /// What a user does before its first tick.
    pub(crate) on_start: Vec<Step>,
    /// What a user does after its last.
    pub(crate) on_stop: Vec<Step>,
}

impl Scenario {
    /// The tasks of its users, in no particular order.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &Task> {
        [&self.on_start, &self.steps, &self.on_stop]
            .into_iter()
            .flat_map(|steps| Step::tasks(steps))
    }

    /// Whether a task is of this user type.
    pub(crate) fn has_user(&self, user: &str) -> bool {
        self.tasks().any(|task| task.user == user)
    }

    /// The name of what drives its users: their protocol, or all of them together.
    pub(crate) fn driver(&self) -> &'static str {
        let mut protocols = self.tasks().map(|task| task.protocol.name);
        match protocols.next() {
            None => self.protocol.name,
            Some(first) if protocols.all(|name| name == first) => first,
            Some(_) => MIXED,
        }
    }
}

/// What starts and stops the users of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) kind: LoadKind,
    /// How many there are at most.
    pub(crate) users: u32,
    /// Users started per second, where there are no stages.
    pub(crate) spawn_rate: f64,
    pub(crate) stages: Vec<Stage>,
}

/// A part of a load: users, or ticks started per second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(crate) duration_ns: u64,
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Users per second that may start or stop to follow the level.
    pub(crate) spawn_rate: f64,
}

/// A variable's value at the start of a run.
#[derive(Debug)]
pub(crate) struct Init {
    pub(crate) var: usize,
    pub(crate) value: Const,
}

/// A pause, drawn uniformly between two durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) min_ns: u64,
    pub(crate) max_ns: u64,
}

/// A task or a block of a scenario.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) span: Span,
    /// Its share where one of several is picked.
    pub(crate) weight: u64,
    /// Whether it runs when its turn comes.
    pub(crate) condition: Condition,
    pub(crate) kind: StepKind,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum StepKind {
    Task(Box<Task>),
    /// Steps whose time together is a series of its own.
    Group {
        name: Template,
        steps: Vec<Step>,
    },
    /// One of two.
    Branch {
        condition: Condition,
        then: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Steps again and again while a condition holds.
    While {
        condition: Condition,
        steps: Vec<Step>,
    },
    /// One of several, drawn by weight; what is missing to `total` is nothing at all.
    Pick {
        branches: Vec<(u64, Vec<Step>)>,
        rest: u64,
    },
    /// An assignment.
    Set {
        var: usize,
        value: Argument,
    },
    /// Tasks at once, with so many requests to one host under way at most.
    Parallel {
        most: u32,
        steps: Vec<Step>,
    },
    Log(Template),
    Pause(Pause),
    /// The user's client has no cookies any more.
    ForgetCookies,
    Stop(ld_vm::Scope),
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    Never,
    /// When the slot's value counts as true.
    Slot(u32),
}

impl Condition {
    /// The slot that decides.
    pub(crate) const fn slot(self) -> Option<u32> {
        match self {
            Self::Slot(slot) => Some(slot),
            Self::Always | Self::Never => None,
        }
    }
}

impl Step {
    /// The steps inside.
    pub(crate) fn inner(&self) -> Vec<&[Self]> {
        match &self.kind {
            StepKind::Group { steps, .. }
            | StepKind::While { steps, .. }
            | StepKind::Parallel { steps, .. } => vec![steps],
            StepKind::Branch { then, otherwise, .. } => vec![then, otherwise],
            StepKind::Pick { branches, .. } => {
                branches.iter().map(|(_, steps)| steps.as_slice()).collect()
            }
            StepKind::Task(_)
            | StepKind::Set { .. }
            | StepKind::Log(_)
            | StepKind::Pause(_)
            | StepKind::ForgetCookies
            | StepKind::Stop(_) => Vec::new(),
        }
    }

    /// The steps inside, to be changed.
    pub(crate) fn inner_mut(&mut self) -> Vec<&mut [Self]> {
        match &mut self.kind {
            StepKind::Group { steps, .. }
            | StepKind::While { steps, .. }
            | StepKind::Parallel { steps, .. } => vec![steps],
            StepKind::Branch { then, otherwise, .. } => vec![then, otherwise],
            StepKind::Pick { branches, .. } => {
                branches.iter_mut().map(|(_, steps)| steps.as_mut_slice()).collect()
            }
            StepKind::Task(_)
            | StepKind::Set { .. }
            | StepKind::Log(_)
            | StepKind::Pause(_)
            | StepKind::ForgetCookies
            | StepKind::Stop(_) => Vec::new(),
        }
    }

    /// The tasks in a list of steps, in the order of the plan.
    pub(crate) fn tasks(steps: &[Self]) -> Vec<&Task> {
        let mut tasks = Vec::new();
        for step in steps {
            if let StepKind::Task(task) = &step.kind {
                tasks.push(&**task);
            }
            for inner in step.inner() {
                tasks.extend(Self::tasks(inner));
            }
        }
        tasks
    }
}

impl Ir {
    /// The data sources that filling a slot in reads.
    pub(crate) fn sources_of(&self, slot: u32, found: &mut Vec<usize>) {
        match self.slots.get(slot as usize).map(|slot| &slot.kind) {
            Some(SlotKind::Cell { source, .. }) if !found.contains(source) => found.push(*source),
            Some(SlotKind::Call { arguments, .. }) => {
                for argument in arguments {
                    if let Argument::Slot(slot) = argument {
                        self.sources_of(*slot, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) span: Span,
    pub(crate) protocol: &'static Protocol,
    pub(crate) user: &'static str,
    /// The name of its samples; the slots in it stay as written.
    pub(crate) name: Template,
    pub(crate) request: Prepared,
    pub(crate) checks: Vec<Check>,
    pub(crate) extracts: Vec<Extract>,
    pub(crate) think: Option<Pause>,
    /// The rates it is held to.
    pub(crate) throttles: Vec<Throttle>,
    /// How often it is sent again when it fails.
    pub(crate) retry: Option<Retry>,
}

/// How often a request that failed is sent again, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Retry {
    pub(crate) transient: u32,
    pub(crate) flaky: u32,
    pub(crate) permanent: u32,
    pub(crate) base_ns: u64,
    pub(crate) max_ns: u64,
    pub(crate) factor: f64,
    pub(crate) jitter: f64,
    /// The statuses that count as transient.
    pub(crate) statuses: &'static [i64],
}

/// A rate that requests are held to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Throttle {
    /// What tasks that share it have in common; empty for all of a run.
    pub(crate) key: String,
    pub(crate) interval_ns: u64,
    pub(crate) burst: u32,
}

/// A check of the reply.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) span: Span,
    pub(crate) assertion: &'static Assertion,
    pub(crate) operands: Vec<Operand>,
    /// Whether it only counts and does not fail the request.
    pub(crate) soft: bool,
    /// Whether one of its operands may hold a secret.
    pub(crate) secret: bool,
}

/// A value taken out of the reply.
#[derive(Debug)]
pub(crate) struct Extract {
    pub(crate) span: Span,
    pub(crate) extractor: &'static Extractor,
    pub(crate) var: usize,
    /// Where the variable is named.
    pub(crate) var_span: Span,
    pub(crate) operands: Vec<Operand>,
    /// What the variable becomes when there is no value.
    pub(crate) default: Option<Const>,
    /// Whether the request fails without a value.
    pub(crate) required: bool,
    /// Whether one of its operands may hold a secret.
    pub(crate) secret: bool,
}

/// A value a check or extract works with.
#[derive(Debug)]
pub(crate) enum Operand {
    Const(Const),
    /// A slot alone: its value keeps its type.
    Slot(u32),
    /// Text with holes.
    Text(Template),
    /// An array or object with holes, as JSON.
    Json(Template),
}

/// An action of the document.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) span: Span,
    pub(crate) command: &'static str,
    /// The run of an `LD_start_test`.
    pub(crate) run: Option<usize>,
    pub(crate) arguments: Vec<(String, Const)>,
    /// How many actions it stands inside of.
    pub(crate) depth: u32,
    /// Its file and line, when it stands in another file than the plan's.
    pub(crate) place: Option<(String, u32)>,
    /// Its notation as a Python literal, when it was asked for.
    pub(crate) written: Option<String>,
}

impl Task {
    /// What the task reads of its reply; the driver drops the rest unread.
    pub(crate) fn needs(&self) -> Needs {
        let checks = self.checks.iter().map(|check| check.assertion.needs);
        let extracts = self.extracts.iter().map(|extract| extract.extractor.needs);
        checks.chain(extracts).fold(Needs::NONE, Needs::union)
    }

    /// Every template of the task, for analyses that look at all slots.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let operands = self
            .checks
            .iter()
            .flat_map(|check| &check.operands)
            .chain(self.extracts.iter().flat_map(|extract| &extract.operands));
        let texts = operands.filter_map(|operand| match operand {
            Operand::Text(template) | Operand::Json(template) => Some(template),
            Operand::Const(_) | Operand::Slot(_) => None,
        });
        self.request.parts.iter().chain(texts)
    }

    /// Every slot the task fills.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        let lone = self
            .checks
            .iter()
            .flat_map(|check| &check.operands)
            .chain(self.extracts.iter().flat_map(|extract| &extract.operands))
            .filter_map(|operand| match operand {
                Operand::Slot(slot) => Some(*slot),
                Operand::Const(_) | Operand::Text(_) | Operand::Json(_) => None,
            });
        self.templates().flat_map(slots_of).chain(lone)
    }
}

/// The slots of a template.
pub(crate) fn slots_of(template: &Template) -> impl Iterator<Item = u32> {
    template.pieces.iter().filter_map(|piece| match piece {
        ld_stdlib::Piece::Slot { slot, .. } => Some(*slot),
        ld_stdlib::Piece::Text(_) => None,
    })
}
