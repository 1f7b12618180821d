//! What expressions stand for.

use oxc_ast::ast::{
    ArrayExpressionElement, ChainElement, Expression, MemberExpression, ObjectPropertyKind,
    TemplateLiteral,
};
use serde_json::{Map, Value as Json, json};

use super::value::{Part, Segment, Val, number, path, with_texts};
use super::walk::Walk;
use super::{Did, lists};
use crate::postman::text_of;
use crate::text;

/// Expressions in expressions; deeper than this they are not looked at.
const MAX_DEPTH: usize = 200;

impl Walk<'_> {
    pub(super) fn eval(&mut self, expression: &Expression<'_>) -> Val {
        if self.depth >= MAX_DEPTH {
            return Val::Unknown;
        }
        self.depth += 1;
        let value = self.eval_inner(expression);
        self.depth -= 1;
        value
    }

    fn eval_inner(&mut self, expression: &Expression<'_>) -> Val {
        match expression.without_parentheses() {
            Expression::BooleanLiteral(literal) => Val::Const(json!(literal.value)),
            Expression::NullLiteral(_) => Val::Const(Json::Null),
            Expression::NumericLiteral(literal) => Val::Const(number(literal.value)),
            Expression::StringLiteral(literal) => Val::text(literal.value.as_str()),
            Expression::RegExpLiteral(literal) => {
                let mut flags = String::new();
                for char in literal.regex.flags.to_string().chars() {
                    // Those that change what matches; `s`, `i` and `m` mean the same here.
                    if "ims".contains(char) {
                        flags.push(char);
                    }
                }
                let text = literal.regex.pattern.text.as_str().replace("\\/", "/");
                Val::Pattern(if flags.is_empty() { text } else { format!("(?{flags}){text}") })
            }
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::Identifier(name) => match self.names.get(name.name.as_str()) {
                Some(value) => value.clone(),
                None => given(name.name.as_str()),
            },
            Expression::ArrayExpression(array) => {
                let mut items = Vec::new();
                for element in &array.elements {
                    let item = match element {
                        ArrayExpressionElement::SpreadElement(spread) => {
                            let list = self.eval(&spread.argument);
                            let Some(more) = lists::items(&list) else { return Val::Unknown };
                            items.extend(more);
                            continue;
                        }
                        element => match element.as_expression() {
                            Some(item) => self.eval(item),
                            None => Val::Const(Json::Null),
                        },
                    };
                    items.push(item);
                }
                self.tree(items, Json::Array)
            }
            Expression::ObjectExpression(object) => {
                let (mut names, mut values) = (Vec::new(), Vec::new());
                for property in &object.properties {
                    let property = match property {
                        ObjectPropertyKind::ObjectProperty(property) => property,
                        ObjectPropertyKind::SpreadProperty(spread) => {
                            match self.eval(&spread.argument) {
                                Val::Const(Json::Object(members)) => {
                                    names.extend(members.keys().cloned());
                                    values.extend(members.into_iter().map(|one| Val::Const(one.1)));
                                }
                                Val::Tree(Json::Object(members)) => {
                                    names.extend(members.keys().cloned());
                                    values.extend(members.values().map(lists::of_tree));
                                }
                                _ => return Val::Unknown,
                            }
                            continue;
                        }
                    };
                    let name = match property.key.static_name() {
                        Some(name) => name.into_owned(),
                        None => match property.key.as_expression().map(|key| self.eval(key)) {
                            Some(Val::Const(Json::String(name))) => name,
                            _ => return Val::Unknown,
                        },
                    };
                    names.push(name);
                    values.push(self.eval(&property.value));
                }
                self.tree(values, |values| {
                    Json::Object(names.into_iter().zip(values).collect::<Map<_, _>>())
                })
            }
            Expression::AwaitExpression(awaited) => self.eval(&awaited.argument),
            Expression::UnaryExpression(unary) => {
                let value = self.eval(&unary.argument);
                self.unary(unary.operator, value)
            }
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::LogicalExpression(both) => {
                let left = self.eval(&both.left);
                let right = self.eval(&both.right);
                if both.operator.is_and() { self.and(left, right) } else { self.or(left, right) }
            }
            Expression::ConditionalExpression(branch) => {
                let test = self.eval(&branch.test);
                match (test.truth(), test) {
                    // What stands for a reply without it.
                    (Some(true), _) | (None, Val::Reply(_)) => self.eval(&branch.consequent),
                    (Some(false), _) => self.eval(&branch.alternate),
                    (None, _) => Val::Unknown,
                }
            }
            Expression::ArrowFunctionExpression(function) => {
                Val::Function(self.slice(function.span).into())
            }
            Expression::FunctionExpression(function) => {
                Val::Function(self.slice(function.span).into())
            }
            Expression::CallExpression(call) => self.called(call),
            Expression::NewExpression(new) => self.new_value(new),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.called(call),
                element => match element.as_member_expression() {
                    Some(member) => self.member_expression(member),
                    None => Val::Unknown,
                },
            },
            other => match other.as_member_expression() {
                Some(member) => self.member_expression(member),
                None => Val::Unknown,
            },
        }
    }

    fn member_expression(&mut self, member: &MemberExpression<'_>) -> Val {
        if let MemberExpression::ComputedMemberExpression(computed) = member {
            if let Expression::Identifier(name) = &computed.object
                && name.name == "tests"
            {
                let target = self.slice(computed.span).to_owned();
                return self.names.get(&target).cloned().unwrap_or(Val::Unknown);
            }
            let object = self.eval(&computed.object);
            let segment = match self.position(&object, &computed.expression) {
                Val::Given(each) if each == "[*]" => match object {
                    Val::Reply(Part::Json(mut segments)) => {
                        segments.push(Segment::Each);
                        return Val::Reply(Part::Json(segments));
                    }
                    _ => return Val::Unknown,
                },
                Val::Text(drawn) => return self.drawn(&object, &drawn),
                Val::Const(Json::String(name)) => Segment::Name(name),
                Val::Const(Json::Number(position)) => match position.as_i64() {
                    Some(position) => Segment::Position(position),
                    None => return Val::Unknown,
                },
                _ => return Val::Unknown,
            };
            return self.member(object, &segment);
        }
        let Some(name) = member.static_property_name() else { return Val::Unknown };
        let name = name.to_string();
        let object = self.eval(member.object());
        self.member(object, &Segment::Name(name))
    }

    /// What stands between brackets behind a value: `list.length - 1` counts from the end.
    fn position(&mut self, of: &Val, expression: &Expression<'_>) -> Val {
        if let (Val::Reply(Part::Json(list)), Expression::BinaryExpression(binary)) =
            (of, expression.without_parentheses())
            && binary.operator.as_str() == "-"
            && self.eval(&binary.left) == Val::Reply(Part::Length(list.clone()))
            && let Some(back) = self.eval(&binary.right).as_number()
        {
            return Val::Const(number(-back));
        }
        self.eval(expression)
    }

    /// An item of a known list at a position that is drawn.
    fn drawn(&mut self, list: &Val, position: &str) -> Val {
        match lists::items(list) {
            Some(items) if position.starts_with("${randint(0, ") => self.one_of(&items),
            _ => Val::Unknown,
        }
    }

    /// One of these values, each equally likely.
    pub(super) fn one_of(&mut self, items: &[Val]) -> Val {
        let items: Option<Vec<String>> = items.iter().map(|item| self.argument(item)).collect();
        match items {
            Some(items) if !items.is_empty() => {
                Val::Text(format!("${{random_choice({})}}", items.join(", ")))
            }
            _ => Val::Unknown,
        }
    }

    /// A member of a value.
    pub(super) fn member(&mut self, of: Val, segment: &Segment) -> Val {
        let name = match segment {
            Segment::Name(name) => name.as_str(),
            _ => "",
        };
        match of {
            Val::Reply(Part::Json(segments)) if name == "length" => {
                Val::Reply(Part::Length(segments))
            }
            // The first one that a filter finds is what is taken.
            Val::Reply(Part::Json(segments))
                if *segment == Segment::Position(0)
                    && matches!(segments.last(), Some(Segment::Where(_))) =>
            {
                Val::Reply(Part::Json(segments))
            }
            Val::Item(item) => match segment {
                Segment::Name(name) => Val::Item(format!("{item}{}", member_path(name))),
                Segment::Position(at) => Val::Item(format!("{item}[{at}]")),
                _ => Val::Unknown,
            },
            Val::Reply(Part::Json(mut segments)) => {
                segments.push(segment.clone());
                Val::Reply(Part::Json(segments))
            }
            Val::Reply(Part::Body) if name == "length" => Val::Reply(Part::Size),
            Val::Reply(Part::Headers) if !name.is_empty() => {
                Val::Reply(Part::Header(name.to_owned()))
            }
            Val::Reply(Part::Cookies) if !name.is_empty() => {
                Val::Reply(Part::Cookie(name.to_owned()))
            }
            Val::Reply(cookie @ Part::Cookie(_)) if name == "value" => Val::Reply(cookie),
            Val::Const(Json::Object(members)) => {
                members.get(name).cloned().map_or(Val::Undefined, Val::Const)
            }
            Val::Const(Json::Array(items)) => match segment {
                Segment::Position(at) => {
                    let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
                    item.cloned().map_or(Val::Undefined, Val::Const)
                }
                Segment::Name(name) if name == "length" => Val::Const(json!(items.len())),
                _ => Val::Unknown,
            },
            Val::Const(Json::String(text)) if name == "length" && !text.contains("{{") => {
                Val::Const(json!(text.encode_utf16().count()))
            }
            Val::Tree(Json::Object(members)) => {
                members.get(name).map_or(Val::Undefined, lists::of_tree)
            }
            Val::Tree(Json::Array(items)) => match segment {
                Segment::Position(at) => {
                    let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
                    item.map_or(Val::Undefined, lists::of_tree)
                }
                Segment::Name(name) if name == "length" => Val::Const(json!(items.len())),
                _ => Val::Unknown,
            },
            Val::Text(text) if name == "length" => Val::Text(format!("${{len('{text}')}}")),
            Val::Given(given) if given == "pm.info" || given == "pm.request" => {
                self.of_request(&given, name)
            }
            Val::Given(given) if given == "environment" || given == "globals" => {
                self.variable(name)
            }
            Val::Given(given) if given == "pm" && name == "response" && self.sent.is_some() => {
                Val::Unknown
            }
            Val::Given(given) => member_of_given(&given, name),
            _ => Val::Unknown,
        }
    }

    /// What is known of the request that the script belongs to.
    fn of_request(&mut self, given: &str, name: &str) -> Val {
        let request = self.item.get("request").unwrap_or(&Json::Null);
        match (given, name) {
            ("pm.info", "requestName") => match text_of(self.item.get("name")) {
                Some(name) => Val::text(&name),
                None => Val::Unknown,
            },
            ("pm.info", "iteration") => Val::Text("${iteration()}".to_owned()),
            ("pm.info", "iterationCount") => Val::Unknown,
            ("pm.info", "eventName") => Val::text(match self.listen {
                super::Listen::Before => "prerequest",
                super::Listen::After => "test",
            }),
            ("pm.request", "method") => match text_of(request.get("method")) {
                Some(method) => Val::text(&method),
                None => Val::text("GET"),
            },
            _ if name.is_empty() => Val::Unknown,
            _ => Val::Given(format!("{given}.{name}")),
        }
    }

    /// A variable that a script reads.
    pub(super) fn variable(&mut self, name: &str) -> Val {
        if let Some(value) = self.names.get(&format!("variable {name}")) {
            return value.clone();
        }
        if !self.variables.is_set(name) && self.variables.value(name).is_none() {
            return Val::Undefined;
        }
        Val::Text(self.variables.placeholder(name))
    }

    fn template(&mut self, template: &TemplateLiteral<'_>) -> Val {
        let mut text = Val::text("");
        let mut expressions = template.expressions.iter();
        for quasi in &template.quasis {
            let cooked = quasi.value.cooked.as_ref().map_or("", |text| text.as_str());
            text = self.add(text, Val::text(cooked));
            if let Some(expression) = expressions.next() {
                let value = self.eval(expression);
                text = self.add(text, value);
            }
        }
        text
    }

    /// A list or object of values: known, or with placeholders in it.
    pub(super) fn tree(&mut self, values: Vec<Val>, build: impl FnOnce(Vec<Json>) -> Json) -> Val {
        let all_known = values.iter().all(|value| matches!(value, Val::Const(_)));
        let values: Option<Vec<Json>> = values
            .iter()
            .map(|value| match value {
                Val::Const(value) if all_known => Some(value.clone()),
                Val::Const(Json::Number(_) | Json::Bool(_) | Json::Null) | Val::Tree(_) => {
                    self.json(value)
                }
                Val::Const(value) => Some(self.written(value)),
                value => self.text(value).map(Json::String),
            })
            .collect();
        match values {
            Some(values) if all_known => Val::Const(build(values)),
            Some(values) => Val::Tree(build(values)),
            None => Val::Unknown,
        }
    }

    /// A known value with its texts as the plan has them.
    fn written(&mut self, value: &Json) -> Json {
        with_texts(value, &mut |text| self.variables.text(text))
    }

    /// A value as a text of the plan; nothing when it is not known before the run.
    pub(super) fn text(&mut self, value: &Val) -> Option<String> {
        Some(match value {
            Val::Const(Json::String(text)) => self.variables.text(text),
            Val::Const(Json::Null) => String::new(),
            Val::Const(value) => text::literal(&value.to_string()),
            Val::Text(text) => text.clone(),
            Val::Now(shift) => date("%Y-%m-%dT%H:%M:%S%:z", shift),
            Val::Digest(call) => format!("${{{call})}}"),
            Val::Reply(part) => return self.taken(part),
            Val::Expression(expression) => {
                let name = self.variables.fresh("value");
                let value = json!({"expr": expression});
                self.variables.declare_known(&value);
                self.compiled.did.push(Did::Set(name.clone(), value));
                format!("${{{name}}}")
            }
            Val::Letters(count) => {
                let alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
                format!("${{random_string({}, {alphabet})}}", count.unwrap_or(11))
            }
            _ => return None,
        })
    }

    /// A value to compare with.
    pub(super) fn json(&mut self, value: &Val) -> Option<Json> {
        match value {
            Val::Const(value) => Some(literal(value)),
            Val::Tree(value) => Some(value.clone()),
            Val::Text(text) => Some(json!(text)),
            _ => None,
        }
    }
}

/// The present time in a format of `strftime`, or one so far from it.
pub(super) fn date(format: &str, shift: &str) -> String {
    if shift.is_empty() {
        return format!("${{date('{format}')}}");
    }
    format!("${{date('{format}', {shift})}}")
}

/// A member as JSONPath names it.
fn member_path(name: &str) -> String {
    path(&[Segment::Name("a.b".to_owned()), Segment::Name(name.to_owned())])
        .strip_prefix("$['a.b']")
        .unwrap_or_default()
        .to_owned()
}

/// A known value, its texts to be taken as they are.
fn literal(value: &Json) -> Json {
    with_texts(value, &mut |text| text::literal(text))
}

/// A name that scripts are given.
fn given(name: &str) -> Val {
    match name {
        "undefined" => Val::Undefined,
        "responseBody" => Val::Reply(Part::Body),
        "responseTime" => Val::Reply(Part::Time),
        "responseHeaders" => Val::Reply(Part::Headers),
        "responseCookies" => Val::Unknown,
        name => Val::Given(name.to_owned()),
    }
}

fn member_of_given(given: &str, name: &str) -> Val {
    match (given, name) {
        ("pm.response", "code") | ("responseCode", "code") => Val::Reply(Part::Status),
        ("pm.response", "status" | "reason") | ("responseCode", "name") => Val::Reply(Part::Reason),
        ("pm.response", "responseTime") => Val::Reply(Part::Time),
        ("pm.response", "responseSize") => Val::Reply(Part::Size),
        ("pm.response", "headers") => Val::Reply(Part::Headers),
        ("pm", "cookies") => Val::Reply(Part::Cookies),
        ("crypto-js", name) => Val::Given(format!("CryptoJS.{name}")),
        _ if name.is_empty() => Val::Unknown,
        _ => Val::Given(format!("{given}.{name}")),
    }
}
