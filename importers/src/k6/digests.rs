//! `k6/crypto` and `k6/encoding`.

use std::cell::Cell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use oxc_span::Span;

use super::code::Code;
use super::machine::Machine;
use super::value::{Object, Value};

impl<'a> Machine<'a, '_> {
    /// A digest of a text: `crypto.sha256(text, encoding)`.
    pub(super) fn digest(
        &mut self,
        algorithm: &str,
        key: Option<&Value<'a>>,
        text: &Value<'a>,
        encoding: &Value<'a>,
        span: Span,
    ) -> Value<'a> {
        let name = match (algorithm, key) {
            ("md5", None) => "md5",
            ("sha1", None) => "sha1",
            ("sha256", None) => "sha256",
            ("sha256", Some(_)) => "hmac_sha256",
            _ => {
                self.drop(span, "the language has no function for this digest");
                return Value::Unknown(Rc::from(self.words(span)));
            }
        };
        let encoding = match encoding.to_text().as_deref() {
            Some("hex" | "undefined") => None,
            Some("base64") => Some(Code::text("base64")),
            Some("base64rawurl") => Some(Code::text("base64url")),
            _ => {
                self.drop(span, "a digest is written as hex, base64 or base64rawurl");
                return Value::Unknown(Rc::from(self.words(span)));
            }
        };
        let key = match key {
            Some(key) => match self.code(key, span) {
                Some(key) => Some(key),
                None => return Value::Unknown(Rc::from(self.words(span))),
            },
            None => None,
        };
        match self.code(text, span) {
            Some(text) => {
                let call = key.into_iter().chain([text]).chain(encoding).collect();
                Value::live(Code::Call(name, call))
            }
            None => Value::Unknown(Rc::from(self.words(span))),
        }
    }

    /// `crypto.createHash(algorithm)`, `crypto.createHMAC(algorithm, key)`.
    pub(super) fn hasher(&self, algorithm: &Value<'a>, key: Option<Value<'a>>) -> Value<'a> {
        let object = Object { kind: Cell::new("hasher"), ..Object::default() };
        object.set("algorithm", algorithm.clone());
        object.set("text", Value::text(""));
        if let Some(key) = key {
            object.set("key", key);
        }
        Value::Object(Rc::new(object))
    }

    /// `update` and `digest` of these.
    pub(super) fn hasher_method(
        &mut self,
        of: &Rc<Object<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let value = Value::Object(Rc::clone(of));
        let member = |name: &str| value.member(name).unwrap_or(Value::Undefined);
        let first = arguments.first().cloned().unwrap_or(Value::Undefined);
        if name == "update" {
            let text = self.binary("+", member("text"), first, span);
            self.set_member(of, "text", text, span);
            return Value::Undefined;
        }
        let algorithm = member("algorithm").to_text().unwrap_or_default();
        self.digest(&algorithm, value.member("key").as_ref(), &member("text"), &first, span)
    }

    /// `encoding.b64encode(text, variant)`.
    pub(super) fn base64(
        &mut self,
        text: &Value<'a>,
        variant: &Value<'a>,
        span: Span,
    ) -> Value<'a> {
        let variant = variant.to_text().unwrap_or_default();
        if let Some(text) = text.to_text() {
            return Value::text(&match variant.as_str() {
                "rawstd" => STANDARD_NO_PAD.encode(text),
                "url" => URL_SAFE.encode(text),
                "rawurl" => URL_SAFE_NO_PAD.encode(text),
                _ => STANDARD.encode(text),
            });
        }
        let Some(code) = self.code(text, span) else {
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let encoded = Code::Call("base64", vec![code]);
        let replaced = |code, from: &str, to: &str| {
            Code::Call("replace", vec![code, Code::text(from), Code::text(to)])
        };
        let unpadded = |code| replaced(code, "=", "");
        let for_url = |code| replaced(replaced(code, "+", "-"), "/", "_");
        Value::live(match variant.as_str() {
            "rawstd" => unpadded(encoded),
            "url" => for_url(encoded),
            "rawurl" => unpadded(for_url(encoded)),
            _ => encoded,
        })
    }

    /// `encoding.b64decode(text)`.
    pub(super) fn base64_decoded(&mut self, text: &Value<'a>, span: Span) -> Value<'a> {
        match text.to_text() {
            Some(text) => {
                let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
                match STANDARD_NO_PAD.decode(text) {
                    Ok(bytes) => Value::text(&String::from_utf8_lossy(&bytes)),
                    Err(_) => Value::Unknown(Rc::from(self.words(span))),
                }
            }
            None => match self.code(text, span) {
                Some(code) => Value::live(Code::Call("base64_decode", vec![code])),
                None => Value::Unknown(Rc::from(self.words(span))),
            },
        }
    }
}
