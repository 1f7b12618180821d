//! Statements: what is decided is carried out, what is not becomes blocks of the plan.

use std::rc::Rc;

use oxc_ast::ast::{
    BindingPattern, Declaration, Expression, ForStatementInit, ForStatementLeft, PropertyKey,
    Statement, VariableDeclaration,
};
use oxc_span::{GetSpan as _, Span};
use serde_json::{Map, json};

use super::code::Code;
use super::machine::{LEVELS, Loop, Machine, Node};
use super::scope::Scope;
use super::value::{Value, What};

/// How a statement ends.
#[derive(Clone)]
pub(super) enum Flow<'a> {
    Normal,
    Return(Value<'a>),
    Break,
    Continue,
    Throw,
}

/// Rounds of a loop that are carried out when the plan is made.
const ROUNDS: usize = 10_000;
/// Steps of a loop that are written one after the other; longer ones become loops of the plan.
const UNROLLED: usize = 24;

type Scoped<'a> = Rc<Scope<'a>>;

impl<'a> Machine<'a, '_> {
    /// Statements in order. What follows an `if` that may leave goes into its other branch.
    pub(super) fn statements(&mut self, body: &'a [Statement<'a>], scope: &Scoped<'a>) -> Flow<'a> {
        for statement in body {
            if let Some(Declaration::FunctionDeclaration(function)) = statement.as_declaration()
                && let Some(id) = &function.id
            {
                let value = Self::closure_of(function, scope);
                scope.declare(&id.name, value, self.depth);
            }
        }
        for (number, statement) in body.iter().enumerate() {
            if let Statement::IfStatement(choice) = statement {
                let test = self.expression(&choice.test, scope);
                let Some(holds) = test.truth() else {
                    let rest = body.get(number + 1..).unwrap_or_default();
                    let (yes, no) = (&choice.consequent, choice.alternate.as_ref());
                    return self.either(choice.span, &test, yes, no, rest, scope);
                };
                let branch =
                    if holds { Some(&choice.consequent) } else { choice.alternate.as_ref() };
                match branch.map_or(Flow::Normal, |branch| self.statement(branch, scope)) {
                    Flow::Normal => continue,
                    left => return left,
                }
            }
            match self.statement(statement, scope) {
                Flow::Normal => {}
                left => return left,
            }
        }
        Flow::Normal
    }

    /// An `if` that the plan decides, with what comes after it.
    fn either(
        &mut self,
        span: Span,
        test: &Value<'a>,
        yes: &'a Statement<'a>,
        no: Option<&'a Statement<'a>>,
        rest: &'a [Statement<'a>],
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let Some(code) = self.code(test, span) else {
            self.todo("decide here what the script decides", span);
            return self.statements(rest, scope);
        };
        let condition = code.expression();
        let (before, (mut then, left, mut otherwise, right, went_on)) = self.speculate(|machine| {
            let (then, left) = machine.apart(|machine| machine.statement(yes, scope));
            let (otherwise, right) =
                machine.apart(|machine| no.map_or(Flow::Normal, |no| machine.statement(no, scope)));
            let leaves = !matches!(left, Flow::Normal);
            if leaves == matches!(right, Flow::Normal) && !rest.is_empty() {
                // One of them leaves: the other one goes on.
                let (more, end) = machine.apart(|machine| machine.statements(rest, scope));
                let mut list = if leaves { otherwise.clone() } else { then.clone() };
                list.extend(more);
                return if leaves {
                    (then, left, list, end, true)
                } else {
                    (list, end, otherwise, right, true)
                };
            }
            (then, left, otherwise, right, false)
        });
        self.steps.extend(before);
        let flow = match (left, right) {
            (Flow::Return(one), Flow::Return(other)) => {
                Flow::Return(self.merged(one, &mut then, other, &mut otherwise, span))
            }
            // What is left on a condition goes on in the other branch, which is at its end.
            (Flow::Return(value), Flow::Normal) | (Flow::Normal, Flow::Return(value))
                if value.truth() != Some(false) =>
            {
                Flow::Return(value)
            }
            (_, Flow::Normal) | (Flow::Normal, _) => Flow::Normal,
            (one, _) => one,
        };
        match (then.is_empty(), otherwise.is_empty()) {
            (true, true) => {}
            (false, true) => {
                self.steps.push(Self::block("if", json!(condition), vec![("tasks", then)]));
            }
            (true, false) => {
                let condition = code.negated().expression();
                self.steps.push(Self::block("if", json!(condition), vec![("tasks", otherwise)]));
            }
            (false, false) => {
                let lists = vec![("tasks", then), ("else", otherwise)];
                self.steps.push(Self::block("if", json!(condition), lists));
            }
        }
        match flow {
            Flow::Normal if !went_on => self.statements(rest, scope),
            flow => flow,
        }
    }

    /// One of two values, by the branch that was taken.
    fn merged(
        &mut self,
        one: Value<'a>,
        then: &mut Vec<Node>,
        other: Value<'a>,
        otherwise: &mut Vec<Node>,
        span: Span,
    ) -> Value<'a> {
        if let (Some(left), Some(right)) = (one.to_json(), other.to_json())
            && left == right
        {
            return one;
        }
        match (one.truth(), other.truth()) {
            // What a script gives back when something went wrong says nothing more.
            (Some(false), None) | (Some(false), Some(true)) => return other,
            (None, Some(false)) | (Some(true), Some(false)) if !matches!(one, Value::Bool(_)) => {
                return one;
            }
            _ => {}
        }
        let codes = (self.code(&one, span), self.code(&other, span));
        let (Some(one), Some(other)) = codes else {
            return Value::unknown("its value depends on a condition");
        };
        let name = self.fresh("result");
        then.push(Self::set(&name, &one));
        otherwise.push(Self::set(&name, &other));
        Value::live(Code::Name(name))
    }

    /// What `run` does as steps of their own, in a block that may not run.
    pub(super) fn apart<R>(&mut self, run: impl FnOnce(&mut Self) -> R) -> (Vec<Node>, R) {
        let outside = std::mem::take(&mut self.steps);
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        (std::mem::replace(&mut self.steps, outside), result)
    }

    /// Runs what becomes a conditional block. Names that it changes become variables before it, and it is
    /// run again with these.
    pub(super) fn speculate<R>(&mut self, run: impl Fn(&mut Self) -> R) -> (Vec<Node>, R) {
        let mut before = Vec::new();
        let mark = self.pending.len();
        for _ in 0..6 {
            let notes = self.notes.clone();
            let requests = self.requests.clone();
            let taken = self.taken.clone();
            let steps = self.steps.len();
            let result = run(self);
            let (mine, outer): (Vec<_>, Vec<_>) = self
                .pending
                .split_off(mark)
                .into_iter()
                .partition(|(depth, ..)| *depth == self.depth);
            let is_done = mine.is_empty();
            self.pending.extend(outer);
            let names: Vec<String> = mine.iter().map(|(_, name, _)| name.clone()).collect();
            before.extend(mine.into_iter().map(|(.., node)| node));
            if is_done || !self.burn() {
                return (before, result);
            }
            *self.notes = notes;
            self.requests = requests;
            self.taken = taken;
            self.taken.extend(names);
            self.steps.truncate(steps);
        }
        let result = run(self);
        (before, result)
    }

    pub(super) fn statement(
        &mut self,
        statement: &'a Statement<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        if self.levels >= LEVELS || !self.burn() {
            let span = statement.span();
            self.drop(span, "there is too much of the script, or too deep");
            return Flow::Throw;
        }
        self.levels += 1;
        let flow = self.statement_within(statement, scope);
        self.levels -= 1;
        flow
    }

    fn statement_within(&mut self, statement: &'a Statement<'a>, scope: &Scoped<'a>) -> Flow<'a> {
        match statement {
            Statement::BlockStatement(block) => {
                return self.statements(&block.body, &Scope::within(scope));
            }
            Statement::ExpressionStatement(statement) => {
                if self.step_of_short_circuit(&statement.expression, scope) {
                    return Flow::Normal;
                }
                let value = self.expression(&statement.expression, scope);
                if let Value::Native(path) = &value
                    && &**path == "thrown"
                {
                    return Flow::Throw;
                }
            }
            Statement::IfStatement(_) => {
                return self.statements(std::slice::from_ref(statement), scope);
            }
            Statement::ReturnStatement(statement) => {
                let value = statement
                    .argument
                    .as_ref()
                    .map_or(Value::Undefined, |value| self.expression(value, scope));
                self.leave_loop();
                return Flow::Return(value);
            }
            Statement::BreakStatement(_) => {
                self.leave_loop();
                return Flow::Break;
            }
            Statement::ContinueStatement(_) => {
                let depth = self.depth;
                if let Some(around) = self.loops.last_mut()
                    && depth > around.depth
                    && !around.is_live
                {
                    around.needs_live = true;
                }
                return Flow::Continue;
            }
            Statement::ThrowStatement(_) => return Flow::Throw,
            Statement::TryStatement(statement) => {
                let flow = self.statements(&statement.block.body, &Scope::within(scope));
                if let Some(last) = &statement.finalizer {
                    self.statements(&last.body, &Scope::within(scope));
                }
                return match flow {
                    Flow::Throw => Flow::Normal,
                    flow => flow,
                };
            }
            Statement::ForStatement(statement) => {
                let scope = Scope::within(scope);
                match &statement.init {
                    Some(ForStatementInit::VariableDeclaration(declaration)) => {
                        self.declaration(declaration, &scope);
                    }
                    Some(other) => {
                        if let Some(expression) = other.as_expression() {
                            self.expression(expression, &scope);
                        }
                    }
                    None => {}
                }
                let rest = (statement.test.as_ref(), statement.update.as_ref());
                return self.round_loop(
                    statement.span,
                    rest.0,
                    rest.1,
                    &statement.body,
                    false,
                    &scope,
                );
            }
            Statement::WhileStatement(statement) => {
                let test = Some(&statement.test);
                return self.round_loop(statement.span, test, None, &statement.body, false, scope);
            }
            Statement::DoWhileStatement(statement) => {
                let test = Some(&statement.test);
                return self.round_loop(statement.span, test, None, &statement.body, true, scope);
            }
            Statement::ForOfStatement(statement) => {
                let list = self.expression(&statement.right, scope);
                return self.each(statement.span, &statement.left, &list, &statement.body, scope);
            }
            Statement::ForInStatement(statement) => {
                let list = self.expression(&statement.right, scope);
                let names = match &list {
                    Value::Array(array) => (0..array.items.borrow().len())
                        .map(|number| Value::text(&number.to_string()))
                        .collect(),
                    list if list.is_known() => {
                        list.members().into_iter().map(|(name, _)| Value::Text(name)).collect()
                    }
                    _ => {
                        self.todo("do this for each member", statement.span);
                        return Flow::Normal;
                    }
                };
                let names = Value::array(names);
                return self.each(statement.span, &statement.left, &names, &statement.body, scope);
            }
            Statement::SwitchStatement(statement) => {
                let value = self.expression(&statement.discriminant, scope);
                return self.switch(&value, statement, scope);
            }
            Statement::LabeledStatement(statement) => {
                return self.statement(&statement.body, scope);
            }
            Statement::VariableDeclaration(declaration) => self.declaration(declaration, scope),
            Statement::ClassDeclaration(class) => {
                let value = self.class(class, scope);
                if let Some(id) = &class.id {
                    scope.declare(&id.name, value, self.depth);
                }
            }
            Statement::TSEnumDeclaration(declaration) => {
                self.drop(declaration.span, "enumerations of TypeScript are not followed");
            }
            _ => {}
        }
        Flow::Normal
    }

    /// A way out of a loop that only the plan can decide on.
    fn leave_loop(&mut self) {
        let depth = self.depth;
        let Some(around) = self.loops.last_mut() else { return };
        if depth <= around.depth + usize::from(around.is_live) {
            return;
        }
        around.needs_live = true;
        if let Some(flag) = around.flag.clone() {
            self.steps.push(Self::set(&flag, &Code::Const(json!(true))));
        }
    }

    /// `ready && http.get(…)` as a statement.
    fn step_of_short_circuit(
        &mut self,
        expression: &'a Expression<'a>,
        scope: &Scoped<'a>,
    ) -> bool {
        let Expression::LogicalExpression(both) = expression else { return false };
        let test = self.expression(&both.left, scope);
        let is_and = both.operator.as_str() == "&&";
        match test.truth() {
            Some(holds) => {
                if holds == is_and {
                    self.expression(&both.right, scope);
                }
            }
            None => {
                let (before, (steps, _)) = self.speculate(|machine| {
                    machine.apart(|machine| machine.expression(&both.right, scope))
                });
                self.steps.extend(before);
                if !steps.is_empty()
                    && let Some(code) = self.code(&test, both.span)
                {
                    let code = if is_and { code } else { code.negated() };
                    let lists = vec![("tasks", steps)];
                    self.steps.push(Self::block("if", json!(code.expression()), lists));
                }
            }
        }
        true
    }

    pub(super) fn declaration(
        &mut self,
        declaration: &'a VariableDeclaration<'a>,
        scope: &Scoped<'a>,
    ) {
        for declarator in &declaration.declarations {
            let value = match &declarator.init {
                Some(init) => self.expression(init, scope),
                None => Value::Undefined,
            };
            self.bind(&declarator.id, value, scope, declarator.span);
        }
    }

    /// Gives names to a value, or to its parts.
    pub(super) fn bind(
        &mut self,
        pattern: &'a BindingPattern<'a>,
        value: Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let value = self.named(&id.name, value, span);
                scope.declare(&id.name, value, self.depth);
            }
            BindingPattern::ObjectPattern(pattern) => {
                let mut seen = Vec::new();
                for property in &pattern.properties {
                    let Some(name) = self.key(&property.key, property.computed, scope) else {
                        continue;
                    };
                    let part = self.get(&value, &name, property.span);
                    self.bind(&property.value, part, scope, property.span);
                    seen.push(name);
                }
                if let Some(rest) = &pattern.rest {
                    let mut members = value.members();
                    members.retain(|(name, _)| !seen.iter().any(|seen| seen == &**name));
                    self.bind(&rest.argument, Value::object(members), scope, span);
                }
            }
            BindingPattern::ArrayPattern(pattern) => {
                for (number, element) in pattern.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let part = self.get(&value, &number.to_string(), span);
                        self.bind(element, part, scope, span);
                    }
                }
                if let Some(rest) = &pattern.rest {
                    let items = value.items().unwrap_or_default();
                    let items = items.into_iter().skip(pattern.elements.len()).collect();
                    self.bind(&rest.argument, Value::array(items), scope, span);
                }
            }
            BindingPattern::AssignmentPattern(pattern) => {
                let value = match value {
                    Value::Undefined => self.expression(&pattern.right, scope),
                    value => value,
                };
                self.bind(&pattern.left, value, scope, span);
            }
        }
    }

    /// The name of a member.
    pub(super) fn key(
        &mut self,
        key: &'a PropertyKey<'a>,
        computed: bool,
        scope: &Scoped<'a>,
    ) -> Option<String> {
        match key {
            PropertyKey::StaticIdentifier(id) => Some(id.name.to_string()),
            PropertyKey::PrivateIdentifier(id) => Some(format!("#{}", id.name)),
            PropertyKey::StringLiteral(text) if !computed => Some(text.value.to_string()),
            other => {
                let value = other.as_expression().map(|key| self.expression(key, scope))?;
                value.to_text()
            }
        }
    }

    /// A value that gets a name: what is drawn or computed when the plan runs is computed once, here.
    pub(super) fn named(&mut self, name: &str, value: Value<'a>, span: Span) -> Value<'a> {
        match &value {
            Value::Live(code) if !matches!(**code, Code::Name(_)) => {
                if let Some(value) = self.of_environment(name, code) {
                    return value;
                }
                let is_template = code.template().is_some();
                if code.is_stable() && is_template {
                    return value;
                }
                Value::live(self.hoist(name, code))
            }
            Value::Range(min, max, _) => match self.code(&value, span) {
                Some(code) => {
                    let code = self.hoist(name, &code);
                    self.ranges.insert(code.expression(), (*min, *max));
                    Value::live(code)
                }
                None => value,
            },
            Value::Reply(part) if part.what != What::Whole => {
                let mut part = (**part).clone();
                part.hint = Some(name.to_owned());
                Value::Reply(Rc::new(part))
            }
            Value::Row(row) => {
                if row.path.is_empty()
                    && let Some(taker) = self.takers.get_mut(row.taker)
                {
                    taker.hint.get_or_insert_with(|| name.to_owned());
                }
                value
            }
            Value::Array(array) => {
                array.name.borrow_mut().get_or_insert_with(|| name.to_owned());
                value
            }
            _ => value,
        }
    }

    /// A constant of a module that the environment may say otherwise: a variable of the plan that
    /// is set once, before the run.
    fn of_environment(&mut self, name: &str, code: &Code) -> Option<Value<'a>> {
        let Code::Call("default", arguments) = code else { return None };
        let [Code::Name(from), Code::Const(fallback)] = arguments.as_slice() else { return None };
        if !self.loading || !from.starts_with("env.") {
            return None;
        }
        let name = self.fresh(name);
        self.variables.insert(name.clone(), fallback.clone());
        let code = Code::Call("default", vec![Code::name(from), Code::name(&name)]);
        self.setup.push(Self::set(&name, &code));
        Some(Value::live(Code::Name(name)))
    }

    /// A loop with a condition.
    fn round_loop(
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
        self.loops.push(Loop { depth: self.depth, flag: None, is_live: false, needs_live: false });
        let (steps, requests, notes) = (self.steps.len(), self.requests.len(), self.notes.clone());
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
            let around = Loop { depth: self.depth, flag: None, is_live: false, needs_live: false };
            self.loops.push(around);
            let flow = self.statement(body, scope);
            let needs_live = self.loops.pop().is_some_and(|around| around.needs_live);
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
        self.live_loop(span, test, update, body, first_without, scope);
        Flow::Normal
    }

    /// Rounds that do all the same become a `repeat`.
    fn folded(&mut self, start: usize, rounds: &[Vec<Node>]) -> bool {
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

    fn live_loop(
        &mut self,
        span: Span,
        test: Option<&'a Expression<'a>>,
        update: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        first_without: bool,
        scope: &Scoped<'a>,
    ) {
        let flag = self.fresh("done");
        let (before, (steps, condition, uses_flag)) = self.speculate(|machine| {
            let depth = machine.depth;
            let mut uses_flag = first_without;
            let (steps, condition) = machine.apart(|machine| {
                let test = test.map_or(Value::Bool(true), |test| machine.expression(test, scope));
                let flag = Some(flag.clone());
                machine.loops.push(Loop { depth, flag, is_live: true, needs_live: false });
                machine.statement(body, scope);
                if let Some(update) = update {
                    machine.expression(update, scope);
                }
                uses_flag |= machine.loops.pop().is_some_and(|around| around.needs_live);
                match test.truth() {
                    Some(true) => Some(None),
                    _ => machine.code(&test, span).map(Some),
                }
            });
            (steps, condition, uses_flag)
        });
        self.steps.extend(before);
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
        let goes_on = Code::Not(Box::new(Code::Name(flag.clone())));
        let condition = match condition {
            Some(code) if uses_flag && !first_without => Code::op("and", goes_on, code),
            Some(code) if first_without => {
                self.steps.push(Self::set(&flag, &Code::Const(json!(false))));
                let mut steps = steps;
                steps.push(Self::set(&flag, &code.negated()));
                let lists = vec![("tasks", steps)];
                self.steps.push(Self::block("while", json!(goes_on.expression()), lists));
                return;
            }
            Some(code) => code,
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
    fn each(
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
            let mut is_long = false;
            for (number, item) in items.iter().enumerate() {
                let around =
                    Loop { depth: self.depth, flag: None, is_live: false, needs_live: false };
                self.loops.push(around);
                let flow = run(self, item.clone());
                self.loops.pop();
                match flow {
                    Flow::Normal | Flow::Continue => {}
                    Flow::Break => break,
                    flow => return flow,
                }
                is_long = self.steps.len() - steps > UNROLLED && number > 3;
                if is_long || !self.burn() {
                    break;
                }
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
                    self.list_variable(array)
                }
                _ => None,
            };
            let Some(variable) = variable else { return Flow::Normal };
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

    fn for_live(
        &mut self,
        _span: Span,
        list: &Code,
        run: &dyn Fn(&mut Self, Value<'a>) -> Flow<'a>,
    ) -> Flow<'a> {
        let item = self.fresh("item");
        let text = self.template(list);
        let (before, steps) = self.speculate(|machine| {
            let depth = machine.depth;
            let (steps, _) = machine.apart(|machine| {
                machine.loops.push(Loop { depth, flag: None, is_live: true, needs_live: false });
                run(machine, Value::live(Code::name(&item)));
                machine.loops.pop();
            });
            steps
        });
        self.steps.extend(before);
        if super::sends(&steps) {
            let mut head = Map::new();
            head.insert("foreach".to_owned(), text.into());
            head.insert("as".to_owned(), item.into());
            self.steps.push(Node::Block { head, lists: vec![("tasks", steps)] });
        }
        Flow::Normal
    }

    fn switch(
        &mut self,
        value: &Value<'a>,
        statement: &'a oxc_ast::ast::SwitchStatement<'a>,
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let scope = Scope::within(scope);
        if value.is_known() {
            let mut running = false;
            let default = statement.cases.iter().position(|case| case.test.is_none());
            let matching = statement.cases.iter().position(|case| {
                case.test.as_ref().is_some_and(|test| {
                    let test = self.expression(test, &scope);
                    super::operators::equal(&test, value, true) == Some(true)
                })
            });
            for (number, case) in statement.cases.iter().enumerate() {
                running |= matching.or(default) == Some(number);
                if running {
                    match self.statements(&case.consequent, &scope) {
                        Flow::Normal => {}
                        Flow::Break => return Flow::Normal,
                        flow => return flow,
                    }
                }
            }
            return Flow::Normal;
        }
        // Nested choices, the last case innermost; a case ends with `break` or `return`.
        let mut otherwise: Vec<Node> = Vec::new();
        for case in statement.cases.iter().rev() {
            let (before, steps) = self.speculate(|machine| {
                machine
                    .apart(|machine| {
                        machine.loops.push(Loop {
                            depth: usize::MAX - 1,
                            flag: None,
                            is_live: false,
                            needs_live: false,
                        });
                        machine.statements(&case.consequent, &scope);
                        machine.loops.pop();
                    })
                    .0
            });
            self.steps.extend(before);
            let Some(test) = &case.test else {
                otherwise = steps;
                continue;
            };
            let test = self.expression(test, &scope);
            let (Some(left), Some(right)) =
                (self.code(value, case.span), self.code(&test, case.span))
            else {
                self.todo("decide here what the script decides", case.span);
                continue;
            };
            let condition = Code::op("==", left, right).expression();
            let mut lists = vec![("tasks", steps)];
            if !otherwise.is_empty() {
                lists.push(("else", otherwise));
            }
            otherwise = vec![Self::block("if", json!(condition), lists)];
        }
        self.steps.extend(otherwise);
        Flow::Normal
    }
}
