//! What `css` and `xpath` share: a search in a tree, and which of what it finds is taken.

use ld_vm::Value;
use ld_vm::link::{ExtractFn, Tools};

use super::operand;
use super::wanted::position;
use crate::late::{Late, Written};
use crate::markup::Matches;

/// Takes the match that operand `wanted` says out of what the search that operand 0 says finds.
pub(super) fn extract<T: Written>(
    find: impl Fn(&T, &[u8]) -> Matches + Send + Sync + 'static,
    operands: &[Value<'_>],
    wanted: usize,
) -> Result<ExtractFn, String> {
    let search = Late::<T>::new(operand(operands, 0))?;
    Ok(Box::new(move |operands, reply, tools, result| {
        let Tools { rng, kept } = tools;
        // A search that turns out to make no sense finds nothing.
        let _ = search.with(operand(operands, 0), kept, |search, _| {
            let matches = find(search, reply.payload);
            matches.store(position(operand(operands, wanted), matches.count(), rng), result);
        });
    }))
}
