//! The statements of a script, in order.

use std::collections::HashMap;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ArrowFunctionBody, AssignmentTarget, BindingPattern, Declaration, Expression, Statement,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType, Span};
use serde_json::{Value as Json, json};

use super::value::{Part, Segment, Val, path};
use super::{Compiled, Did, Listen, Next, Script, check};
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
    source: &Source,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    let (code, place) = (&*script.code, script.place.as_str());
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::cjs()).parse();
    let mut walk = Walk {
        code,
        place,
        listen: script.listen,
        source,
        variables,
        notes,
        names: HashMap::new(),
        compiled: Compiled::default(),
        depth: 0,
        conditions: 0,
        sent: None,
    };
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        let why = "this is not valid JavaScript, so nothing of it is in the plan";
        walk.notes.drop(place, &shown(code), why);
        return walk.compiled;
    }
    walk.statements(&parsed.program.body);
    walk.compiled
}

/// A walk through a script.
pub(super) struct Walk<'w> {
    pub(super) code: &'w str,
    pub(super) place: &'w str,
    pub(super) listen: Listen,
    pub(super) source: &'w Source,
    pub(super) variables: &'w mut Variables,
    pub(super) notes: &'w mut Notes,
    pub(super) names: HashMap<String, Val>,
    pub(super) compiled: Compiled,
    pub(super) depth: usize,
    /// How many conditions it is under that only the run decides.
    pub(super) conditions: usize,
    /// The request of the script's own whose reply is looked at, by its place in what was done.
    pub(super) sent: Option<usize>,
}

impl Walk<'_> {
    pub(super) fn statements(&mut self, statements: &[Statement<'_>]) {
        if self.depth >= MAX_DEPTH {
            self.notes.drop(self.place, "a function", "it is nested too deep to be looked at");
            return;
        }
        self.depth += 1;
        for statement in statements {
            self.statement(statement);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExpressionStatement(statement) => self.expression(&statement.expression),
            Statement::BlockStatement(block) => self.statements(&block.body),
            Statement::TryStatement(tried) => self.statements(&tried.block.body),
            Statement::IfStatement(branch) => {
                let condition = self.eval(&branch.test);
                match condition.truth() {
                    Some(true) => self.statement(&branch.consequent),
                    Some(false) => {
                        if let Some(otherwise) = &branch.alternate {
                            self.statement(otherwise);
                        }
                    }
                    None => {
                        self.guarded(&condition, branch.test.span(), &branch.consequent);
                        if let Some(otherwise) = &branch.alternate {
                            self.drop(otherwise.span(), "what is done else is left out");
                        }
                    }
                }
            }
            Statement::EmptyStatement(_) | Statement::ReturnStatement(_) => {}
            Statement::FunctionDeclaration(_) | Statement::ClassDeclaration(_) => {}
            Statement::VariableDeclaration(declaration) => {
                for declarator in &declaration.declarations {
                    let value =
                        declarator.init.as_ref().map_or(Val::Undefined, |init| self.assigned(init));
                    self.bind(&declarator.id, value);
                }
            }
            other => {
                debug_assert!(!matches!(
                    other.as_declaration(),
                    Some(Declaration::FunctionDeclaration(_))
                ));
                self.drop(other.span(), "only a script could do this");
            }
        }
    }

    /// What is done under a condition that is known only when the script runs.
    fn guarded(&mut self, condition: &Val, test: Span, body: &Statement<'_>) {
        let before = (self.compiled.assertions.len(), self.compiled.did.len());
        self.conditions += 1;
        self.statement(body);
        self.conditions -= 1;
        let after = (self.compiled.assertions.len(), self.compiled.did.len());
        // That a reply is as expected before it is looked into is what the assertions say anyway.
        let is_about_reply = matches!(condition, Val::Holds(_) | Val::Reply(_));
        if before != after && !(is_about_reply && before.1 == after.1) {
            let what = format!("if ({})", shown(self.slice(test)));
            self.notes.approximate(self.place, &what, "it is done whether this holds or not");
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
    fn expression(&mut self, expression: &Expression<'_>) {
        match expression.without_parentheses() {
            Expression::AwaitExpression(awaited) => self.expression(&awaited.argument),
            Expression::SequenceExpression(sequence) => {
                sequence.expressions.iter().for_each(|one| self.expression(one));
            }
            Expression::AssignmentExpression(assignment) => {
                let value = self.assigned(&assignment.right);
                if let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left {
                    let value = if assignment.operator.is_assign() { value } else { Val::Unknown };
                    self.names.insert(name.name.to_string(), value);
                    return;
                }
                let target = self.slice(assignment.left.span());
                if target.starts_with("tests[") || target.starts_with("tests.") {
                    self.names.insert(target.to_owned(), value.clone());
                    self.assert(value, assignment.span);
                } else {
                    self.drop(assignment.span, "only a script could do this");
                }
            }
            Expression::LogicalExpression(both) if both.operator.is_and() => {
                self.eval(&both.left);
                self.expression(&both.right);
            }
            // `use strict` and its like.
            Expression::StringLiteral(_) | Expression::Identifier(_) => {}
            expression => self.call(expression),
        }
    }

    fn call(&mut self, expression: &Expression<'_>) {
        let links = self.links(expression);
        let span = expression.span();
        let Some(links) = links else {
            self.drop(span, "only a script could do this");
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
            "pm.environment.set"
            | "pm.collectionVariables.set"
            | "pm.globals.set"
            | "pm.variables.set"
            | "postman.setEnvironmentVariable"
            | "postman.setGlobalVariable" => {
                let name = arguments.first().map(|name| self.eval(name));
                let value = arguments.get(1).map_or(Val::Undefined, |value| self.eval(value));
                match name.as_ref().and_then(Val::as_text) {
                    Some(name) => self.set(name, value, span),
                    None => self.drop(span, "the name of the variable is known only to the script"),
                }
            }
            "pm.environment.unset"
            | "pm.collectionVariables.unset"
            | "pm.globals.unset"
            | "pm.variables.unset"
            | "pm.environment.clear"
            | "pm.globals.clear"
            | "pm.collectionVariables.clear"
            | "postman.clearEnvironmentVariable"
            | "postman.clearGlobalVariable"
            | "postman.clearEnvironmentVariables"
            | "postman.clearGlobalVariables" => {
                let why = "a variable keeps its value until it is set again";
                self.notes.remark(self.place, &shown(self.slice(span)), why);
            }
            "postman.setNextRequest" | "pm.setNextRequest" | "pm.execution.setNextRequest" => {
                let next = match arguments.first().map(|next| self.eval(next)) {
                    Some(Val::Const(Json::Null)) => Some(Next::End),
                    Some(Val::Const(Json::String(name))) => Some(Next::Request(name)),
                    _ => None,
                };
                match next {
                    Some(next) if self.conditions == 0 => self.compiled.next = Some(next),
                    _ => {
                        let why = "requests are made in the order in which they stand; put them \
                                   into `if` or `while` blocks";
                        self.drop(span, why);
                    }
                }
            }
            "pm.execution.skipRequest" if self.conditions == 0 => {
                self.notes.keep();
                self.compiled.skips = true;
            }
            "pm.execution.skipRequest" => {
                self.drop(span, "give the request a `run_if` or `skip_if`");
            }
            "pm.sendRequest" => {
                let callback = arguments.get(1).copied().or_else(|| links.later("then"));
                self.send(arguments.first().copied(), callback, span);
            }
            // How a script says that it has waited for a reply.
            "done" => {}
            _ => {
                if links.is_function() || !self.chain(&links, span) {
                    self.drop(span, "only a script could do this");
                }
            }
        }
    }

    /// The statements of a function.
    pub(super) fn function(&mut self, function: &Expression<'_>) {
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
            other => self.drop(other.span(), "the test is not written here"),
        }
    }

    /// Something that must hold.
    fn assert(&mut self, value: Val, span: Span) {
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
            Val::Text(_) => self.drop(span, "it is about a variable, not about the reply"),
            _ => self.drop(span, "only a script could check this"),
        }
    }

    pub(super) fn add_assertion(&mut self, assertion: Json) {
        self.notes.keep();
        self.variables.declare_mentioned(&assertion);
        let assertions = match self.sent_task() {
            Some(task) => &mut task.assertions,
            None => &mut self.compiled.assertions,
        };
        if !assertions.contains(&assertion) {
            assertions.push(assertion);
        }
    }

    /// Sets a variable: by an extract, or in a block of its own.
    fn set(&mut self, name: &str, value: Val, span: Span) {
        let known = value.as_text().filter(|_| self.conditions == 0);
        self.variables.is_set_to(name, known);
        // What the script reads back is what it has set.
        self.names.insert(format!("variable {name}"), value.clone());
        let var = self.variables.plan_name(name);
        let extract = match &value {
            Val::Reply(_) if self.listen == Listen::Before && self.sent.is_none() => None,
            Val::Reply(Part::Json(segments)) => Some(json!({"var": var, "path": path(segments)})),
            Val::Reply(Part::Header(header)) => {
                Some(json!({"var": var, "from": "header", "name": header}))
            }
            Val::Reply(Part::Cookie(cookie)) => {
                Some(json!({"var": var, "from": "cookie", "name": cookie}))
            }
            Val::Reply(Part::Body) => Some(json!({"var": var, "from": "body"})),
            Val::Reply(Part::Status) => Some(json!({"var": var, "from": "status_code"})),
            _ => None,
        };
        if let Some(extract) = extract {
            self.notes.keep();
            self.variables.sets(name);
            match self.sent_task() {
                Some(task) => task.extract.push(extract),
                None => self.compiled.extract.push(extract),
            }
            return;
        }
        let value = match value {
            Val::Expression(expression) => json!({"expr": expression}),
            value => match self.text(&value) {
                Some(text) => Json::String(text),
                None => {
                    self.variables.is_not_set(name);
                    self.drop(
                        span,
                        "the value is known only to the script; set the variable by hand",
                    );
                    return;
                }
            },
        };
        self.notes.keep();
        self.variables.sets(name);
        self.variables.declare_mentioned(&value);
        self.compiled.did.push(Did::Set(var, value));
    }

    /// The text of a piece of the script.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.code.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(super) fn drop(&mut self, span: Span, why: &str) {
        let what = shown(self.slice(span));
        self.notes.drop(self.place, &what, why);
    }
}

/// A statement in one line, cut when it is long.
fn shown(code: &str) -> String {
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
