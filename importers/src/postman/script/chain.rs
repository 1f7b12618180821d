//! Chains of chai: `pm.expect(…).to.be.above(…)`, `pm.response.to.have.status(…)`.

use oxc_ast::ast::{ChainElement, Expression, MemberExpression};
use oxc_span::Span;
use serde_json::{Value as Json, json};

use super::check::{self, Op};
use super::value::{Part, Val, segments};
use super::walk::Walk;

/// A chain of members and calls: a name, and the arguments when it is called.
pub(super) struct Links<'l, 'a> {
    links: Vec<(String, Option<Vec<&'l Expression<'a>>>)>,
}

impl<'l, 'a> Links<'l, 'a> {
    /// The names up to the first call, with dots between them.
    pub(super) fn name(&self) -> String {
        let end = self.links.iter().position(|(_, arguments)| arguments.is_some());
        let names = self.links.iter().take(end.map_or(self.links.len(), |end| end + 1));
        names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    /// The arguments of the first call.
    pub(super) fn arguments(&self) -> &[&'l Expression<'a>] {
        self.links.iter().find_map(|(_, arguments)| arguments.as_deref()).unwrap_or_default()
    }

    /// The first argument of a call further on.
    pub(super) fn later(&self, name: &str) -> Option<&'l Expression<'a>> {
        let link = self.links.iter().rev().find(|(known, _)| known == name)?;
        link.1.as_ref()?.first().copied()
    }

    /// Whether it is the call of a function of the script's own.
    pub(super) fn is_function(&self) -> bool {
        matches!(self.links.first(), Some((name, Some(_))) if name != "expect")
    }
}

/// Words of chains that only make them read well.
const WORDS: &[&str] = &[
    "also", "and", "any", "at", "be", "been", "but", "deep", "does", "has", "have", "is", "nested",
    "of", "own", "same", "still", "that", "to", "which", "with", "all", "ordered",
];

/// Words that say how a list is compared when they are not called.
const INCLUDE: &[&str] = &["include", "includes", "contain", "contains"];

impl Walk<'_> {
    /// The links of an expression that is a chain.
    pub(super) fn links<'l, 'a>(&self, expression: &'l Expression<'a>) -> Option<Links<'l, 'a>> {
        let mut links = Vec::new();
        let mut arguments = None;
        let mut rest = expression;
        loop {
            let member = match rest.without_parentheses() {
                Expression::CallExpression(call) => {
                    if arguments.is_some() {
                        return None;
                    }
                    arguments =
                        Some(call.arguments.iter().filter_map(|one| one.as_expression()).collect());
                    rest = &call.callee;
                    continue;
                }
                Expression::Identifier(name) => {
                    links.push((name.name.to_string(), arguments.take()));
                    break;
                }
                Expression::ChainExpression(chain) => match &chain.expression {
                    ChainElement::CallExpression(call) => {
                        arguments = Some(
                            call.arguments.iter().filter_map(|one| one.as_expression()).collect(),
                        );
                        rest = &call.callee;
                        continue;
                    }
                    element => element.as_member_expression()?,
                },
                other => other.as_member_expression()?,
            };
            links.push((member_name(member)?, arguments.take()));
            rest = member.object();
        }
        links.reverse();
        Some(Links { links })
    }

    /// Makes assertions of a chain; whether it is one.
    pub(super) fn chain(&mut self, links: &Links<'_, '_>, span: Span) -> bool {
        let names: Vec<&str> = links.links.iter().take(2).map(|(name, _)| name.as_str()).collect();
        let (start, subject) = match names.as_slice() {
            ["expect", ..] => (1, links.links.first()),
            ["pm", "expect"] => (2, links.links.get(1)),
            // The reply of a request that the script makes is not that of the request it belongs to.
            ["pm", "response"] if self.sent.is_none() => (2, None),
            _ => return false,
        };
        let is_response = names == ["pm", "response"];
        let mut subject =
            match subject.and_then(|(_, arguments)| arguments.as_ref()?.first().copied()) {
                Some(subject) => self.eval(subject),
                None if is_response => Val::Given("pm.response".to_owned()),
                None => return false,
            };
        let mut not = false;
        let mut all_known = true;
        let mut count = 0_usize;
        for (name, arguments) in links.links.iter().skip(start) {
            if name == "not" {
                not = true;
                continue;
            }
            // `a` and `length` are words as well when they are not called.
            if arguments.is_none()
                && (WORDS.contains(&name.as_str()) || INCLUDE.contains(&name.as_str()))
            {
                continue;
            }
            let values: Vec<Val> = arguments.iter().flatten().map(|one| self.eval(one)).collect();
            count += 1;
            match self.link(&mut subject, name, arguments.is_some(), &values, not) {
                Some(assertions) => {
                    assertions.into_iter().for_each(|assertion| self.add_assertion(assertion));
                }
                None => all_known = false,
            }
            not = false;
        }
        if count == 0 || !all_known {
            let why = match subject {
                Val::Text(_) => "it is about a variable, not about the reply",
                _ => "no assertion of a plan says this",
            };
            self.drop(span, why);
        }
        true
    }

    /// The assertions of one link; nothing when they cannot be said.
    fn link(
        &mut self,
        subject: &mut Val,
        name: &str,
        is_called: bool,
        values: &[Val],
        not: bool,
    ) -> Option<Vec<Json>> {
        let first = values.first();
        if let Val::Given(given) = &*subject {
            if given == "pm.response" {
                return self.of_response(subject, name, values, not);
            }
            return None;
        }
        // What is known when the script is read needs no check.
        if let Some(true) = subject.truth()
            && matches!(name, "true" | "ok" | "exist")
            && !not
        {
            return Some(Vec::new());
        }
        if let (Val::Holds(assertions), "true" | "ok" | "eql" | "equal" | "false") =
            (&*subject, name)
        {
            let wanted = match name {
                "false" => false,
                "eql" | "equal" => first?.truth()?,
                _ => true,
            } != not;
            return match (wanted, assertions.as_slice()) {
                (true, all) => Some(all.to_vec()),
                (false, [alone]) => Some(vec![check::negate(alone)?]),
                _ => None,
            };
        }
        // What is compared is known when the script is read.
        if let (Val::Const(known), Some(Val::Const(wanted)), "equal" | "equals" | "eql" | "eq") =
            (&*subject, first, name)
            && (known == wanted) != not
        {
            return Some(Vec::new());
        }
        // That no error came is what a reply says.
        if *subject == Val::Const(Json::Null)
            && (name == "null" && !not
                || matches!(name, "ok" | "exist" | "true") && not
                || matches!(name, "equal" | "eql" | "eq" | "equals")
                    && !not
                    && first == Some(&Val::Const(Json::Null)))
        {
            return Some(Vec::new());
        }
        let Val::Reply(part) = subject.clone() else { return None };
        let compare = |op: Op, value: &Json| {
            check::compare(&part, if not { op.negated() } else { op }, value).map(|one| vec![one])
        };
        let exists = |there: bool| check::exists(&part, there != not).map(|one| vec![one]);
        match name {
            "eql" | "eqls" | "equal" | "equals" | "eq" => {
                if first == Some(&Val::Undefined) {
                    return exists(false);
                }
                let value = self.json(first?)?;
                compare(Op::Eq, &value)
            }
            "above" | "gt" | "greaterThan" => compare(Op::Gt, &self.json(first?)?),
            "least" | "gte" => compare(Op::Ge, &self.json(first?)?),
            "below" | "lt" | "lessThan" => compare(Op::Lt, &self.json(first?)?),
            "most" | "lte" => compare(Op::Le, &self.json(first?)?),
            "within" if !not => {
                let (from, to) = (self.json(first?)?, self.json(values.get(1)?)?);
                let mut both = compare(Op::Ge, &from)?;
                both.extend(compare(Op::Le, &to)?);
                Some(both)
            }
            "oneOf" => Some(vec![check::one_of(&part, &self.json(first?)?, not)?]),
            "include" | "includes" | "contain" | "contains" | "string" => {
                let value = self.json(first?)?;
                if let Some(members) = value.as_object() {
                    let Part::Json(segments) = &part else { return None };
                    let each = members.iter().map(|(name, value)| {
                        let mut inner = segments.clone();
                        inner.push(super::value::Segment::Name(name.clone()));
                        check::compare(&Part::Json(inner), if not { Op::Ne } else { Op::Eq }, value)
                    });
                    return each.collect();
                }
                Some(vec![check::contains(&part, &value, not)?])
            }
            "a" | "an" if is_called => {
                let name = first?.as_text()?.to_owned();
                Some(vec![match (&part, name.as_str()) {
                    // The body and headers are texts.
                    (Part::Body | Part::Header(_), "string") => return exists(true),
                    (Part::Status | Part::Time, "number") => return Some(Vec::new()),
                    _ => check::kind(&part, &name, not)?,
                }])
            }
            "match" | "matches" => {
                let Val::Pattern(pattern) = first? else { return None };
                Some(vec![check::matches(&part, pattern, not)?])
            }
            "property" => {
                let Part::Json(outer) = &part else {
                    return self.header_property(&part, first?, not);
                };
                let mut inner = outer.clone();
                match first? {
                    Val::Const(Json::Number(position)) => {
                        inner.push(super::value::Segment::Position(position.as_i64()?));
                    }
                    name => inner.extend(segments(name.as_text()?)),
                }
                let inner = Part::Json(inner);
                let assertion = match values.get(1) {
                    Some(value) => {
                        let value = self.json(value)?;
                        check::compare(&inner, if not { Op::Ne } else { Op::Eq }, &value)?
                    }
                    None => check::exists(&inner, !not)?,
                };
                if !not {
                    *subject = Val::Reply(inner);
                }
                Some(vec![assertion])
            }
            "members" if !not => {
                let Json::Array(wanted) = self.json(first?)? else { return None };
                wanted.iter().map(|one| check::contains(&part, one, false)).collect()
            }
            "key" | "keys" if !not => {
                let Part::Json(outer) = &part else { return None };
                let names: Vec<Json> = match values {
                    [one] => match self.json(one)? {
                        Json::Array(names) => names,
                        name => vec![name],
                    },
                    names => names.iter().map(|name| self.json(name)).collect::<Option<_>>()?,
                };
                let each = names.iter().map(|name| {
                    let mut inner = outer.clone();
                    inner.push(super::value::Segment::Name(name.as_str()?.to_owned()));
                    check::exists(&Part::Json(inner), true)
                });
                each.collect()
            }
            "length" | "lengthOf" | "sizeOf" => {
                let Part::Json(segments) = &part else { return None };
                let length = Part::Length(segments.clone());
                match first {
                    Some(value) => {
                        let value = self.json(value)?;
                        let op = if not { Op::Ne } else { Op::Eq };
                        Some(vec![check::compare(&length, op, &value)?])
                    }
                    None => {
                        *subject = Val::Reply(length);
                        Some(Vec::new())
                    }
                }
            }
            "empty" => {
                let part = match &part {
                    Part::Json(segments) => Part::Length(segments.clone()),
                    part => part.clone(),
                };
                Some(vec![check::exists(&part, not)?])
            }
            "true" => compare(Op::Eq, &json!(true)),
            "false" => compare(Op::Eq, &json!(false)),
            "null" => compare(Op::Eq, &Json::Null),
            "undefined" => exists(false),
            "exist" | "exists" | "ok" => exists(true),
            _ => None,
        }
    }

    /// `pm.expect(pm.response.headers).to.have.property(…)`.
    fn header_property(&mut self, part: &Part, name: &Val, not: bool) -> Option<Vec<Json>> {
        match part {
            Part::Headers => {
                let header = Part::Header(name.as_text()?.to_owned());
                Some(vec![check::exists(&header, !not)?])
            }
            _ => None,
        }
    }

    /// Links of `pm.response` itself.
    fn of_response(
        &mut self,
        subject: &mut Val,
        name: &str,
        values: &[Val],
        not: bool,
    ) -> Option<Vec<Json>> {
        let equal = if not { Op::Ne } else { Op::Eq };
        let status = |op: Op, value: Json| {
            let assertion = check::compare(&Part::Status, op, &value)?;
            if not { check::negate(&assertion) } else { Some(assertion) }
        };
        let class = |digit: u16| -> Option<Vec<Json>> {
            let pattern = format!("^{}{digit}", if not { "[^" } else { "" });
            let pattern = if not { format!("{pattern}]") } else { pattern };
            let part = &Part::Status;
            Some(vec![check::matches(part, &pattern, false)?])
        };
        let kind = |wanted: &str| {
            let header = Part::Header("Content-Type".to_owned());
            (!not).then(|| check::matches(&header, wanted, false)).flatten().map(|one| vec![one])
        };
        let one = |assertion: Option<Json>| assertion.map(|assertion| vec![assertion]);
        match name {
            "status" => {
                let value = self.json(values.first()?)?;
                let part = if value.is_string() { Part::Reason } else { Part::Status };
                one(check::compare(&part, equal, &value))
            }
            "header" => {
                let name = values.first()?.as_text()?.to_owned();
                match values.get(1) {
                    Some(Val::Pattern(pattern)) => {
                        one(check::matches(&Part::Header(name), pattern, not))
                    }
                    Some(value) => {
                        let value = self.json(value)?;
                        one(check::compare(&Part::Header(name), equal, &value))
                    }
                    None => one(check::exists(&Part::Header(name), !not)),
                }
            }
            "property" if matches!(values.first()?.as_text()?, "code" | "status") => {
                let value = self.json(values.get(1)?)?;
                let is_code = values.first()?.as_text()? == "code";
                let part = if is_code { Part::Status } else { Part::Reason };
                one(check::compare(&part, equal, &value))
            }
            "jsonBody" => match values {
                [] => one(check::kind(&Part::Json(Vec::new()), "object", not)),
                [Val::Const(Json::String(path))] => {
                    one(check::exists(&Part::Json(segments(path)), !not))
                }
                [whole] => {
                    let value = self.json(whole)?;
                    one(check::compare(&Part::Json(Vec::new()), equal, &value))
                }
                [path, value, ..] => {
                    let at = segments(path.as_text()?);
                    let value = self.json(value)?;
                    one(check::compare(&Part::Json(at), equal, &value))
                }
            },
            "body" => match values.first() {
                None => one(check::exists(&Part::Body, !not)),
                Some(Val::Pattern(pattern)) => one(check::matches(&Part::Body, pattern, not)),
                Some(value) => {
                    let value = self.json(value)?;
                    one(check::compare(&Part::Body, equal, &value))
                }
            },
            "jsonSchema" if !not => {
                let schema = self.json(values.first()?)?;
                schema.is_object().then(|| vec![json!({"type": "json_schema", "schema": schema})])
            }
            "withBody" => one(check::exists(&Part::Body, !not)),
            "responseTime" => {
                *subject = Val::Reply(Part::Time);
                Some(Vec::new())
            }
            "code" => {
                *subject = Val::Reply(Part::Status);
                Some(Vec::new())
            }
            "ok" => one(status(Op::Eq, json!(200))),
            "success" => class(2),
            "info" => class(1),
            "redirection" => class(3),
            "clientError" => class(4),
            "serverError" => class(5),
            "error" => {
                let op = if not { Op::Lt } else { Op::Ge };
                one(check::compare(&Part::Status, op, &json!(400)))
            }
            "accepted" => one(status(Op::Eq, json!(202))),
            "badRequest" => one(status(Op::Eq, json!(400))),
            "unauthorised" | "unauthorized" => one(status(Op::Eq, json!(401))),
            "forbidden" => one(status(Op::Eq, json!(403))),
            "notFound" => one(status(Op::Eq, json!(404))),
            "notAcceptable" => one(status(Op::Eq, json!(406))),
            "rateLimited" => one(status(Op::Eq, json!(429))),
            "json" => kind("json"),
            "html" => kind("html"),
            _ => None,
        }
    }
}

/// The name of a member that is known when the script is read.
fn member_name(member: &MemberExpression<'_>) -> Option<String> {
    member.static_property_name().map(|name| name.to_string())
}
