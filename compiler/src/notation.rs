//! Which notation a plan is written in.

use std::path::Path;

use ld_stdlib::notation::{Parsed, toml, yaml};
use ld_stdlib::{Tree, TreeKind};

use crate::diag::{Code, Diagnostic, Source};
use crate::json::{self, Key, Kind, Member, Node, Number};

/// Reads a plan into a tree. The ending of its name tells the notation: JSON, unless it is
/// `.yaml`, `.yml` or `.toml`.
pub(crate) fn parse<'s>(source: &'s Source, problems: &mut Vec<Diagnostic>) -> Node<'s> {
    let ending = Path::new(source.name()).extension().and_then(|ending| ending.to_str());
    let text = source.text().trim_start_matches('\u{feff}');
    // A mark at the beginning takes no place in what is read.
    let skipped = (source.text().len() - text.len()) as u32;
    let (parsed, code): (Parsed, _) = match ending.unwrap_or_default() {
        "yaml" | "yml" => (yaml::parse(text), Code::BadYaml),
        "toml" => (toml::parse(text), Code::BadToml),
        _ => return json::parse(source.text(), problems),
    };
    let mut root = match parsed {
        Ok(tree) => node(tree),
        Err(wrong) => {
            for problem in wrong {
                let mut span = problem.span;
                span.start += skipped;
                span.end += skipped;
                let diagnostic = Diagnostic::new(code, problem.message).label(span, "here");
                problems.push(diagnostic);
            }
            Node { span: ld_stdlib::Span::default(), kind: Kind::Invalid }
        }
    };
    if skipped > 0 {
        shift(&mut root, skipped);
    }
    root
}

/// Whether a plan is written in JSON.
pub(crate) fn is_json(source: &Source) -> bool {
    let ending = Path::new(source.name()).extension().and_then(|ending| ending.to_str());
    !matches!(ending, Some("yaml" | "yml" | "toml"))
}

fn node(tree: Tree) -> Node<'static> {
    let kind = match tree.kind {
        TreeKind::Null => Kind::Null,
        TreeKind::Bool(flag) => Kind::Bool(flag),
        TreeKind::Int(number) => Kind::Number(Number::whole(number)),
        TreeKind::Float(number) => Kind::Number(Number::float(number)),
        TreeKind::Text(template) => {
            let text = template.constant().unwrap_or_default();
            Kind::String(String::from_utf8_lossy(&text).into_owned().into())
        }
        TreeKind::Json(text) => Kind::String(text.into()),
        TreeKind::List(items) => Kind::Array(items.into_iter().map(node).collect()),
        TreeKind::Map(members) => {
            let members = members.into_iter().map(|member| Member {
                key: Key { text: member.name.into(), span: member.name_span },
                value: node(member.value),
            });
            Kind::Object(members.collect())
        }
    };
    Node { span: tree.span, kind }
}

fn shift(node: &mut Node<'_>, by: u32) {
    node.span.start += by;
    node.span.end += by;
    match &mut node.kind {
        Kind::Array(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Kind::Object(members) => {
            for Member { key, value } in members {
                key.span.start += by;
                key.span.end += by;
                shift(value, by);
            }
        }
        _ => {}
    }
}
