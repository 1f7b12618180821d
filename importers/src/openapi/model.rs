//! Operations as they are for all versions: Swagger 2.0, OpenAPI 3.0 and 3.1.

use serde_json::Value;

use super::document::Node;
use super::schema::Schema;
use super::style::{Style, Written};

/// The methods a path can have, in the order in which they are written.
const METHODS: &[&str] =
    &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// A specification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Api<'d> {
    pub(super) root: Node<'d>,
    /// Whether it is Swagger 2.0.
    pub(super) is_v2: bool,
}

/// A request that a specification describes.
#[derive(Clone, Debug)]
pub(super) struct Operation<'d> {
    /// `pets.yaml: POST /pets`.
    pub(super) place: String,
    /// In capitals.
    pub(super) method: String,
    pub(super) path: &'d str,
    pub(super) node: Node<'d>,
    /// What all operations of the path share.
    pub(super) item: Node<'d>,
    pub(super) parameters: Vec<Parameter<'d>>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    /// All of the query: 3.2.
    Querystring,
    Header,
    Cookie,
    /// A field of a form: Swagger 2.0.
    Form,
    /// The body: Swagger 2.0.
    Body,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter<'d> {
    pub(super) name: &'d str,
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) node: Node<'d>,
    /// What it is written as, when it has a media type.
    pub(super) content: Option<(&'d str, Node<'d>)>,
}

impl<'d> Api<'d> {
    /// All operations, in the order of the source.
    pub(super) fn operations(self, file: &str) -> Vec<Operation<'d>> {
        let mut operations = Vec::new();
        for (path, item) in self.root.get("paths").into_iter().flat_map(Node::members) {
            for (method, node) in item.members() {
                if !METHODS.contains(&method) || !node.value.is_object() {
                    continue;
                }
                let method = method.to_ascii_uppercase();
                operations.push(Operation {
                    place: format!("{file}: {method} {path}"),
                    method,
                    path,
                    node,
                    item,
                    parameters: parameters(item, node),
                });
            }
        }
        operations
    }

    /// What an operation says of something, or else the whole specification.
    pub(super) fn said(self, operation: &Operation<'d>, key: &str) -> Option<Node<'d>> {
        operation.node.get(key).or_else(|| self.root.get(key))
    }

    /// The media types of Swagger 2.0 in `consumes` or `produces`.
    pub(super) fn media_types(self, operation: &Operation<'d>, key: &str) -> Vec<&'d str> {
        let list = self.said(operation, key).into_iter().flat_map(Node::raw_items);
        list.filter_map(|node| node.value.as_str()).collect()
    }
}

impl<'d> Operation<'d> {
    pub(super) fn id(&self) -> Option<&'d str> {
        self.node.text("operationId").map(str::trim).filter(|id| !id.is_empty())
    }

    /// What its samples are counted under: its id, a short summary, or method and path.
    pub(super) fn name(&self) -> String {
        let summary = self.node.text("summary").map(str::trim);
        let summary = summary.filter(|text| !text.is_empty() && text.chars().count() <= 60);
        let name = self.id().or(summary.filter(|text| !text.contains('\n')));
        name.map_or_else(|| format!("{} {}", self.method, self.path), ToOwned::to_owned)
    }

    pub(super) fn tag(&self) -> Option<&'d str> {
        let tags = self.node.raw("tags")?;
        tags.raw_items().find_map(|tag| tag.value.as_str()).filter(|tag| !tag.is_empty())
    }

    pub(super) fn is_deprecated(&self) -> bool {
        self.node.flag("deprecated").unwrap_or(false)
    }

    /// The parameters of a place.
    pub(super) fn at(&self, place: Place) -> impl Iterator<Item = &Parameter<'d>> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }
}

impl<'d> Parameter<'d> {
    /// None for what is no parameter.
    pub(super) fn of(node: Node<'d>) -> Option<Self> {
        let place = match node.text("in")? {
            "path" => Place::Path,
            "query" => Place::Query,
            "querystring" => Place::Querystring,
            "header" => Place::Header,
            "cookie" => Place::Cookie,
            "formData" => Place::Form,
            "body" => Place::Body,
            _ => return None,
        };
        Some(Self {
            name: node.text("name")?,
            place,
            required: place == Place::Path || node.flag("required").unwrap_or(false),
            node,
            content: node.raw("content").and_then(|list| list.members().next()),
        })
    }

    pub(super) fn schema(&self) -> Schema<'d> {
        let own = match self.content {
            Some((_, content)) => content.raw("schema"),
            None => self.node.raw("schema"),
        };
        // Swagger 2.0 has the keywords in the parameter itself.
        Schema::of(own.unwrap_or(self.node))
    }

    /// Values that are given beside the schema.
    pub(super) fn examples(&self) -> Vec<&'d Value> {
        let mut found = examples(self.node);
        found.extend(self.content.into_iter().flat_map(|(_, content)| examples(content)));
        found
    }

    /// Whether the specification says what to send.
    pub(super) fn has_value(&self) -> bool {
        let schema = self.schema();
        let is_listed = schema.all("enum").next().is_some()
            || schema.item(0).is_some_and(|item| item.all("enum").next().is_some());
        !self.examples().is_empty() || schema.has_example() || is_listed
    }

    pub(super) fn is_deprecated(&self) -> bool {
        self.node.flag("deprecated").unwrap_or(false)
    }

    pub(super) fn written(&self) -> Written {
        let style = match self.place {
            Place::Path | Place::Header => Style::Simple,
            _ => Style::Form,
        };
        Written::of(self.node, style)
    }
}

/// The parameters of an operation, those of its path first unless it has them itself.
fn parameters<'d>(item: Node<'d>, operation: Node<'d>) -> Vec<Parameter<'d>> {
    let of = |node: Node<'d>| {
        let list = node.get("parameters").into_iter().flat_map(Node::items);
        list.filter_map(Parameter::of).collect::<Vec<_>>()
    };
    let own = of(operation);
    let mut all = of(item);
    let is_own = |known: &Parameter<'_>| {
        own.iter().any(|own| own.name == known.name && own.place == known.place)
    };
    all.retain(|known| !is_own(known));
    all.extend(own);
    all
}

/// `example`, and the values in `examples`, of a parameter or media type.
pub(super) fn examples(node: Node<'_>) -> Vec<&Value> {
    let one = node.raw("example").or_else(|| node.raw("x-example"));
    let several = node.raw("examples").into_iter().flat_map(Node::members);
    let values = several
        .filter_map(|(_, example)| example.raw("value").or_else(|| example.raw("dataValue")));
    one.into_iter().chain(values).map(|node| node.value).collect()
}

/// Whether two media types are the same, whatever their parameters.
pub(super) fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a media type is JSON, or is written like it.
pub(super) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// Whether a media type is XML, or is written like it.
pub(super) fn is_xml(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.ends_with("/xml") || essence.ends_with("+xml")
}
