//! What the digest functions share.

use ld_vm::Value;
use ld_vm::link::CallFn;
use sha2::Digest;

use super::argument;
use super::encoding::Encoding;

/// Prepares a function that digests its first argument and writes the digest as the second
/// one says.
pub(super) fn prepare<D: Digest>(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    let encoding = Encoding::of(arguments, 1)?;
    Ok(Box::new(move |call, result| {
        let text = argument::at(call.arguments, 0);
        let encoding = encoding.or_else(|| Encoding::named(call.arguments, 1));
        if let Some(encoding) = encoding
            && let Some(digest) = argument::with_text(text, |text| D::digest(text))
        {
            encoding.write(&digest, result);
        }
    }))
}
