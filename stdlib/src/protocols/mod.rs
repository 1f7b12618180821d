//! The protocols: what their users are called, what their tasks may say, what their
//! replies offer, and how a task becomes a request.
//!
//! This is the compiler's half of a protocol; the driver's half is the module of the same
//! name in `ld-drivers`. They meet in the positions of parts and options, which are
//! constants of the protocol's module here.

use ld_vm::Needs;

use crate::field::Field;
use crate::span::Span;
use crate::template::{Template, Tree};

pub mod grpc;
pub mod http;
pub mod payload;
pub mod redis;
pub mod socket;
pub mod sql;
mod tls;
pub mod websocket;

/// The protocols, by name.
pub const PROTOCOLS: &[Protocol] = &[
    grpc::PROTOCOL,
    http::PROTOCOL,
    redis::PROTOCOL,
    socket::PROTOCOL,
    sql::PROTOCOL,
    websocket::PROTOCOL,
];

/// The name, in programs, of what drives users whose tasks are of several protocols.
pub const MIXED: &str = "mixed";

/// User types of the language that this build does not drive.
pub const LATER: &[&str] = &[
    "amqp_user",
    "apns_user",
    "cassandra_user",
    "coap_user",
    "consul_user",
    "couchbase_user",
    "elasticsearch_user",
    "etcd_user",
    "fcm_user",
    "ftp_user",
    "fuzz_http_user",
    "graphql_ws_user",
    "http3_user",
    "imap_user",
    "kafka_user",
    "ldap_user",
    "memcached_user",
    "modbus_user",
    "mongo_user",
    "mqtt_user",
    "nats_user",
    "neo4j_user",
    "opcua_user",
    "pulsar_user",
    "sftp_user",
    "smtp_user",
    "snmp_user",
    "soap_user",
    "sse_user",
    "thrift_user",
    "vault_user",
    "webpush_user",
    "zmq_user",
];

/// A protocol.
#[derive(Debug)]
pub struct Protocol {
    /// The name; programs store it.
    pub name: &'static str,
    /// The name in messages: `HTTP`.
    pub title: &'static str,
    /// What it is, as a sentence.
    pub doc: &'static str,
    /// The user types that speak it.
    pub users: &'static [UserType],
    /// The fields of a task, besides those every task has.
    pub fields: &'static [Field],
    /// What its replies offer to checks and extracts.
    pub offers: Needs,
    /// The assertion that stands when a task has no assertion of the status, by name.
    pub default_check: Option<&'static str>,
    /// The statuses of failures that may be over when the request is sent again.
    pub transient: &'static [i64],
    /// Whether a user can have several requests under way.
    pub at_once: bool,
    /// Whether a user keeps cookies.
    pub has_cookies: bool,
    /// Whether tasks take fields that they do not say themselves from the `connection` of their
    /// run.
    pub has_connection: bool,
    /// The names of a request's parts, in order.
    pub parts: &'static [&'static str],
    /// The names of a request's numbers, in order.
    pub options: &'static [&'static str],
    /// Makes a request of a task.
    pub prepare: fn(&Task<'_>) -> Result<Prepared, Vec<Problem>>,
}

/// A user type of a plan: the value of `user_detail_dict.user`.
#[derive(Debug)]
pub struct UserType {
    /// The key in plans.
    pub key: &'static str,
    /// What sets it apart, as a sentence.
    pub doc: &'static str,
}

/// A task as a protocol sees it: its fields by their proper names, checked against their
/// shapes, placeholders resolved.
#[derive(Debug)]
pub struct Task<'t> {
    /// The user type's key.
    pub user: &'static str,
    /// Where the task stands in the plan.
    pub span: Span,
    /// The fields the task has.
    pub fields: Vec<(&'static str, &'t Tree)>,
    /// What relative targets are relative to: `host` of the run.
    pub host: Option<&'t Tree>,
    /// Whether the run leaves the version of HTTP to servers: `http2` of the run.
    pub http2: bool,
}

impl<'t> Task<'t> {
    /// The value of a field; `None` when it is absent or `null`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'t Tree> {
        let found = self.fields.iter().find(|(field, _)| *field == name)?.1;
        (found.kind != crate::TreeKind::Null).then_some(found)
    }

    /// A field as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Template> {
        self.field(name).map(Tree::to_text)
    }

    /// A field as text that must not depend on the user.
    #[must_use]
    pub fn constant(&self, name: &str) -> Option<String> {
        let bytes = self.text(name)?.constant()?;
        String::from_utf8(bytes).ok()
    }

    /// A boolean field.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.field(name)?.kind {
            crate::TreeKind::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// A field in seconds, as nanoseconds.
    #[must_use]
    pub fn nanoseconds(&self, name: &str) -> Option<i64> {
        let seconds = match self.field(name)?.kind {
            crate::TreeKind::Int(number) => number as f64,
            crate::TreeKind::Float(number) => number,
            _ => return None,
        };
        Some((seconds * 1e9).round() as i64)
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.field(name)?.kind {
            crate::TreeKind::Int(number) => Some(number),
            _ => None,
        }
    }
}

/// A request, prepared as far as it can be before the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prepared {
    /// The parts, by position; missing ones at the end are empty.
    pub parts: Vec<Template>,
    /// The numbers, by position.
    pub options: Vec<i64>,
    /// The method in reports.
    pub method: String,
    /// The target in reports.
    pub target: Template,
    /// The name in reports, for a task without one.
    pub name: Template,
    /// An assertion that the request brings with it, by name.
    pub check: Option<&'static str>,
    /// What the task says in vain.
    pub notes: Vec<Problem>,
}

/// Something in a task that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub span: Span,
    /// What kind of problem it is; decides the diagnostic's code.
    pub kind: ProblemKind,
    /// What is wrong, in the user's terms.
    pub message: String,
    /// What is said at the place itself; may be empty.
    pub label: String,
    /// What to do.
    pub help: String,
}

/// The kinds of problems a protocol can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A field is needed and not there.
    Missing,
    /// A value cannot be what it is.
    Value,
    /// A field changes nothing, as its neighbours are.
    NoEffect,
    /// The language knows it, this build does not.
    NotYet,
}

/// The protocol and user type of a key.
#[must_use]
pub fn find_user(key: &str) -> Option<(&'static Protocol, &'static UserType)> {
    PROTOCOLS.iter().find_map(|protocol| {
        let user = protocol.users.iter().find(|user| user.key == key)?;
        Some((protocol, user))
    })
}

/// Every user key of this build.
pub fn user_keys() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().flat_map(|protocol| protocol.users.iter().map(|user| user.key))
}
