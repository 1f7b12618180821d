//! `${faker.METHOD}`: made-up data under the names of Python's Faker, in its American English.
//!
//! A provider draws from the user's random numbers and writes into a buffer that is kept, so a
//! value costs no allocation. Most words come from the tables of the `fake` crate; where those
//! lack something, from short tables here. The values resemble those of Faker in form, not
//! one by one.

mod address;
mod company;
mod date;
mod draw;
mod finance;
mod identity;
mod internet;
mod number;
mod person;
mod product;
mod system;
mod text;
mod user_agent;

use ld_vm::Var;
use ld_vm::link::Call;

use self::draw::Draw;

/// Every provider, by kind.
pub const KINDS: &[Kind] = &[
    Kind { name: "Persons", providers: person::PROVIDERS },
    Kind { name: "Addresses and places", providers: address::PROVIDERS },
    Kind { name: "Companies and jobs", providers: company::PROVIDERS },
    Kind { name: "Internet", providers: internet::PROVIDERS },
    Kind { name: "Programs that browse", providers: user_agent::PROVIDERS },
    Kind { name: "Dates and times", providers: date::PROVIDERS },
    Kind { name: "Money", providers: finance::PROVIDERS },
    Kind { name: "Papers and numbers of persons", providers: identity::PROVIDERS },
    Kind { name: "Products and vehicles", providers: product::PROVIDERS },
    Kind { name: "Files and devices", providers: system::PROVIDERS },
    Kind { name: "Texts", providers: text::PROVIDERS },
    Kind { name: "Numbers, letters and colors", providers: number::PROVIDERS },
];

/// Providers that belong together.
#[derive(Debug)]
pub struct Kind {
    /// What they make.
    pub name: &'static str,
    /// By name.
    pub providers: &'static [Provider],
}

/// What makes a value.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// The name, as it is in Python's Faker.
    pub name: &'static str,
    make: Make,
}

/// How a value is made.
#[derive(Clone, Copy, Debug)]
enum Make {
    /// One of several words.
    OneOf(&'static [&'static str]),
    /// Text out of digits and letters, see [`Draw::pattern`].
    Pattern(&'static [&'static str]),
    /// Any text.
    Text(fn(&mut Draw<'_>)),
    /// A list or an object.
    Json(fn(&mut Draw<'_>)),
    /// A whole number between two, both included.
    Int(i64, i64),
    /// Any other value.
    Value(fn(&mut Draw<'_>) -> ld_vm::Value<'static>),
}

impl Provider {
    const fn one_of(name: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, make: Make::OneOf(words) }
    }

    const fn pattern(name: &'static str, patterns: &'static [&'static str]) -> Self {
        Self { name, make: Make::Pattern(patterns) }
    }

    const fn text(name: &'static str, make: fn(&mut Draw<'_>)) -> Self {
        Self { name, make: Make::Text(make) }
    }

    const fn json(name: &'static str, make: fn(&mut Draw<'_>)) -> Self {
        Self { name, make: Make::Json(make) }
    }

    const fn int(name: &'static str, least: i64, greatest: i64) -> Self {
        Self { name, make: Make::Int(least, greatest) }
    }

    const fn value(name: &'static str, make: fn(&mut Draw<'_>) -> ld_vm::Value<'static>) -> Self {
        Self { name, make: Make::Value(make) }
    }

    /// Makes a value.
    pub fn make(&self, call: &mut Call<'_>, result: &mut Var) {
        let wall = call.clock.wall();
        let out = match self.make {
            Make::Json(_) => result.json_mut(),
            _ => result.text_mut(),
        };
        let mut draw = Draw::new(call.rng, wall, out);
        let value = match self.make {
            Make::OneOf(words) => {
                draw.one_of(words);
                return;
            }
            Make::Pattern(patterns) => {
                let pattern = draw.choice(patterns);
                draw.pattern(pattern);
                return;
            }
            Make::Text(make) | Make::Json(make) => {
                make(&mut draw);
                return;
            }
            Make::Int(least, greatest) => ld_vm::Value::Int(draw.between(least, greatest)),
            Make::Value(make) => make(&mut draw),
        };
        result.set(value);
    }
}

/// The provider of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Provider> {
    providers().find(|provider| provider.name == name)
}

/// All providers.
pub fn providers() -> impl Iterator<Item = &'static Provider> + Clone {
    KINDS.iter().flat_map(|kind| kind.providers)
}

#[cfg(test)]
mod tests;
