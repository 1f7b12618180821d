//! Expressions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, ArrowFunctionBody, AssignmentExpression, AssignmentTarget,
    ChainElement, Class, ClassElement, Expression, FormalParameters, Function, MemberExpression,
    MethodDefinitionKind, ObjectPropertyKind, SimpleAssignmentTarget,
};
use oxc_span::{GetSpan as _, Span};

use super::code::Code;
use super::machine::{LEVELS, Machine};
use super::scope::Scope;
use super::statements::Flow;
use super::value::{Body, ClassValue, Closure, Object, Part, Test, Value, What};

type Scoped<'a> = Rc<Scope<'a>>;

impl<'a> Machine<'a, '_> {
    pub(super) fn expression(
        &mut self,
        expression: &'a Expression<'a>,
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        if self.levels >= LEVELS || !self.burn() {
            return Value::unknown("there is too much of the script, or too deep");
        }
        self.levels += 1;
        let value = self.expression_within(expression, scope);
        self.levels -= 1;
        value
    }

    fn expression_within(
        &mut self,
        expression: &'a Expression<'a>,
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        let span = expression.span();
        match expression {
            Expression::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expression::NullLiteral(_) => Value::Null,
            Expression::NumericLiteral(literal) => Value::Number(literal.value),
            Expression::StringLiteral(literal) => Value::text(&literal.value),
            Expression::RegExpLiteral(literal) => {
                let flags = literal.regex.flags.to_string();
                let flags: String = flags.chars().filter(|flag| "ims".contains(*flag)).collect();
                let pattern = &literal.regex.pattern.text;
                let pattern = if flags.is_empty() {
                    pattern.to_string()
                } else {
                    format!("(?{flags}){pattern}")
                };
                Value::Regex(Rc::from(pattern))
            }
            Expression::TemplateLiteral(template) => {
                let mut value = Value::text("");
                for (number, piece) in template.quasis.iter().enumerate() {
                    let text = piece.value.cooked.as_ref().unwrap_or(&piece.value.raw);
                    value = self.binary("+", value, Value::text(text), span);
                    if let Some(inner) = template.expressions.get(number) {
                        let inner = self.expression(inner, scope);
                        // Numbers are joined as texts.
                        value = self.binary("+", value, inner, span);
                    }
                }
                value
            }
            Expression::Identifier(id) => self.identifier(&id.name, scope),
            Expression::ThisExpression(_) => {
                scope.find("this").map_or(Value::Undefined, |binding| binding.value)
            }
            Expression::ArrayExpression(array) => {
                let mut items = Vec::new();
                for element in &array.elements {
                    match element {
                        ArrayExpressionElement::SpreadElement(spread) => {
                            let spread = self.expression(&spread.argument, scope);
                            match spread.items() {
                                Some(more) => items.extend(more),
                                None => self.drop(span, "the items are not known"),
                            }
                        }
                        ArrayExpressionElement::Elision(_) => items.push(Value::Undefined),
                        other => {
                            if let Some(item) = other.as_expression() {
                                items.push(self.expression(item, scope));
                            }
                        }
                    }
                }
                Value::array(items)
            }
            Expression::ObjectExpression(object) => {
                let made = Object::default();
                for property in &object.properties {
                    match property {
                        ObjectPropertyKind::SpreadProperty(spread) => {
                            let spread = self.expression(&spread.argument, scope);
                            if !spread.is_known() {
                                self.drop(span, "the members are not known");
                            }
                            for (name, value) in spread.members() {
                                made.set(&name, value);
                            }
                        }
                        ObjectPropertyKind::ObjectProperty(property) => {
                            if let Some(name) = self.key(&property.key, property.computed, scope) {
                                let value = self.expression(&property.value, scope);
                                made.set(&name, value);
                            }
                        }
                    }
                }
                Value::Object(Rc::new(made))
            }
            Expression::ArrowFunctionExpression(arrow) => {
                let closure =
                    Closure { body: Body::Arrow(arrow), scope: Rc::clone(scope), this: None };
                Value::Function(Rc::new(closure))
            }
            Expression::FunctionExpression(function) => Self::closure_of(function, scope),
            Expression::ClassExpression(class) => self.class(class, scope),
            Expression::AssignmentExpression(assignment) => self.assignment(assignment, scope),
            Expression::UpdateExpression(update) => {
                let before = match update.argument.get_expression() {
                    Some(inner) => self.expression(inner, scope),
                    None => self.target_value(&update.argument, scope),
                };
                let op = if update.operator.as_str() == "++" { "+" } else { "-" };
                let before = match before.to_number() {
                    Some(number) => Value::Number(number),
                    None => before,
                };
                let after = self.binary(op, before.clone(), Value::Number(1.0), span);
                self.assign(&update.argument, after.clone(), scope, span);
                if update.prefix { after } else { before }
            }
            Expression::AwaitExpression(inner) => self.expression(&inner.argument, scope),
            Expression::ParenthesizedExpression(inner) => self.expression(&inner.expression, scope),
            Expression::TSAsExpression(inner) => self.expression(&inner.expression, scope),
            Expression::TSSatisfiesExpression(inner) => self.expression(&inner.expression, scope),
            Expression::TSNonNullExpression(inner) => self.expression(&inner.expression, scope),
            Expression::TSTypeAssertion(inner) => self.expression(&inner.expression, scope),
            Expression::TSInstantiationExpression(inner) => {
                self.expression(&inner.expression, scope)
            }
            Expression::SequenceExpression(sequence) => {
                let mut last = Value::Undefined;
                for inner in &sequence.expressions {
                    last = self.expression(inner, scope);
                }
                last
            }
            Expression::UnaryExpression(unary) => {
                let value = self.expression(&unary.argument, scope);
                match unary.operator.as_str() {
                    "!" => self.not(value),
                    "-" => self.binary("*", value, Value::Number(-1.0), span),
                    "+" => match value.to_number() {
                        Some(number) => Value::Number(number),
                        None => value,
                    },
                    "typeof" => type_of(&value),
                    "void" | "delete" => Value::Undefined,
                    _ => Value::Unknown(Rc::from(self.words(span))),
                }
            }
            Expression::BinaryExpression(binary) => {
                let left = self.expression(&binary.left, scope);
                let right = self.expression(&binary.right, scope);
                self.binary(binary.operator.as_str(), left, right, span)
            }
            Expression::LogicalExpression(logical) => {
                let left = self.expression(&logical.left, scope);
                self.logical(logical.operator.as_str(), left, &logical.right, scope, span)
            }
            Expression::ConditionalExpression(choice) => {
                let test = self.expression(&choice.test, scope);
                match test.truth() {
                    Some(true) => self.expression(&choice.consequent, scope),
                    Some(false) => self.expression(&choice.alternate, scope),
                    None => self.choice(&test, &choice.consequent, &choice.alternate, scope, span),
                }
            }
            Expression::CallExpression(call) => {
                self.call_expression(&call.callee, &call.arguments, scope, span)
            }
            Expression::NewExpression(new) => {
                let callee = self.expression(&new.callee, scope);
                let arguments = self.arguments(&new.arguments, scope);
                self.construct(&callee, arguments, span)
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => {
                    self.call_expression(&call.callee, &call.arguments, scope, span)
                }
                ChainElement::TSNonNullExpression(inner) => {
                    self.expression(&inner.expression, scope)
                }
                other => match other.as_member_expression() {
                    Some(member) => self.member(member, scope).1,
                    None => Value::Undefined,
                },
            },
            Expression::TaggedTemplateExpression(tagged) => {
                let url = self.expression(&tagged.tag, scope);
                if matches!(&url, Value::Native(path) if &**path == "http.url") {
                    return self.tagged_url(&tagged.quasi, scope, span);
                }
                Value::Unknown(Rc::from(self.words(span)))
            }
            other => match other.as_member_expression() {
                Some(member) => self.member(member, scope).1,
                None => Value::Unknown(Rc::from(self.words(span))),
            },
        }
    }

    fn identifier(&mut self, name: &str, scope: &Scoped<'a>) -> Value<'a> {
        if let Some(binding) = scope.find(name) {
            return binding.value;
        }
        match name {
            "undefined" => Value::Undefined,
            "NaN" => Value::Number(f64::NAN),
            "Infinity" => Value::Number(f64::INFINITY),
            "__VU" => {
                Value::live(Code::op("+", Code::Call("user_id", vec![]), Code::Const(1.into())))
            }
            "__ITER" => Value::live(Code::Call("iteration", vec![])),
            other => Value::native(other),
        }
    }

    fn logical(
        &mut self,
        op: &str,
        left: Value<'a>,
        right: &'a Expression<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) -> Value<'a> {
        let decided = match op {
            "??" => match &left {
                Value::Undefined | Value::Null => Some(false),
                value if value.is_known() => Some(true),
                _ => None,
            },
            _ => left.truth(),
        };
        match (op, decided) {
            ("&&", Some(true)) | ("||" | "??", Some(false)) => {
                return self.expression(right, scope);
            }
            (_, Some(_)) => return left,
            (_, None) => {}
        }
        let right = self.expression(right, scope);
        match (op, &left, &right) {
            // A default for what may be missing.
            ("||" | "??", Value::Live(code), fallback) if !matches!(fallback, Value::Test(_)) => {
                match self.code(fallback, span) {
                    Some(fallback) => {
                        Value::live(Code::Call("default", vec![(**code).clone(), fallback]))
                    }
                    None => left,
                }
            }
            // What is not there is hardly ever meant.
            ("||" | "??", Value::Reply(_) | Value::Row(_) | Value::Range(..), fallback)
                if !matches!(fallback, Value::Test(_) | Value::Reply(_)) =>
            {
                left
            }
            ("&&", Value::Reply(part), other)
                if matches!(part.what, super::value::What::Body | super::value::What::Json(_))
                    && matches!(other, Value::Reply(_)) =>
            {
                right
            }
            ("&&", ..) => Value::test(Test::All(vec![left, right])),
            _ => Value::test(Test::Any(vec![left, right])),
        }
    }

    /// A choice of two values that the plan makes.
    fn choice(
        &mut self,
        test: &Value<'a>,
        yes: &'a Expression<'a>,
        no: &'a Expression<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) -> Value<'a> {
        if matches!(test, Value::Unknown(_)) {
            return test.clone();
        }
        let condition = self.code(test, span);
        let (mut then, one) = self.apart(|machine| machine.expression(yes, scope));
        let (mut otherwise, other) = self.apart(|machine| machine.expression(no, scope));
        let codes = (condition, self.code(&one, span), self.code(&other, span));
        let (Some(condition), Some(one), Some(other)) = codes else {
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let name = self.fresh("choice");
        then.push(Self::set(&name, &one));
        otherwise.push(Self::set(&name, &other));
        let lists = vec![("tasks", then), ("else", otherwise)];
        self.push(Self::block("if", condition.expression().into(), lists));
        Value::live(Code::Name(name))
    }

    pub(super) fn closure_of(function: &'a Function<'a>, scope: &Scoped<'a>) -> Value<'a> {
        let body = Body::Function(function);
        Value::Function(Rc::new(Closure { body, scope: Rc::clone(scope), this: None }))
    }

    pub(super) fn class(&mut self, class: &'a Class<'a>, scope: &Scoped<'a>) -> Value<'a> {
        let parent =
            class.heritage.as_ref().map(|parent| self.expression(&parent.expression, scope));
        let parent = match parent {
            Some(Value::Class(parent)) => Some(parent),
            _ => None,
        };
        Value::Class(Rc::new(ClassValue { class, scope: Rc::clone(scope), parent }))
    }

    /// `new …` of a class of the script.
    pub(super) fn instance(
        &mut self,
        class: &Rc<ClassValue<'a>>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let members = RefCell::default();
        let object = Object { members, class: Some(Rc::clone(class)), kind: Cell::new("") };
        let this = Value::Object(Rc::new(object));
        self.initialise(class, &this, arguments, span);
        this
    }

    fn initialise(
        &mut self,
        class: &Rc<ClassValue<'a>>,
        this: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) {
        let scope = Scope::within(&class.scope);
        scope.declare("this", this.clone(), self.depth);
        let constructor = constructor(class);
        if let (None, Some(parent)) = (constructor, &class.parent) {
            self.initialise(parent, this, arguments.clone(), span);
        }
        for element in &class.class.body.body {
            if let ClassElement::PropertyDefinition(property) = element
                && !property.r#static
                && let Some(name) = self.key(&property.key, property.computed, &scope)
            {
                let value = match &property.value {
                    Some(value) => self.expression(value, &scope),
                    None => Value::Undefined,
                };
                if let Value::Object(object) = this {
                    object.set(&name, value);
                }
            }
        }
        if let Some(constructor) = constructor {
            self.call_function(Body::Function(constructor), &scope, arguments, span);
        }
    }

    /// A method that a class of the script or one above it has.
    pub(super) fn method_of(
        class: &Rc<ClassValue<'a>>,
        name: &str,
        is_static: bool,
    ) -> Option<(&'a Function<'a>, Scoped<'a>, bool)> {
        for element in &class.class.body.body {
            if let ClassElement::MethodDefinition(method) = element
                && method.r#static == is_static
                && method.key.static_name().as_deref() == Some(name)
            {
                let is_getter = method.kind == MethodDefinitionKind::Get;
                return Some((&method.value, Rc::clone(&class.scope), is_getter));
            }
        }
        Self::method_of(class.parent.as_ref()?, name, is_static)
    }

    pub(super) fn arguments(
        &mut self,
        arguments: &'a [Argument<'a>],
        scope: &Scoped<'a>,
    ) -> Vec<Value<'a>> {
        let mut values = Vec::new();
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    let spread = self.expression(&spread.argument, scope);
                    values.extend(spread.items().unwrap_or_default());
                }
                other => {
                    if let Some(argument) = other.as_expression() {
                        values.push(self.expression(argument, scope));
                    }
                }
            }
        }
        values
    }

    fn call_expression(
        &mut self,
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
        scope: &Scoped<'a>,
        span: Span,
    ) -> Value<'a> {
        if matches!(callee, Expression::Super(_)) {
            let arguments = self.arguments(arguments, scope);
            let this = scope.find("this").map(|binding| binding.value);
            if let Some(Value::Object(object)) = &this
                && let Some(parent) = object.class.as_ref().and_then(|class| class.parent.clone())
                && let Some(this) = &this
            {
                self.initialise(&parent, this, arguments, span);
            }
            return Value::Undefined;
        }
        let callee = match callee {
            Expression::ParenthesizedExpression(inner) => &inner.expression,
            other => other,
        };
        if let Some(member) = callee.as_member_expression() {
            let (object, function) = self.member(member, scope);
            let name = match member {
                MemberExpression::ComputedMemberExpression(computed) => {
                    self.expression(&computed.expression, scope).to_text()
                }
                MemberExpression::StaticMemberExpression(member) => {
                    Some(member.property.name.to_string())
                }
                MemberExpression::PrivateFieldExpression(member) => {
                    Some(format!("#{}", member.field.name))
                }
            };
            let arguments = self.arguments(arguments, scope);
            return match function {
                Value::Function(_) | Value::Class(_) | Value::Native(_) => {
                    self.call(&function, arguments, span)
                }
                _ => self.method(&object, &name.unwrap_or_default(), &arguments, span),
            };
        }
        let function = self.expression(callee, scope);
        let arguments = self.arguments(arguments, scope);
        self.call(&function, arguments, span)
    }

    /// Calls anything that can be called.
    pub(super) fn call(
        &mut self,
        function: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        match function {
            Value::Function(closure) => {
                let scope = match &closure.this {
                    Some(this) => {
                        let scope = Scope::within(&closure.scope);
                        scope.declare("this", this.clone(), self.depth);
                        scope
                    }
                    None => Rc::clone(&closure.scope),
                };
                self.call_function(closure.body, &scope, arguments, span)
            }
            Value::Native(path) => self.call_native(&Rc::clone(path), arguments, span),
            other => {
                let what = match other {
                    Value::Unknown(why) => why.to_string(),
                    _ => self.words(span),
                };
                // What does nothing when the plan runs is not missed.
                if !self.loading {
                    self.todo("call what the script calls here", span);
                }
                Value::unknown(&what)
            }
        }
    }

    fn call_function(
        &mut self,
        body: Body<'a>,
        scope: &Scoped<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        if self.levels >= LEVELS || !self.burn() {
            return Value::unknown("there is too much of the script, or too deep");
        }
        self.levels += 10;
        let scope = Scope::within(scope);
        let loops = std::mem::take(&mut self.loops);
        let value = match body {
            Body::Function(function) => {
                self.parameters(&function.params, arguments, &scope, span);
                match &function.body {
                    Some(body) => self.function_body(&body.statements, &scope),
                    None => Value::Undefined,
                }
            }
            Body::Arrow(arrow) => {
                self.parameters(&arrow.params, arguments, &scope, span);
                match &arrow.body {
                    ArrowFunctionBody::FunctionBody(body) => {
                        self.function_body(&body.statements, &scope)
                    }
                    other => match other.as_expression() {
                        Some(expression) => self.expression(expression, &scope),
                        None => Value::Undefined,
                    },
                }
            }
        };
        self.loops = loops;
        self.levels -= 10;
        value
    }

    fn function_body(
        &mut self,
        body: &'a [oxc_ast::ast::Statement<'a>],
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        match self.statements(body, scope) {
            Flow::Return(value) => value,
            Flow::Throw => Value::native("thrown"),
            _ => Value::Undefined,
        }
    }

    fn parameters(
        &mut self,
        parameters: &'a FormalParameters<'a>,
        arguments: Vec<Value<'a>>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        let count = parameters.items.len();
        for (number, parameter) in parameters.items.iter().enumerate() {
            let value = match (arguments.get(number), &parameter.initializer) {
                (None | Some(Value::Undefined), Some(default)) => self.expression(default, scope),
                (Some(value), _) => value.clone(),
                (None, None) => Value::Undefined,
            };
            self.bind(&parameter.pattern, value.clone(), scope, span);
            if (parameter.accessibility.is_some() || parameter.readonly)
                && let Some(id) = parameter.pattern.get_binding_identifier()
                && let Some(Value::Object(this)) = scope.find("this").map(|binding| binding.value)
            {
                this.set(&id.name, value);
            }
        }
        if let Some(rest) = &parameters.rest {
            let items = arguments.into_iter().skip(count).collect();
            self.bind(&rest.rest.argument, Value::array(items), scope, span);
        }
    }

    fn assignment(
        &mut self,
        assignment: &'a AssignmentExpression<'a>,
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        let span = assignment.span;
        let op = assignment.operator.as_str();
        let op = op.strip_suffix('=').unwrap_or(op);
        let Some(target) = assignment.left.as_simple_assignment_target() else {
            let value = self.expression(&assignment.right, scope);
            self.destructure(&assignment.left, &value, scope, span);
            return value;
        };
        let value = if op.is_empty() {
            self.expression(&assignment.right, scope)
        } else {
            let before = self.target_value(target, scope);
            match op {
                "||" | "&&" | "??" => self.logical(op, before, &assignment.right, scope, span),
                _ => {
                    let right = self.expression(&assignment.right, scope);
                    self.binary(op, before, right, span)
                }
            }
        };
        self.assign(target, value.clone(), scope, span);
        value
    }

    fn destructure(
        &mut self,
        target: &'a AssignmentTarget<'a>,
        value: &Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        if let AssignmentTarget::ArrayAssignmentTarget(array) = target {
            for (number, element) in array.elements.iter().enumerate() {
                let target = element.as_ref().and_then(|element| element.as_assignment_target());
                if let Some(target) = target.and_then(|target| target.as_simple_assignment_target())
                {
                    let part = self.get(value, &number.to_string(), span);
                    self.assign(target, part, scope, span);
                }
            }
        } else {
            self.drop(span, "this assignment to several names is not followed");
        }
    }

    /// What a target of an assignment is before.
    fn target_value(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
        scope: &Scoped<'a>,
    ) -> Value<'a> {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.identifier(&id.name, scope)
            }
            other => match other.as_member_expression() {
                Some(member) => self.member(member, scope).1,
                None => Value::Undefined,
            },
        }
    }

    fn assign(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
        value: Value<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                self.assign_name(&id.name, value, scope, span);
            }
            other => {
                let Some(member) = other.as_member_expression() else { return };
                let (object, name) = self.object_and_name(member, scope);
                let name = name.unwrap_or_default();
                match &object {
                    Value::Object(object) => object.set(&name, value),
                    Value::Array(array) => {
                        if let Ok(number) = name.parse::<usize>() {
                            let mut items = array.items.borrow_mut();
                            if number < 100_000 {
                                while items.len() <= number {
                                    items.push(Value::Undefined);
                                }
                            }
                            if let Some(item) = items.get_mut(number) {
                                *item = value;
                            }
                        }
                    }
                    Value::Native(path) if path.starts_with("ws.") => {
                        if let Some(event) = super::socket::event_of(&name) {
                            self.handlers.push((event.to_string(), value));
                        }
                    }
                    // `module.exports = …` is what is exported.
                    Value::Native(path) if &**path == "module" => {
                        scope.declare("exports", value, 0)
                    }
                    _ => self.drop(span, "what this changes is not known"),
                }
            }
        }
    }

    fn assign_name(&mut self, name: &str, value: Value<'a>, scope: &Scoped<'a>, span: Span) {
        let Some(binding) = scope.find(name) else { return };
        if !self.loops.is_empty() || !self.pending.is_empty() {
            self.journal.push((Rc::clone(scope), name.to_owned(), binding.clone()));
        }
        if let Some(variable) = &binding.variable {
            match self.code(&value, span) {
                Some(code) if code != Code::name(variable) => {
                    self.push(Self::set(variable, &code));
                }
                Some(_) => {}
                None => self.drop(span, "the value cannot be computed by a plan"),
            }
            return;
        }
        if binding.depth >= self.depth {
            let value = self.named(name, value, span);
            scope.change(name, |binding| binding.value = value);
            return;
        }
        // It is changed only on a condition: the plan has to keep it.
        let (Some(before), Some(after)) =
            (self.code(&binding.value, span), self.code(&value, span))
        else {
            if binding.value.truth() == Some(false) {
                // Such as `let res; if (…) { res = http.get(…) }`.
                scope.change(name, |binding| binding.value = value);
            } else {
                self.drop(span, "the value depends on a condition that only the script knows");
            }
            return;
        };
        let variable = self.fresh(name);
        self.pending.push((binding.depth, variable.clone(), Self::set(&variable, &before)));
        self.push(Self::set(&variable, &after));
        scope.change(name, |binding| {
            binding.value = Value::live(Code::name(&variable));
            binding.variable = Some(variable);
        });
    }

    fn object_and_name(
        &mut self,
        member: &'a MemberExpression<'a>,
        scope: &Scoped<'a>,
    ) -> (Value<'a>, Option<String>) {
        match member {
            MemberExpression::StaticMemberExpression(member) => {
                (self.object(&member.object, scope), Some(member.property.name.to_string()))
            }
            MemberExpression::ComputedMemberExpression(member) => {
                let object = self.object(&member.object, scope);
                let name = self.expression(&member.expression, scope);
                (object, name.to_text())
            }
            MemberExpression::PrivateFieldExpression(member) => {
                (self.object(&member.object, scope), Some(format!("#{}", member.field.name)))
            }
        }
    }

    fn object(&mut self, expression: &'a Expression<'a>, scope: &Scoped<'a>) -> Value<'a> {
        match expression {
            Expression::Super(_) => scope.find("this").map_or(Value::Undefined, |this| this.value),
            other => self.expression(other, scope),
        }
    }

    /// A member of an object, and the object.
    fn member(
        &mut self,
        member: &'a MemberExpression<'a>,
        scope: &Scoped<'a>,
    ) -> (Value<'a>, Value<'a>) {
        let span = member.span();
        if let MemberExpression::ComputedMemberExpression(computed) = member {
            let object = self.object(&computed.object, scope);
            let index = self.expression(&computed.expression, scope);
            let value = match index.to_text() {
                Some(name) => self.get(&object, &name, span),
                None => self.item(&object, &index, span),
            };
            return (object, value);
        }
        let (object, name) = self.object_and_name(member, scope);
        let value = self.get(&object, &name.unwrap_or_default(), span);
        (object, value)
    }
}

fn constructor<'a>(class: &Rc<ClassValue<'a>>) -> Option<&'a Function<'a>> {
    class.class.body.body.iter().find_map(|element| match element {
        ClassElement::MethodDefinition(method)
            if method.kind == MethodDefinitionKind::Constructor =>
        {
            Some(&*method.value)
        }
        _ => None,
    })
}

fn type_of<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Undefined => Value::text("undefined"),
        Value::Bool(_) => Value::text("boolean"),
        Value::Number(_) | Value::Range(..) => Value::text("number"),
        Value::Text(_) => Value::text("string"),
        Value::Function(_) | Value::Class(_) | Value::Native(_) => Value::text("function"),
        Value::Null | Value::Array(_) | Value::Object(_) | Value::Regex(_) => Value::text("object"),
        Value::Reply(part) => match &part.what {
            What::Json(path) => {
                let what = What::Type(path.clone());
                Value::Reply(Rc::new(Part { request: part.request, what, hint: None }))
            }
            _ => Value::unknown("typeof"),
        },
        other => Value::unknown(match other {
            Value::Unknown(why) => why,
            _ => "typeof",
        }),
    }
}
