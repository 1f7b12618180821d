//! Steps of a scenario: tasks, and blocks that hold steps.

mod blocks;
mod loops;

pub(crate) use loops::DEFAULT_ROUNDS;

use ld_stdlib::blocks::{BLOCKS, Block, STEP_FIELDS, find};
use ld_stdlib::protocols::Protocol;
use ld_stdlib::scenario::TASK_FIELDS;
use ld_stdlib::{Field, Shape, Span, Tree, TreeKind};

use crate::connection::Connection;
use crate::diag::{Code, Diagnostic, suggest};
use crate::ir::{Argument, Condition, Const, Step, StepKind, Var};
use crate::json::{Key, Kind, Node};
use crate::lower::{Lower, Unknown};
use crate::task;

/// What the steps of a scenario have in common.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) protocol: &'static Protocol,
    pub(crate) user: &'static str,
    pub(crate) common: Common<'c>,
}

/// What steps of all user types have in common.
#[derive(Clone, Copy)]
pub(crate) struct Common<'c> {
    /// What relative targets are relative to.
    pub(crate) host: Option<&'c Tree>,
    /// What tasks say that do not say it themselves.
    pub(crate) connection: &'c Connection<'c>,
}

impl Lower<'_> {
    /// Lowers the steps of a list; `name` is what the plan calls it.
    pub(crate) fn steps(&mut self, node: &Node<'_>, name: &str, context: Context<'_>) -> Vec<Step> {
        match &node.kind {
            Kind::Array(items) => {
                items.iter().filter_map(|item| self.step(item, None, context)).collect()
            }
            // One step alone.
            Kind::Object(_) => self.step(node, None, context).into_iter().collect(),
            Kind::Invalid => Vec::new(),
            _ => {
                let message = format!("`{name}` must be a list of steps, not {}", node.type_name());
                let problem = Diagnostic::new(Code::WrongType, message)
                    .label(node.span, "expected a list of tasks");
                self.report(problem);
                Vec::new()
            }
        }
    }

    /// Lowers a task or block; `method` is its key where tasks are written by method.
    pub(crate) fn step(
        &mut self,
        node: &Node<'_>,
        method: Option<&Key<'_>>,
        context: Context<'_>,
    ) -> Option<Step> {
        let condition = self.runs(
            node.get("run_if").map(|member| &member.value),
            node.get("skip_if").map(|member| &member.value),
        );
        let weight = self.weight(node);
        if let Some(block) = block(node) {
            let kind = self.block(node, block, context)?;
            return Some(Step { span: node.span, weight, condition, kind });
        }
        if method.is_none()
            && node.get("user").is_none()
            && let Some((key, meant)) = misspelt(node, context.protocol)
        {
            let message = format!("unknown block `{}`", key.text);
            let problem = Diagnostic::new(Code::UnknownField, message)
                .label(key.span, "there is no such block")
                .did_you_mean(&key.text, [meant])
                .replace(key.span, meant);
            self.report(problem);
            // What stands in it may have problems of its own.
            let tasks = node.get("tasks");
            let then = tasks.map(|tasks| self.steps(&tasks.value, "tasks", context));
            let (then, otherwise) = (then.unwrap_or_default(), Vec::new());
            let kind = StepKind::Branch { condition: Condition::Always, then, otherwise };
            return Some(Step { span: node.span, weight, condition, kind });
        }
        let task = task::lower(node, method, context, self)?;
        let kind = StepKind::Task(Box::new(task));
        Some(Step { span: node.span, weight, condition, kind })
    }

    /// The members of a block besides its key; what is no member of it is reported.
    fn block_members<'n, 's>(
        &mut self,
        node: &'n Node<'s>,
        block: &Block,
    ) -> Vec<(&'static Field, &'n Node<'s>)> {
        let tables = &[block.fields, STEP_FIELDS];
        let owner = format_args!("`{}`", block.key);
        self.members_besides(Some(block.key), node, tables, owner, Unknown::Field)
    }

    fn weight(&mut self, node: &Node<'_>) -> u64 {
        let shape = Shape::Number { min: 0.0, max: 1e9 };
        let written = node.get("weight").filter(|weight| !weight.value.is_null());
        match written.and_then(|weight| self.value(&weight.value, &shape, "weight")) {
            Some(Tree { kind: TreeKind::Int(number), .. }) => u64::try_from(number).unwrap_or(0),
            Some(Tree { kind: TreeKind::Float(number), .. }) => number as u64,
            _ => 1,
        }
    }

    /// A variable of the compiler's own. Its name does not depend on what was folded.
    fn hidden(&mut self, purpose: &str) -> usize {
        self.hidden += 1;
        let name = format!("{purpose} #{}", self.hidden);
        self.var(Var { name, session: true })
    }

    /// A step that has no place of its own in the plan.
    fn set(&mut self, span: Span, var: usize, value: Argument) -> Step {
        let kind = StepKind::Set { var, value };
        Step { span, weight: 1, condition: Condition::Always, kind }
    }

    /// What a variable holds.
    fn read(&mut self, var: usize, span: Span) -> Argument {
        let text = self.ir.vars.get(var).map_or(String::new(), |var| var.name.clone());
        let kind = crate::ir::SlotKind::Var(var);
        Argument::Slot(self.slot(crate::ir::Slot { kind, text, span }))
    }

    /// `var + 1`.
    fn next(&mut self, var: usize, span: Span) -> Argument {
        let value = self.read(var, span);
        self.apply("+", vec![value, Argument::Const(Const::Int(1))], "+ 1", span)
    }
}

/// Whether an object is a block.
pub(crate) fn is_block(node: &Node<'_>) -> bool {
    block(node).is_some()
}

/// The block an object is.
fn block(node: &Node<'_>) -> Option<&'static Block> {
    let members = node.as_object()?;
    members.iter().find_map(|member| find(&member.key.text))
}

/// The key of a block that is written in a wrong way, and what was meant: nothing that a task
/// needs stands beside it.
fn misspelt<'n, 's>(
    node: &'n Node<'s>,
    protocol: &Protocol,
) -> Option<(&'n Key<'s>, &'static str)> {
    let members = node.as_object()?;
    let fields = || STEP_FIELDS.iter().chain(TASK_FIELDS).chain(protocol.fields);
    let is_task = fields().filter(|field| field.required).any(|field| {
        members.iter().any(|member| {
            let key: &str = &member.key.text;
            field.is_called(key) || suggest(key, [field.name]).is_some()
        })
    });
    if is_task {
        return None;
    }
    let unknown = members.iter().filter(|member| !fields().any(|f| f.is_called(&member.key.text)));
    unknown.filter(|member| member.key.text != "tasks").find_map(|member| {
        let key: &str = &member.key.text;
        let meant = suggest(key, BLOCKS.iter().map(|block| block.key))?;
        let block = find(meant)?;
        Some((&member.key, block.key))
    })
}
