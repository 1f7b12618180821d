//! Loops: rounds that are known are carried out, others become loops of the plan.

use std::rc::Rc;

use oxc_ast::ast::{Expression, ForStatementLeft, Statement, VariableDeclarationKind};
use oxc_span::Span;
use serde_json::{Map, json};

use super::code::Code;
use super::exits::After;
use super::machine::{Loop, Machine, Node};
use super::queries::parts_of_mapped;
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
        Self {
            depth,
            base,
            label: None,
            is_switch: false,
            flag: None,
            skip: None,
            is_live: false,
            is_of_items: false,
            needs_live: false,
        }
    }

    /// The same with a label.
    fn called(self, label: Option<&Rc<str>>) -> Self {
        Self { label: label.cloned(), ..self }
    }

    /// A loop of the plan.
    fn of_plan(depth: usize, base: usize, flag: Option<String>) -> Self {
        Self { is_of_items: flag.is_none(), flag, is_live: true, ..Self::known(depth, base) }
    }
}

/// The parts of a loop with a condition.
pub(super) struct Rounds<'a> {
    pub(super) test: Option<&'a Expression<'a>>,
    pub(super) update: Option<&'a Expression<'a>>,
    pub(super) body: &'a Statement<'a>,
    /// The first round asks for no condition.
    pub(super) first_without: bool,
    /// Each round has names of its own, which closures keep.
    pub(super) has_own_names: bool,
    pub(super) label: Option<Rc<str>>,
}

impl Flow<'_> {
    /// Whether a round ended, and the loop of this label goes on.
    fn goes_on(&self, label: Option<&Rc<str>>) -> bool {
        match self {
            Flow::Normal | Flow::Continue(None) => true,
            Flow::Continue(of) => of.as_ref() == label,
            _ => false,
        }
    }

    /// Whether the loop of this label ends, and nothing else.
    fn ends(&self, label: Option<&Rc<str>>) -> bool {
        matches!(self, Flow::Break(of) if of.is_none() || of.as_ref() == label)
    }
}

impl<'a> Machine<'a, '_> {
    /// A loop with a condition.
    pub(super) fn round_loop(
        &mut self,
        span: Span,
        rounds: &Rounds<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let Rounds { test, update, body, first_without, .. } = *rounds;
        let label = rounds.label.as_ref();
        let promises = self.promises.len();
        let mut scope_of_round = Rc::clone(scope);
        let (taken, journal) = (self.taken.clone(), self.journal.len());
        // Changes in what follows are kept, so that they can be undone.
        self.loops.push(Loop::known(self.depth, self.after.len()));
        let (steps, requests, notes) = (self.steps.len(), self.requests.len(), self.notes.clone());
        let before = self.left.clone();
        let mut written: Vec<Vec<Node>> = Vec::new();
        let mut is_live = false;
        let mut left = Flow::Normal;
        for round in 0.. {
            if rounds.has_own_names && round > 0 {
                scope_of_round = scope_of_round.again();
                if let Some(update) = update {
                    self.effect(update, &scope_of_round);
                }
            }
            let scope = &Rc::clone(&scope_of_round);
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
            self.loops.push(Loop::known(self.depth, self.after.len()).called(label));
            self.after.push(After::rounds(self.depth));
            let flow = self.round(&|machine| machine.statement(body, scope));
            self.after.pop();
            let needs_live = self.loops.pop().is_some_and(|around| around.needs_live)
                || self.left.len() > before.len();
            written.push(self.steps.get(mark..).unwrap_or_default().to_vec());
            if needs_live {
                is_live = true;
                break;
            }
            if flow.ends(label) {
                break;
            }
            if !flow.goes_on(label) {
                left = flow;
                break;
            }
            if let Some(update) = update
                && !rounds.has_own_names
            {
                self.effect(update, scope);
            }
        }
        self.loops.pop();
        let count: usize = written.iter().map(Vec::len).sum();
        let is_long = count > UNROLLED && written.len() > 3;
        if !is_live && self.folded(steps, &written) {
            return left;
        }
        if !is_live && !is_long {
            return left;
        }
        // Once more, as a loop of the plan.
        self.steps.truncate(steps);
        self.requests.truncate(requests);
        *self.notes = notes;
        self.retake(taken);
        self.undo(journal);
        self.left = before;
        self.thrown = None;
        self.promises.truncate(promises);
        self.live_loop(span, rounds, scope);
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

    fn live_loop(&mut self, span: Span, rounds: &Rounds<'a>, scope: &Scoped<'a>) {
        let Rounds { test, update, body, first_without, .. } = *rounds;
        let label = rounds.label.as_ref();
        let flag = self.fresh("done");
        let outer = std::mem::take(&mut self.left);
        let (before, (steps, condition, uses_flag, breaks)) = self.speculate(|machine| {
            let depth = machine.depth;
            let (mut uses_flag, mut breaks) = (first_without, false);
            let (steps, condition) = machine.apart(|machine| {
                let test = test.map_or(Value::Bool(true), |test| machine.expression(test, scope));
                let known = Some(flag.clone());
                let around = Loop::of_plan(depth, machine.after.len(), known);
                machine.loops.push(around.called(label));
                machine.after.push(After::rounds(depth));
                let flow = machine.round(&|machine| machine.statement(body, scope));
                machine.after.pop();
                breaks |= machine.loops.pop().is_some_and(|around| around.needs_live);
                machine.left.retain(|left| *left != flag);
                if flow.goes_on(label) {
                    if let Some(update) = update {
                        machine.effect(update, scope);
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
        if let Some(code) = &condition {
            self.may_be_missing(code);
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
        let is_var = declaration.kind == VariableDeclarationKind::Var;
        let run = |machine: &mut Self, item: Value<'a>| {
            let scope = Scope::within(scope);
            let outside = std::mem::replace(&mut machine.is_var, is_var);
            machine.bind(pattern, item, &scope, span);
            machine.is_var = outside;
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
        if let Some((list, function)) = parts_of_mapped(list) {
            return self.for_items(span, &list, &|machine, item| {
                let made = machine.call(&function, vec![item], span);
                run(machine, made)
            });
        }
        let label = self.label.take();
        let label = label.as_ref();
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
            let promises = self.promises.len();
            let mut is_long = false;
            let mut left = Flow::Normal;
            let base = self.after.len();
            let around = Loop { is_of_items: true, ..Loop::known(self.depth, base) };
            self.loops.push(around.called(label));
            self.after.push(After::rounds(self.depth));
            for (number, item) in items.iter().enumerate() {
                let flow = self
                    .unless_left(|machine| machine.round(&|machine| run(machine, item.clone())));
                match flow {
                    _ if self.thrown.is_some() => {
                        left = Flow::Throw;
                        break;
                    }
                    flow if flow.ends(label) => break,
                    flow if !flow.goes_on(label) => {
                        left = flow;
                        break;
                    }
                    _ => {}
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
                    self.retake(taken);
                    self.undo(journal);
                    self.left = before;
                    self.promises.truncate(promises);
                    self.list_variable(array)
                }
                _ => None,
            };
            let Some(variable) = variable else { return left };
            return self.for_live(span, &Code::Name(variable), label, run);
        }
        match self.code(list, span) {
            Some(code) => self.for_live(span, &code, label, run),
            None => {
                self.todo("do this for each item", span);
                Flow::Normal
            }
        }
    }

    /// `forEach`: calls a function with each item and its number.
    pub(super) fn for_each(&mut self, span: Span, list: &Value<'a>, function: &Value<'a>) {
        let wants_number = match function {
            Value::Function(closure) => closure.body.parameters() > 1,
            _ => false,
        };
        if !wants_number {
            self.for_items(span, list, &|machine, item| {
                machine.call(function, vec![item], span);
                Flow::Normal
            });
            return;
        }
        // Only a loop of the plan needs a variable for it.
        let variable = self.fresh("index");
        let start = self.steps.len();
        self.steps.push(Self::set(&variable, &Code::Const(json!(-1))));
        self.there.insert(variable.clone());
        let number = std::cell::Cell::new(0_u32);
        let is_counted = list.items().is_some();
        self.for_items(span, list, &|machine, item| {
            let is_of_plan = !is_counted || matches!(&item, Value::Live(_));
            let at = if is_of_plan {
                let next = Code::op("+", Code::name(&variable), Code::Const(json!(1)));
                machine.steps.push(Self::set(&variable, &next));
                Value::live(Code::name(&variable))
            } else {
                Value::Number(f64::from(number.replace(number.get() + 1)))
            };
            machine.call(function, vec![item, at, list.clone()], span);
            Flow::Normal
        });
        let steps = self.steps.get(start + 1..).unwrap_or_default();
        if !super::mentions(&format!("{steps:?}"), &variable) {
            self.steps.remove(start);
            self.taken.remove(&variable);
        }
    }

    fn for_live(
        &mut self,
        span: Span,
        list: &Code,
        label: Option<&Rc<str>>,
        run: &dyn Fn(&mut Self, Value<'a>) -> Flow<'a>,
    ) -> Flow<'a> {
        let item = self.fresh("item");
        let text = self.template(list);
        let outer = std::mem::take(&mut self.left);
        let (before, (mut steps, flag)) = self.speculate(|machine| {
            let depth = machine.depth;
            machine.apart(|machine| {
                let around = Loop::of_plan(depth, machine.after.len(), None);
                machine.loops.push(around.called(label));
                machine.after.push(After::rounds(depth));
                let flow = machine.round(&|machine| run(machine, Value::live(Code::name(&item))));
                if flow.ends(label) {
                    machine.leave_loop(None, span);
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
