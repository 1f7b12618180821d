//! What is done to every draft, whatever it was read from.

mod connection;
pub(crate) mod correlate;
mod filter;
mod mask;
mod names;
pub(crate) mod origins;
mod secrets;

use crate::Secret;
use crate::draft::Draft;
use crate::notes::Notes;
use crate::options::Options;

pub(crate) use self::origins::unique;

/// Filters requests, makes variables of values that replies gave, takes secrets out, also of what is
/// shown, makes variables of origins, gives names, and says once what servers have in common. Returns the secrets.
pub(crate) fn run(draft: &mut Draft, options: &Options, notes: &mut Notes) -> Vec<Secret> {
    filter::run(draft, options, notes);
    correlate::run(draft, notes);
    let secrets = secrets::run(draft);
    mask::run(draft, notes, &secrets);
    origins::run(draft, options);
    names::run(draft);
    connection::run(draft);
    secrets
}
