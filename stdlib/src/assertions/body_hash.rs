//! `body_hash`: the digest of the body.

use ld_vm::link::CheckFn;
use ld_vm::{FaultClass, Needs, Value};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Assertion, Example, ExampleReply, operand, text};
use crate::field::{Field, Shape};

pub(super) const ASSERTION: Assertion = Assertion {
    name: "body_hash",
    fields: &[
        Field::new(
            "value",
            Shape::Text,
            "The digest in hexadecimal digits, of either case.",
            r#""d3b07384d113edec49eaa6238ad5ff00""#,
        )
        .required(),
        Field::new(
            "algorithm",
            Shape::Choice(&["md5", "sha1", "sha256"]),
            "How it is computed.",
            r#""md5""#,
        )
        .default(r#""sha256""#),
    ],
    needs: Needs::PAYLOAD,
    class: FaultClass::Assertion,
    doc: "The body, after any `Content-Encoding` was undone, has this digest.",
    examples: &[
        Example {
            plan: r#"{"type": "body_hash", "algorithm": "md5", "value": "D3B07384D113EDEC49EAA6238AD5FF00"}"#,
            reply: ExampleReply::body("foo\n"),
            failure: None,
        },
        Example {
            plan: r#"{"type": "body_hash", "algorithm": "sha1", "value": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}"#,
            reply: ExampleReply::body("x"),
            failure: Some(
                "body_hash sha1 expected da39a3ee5e6b4b0d3255bfef95601890afd80709, \
                 got 11f6ad8ec52a2984abaafd7c3b516503785c2072",
            ),
        },
    ],
    prepare,
    internal: false,
};

/// A way to compute digests.
struct Algorithm {
    name: &'static str,
    /// How many hexadecimal digits it has.
    digits: usize,
    digest: fn(&[u8]) -> Vec<u8>,
}

const ALGORITHMS: &[Algorithm] = &[
    Algorithm { name: "md5", digits: 32, digest: |bytes| Md5::digest(bytes).to_vec() },
    Algorithm { name: "sha1", digits: 40, digest: |bytes| Sha1::digest(bytes).to_vec() },
    Algorithm { name: "sha256", digits: 64, digest: |bytes| Sha256::digest(bytes).to_vec() },
];

fn prepare(operands: &[Value<'_>]) -> Result<CheckFn, String> {
    let name = match operand(operands, 1) {
        Value::Text(name) => name,
        _ => b"sha256",
    };
    let named = |row: &&Algorithm| name.eq_ignore_ascii_case(row.name.as_bytes());
    let algorithm = ALGORITHMS.iter().find(named).ok_or("there is no such `algorithm`")?;
    let value = operand(operands, 0);
    let known = text(value);
    let is_digest = known.len() == algorithm.digits && known.iter().all(u8::is_ascii_hexdigit);
    if value != Value::Unset && !is_digest {
        let Algorithm { name, digits, .. } = algorithm;
        return Err(format!("a digest by {name} is {digits} hexadecimal digits"));
    }
    Ok(Box::new(move |operands, reply, _, failure| {
        let expected = text(operand(operands, 0));
        let actual = const_hex::encode((algorithm.digest)(reply.payload));
        let holds = actual.as_bytes().eq_ignore_ascii_case(&expected);
        if !holds {
            let expected = String::from_utf8_lossy(&expected);
            failure.push_str("body_hash ");
            failure.push_str(&format!("{} expected {expected}, got {actual}", algorithm.name));
        }
        holds
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_no_digest_is_refused() {
        for (value, algorithm) in [("abc", "md5"), ("", "sha256"), (&"g".repeat(40), "sha1")] {
            let operands = [Value::Text(value.as_bytes()), Value::Text(algorithm.as_bytes())];
            assert!(prepare(&operands).is_err(), "{value} {algorithm}");
        }
    }
}
