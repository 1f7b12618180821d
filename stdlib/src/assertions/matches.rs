//! What `css` and `xpath` share: a search in a tree, and an expectation of what it finds.

use ld_vm::Value;
use ld_vm::link::CheckFn;

use super::expect::{Actual, Expect, Otherwise, Places};
use super::{operand, text};
use crate::json::{Count, Found};
use crate::late::{Late, Written};
use crate::markup::Matches;

/// A check of what is found by the search that operand 0 says.
pub(super) fn check<T: Written>(
    kind: &'static str,
    find: impl Fn(&T, &[u8]) -> Matches + Send + Sync + 'static,
    operands: &[Value<'_>],
    places: Places,
) -> Result<CheckFn, String> {
    let search = Late::<T>::new(operand(operands, 0))?;
    let expect = Expect::new(operands, places, Otherwise::Exists)?;
    Ok(Box::new(move |operands, reply, kept, failure| {
        let place = operand(operands, 0);
        let matches = match search.with(place, kept, |search, _| find(search, reply.payload)) {
            Ok(matches) => matches,
            Err(why) => {
                failure.push_str(&why);
                return false;
            }
        };
        let found = matches.get(0).map_or(Found::Missing, Found::of);
        let count = Count::Of(matches.count() as u64);
        let actual = Actual { kind, place: &text(place), found, count };
        expect.check(operands, &actual, kept, failure)
    }))
}
