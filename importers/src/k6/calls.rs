//! Calls: functions of the script are inlined, and classes give objects.

use std::rc::Rc;

use oxc_ast::ast::{
    Argument, ArrowFunctionBody, Class, ClassElement, Expression, FormalParameters, Function,
    MemberExpression, MethodDefinition, MethodDefinitionKind, PropertyKey,
};
use oxc_span::Span;

use super::machine::{LEVELS, Machine};
use super::scope::Scope;
use super::statements::Flow;
use super::value::{Body, ClassValue, Closure, Object, Value};

type Scoped<'a> = Rc<Scope<'a>>;

/// Values that a generator gives at most.
const MOST_YIELDS: usize = 1000;

/// What no script can have as a name: the class whose method is evaluated.
const HOME: &str = "class of this method";

impl<'a> Machine<'a, '_> {
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
        let statics = Rc::new(Object::default());
        let value = ClassValue { class, scope: Rc::clone(scope), parent, statics };
        let value = Value::Class(Rc::new(value));
        self.initialise_statics(&value);
        value
    }

    /// What a class has itself: static members and blocks, in their order.
    fn initialise_statics(&mut self, value: &Value<'a>) {
        let Value::Class(class) = value else { return };
        let scope = self.scope_of_class(class);
        scope.declare("this", value.clone(), self.depth);
        if let Some(id) = &class.class.id {
            scope.declare(&id.name, value.clone(), self.depth);
        }
        for element in &class.class.body.body {
            match element {
                ClassElement::PropertyDefinition(property) if property.r#static => {
                    let value = match &property.value {
                        Some(value) => self.expression(value, &scope),
                        None => Value::Undefined,
                    };
                    if let Some(name) = self.key(&property.key, property.computed, &scope) {
                        class.statics.set(&name, value);
                    }
                }
                ClassElement::StaticBlock(block) => {
                    self.statements(&block.body, &Scope::within(&scope));
                }
                _ => {}
            }
        }
    }

    /// `new …` of a class of the script.
    pub(super) fn instance(
        &mut self,
        class: &Rc<ClassValue<'a>>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let object = Object { class: Some(Rc::clone(class)), ..Object::default() };
        let this = Value::Object(Rc::new(object));
        self.initialise(class, &this, arguments, span);
        this
    }

    pub(super) fn initialise(
        &mut self,
        class: &Rc<ClassValue<'a>>,
        this: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) {
        let scope = self.scope_of_class(class);
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
        &self,
        class: &Rc<ClassValue<'a>>,
        name: &str,
        is_static: bool,
    ) -> Option<(&'a Function<'a>, Scoped<'a>, bool)> {
        let (method, scope) =
            self.found_method(class, name, is_static, |kind| kind != MethodDefinitionKind::Set)?;
        Some((&method.value, scope, method.kind == MethodDefinitionKind::Get))
    }

    /// Sets a member by what a class has for it; `false` when it has nothing.
    pub(super) fn set_by_class(
        &mut self,
        object: &Value<'a>,
        name: &str,
        value: &Value<'a>,
        span: Span,
    ) -> bool {
        if let Value::Object(of) = object
            && let Some(setter) = of.accessor(name, false)
        {
            let setter = Self::of_object(setter, object);
            self.call(&setter, vec![value.clone()], span);
            return true;
        }
        let (class, is_static) = match object {
            Value::Object(object) => match &object.class {
                Some(class) => (class, false),
                None => return false,
            },
            Value::Class(class) => (class, true),
            _ => return false,
        };
        let is_setter = |kind| kind == MethodDefinitionKind::Set;
        let Some((method, scope)) = self.found_method(class, name, is_static, is_setter) else {
            return false;
        };
        let (body, this) = (Body::Function(&method.value), Some(object.clone()));
        let setter = Value::Function(Rc::new(Closure { body, scope, this }));
        self.call(&setter, vec![value.clone()], span);
        true
    }

    /// A method of a kind that a class or one above it has, and the scope that it stands in.
    fn found_method(
        &self,
        class: &Rc<ClassValue<'a>>,
        name: &str,
        is_static: bool,
        is_wanted: impl Fn(MethodDefinitionKind) -> bool,
    ) -> Option<(&'a MethodDefinition<'a>, Scoped<'a>)> {
        let mut class = class;
        loop {
            for element in &class.class.body.body {
                if let ClassElement::MethodDefinition(method) = element
                    && method.r#static == is_static
                    && is_wanted(method.kind)
                    && key_name(&method.key).as_deref() == Some(name)
                {
                    return Some((&**method, self.scope_of_class(class)));
                }
            }
            class = class.parent.as_ref()?;
        }
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

    pub(super) fn call_expression(
        &mut self,
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
        scope: &Scoped<'a>,
        span: Span,
    ) -> Value<'a> {
        if matches!(callee, Expression::Super(_)) {
            let arguments = self.arguments(arguments, scope);
            let this = scope.find("this").map(|binding| binding.value);
            let parent = Self::parent_here(scope);
            if let (Some(this), Some(parent)) = (&this, &parent) {
                self.initialise(parent, this, arguments, span);
            }
            return Value::Undefined;
        }
        let callee = match callee {
            Expression::ParenthesizedExpression(inner) => &inner.expression,
            other => other,
        };
        if let Some(member) = callee.as_member_expression() {
            let (object, function) = self.member(member, scope);
            let function = Self::of_object(function, &object);
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

    /// A function as a method of an object: `this` is the object, unless the function says otherwise.
    pub(super) fn of_object(function: Value<'a>, object: &Value<'a>) -> Value<'a> {
        match &function {
            Value::Function(closure)
                if closure.this.is_none()
                    && matches!(closure.body, Body::Function(_))
                    && matches!(object, Value::Object(_)) =>
            {
                Self::with_this(closure, object.clone())
            }
            _ => function,
        }
    }

    fn with_this(closure: &Closure<'a>, this: Value<'a>) -> Value<'a> {
        let (body, scope) = (closure.body, Rc::clone(&closure.scope));
        Value::Function(Rc::new(Closure { body, scope, this: Some(this) }))
    }

    /// `call`, `apply` and `bind` of a function of the script.
    pub(super) fn function_method(
        &mut self,
        closure: &Closure<'a>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let (this, rest) = match arguments.split_first() {
            Some((this, rest)) => (this.clone(), rest.to_vec()),
            None => (Value::Undefined, Vec::new()),
        };
        let function = Self::with_this(closure, this);
        match (name, rest.as_slice()) {
            ("call", _) => self.call(&function, rest, span),
            ("apply", []) => self.call(&function, rest, span),
            ("apply", [list, ..]) if list.items().is_some() => {
                self.call(&function, list.items().unwrap_or_default(), span)
            }
            ("bind", []) => function,
            _ => {
                self.drop(span, "this method of a function is not known");
                Value::Unknown(Rc::from(self.words(span)))
            }
        }
    }

    /// The class above the one whose method is evaluated.
    pub(super) fn parent_here(scope: &Scoped<'a>) -> Option<Rc<ClassValue<'a>>> {
        match scope.find(HOME)?.value {
            Value::Class(class) => class.parent.clone(),
            _ => None,
        }
    }

    /// The scope of the methods of a class.
    fn scope_of_class(&self, class: &Rc<ClassValue<'a>>) -> Scoped<'a> {
        let scope = Scope::within(&class.scope);
        scope.declare(HOME, Value::Class(Rc::clone(class)), self.depth);
        scope
    }

    /// Calls anything that can be called.
    pub(super) fn call(
        &mut self,
        function: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        if self.thrown.is_some() {
            return Value::Undefined;
        }
        if !self.left.is_empty() && !self.loading {
            return self.call_unless_left(function, arguments, span);
        }
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

    /// A call in an expression of which a part before may have thrown.
    fn call_unless_left(
        &mut self,
        function: &Value<'a>,
        arguments: Vec<Value<'a>>,
        span: Span,
    ) -> Value<'a> {
        let flags = std::mem::take(&mut self.left);
        let (before, (steps, value)) = self.speculate(|machine| {
            machine.apart_with_rest(|machine| machine.call(function, arguments.clone(), span))
        });
        self.steps.extend(before);
        if !steps.is_empty() {
            let condition = Self::none_of(&flags).into();
            self.steps.push(Self::block("if", condition, vec![("tasks", steps)]));
        }
        for flag in flags {
            self.may_be_set(&flag);
        }
        value
    }

    pub(super) fn call_function(
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
        let outside = (
            std::mem::take(&mut self.loops),
            std::mem::take(&mut self.is_within),
            std::mem::replace(&mut self.file, Rc::clone(&scope.origin.file)),
            std::mem::replace(&mut self.text, scope.origin.text),
        );
        let is_floating = self.floating == Some(span) && body.is_async();
        let made = self.steps.len();
        let is_generator = matches!(body, Body::Function(function) if function.generator);
        if is_generator {
            self.yields.push(Vec::new());
        }
        let frame = self.frame();
        self.frames.push(frame);
        let flow = match body {
            Body::Function(function) => {
                self.parameters(&function.params, arguments, &scope, span);
                match &function.body {
                    Some(body) => {
                        self.hoist_names(&body.statements, &scope);
                        self.statements(&body.statements, &scope)
                    }
                    None => Flow::Normal,
                }
            }
            Body::Arrow(arrow) => {
                self.parameters(&arrow.params, arguments, &scope, span);
                match &arrow.body {
                    ArrowFunctionBody::FunctionBody(body) => {
                        self.hoist_names(&body.statements, &scope);
                        self.statements(&body.statements, &scope)
                    }
                    other => match other.as_expression() {
                        Some(expression) => Flow::Return(self.expression(expression, &scope)),
                        None => Flow::Normal,
                    },
                }
            }
        };
        let value = match self.frames.pop() {
            Some(frame) => self.result(&frame, flow),
            None => Value::Undefined,
        };
        (self.loops, self.is_within, self.file, self.text) = outside;
        self.levels -= 10;
        if is_floating && self.steps.len() > made + 1 {
            let why = "nobody waits for it; the plan does all of it before what follows";
            self.approximate(span, why);
        }
        if is_generator {
            return Value::array(self.yields.pop().unwrap_or_default());
        }
        value
    }

    /// `yield`: what a generator gives is a list of all that it gives.
    pub(super) fn yielded(&mut self, value: Value<'a>, is_list: bool, span: Span) -> Value<'a> {
        let more = if is_list { value.items() } else { Some(vec![value]) };
        match (self.yields.last_mut(), more) {
            (Some(all), Some(more)) if all.len() < MOST_YIELDS => all.extend(more),
            _ => self.drop(span, "what this gives is not followed"),
        }
        Value::Undefined
    }

    pub(super) fn parameters(
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
}

/// The name of a member, with the sign of private ones.
pub(super) fn key_name(key: &PropertyKey<'_>) -> Option<String> {
    match key {
        PropertyKey::PrivateIdentifier(id) => Some(format!("#{}", id.name)),
        other => other.static_name().map(|name| name.to_string()),
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
