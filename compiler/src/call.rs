//! Calls in placeholders: the function is found, its arguments are read, and a result that
//! nothing can change is worked out.

use std::io::Read;
use std::ops::Range;

use ld_stdlib::faker;
use ld_stdlib::functions::written::{Written, unquoted};
use ld_stdlib::functions::{self, FUNCTIONS, Function, LARGEST_FILE, ParameterKind};
use ld_vm::counts::NoCounts;
use ld_vm::link::{Call, Clock, Wall};
use ld_vm::verify::MAX_OPERANDS;
use ld_vm::{Kept, Value, Var};

use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::ir::{Argument, Const, Slot, SlotKind};
use crate::json::Locator;
use crate::lower::Lower;
use crate::placeholder::{Meaning, slice};
use crate::template::{self, Name, Piece, Placeholder};

/// An argument, as far as it is known.
enum Given<'t> {
    /// As it stands in the plan.
    Text(&'t str),
    /// What a placeholder or a file says.
    Const(Const),
    /// What only the run can tell.
    Slot(u32),
}

impl Lower<'_> {
    /// What a call stands for; `whole` is the placeholder.
    pub(crate) fn call(
        &mut self,
        text: &str,
        name: &Name<'_>,
        arguments: &[Name<'_>],
        whole: &Range<usize>,
        place: Locator<'_>,
    ) -> Meaning {
        let Some(function) = functions::find(name.text) else {
            let names = FUNCTIONS.iter().map(|function| function.name);
            let problem =
                Diagnostic::new(Code::UnknownFunction, format!("unknown function `{}`", name.text))
                    .label(place.locate(&name.range), "this is sent as it stands")
                    .note(format!("functions: {}", names.clone().collect::<Vec<_>>().join(", ")))
                    .did_you_mean(name.text, names);
            self.report(problem);
            return Meaning::Text;
        };
        let given = if function.ignores_arguments { &[] } else { arguments };
        let last = function.parameters.last().into_iter().cycle();
        let kinds = function.parameters.iter().chain(last).map(|parameter| parameter.kind);
        let kinds = kinds.chain(std::iter::repeat(ParameterKind::Any));
        let given = given.iter().zip(kinds);
        // All of them, so that every problem is reported.
        let given: Vec<_> =
            given.map(|(argument, kind)| self.argument(text, argument, kind, place)).collect();
        let Some(given) = given.into_iter().collect::<Option<Vec<_>>>() else {
            return Meaning::Text;
        };
        let written = given.iter().map(|given| match given {
            Given::Text(text) => Written::Text(text),
            Given::Const(value) => Written::Value(value.value()),
            Given::Slot(_) => Written::Value(Value::Unset),
        });
        let constant = given.iter().all(|given| !matches!(given, Given::Slot(_)));
        match function.arguments(&written.collect::<Vec<_>>()) {
            Ok(values) => {
                if self.fold
                    && constant
                    && let Some(result) = computed(function, &values)
                {
                    return Meaning::Const(result);
                }
                let argument = |(value, given): (_, &Given<'_>)| match given {
                    Given::Slot(slot) => Argument::Slot(*slot),
                    Given::Text(_) | Given::Const(_) => Argument::Const(Const::of(value)),
                };
                let arguments = values.into_iter().zip(&given).map(argument).collect();
                Meaning::Slot(SlotKind::Call { name: function.name, arguments })
            }
            Err(why) => {
                let message = format!("`{}` cannot be called like this: {why}", function.name);
                self.report(
                    Diagnostic::new(Code::BadArguments, message)
                        .label(place.locate(whole), "in this call"),
                );
                Meaning::Text
            }
        }
    }

    /// `${faker.METHOD}`, which is a call.
    pub(crate) fn made_up(&mut self, method: &Name<'_>, place: Locator<'_>) -> Meaning {
        let (Some(function), Some(_)) = (functions::find("faker"), faker::find(method.text)) else {
            let names = faker::providers().map(|provider| provider.name);
            let message = format!("there is no provider `{}`", method.text);
            let problem = Diagnostic::new(Code::UnknownProvider, message)
                .label(place.locate(&method.range), "nothing makes this up")
                .note(format!("`docs/reference/faker.md` lists all {}", names.clone().count()))
                .did_you_mean(method.text, names);
            self.report(problem);
            return Meaning::Text;
        };
        let method = Argument::Const(Const::Text(method.text.as_bytes().to_vec()));
        Meaning::Slot(SlotKind::Call { name: function.name, arguments: vec![method] })
    }

    /// What an argument says; `None` when that has been reported to be wrong.
    fn argument<'t>(
        &mut self,
        text: &'t str,
        argument: &Name<'t>,
        kind: ParameterKind,
        place: Locator<'_>,
    ) -> Option<Given<'t>> {
        let inside = unquoted(argument.text);
        // A quote is one byte on either side.
        let quote = (argument.text.len() - inside.len()) / 2;
        let range = argument.range.start + quote..argument.range.end - quote;
        let pieces = template::parse_part(text, range, |problem| {
            self.report(problem.diagnostic(place.locate(&problem.range)));
        });
        let holes = pieces.iter().any(|piece| matches!(piece, Piece::Placeholder(_)));
        let given = if holes {
            self.filled(text, &pieces, argument, place)?
        } else {
            Given::Text(argument.text)
        };
        match (kind, given) {
            (ParameterKind::File, Given::Text(_)) => self.contents(inside, argument, place),
            (ParameterKind::File, Given::Const(path)) => {
                let mut bytes = Vec::new();
                path.value().write_text(&mut bytes);
                self.contents(&String::from_utf8_lossy(&bytes), argument, place)
            }
            (ParameterKind::File, Given::Slot(_)) => {
                let message = "a file is read when the plan is compiled";
                let problem = Diagnostic::new(Code::BadArguments, message)
                    .label(place.locate(&argument.range), "this is known only in the run");
                self.report(problem);
                None
            }
            (_, given) => Some(given),
        }
    }

    /// An argument with placeholders; where it is more than one, they are joined.
    fn filled<'t>(
        &mut self,
        text: &str,
        pieces: &[Piece<'_>],
        argument: &Name<'_>,
        place: Locator<'_>,
    ) -> Option<Given<'t>> {
        let mut parts = Vec::new();
        for piece in pieces {
            let part = match piece {
                Piece::Text(range) => {
                    Argument::Const(Const::Text(slice(text, range).as_bytes().to_vec()))
                }
                Piece::Placeholder(placeholder) => match self.folded(text, placeholder, place) {
                    Meaning::Const(value) => Argument::Const(value),
                    Meaning::Slot(kind) => {
                        let span = place.locate(&placeholder.range);
                        let text = slice(text, &placeholder.range).to_owned();
                        Argument::Slot(self.slot(Slot { kind, text, span }))
                    }
                    Meaning::Text => return None,
                },
            };
            match (parts.last_mut(), part) {
                (Some(Argument::Const(before)), Argument::Const(value)) => {
                    let mut joined = Vec::new();
                    before.value().write_text(&mut joined);
                    value.value().write_text(&mut joined);
                    *before = Const::Text(joined);
                }
                (_, part) => parts.push(part),
            }
        }
        while parts.len() > 1 {
            let rest = parts.split_off(parts.len().min(MAX_OPERANDS));
            let kind = SlotKind::Call { name: "concat", arguments: parts };
            let (text, span) = (argument.text.to_owned(), place.locate(&argument.range));
            parts = vec![Argument::Slot(self.slot(Slot { kind, text, span }))];
            parts.extend(rest);
        }
        parts.pop().map(|part| match part {
            Argument::Const(value) => Given::Const(value),
            Argument::Slot(slot) => Given::Slot(slot),
        })
    }

    /// The meaning of a placeholder inside a call: constants are folded whatever is asked for,
    /// because some functions take nothing else.
    fn folded(&mut self, text: &str, placeholder: &Placeholder<'_>, place: Locator<'_>) -> Meaning {
        let fold = std::mem::replace(&mut self.fold, true);
        let meaning = self.meaning(text, placeholder, place);
        self.fold = fold;
        meaning
    }

    /// The contents of a file.
    fn contents<'t>(
        &mut self,
        path: &str,
        argument: &Name<'_>,
        place: Locator<'_>,
    ) -> Option<Given<'t>> {
        let (path, file) = files::find(self.options.files, self.file(), path);
        let mut contents = Vec::new();
        let read = file.and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut contents));
        let (why, help) = match read {
            Ok(_) if contents.len() as u64 <= LARGEST_FILE => {
                return Some(Given::Const(Const::Text(contents)));
            }
            Ok(_) => (
                format!("it is larger than {} MiB", LARGEST_FILE >> 20),
                "a file in a placeholder becomes a part of the program",
            ),
            Err(error) => (error.to_string(), files::SEEN_FROM),
        };
        let problem =
            Diagnostic::new(Code::UnreadableFile, format!("the file `{path}` cannot be read"))
                .label(place.locate(&argument.range), why)
                .help(help);
        self.report(problem);
        None
    }
}

/// The result of a function whose arguments nothing can change, unless it depends on more
/// than those.
pub(crate) fn computed(function: &Function, arguments: &[Value<'_>]) -> Option<Const> {
    struct Never;
    impl Clock for Never {
        fn wall(&self) -> Wall {
            Wall::default()
        }
    }
    if !function.is_pure {
        return None;
    }
    let prepared = (function.prepare)(arguments).ok()?;
    let mut rng = fastrand::Rng::with_seed(0);
    let mut call = Call {
        arguments,
        rng: &mut rng,
        clock: &Never,
        user: 0,
        iteration: 0,
        counts: &mut NoCounts,
        kept: &mut Kept::default(),
    };
    let mut result = Var::default();
    prepared(&mut call, &mut result);
    let result = Const::of(result.value());
    (result != Const::Null).then_some(result)
}
