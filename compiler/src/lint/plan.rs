//! A plan as lints see it: what it was lowered to, beside what was written.

use std::collections::HashSet;

use ld_stdlib::Span;
use ld_stdlib::blocks;
use ld_stdlib::commands::START_TEST;

use crate::ir::{self, Ir, SlotKind, Step, StepKind, Var};
use crate::json::{Kind, Node};
use crate::scenario::COMMAND;

/// A plan, as far as it was understood.
pub(crate) struct Plan<'p> {
    pub(super) ir: &'p Ir,
    pub(super) actions: Vec<Action<'p>>,
    pub(super) runs: Vec<Run<'p>>,
    read: HashSet<&'p Var>,
}

/// An action as written.
pub(super) struct Action<'p> {
    pub(super) command: &'p str,
    pub(super) arguments: &'p Node<'p>,
}

/// An `LD_start_test` as written.
pub(super) struct Run<'p> {
    pub(super) span: Span,
    arguments: Vec<(&'static str, &'p Node<'p>)>,
    /// Its tasks, those in blocks included.
    pub(super) tasks: Vec<Task<'p>>,
}

/// A task as written.
#[derive(Clone, Copy)]
pub(super) struct Task<'p> {
    pub(super) node: &'p Node<'p>,
    pub(super) method: Option<&'p str>,
}

impl<'p> Plan<'p> {
    pub(crate) fn new(root: &'p Node<'p>, ir: &'p Ir) -> Self {
        let mut read: HashSet<&Var> = ir.runs.iter().flat_map(|run| &run.read).collect();
        for slot in &ir.slots {
            if let SlotKind::Var(var) = slot.kind {
                read.extend(ir.vars.get(var));
            }
        }
        let mut plan = Self { ir, actions: Vec::new(), runs: Vec::new(), read };
        plan.add_actions(root);
        plan
    }

    /// Whether anything reads a variable.
    pub(super) fn reads(&self, var: &Var) -> bool {
        self.read.contains(var)
    }

    /// Whether a place is one that names files to carry out.
    pub(super) fn is_other_file(&self, span: Span) -> bool {
        let mut lists = self.actions.iter().filter(|action| action.command == "LD_execute_files");
        lists.any(|list| {
            let files = list.arguments.span;
            files.start <= span.start && span.end <= files.end
        })
    }

    /// Where a run says something, or else where the run is.
    pub(super) fn place(&self, run: &ir::Run, argument: &str) -> Span {
        let written = self.runs.iter().find(|written| written.span == run.span);
        written.and_then(|written| written.argument(argument)).map_or(run.span, |node| node.span)
    }

    /// Where a scenario of a run says something, or else where the run is.
    pub(super) fn scenario(&self, run: &ir::Run, name: &str, field: &str) -> Span {
        let written = self.runs.iter().find(|written| written.span == run.span);
        let member = written.and_then(|written| written.argument("scenarios")?.get(name));
        member.and_then(|member| member.value.get(field)).map_or(run.span, |m| m.value.span)
    }

    /// Where a task has a field, or else where the task is.
    pub(super) fn field(&self, task: Span, field: &str) -> Span {
        let written = self.tasks().find(|written| written.node.span == task);
        written.and_then(|written| written.field(&[field])).map_or(task, |node| node.span)
    }

    /// Every task of every run, as written.
    pub(super) fn tasks(&self) -> impl Iterator<Item = Task<'p>> {
        self.runs.iter().flat_map(|run| run.tasks.iter().copied())
    }

    fn add_actions(&mut self, list: &'p Node<'p>) {
        let list = list.get("load_density").map_or(list, |member| &member.value);
        for action in list.as_array().unwrap_or_default() {
            let items = action.as_array().unwrap_or_default();
            let (Some(command), Some(arguments)) =
                (items.first().and_then(Node::as_str), items.get(1))
            else {
                continue;
            };
            self.actions.push(Action { command, arguments });
            if command == COMMAND {
                self.runs.push(Run::new(action.span, arguments));
            } else if command == "LD_execute_action" {
                let inner = arguments.get("action_list").map(|member| &member.value);
                let inner = inner.or_else(|| arguments.as_array()?.first());
                inner.into_iter().for_each(|inner| self.add_actions(inner));
            }
        }
    }
}

impl<'p> Run<'p> {
    fn new(span: Span, payload: &'p Node<'p>) -> Self {
        let arguments: Vec<(&'static str, &Node<'_>)> = match &payload.kind {
            Kind::Object(members) => members
                .iter()
                .filter_map(|member| {
                    let field = ld_stdlib::field::find(START_TEST, &member.key.text)?;
                    Some((field.name, &member.value))
                })
                .collect(),
            Kind::Array(values) => START_TEST.iter().map(|field| field.name).zip(values).collect(),
            _ => Vec::new(),
        };
        let mut run = Self { span, arguments, tasks: Vec::new() };
        run.add_all(|run, name| run.argument(name));
        if let Some(Kind::Object(members)) = run.argument("scenarios").map(|node| &node.kind) {
            for member in members {
                run.add_all(|_, name| Some(&member.value.get(name)?.value));
            }
        }
        run
    }

    /// An argument, unless it is `null`.
    pub(super) fn argument(&self, name: &str) -> Option<&'p Node<'p>> {
        let (_, node) = self.arguments.iter().find(|(argument, _)| *argument == name)?;
        (!node.is_null()).then_some(*node)
    }

    fn add_all(&mut self, list: impl Fn(&Self, &str) -> Option<&'p Node<'p>>) {
        if let Some(node) = list(self, "tasks") {
            let node = node.get("tasks").map_or(node, |member| &member.value);
            match &node.kind {
                Kind::Object(members) => {
                    for member in members {
                        self.add(&member.value, Some(&member.key.text));
                    }
                }
                _ => self.add(node, None),
            }
        }
        for name in ["setup", "on_start", "on_stop", "teardown"] {
            list(self, name).into_iter().for_each(|node| self.add(node, None));
        }
    }

    /// Adds the tasks of a step or list of steps.
    fn add(&mut self, node: &'p Node<'p>, method: Option<&'p str>) {
        match &node.kind {
            Kind::Array(items) => items.iter().for_each(|item| self.add(item, None)),
            Kind::Object(members) => {
                let is_block =
                    members.iter().any(|member| blocks::find(&member.key.text).is_some());
                let written = node.get("method").and_then(|member| member.value.as_str());
                let method = written.or(method);
                if is_block {
                    members.iter().for_each(|member| self.add(&member.value, None));
                } else if method.is_some() {
                    self.tasks.push(Task { node, method });
                } else {
                    // A branch of `pick`.
                    let inside = node.get("tasks").map(|member| &member.value);
                    inside.into_iter().for_each(|inside| self.add(inside, None));
                }
            }
            _ => {}
        }
    }
}

impl<'p> Task<'p> {
    /// A field under any of its names, unless it is `null`.
    pub(super) fn field(&self, names: &[&str]) -> Option<&'p Node<'p>> {
        let member = names.iter().find_map(|name| self.node.get(name))?;
        (!member.value.is_null()).then_some(&member.value)
    }

    /// The URL as written.
    pub(super) fn url(&self) -> Option<&'p Node<'p>> {
        self.field(&["request_url", "url"])
    }

    /// The headers as written.
    pub(super) fn headers(&self) -> &'p [crate::json::Member<'p>] {
        self.field(&["headers"]).and_then(Node::as_object).unwrap_or_default()
    }
}

/// A text without placeholders.
pub(super) fn literal<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.as_str().filter(|text| !text.contains("${"))
}

/// Calls `see` for every list of steps, those inside others included.
pub(super) fn each_list<'i>(steps: &'i [Step], see: &mut impl FnMut(&'i [Step])) {
    see(steps);
    for step in steps {
        match &step.kind {
            StepKind::Group { steps, .. }
            | StepKind::While { steps, .. }
            | StepKind::Parallel { steps, .. } => each_list(steps, see),
            StepKind::Branch { then, otherwise, .. } => {
                each_list(then, see);
                each_list(otherwise, see);
            }
            StepKind::Pick { branches, .. } => {
                branches.iter().for_each(|(_, steps)| each_list(steps, see));
            }
            StepKind::Task(_)
            | StepKind::Set { .. }
            | StepKind::Log(_)
            | StepKind::Pause(_)
            | StepKind::ForgetCookies
            | StepKind::Stop(_) => {}
        }
    }
}

/// The lists of steps of a scenario.
pub(super) fn lists(scenario: &ir::Scenario) -> [&[Step]; 3] {
    [&scenario.on_start, &scenario.steps, &scenario.on_stop]
}
