//! `${hmac_sha256(key, text)}`: a message authentication code.

use hmac::{Hmac, KeyInit, Mac};
use ld_vm::Value;
use ld_vm::link::CallFn;
use sha2::Sha256;

use super::encoding::{ENCODING, Encoding};
use super::{Example, Function, Gives, Parameter, ParameterKind, argument};

pub(super) const FUNCTION: Function = Function {
    name: "hmac_sha256",
    parameters: &[
        Parameter { name: "key", kind: ParameterKind::Text, doc: "The key, as its bytes." },
        Parameter { name: "text", kind: ParameterKind::Text, doc: "What is authenticated." },
        ENCODING,
    ],
    optional: 1,
    variadic: false,
    ignores_arguments: false,
    gives: Gives::Text,
    is_pure: true,
    doc: "The HMAC (RFC 2104) of a text with SHA-256.",
    // The second test case of RFC 4231.
    examples: &[
        Example {
            call: "${hmac_sha256(Jefe, what do ya want for nothing?)}",
            result: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        },
        Example {
            call: "${hmac_sha256(Jefe, what do ya want for nothing?, base64url)}",
            result: "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM",
        },
    ],
    prepare,
};

fn prepare(arguments: &[Value<'_>]) -> Result<CallFn, String> {
    let encoding = Encoding::of(arguments, 2)?;
    // A key that is known is worked in once.
    let known = argument::with_text(argument::at(arguments, 0), keyed).flatten();
    Ok(Box::new(move |call, result| {
        let [key, text, ..] = *call.arguments else {
            return;
        };
        let mac = known.clone().or_else(|| argument::with_text(key, keyed)?);
        let encoding = encoding.or_else(|| Encoding::named(call.arguments, 2));
        if let (Some(mut mac), Some(encoding)) = (mac, encoding)
            && argument::with_text(text, |text| mac.update(text)).is_some()
        {
            encoding.write(&mac.finalize().into_bytes(), result);
        }
    }))
}

fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    // Keys of any length are allowed, so there is no error.
    Hmac::new_from_slice(key).ok()
}
