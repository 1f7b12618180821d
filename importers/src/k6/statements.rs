//! Statements: what is decided is carried out, what is not becomes blocks of the plan.

use std::rc::Rc;

use oxc_ast::ast::{
    Declaration, ForStatementInit, IfStatement, Statement, VariableDeclarationKind,
};
use oxc_span::GetSpan as _;

use super::loops::Rounds;
use super::machine::{LEVELS, Machine};
use super::scope::Scope;
use super::value::Value;

/// How a statement ends.
#[derive(Clone)]
pub(super) enum Flow<'a> {
    Normal,
    Return(Value<'a>),
    /// Out of the loop of this label, or the innermost one.
    Break(Option<Rc<str>>),
    Continue(Option<Rc<str>>),
    Throw,
}

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
            let rest = body.get(number + 1..).unwrap_or_default();
            if !self.left.is_empty() {
                return self.go_on(body.get(number..).unwrap_or_default(), scope);
            }
            if let Statement::IfStatement(choice) = statement {
                let test = self.followed(false, |machine| machine.expression(&choice.test, scope));
                let test = self.when_loading(test, choice.span);
                if self.thrown.is_some() {
                    return Flow::Throw;
                }
                if !self.left.is_empty() {
                    return self.unless_left(|machine| machine.decided(choice, &test, rest, scope));
                }
                let Some(holds) = test.truth() else {
                    let (yes, no) = (&choice.consequent, choice.alternate.as_ref());
                    return self.either(choice.span, &test, yes, no, rest, scope);
                };
                let branch =
                    if holds { Some(&choice.consequent) } else { choice.alternate.as_ref() };
                let Some(branch) = branch else { continue };
                match self.with_rest(branch, rest, scope) {
                    Flow::Normal => continue,
                    left => return left,
                }
            }
            match self.with_rest(statement, rest, scope) {
                Flow::Normal => {}
                left => return left,
            }
        }
        Flow::Normal
    }

    /// An `if` whose condition is known so far, and what follows it.
    fn decided(
        &mut self,
        choice: &'a IfStatement<'a>,
        test: &Value<'a>,
        rest: &'a [Statement<'a>],
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        let (yes, no) = (&choice.consequent, choice.alternate.as_ref());
        let branch = match test.truth() {
            None => return self.either(choice.span, test, yes, no, rest, scope),
            Some(true) => Some(yes),
            Some(false) => no,
        };
        match branch.map_or(Flow::Normal, |branch| self.with_rest(branch, rest, scope)) {
            Flow::Normal => self.go_on(rest, scope),
            left => left,
        }
    }

    /// A statement that others follow.
    fn with_rest(
        &mut self,
        statement: &'a Statement<'a>,
        rest: &'a [Statement<'a>],
        scope: &Scoped<'a>,
    ) -> Flow<'a> {
        if rest.is_empty() {
            return self.statement(statement, scope);
        }
        self.followed(false, |machine| machine.statement(statement, scope))
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
        if self.thrown.is_some() { Flow::Throw } else { flow }
    }

    fn statement_within(&mut self, statement: &'a Statement<'a>, scope: &Scoped<'a>) -> Flow<'a> {
        let label = self.label.take();
        match statement {
            Statement::BlockStatement(block) => {
                return self.statements(&block.body, &Scope::within(scope));
            }
            Statement::ExpressionStatement(statement) => {
                if self.step_of_short_circuit(&statement.expression, scope) {
                    return Flow::Normal;
                }
                self.effect(&statement.expression, scope);
            }
            Statement::IfStatement(_) => {
                return self.statements(std::slice::from_ref(statement), scope);
            }
            Statement::ReturnStatement(statement) => {
                let value = statement
                    .argument
                    .as_ref()
                    .map_or(Value::Undefined, |value| self.expression(value, scope));
                if self.thrown.is_some() {
                    return Flow::Throw;
                }
                self.needs_live();
                return self.leave_function(value);
            }
            Statement::BreakStatement(statement) => {
                let label = statement.label.as_ref().map(|label| Rc::from(label.name.as_str()));
                self.leave_loop(label.as_deref(), statement.span);
                return Flow::Break(label);
            }
            Statement::ContinueStatement(statement) => {
                let label = statement.label.as_ref().map(|label| Rc::from(label.name.as_str()));
                self.needs_live();
                self.leave_round(label.as_deref());
                return Flow::Continue(label);
            }
            Statement::ThrowStatement(statement) => {
                let error = self.expression(&statement.argument, scope);
                self.throw(error);
                return Flow::Throw;
            }
            Statement::TryStatement(statement) => return self.attempt(statement, scope),
            Statement::ForStatement(statement) => {
                let scope = Scope::within(scope);
                let mut has_own_names = false;
                match &statement.init {
                    Some(ForStatementInit::VariableDeclaration(declaration)) => {
                        has_own_names = declaration.kind != VariableDeclarationKind::Var;
                        self.declaration(declaration, &scope);
                    }
                    Some(other) => {
                        if let Some(expression) = other.as_expression() {
                            self.expression(expression, &scope);
                        }
                    }
                    None => {}
                }
                let rounds = Rounds {
                    test: statement.test.as_ref(),
                    update: statement.update.as_ref(),
                    body: &statement.body,
                    first_without: false,
                    has_own_names,
                    label,
                };
                return self.round_loop(statement.span, &rounds, &scope);
            }
            Statement::WhileStatement(statement) => {
                let rounds = Rounds {
                    test: Some(&statement.test),
                    update: None,
                    body: &statement.body,
                    first_without: false,
                    has_own_names: false,
                    label,
                };
                return self.round_loop(statement.span, &rounds, scope);
            }
            Statement::DoWhileStatement(statement) => {
                let rounds = Rounds {
                    test: Some(&statement.test),
                    update: None,
                    body: &statement.body,
                    first_without: true,
                    has_own_names: false,
                    label,
                };
                return self.round_loop(statement.span, &rounds, scope);
            }
            Statement::ForOfStatement(statement) => {
                let list = self.expression(&statement.right, scope);
                self.label = label;
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
                self.label = label;
                return self.each(statement.span, &statement.left, &names, &statement.body, scope);
            }
            Statement::SwitchStatement(statement) => {
                let value = self.expression(&statement.discriminant, scope);
                let value = self.when_loading(value, statement.span);
                return self.switch(&value, statement, scope);
            }
            Statement::LabeledStatement(statement) => {
                let label: Rc<str> = Rc::from(statement.label.name.as_str());
                self.label = Some(Rc::clone(&label));
                return match self.statement(&statement.body, scope) {
                    Flow::Break(Some(left)) if left == label => Flow::Normal,
                    flow => flow,
                };
            }
            Statement::VariableDeclaration(declaration) => self.declaration(declaration, scope),
            Statement::ClassDeclaration(class) => {
                let value = self.class(class, scope);
                if let Some(id) = &class.id {
                    scope.declare(&id.name, value, self.depth);
                }
            }
            Statement::TSEnumDeclaration(declaration) => self.enumeration(declaration, scope),
            Statement::TSNamespaceDeclaration(declaration) => {
                self.own_namespace(declaration, scope);
            }
            _ => {}
        }
        Flow::Normal
    }
}
