//! Loops: rounds that are known are carried out, others become loops of the plan.

use std::rc::Rc;

use oxc_ast::ast::{Expression, ForStatementLeft, Statement};
use oxc_span::Span;
use serde_json::{Map, json};

use super::code::Code;
use super::exits::After;
use super::machine::{Loop, Machine, Node};
use super::scope::Scope;
use super::statements::Flow;
use super::value::Value;

/// Rounds of a loop that are carried out when the plan is made.
const ROUNDS: usize = 10_000;
/// Steps of a loop that are written one after the other; longer ones become loops of the plan.
const UNROLLED: usize = 24;

type Scoped<'a> = Rc<Scope<'a>>;

impl Loop {
    /// A loop whose rounds are known.
    pub(super) fn known(depth: usize, base: usize) -> Self {
        let (flag, skip) = (None, None);
        Self { depth, base, flag, skip, is_live: false, is_of_items: false, needs_live: false }
    }

    /// A loop of the plan.
    fn of_plan(depth: usize, base: usize, flag: Option<String>) -> Self {
        Self { is_of_items: flag.is_none(), flag, is_live: true, ..Self::known(depth, base) }
    }
}

impl<'a> Machine<'a, '_> {
    /// A loop with a condition.
    pub(super) fn round_loop(
        &mut self,
        span: Span,
        test: Option<&'a Expression<'a>>,
        update: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        first_without: bool,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let (taken, journal) = (self.taken.clone(), self.journal.len());
        // Changes in what follows are kept, so that they can be undone.
        self.loops.push(Loop::known(self.depth, self.after.len()));
        let (steps, requests, notes) = (self.steps.len(), self.requests.len(), self.notes.clone());
        let before = self.left.clone();
        let mut rounds: Vec<Vec<Node>> = Vec::new();
        let mut is_live = false;
        let mut left = Flow::Normal;
        for round in 0.. {
            if !(first_without && round == 0) {
                let holds = test.map_or(Value::Bool(true), |test| self.expression(test, scope));
                match holds.truth() {
                    Some(true) => {}
                    Some(false) => break,
                    None => is_live = true,
                }
            }
            if is_live
                || round >= ROUNDS
                || !self.burn()
                || (round > 100 && self.steps.len() > steps + 500)
            {
                is_live = true;
                break;
            }
            let mark = self.steps.len();
            self.loops.push(Loop::known(self.depth, self.after.len()));
            self.after.push(After::rounds(self.depth));
            let flow = self.round(&|machine| machine.statement(body, scope));
            self.after.pop();
            let needs_live = self.loops.pop().is_some_and(|around| around.needs_live)
                || self.left.len() > before.len();
            rounds.push(self.steps.get(mark..).unwrap_or_default().to_vec());
            if needs_live {
                is_live = true;
                break;
            }
            match flow {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => break,
                flow => {
                    left = flow;
                    break;
                }
            }
            if let Some(update) = update {
                self.expression(update, scope);
            }
        }
        self.loops.pop();
        let written: usize = rounds.iter().map(Vec::len).sum();
        let is_long = written > UNROLLED && rounds.len() > 3;
        if !is_live && self.folded(steps, &rounds) {
            return left;
        }
        if !is_live && !is_long {
            return left;
        }
        // Once more, as a loop of the plan.
        self.steps.truncate(steps);
        self.requests.truncate(requests);
        *self.notes = notes;
        self.taken = taken;
        self.undo(journal);
        self.left = before;
        self.thrown = None;
        self.live_loop(span, test, update, body, first_without, scope);
        Flow::Normal
    }

    /// Rounds that do all the same become a `repeat`.
    pub(super) fn folded(&mut self, start: usize, rounds: &[Vec<Node>]) -> bool {
        let Some((first, others)) = rounds.split_first() else { return false };
        if others.len() < 2 || first.is_empty() {
            return false;
        }
        let shown = |machine: &Self, nodes: &[Node]| format!("{:?}", machine.finished(nodes));
        let wanted = shown(self, first);
        let alike = others.iter().all(|round| shown(self, round) == wanted);
        let total: usize = rounds.iter().map(Vec::len).sum();
        if !alike || start + total != self.steps.len() {
            return false;
        }
        self.steps.truncate(start);
        let lists = vec![("tasks", first.clone())];
        self.steps.push(Self::block("repeat", json!(rounds.len()), lists));
        true
    }

    pub(super) fn live_loop(
        &mut self,
        span: Span,
        test: Option<&'a Expression<'a>>,
        update: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        first_without: bool,
        scope: &Scoped<'a>,
    ) {
        let flag = self.fresh("done");
        let outer = std::mem::take(&mut self.left);
        let (before, (steps, condition, uses_flag, breaks)) = self.speculate(|machine| {
            let depth = machine.depth;
            let (mut uses_flag, mut breaks) = (first_without, false);
            let (steps, condition) = machine.apart(|machine| {
                let test = test.map_or(Value::Bool(true), |test| machine.expression(test, scope));
                let known = Some(flag.clone());
                machine.loops.push(Loop::of_plan(depth, machine.after.len(), known));
                machine.after.push(After::rounds(depth));
                let flow = machine.round(&|machine| machine.statement(body, scope));
                machine.after.pop();
                breaks |= machine.loops.pop().is_some_and(|around| around.needs_live);
                machine.left.retain(|left| *left != flag);
                if matches!(flow, Flow::Normal | Flow::Continue) {
                    if let Some(update) = update {
                        machine.expression(update, scope);
                    }
                } else {
                    // There is one round.
                    breaks = true;
                    machine.steps.push(Self::set(&flag, &Code::Const(json!(true))));
                }
                match test.truth() {
                    Some(true) => Some(None),
                    _ => machine.code(&test, span).map(Some),
                }
            });
            uses_flag |= breaks;
            (steps, condition, uses_flag, breaks)
        });
        self.steps.extend(before);
        let goes_out = std::mem::replace(&mut self.left, outer);
        for flag in &goes_out {
            self.may_be_set(flag);
        }
        if !uses_flag {
            self.taken.remove(&flag);
        }
        let Some(condition) = condition else {
            self.todo("repeat this as the script does", span);
            return;
        };
        if !super::sends(&steps) {
            // What is computed here is not followed any further.
            self.approximate(span, "what this loop computes is not known; it sends nothing");
            return;
        }
        let not = |flag: &String| Code::Not(Box::new(Code::Name(flag.clone())));
        let goes_on = goes_out.iter().fold(not(&flag), |all, out| Code::op("and", all, not(out)));
        let condition = match condition {
            Some(code) if uses_flag && !first_without => Code::op("and", goes_on, code),
            Some(code) if first_without => {
                self.steps.push(Self::set(&flag, &Code::Const(json!(false))));
                let mut steps = steps;
                let ends = code.negated();
                let ends = if breaks { Code::op("or", Code::name(&flag), ends) } else { ends };
                steps.push(Self::set(&flag, &ends));
                let lists = vec![("tasks", steps)];
                self.steps.push(Self::block("while", json!(goes_on.expression()), lists));
                return;
            }
            Some(code) => {
                goes_out.iter().rev().fold(code, |all, out| Code::op("and", not(out), all))
            }
            None => goes_on,
        };
        if uses_flag {
            self.steps.push(Self::set(&flag, &Code::Const(json!(false))));
        }
        self.steps.push(Self::block(
            "while",
            json!(condition.expression()),
            vec![("tasks", steps)],
        ));
    }

    /// `for (… of list)`.
    pub(super) fn each(
        &mut self,
        span: Span,
        left: &'a ForStatementLeft<'a>,
        list: &Value<'a>,
        body: &'a Statement<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let ForStatementLeft::VariableDeclaration(declaration) = left else {
            self.todo("do this for each item", span);
            return Flow::Normal;
        };
        let Some(pattern) = declaration.declarations.first().map(|first| &first.id) else {
            return Flow::Normal;
        };
        let run = |machine: &mut Self, item: Value<'a>| {
            let scope = Scope::within(scope);
            machine.bind(pattern, item, &scope, span);
            machine.statement(body, &scope)
        };
        self.for_items(span, list, &run)
    }

    /// Does something for each item of a list: one after the other, or as a block of the plan.
    pub(super) fn for_items(
        &mut self,
        span: Span,
        list: &Value<'a>,
        run: &dyn Fn(&mut Self, Value<'a>) -> Flow<'a>,
    ) -> Flow<'a> {
        let items = match list {
            Value::Text(text) => {
                Some(text.chars().map(|char| Value::text(&char.to_string())).collect())
            }
            other => other.items(),
        };
        if let Some(items) = items {
            let items: Vec<Value<'a>> = items;
            let (steps, requests) = (self.steps.len(), self.requests.len());
            let notes = self.notes.clone();
            let (taken, journal) = (self.taken.clone(), self.journal.len());
            let before = self.left.clone();
            let mut is_long = false;
            let mut left = Flow::Normal;
            let base = self.after.len();
            self.loops.push(Loop { is_of_items: true, ..Loop::known(self.depth, base) });
            self.after.push(After::rounds(self.depth));
            for (number, item) in items.iter().enumerate() {
                let flow = self
                    .unless_left(|machine| machine.round(&|machine| run(machine, item.clone())));
                match flow {
                    _ if self.thrown.is_some() => {
                        left = Flow::Throw;
                        break;
                    }
                    Flow::Normal | Flow::Continue => {}
                    Flow::Break => break,
                    flow => {
                        left = flow;
                        break;
                    }
                }
                is_long = self.steps.len() - steps > UNROLLED && number > 3;
                if is_long || !self.burn() {
                    break;
                }
            }
            self.after.pop();
            if let Some(flag) = self.loops.pop().and_then(|around| around.flag) {
                self.left.retain(|left| *left != flag);
                self.steps.insert(steps, Self::set(&flag, &Code::Const(json!(false))));
            }
            let variable = match list {
                Value::Array(array)
                    if is_long && items.iter().all(|item| item.to_json().is_some()) =>
                {
                    self.steps.truncate(steps);
                    self.requests.truncate(requests);
                    *self.notes = notes;
                    self.taken = taken;
                    self.undo(journal);
                    self.left = before;
                    self.list_variable(array)
                }
                _ => None,
            };
            let Some(variable) = variable else { return left };
            return self.for_live(span, &Code::Name(variable), run);
        }
        match self.code(list, span) {
            Some(code) => self.for_live(span, &code, run),
            None => {
                self.todo("do this for each item", span);
                Flow::Normal
            }
        }
    }

    pub(super) fn for_live(
        &mut self,
        span: Span,
        list: &Code,
        run: &dyn Fn(&mut Self, Value<'a>) -> Flow<'a>,
    ) -> Flow<'a> {
        let item = self.fresh("item");
        let text = self.template(list);
        let outer = std::mem::take(&mut self.left);
        let (before, (mut steps, flag)) = self.speculate(|machine| {
            let depth = machine.depth;
            machine.apart(|machine| {
                machine.loops.push(Loop::of_plan(depth, machine.after.len(), None));
                machine.after.push(After::rounds(depth));
                let flow = machine.round(&|machine| run(machine, Value::live(Code::name(&item))));
                if matches!(flow, Flow::Break) {
                    machine.leave_loop();
                }
                machine.after.pop();
                machine.loops.pop().and_then(|around| around.flag)
            })
        });
        self.steps.extend(before);
        let goes_out = std::mem::replace(&mut self.left, outer);
        if !goes_out.is_empty() {
            let lists = vec![("tasks", steps)];
            steps = vec![Self::block("if", json!(Self::none_of(&goes_out)), lists)];
        }
        for out in goes_out {
            if flag.as_ref() != Some(&out) {
                self.may_be_set(&out);
            }
        }
        if !steps.is_empty() {
            if let Some(flag) = &flag {
                self.steps.push(Self::set(flag, &Code::Const(json!(false))));
            }
            if !super::sends(&steps) {
                self.remark(span, "the plan computes this, item by item");
            }
            let mut head = Map::new();
            head.insert("foreach".to_owned(), text.into());
            head.insert("as".to_owned(), item.into());
            self.steps.push(Node::Block { head, lists: vec![("tasks", steps)] });
        }
        Flow::Normal
    }
}
