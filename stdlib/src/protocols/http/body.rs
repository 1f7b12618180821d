//! The body of an HTTP task: text, a form, JSON, a GraphQL query, a file or a form with files.

use ld_vm::Escape;

use super::multipart::{self, Multipart};
use super::{Kind, extra};
use crate::compress::{self, Coding};
use crate::protocols::{Problem, ProblemKind, Task};
use crate::template::{Template, Tree, TreeKind};

/// What a task sends.
#[derive(Default)]
pub(super) struct Body {
    /// The text of the body, up to the first file if there is one.
    pub(super) text: Template,
    /// Files, each by its path, and the text after it.
    pub(super) files: Vec<(Template, Template)>,
    pub(super) content_type: Option<Template>,
    /// Whether the plan's own `Content-Type` cannot stand beside this body.
    pub(super) owns_type: bool,
    pub(super) accept: &'static str,
    /// The coding to say in `Content-Encoding`.
    pub(super) coding: Option<Coding>,
    /// What the driver has to do, in bits of [`extra`].
    pub(super) extras: i64,
    /// The check of the reply that comes with this body.
    pub(super) check: Option<&'static str>,
}

impl Body {
    pub(super) fn new(
        task: &Task<'_>,
        kind: Kind,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let mut body = Self::uncoded(task, kind, problems, notes);
        if !body.files.is_empty() {
            body.extras |= extra::FILES;
        }
        let coding = match task.constant("compress").as_deref() {
            Some("gzip") => Coding::Gzip,
            Some(_) => Coding::Deflate,
            None => return body,
        };
        if body.text.is_empty() && body.files.is_empty() {
            if let Some(compress) = task.field("compress") {
                notes.push(super::no_effect(compress.span, "compress", "a request without body"));
            }
            return body;
        }
        body.coding = Some(coding);
        match body.text.constant().filter(|_| body.files.is_empty()) {
            Some(text) => body.text = Template::text(compress::compress(coding, &text)),
            None => {
                body.extras |= match coding {
                    Coding::Gzip => extra::GZIP,
                    Coding::Deflate => extra::DEFLATE,
                }
            }
        }
        body
    }

    /// Whether the whole body is known before the run.
    pub(super) fn constant(&self) -> Option<Vec<u8>> {
        let is_varying = extra::FILES | extra::GZIP | extra::DEFLATE;
        if self.extras & is_varying == 0 { self.text.constant() } else { None }
    }

    fn uncoded(
        task: &Task<'_>,
        kind: Kind,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Self {
        let given = |name: &'static str| task.field(name).map(|tree| (name, tree));
        let alone: Vec<_> =
            ["graphql", "body_file", "files"].into_iter().filter_map(given).collect();
        if let [(one, _), (other, tree), ..] = alone.as_slice() {
            problems.push(two_bodies(tree, other, one));
        }
        let Some((name, tree)) = alone.first() else {
            return Self::of_data(task, kind, notes);
        };
        for (other, field) in ["data", "json"].into_iter().filter_map(given) {
            if !(*name == "files" && other == "data" && matches!(field.kind, TreeKind::Map(_))) {
                problems.push(two_bodies(field, other, name));
            }
        }
        match *name {
            "graphql" => graphql(tree),
            "body_file" => Self {
                files: vec![(tree.to_text(), Template::default())],
                accept: "*/*",
                ..Self::default()
            },
            _ => {
                let Multipart { text, files, content_type } =
                    multipart::form(task.field("data"), tree, problems);
                let content_type = Some(Template::text(content_type));
                Self {
                    text,
                    files,
                    content_type,
                    owns_type: true,
                    accept: "*/*",
                    ..Self::default()
                }
            }
        }
    }

    fn of_data(task: &Task<'_>, kind: Kind, notes: &mut Vec<Problem>) -> Self {
        let typed = |text: &str| Some(Template::text(text));
        if let Some(data) = task.field("data") {
            let is_form = matches!(data.kind, TreeKind::Map(_));
            let text = if is_form { form(data) } else { data.to_text() };
            if !text.is_empty() {
                if let Some(json) = task.field("json") {
                    notes.push(super::no_effect(json.span, "json", "`data`"));
                }
                let content_type = match (is_form, kind) {
                    (true, Kind::Fast) => typed("application/x-www-form-urlencoded; charset=utf-8"),
                    (true, _) => typed("application/x-www-form-urlencoded"),
                    (false, Kind::Fast) => typed("text/plain; charset=utf-8"),
                    (false, _) => None,
                };
                return Self { text, content_type, accept: "*/*", ..Self::default() };
            }
        }
        let Some(json) = task.field("json") else {
            return Self { accept: "*/*", ..Self::default() };
        };
        Self {
            text: json.to_json(),
            content_type: typed("application/json"),
            accept: if kind == Kind::Fast { "application/json" } else { "*/*" },
            ..Self::default()
        }
    }
}

/// A query as GraphQL servers take it over HTTP, with the check that comes with it.
fn graphql(tree: &Tree) -> Body {
    let mut text = Template::text("{\"query\": ");
    for (member, name) in [
        ("query", ""),
        ("variables", ", \"variables\": "),
        ("operation_name", ", \"operationName\": "),
    ] {
        if let Some(value) = tree.member(member).filter(|value| value.kind != TreeKind::Null) {
            text.push_text(name);
            text.push(&value.to_json());
        }
    }
    text.push_text("}");
    let allows = tree.member("allow_errors").is_some_and(|flag| flag.kind == TreeKind::Bool(true));
    Body {
        text,
        content_type: Some(Template::text("application/json")),
        accept: "application/graphql-response+json, application/json",
        check: (!allows).then_some("graphql_errors"),
        ..Body::default()
    }
}

fn two_bodies(tree: &Tree, name: &str, other: &str) -> Problem {
    Problem {
        span: tree.span,
        kind: ProblemKind::Value,
        message: format!("a request has one body, and this task has `{other}` and `{name}`"),
        label: "a second body".to_owned(),
        help: "leave one of them out".to_owned(),
    }
}

/// `name=value&name=value`, in the order of the plan.
pub(super) fn form(map: &Tree) -> Template {
    let mut out = Template::default();
    for (name, value) in pairs(map) {
        if !out.is_empty() {
            out.push_text("&");
        }
        out.push_escaped(&Template::text(name), Escape::Query);
        out.push_text("=");
        out.push_escaped(&value.to_text(), Escape::Query);
    }
    out
}

/// The fields of a form: lists repeat the name, `null` leaves it out.
pub(super) fn pairs(map: &Tree) -> Vec<(&str, &Tree)> {
    let TreeKind::Map(members) = &map.kind else {
        return Vec::new();
    };
    let all = members.iter().flat_map(|member| {
        let values = match &member.value.kind {
            TreeKind::List(items) => items.iter().collect(),
            _ => vec![&member.value],
        };
        values.into_iter().map(|value| (member.name.as_str(), value))
    });
    all.filter(|(_, value)| value.kind != TreeKind::Null).collect()
}
