//! TCP and UDP: `socket_user`.
//!
//! Each task opens a socket of its own, sends its payload, reads what it expects and closes
//! the socket.

use ld_vm::Needs;

use super::payload::payload;
use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType};
use crate::endpoint::Endpoint;
use crate::field::{Field, Shape};
use crate::template::{Template, Tree, TreeKind};

/// Positions of a request's parts.
pub mod part {
    /// `host:port`.
    pub const TARGET: u8 = 0;
    /// What to send.
    pub const PAYLOAD: u8 = 1;
    /// The text to find in what is read; empty for none.
    pub const EXPECT: u8 = 2;
}

/// Positions of a request's numbers.
pub mod option {
    /// 1 for UDP, 0 for TCP.
    pub const UDP: u8 = 0;
    /// The time limit in nanoseconds; 0 for none.
    pub const TIMEOUT_NS: u8 = 1;
    /// How many bytes to read; 0 to read only as far as the expected text.
    pub const EXPECT_BYTES: u8 = 2;
    /// 1 when the payload may begin with `hex:`.
    pub const HEX: u8 = 3;
}

/// The time limit of a task that does not say one, in nanoseconds.
const TIMEOUT_NS: i64 = 5_000_000_000;

/// The most bytes a task can wait for.
const MOST_BYTES: i64 = 1 << 30;

/// Where a task goes when neither it nor the run says.
const TARGET: &str = "127.0.0.1:9000";

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "socket",
    title: "socket",
    doc: "Bytes over TCP or UDP, on a socket of its own for each task.",
    users: &[UserType {
        key: "socket_user",
        doc: "A user that sends bytes and reads what comes back.",
    }],
    fields: FIELDS,
    offers: Needs::PAYLOAD,
    default_check: None,
    transient: &[],
    at_once: false,
    has_cookies: false,
    has_connection: false,
    parts: &["target", "payload", "expect"],
    options: &["udp", "timeout_ns", "expect_bytes", "hex"],
    prepare,
};

const FIELDS: &[Field] = &[
    Field::new(
        "expect_bytes",
        Shape::Either(&[Shape::Integer { min: 0, max: MOST_BYTES }, Shape::Null]),
        "How many bytes to read. TCP stops earlier when the peer closes, which is no failure; \
         UDP reads one datagram and cuts it.",
        "4",
    )
    .default("0: nothing is read, unless `expect_substring` says so"),
    Field::new(
        "expect_substring",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "A text that must be among the bytes read. Without `expect_bytes`, reading goes on until \
         it has come.",
        r#""PONG""#,
    )
    .default("none"),
    Field::new(
        "payload",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "What to send: text as UTF-8, or `hex:` and hexadecimal digits.",
        r#""hex:50 49 4e 47""#,
    )
    .default("nothing"),
    Field::new("protocol", Shape::Choice(&["tcp", "udp"]), "The protocol.", r#""udp""#)
        .default("tcp"),
    Field::new(
        "target",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "The host and port; IPv6 addresses stand in brackets.",
        r#""[::1]:7""#,
    )
    .aliases(&["host"])
    .default("the run's `host`, else `127.0.0.1:9000`"),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The time limit of the whole task, in seconds; 0 for none.",
        "2.5",
    )
    .default("5"),
];

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let protocol = task.constant("protocol").unwrap_or_default().to_ascii_lowercase();
    let protocol = if protocol == "udp" { "udp" } else { "tcp" };
    let target = target(task, &mut problems);
    let (payload, may_be_hex) = payload(task, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut name = Template::text(format!("{protocol}:"));
    name.push(&target);
    Ok(Prepared {
        parts: vec![target.clone(), payload, task.text("expect_substring").unwrap_or_default()],
        options: vec![
            i64::from(protocol == "udp"),
            task.nanoseconds("timeout").unwrap_or(TIMEOUT_NS),
            task.integer("expect_bytes").unwrap_or(0),
            i64::from(may_be_hex),
        ],
        method: protocol.to_ascii_uppercase(),
        target,
        name,
        check: None,
        notes: Vec::new(),
    })
}

fn target(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let is_said = |tree: &&Tree| !matches!(&tree.kind, TreeKind::Text(text) if text.is_empty());
    let Some(field) = task.field("target").or(task.host).filter(is_said) else {
        return Template::text(TARGET);
    };
    let target = field.to_text();
    if let Some(constant) = target.constant() {
        let text = String::from_utf8_lossy(&constant);
        if let Err(why) = Endpoint::parse(&text, None, false) {
            problems.push(Problem {
                span: field.span,
                kind: ProblemKind::Value,
                message: format!("`{text}` is no target: {why}"),
                label: "a target is `host:port` or `[IPv6 address]:port`".to_owned(),
                help: String::new(),
            });
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use ld_vm::Escape;

    use super::*;
    use crate::span::Span;

    fn tree(kind: TreeKind) -> Tree {
        Tree { span: Span::default(), kind }
    }

    fn text(text: &str) -> Tree {
        tree(TreeKind::Text(Template::text(text)))
    }

    fn prepared(fields: &[(&'static str, Tree)], host: Option<&Tree>) -> Result<Prepared, String> {
        let fields = fields.iter().map(|(name, tree)| (*name, tree)).collect();
        let task = Task { user: "socket_user", span: Span::default(), fields, host, http2: false };
        prepare(&task).map_err(|problems| problems[0].message.clone())
    }

    #[test]
    fn a_task_that_says_nothing_has_the_references_defaults() {
        let prepared = prepared(&[], None).unwrap();
        assert_eq!(prepared.parts[usize::from(part::TARGET)], Template::text("127.0.0.1:9000"));
        assert_eq!(prepared.options, [0, 5_000_000_000, 0, 0]);
        assert_eq!(prepared.method, "TCP");
        assert_eq!(prepared.name.constant().unwrap(), b"tcp:127.0.0.1:9000");
    }

    #[test]
    fn the_runs_host_is_the_default_target() {
        let host = text("[::1]:7");
        let udp = [("protocol", text("UDP"))];
        let prepared = prepared(&udp, Some(&host)).unwrap();
        assert_eq!(prepared.target, Template::text("[::1]:7"));
        assert_eq!(prepared.method, "UDP");
        assert_eq!(prepared.options[usize::from(option::UDP)], 1);
    }

    #[test]
    fn a_target_without_a_port_is_a_mistake_of_the_plan() {
        let error = prepared(&[("target", text("127.0.0.1"))], None).unwrap_err();
        assert_eq!(error, "`127.0.0.1` is no target: the port is missing");
        let error = prepared(&[("target", text("tcp://127.0.0.1:7"))], None).unwrap_err();
        assert!(error.contains("not be in a host"), "{error}");
    }

    #[test]
    fn constant_hexadecimal_is_bytes_already_or_a_mistake_of_the_plan() {
        let good = prepared(&[("payload", text("hex:00ff"))], None).unwrap();
        assert_eq!(good.parts[usize::from(part::PAYLOAD)], Template::text([0, 0xff]));
        assert_eq!(good.options[usize::from(option::HEX)], 0);
        let error = prepared(&[("payload", text("hex:0x"))], None).unwrap_err();
        assert_eq!(error, "the payload is not hexadecimal: `x` is no such digit");
    }

    #[test]
    fn payloads_that_vary_are_looked_at_when_they_may_be_hexadecimal() {
        for (begin, may_be_hex) in [("hex:00", 1), ("", 1), ("he", 1), ("hello ", 0)] {
            let mut payload = Template::text(begin);
            payload.push_slot(0, Escape::Raw);
            let fields = [("payload", tree(TreeKind::Text(payload)))];
            let prepared = prepared(&fields, None).unwrap();
            assert_eq!(prepared.options[usize::from(option::HEX)], may_be_hex, "{begin}");
        }
    }

    #[test]
    fn zero_and_false_are_no_payload() {
        for kind in [TreeKind::Int(0), TreeKind::Bool(false), TreeKind::Null] {
            let prepared = prepared(&[("payload", tree(kind))], None).unwrap();
            assert!(prepared.parts[usize::from(part::PAYLOAD)].is_empty());
        }
    }
}
