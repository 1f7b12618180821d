//! Ways out of functions, loops and rounds that only the plan decides on: variables say that one was
//! taken, and what follows runs only when none was.

use oxc_ast::ast::Statement;
use serde_json::json;

use super::code::Code;
use super::machine::{Machine, Node};
use super::scope::Scope;
use super::statements::Flow;
use super::value::Value;

/// Conditional blocks in each other that are written at most; the language allows a few more.
const DEEPEST: usize = 100;

/// Something that a function, a loop or a `try` still does after what is evaluated.
pub(super) struct After {
    /// How many conditional blocks it stands in.
    depth: usize,
    /// It follows an `if`, whose other branch it goes into.
    is_of_choice: bool,
}

impl After {
    pub(super) fn rounds(depth: usize) -> Self {
        Self { depth, is_of_choice: false }
    }
}

/// A function or a `try` that is evaluated, with the variable that says that it was left.
#[derive(Clone)]
pub(super) struct Frame<'a> {
    /// What follows outside of it: the number of [`Machine::after`].
    base: usize,
    /// Where its steps start.
    start: usize,
    pub(super) flag: Option<String>,
    /// What it gives back where it was left, and the variable that has this.
    value: Option<Value<'a>>,
    result: Option<String>,
}

impl<'a> Machine<'a, '_> {
    pub(super) fn frame(&self) -> Frame<'a> {
        let (base, start) = (self.after.len(), self.steps.len());
        Frame { base, start, flag: None, value: None, result: None }
    }

    /// Runs something that other steps follow.
    pub(super) fn followed<R>(
        &mut self,
        is_of_choice: bool,
        run: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.after.push(After { depth: self.depth, is_of_choice });
        let result = run(self);
        self.after.pop();
        result
    }

    /// Whether what would follow here, up to `base`, has to be told that it was left.
    fn is_awaited(&self, base: usize) -> bool {
        self.after.get(base..).unwrap_or_default().iter().any(|after| {
            let goes_into_other_branch = after.is_of_choice && after.depth + 1 == self.depth;
            after.depth < self.depth && !goes_into_other_branch
        })
    }

    /// Leaves the function with a value.
    pub(super) fn leave_function(&mut self, value: Value<'a>) -> Flow<'a> {
        let Some(mut frame) = self.frames.pop() else { return Flow::Return(value) };
        if !self.is_awaited(frame.base) {
            self.frames.push(frame);
            return Flow::Return(value);
        }
        let value = match value {
            Value::Undefined => value,
            value => match self.code(&value, oxc_span::Span::default()) {
                Some(code) => {
                    let known = frame.result.take();
                    let name = known.unwrap_or_else(|| self.fresh_for_good("result"));
                    self.steps.push(Self::set(&name, &code));
                    frame.result = Some(name.clone());
                    Value::live(Code::Name(name))
                }
                None => value,
            },
        };
        let flag = frame.flag.take().unwrap_or_else(|| self.fresh_for_good("left"));
        self.raise(&flag);
        frame.flag = Some(flag);
        frame.value = Some(value.clone());
        self.frames.push(frame);
        Flow::Return(value)
    }

    /// A way out of a loop that only the plan can decide on.
    pub(super) fn leave_loop(&mut self, label: Option<&str>, span: oxc_span::Span) {
        let depth = self.depth;
        let place = self.loop_of(label, true);
        if place.is_none() && label.is_some() {
            self.approximate(span, "what has this label is no loop; it ends where it ends");
        }
        let Some(around) = place.and_then(|at| self.loops.get_mut(at)) else { return };
        if depth <= around.depth + usize::from(around.is_live && !around.is_of_items) {
            return;
        }
        around.needs_live = true;
        let (flag, is_of_items) = (around.flag.clone(), around.is_of_items);
        let flag = match flag {
            Some(flag) => flag,
            None if is_of_items => self.fresh_for_good("done"),
            None => return,
        };
        self.raise(&flag);
        if let Some(around) = place.and_then(|at| self.loops.get_mut(at)) {
            around.flag = Some(flag);
        }
    }

    /// The loop of a label, or the innermost one; `break` ends a `switch`, too.
    fn loop_of(&self, label: Option<&str>, is_break: bool) -> Option<usize> {
        self.loops.iter().rposition(|around| match label {
            Some(label) => around.label.as_deref() == Some(label),
            None => is_break || !around.is_switch,
        })
    }

    /// A loop that is left, or goes on, on a condition, is one of the plan.
    pub(super) fn needs_live(&mut self) {
        let depth = self.depth;
        let around = self.loops.iter_mut().rev().find(|around| !around.is_switch);
        if let Some(around) = around
            && depth > around.depth
            && !around.is_live
        {
            around.needs_live = true;
        }
    }

    /// Ends a round of a loop early.
    pub(super) fn leave_round(&mut self, label: Option<&str>) {
        let place = self.loop_of(label, false);
        let Some(around) = place.and_then(|at| self.loops.get(at)) else { return };
        let skip = around.skip.clone();
        if !self.is_awaited(around.base + 1) {
            return;
        }
        let skip = skip.unwrap_or_else(|| self.fresh_for_good("skip"));
        self.raise(&skip);
        if let Some(around) = place.and_then(|at| self.loops.get_mut(at)) {
            around.skip = Some(skip);
        }
    }

    /// A round of the innermost loop.
    pub(super) fn round(&mut self, run: &dyn Fn(&mut Self) -> Flow<'a>) -> Flow<'a> {
        let start = self.steps.len();
        let flow = run(self);
        if let Some(skip) = self.loops.last().and_then(|around| around.skip.clone()) {
            self.left.retain(|left| *left != skip);
            let off = Self::set(&skip, &Code::Const(json!(false)));
            self.steps.insert(start.min(self.steps.len()), off);
        }
        flow
    }

    /// Throws: what follows up to the next `catch`, or in this round of the script, is not done.
    pub(super) fn throw(&mut self, error: Value<'a>) {
        self.thrown = Some(error);
        if self.loading {
            return;
        }
        let Some(mut frame) = self.catches.pop() else { return };
        if self.is_awaited(frame.base) {
            let flag = frame.flag.take().unwrap_or_else(|| self.fresh_for_good("failed"));
            self.raise(&flag);
            frame.flag = Some(flag);
        }
        self.catches.push(frame);
    }

    fn raise(&mut self, flag: &str) {
        self.steps.push(Self::set(flag, &Code::Const(json!(true))));
        self.may_be_set(flag);
    }

    /// What follows has to ask for this variable.
    pub(super) fn may_be_set(&mut self, flag: &str) {
        if !self.left.iter().any(|known| known == flag) {
            self.left.push(flag.to_owned());
        }
    }

    /// A name of a variable that stays taken when what asked for it is evaluated once more.
    fn fresh_for_good(&mut self, wanted: &str) -> String {
        let name = self.fresh(wanted);
        self.for_good.insert(name.clone());
        name
    }

    /// Ends a function or a `try`; says whether it may have been left by its variable.
    pub(super) fn end(&mut self, frame: &Frame<'a>) -> bool {
        let Some(flag) = &frame.flag else { return false };
        self.left.retain(|left| left != flag);
        let steps = self.steps.get(frame.start..).unwrap_or_default();
        let said = format!("{steps:?}");
        let is_set = |name: &str| said.contains(&format!("\"{name}\""));
        let mut first = Vec::new();
        if let Some(result) = frame.result.as_ref().filter(|name| is_set(name)) {
            first.push(Self::set(result, &Code::Const(json!(null))));
        }
        let is_used = is_set(flag);
        if is_used {
            first.push(Self::set(flag, &Code::Const(json!(false))));
        }
        self.steps.splice(frame.start..frame.start, first);
        is_used
    }

    /// What a function gives back that may have been left before its end.
    pub(super) fn result(&mut self, frame: &Frame<'a>, flow: Flow<'a>) -> Value<'a> {
        let was_left = self.end(frame);
        match flow {
            Flow::Return(value) => value,
            Flow::Normal | Flow::Throw if was_left => match &frame.value {
                Some(value) if value.truth() != Some(false) => value.clone(),
                _ => Value::Undefined,
            },
            _ => Value::Undefined,
        }
    }

    /// The statements that follow, unless something before has left.
    pub(super) fn go_on(
        &mut self,
        rest: &'a [Statement<'a>],
        scope: &std::rc::Rc<Scope<'a>>,
    ) -> Flow<'a> {
        if rest.is_empty() {
            return Flow::Normal;
        }
        self.unless_left(|machine| machine.statements(rest, scope))
    }

    /// Does something unless something before has left.
    pub(super) fn unless_left(&mut self, run: impl Fn(&mut Self) -> Flow<'a>) -> Flow<'a> {
        if self.left.is_empty() {
            return run(self);
        }
        let flags = std::mem::take(&mut self.left);
        let (before, (mut steps, flow)) = self.speculate(|machine| machine.apart_with_rest(&run));
        self.steps.extend(before);
        let frame = self.frames.last().cloned();
        let flow = match (flow, frame) {
            (Flow::Return(value), Some(frame))
                if frame.flag.as_ref().is_some_and(|flag| flags.contains(flag)) =>
            {
                self.joined_result(&frame, value, &flags, &mut steps)
            }
            (flow, _) => flow,
        };
        let condition = Self::none_of(&flags);
        if !steps.is_empty() {
            let block = Self::block("if", json!(condition), vec![("tasks", steps)]);
            self.steps.push(block);
        }
        for flag in flags {
            self.may_be_set(&flag);
        }
        flow
    }

    /// A step, unless a part of the expression before has left.
    pub(super) fn push_unless_left(&mut self, node: Node) {
        let node = if self.left.is_empty() || self.loading {
            node
        } else {
            let condition = Self::none_of(&self.left).into();
            Self::block("if", condition, vec![("tasks", vec![node])])
        };
        self.push(node);
    }

    /// The value of a function that either was left before or gives back `value`.
    fn joined_result(
        &mut self,
        frame: &Frame<'a>,
        value: Value<'a>,
        flags: &[String],
        steps: &mut Vec<Node>,
    ) -> Flow<'a> {
        let before = frame.value.clone().unwrap_or(Value::Undefined);
        let span = oxc_span::Span::default();
        if let Some(result) = &frame.result {
            let known = Code::name(result);
            if matches!(&value, Value::Live(code) if **code == known) {
                return Flow::Return(value);
            }
            let (more, code) = self.apart(|machine| machine.code(&value, span));
            if let Some(code) = code {
                steps.extend(more);
                steps.push(Self::set(result, &code));
                return Flow::Return(Value::live(known));
            }
        }
        let mut otherwise = Vec::new();
        let value = self.merged(value, steps, before, &mut otherwise, span);
        if !otherwise.is_empty() {
            let condition = format!("not ({})", Self::none_of(flags));
            self.steps.push(Self::block("if", json!(condition), vec![("tasks", otherwise)]));
        }
        Flow::Return(value)
    }

    /// An expression: none of the variables is set.
    pub(super) fn none_of(flags: &[String]) -> String {
        let none: Vec<String> = flags.iter().map(|flag| format!("not {flag}")).collect();
        none.join(" and ")
    }

    /// Whether blocks are nested as deep as is written; what follows is left to somebody.
    pub(super) fn is_too_deep(&mut self, span: oxc_span::Span) -> bool {
        if self.depth < DEEPEST {
            return false;
        }
        self.todo(
            "decide here what the script decides: there are too many conditions before",
            span,
        );
        true
    }
}
