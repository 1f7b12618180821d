//! gRPC: `grpc_user`.
//!
//! A user has one channel, kept from task to task and from tick to tick. Messages are JSON in the
//! plan; what they are on the wire is decided by descriptors, which come from `.proto` files, from
//! a descriptor set, or from the server itself.

mod address;
mod metadata;
mod status;
#[cfg(test)]
mod tests;

use ld_vm::Needs;

use super::{Prepared, Problem, ProblemKind, Protocol, Task, UserType, tls};
use crate::field::{Field, Shape};
use crate::template::{Template, Tree, TreeKind};

pub use address::{BadTarget, endpoint};
pub use metadata::check as check_metadata;
pub use status::{STATUSES, name as status_name, number as status_number};

/// Positions of a request's parts.
pub mod part {
    /// Where to: what [`endpoint`](super::endpoint) reads.
    pub const TARGET: u8 = 0;
    /// The service's full name, or its short one with [`STUB`](super::option::STUB); empty when
    /// the method names it.
    pub const SERVICE: u8 = 1;
    /// The method: `Name`, `pkg.Service/Name` or `/pkg.Service/Name`.
    pub const METHOD: u8 = 2;
    /// The message as JSON, or an array of messages; empty for the empty message.
    pub const PAYLOAD: u8 = 3;
    /// Lines `key: value`.
    pub const METADATA: u8 = 4;
    /// The paths of `.proto` files, one a line.
    pub const PROTO: u8 = 5;
    /// The folders that these import from, one a line.
    pub const IMPORTS: u8 = 6;
    /// The paths of descriptor sets, one a line.
    pub const DESCRIPTORS: u8 = 7;
    /// The path of a CA file or folder.
    pub const CA: u8 = 8;
    /// The path of the client certificate.
    pub const CERT: u8 = 9;
    /// The path of the client certificate's key; empty when it is in the same file.
    pub const KEY: u8 = 10;
}

/// Positions of a request's numbers.
pub mod option {
    /// What the task says the method is: a position in [`KINDS`](super::KINDS) and one more; 0 when
    /// it says nothing.
    pub const RPC: u8 = 0;
    /// The time limit in nanoseconds; 0 for none.
    pub const TIMEOUT_NS: u8 = 1;
    /// 1 for TLS, 0 for none, -1 to go by the target.
    pub const TLS: u8 = 2;
    /// 0 to accept any certificate.
    pub const VERIFY: u8 = 3;
    /// The status that is expected.
    pub const EXPECT_STATUS: u8 = 4;
    /// The most bytes a message from the server may have.
    pub const MOST_BYTES: u8 = 5;
    /// 1 when the service is the short name that a stub has.
    pub const STUB: u8 = 6;
}

/// The kinds of methods.
pub const KINDS: &[&str] = &["unary", "server_stream", "client_stream", "bidi"];

/// The time limit of a task that does not say one, in nanoseconds.
const TIMEOUT_NS: i64 = 10_000_000_000;

/// The most bytes a message may have where the task does not say, as in other clients.
const MOST_BYTES: i64 = 4 << 20;

/// Where a task goes when neither it nor the run says.
const TARGET: &str = "localhost:50051";

/// The row of the protocol table.
pub const PROTOCOL: Protocol = Protocol {
    name: "grpc",
    title: "gRPC",
    doc: "Calls of gRPC over HTTP/2: one channel per user, kept across ticks and opened anew where the target \
          changes. The reply is the message as JSON, with fields that are not set as their defaults; \
          a list of messages where the method streams them. The status is gRPC's number, headers \
          are the metadata that came with it. A call that ends with another status than OK fails, \
          unless `expect_status` or an assertion of the status says otherwise.",
    users: &[UserType {
        key: "grpc_user",
        doc: "A user that calls methods over a channel of its own.",
    }],
    fields: FIELDS,
    offers: Needs::STATUS.union(Needs::META).union(Needs::PAYLOAD),
    default_check: None,
    transient: &[8, 10, 14],
    at_once: false,
    has_cookies: false,
    has_connection: true,
    parts: &[
        "target",
        "service",
        "method",
        "payload",
        "metadata",
        "proto",
        "imports",
        "descriptors",
        "ca",
        "cert",
        "key",
    ],
    options: &["rpc", "timeout_ns", "tls", "verify", "expect_status", "most_bytes", "stub"],
    prepare,
};

const PATHS: Shape =
    Shape::Either(&[Shape::ConstantText, Shape::List(&Shape::ConstantText), Shape::Null]);

const FIELDS: &[Field] = &[
    Field::new(
        "cert",
        PATHS,
        "The client certificate: a PEM file with certificate and key, or a pair of files.",
        r#"["client.pem", "client.key"]"#,
    )
    .path()
    .aliases(&["client_cert"]),
    Field::new(
        "descriptor_set",
        PATHS,
        "A descriptor set that says which methods and messages there are, as \
         `protoc --include_imports --descriptor_set_out` writes it; or several.",
        r#""api.protoset""#,
    )
    .path(),
    Field::new(
        "expect_status",
        Shape::Either(&[
            Shape::Integer { min: 0, max: 16 },
            Shape::Choice(STATUSES),
            Shape::Null,
        ]),
        "The status the call must end with, by name or number.",
        r#""NOT_FOUND""#,
    )
    .default("OK"),
    Field::new(
        "import_paths",
        PATHS,
        "The folders that `import` in `.proto` files is relative to.",
        r#"["protos"]"#,
    )
    .path()
    .default("the folders of the files themselves"),
    Field::new(
        "max_message_bytes",
        Shape::Either(&[Shape::Integer { min: 1, max: 1 << 30 }, Shape::Null]),
        "The most bytes a message from the server may have; the call fails at a larger one.",
        "65536",
    )
    .default("4194304"),
    Field::new(
        "metadata",
        Shape::Either(&[
            Shape::Map(&Shape::Either(&[Shape::Text, Shape::List(&Shape::Text), Shape::Null])),
            Shape::List(&Shape::List(&Shape::Text)),
            Shape::Null,
        ]),
        "What is sent along: an object, or a list of pairs. Keys that end with `-bin` have values in \
         base64.",
        r#"{"authorization": "Bearer ${token}"}"#,
    ),
    Field::new(
        "method",
        Shape::Text,
        "The method; it may name its service as well.",
        r#""shop.Catalog/Find""#,
    )
    .required(),
    Field::new(
        "payload",
        Shape::Any,
        "The message: an object by the JSON mapping of Protocol Buffers. Where the client streams, a \
         list of messages.",
        r#"{"name": "${name}"}"#,
    )
    .default("the empty message; no message where the client streams"),
    Field::new(
        "proto",
        PATHS,
        "The `.proto` file that says which methods and messages there are, or several.",
        r#""protos/shop.proto""#,
    )
    .path(),
    Field::new(
        "reflection",
        Shape::Bool,
        "Whether the server is asked which methods and messages there are, where neither `proto` nor \
         `descriptor_set` says so.",
        "true",
    )
    .default("false"),
    Field::new(
        "request_path",
        Shape::Any,
        "The reference's class of the message. It is not looked at: the method says what it takes.",
        r#""shop_pb2.FindRequest""#,
    ),
    Field::new(
        "rpc",
        Shape::Choice(&[
            "unary",
            "server_stream",
            "client_stream",
            "bidi",
            "bidirectional",
            "bidi_stream",
        ]),
        "What kind of method it is. Descriptors say that as well; a contradiction is a failure.",
        r#""server_stream""#,
    )
    .default("what the descriptors say"),
    Field::new(
        "service",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "The full name of the service, where the method does not name it.",
        r#""shop.Catalog""#,
    ),
    Field::new(
        "stub_path",
        Shape::Either(&[Shape::ConstantText, Shape::Null]),
        "The reference's class of the stub, which stands for the service of that name in the \
         descriptors.",
        r#""shop_pb2_grpc.CatalogStub""#,
    ),
    Field::new(
        "target",
        Shape::Either(&[Shape::Text, Shape::Null]),
        "The host and port; with `grpcs://` or `https://` before them TLS is spoken.",
        r#""127.0.0.1:50051""#,
    )
    .aliases(&["host"])
    .default("the run's `host`, else `localhost:50051`"),
    Field::new(
        "timeout",
        Shape::Either(&[Shape::SECONDS, Shape::Null]),
        "The deadline of the whole task, connecting included, in seconds; the server is told. 0 for \
         none.",
        "2.5",
    )
    .default("10"),
    Field::new("tls", Shape::Bool, "Whether TLS is spoken.", "true")
        .default("as the target's scheme says, else false"),
    tls::VERIFY,
];

fn prepare(task: &Task<'_>) -> Result<Prepared, Vec<Problem>> {
    let mut problems = Vec::new();
    let tls = task.flag("tls");
    let target = target(task, tls, &mut problems);
    let called = Called::of(task, &mut problems);
    let (descriptors, notes) = descriptors(task, &called, &mut problems);
    let metadata = metadata::lines(task, &mut problems);
    let payload = payload(task, &mut problems);
    let authorities = tls::authorities(task, &mut problems);
    let (cert, key) = tls::certificate(task, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let [proto, imports, sets] = descriptors;
    let expected = expected(task);
    Ok(Prepared {
        options: vec![
            kind(task),
            task.nanoseconds("timeout").unwrap_or(TIMEOUT_NS),
            tls.map_or(-1, i64::from),
            i64::from(task.flag("verify").unwrap_or(true)),
            expected,
            task.integer("max_message_bytes").unwrap_or(MOST_BYTES),
            i64::from(called.is_stub),
        ],
        method: "GRPC".to_owned(),
        target: target.clone(),
        name: called.name,
        parts: vec![
            target,
            called.service,
            called.method,
            payload,
            metadata,
            proto,
            imports,
            sets,
            authorities,
            cert,
            key,
        ],
        // What else is expected, the driver judges.
        check: (expected == 0).then_some("grpc_ok"),
        notes,
    })
}

fn target(task: &Task<'_>, tls: Option<bool>, problems: &mut Vec<Problem>) -> Template {
    let is_said = |tree: &&Tree| !matches!(&tree.kind, TreeKind::Text(text) if text.is_empty());
    let Some(field) = task.field("target").or(task.host).filter(is_said) else {
        return Template::text(TARGET);
    };
    let target = field.to_text();
    if let Some(constant) = target.constant() {
        let text = String::from_utf8_lossy(&constant);
        if let Err(why) = endpoint(&text, tls) {
            problems.push(Problem {
                span: field.span,
                kind: ProblemKind::Value,
                message: format!("`{text}` is no target: {why}"),
                label: "a target is `host:port`, perhaps behind `grpcs://`".to_owned(),
                help: String::new(),
            });
        }
    }
    target
}

/// What a task calls.
struct Called {
    service: Template,
    method: Template,
    is_stub: bool,
    /// The task's name where it has none.
    name: Template,
}

impl Called {
    fn of(task: &Task<'_>, problems: &mut Vec<Problem>) -> Self {
        let method = task.text("method").unwrap_or_default();
        let constant = method.constant().map(|name| String::from_utf8_lossy(&name).into_owned());
        let names_service =
            constant.as_ref().is_none_or(|name| name.trim_start_matches('/').contains('/'));
        if let Some(service) = task.text("service").filter(|service| !service.is_empty()) {
            let mut name = service.clone();
            name.push_text("/");
            name.push(&method);
            return Self { service, method, is_stub: false, name };
        }
        if let Some(path) = task.constant("stub_path").filter(|path| !path.is_empty())
            && let Some(field) = task.field("stub_path")
        {
            let mut name = Template::text(format!("{path}."));
            name.push(&method);
            let class = path.rsplit('.').next().unwrap_or(&path);
            let service = Template::text(class.strip_suffix("Stub").unwrap_or(class));
            if !path.split('.').all(is_identifier) {
                problems.push(Problem {
                    span: field.span,
                    kind: ProblemKind::Value,
                    message: format!("invalid dotted import path: '{path}'"),
                    label: "names with dots between them".to_owned(),
                    help: String::new(),
                });
            }
            return Self { service, method, is_stub: true, name };
        }
        if !names_service {
            problems.push(Problem {
                span: task.field("method").map_or(task.span, |field| field.span),
                kind: ProblemKind::Missing,
                message: "this method has no service".to_owned(),
                label: "of which service?".to_owned(),
                help: "write `pkg.Service/Method`, or give `service`".to_owned(),
            });
        }
        let name = match constant {
            Some(name) => Template::text(name.trim_start_matches('/')),
            None => method.clone(),
        };
        Self { service: Template::default(), method, is_stub: false, name }
    }
}

fn is_identifier(part: &str) -> bool {
    let mut chars = part.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|char| char.is_alphanumeric() || char == '_')
}

/// The paths of `.proto` files, of the folders they import from, and of descriptor sets.
fn descriptors(
    task: &Task<'_>,
    called: &Called,
    problems: &mut Vec<Problem>,
) -> ([Template; 3], Vec<Problem>) {
    let [proto, mut imports, mut sets] =
        ["proto", "import_paths", "descriptor_set"].map(|field| paths(task, field));
    let mut notes = Vec::new();
    let mut is_vain = |field: &str, paths: &mut Template, why: &str| {
        if let (false, Some(tree)) = (paths.is_empty(), task.field(field)) {
            notes.push(Problem {
                span: tree.span,
                kind: ProblemKind::NoEffect,
                message: format!("`{field}` changes nothing {why}"),
                label: "this is not looked at".to_owned(),
                help: String::new(),
            });
            *paths = Template::default();
        }
    };
    if proto.is_empty() {
        is_vain("import_paths", &mut imports, "without `proto`");
    } else {
        is_vain("descriptor_set", &mut sets, "beside `proto`");
    }
    let is_asked = task.flag("reflection").unwrap_or(false);
    if proto.is_empty() && sets.is_empty() && !is_asked {
        let what =
            task.constant("stub_path").filter(|path| !path.is_empty()).unwrap_or_else(|| {
                String::from_utf8_lossy(&called.name.constant().unwrap_or_default()).into_owned()
            });
        problems.push(Problem {
            span: task.span,
            kind: ProblemKind::Missing,
            message: format!(
                "grpc: no descriptor for {what}; give proto, descriptor_set or enable reflection"
            ),
            label: "what the messages look like is not known".to_owned(),
            help: r#"add `"proto": "FILE.proto"`, or `"reflection": true` where the server has it"#
                .to_owned(),
        });
    }
    ([proto, imports, sets], notes)
}

/// The paths of a field, one a line.
fn paths(task: &Task<'_>, field: &str) -> Template {
    let Some(tree) = task.field(field) else {
        return Template::default();
    };
    let TreeKind::List(paths) = &tree.kind else {
        return tree.to_text();
    };
    let mut lines = Template::default();
    for path in paths {
        lines.push_text(if lines.is_empty() { "" } else { "\n" });
        lines.push(&path.to_text());
    }
    lines
}

fn payload(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let Some(field) = task.field("payload") else {
        return Template::default();
    };
    if let TreeKind::Bool(_) | TreeKind::Int(_) | TreeKind::Float(_) = field.kind {
        problems.push(Problem {
            span: field.span,
            kind: ProblemKind::Value,
            message: "a message is an object".to_owned(),
            label: "this is none".to_owned(),
            help: "write the fields of the message as an object".to_owned(),
        });
    }
    field.to_text()
}

fn kind(task: &Task<'_>) -> i64 {
    let said = task.constant("rpc").unwrap_or_default().to_ascii_lowercase();
    let kind = if said.starts_with("bidi") { "bidi" } else { &said };
    let position = KINDS.iter().position(|known| *known == kind);
    position.and_then(|position| i64::try_from(position + 1).ok()).unwrap_or(0)
}

fn expected(task: &Task<'_>) -> i64 {
    let named = task.constant("expect_status").and_then(|name| status_number(&name));
    task.integer("expect_status").or(named).unwrap_or(0)
}
