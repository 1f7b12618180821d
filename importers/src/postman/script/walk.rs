//! The statements of a script, in order.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ArrowFunctionBody, AssignmentExpression, AssignmentTarget, BindingPattern, Expression,
    Statement, VariableDeclaration,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType, Span};
use serde_json::Value as Json;

use super::flow::{Condition, Leave};
use super::value::{Part, Segment, Val};
use super::{Compiled, Did, Listen, Next, Script, check, lists};
use crate::draft::Task;
use crate::notes::Notes;
use crate::postman::variables::Variables;
use crate::source::Source;

/// Functions in functions; deeper than this nothing is looked at.
const MAX_DEPTH: usize = 40;

/// Longest text of a statement in a note.
const MAX_SHOWN: usize = 160;

/// What a script does.
pub(super) fn script(
    script: &Script,
    item: &Json,
    source: &Source,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    let (code, place) = (&*script.code, script.place.as_str());
    let allocator = Allocator::default();
    let mut parsed = Parser::new(&allocator, code, SourceType::cjs()).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        // With `await` outside of functions.
        parsed = Parser::new(&allocator, code, SourceType::mjs()).parse();
    }
    let mut walk = Walk {
        code: Rc::clone(&script.code),
        item,
        place,
        listen: script.listen,
        source,
        variables,
        notes,
        names: HashMap::new(),
        compiled: Compiled::default(),
        depth: 0,
        path: Vec::new(),
        base: 0,
        calls: 0,
        call_depth: 0,
        locals: HashSet::new(),
        returned: None,
        may_return: false,
        leaves: None,
        drops: 0,
        skips_assertions: false,
        left_out: false,
        derived: Vec::new(),
        sent: None,
    };
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        let why = "this is not valid JavaScript, so nothing of it is in the plan";
        walk.notes.drop(place, &shown(code), why);
        return walk.compiled;
    }
    walk.statements(&parsed.program.body);
    walk.leave_out_unused();
    walk.compiled
}

/// A walk through a script.
pub(super) struct Walk<'w> {
    /// The script, or the function of it that is looked at.
    pub(super) code: Rc<str>,
    /// The item whose script it is, or that inherits it.
    pub(super) item: &'w Json,
    pub(super) place: &'w str,
    pub(super) listen: Listen,
    pub(super) source: &'w Source,
    pub(super) variables: &'w mut Variables,
    pub(super) notes: &'w mut Notes,
    pub(super) names: HashMap<String, Val>,
    pub(super) compiled: Compiled,
    pub(super) depth: usize,
    /// The conditions that a statement is under which only the run decides.
    pub(super) path: Vec<Condition>,
    /// How many of them the function is under that is looked at.
    pub(super) base: usize,
    /// How many functions were called, and how deep in each other.
    pub(super) calls: usize,
    pub(super) call_depth: usize,
    /// Names that are known only in the function that is looked at.
    pub(super) locals: HashSet<String>,
    /// What the function gives, and whether it may have given something before.
    pub(super) returned: Option<Val>,
    pub(super) may_return: bool,
    /// Whether the rest of a round of a loop is passed over, or the rest of the loop.
    pub(super) leaves: Option<Leave>,
    /// How many notes say that something is left out.
    pub(super) drops: usize,
    /// Whether assertions are left out, and whether one was.
    pub(super) skips_assertions: bool,
    pub(super) left_out: bool,
    /// Variables that parts of the reply were put in for other values.
    pub(super) derived: Vec<String>,
    /// The request of the script's own whose reply is looked at.
    pub(super) sent: Option<Rc<RefCell<Task>>>,
}

impl Walk<'_> {
    pub(super) fn statements(&mut self, statements: &[Statement<'_>]) {
        if self.depth >= MAX_DEPTH {
            self.notes.drop(self.place, "a function", "it is nested too deep to be looked at");
            return;
        }
        self.depth += 1;
        for statement in statements {
            if let Statement::FunctionDeclaration(function) = statement
                && let Some(name) = &function.id
            {
                let text = self.slice(function.span).into();
                self.names.insert(name.name.to_string(), Val::Function(text));
            }
        }
        for statement in statements {
            self.statement(statement);
            if self.returned.is_some() || self.leaves.is_some() {
                break;
            }
        }
        self.depth -= 1;
    }

    pub(super) fn statement(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExpressionStatement(statement) => self.expression(&statement.expression),
            Statement::BlockStatement(block) => self.statements(&block.body),
            Statement::TryStatement(tried) => {
                self.statements(&tried.block.body);
                if let Some(last) = &tried.finalizer {
                    self.statements(&last.body);
                }
            }
            Statement::IfStatement(branch) => self.if_statement(branch),
            Statement::ForStatement(counted) => self.for_statement(counted),
            Statement::ForOfStatement(each) => self.for_of_statement(each),
            Statement::ReturnStatement(returned) => {
                let value = match &returned.argument {
                    Some(value) if self.call_depth > 0 => self.eval(value),
                    _ => Val::Undefined,
                };
                if self.path.len() == self.base {
                    self.returned = Some(value);
                } else {
                    self.may_return = true;
                }
            }
            Statement::ContinueStatement(_) => self.leave(Leave::Round, statement.span()),
            Statement::BreakStatement(_) => self.leave(Leave::Loop, statement.span()),
            Statement::EmptyStatement(_)
            | Statement::FunctionDeclaration(_)
            | Statement::ClassDeclaration(_) => {}
            Statement::VariableDeclaration(declaration) => self.declaration(declaration),
            other => self.drop(other.span(), "only a script could do this"),
        }
    }

    pub(super) fn declaration(&mut self, declaration: &VariableDeclaration<'_>) {
        for declarator in &declaration.declarations {
            let value = declarator.init.as_ref().map_or(Val::Undefined, |init| self.assigned(init));
            self.declare(&declarator.id, value);
        }
    }

    pub(super) fn bind(&mut self, pattern: &BindingPattern<'_>, value: Val) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                self.names.insert(name.name.to_string(), value);
            }
            BindingPattern::ObjectPattern(pattern) => {
                for property in &pattern.properties {
                    let member = match property.key.static_name() {
                        Some(name) => self.member(value.clone(), &Segment::Name(name.into_owned())),
                        None => Val::Unknown,
                    };
                    self.bind(&property.value, member);
                }
            }
            BindingPattern::ArrayPattern(pattern) => {
                for (position, element) in (0..).zip(&pattern.elements) {
                    if let Some(element) = element {
                        let member = self.member(value.clone(), &Segment::Position(position));
                        self.bind(element, member);
                    }
                }
            }
            BindingPattern::AssignmentPattern(pattern) => self.bind(&pattern.left, value),
        }
    }

    /// A statement that is an expression.
    pub(super) fn expression(&mut self, expression: &Expression<'_>) {
        match expression.without_parentheses() {
            Expression::AwaitExpression(awaited) => self.expression(&awaited.argument),
            Expression::SequenceExpression(sequence) => {
                sequence.expressions.iter().for_each(|one| self.expression(one));
            }
            Expression::AssignmentExpression(assignment) => self.assign(assignment),
            Expression::UpdateExpression(update) => self.update(update),
            Expression::LogicalExpression(both) if both.operator.is_and() => {
                self.guarded(&both.left, &both.right);
            }
            // `use strict` and its like.
            Expression::StringLiteral(_) | Expression::Identifier(_) => {}
            expression => self.call(expression),
        }
    }

    fn assign(&mut self, assignment: &AssignmentExpression<'_>) {
        let value = self.assigned(&assignment.right);
        match &assignment.left {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                let name = name.name.to_string();
                let value = match assignment.operator.as_str() {
                    "=" => value,
                    "+=" => {
                        let before = self.names.get(&name).cloned().unwrap_or(Val::Unknown);
                        self.add(before, value)
                    }
                    _ => Val::Unknown,
                };
                self.names.insert(name, value);
                return;
            }
            AssignmentTarget::ObjectAssignmentTarget(_)
            | AssignmentTarget::ArrayAssignmentTarget(_) => {
                return self.drop(assignment.span, "only a script could do this");
            }
            _ => {}
        }
        let target = self.slice(assignment.left.span()).to_owned();
        if target.starts_with("tests[") || target.starts_with("tests.") {
            self.names.insert(target, value.clone());
            self.assert(value, assignment.span);
        } else if target == "pm.request.body.raw" {
            self.change_body(&value, assignment.span);
        } else if !self.set_member(&assignment.left, value) {
            self.drop(assignment.span, "only a script could do this");
        }
    }

    /// Sets a member of an object that is known; whether it is one.
    fn set_member(&mut self, target: &AssignmentTarget<'_>, value: Val) -> bool {
        let Some(member) =
            target.as_simple_assignment_target().and_then(|simple| simple.as_member_expression())
        else {
            return false;
        };
        let Expression::Identifier(object) = member.object() else { return false };
        let name = match member.static_property_name() {
            Some(name) => name.to_string(),
            None => match member {
                oxc_ast::ast::MemberExpression::ComputedMemberExpression(computed) => {
                    match self.eval(&computed.expression) {
                        Val::Const(Json::String(name)) => name,
                        _ => return false,
                    }
                }
                _ => return false,
            },
        };
        let object = object.name.to_string();
        let (mut names, mut values) = match self.names.get(&object) {
            Some(Val::Const(Json::Object(members))) => {
                let values = members.values().cloned().map(Val::Const).collect();
                (members.keys().cloned().collect::<Vec<_>>(), values)
            }
            Some(Val::Tree(Json::Object(members))) => {
                let values: Vec<Val> = members.values().map(lists::of_tree).collect();
                (members.keys().cloned().collect(), values)
            }
            _ => return false,
        };
        match names.iter().position(|known| *known == name).and_then(|at| values.get_mut(at)) {
            Some(known) => *known = value,
            None => {
                names.push(name);
                values.push(value);
            }
        }
        let made =
            self.tree(values, |values| Json::Object(names.into_iter().zip(values).collect()));
        self.names.insert(object, made);
        true
    }

    fn call(&mut self, expression: &Expression<'_>) {
        let links = self.links(expression);
        let span = expression.span();
        let Some(links) = links else {
            if self.eval(expression) == Val::Unknown {
                self.drop(span, "only a script could do this");
            }
            return;
        };
        let name = links.name();
        let arguments = links.arguments().to_vec();
        match name.as_str() {
            "pm.test" => {
                if let Some(body) = arguments.get(1) {
                    self.function(body);
                }
            }
            "pm.test.skip" | "xit" => {
                self.notes.remark(self.place, &shown(self.slice(span)), "a test that is skipped");
            }
            name if name.starts_with("console.") => {}
            setter @ ("pm.environment.set"
            | "pm.collectionVariables.set"
            | "pm.globals.set"
            | "pm.variables.set"
            | "postman.setEnvironmentVariable"
            | "postman.setGlobalVariable") => {
                let name = arguments.first().map(|name| self.eval(name));
                let value = arguments.get(1).map_or(Val::Undefined, |value| self.eval(value));
                match name.as_ref().and_then(Val::as_text) {
                    Some(name) if self.variables.hidden(setter, name).is_some() => {
                        let level = self.variables.hidden(setter, name).unwrap_or_default();
                        let why = format!(
                            "the variable of the {level} of this name is the one that counts"
                        );
                        self.notes.remark(self.place, &shown(self.slice(span)), &why);
                    }
                    Some(name) => {
                        self.set(name, value, span);
                        // From here on it is what the variable is.
                        if let Some(Expression::Identifier(local)) = arguments.get(1)
                            && let Some(Val::Text(_) | Val::Expression(_)) =
                                self.names.get(local.name.as_str())
                        {
                            let placeholder = self.variables.placeholder(name);
                            self.names.insert(local.name.to_string(), Val::Text(placeholder));
                        }
                    }
                    None => self.drop(span, "the name of the variable is known only to the script"),
                }
            }
            "pm.environment.unset"
            | "pm.collectionVariables.unset"
            | "pm.globals.unset"
            | "pm.variables.unset"
            | "postman.clearEnvironmentVariable"
            | "postman.clearGlobalVariable" => {
                let name = arguments.first().map(|name| self.eval(name));
                match name.as_ref().and_then(Val::as_text) {
                    Some(name) => self.unset(name),
                    None => self.drop(span, "the name of the variable is known only to the script"),
                }
            }
            "pm.environment.clear"
            | "pm.globals.clear"
            | "pm.collectionVariables.clear"
            | "pm.variables.clear"
            | "postman.clearEnvironmentVariables"
            | "postman.clearGlobalVariables" => {
                let why = "variables keep their values until they are set again";
                self.notes.remark(self.place, &shown(self.slice(span)), why);
            }
            "postman.setNextRequest" | "pm.setNextRequest" | "pm.execution.setNextRequest" => {
                let next = match arguments.first().map(|next| self.eval(next)) {
                    Some(Val::Const(Json::Null)) => Some(Next::End),
                    Some(Val::Const(Json::String(name))) => Some(Next::Request(name)),
                    _ => None,
                };
                self.jump(next, span);
            }
            "pm.execution.skipRequest" if self.path.is_empty() => {
                self.notes.keep();
                self.compiled.skips = true;
            }
            "pm.execution.skipRequest" => match self.path_condition() {
                Some(when) if self.listen == Listen::Before => {
                    self.notes.keep();
                    self.compiled.skip_if = Some(when);
                }
                _ => self.drop(span, "give the request a `run_if` or `skip_if`"),
            },
            "setTimeout" => {
                let wait = arguments.get(1).map(|wait| self.eval(wait));
                if let Some(body) = arguments.first() {
                    self.function(body);
                }
                match wait.as_ref().and_then(Val::as_number) {
                    Some(wait) if wait > 0.0 => self.compiled.did.push(Did::Pause(wait / 1000.0)),
                    Some(_) => {}
                    None => self.drop(span, "how long it waits is known only to the script"),
                }
            }
            "pm.sendRequest" => {
                let callback = arguments.get(1).copied().or_else(|| links.later("then"));
                self.send(arguments.first().copied(), callback, span);
            }
            // How a script says that it has waited for a reply.
            "done" => {}
            name => {
                if name.starts_with("pm.request.") {
                    let values: Vec<Val> = arguments.iter().map(|one| self.eval(one)).collect();
                    if self.change(name, &values, span) {
                        return;
                    }
                }
                let is_chain = !links.is_function() && self.chain(&links, span);
                if !is_chain && self.eval(expression) == Val::Unknown {
                    self.drop(span, "only a script could do this");
                }
            }
        }
    }

    /// The statements of a function.
    pub(super) fn function(&mut self, function: &Expression<'_>) {
        let (returned, base) = (self.returned.take(), self.base);
        let may_return = self.may_return;
        self.base = self.path.len();
        self.in_function(function);
        (self.returned, self.base, self.may_return) = (returned, base, may_return);
    }

    fn in_function(&mut self, function: &Expression<'_>) {
        match function.without_parentheses() {
            Expression::FunctionExpression(function) => {
                if let Some(body) = &function.body {
                    self.statements(&body.statements);
                }
            }
            Expression::ArrowFunctionExpression(function) => match &function.body {
                ArrowFunctionBody::FunctionBody(body) => self.statements(&body.statements),
                body => {
                    if let Some(expression) = body.as_expression() {
                        self.expression(expression);
                    }
                }
            },
            other => match self.eval(other) {
                Val::Function(text) => {
                    self.call_function(&text, &[]);
                }
                _ => self.drop(other.span(), "the test is not written here"),
            },
        }
    }

    /// Something that must hold.
    pub(super) fn assert(&mut self, value: Val, span: Span) {
        match value {
            Val::Holds(assertions) => {
                for assertion in assertions {
                    self.add_assertion(assertion);
                }
            }
            Val::Reply(Part::Json(segments)) => self.add_assertion(check::truthy(&segments)),
            Val::Reply(part) => match check::exists(&part, true) {
                Some(assertion) => self.add_assertion(assertion),
                None => self.drop(span, "nothing of the reply can be compared so"),
            },
            value if value.truth() == Some(true) => self.notes.keep(),
            Val::Text(_) | Val::Condition(_) | Val::Expression(_) => {
                self.drop(span, "it is about a variable, not about the reply");
            }
            _ => self.drop(span, "only a script could check this"),
        }
    }

    pub(super) fn add_assertion(&mut self, assertion: Json) {
        if self.skips_assertions {
            self.left_out = true;
            return;
        }
        self.notes.keep();
        self.variables.declare_mentioned(&assertion);
        let add = |assertions: &mut Vec<Json>| {
            if !assertions.contains(&assertion) {
                assertions.push(assertion.clone());
            }
        };
        match &self.sent {
            Some(task) => add(&mut task.borrow_mut().assertions),
            None => add(&mut self.compiled.assertions),
        }
    }

    /// The text of a piece of the script.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.code.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(super) fn drop(&mut self, span: Span, why: &str) {
        let what = shown(self.slice(span));
        self.drops += 1;
        self.notes.drop(self.place, &what, why);
    }
}

/// A statement in one line, cut when it is long.
pub(super) fn shown(code: &str) -> String {
    let mut shown = String::new();
    for word in code.split_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
        if shown.len() > MAX_SHOWN {
            let cut =
                shown.char_indices().map(|(at, _)| at).take_while(|at| *at <= MAX_SHOWN).last();
            shown.truncate(cut.unwrap_or(0));
            shown.push('…');
            break;
        }
    }
    shown
}
