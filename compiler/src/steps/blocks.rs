//! What each block becomes: jumps, assignments and picks.

use ld_stdlib::blocks::{BRANCH_FIELDS, Block};
use ld_stdlib::{Field, Shape, Span};
use ld_vm::Scope;

use super::Context;
use crate::condition::decided;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Argument, Condition, Const, Step, StepKind, Var};
use crate::json::{Kind, Member, Node};
use crate::lower::{Lower, Unknown};
use crate::scenario::pause;

/// Connections of `parallel` to one host, where it does not say how many: as browsers have.
const DEFAULT_CONNECTIONS: u32 = 6;

/// The members of a block by name.
pub(super) struct Members<'m, 's>(Vec<(&'static Field, &'m Node<'s>)>);

impl<'m, 's> Members<'m, 's> {
    pub(super) fn get(&self, name: &str) -> Option<&'m Node<'s>> {
        self.0.iter().find(|(field, _)| field.name == name).map(|(_, node)| *node)
    }
}

impl Lower<'_> {
    /// Lowers a block; `None` when it is too broken to say what it would do.
    pub(super) fn block(
        &mut self,
        node: &Node<'_>,
        block: &'static Block,
        context: Context<'_>,
    ) -> Option<StepKind> {
        let members = Members(self.block_members(node, block));
        let value = &node.get(block.key)?.value;
        let span = node.span;
        if value.is_null() {
            let message = format!("`{}` has no value", block.key);
            let problem = Diagnostic::new(Code::MissingField, message)
                .label(value.span, block.doc)
                .help(format!("for example `{}`", block.example));
            self.report(problem);
            return None;
        }
        match block.key {
            "foreach" => self.foreach(span, value, &members, context),
            "group" => {
                let name = self.value(value, &Shape::Text, "group")?.to_text();
                Some(StepKind::Group { name, steps: self.inside(&members, context) })
            }
            "if" => {
                let condition = self.block_condition(value);
                let otherwise = members.get("else").map(|node| self.steps(node, "else", context));
                let then = self.inside(&members, context);
                Some(StepKind::Branch { condition, then, otherwise: otherwise.unwrap_or_default() })
            }
            "interleave" => self.interleave(span, value, context),
            "log" => Some(StepKind::Log(self.value(value, &Shape::Text, "log")?.to_text())),
            "once" => {
                let flag = self.hidden("once");
                let mut then = vec![self.set(span, flag, Argument::Const(Const::Bool(true)))];
                then.extend(self.steps(value, "once", context));
                let done = self.read(flag, span);
                let condition = self.apply("not", vec![done], "once", span);
                Some(StepKind::Branch {
                    condition: decided(&condition),
                    then,
                    otherwise: Vec::new(),
                })
            }
            "pause" => {
                let tree = self.value(value, &ld_stdlib::scenario::PAUSE, "pause")?;
                pause(&tree, self).map(StepKind::Pause)
            }
            "parallel" => self.parallel(node, value, &members, context),
            "pick" => self.pick(value, context),
            "random" => {
                let steps = self.steps(value, "random", context);
                let branches = steps.into_iter().map(|step| (step.weight, vec![step])).collect();
                Some(StepKind::Pick { branches, rest: 0 })
            }
            "repeat" => self.repeat(span, value, &members, context),
            "set" => self.assignments(span, value),
            "clear_cookies" => {
                if !context.protocol.has_cookies {
                    let message = format!("`{}` has no cookies", context.user);
                    let problem = Diagnostic::new(Code::FieldWithoutEffect, message)
                        .label(node.span, "this changes nothing");
                    self.report(problem);
                }
                self.switched(value, block, StepKind::ForgetCookies)
            }
            "stop_run" => self.switched(value, block, StepKind::Stop(Scope::Run)),
            "stop_user" => self.switched(value, block, StepKind::Stop(Scope::User)),
            "todo" => {
                let Some(what) = value.as_str() else {
                    self.wrong_type(value, &Shape::ConstantText, block.key);
                    return None;
                };
                let message = format!("still to be written: {what}");
                let problem = Diagnostic::new(Code::StepToDo, message)
                    .label(node.span, "nothing happens here");
                self.report(problem);
                Some(together(Vec::new()))
            }
            _ => self.repeat_while(span, value, &members, context),
        }
    }

    /// A block whose value says whether it is done at all.
    fn switched(&mut self, value: &Node<'_>, block: &Block, kind: StepKind) -> Option<StepKind> {
        match value.as_bool() {
            Some(true) => Some(kind),
            Some(false) => Some(together(Vec::new())),
            None => {
                self.wrong_type(value, &Shape::Bool, block.key);
                None
            }
        }
    }

    pub(super) fn inside(&mut self, members: &Members<'_, '_>, context: Context<'_>) -> Vec<Step> {
        members.get("tasks").map(|node| self.steps(node, "tasks", context)).unwrap_or_default()
    }

    /// `interleave`: a counter, and one branch for each of its values.
    fn interleave(
        &mut self,
        span: Span,
        list: &Node<'_>,
        context: Context<'_>,
    ) -> Option<StepKind> {
        let counter = self.hidden("interleave");
        let steps = self.steps(list, "interleave", context);
        let count = i64::try_from(steps.len()).ok().filter(|count| *count > 0)?;
        let turn = self.hidden("turn");
        let now = self.read(counter, span);
        // A counter that was never set has no value, and 0 is where it begins.
        let zero = Argument::Const(Const::Int(0));
        let set = self.apply("!=", vec![now.clone(), Argument::Const(Const::Null)], "set", span);
        let begin = StepKind::Branch {
            condition: decided(&set),
            then: Vec::new(),
            otherwise: vec![self.set(span, counter, zero)],
        };
        let next = self.next(counter, span);
        let next = self.apply("%", vec![next, Argument::Const(Const::Int(count))], "next", span);
        let mut all =
            vec![step(span, begin), self.set(span, turn, now), self.set(span, counter, next)];
        for (position, inner) in steps.into_iter().enumerate() {
            let position = Argument::Const(Const::Int(i64::try_from(position).unwrap_or(i64::MAX)));
            let turn = self.read(turn, span);
            let condition = self.apply("==", vec![turn, position], "turn", span);
            let kind = StepKind::Branch {
                condition: decided(&condition),
                then: vec![inner],
                otherwise: Vec::new(),
            };
            all.push(step(span, kind));
        }
        Some(together(all))
    }

    /// `parallel`: tasks, and nothing else, of users that can have several requests under way.
    fn parallel(
        &mut self,
        node: &Node<'_>,
        list: &Node<'_>,
        members: &Members<'_, '_>,
        context: Context<'_>,
    ) -> Option<StepKind> {
        let most = members.get("max").and_then(|node| {
            let shape = Shape::Integer { min: 1, max: 1000 };
            match self.value(node, &shape, "max")?.kind {
                ld_stdlib::TreeKind::Int(most) => u32::try_from(most).ok(),
                _ => None,
            }
        });
        let mut steps = self.steps(list, "parallel", context);
        // A `todo` may stand anywhere; it is reported, and nothing happens in it.
        steps.retain(|step| !is_nothing(&step.kind));
        let mut lacking = None;
        for step in &steps {
            match &step.kind {
                StepKind::Task(task) if task.protocol.at_once => {}
                StepKind::Task(task) => lacking = lacking.or(Some((task.protocol, task.user))),
                _ => {
                    let problem =
                        Diagnostic::new(Code::NotAtOnce, "only tasks may stand in `parallel`")
                            .label(step.span, "this is a block")
                            .help("put the block around it or behind it; a task may have `run_if`");
                    self.report(problem);
                }
            }
        }
        if let Some((protocol, user)) = lacking {
            let message =
                format!("{} users cannot have several requests under way", protocol.title);
            let problem = Diagnostic::new(Code::NotAtOnce, message)
                .label(node.span, format!("`{user}` does one thing after the other"))
                .help("write the tasks one after the other, or give the run more users");
            self.report(problem);
            return None;
        }
        Some(StepKind::Parallel { most: most.unwrap_or(DEFAULT_CONNECTIONS), steps })
    }

    fn pick(&mut self, list: &Node<'_>, context: Context<'_>) -> Option<StepKind> {
        let Kind::Array(items) = &list.kind else {
            self.wrong_type(list, &Shape::List(&Shape::Any), "pick");
            return None;
        };
        let mut branches = Vec::new();
        let mut sum = 0;
        for item in items {
            let owner = format_args!("a branch of `pick`");
            let members = Members(self.members(item, &[BRANCH_FIELDS], owner, Unknown::Field));
            let shape = Shape::Number { min: 0.0, max: 100.0 };
            let percent = members.get("percent").and_then(|node| {
                match self.value(node, &shape, "percent")?.kind {
                    ld_stdlib::TreeKind::Int(number) => Some(number as f64),
                    ld_stdlib::TreeKind::Float(number) => Some(number),
                    _ => None,
                }
            });
            // In millionths, so that thirds are close enough.
            let share = (percent.unwrap_or(0.0) * 10_000.0).round() as u64;
            sum += share;
            branches.push((share, self.inside(&members, context)));
        }
        let Some(rest) = 1_000_000_u64.checked_sub(sum) else {
            let message = "the branches of `pick` have more than 100 percent";
            let problem = Diagnostic::new(Code::OutOfRange, message)
                .label(list.span, format!("{} percent together", sum as f64 / 10_000.0));
            self.report(problem);
            return None;
        };
        Some(StepKind::Pick { branches, rest })
    }

    fn assignments(&mut self, span: Span, node: &Node<'_>) -> Option<StepKind> {
        let Kind::Object(members) = &node.kind else {
            self.wrong_type(node, &Shape::Map(&Shape::Any), "set");
            return None;
        };
        let mut steps = Vec::new();
        for Member { key, value } in members {
            let (name, session) = match key.text.split_once('.') {
                Some(("session", name)) => (name, true),
                Some(("var", name)) => (name, false),
                _ => (&*key.text, false),
            };
            let var = self.var(Var { name: name.to_owned(), session });
            self.ir.assigned.push((var, key.span));
            // So that the problems of all of them are told.
            let Some(value) = self.given(value) else { continue };
            steps.push(self.set(span, var, value));
        }
        Some(together(steps))
    }

    /// A value with its type, or what `{"expr": E}` computes; `None` when that is no
    /// expression, which has been reported.
    pub(super) fn given(&mut self, node: &Node<'_>) -> Option<Argument> {
        match node.as_object() {
            Some([Member { key, value }]) if key.text == "expr" => match value.as_str() {
                Some(text) => Some(self.expression(text, value.span)?.value),
                None => {
                    self.wrong_type(value, &Shape::Text, "expr");
                    None
                }
            },
            _ => Some(self.typed_value_of(node)),
        }
    }
}

pub(super) fn step(span: Span, kind: StepKind) -> Step {
    Step { span, weight: 1, condition: Condition::Always, kind }
}

/// Whether a step is known to do nothing.
fn is_nothing(kind: &StepKind) -> bool {
    matches!(
        kind,
        StepKind::Branch { condition: Condition::Always, then, otherwise }
            if then.is_empty() && otherwise.is_empty()
    )
}

/// Steps one after the other, as one.
pub(super) fn together(steps: Vec<Step>) -> StepKind {
    StepKind::Branch { condition: Condition::Always, then: steps, otherwise: Vec::new() }
}
