//! Digests and Base64 of CryptoJS.

use super::derive::quoted;
use super::value::Val;
use super::walk::Walk;

impl Walk<'_> {
    /// A call of CryptoJS, without that name; nothing when it is not one that plans have.
    pub(super) fn crypto(&mut self, name: &str, arguments: &[Val]) -> Val {
        let first = arguments.first().cloned().unwrap_or(Val::Undefined);
        let digest = match name {
            "MD5" => "md5",
            "SHA1" => "sha1",
            "SHA256" => "sha256",
            "HmacSHA256" => {
                let key = arguments.get(1).and_then(|key| self.argument(key));
                return match (key, self.argument(&first)) {
                    (Some(key), Some(text)) => Val::Digest(format!("hmac_sha256({key}, {text}")),
                    _ => Val::Unknown,
                };
            }
            // Bytes of a text are the text.
            "enc.Utf8.parse" => return first,
            "enc.Base64.stringify" => {
                return match first {
                    Val::Digest(call) => Val::Text(format!("${{{call}, base64)}}")),
                    text => self.function_of("base64", &text),
                };
            }
            "enc.Hex.stringify" | "enc.Utf8.stringify" => {
                return match first {
                    Val::Digest(call) => Val::Text(format!("${{{call})}}")),
                    text if name == "enc.Utf8.stringify" => text,
                    text => self.function_of("hex", &text),
                };
            }
            "enc.Base64.parse" => return self.function_of("base64_decode", &first),
            _ => return Val::Unknown,
        };
        match self.argument(&first) {
            Some(text) => Val::Digest(format!("{digest}({text}")),
            None => Val::Unknown,
        }
    }

    /// A value as the argument of a function of the plan language.
    pub(super) fn argument(&mut self, value: &Val) -> Option<String> {
        quoted(&self.text(value)?)
    }
}

/// A digest as text: in hexadecimal digits, unless it is asked for in Base64.
pub(super) fn written(call: &str, how: &Val) -> Val {
    match how {
        Val::Given(how) if how.ends_with("enc.Base64") => {
            Val::Text(format!("${{{call}, base64)}}"))
        }
        Val::Undefined => Val::Text(format!("${{{call})}}")),
        Val::Given(how) if how.ends_with("enc.Hex") => Val::Text(format!("${{{call})}}")),
        _ => Val::Unknown,
    }
}
