//! Replies as payloads, and errors that servers reply as failures.

use ld_vm::{Fault, FaultClass};
use redis::{ServerError, Value};

use super::frame::Frame;

/// The values of replies whose end is known.
///
/// # Errors
/// When the bytes are none.
pub(super) fn values(mut bytes: &[u8], count: usize) -> Result<Vec<Value>, Fault> {
    let mut values = Vec::with_capacity(count);
    while values.len() < count {
        let end = Frame::of(1)
            .advance(bytes)
            .ok()
            .flatten()
            .ok_or_else(|| broken("it ends too early"))?;
        let (reply, rest) = bytes.split_at_checked(end).unwrap_or_default();
        let value =
            redis::parse_redis_value(reply).map_err(|_| broken("a reply cannot be read"))?;
        values.push(value);
        bytes = rest;
    }
    Ok(values)
}

/// Reads bytes as a server's reply, whole and in two pieces, which must come to the same: what the
/// fuzzer calls.
pub fn probe_reply(bytes: &[u8]) {
    let whole = Frame::of(1).advance(bytes);
    let middle = bytes.first().map_or(0, |&byte| usize::from(byte) % bytes.len());
    let mut frame = Frame::of(1);
    let first = frame.advance(bytes.get(..middle).unwrap_or_default());
    let pieces = if first == Ok(None) { frame.advance(bytes) } else { first };
    assert_eq!(whole, pieces);
    if let Ok(Some(end)) = whole
        && let Ok(values) = values(bytes.get(..end).unwrap_or_default(), 1)
    {
        let mut out = Vec::new();
        values.iter().for_each(|value| write(value, &mut out));
    }
}

/// The failure for bytes that break the protocol.
pub(super) fn broken(why: &str) -> Fault {
    Fault::new(FaultClass::Protocol, format!("the server does not answer as Redis does: {why}"))
}

/// The failure for an error that the server replied to a command.
pub(super) fn refused(error: &ServerError) -> Fault {
    let text = match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    };
    Fault::new(FaultClass::Status, text)
}

/// The first error in a value.
pub(super) fn error(value: &Value) -> Option<&ServerError> {
    match value {
        Value::ServerError(error) => Some(error),
        Value::Array(items) | Value::Set(items) => items.iter().find_map(error),
        _ => None,
    }
}

/// What the names and values that take turns in a list stand for.
pub(super) fn paired(value: Value) -> Value {
    match value {
        Value::Array(items) if items.len().is_multiple_of(2) => {
            let mut items = items.into_iter();
            let mut pairs = Vec::with_capacity(items.len() / 2);
            while let (Some(name), Some(value)) = (items.next(), items.next()) {
                pairs.push((name, value));
            }
            Value::Map(pairs)
        }
        other => other,
    }
}

/// Writes a payload: text as it is, nothing for nil, lists and maps as JSON.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Nil => {}
        Value::BulkString(bytes) => out.extend_from_slice(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => {
            out.extend_from_slice(text.as_bytes());
        }
        Value::Okay => out.extend_from_slice(b"OK"),
        Value::Attribute { data, .. } => write(data, out),
        other => write_json(other, out),
    }
}

fn write_json(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Nil => out.extend_from_slice(b"null"),
        Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(number) if number.is_finite() => {
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Boolean(flag) => out.extend_from_slice(flag.to_string().as_bytes()),
        Value::Array(items) | Value::Set(items) | Value::Push { data: items, .. } => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_json(item, out);
            }
            out.push(b']');
        }
        Value::Map(pairs) => {
            out.push(b'{');
            for (index, (name, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let mut text = Vec::new();
                write(name, &mut text);
                write_text(&text, out);
                out.push(b':');
                write_json(value, out);
            }
            out.push(b'}');
        }
        Value::Attribute { data, .. } => write_json(data, out),
        Value::Double(number) => write_text(number.to_string().as_bytes(), out),
        Value::BigNumber(digits) => write_text(digits, out),
        other => {
            let mut text = Vec::new();
            if matches!(
                other,
                Value::BulkString(_)
                    | Value::SimpleString(_)
                    | Value::VerbatimString { .. }
                    | Value::Okay
            ) {
                write(other, &mut text);
            }
            write_text(&text, out);
        }
    }
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(text);
    // Writing to memory cannot fail, and no text is no JSON.
    let _ = serde_json::to_writer(out, &text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(reply: &[u8]) -> String {
        let values = values(reply, 1).unwrap();
        let mut out = Vec::new();
        write(&values[0], &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn payloads_are_text_or_json() {
        for (reply, text) in [
            (&b"+OK\r\n"[..], "OK"),
            (b"$4\r\na\"b\n\r\n", "a\"b\n"),
            (b":-12\r\n", "-12"),
            (b"$-1\r\n", ""),
            (b"*-1\r\n", ""),
            (b"*0\r\n", "[]"),
            (b"*4\r\n$3\r\na\"b\r\n:1\r\n$-1\r\n*1\r\n+PONG\r\n", r#"["a\"b",1,null,["PONG"]]"#),
            (b"*1\r\n$1\r\n\xff\r\n", "[\"\u{fffd}\"]"),
            (b"%1\r\n:1\r\n#t\r\n", r#"{"1":true}"#),
            (b",1.5\r\n", "1.5"),
            (b"*2\r\n,inf\r\n(123456789012345678901\r\n", r#"["inf","123456789012345678901"]"#),
            (b"~1\r\n=5\r\ntxt:a\r\n", r#"["a"]"#),
        ] {
            assert_eq!(payload(reply), text);
        }
    }

    #[test]
    fn names_and_values_of_a_hash_are_an_object() {
        let value = values(b"*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$0\r\n\r\n", 1).unwrap();
        let mut out = Vec::new();
        write(&paired(value[0].clone()), &mut out);
        assert_eq!(out, br#"{"a":"1","b":""}"#);
    }

    #[test]
    fn errors_of_servers_are_told_in_their_words() {
        for (reply, text) in [
            (&b"-WRONGTYPE Operation against a key\r\n"[..], "WRONGTYPE Operation against a key"),
            (b"-ERR unknown command\r\n", "ERR unknown command"),
            (b"-MOVED 3999 127.0.0.1:6381\r\n", "MOVED 3999 127.0.0.1:6381"),
            (b"-OOM\r\n", "OOM"),
            (b"*2\r\n:1\r\n-ERR value is not an integer\r\n", "ERR value is not an integer"),
        ] {
            let values = values(reply, 1).unwrap();
            let fault = refused(error(&values[0]).unwrap());
            assert_eq!((fault.class, fault.text.as_str()), (FaultClass::Status, text));
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused() {
        let good = b"*3\r\n$2\r\nab\r\n%1\r\n+a\r\n:1\r\n|1\r\n+a\r\n#t\r\n>2\r\n+x\r\n,1\r\n";
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let mut bytes = good.to_vec();
            for _ in 0..random.usize(1..5) {
                let at = random.usize(..bytes.len());
                bytes[at] = *random.choice(b"*$+-:%|~>,#_(=!0129\r\n\xff").unwrap();
            }
            probe_reply(&bytes);
        }
    }
}
