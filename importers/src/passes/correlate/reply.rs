//! The values of a reply, each with what tells where it is.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::html::{self, Tag};
use super::json::{self, Part};
use super::location;
use super::needles::{Hit, Needles};
use super::request::Kind;
use super::worth::{self, Worth};
use crate::draft::Reply;

/// A value of a reply.
pub(super) struct Found<'a> {
    pub(super) value: &'a str,
    pub(super) is_number: bool,
    /// The name it has there; in the path of a link the segment before it.
    pub(super) label: &'a str,
    /// The name of what it is a part of.
    pub(super) parent: &'a str,
    /// What the request asked for.
    pub(super) of_url: &'a str,
    pub(super) way: Way<'a>,
    /// How the value is written there.
    pub(super) coding: Coding,
}

/// How a value is written where it is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    #[default]
    Plain,
    /// Percent-encoded.
    Percent,
    /// As a text in JSON.
    Json,
}

/// Where a value is in a reply.
pub(super) enum Way<'a> {
    Json(&'a [Part<'a>]),
    Header,
    /// Between quotes in a header.
    Quoted,
    /// In the address that a redirect leads to, or where what was made is: the texts around it.
    Location {
        left: String,
        right: &'static str,
        /// Whether it is a segment of the path.
        is_path: bool,
    },
    Cookie,
    /// An element, how many like it there are up to it, and its attribute.
    Element {
        selector: Selector,
        number: usize,
        attribute: &'a str,
    },
    /// The path of a link; its text up to the value.
    LinkPath,
    /// The query of a link; the value as it is written there.
    LinkQuery(&'a str),
    /// At this byte of the body, and so many bytes.
    Text {
        at: usize,
        length: usize,
    },
}

/// How an element is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Selector {
    InputName,
    MetaName,
    MetaProperty,
    Attribute,
}

/// Names that say nothing.
const GENERIC: &[&str] = &["", "data", "item", "items", "result", "results", "response", "content"];

impl Found<'_> {
    /// Whether a value that requests send under a name is this one.
    pub(super) fn fits(&self, worth: Worth, kind: Kind, name: &str) -> bool {
        if worth == Worth::Strong {
            return true;
        }
        if kind == Kind::Number && !self.is_number {
            return false;
        }
        let (label, wanted) = (worth::plain(self.label), worth::plain(name));
        let owner = match GENERIC.contains(&worth::plain(self.parent).as_str()) {
            true => worth::singular(self.of_url),
            false => worth::singular(self.parent),
        };
        let owned = format!("{owner}id");
        match (kind, &self.way) {
            (Kind::Path, Way::LinkPath | Way::Location { is_path: true, .. }) => {
                !label.is_empty() && label == wanted
            }
            (_, Way::LinkPath | Way::Location { is_path: true, .. }) => false,
            (Kind::Path, _) => {
                let singular = worth::singular(name);
                // A part of an order may be the key of its customer.
                let is_own = label == owned || label.len() <= 4 || !label.ends_with("id");
                worth::identifies(self.label)
                    && !singular.is_empty()
                    && (label == format!("{singular}id") || (owner == singular && is_own))
            }
            _ => {
                worth::identifies(name)
                    && ((label == wanted && (wanted != "id" || self.value.len() >= 3))
                        || (label == "id" && wanted == owned))
            }
        }
    }

    /// What a variable with this value is called.
    pub(super) fn name(&self, kind: Kind, sent_as: &str, row: &Map<String, Value>) -> String {
        let label = snake(self.label);
        let is_id = matches!(label.as_str(), "id" | "uuid" | "guid" | "key" | "slug" | "number");
        let owner = match GENERIC.contains(&worth::plain(self.parent).as_str()) {
            true => self.of_url,
            false => self.parent,
        };
        if matches!(self.way, Way::LinkPath | Way::Location { is_path: true, .. }) {
            return format!("{}_id", snake(&worth::singular(self.label)));
        }
        if is_id && !owner.is_empty() {
            return format!("{}_{label}", snake(&worth::singular(owner)));
        }
        let says_nothing = GENERIC.contains(&label.as_str()) || label == "value";
        let name = match kind {
            _ if !says_nothing => label,
            Kind::Path if !sent_as.is_empty() => format!("{}_id", snake(&worth::singular(sent_as))),
            _ => snake(sent_as),
        };
        if !name.is_empty() {
            return name;
        }
        // What stands before it may say what it is.
        let left = row.get("left").and_then(Value::as_str).unwrap_or_default();
        let before = snake(left.trim_end_matches(|char: char| !char.is_ascii_alphanumeric()));
        let is_name =
            before.len() >= 2 && before.starts_with(|char: char| char.is_ascii_lowercase());
        if is_name { before } else { "value".to_owned() }
    }
}

/// `csrf_token` of `X-CSRF-Token`, `csrfToken` and `_csrf_token`.
pub(super) fn snake(name: &str) -> String {
    let name = name.strip_prefix("X-").or_else(|| name.strip_prefix("x-")).unwrap_or(name);
    let mut snake = String::new();
    let mut before = '_';
    for char in name.chars().take(60) {
        if char.is_ascii_alphanumeric() {
            if char.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit())
            {
                snake.push('_');
            }
            snake.push(char.to_ascii_lowercase());
        } else if !snake.ends_with('_') && !snake.is_empty() {
            snake.push('_');
        }
        before = char;
    }
    let snake = snake.trim_matches('_');
    if snake.starts_with(|c: char| c.is_ascii_digit()) {
        format!("value_{snake}")
    } else {
        snake.to_owned()
    }
}

/// The last segment of a path that is a word: `orders` of `/orders/17`.
pub(super) fn last_word(url: &str) -> String {
    let path = url.split('?').next().unwrap_or(url);
    let path = path
        .split_once("://")
        .map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let is_word = |segment: &&str| {
        !segment.is_empty() && !segment.contains("${") && worth::of(segment, "").is_none()
    };
    path.rsplit('/').find(is_word).unwrap_or_default().to_owned()
}

/// Headers whose values no later request sends back.
const OTHERS: &[&str] = &[
    "age",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "expires",
    "last-modified",
    "server",
    "set-cookie",
    "vary",
    "via",
];

/// Shows `visit` the values of a reply, those first that are found by what they are called.
/// `has_length` rules out values that are not looked for.
pub(super) fn walk(
    reply: &Reply,
    of_url: &str,
    has_length: &dyn Fn(usize) -> bool,
    needles: Option<&Needles>,
    visit: &mut dyn FnMut(Found<'_>),
) {
    let body = reply.body.as_str();
    let start = body.trim_start();
    if reply.content_type.contains("json") || start.starts_with(['{', '[']) {
        json::leaves(body, &mut |way, value, is_number| {
            if has_length(value.len()) {
                let (label, parent) = names(way);
                let (way, coding) = (Way::Json(way), Coding::Plain);
                visit(Found { value, is_number, label, parent, of_url, way, coding });
            }
        });
    } else if reply.content_type.contains("html") || start.starts_with('<') {
        elements(body, of_url, has_length, visit);
    }
    for (name, value) in &reply.headers {
        let found = |label, value, way| plain(label, value, of_url, way);
        if name.eq_ignore_ascii_case("set-cookie") {
            let pair = value.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            if has_length(value.len()) {
                visit(found(name.trim(), value, Way::Cookie));
            }
            let decoded = percent_decode_str(value).decode_utf8_lossy();
            if decoded != value && has_length(decoded.len()) {
                let coded = plain(name.trim(), &decoded, of_url, Way::Cookie);
                visit(Found { coding: Coding::Percent, ..coded });
            }
        } else if name.eq_ignore_ascii_case("location") {
            if has_length(value.len()) {
                visit(found(name, value, Way::Header));
            }
            location::parts(value, &mut |label, value, way| {
                // Where a redirect leads is a page, what was made has its key in the path.
                let is_page =
                    reply.is_redirect && matches!(way, Way::Location { is_path: true, .. });
                if has_length(value.len()) && !is_page {
                    visit(plain(label, value, of_url, way));
                }
            });
        } else if !OTHERS.contains(&name.to_ascii_lowercase().as_str()) {
            if has_length(value.len()) {
                visit(found(name, value, Way::Header));
            }
            // Such as `W/"…"` of an `ETag`.
            let quoted = value.strip_prefix("W/").unwrap_or(value).strip_prefix('"');
            if let Some(inner) = quoted.and_then(|rest| rest.strip_suffix('"'))
                && has_length(inner.len())
            {
                visit(found(name, inner, Way::Quoted));
            }
        }
    }
    words(body, of_url, has_length, visit);
    if let Some(needles) = needles {
        needles.find(body, &mut |Hit { value, coding, at, length }| {
            visit(Found { coding, ..plain("", value, of_url, Way::Text { at, length }) });
        });
    }
}

/// A text that stands as it is.
fn plain<'a>(label: &'a str, value: &'a str, of_url: &'a str, way: Way<'a>) -> Found<'a> {
    Found { value, is_number: false, label, parent: "", of_url, way, coding: Coding::Plain }
}

/// The name of a value in JSON, and of the object that it is in.
fn names<'a>(way: &'a [Part<'a>]) -> (&'a str, &'a str) {
    let mut names = way.iter().rev().filter_map(|part| match part {
        Part::Name(name) => Some(name.as_ref()),
        Part::Position(_) => None,
    });
    (names.next().unwrap_or_default(), names.next().unwrap_or_default())
}

fn elements(
    body: &str,
    of_url: &str,
    has_length: &dyn Fn(usize) -> bool,
    visit: &mut dyn FnMut(Found<'_>),
) {
    let mut counts: HashMap<(Selector, String), usize> = HashMap::new();
    html::tags(body, &mut |tag| {
        let mut element = |selector, label: &str, attribute: &str, value: &str| {
            let number = counts.entry((selector, label.to_owned())).or_default();
            *number += 1;
            if has_length(value.len()) {
                let way = Way::Element { selector, number: *number, attribute };
                visit(plain(label, value, of_url, way));
            }
        };
        if tag.name.eq_ignore_ascii_case("input") {
            if let (Some(name), Some(value)) = (tag.get("name"), tag.get("value")) {
                element(Selector::InputName, name, "value", value);
            }
        } else if tag.name.eq_ignore_ascii_case("meta") {
            let content = tag.get("content").unwrap_or_default();
            match (tag.get("name"), tag.get("property")) {
                (Some(name), _) => element(Selector::MetaName, name, "content", content),
                (None, Some(name)) => element(Selector::MetaProperty, name, "content", content),
                _ => {}
            }
        }
        for (name, value) in &tag.attributes {
            if name.starts_with("data-") {
                element(Selector::Attribute, name, name, value);
            }
        }
        link(tag, of_url, has_length, visit);
    });
}

/// The values in the address that an element leads to.
fn link(
    tag: &Tag<'_>,
    of_url: &str,
    has_length: &dyn Fn(usize) -> bool,
    visit: &mut dyn FnMut(Found<'_>),
) {
    let Some(address) = tag.get("href").or_else(|| tag.get("action")) else { return };
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut before = "";
    let found = |label, value, way| plain(label, value, of_url, way);
    for segment in path.split('/') {
        if !before.is_empty() && has_length(segment.len()) {
            visit(found(before, segment, Way::LinkPath));
        }
        before = segment;
    }
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if has_length(value.len()) {
            visit(found(name, value, Way::LinkQuery(value)));
        }
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        if decoded != value && has_length(decoded.len()) {
            let coded = plain(name, &decoded, of_url, Way::LinkQuery(value));
            visit(Found { coding: Coding::Percent, ..coded });
        }
    }
}

/// The words of a text that are long enough to be tokens.
fn words(
    body: &str,
    of_url: &str,
    has_length: &dyn Fn(usize) -> bool,
    visit: &mut dyn FnMut(Found<'_>),
) {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+=".contains(byte);
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_of_word(byte)).unwrap_or(rest.len());
        let word = body.get(at..at + length).unwrap_or_default();
        // In links a name may stand before the value.
        let (label, value) = match word.split_once('=') {
            Some((name, value)) if !value.is_empty() && !value.starts_with('=') => (name, value),
            _ => ("", word),
        };
        let is_long = value.len() >= 8 && has_length(value.len());
        if is_long && worth::of(value, "") == Some(Worth::Strong) {
            let way = Way::Text { at: at + (word.len() - value.len()), length: value.len() };
            visit(plain(label, value, of_url, way));
        }
        at += length + 1;
    }
}
