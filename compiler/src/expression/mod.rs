//! Expressions: takes a text like `${status} == 200 and len(items) > 0` apart.
//!
//! The grammar stands in `grammar.pest`, how strongly operators bind in [`pratt`]. This
//! module knows the grammar only; what names and functions mean, and which types fit
//! together, is decided in `lower.rs`. All ranges are bytes of the text handed in.

mod lower;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::LazyLock;

use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};
use pest_derive::Parser;

use crate::ir::Const;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 8 << 10;

/// The deepest nesting of parentheses, brackets and calls.
const MAX_DEPTH: usize = 64;

/// A part of an expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

/// What a part of an expression is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A number, text, `true`, `false` or `null`.
    Const(Const),
    /// `${…}`.
    Placeholder,
    /// A name without braces around it; it means what it would mean inside them.
    Name,
    /// `[a, b]`.
    List(Vec<Expr>),
    /// A function, or an operator by the name of its function.
    Call {
        /// As written, or the operator's name.
        name: String,
        name_range: Range<usize>,
        arguments: Vec<Expr>,
    },
}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) range: Range<usize>,
}

#[derive(Parser)]
#[grammar = "expression/grammar.pest"]
struct Grammar;

/// Reads an expression.
///
/// # Errors
/// When it is none, with the place where it stops being one.
pub(crate) fn parse(text: &str) -> Result<Expr, SyntaxError> {
    within_bounds(text)?;
    let mut pairs = Grammar::parse(Rule::whole, text).map_err(|error| {
        let range = match error.location {
            InputLocation::Pos(at) => at..(at + 1).min(text.len()).max(at),
            InputLocation::Span((start, end)) => start..end,
        };
        let rest = text.get(range.start..).unwrap_or_default();
        let message = match rest.chars().next() {
            None => "the expression ends too early".to_owned(),
            Some(_) => format!("`{}` does not belong here", first_word(rest)),
        };
        SyntaxError { message, range }
    })?;
    pairs
        .next()
        .and_then(expression)
        .ok_or_else(|| SyntaxError { message: "there is nothing".to_owned(), range: 0..text.len() })
}

/// What the parser, which is recursive, can be given.
fn within_bounds(text: &str) -> Result<(), SyntaxError> {
    let too = |message: &str, at: usize| {
        Err(SyntaxError { message: message.to_owned(), range: at..text.len() })
    };
    if text.len() > MAX_BYTES {
        return too("the expression is longer than 8 KiB", MAX_BYTES);
    }
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return too("parentheses are nested more than 64 deep", at);
        }
    }
    Ok(())
}

fn first_word(text: &str) -> &str {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = text.find(|character| !is_word(character)).filter(|end| *end > 0);
    let first = text.chars().next().map_or(0, char::len_utf8);
    let is_name = text.starts_with(is_word);
    let end = if is_name { end.unwrap_or(text.len()) } else { first };
    text.get(..end).unwrap_or(text)
}

/// From weakest to strongest.
static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(pratt);

fn pratt() -> PrattParser<Rule> {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(Op::prefix(Rule::not))
        .op(left(Rule::equal)
            | left(Rule::unequal)
            | left(Rule::less)
            | left(Rule::at_most)
            | left(Rule::greater)
            | left(Rule::at_least)
            | left(Rule::r#in)
            | left(Rule::not_in)
            | left(Rule::contains)
            | left(Rule::matches))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide) | left(Rule::remainder))
        .op(Op::prefix(Rule::minus))
}

/// The function of an operator, see `ld_stdlib::operators`.
const fn operator(rule: Rule) -> &'static str {
    match rule {
        Rule::or => "or",
        Rule::and => "and",
        Rule::not => "not",
        Rule::unequal => "!=",
        Rule::less => "<",
        Rule::at_most => "<=",
        Rule::greater => ">",
        Rule::at_least => ">=",
        Rule::r#in | Rule::not_in => "in",
        Rule::contains => "contains",
        Rule::matches => "matches",
        Rule::add => "+",
        Rule::subtract => "-",
        Rule::minus => "negate",
        Rule::multiply => "*",
        Rule::divide => "/",
        Rule::remainder => "%",
        _ => "==",
    }
}

fn expression(pair: Pair<'_, Rule>) -> Option<Expr> {
    PRATT
        .map_primary(primary)
        .map_prefix(|prefix, operand| {
            let operand = operand?;
            let start = prefix.as_span().start();
            Some(apply(&prefix, start..operand.range.end, vec![operand]))
        })
        .map_infix(|left, infix, right| {
            let (left, right) = (left?, right?);
            let range = left.range.start..right.range.end;
            let call = apply(&infix, range.clone(), vec![left, right]);
            Some(match infix.as_rule() {
                Rule::not_in => {
                    let name_range = infix.as_span().start()..infix.as_span().end();
                    let kind =
                        Kind::Call { name: "not".to_owned(), name_range, arguments: vec![call] };
                    Expr { range, kind }
                }
                _ => call,
            })
        })
        .parse(pair.into_inner())
}

fn apply(operator_pair: &Pair<'_, Rule>, range: Range<usize>, arguments: Vec<Expr>) -> Expr {
    let span = operator_pair.as_span();
    let name = operator(operator_pair.as_rule()).to_owned();
    Expr { range, kind: Kind::Call { name, name_range: span.start()..span.end(), arguments } }
}

fn primary(pair: Pair<'_, Rule>) -> Option<Expr> {
    let pair = match pair.as_rule() {
        Rule::primary => pair.into_inner().next()?,
        _ => pair,
    };
    let span = pair.as_span();
    let range = span.start()..span.end();
    let text = pair.as_str();
    let kind = match pair.as_rule() {
        Rule::expression => return expression(pair),
        Rule::number => Kind::Const(number(text)?),
        Rule::string => {
            let inner = pair.into_inner().next()?;
            Kind::Const(Const::Text(unescaped(inner.as_str()).into_bytes()))
        }
        Rule::word => Kind::Const(match text.to_ascii_lowercase().as_str() {
            "true" => Const::Bool(true),
            "false" => Const::Bool(false),
            _ => Const::Null,
        }),
        Rule::placeholder => Kind::Placeholder,
        Rule::name => Kind::Name,
        Rule::list => Kind::List(all(pair.into_inner())?),
        Rule::call => {
            let mut inner = pair.into_inner();
            let name = inner.next()?;
            let name_range = name.as_span().start()..name.as_span().end();
            Kind::Call { name: name.as_str().to_owned(), name_range, arguments: all(inner)? }
        }
        _ => return None,
    };
    Some(Expr { range, kind })
}

fn all(pairs: Pairs<'_, Rule>) -> Option<Vec<Expr>> {
    pairs.map(expression).collect()
}

/// A whole number beyond 64 bits is taken as the nearest double.
fn number(text: &str) -> Option<Const> {
    text.parse().map(Const::Int).or_else(|_| text.parse().map(Const::Float)).ok()
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        };
        out.push(character);
    }
    out
}
