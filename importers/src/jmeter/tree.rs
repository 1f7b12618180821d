//! The tree of a test plan: elements with properties and what stands below them.

use roxmltree::{Document, Node, ParsingOptions};

use crate::source::{Failure, Source};

/// More nodes than plans have that people work with; a bound on memory.
const MAX_NODES: u32 = 4_000_000;

/// Elements inside each other; what is read here is walked by recursion.
const MAX_DEPTH: usize = 200;

/// The parser compares each attribute of a tag with all others of it.
const MAX_ATTRIBUTES: usize = 100;

/// An element of a test plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    /// Its class without the package: `HTTPSamplerProxy`.
    pub(super) class: String,
    /// The class of its panel without the package; some elements differ in it alone.
    pub(super) gui: String,
    /// What it is called.
    pub(super) name: String,
    /// Whether it is switched on.
    pub(super) enabled: bool,
    /// Its line in the source, from 1.
    pub(super) line: usize,
    /// What it says.
    pub(super) props: Props,
    /// What stands below it.
    pub(super) children: Vec<Element>,
}

/// The properties of an element, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Props(pub(super) Vec<(String, Prop)>);

/// The value of a property.
#[derive(Clone, Debug)]
pub(super) enum Prop {
    /// A text, number or truth value, as written.
    Text(String),
    /// An element of its own.
    Element(Box<Element>),
    /// A list of values, each perhaps with a name.
    List(Vec<(String, Prop)>),
}

impl Element {
    /// A property as text; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.props.text(name)
    }

    /// A property that says yes or no.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        match self.text(name).trim() {
            "" => default,
            text => text.eq_ignore_ascii_case("true"),
        }
    }

    /// The members of a list.
    pub(super) fn list(&self, name: &str) -> &[(String, Prop)] {
        match self.props.get(name) {
            Some(Prop::List(list)) => list,
            _ => &[],
        }
    }

    /// A property that is an element.
    pub(super) fn element(&self, name: &str) -> Option<&Self> {
        match self.props.get(name) {
            Some(Prop::Element(element)) => Some(element),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(super) fn elements(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.list(name).iter().filter_map(|(_, value)| match value {
            Prop::Element(element) => Some(element.as_ref()),
            _ => None,
        })
    }

    /// The texts of a list.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.list(name).iter().filter_map(|(_, value)| value.as_text())
    }

    /// The children that are switched on.
    pub(super) fn live(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(|child| child.enabled)
    }

    /// Calls `visit` with this element and all below it.
    pub(super) fn walk<'e>(&'e self, visit: &mut impl FnMut(&'e Self)) {
        visit(self);
        self.children.iter().for_each(|child| child.walk(visit));
    }
}

impl Props {
    /// A property by its name.
    pub(super) fn get(&self, name: &str) -> Option<&Prop> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A property as text; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Prop::as_text).unwrap_or_default()
    }

    /// Calls `visit` on all texts.
    pub(super) fn walk<'e>(&'e self, visit: &mut impl FnMut(&'e str)) {
        self.0.iter().for_each(|(_, value)| value.walk(visit));
    }
}

impl Prop {
    /// The text, of what is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The members, of what is a list.
    pub(super) fn as_list(&self) -> &[(String, Self)] {
        if let Self::List(list) = self { list } else { &[] }
    }

    fn walk<'e>(&'e self, visit: &mut impl FnMut(&'e str)) {
        match self {
            Self::Text(text) => visit(text),
            Self::Element(element) => element.props.walk(visit),
            Self::List(list) => list.iter().for_each(|(_, value)| value.walk(visit)),
        }
    }
}

/// The elements of a test plan, the test plan itself first.
pub(super) fn parse(source: &Source) -> Result<Vec<Element>, Failure> {
    if let Some(offset) = crowded(&source.text) {
        let message = format!("a tag with more than {MAX_ATTRIBUTES} attributes is not read");
        return Err(Failure::new(&place(source, offset), message));
    }
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let text = source.text.trim_start();
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let skipped = source.text.len() - text.len();
        let lines = source.text.get(..skipped).unwrap_or_default().matches('\n').count();
        let line = lines + error.pos().row as usize;
        let message = match error {
            roxmltree::Error::DtdDetected => "document types and their entities are not read; \
                test plans have none"
                .to_owned(),
            error => format!("this is not well-formed XML: {error}"),
        };
        Failure::new(&format!("{}:{line}", source.name), message)
    })?;
    let lines = Lines::of(source, text);
    let root = document.root_element();
    let tree = match root.tag_name().name() {
        "jmeterTestPlan" => root.children().find(|node| node.has_tag_name("hashTree")),
        "hashTree" => Some(root),
        _ => None,
    };
    let Some(tree) = tree else {
        let message = "this is no test plan: `jmeterTestPlan` with a `hashTree` was expected";
        return Err(Failure::new(&source.name, message));
    };
    pairs(tree, &lines, 0)
}

/// The elements of a `hashTree`, each with the `hashTree` that follows it.
fn pairs(tree: Node<'_, '_>, lines: &Lines<'_>, depth: usize) -> Result<Vec<Element>, Failure> {
    if depth > MAX_DEPTH {
        let message = format!("elements stand more than {MAX_DEPTH} deep inside each other");
        return Err(Failure::new(&lines.place(tree), message));
    }
    let mut found: Vec<Element> = Vec::new();
    for node in tree.children().filter(Node::is_element) {
        if node.tag_name().name() == "hashTree" {
            let children = pairs(node, lines, depth + 1)?;
            if let Some(last) = found.last_mut() {
                last.children = children;
            }
        } else {
            found.push(element(node, lines, depth + 1)?);
        }
    }
    Ok(found)
}

fn element(node: Node<'_, '_>, lines: &Lines<'_>, depth: usize) -> Result<Element, Failure> {
    if depth > MAX_DEPTH {
        let message = format!("properties stand more than {MAX_DEPTH} deep inside each other");
        return Err(Failure::new(&lines.place(node), message));
    }
    let attribute = |name: &str| node.attribute(name).unwrap_or_default();
    let class = match (node.attribute("testclass"), node.attribute("elementType")) {
        (Some(class), _) if !class.is_empty() => class,
        (_, Some(class)) => class,
        _ => node.tag_name().name(),
    };
    let mut props = Vec::new();
    for node in node.children().filter(Node::is_element) {
        if let Some(value) = value(node, lines, depth)? {
            props.push((named(node), value));
        }
    }
    Ok(Element {
        class: bare(class).to_owned(),
        gui: bare(attribute("guiclass")).to_owned(),
        name: attribute("testname").to_owned(),
        enabled: !attribute("enabled").eq_ignore_ascii_case("false"),
        line: lines.of_node(node),
        props: Props(props),
        children: Vec::new(),
    })
}

fn value(node: Node<'_, '_>, lines: &Lines<'_>, depth: usize) -> Result<Option<Prop>, Failure> {
    Ok(match node.tag_name().name() {
        "stringProp" | "boolProp" | "intProp" | "longProp" | "floatProp" | "doubleProp"
        | "FloatProperty" => {
            // A number may have its value in an element of its own.
            let inner = node.children().find(|node| node.has_tag_name("value"));
            Some(Prop::Text(text_of(inner.unwrap_or(node))))
        }
        "elementProp" | "testelement" => {
            Some(Prop::Element(Box::new(element(node, lines, depth + 1)?)))
        }
        "collectionProp" | "mapProp" => {
            if depth > MAX_DEPTH {
                let message = format!("lists stand more than {MAX_DEPTH} deep inside each other");
                return Err(Failure::new(&lines.place(node), message));
            }
            let mut list = Vec::new();
            for node in node.children().filter(Node::is_element) {
                if let Some(value) = value(node, lines, depth + 1)? {
                    list.push((named(node), value));
                }
            }
            Some(Prop::List(list))
        }
        // What listeners save.
        _ => None,
    })
}

/// The name of a property: an attribute, or an element of its own.
fn named(node: Node<'_, '_>) -> String {
    match node.attribute("name") {
        Some(name) => name.to_owned(),
        None => {
            node.children().find(|node| node.has_tag_name("name")).map(text_of).unwrap_or_default()
        }
    }
}

fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// A class without its package.
fn bare(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// Where the first tag is that has too many attributes; in what is not well-formed anything.
fn crowded(text: &str) -> Option<usize> {
    let mut start = 0;
    let mut equals = 0;
    let mut in_tag = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            // Comments and CDATA sections may hold anything.
            b'<' => (start, equals, in_tag) = (at, 0, text.as_bytes().get(at + 1) != Some(&b'!')),
            b'>' => in_tag = false,
            b'=' if in_tag => equals += 1,
            _ => {}
        }
        // An attribute's value may have some of its own.
        if equals > 4 * MAX_ATTRIBUTES {
            return Some(start);
        }
    }
    None
}

fn place(source: &Source, offset: usize) -> String {
    format!("{}:{}", source.name, source.line(offset))
}

/// Where lines begin; asking the parser would read the text anew for each element.
struct Lines<'s> {
    name: &'s str,
    starts: Vec<usize>,
    before: usize,
}

impl<'s> Lines<'s> {
    fn of(source: &'s Source, text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let skipped = source.text.len() - text.len();
        let before = source.text.get(..skipped).unwrap_or_default().matches('\n').count();
        Self { name: &source.name, starts: starts.map(|(at, _)| at).collect(), before }
    }

    fn of_node(&self, node: Node<'_, '_>) -> usize {
        let at = node.range().start;
        self.before + 1 + self.starts.partition_point(|&start| start < at)
    }

    fn place(&self, node: Node<'_, '_>) -> String {
        format!("{}:{}", self.name, self.of_node(node))
    }
}
