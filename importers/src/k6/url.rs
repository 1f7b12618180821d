//! `URL` and `URLSearchParams`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oxc_span::Span;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::code::Code;
use super::machine::Machine;
use super::statements::Flow;
use super::value::{Object, Value};

/// What `URLSearchParams` encodes, besides the blank.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// What a URL has besides its query.
const HREF: &str = "href";

impl<'a> Machine<'a, '_> {
    /// `new URLSearchParams(…)`.
    pub(super) fn search_params(&mut self, from: &Value<'a>, span: Span) -> Value<'a> {
        let mut pairs: Vec<(Rc<str>, Value<'a>)> = Vec::new();
        match from {
            Value::Undefined | Value::Null => {}
            Value::Text(text) => pairs = parsed(text),
            Value::Object(object) if !matches!(object.kind.get(), "set" | "map") => {
                pairs = from.members();
            }
            other => {
                for pair in other.items().unwrap_or_default() {
                    match (self.get(&pair, "0", span).to_text(), self.get(&pair, "1", span)) {
                        (Some(name), value) => pairs.push((Rc::from(name), value)),
                        (None, _) => self.drop(span, "the name of a parameter is not known"),
                    }
                }
                if other.items().is_none() {
                    self.drop(span, "which parameters these are is not known");
                    pairs.push((Rc::from("unknown"), Value::unknown("the parameters")));
                }
            }
        }
        Value::Object(params(pairs))
    }

    /// `new URL(address, base)`.
    pub(super) fn url(&mut self, address: &Value<'a>, base: &Value<'a>, span: Span) -> Value<'a> {
        let address = self.as_text(address, span);
        let base = self.as_text(base, span);
        let whole = match (&address, &base) {
            (_, Value::Undefined) => address,
            (Value::Text(text), _) if text.contains("://") => address,
            (Value::Text(text), Value::Text(base)) => Value::text(&joined(base, text)),
            (Value::Text(text), base @ Value::Live(_)) if text.starts_with('/') => {
                self.approximate(span, "the base is taken to have no path of its own");
                self.binary("+", base.clone(), address.clone(), span)
            }
            _ => {
                self.drop(span, "which URL this is cannot be told before the run");
                Value::Unknown(Rc::from(self.words(span)))
            }
        };
        let (href, pairs) = match &whole {
            Value::Text(text) => {
                let text = text.split('#').next().unwrap_or(text);
                let (path, query) = text.split_once('?').unwrap_or((text, ""));
                let bare = path.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
                (Value::text(&format!("{path}{}", if bare { "/" } else { "" })), parsed(query))
            }
            other => (other.clone(), Vec::new()),
        };
        let search = params(pairs);
        // A query that is in the address already, of which it is not known what it says.
        let has_query = matches!(&href, Value::Live(code) if has_query(code));
        if has_query {
            search.entries.borrow_mut().push((Value::Undefined, Value::Undefined));
        }
        let members =
            vec![(Rc::from(HREF), href), (Rc::from("searchParams"), Value::Object(search))];
        let (members, kind) = (RefCell::new(members), Cell::new("url"));
        Value::Object(Rc::new(Object { members, kind, ..Object::default() }))
    }

    /// A URL or its parameters as text; any other value as it is.
    pub(super) fn as_text(&mut self, value: &Value<'a>, span: Span) -> Value<'a> {
        let Value::Object(object) = value else { return value.clone() };
        match object.kind.get() {
            "params" => self.query(&value.members(), span),
            "url" => {
                let href = value.member(HREF).unwrap_or(Value::Undefined);
                let search = value.member("searchParams").unwrap_or(Value::Undefined);
                let members = search.members();
                if members.is_empty() {
                    return href;
                }
                let has_query = matches!(&href, Value::Live(code) if has_query(code));
                let sign = Value::text(if has_query { "&" } else { "?" });
                let query = self.query(&members, span);
                let start = self.binary("+", href, sign, span);
                self.binary("+", start, query, span)
            }
            "date" => self.date_method(object, "toString", &[], span),
            _ => value.clone(),
        }
    }

    fn query(&mut self, members: &[(Rc<str>, Value<'a>)], span: Span) -> Value<'a> {
        let mut text = Value::text("");
        for (number, (name, value)) in members.iter().enumerate() {
            let sign = if number == 0 { "" } else { "&" };
            let name = format!("{sign}{}=", encoded(name));
            text = self.binary("+", text, Value::text(&name), span);
            let value = match value.to_text() {
                Some(value) => Value::text(&encoded(&value)),
                None => self.call_native("encodeURIComponent", vec![value.clone()], span),
            };
            text = self.binary("+", text, value, span);
        }
        text
    }

    /// A method of the parameters of a URL.
    pub(super) fn params_method(
        &mut self,
        of: &Rc<Object<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let value = Value::Object(Rc::clone(of));
        let field = arguments.first().map(|field| field.to_text());
        let Some(field) = field.map_or(Some(String::new()), |field| field) else {
            self.drop(span, "the name of a parameter is not known");
            return Value::Unknown(Rc::from(self.words(span)));
        };
        // Those that the address had before are not known.
        let has_others = !of.entries.borrow().is_empty();
        let reads = matches!(name, "get" | "getAll" | "has" | "delete" | "set" | "sort");
        let changes = matches!(name, "append" | "set" | "delete" | "sort");
        if (has_others && reads) || (changes && self.is_conditional(of.made)) {
            self.drop(span, "which parameters there are then is not known");
            if changes {
                let unknown = Value::unknown("parameters that are not known");
                *of.members.borrow_mut() = vec![(Rc::from("unknown"), unknown)];
            }
            return Value::Unknown(Rc::from(self.words(span)));
        }
        if changes {
            self.touched(of.made, span);
        }
        let given = arguments.get(1).cloned().unwrap_or(Value::Undefined);
        let members = value.members();
        let of_name = members.iter().filter(|(known, _)| **known == *field);
        let mut texts = of_name.map(|(_, value)| match value.to_text() {
            Some(text) => Value::text(&text),
            None => value.clone(),
        });
        match name {
            "append" => of.members.borrow_mut().push((Rc::from(field), given)),
            "set" => {
                let mut is_first = true;
                let mut members = of.members.borrow_mut();
                members.retain_mut(|(known, value)| {
                    if **known != *field {
                        return true;
                    }
                    *value = given.clone();
                    std::mem::take(&mut is_first)
                });
                if is_first {
                    members.push((Rc::from(field), given));
                }
            }
            "delete" => of.members.borrow_mut().retain(|(known, _)| **known != *field),
            "sort" => of.members.borrow_mut().sort_by(|(one, _), (other, _)| one.cmp(other)),
            "get" => return texts.next().unwrap_or(Value::Null),
            "getAll" => return Value::array(texts.collect()),
            "has" => return Value::Bool(texts.next().is_some()),
            "keys" => {
                let names = members.into_iter().map(|(name, _)| Value::Text(name));
                return Value::array(names.collect());
            }
            "values" => return Value::array(members.into_iter().map(|(_, v)| v).collect()),
            "entries" => return Value::array(value.items().unwrap_or_default()),
            "toString" => return self.as_text(&value, span),
            "forEach" => {
                let function = arguments.first().cloned().unwrap_or(Value::Undefined);
                let pairs = Value::array(value.items().unwrap_or_default());
                self.for_items(span, &pairs, &|machine, pair| {
                    let (key, value) =
                        (machine.get(&pair, "0", span), machine.get(&pair, "1", span));
                    machine.call(&function, vec![value, key], span);
                    Flow::Normal
                });
            }
            _ => {
                self.drop(span, "this method of parameters is not known");
                return Value::Unknown(Rc::from(self.words(span)));
            }
        }
        Value::Undefined
    }

    /// A member of a URL.
    pub(super) fn url_member(&mut self, url: &Value<'a>, name: &str, span: Span) -> Value<'a> {
        if name == "searchParams" {
            return url.member(name).unwrap_or(Value::Undefined);
        }
        let text = self.as_text(url, span);
        if matches!(name, "href" | "toString" | "toJSON") {
            return text;
        }
        let parts = match &text {
            Value::Text(text) => text.split_once("://"),
            _ => None,
        };
        let Some((scheme, rest)) = parts else {
            return Value::Unknown(Rc::from(self.words(span)));
        };
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = before.split_once('/').unwrap_or((before, ""));
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let (hostname, port) = host.split_once(':').unwrap_or((host, ""));
        Value::text(&match name {
            "protocol" => format!("{scheme}:"),
            "origin" => format!("{scheme}://{host}"),
            "host" => host.to_owned(),
            "hostname" => hostname.to_owned(),
            "port" => port.to_owned(),
            "pathname" => format!("/{path}"),
            "search" if query.is_empty() => String::new(),
            "search" => format!("?{query}"),
            "hash" => String::new(),
            _ => return Value::Undefined,
        })
    }

    /// A member of a URL that is set.
    pub(super) fn set_url_member(
        &mut self,
        of: &Rc<Object<'a>>,
        name: &str,
        value: &Value<'a>,
        span: Span,
    ) {
        self.touched(of.made, span);
        let is_known = !self.is_conditional(of.made);
        match (name, value) {
            ("search", Value::Text(text)) if is_known => {
                of.set("searchParams", Value::Object(params(parsed(text))));
            }
            ("hash", _) => {}
            ("href", value) if is_known => {
                let made = self.url(value, &Value::Undefined, span);
                *of.members.borrow_mut() = made.members();
            }
            ("pathname", Value::Text(path)) if is_known => {
                let url = Value::Object(Rc::clone(of));
                match self.url_member(&url, "origin", span) {
                    Value::Text(origin) => {
                        let path = path.trim_start_matches('/');
                        of.set(HREF, Value::text(&format!("{origin}/{path}")));
                    }
                    _ => of.set(HREF, Value::unknown("a URL that is changed")),
                }
            }
            _ => {
                self.drop(span, "which URL this is then cannot be told before the run");
                of.set(HREF, Value::unknown("a URL that is changed"));
            }
        }
    }
}

/// A URL or parameters as text, when all of it is constant.
pub(super) fn constant<'a>(value: &Value<'a>, object: &Object<'a>) -> Option<String> {
    let query = |value: &Value<'a>| {
        let pairs = value.members().into_iter().map(|(name, value)| {
            Some(format!("{}={}", encoded(&name), encoded(&value.to_text()?)))
        });
        pairs.collect::<Option<Vec<_>>>().map(|pairs| pairs.join("&"))
    };
    if object.kind.get() == "params" {
        return query(value);
    }
    let href = value.member(HREF)?.to_text()?;
    let query = query(&value.member("searchParams")?)?;
    Some(if query.is_empty() { href } else { format!("{href}?{query}") })
}

fn params<'a>(pairs: Vec<(Rc<str>, Value<'a>)>) -> Rc<Object<'a>> {
    let (members, kind) = (RefCell::new(pairs), Cell::new("params"));
    Rc::new(Object { members, kind, ..Object::default() })
}

/// The pairs of a query.
fn parsed<'a>(query: &str) -> Vec<(Rc<str>, Value<'a>)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let query = query.strip_prefix('?').unwrap_or(query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (Rc::from(decoded(name)), Value::text(&decoded(value)))
        })
        .collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string().replace(' ', "+")
}

/// Whether a constant part of an address has a query.
fn has_query(code: &Code) -> bool {
    match code {
        Code::Const(value) => super::code::plain(value).contains('?'),
        Code::Concat(parts) => parts.iter().any(has_query),
        _ => false,
    }
}

/// A reference seen from a base (RFC 3986, section 5, as far as scripts use it).
fn joined(base: &str, reference: &str) -> String {
    let bare = base.split(['?', '#']).next().unwrap_or(base);
    let (scheme, rest) = bare.split_once("://").unwrap_or(("http", bare));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if let Some(rest) = reference.strip_prefix("//") {
        return format!("{scheme}://{rest}");
    }
    if reference.starts_with('?') {
        return format!("{bare}{reference}");
    }
    let mut parts: Vec<&str> = match reference.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => path.rsplit_once('/').map_or("", |(folder, _)| folder).split('/').collect(),
    };
    parts.retain(|part| !part.is_empty());
    for part in reference.trim_start_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{scheme}://{authority}/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn references_are_seen_from_their_base() {
        assert_eq!(joined("http://a.example/b/c?d", "e"), "http://a.example/b/e");
        assert_eq!(joined("http://a.example", "/e?f=g"), "http://a.example/e?f=g");
        assert_eq!(joined("http://a.example/b/", "../e/./f"), "http://a.example/e/f");
        assert_eq!(joined("http://a.example/b?c", "?d"), "http://a.example/b?d");
    }
}
