//! The way a request takes: proxy, and what is said in TLS.

use crate::protocols::{Problem, ProblemKind, Task};
use crate::template::{Template, Tree, TreeKind};

/// What a task says about the way of its request.
#[derive(Default)]
pub(super) struct Route {
    pub(super) proxy: Template,
    /// Hosts with commas between them.
    pub(super) no_proxy: Template,
    pub(super) server_name: Template,
    /// Protocols with commas between them.
    pub(super) alpn: Template,
    /// 12, 13, or 0 for either.
    pub(super) tls_version: i64,
}

impl Route {
    pub(super) fn new(task: &Task<'_>, problems: &mut Vec<Problem>) -> Self {
        let mut route = Self {
            proxy: task.text("proxy").unwrap_or_default(),
            no_proxy: task.field("no_proxy").map(joined).unwrap_or_default(),
            ..Self::default()
        };
        if let Some(tree) = task.field("proxy") {
            check_proxy(tree, problems);
        }
        if let Some(tls) = task.field("tls") {
            route.take_tls(tls, problems);
        }
        route
    }

    fn take_tls(&mut self, tls: &Tree, problems: &mut Vec<Problem>) {
        let version = |name: &str| tls.member(name).and_then(|tree| tree.to_text().constant());
        let (min, max) = (version("min_version"), version("max_version"));
        self.tls_version = match (min.as_deref(), max.as_deref()) {
            (Some(b"1.3"), Some(b"1.2")) => {
                problems.push(Problem {
                    span: tls.span,
                    kind: ProblemKind::Value,
                    message: "`min_version` is above `max_version`".to_owned(),
                    label: "no version is left".to_owned(),
                    help: String::new(),
                });
                0
            }
            (Some(b"1.3"), _) => 13,
            (_, Some(b"1.2")) => 12,
            _ => 0,
        };
        self.server_name = tls.member("server_name").map(Tree::to_text).unwrap_or_default();
        self.alpn = tls.member("alpn").map(joined).unwrap_or_default();
    }
}

fn check_proxy(tree: &Tree, problems: &mut Vec<Problem>) {
    let Some(text) = tree.to_text().constant().filter(|text| !text.is_empty()) else {
        return;
    };
    if ["http://", "socks5://", "socks5h://"].iter().any(|start| text.starts_with(start.as_bytes()))
    {
        return;
    }
    problems.push(Problem {
        span: tree.span,
        kind: ProblemKind::Value,
        message: "this is not a proxy that HTTP users can go through".to_owned(),
        label: "HTTP and SOCKS5 only".to_owned(),
        help: "write http://host:port, socks5://host:port or socks5h://host:port".to_owned(),
    });
}

/// A list as text with commas; a text as it is.
fn joined(tree: &Tree) -> Template {
    let TreeKind::List(items) = &tree.kind else {
        return tree.to_text();
    };
    let mut out = Template::default();
    for item in items {
        if !out.is_empty() {
            out.push_text(",");
        }
        out.push(&item.to_text());
    }
    out
}
