//! Steps of a scenario: tasks, and blocks that hold steps.

mod blocks;

pub(crate) use blocks::DEFAULT_ROUNDS;

use ld_stdlib::blocks::{Block, STEP_FIELDS, find};
use ld_stdlib::protocols::Protocol;
use ld_stdlib::{Field, Shape, Span, Tree, TreeKind};

use crate::diag::{Code, Diagnostic};
use crate::ir::{Argument, Condition, Const, Step, StepKind, Var};
use crate::json::{Key, Kind, Node};
use crate::lower::{Lower, Unknown};
use crate::task;

/// What the steps of a scenario have in common.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) protocol: &'static Protocol,
    pub(crate) user: &'static str,
    /// What relative targets are relative to.
    pub(crate) host: Option<&'c Tree>,
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
