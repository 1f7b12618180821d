//! Messages between JSON and the wire.

use std::fmt;

use bytes::{Bytes, BytesMut};
use ld_vm::{Fault, FaultClass};
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde::de::{DeserializeSeed, Deserializer as _, SeqAccess, Visitor};

use super::frames;
use super::methods::Method;

/// Payloads up to this size are remembered with what they are on the wire, in bytes.
const KEPT: usize = 64 << 10;

/// The most that replies may be as JSON, in bytes: a stream may have any number of messages.
const MOST_JSON: usize = 64 << 20;

/// Fields that are not set have their defaults, so that they can be extracted.
const OPTIONS: SerializeOptions = SerializeOptions::new().skip_default_fields(false);

/// What goes over the stream for a payload.
///
/// # Errors
/// When it is no JSON, or not of the method's message.
pub(super) fn encode(method: &Method, payload: &[u8]) -> Result<Bytes, Fault> {
    if let Some((known, bytes)) = &*method.last.borrow()
        && **known == *payload
    {
        return Ok(bytes.clone());
    }
    let mut out = BytesMut::new();
    let input = &method.input;
    encode_into(method, payload, &mut out).map_err(|why| match why {
        Unsendable::Message(error) => {
            let text = format!("the payload is not a `{}`: {error}", input.full_name());
            Fault::new(FaultClass::Plan, text)
        }
        Unsendable::Fault(fault) => fault,
    })?;
    let bytes = out.freeze();
    if payload.len() <= KEPT {
        *method.last.borrow_mut() = Some((payload.into(), bytes.clone()));
    }
    Ok(bytes)
}

enum Unsendable {
    Message(serde_json::Error),
    Fault(Fault),
}

impl From<serde_json::Error> for Unsendable {
    fn from(error: serde_json::Error) -> Self {
        Self::Message(error)
    }
}

fn encode_into(method: &Method, payload: &[u8], out: &mut BytesMut) -> Result<(), Unsendable> {
    let payload = payload.trim_ascii();
    let mut push = |message: &DynamicMessage| frames::push(message, out).map_err(Unsendable::Fault);
    if payload.is_empty() {
        if method.streams_requests() {
            return Ok(());
        }
        return push(&DynamicMessage::new(method.input.clone()));
    }
    let mut json = serde_json::Deserializer::from_slice(payload);
    if payload.starts_with(b"[") && !is_list(&method.input) {
        let messages = json.deserialize_seq(Messages(&method.input))?;
        if messages.len() != 1 && !method.streams_requests() {
            let text = format!("{} takes one message", method.path);
            return Err(Unsendable::Fault(Fault::new(FaultClass::Plan, text)));
        }
        messages.iter().try_for_each(push)?;
    } else {
        push(&DynamicMessage::deserialize(method.input.clone(), &mut json)?)?;
    }
    Ok(json.end()?)
}

/// Whether a message alone may be a list in JSON.
fn is_list(input: &MessageDescriptor) -> bool {
    matches!(input.full_name(), "google.protobuf.ListValue" | "google.protobuf.Value")
}

/// Reads a list of messages.
struct Messages<'d>(&'d MessageDescriptor);

impl<'de> Visitor<'de> for Messages<'_> {
    type Value = Vec<DynamicMessage>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut messages = Vec::new();
        while let Some(message) = list.next_element_seed(Seed(self.0))? {
            messages.push(message);
        }
        Ok(messages)
    }
}

struct Seed<'d>(&'d MessageDescriptor);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = DynamicMessage;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        DynamicMessage::deserialize(self.0.clone(), json)
    }
}

/// Writes the messages of a reply as JSON: the message alone, or a list where the server streams.
pub(super) struct Writer<'w> {
    method: &'w Method,
    json: &'w mut Vec<u8>,
    /// Whether anybody reads what is written.
    is_wanted: bool,
    count: u64,
}

impl<'w> Writer<'w> {
    pub(super) fn new(method: &'w Method, json: &'w mut Vec<u8>, is_wanted: bool) -> Self {
        Self { method, json, is_wanted, count: 0 }
    }

    /// Adds a message.
    pub(super) fn push(&mut self, bytes: Bytes) -> Result<(), Fault> {
        let output = &self.method.output;
        let is_list = self.method.streams_replies();
        self.count += 1;
        if self.count > 1 && !is_list {
            let text = "the server sent several messages where the method has one";
            return Err(Fault::new(FaultClass::Protocol, text));
        }
        if !self.is_wanted {
            return Ok(());
        }
        let malformed = |error: &dyn fmt::Display| {
            let text = format!("a message is not a `{}`: {error}", output.full_name());
            Fault::new(FaultClass::Protocol, text)
        };
        let message =
            DynamicMessage::decode(output.clone(), bytes).map_err(|error| malformed(&error))?;
        if is_list {
            self.json.push(if self.count == 1 { b'[' } else { b',' });
        }
        let mut json = serde_json::Serializer::new(&mut *self.json);
        message.serialize_with_options(&mut json, &OPTIONS).map_err(|error| malformed(&error))?;
        if self.json.len() > MOST_JSON {
            let text = "the messages of the reply are more than 64 MiB of JSON";
            return Err(Fault::new(FaultClass::Protocol, text));
        }
        Ok(())
    }

    /// Ends the reply of a call that ended with OK.
    pub(super) fn finish(self) -> Result<(), Fault> {
        if self.method.streams_replies() {
            if self.is_wanted {
                self.json.extend(if self.count == 0 { b"[]".as_slice() } else { b"]" });
            }
        } else if self.count == 0 {
            let text = "the server ended the call with OK and without a message";
            return Err(Fault::new(FaultClass::Protocol, text));
        }
        Ok(())
    }
}
