//! Expressions.

use std::rc::Rc;

use oxc_ast::ast::{
    ArrayExpressionElement, ChainElement, Expression, MemberExpression, ObjectPropertyKind,
    PropertyKind, UpdateExpression,
};
use oxc_span::{GetSpan as _, Span};

use super::code::Code;
use super::machine::{LEVELS, Machine};
use super::scope::Scope;
use super::value::{Body, Closure, Object, Part, Test, Value, What};

/// Items that a list has at most that is put together from others.
const LONGEST: usize = 10_000;

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
        let is_wrapper = matches!(
            expression,
            Expression::AwaitExpression(_)
                | Expression::ParenthesizedExpression(_)
                | Expression::TSAsExpression(_)
                | Expression::TSNonNullExpression(_)
        );
        let is_within = self.is_within;
        self.is_within |= !is_wrapper;
        let value = if is_within {
            // What is around it follows.
            self.followed(false, |machine| machine.expression_within(expression, scope))
        } else {
            self.expression_within(expression, scope)
        };
        self.is_within = is_within;
        self.levels -= 1;
        value
    }

    /// An expression whose value nobody asks for.
    pub(super) fn effect(&mut self, expression: &'a Expression<'a>, scope: &Scoped<'a>) {
        match expression {
            Expression::UpdateExpression(update) => {
                self.update(update, scope, false);
            }
            Expression::CallExpression(call) => {
                self.floating = Some(call.span);
                self.expression(expression, scope);
                self.floating = None;
            }
            Expression::SequenceExpression(sequence) => {
                sequence.expressions.iter().for_each(|inner| self.effect(inner, scope));
            }
            other => {
                self.expression(other, scope);
            }
        }
    }

    /// `x++` and its like.
    fn update(
        &mut self,
        update: &'a UpdateExpression<'a>,
        scope: &Scoped<'a>,
        is_asked: bool,
    ) -> Value<'a> {
        let before = match update.argument.get_expression() {
            Some(inner) => self.expression(inner, scope),
            None => self.target_value(&update.argument, scope),
        };
        let op = if update.operator.as_str() == "++" { "+" } else { "-" };
        let mut before = match before.to_number() {
            Some(number) => Value::Number(number),
            None => before,
        };
        let is_last = update.prefix || !is_asked;
        if let (Value::Live(code), false) = (&before, is_last) {
            before = Value::live(self.hoist("before", code));
        }
        let after = self.binary(op, before.clone(), Value::Number(1.0), update.span);
        self.assign(&update.argument, after.clone(), scope, update.span);
        if update.prefix { after } else { before }
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
                            if array.elements.len() == 1 && !spread.is_known() {
                                return spread;
                            }
                            match spread.items() {
                                Some(more) if items.len() + more.len() > LONGEST => {
                                    self.drop(span, "this list grows too long");
                                    return Value::unknown("a very long list");
                                }
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
                            let members = self.members_of(&spread);
                            if !spread.is_known() && members.is_empty() {
                                self.drop(span, "the members are not known");
                            }
                            for (name, value) in members {
                                made.set(&name, value);
                            }
                        }
                        ObjectPropertyKind::ObjectProperty(property) => {
                            if property.kind != PropertyKind::Init {
                                let name = self.key(&property.key, property.computed, scope);
                                let function = self.expression(&property.value, scope);
                                let is_getter = property.kind == PropertyKind::Get;
                                if let Some(name) = name {
                                    let accessor = (Rc::from(name), is_getter, function);
                                    made.accessors.borrow_mut().push(accessor);
                                }
                            } else if let Some(name) =
                                self.key(&property.key, property.computed, scope)
                            {
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
            Expression::UpdateExpression(update) => self.update(update, scope, true),
            Expression::AwaitExpression(inner) => {
                let value = self.expression(&inner.argument, scope);
                self.awaited(&value)
            }
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
            Expression::UnaryExpression(unary) if unary.operator.as_str() == "delete" => {
                self.delete(&unary.argument, scope, span)
            }
            Expression::UnaryExpression(unary) => {
                let value = self.expression(&unary.argument, scope);
                match unary.operator.as_str() {
                    "!" => self.not(value),
                    "-" => self.binary("*", value, Value::Number(-1.0), span),
                    "+" if matches!(&value, Value::Object(_)) => {
                        self.method(&value, "valueOf", &[], span)
                    }
                    "+" => match value.to_number() {
                        Some(number) => Value::Number(number),
                        None => value,
                    },
                    "typeof" => type_of(&value),
                    "void" => Value::Undefined,
                    "~" => self.binary("^", value, Value::Number(-1.0), span),
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
            Expression::YieldExpression(inner) => {
                let value = inner.argument.as_ref().map(|value| self.expression(value, scope));
                self.yielded(value.unwrap_or(Value::Undefined), inner.delegate, span)
            }
            Expression::TaggedTemplateExpression(tagged) => {
                let tag = self.expression(&tagged.tag, scope);
                if matches!(&tag, Value::Native(path) if &**path == "http.url") {
                    return self.tagged_url(&tagged.quasi, scope, span);
                }
                let quasis = &tagged.quasi.quasis;
                let raw = |at: usize| quasis.get(at).map_or("", |piece| piece.value.raw.as_str());
                let values: Vec<Value<'a>> =
                    tagged.quasi.expressions.iter().map(|e| self.expression(e, scope)).collect();
                if matches!(&tag, Value::Native(path) if &**path == "String.raw") {
                    let mut text = Value::text(raw(0));
                    for (at, value) in values.into_iter().enumerate() {
                        text = self.binary("+", text, value, span);
                        text = self.binary("+", text, Value::text(raw(at + 1)), span);
                    }
                    return text;
                }
                let cooked = quasis.iter().map(|piece| {
                    Value::text(piece.value.cooked.as_ref().unwrap_or(&piece.value.raw))
                });
                let mut arguments = vec![Value::array(cooked.collect())];
                arguments.extend(values);
                self.call(&tag, arguments, span)
            }
            other => match other.as_member_expression() {
                Some(member) => self.member(member, scope).1,
                None => Value::Unknown(Rc::from(self.words(span))),
            },
        }
    }

    pub(super) fn identifier(&mut self, name: &str, scope: &Scoped<'a>) -> Value<'a> {
        if let Some(binding) = scope.find(name) {
            if binding.is_of_module && !self.loading && !self.kept_on.contains_key(name) {
                self.kept_on.insert(name.to_owned(), true);
            }
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

    pub(super) fn logical(
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
        let right = self.right_side(op, &left, right, scope, span);
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
            ("||" | "??", Value::Reply(_) | Value::Row(_), fallback)
                if !matches!(fallback, Value::Test(_)) =>
            {
                match (self.code(&left, span), self.code(fallback, span)) {
                    (Some(code), Some(fallback)) => {
                        Value::live(Code::Call("default", vec![code, fallback]))
                    }
                    _ => {
                        self.drop(span, "what stands for a missing value cannot be said in a plan");
                        left
                    }
                }
            }
            ("||" | "??", Value::Range(..), _) => left,
            ("&&", Value::Reply(part), other)
                if matches!(part.what, super::value::What::Body | super::value::What::Json(_))
                    && matches!(other, Value::Reply(_)) =>
            {
                right
            }
            ("&&", _, Value::Bool(true)) => left,
            ("&&", _, Value::Bool(false)) => right,
            ("&&", ..) => Value::test(Test::All(vec![left, right])),
            _ => Value::test(Test::Any(vec![left, right])),
        }
    }

    /// The right side of a logical operator, whose steps are done only if the left one does not
    /// decide.
    pub(super) fn right_side(
        &mut self,
        op: &str,
        left: &Value<'a>,
        right: &'a Expression<'a>,
        scope: &Scoped<'a>,
        span: Span,
    ) -> Value<'a> {
        let ways_out = self.left.clone();
        let (before, (steps, value)) =
            self.speculate(|machine| machine.apart(|machine| machine.expression(right, scope)));
        self.steps.extend(before);
        if steps.is_empty() {
            return value;
        }
        let Some(code) = self.code(left, span) else {
            if super::sends(&steps) {
                self.todo("decide here what the script decides", span);
            } else {
                self.approximate(
                    span,
                    "this cannot be asked when the plan runs; it goes on in any case",
                );
            }
            self.left = ways_out;
            return value;
        };
        self.may_be_missing(&code);
        let condition = match op {
            "&&" => code,
            "||" => code.negated(),
            _ => Code::op("==", code, Code::Const(serde_json::Value::Null)),
        };
        let condition = condition.expression().into();
        self.push(Self::block("if", condition, vec![("tasks", steps)]));
        value
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
        let ways_out = self.left.clone();
        let (mut then, one) = self.apart(|machine| machine.expression(yes, scope));
        let (mut otherwise, other) = self.apart(|machine| machine.expression(no, scope));
        let Some(condition) = condition else {
            if !then.is_empty() || !otherwise.is_empty() {
                self.todo("decide here what the script decides", span);
                self.left = ways_out;
            }
            return Value::Unknown(Rc::from(self.words(span)));
        };
        self.may_be_missing(&condition);
        let codes = (self.code(&one, span), self.code(&other, span));
        let value = match codes {
            (Some(one), Some(other)) => {
                let name = self.fresh("choice");
                then.push(Self::set(&name, &one));
                otherwise.push(Self::set(&name, &other));
                Value::live(Code::Name(name))
            }
            _ => {
                let joined = self
                    .joined_replies(&one, &other, span)
                    .or_else(|| self.joined_objects(&one, &mut then, &other, &mut otherwise, span));
                let decided = if joined.is_none() && then.is_empty() && otherwise.is_empty() {
                    self.without_environment(test, span).and_then(|test| test.truth())
                } else {
                    None
                };
                match (joined, decided) {
                    (Some(joined), _) => joined,
                    (None, Some(holds)) => return if holds { one } else { other },
                    (None, None) => Value::Unknown(Rc::from(self.words(span))),
                }
            }
        };
        if !then.is_empty() || !otherwise.is_empty() {
            let mut lists = vec![("tasks", then)];
            if !otherwise.is_empty() {
                lists.push(("else", otherwise));
            }
            self.push(Self::block("if", condition.expression().into(), lists));
        }
        value
    }

    pub(super) fn object_and_name(
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
    pub(super) fn member(
        &mut self,
        member: &'a MemberExpression<'a>,
        scope: &Scoped<'a>,
    ) -> (Value<'a>, Value<'a>) {
        let span = member.span();
        if let MemberExpression::ComputedMemberExpression(computed) = member {
            let object = self.object(&computed.object, scope);
            let index = self.expression(&computed.expression, scope);
            let index = match &object {
                Value::Object(_) => self.without_environment(&index, span).unwrap_or(index),
                _ => index,
            };
            let value = match index.to_text() {
                Some(name) => self.get(&object, &name, span),
                None => self.item(&object, &index, span),
            };
            return (object, value);
        }
        let (object, name) = self.object_and_name(member, scope);
        let name = name.unwrap_or_default();
        let value = if matches!(member.object(), Expression::Super(_)) {
            self.member_above(&name, scope, span)
        } else {
            self.get(&object, &name, span)
        };
        (object, value)
    }
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
