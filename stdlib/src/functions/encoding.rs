//! How functions of bytes write their result: in hexadecimal or in Base64.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ld_vm::{Value, Var};

use super::{Parameter, ParameterKind, argument};

/// The parameter that chooses it; it may be left out.
pub(super) const ENCODING: Parameter = Parameter {
    name: "encoding",
    kind: ParameterKind::Text,
    doc: "How it is written: `hex` (the default), `base64`, or `base64url` without padding.",
};

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Hex,
    Base64,
    Base64Url,
}

impl Encoding {
    /// The one an argument names; hexadecimal when there is no argument, and `None` while it is
    /// not known.
    ///
    /// # Errors
    /// When there is no such encoding.
    pub(super) fn of(arguments: &[Value<'_>], position: usize) -> Result<Option<Self>, String> {
        if arguments.get(position) == Some(&Value::Unset) {
            return Ok(None);
        }
        let encoding = Self::named(arguments, position);
        encoding.map(Some).ok_or_else(|| {
            let name = argument::constant_text(arguments, position).unwrap_or_default();
            format!("`encoding` must be `hex`, `base64` or `base64url`, not `{name}`")
        })
    }

    /// The one an argument of a call names; `None` when there is no such encoding.
    pub(super) fn named(arguments: &[Value<'_>], position: usize) -> Option<Self> {
        match arguments.get(position) {
            None | Some(Value::Text(b"hex")) => Some(Self::Hex),
            Some(Value::Text(b"base64")) => Some(Self::Base64),
            Some(Value::Text(b"base64url")) => Some(Self::Base64Url),
            Some(_) => None,
        }
    }

    /// Sets a variable to bytes, written like this.
    pub(super) fn write(self, bytes: &[u8], result: &mut Var) {
        let out = result.text_mut();
        match self {
            Self::Hex => hex(bytes, out),
            Self::Base64 => base64(&STANDARD, bytes, out),
            Self::Base64Url => base64(&URL_SAFE_NO_PAD, bytes, out),
        }
    }
}

fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.resize(bytes.len() * 2, 0);
    // There is room: two digits for each byte.
    let _ = const_hex::encode_to_slice(bytes, out);
}

fn base64(engine: &impl Engine, bytes: &[u8], out: &mut Vec<u8>) {
    // Four characters for each three bytes begun are room enough, with padding and without.
    out.resize(bytes.len().div_ceil(3) * 4, 0);
    let written = engine.encode_slice(bytes, out).unwrap_or(0);
    out.truncate(written);
}
