//! XML, and XPath 1.0 on its tree.

use std::cmp::Ordering;

use memchr::{memchr, memmem};
use roxmltree::{Document, NodeType, ParsingOptions};
use xpath_eval::{
    DocumentCache, EvaluationContext, ExpandedName, Expr, Node, NodeKind, Value, evaluate, parse,
};

use super::Matches;
use crate::late::Written;

const MAX_BYTES: usize = 8 << 20;
const MAX_NODES: u32 = 100_000;
const MAX_DEPTH: u32 = 256;
const MAX_ATTRIBUTES: usize = 256;
const MAX_PATH: usize = 2_000;

/// An XPath expression.
pub(crate) struct XPath(Expr);

impl Written for XPath {
    fn read(text: &str) -> Result<Self, String> {
        // It is read and evaluated by recursion.
        if text.len() > MAX_PATH {
            return Err(format!("an XPath expression has at most {MAX_PATH} characters"));
        }
        let parsed = parse(text).map_err(|error| {
            format!("`{text}` is not XPath: {} at character {}", error.message, error.position + 1)
        })?;
        Ok(Self(parsed))
    }
}

impl XPath {
    /// What the expression gives; nothing when the body is not XML or cannot be evaluated.
    pub(crate) fn find(&self, body: &[u8]) -> Matches {
        self.evaluate(body).unwrap_or_else(|| Matches::Texts(Vec::new()))
    }

    fn evaluate(&self, body: &[u8]) -> Option<Matches> {
        if body.len() > MAX_BYTES || !has_few_attributes(body) {
            return None;
        }
        let text = String::from_utf8_lossy(body);
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document =
            Document::parse_with_options(text.trim_start_matches('\u{feff}'), options).ok()?;
        if is_too_deep(&document) {
            return None;
        }
        let declared = |prefix: &str| {
            let elements = document.descendants().filter(roxmltree::Node::is_element);
            let mut uris = elements.filter_map(|node| node.lookup_namespace_uri(Some(prefix)));
            uris.next().map(str::to_owned)
        };
        let cache = DocumentCache::new();
        let mut context =
            EvaluationContext::new(XmlNode { node: document.root(), attribute: None });
        context.namespaces = Some(&declared);
        context.cache = Some(&cache);
        Some(match evaluate(&self.0, &context).ok()? {
            Value::NodeSet(mut nodes) => {
                nodes.sort_by(|a, b| a.document_order(*b));
                Matches::Texts(nodes.into_iter().map(Node::string_value).collect())
            }
            Value::Boolean(flag) => Matches::Bool(flag),
            Value::Number(number) => Matches::Number(number),
            Value::String(text) => Matches::Text(text),
        })
    }
}

/// Whether no element has more attributes than is allowed. The parser compares each with all
/// others of its element, so this is asked first; of what is not well-formed any answer will do.
fn has_few_attributes(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(start) = memchr(b'<', rest) {
        rest = rest.get(start..).unwrap_or_default();
        let opaque = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        let opaque = opaque.iter().find(|(start, _)| rest.starts_with(start.as_bytes()));
        let end = match opaque {
            Some((_, end)) => memmem::find(rest, end.as_bytes()),
            None => {
                let (mut quote, mut equals) = (None, 0);
                rest.iter().position(|&byte| {
                    match (quote, byte) {
                        (None, b'"' | b'\'') => quote = Some(byte),
                        (None, b'=') => equals += 1,
                        (Some(open), byte) if open == byte => quote = None,
                        _ => {}
                    }
                    equals > MAX_ATTRIBUTES || (quote.is_none() && byte == b'>')
                })
            }
        };
        let Some(end) = end else {
            return true;
        };
        if rest.get(end) == Some(&b'=') {
            return false;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    true
}

/// Whether elements are nested deeper than is allowed.
fn is_too_deep(document: &Document<'_>) -> bool {
    let mut depths: Vec<u32> = Vec::new();
    for node in document.descendants() {
        // Parents come before their children, and numbers are given in that order.
        let parent = node.parent().and_then(|parent| depths.get(parent.id().get_usize()));
        let depth = parent.map_or(0, |depth| depth + 1);
        if depth > MAX_DEPTH {
            return true;
        }
        depths.push(depth);
    }
    false
}

/// A node, or an attribute of one by its position.
#[derive(Clone, Copy, PartialEq, Eq)]
struct XmlNode<'a> {
    node: roxmltree::Node<'a, 'a>,
    attribute: Option<usize>,
}

impl<'a> XmlNode<'a> {
    const fn of(node: roxmltree::Node<'a, 'a>) -> Self {
        Self { node, attribute: None }
    }

    fn as_attribute(self) -> Option<roxmltree::Attribute<'a, 'a>> {
        self.node.attributes().nth(self.attribute?)
    }
}

impl<'a> Node<'a> for XmlNode<'a> {
    fn kind(self) -> NodeKind {
        if self.attribute.is_some() {
            return NodeKind::Attribute;
        }
        match self.node.node_type() {
            NodeType::Root => NodeKind::Root,
            NodeType::Element => NodeKind::Element,
            NodeType::PI => NodeKind::ProcessingInstruction,
            NodeType::Comment => NodeKind::Comment,
            NodeType::Text => NodeKind::Text,
        }
    }

    fn parent(self) -> Option<Self> {
        match self.attribute {
            Some(_) => Some(Self::of(self.node)),
            None => self.node.parent().map(Self::of),
        }
    }

    fn children(self) -> impl Iterator<Item = Self> + 'a {
        let node = self.attribute.is_none().then_some(self.node);
        node.into_iter().flat_map(|node| node.children()).map(Self::of)
    }

    fn attributes(self) -> impl Iterator<Item = Self> + 'a {
        let count = if self.attribute.is_none() { self.node.attributes().len() } else { 0 };
        (0..count).map(move |position| Self { attribute: Some(position), ..self })
    }

    fn namespaces(self) -> impl Iterator<Item = Self> + 'a {
        // Nobody asks for the nodes of the namespace axis; prefixes are resolved without them.
        std::iter::empty()
    }

    fn expanded_name(self) -> Option<ExpandedName> {
        let (namespace_uri, local_name) = match self.as_attribute() {
            Some(attribute) => (attribute.namespace(), attribute.name()),
            None => match self.node.node_type() {
                NodeType::Element => {
                    (self.node.tag_name().namespace(), self.node.tag_name().name())
                }
                NodeType::PI => (None, self.node.pi()?.target),
                _ => return None,
            },
        };
        let namespace_uri = namespace_uri.map(str::to_owned);
        Some(ExpandedName { namespace_uri, local_name: local_name.to_owned() })
    }

    fn string_value(self) -> String {
        if let Some(attribute) = self.as_attribute() {
            return attribute.value().to_owned();
        }
        match self.node.node_type() {
            NodeType::Root | NodeType::Element => {
                let texts = self.node.descendants().filter(roxmltree::Node::is_text);
                texts.filter_map(|node| node.text()).collect()
            }
            NodeType::PI => self.node.pi().and_then(|pi| pi.value).unwrap_or_default().to_owned(),
            NodeType::Comment | NodeType::Text => self.node.text().unwrap_or_default().to_owned(),
        }
    }

    fn document_order(self, other: Self) -> Ordering {
        let key = |node: Self| (node.node.id().get_usize(), node.attribute);
        key(self).cmp(&key(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = r#"<?xml version="1.0"?>
        <feed xmlns:x="urn:x" lang="en"><!-- a comment -->
          <item id="7"><title>Lamp &amp; shade</title><price>39.5</price></item>
          <item id="8"><title><![CDATA[Cable]]></title><price>4.9</price><x:tag>new</x:tag></item>
        </feed>"#;

    fn find(path: &str, body: &str) -> Matches {
        XPath::read(path).unwrap().find(body.as_bytes())
    }

    fn texts(texts: &[&str]) -> Matches {
        Matches::Texts(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn paths_find_nodes_and_compute_values() {
        for (path, expected) in [
            ("//item/title", texts(&["Lamp & shade", "Cable"])),
            ("/feed/item[2]/@id", texts(&["8"])),
            ("//item[price > 10]/@id", texts(&["7"])),
            ("//x:tag", texts(&["new"])),
            ("//y:tag", texts(&[])),
            ("//item[last()]/title/text()", texts(&["Cable"])),
            ("//title/../@id | /feed/@lang", texts(&["en", "7", "8"])),
            ("count(//item)", Matches::Number(2.0)),
            ("sum(//price)", Matches::Number(44.4)),
            ("string(//title)", Matches::Text("Lamp & shade".to_owned())),
            ("//item/@id = '8'", Matches::Bool(true)),
            ("//nothing", texts(&[])),
        ] {
            assert_eq!(find(path, FEED), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "//", "//item[", "item)", "'a", &"(".repeat(5_000)] {
            assert!(XPath::read(path).is_err(), "{path}");
        }
    }

    #[test]
    fn hostile_bodies_have_nothing_in_them() {
        let laughs = r#"<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
        let external = r#"<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"#;
        let deep = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
        let many = format!("<a>{}</a>", "<b/>".repeat(150_000));
        let wide: String = (0..400_000).map(|n| format!("a{n}='' ")).collect();
        let wide = format!("<!-- ' --><a><![CDATA[<b c=']]><d e='>' {wide}/></a>");
        let long = format!("<a>{}</a>", "x".repeat(MAX_BYTES));
        for body in
            [laughs, external, &deep, &many, &wide, &long, "<a><b></a>", "", "{}", "<a>\0</a>"]
        {
            assert_eq!(find("//node()", body).count(), 0, "{}", body.get(..20).unwrap_or(body));
        }
    }
}
