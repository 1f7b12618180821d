//! What an expression means: names become slots, operators and functions calls, and
//! whatever is known before the run is computed here.

use std::ops::Range;

use ld_stdlib::functions::{self, FUNCTIONS};
use ld_stdlib::operators::{self, Gives, Takes};
use ld_vm::counts::NoCounts;
use ld_vm::link::{CallFn, Prepare};
use ld_vm::{Kept, Value, Var};

use super::{Expr, Kind, parse};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Argument, Const, Slot, SlotKind};
use crate::json::Locator;
use crate::lower::Lower;
use crate::placeholder::Meaning;
use crate::template::{self, Name, Token};

/// What an expression gives, and its type as far as that is known.
pub(crate) struct Typed {
    pub(crate) value: Argument,
    pub(crate) gives: Gives,
}

impl Typed {
    fn constant(value: Const) -> Self {
        let gives = match value {
            Const::Bool(_) => Gives::Bool,
            Const::Int(_) | Const::Float(_) => Gives::Number,
            Const::Text(_) => Gives::Text,
            Const::Null | Const::Json(_) => Gives::Anything,
        };
        Self { value: Argument::Const(value), gives }
    }
}

impl Lower<'_> {
    /// Lowers an expression; `string` is where its text stands. `None` when it means
    /// nothing, which has been reported.
    pub(crate) fn expression(&mut self, text: &str, string: Span) -> Option<Typed> {
        let source = self.source;
        let place = Locator::new(source.text(), string);
        match parse(text) {
            Ok(expr) => Lowering { lower: self, text, place }.expr(&expr),
            Err(problem) => {
                let message = format!("this is not an expression: {}", problem.message);
                let problem = Diagnostic::new(Code::BadExpression, message)
                    .label(place.locate(&problem.range), "here")
                    .help("an expression looks like `${status} == 200 and len(items) > 0`");
                self.report(problem);
                None
            }
        }
    }
}

impl Lower<'_> {
    /// Applies an operator to what is there already; `text` and `span` are for messages.
    pub(crate) fn apply(
        &mut self,
        operator: &'static str,
        arguments: Vec<Argument>,
        text: &str,
        span: Span,
    ) -> Argument {
        let prepare = operators::find(operator).map(|operator| operator.prepare);
        self.apply_prepared(operator, prepare, arguments, text, span)
    }

    /// The same with a function whose result depends on its arguments alone.
    pub(crate) fn apply_function(
        &mut self,
        function: &'static str,
        arguments: Vec<Argument>,
        text: &str,
        span: Span,
    ) -> Argument {
        let prepare = functions::find(function).map(|function| function.prepare);
        self.apply_prepared(function, prepare, arguments, text, span)
    }

    fn apply_prepared(
        &mut self,
        name: &'static str,
        prepare: Option<Prepare<CallFn>>,
        arguments: Vec<Argument>,
        text: &str,
        span: Span,
    ) -> Argument {
        let known = prepare.and_then(|prepare| {
            Callee { name, prepare, pure: true }.prepared(&arguments).ok().flatten()
        });
        match known {
            Some(value) => Argument::Const(value),
            None => {
                let kind = SlotKind::Call { name, arguments };
                Argument::Slot(self.slot(Slot { kind, text: text.to_owned(), span }))
            }
        }
    }
}

struct Lowering<'l, 's, 't> {
    lower: &'l mut Lower<'s>,
    text: &'t str,
    place: Locator<'t>,
}

impl Lowering<'_, '_, '_> {
    fn expr(&mut self, expr: &Expr) -> Option<Typed> {
        match &expr.kind {
            Kind::Const(value) => self.literal(value, &expr.range),
            Kind::Placeholder => self.placeholder(&expr.range),
            Kind::Name => Some(self.name(&expr.range)),
            // Of a list all must be known, whatever else is folded.
            Kind::List(items) => {
                let fold = std::mem::replace(&mut self.lower.fold, true);
                let list = self.list(items);
                self.lower.fold = fold;
                list
            }
            Kind::Call { name, name_range, arguments } => {
                let arguments: Vec<_> = arguments
                    .iter()
                    .map(|argument| Some((self.expr(argument)?, argument.range.clone())))
                    .collect();
                let arguments = arguments.into_iter().collect::<Option<Vec<_>>>()?;
                match operators::find(name) {
                    Some(operator) => {
                        self.check_operands(operator, name_range, &arguments)?;
                        let callee =
                            Callee { name: operator.name, prepare: operator.prepare, pure: true };
                        self.call(&callee, operator.gives, arguments, &expr.range)
                    }
                    None => self.function(name, name_range, arguments, &expr.range),
                }
            }
        }
    }

    fn literal(&mut self, value: &Const, range: &Range<usize>) -> Option<Typed> {
        match value {
            Const::Float(number) if !number.is_finite() => {
                let problem = Diagnostic::new(Code::BadNumber, "a number that is too large")
                    .label(self.place.locate(range), "beyond 1.8e308");
                self.lower.report(problem);
                return None;
            }
            Const::Text(_) if template::has_placeholder(slice(self.text, range)) => {
                let message = "placeholders are not filled in quoted texts of expressions";
                let problem = Diagnostic::new(Code::UnfilledPlaceholder, message)
                    .label(self.place.locate(range), "this is taken as it stands")
                    .help("write the placeholder without quotes; `+` puts texts together");
                self.lower.report(problem);
            }
            _ => {}
        }
        Some(Typed::constant(value.clone()))
    }

    fn placeholder(&mut self, range: &Range<usize>) -> Option<Typed> {
        let pieces = template::parse(self.text, |_| {});
        let placeholder = pieces.iter().find_map(|piece| match piece {
            template::Piece::Placeholder(placeholder) if placeholder.range == *range => {
                Some(placeholder)
            }
            _ => None,
        });
        let Some(placeholder) = placeholder else {
            let message = "this placeholder stands for nothing";
            self.report(message, range, "expected `${name}`");
            return None;
        };
        let meaning = self.lower.meaning(self.text, placeholder, self.place);
        Some(self.meant(meaning, range))
    }

    /// A name without braces means what it would mean inside them.
    fn name(&mut self, range: &Range<usize>) -> Typed {
        let text = slice(self.text, range);
        let token = match text.split_once('.') {
            Some((prefix, rest)) => {
                let end = range.start + prefix.len();
                Token::Prefixed {
                    prefix: Name { text: prefix, range: range.start..end },
                    rest: Name { text: rest, range: end + 1..range.end },
                }
            }
            None => Token::Bare(Name { text, range: range.clone() }),
        };
        let placeholder = template::Placeholder { range: range.clone(), token };
        let meaning = self.lower.meaning(self.text, &placeholder, self.place);
        self.meant(meaning, range)
    }

    fn meant(&mut self, meaning: Meaning, range: &Range<usize>) -> Typed {
        match meaning {
            Meaning::Const(value) => Typed::constant(value),
            Meaning::Slot(kind) => {
                let slot = self.slot(kind, range);
                Typed { value: Argument::Slot(slot), gives: Gives::Anything }
            }
            // Reported already; in text it would stay as written, here it has no value.
            Meaning::Text => Typed::constant(Const::Null),
        }
    }

    fn slot(&mut self, kind: SlotKind, range: &Range<usize>) -> u32 {
        let text = slice(self.text, range).to_owned();
        let span = self.place.locate(range);
        self.lower.slot(Slot { kind, text, span })
    }

    fn list(&mut self, items: &[Expr]) -> Option<Typed> {
        let mut json = vec![b'['];
        for (position, item) in items.iter().enumerate() {
            let Typed { value: Argument::Const(value), .. } = self.expr(item)? else {
                let message = "a list in an expression holds only what is known before the run";
                self.report(message, &item.range, "this is known later");
                return None;
            };
            if position > 0 {
                json.push(b',');
            }
            ld_vm::Escape::JsonValue.write(value.value(), &mut json);
        }
        json.push(b']');
        Some(Typed::constant(Const::Json(json)))
    }

    /// Refuses operands that an operator can never make sense of.
    fn check_operands(
        &mut self,
        operator: &operators::Operator,
        name: &Range<usize>,
        operands: &[(Typed, Range<usize>)],
    ) -> Option<()> {
        let written = slice(self.text, name);
        let known = |operand: &Typed| match &operand.value {
            Argument::Const(value) if !value.value().is_missing() => {
                Some(operators::is_number(value.value()))
            }
            Argument::Slot(_) if operand.gives == Gives::Number => Some(true),
            _ => None,
        };
        match operator.takes {
            Takes::Anything | Takes::Pattern => {}
            Takes::Numbers => {
                if let Some((_, range)) =
                    operands.iter().find(|(operand, _)| known(operand) == Some(false))
                {
                    let message = format!("`{written}` works with numbers");
                    self.report(&message, range, "this is none");
                    return None;
                }
            }
            Takes::Ordered => {
                let kinds: Vec<_> = operands.iter().map(|(operand, _)| known(operand)).collect();
                if let [Some(first), Some(second)] = kinds.as_slice()
                    && first != second
                {
                    let message = format!("`{written}` compares two numbers or two texts");
                    self.report(&message, name, "one side is a number, the other is not");
                    return None;
                }
            }
        }
        Some(())
    }

    fn function(
        &mut self,
        name: &str,
        name_range: &Range<usize>,
        arguments: Vec<(Typed, Range<usize>)>,
        range: &Range<usize>,
    ) -> Option<Typed> {
        let Some(function) = functions::find(name) else {
            let names = FUNCTIONS.iter().map(|function| function.name);
            let problem =
                Diagnostic::new(Code::BadExpression, format!("unknown function `{name}`"))
                    .label(self.place.locate(name_range), "there is no such function")
                    .did_you_mean(name, names);
            self.lower.report(problem);
            return None;
        };
        if let Err(why) = function.takes(arguments.len()) {
            let message = format!("`{}` cannot be called like this: {why}", function.name);
            self.report(&message, range, "in this call");
            return None;
        }
        let callee =
            Callee { name: function.name, prepare: function.prepare, pure: function.is_pure };
        self.call(&callee, function.gives, arguments, range)
    }

    fn call(
        &mut self,
        callee: &Callee,
        gives: Gives,
        arguments: Vec<(Typed, Range<usize>)>,
        range: &Range<usize>,
    ) -> Option<Typed> {
        let arguments: Vec<Argument> =
            arguments.into_iter().map(|(typed, _)| typed.value).collect();
        match callee.prepared(&arguments) {
            Err(why) => {
                self.report(&why, range, "in this expression");
                None
            }
            Ok(Some(value)) => Some(Typed::constant(value)),
            Ok(None) => {
                let kind = SlotKind::Call { name: callee.name, arguments };
                Some(Typed { value: Argument::Slot(self.slot(kind, range)), gives })
            }
        }
    }

    fn report(&mut self, message: &str, range: &Range<usize>, label: &str) {
        let problem =
            Diagnostic::new(Code::BadExpression, message).label(self.place.locate(range), label);
        self.lower.report(problem);
    }
}

/// A function or operator.
struct Callee {
    name: &'static str,
    prepare: Prepare<CallFn>,
    /// Whether it depends on its arguments alone.
    pure: bool,
}

impl Callee {
    /// What it gives, when that is known; else whether it can be called like this.
    fn prepared(&self, arguments: &[Argument]) -> Result<Option<Const>, String> {
        let values: Vec<Value<'_>> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Const(value) => value.value(),
                Argument::Slot(_) => Value::Unset,
            })
            .collect();
        let function = (self.prepare)(&values)?;
        let known = arguments.iter().all(|argument| matches!(argument, Argument::Const(_)));
        if !(self.pure && known) {
            return Ok(None);
        }
        let mut result = Var::default();
        let mut rng = fastrand::Rng::with_seed(0);
        let mut call = ld_vm::link::Call {
            arguments: &values,
            rng: &mut rng,
            clock: &NoClock,
            user: 0,
            iteration: 0,
            counts: &mut NoCounts,
            kept: &mut Kept::default(),
        };
        function(&mut call, &mut result);
        Ok(Some(Const::of(result.value())))
    }
}

/// What is computed before the run asks no clock.
struct NoClock;

impl ld_vm::link::Clock for NoClock {
    fn wall(&self) -> ld_vm::link::Wall {
        ld_vm::link::Wall::default()
    }
}

fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}
