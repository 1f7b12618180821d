//! Cookie jars: the user's own, and those that a script makes.

use std::rc::Rc;

use oxc_span::Span;

use super::machine::{Machine, Node};
use super::value::{Object, Value};

/// A cookie that the script sets.
#[derive(Clone)]
pub(super) struct Cookie<'a> {
    /// The host it is for, where that is known.
    host: Option<String>,
    pub(super) name: String,
    pub(super) value: Value<'a>,
}

impl<'a> Machine<'a, '_> {
    /// The cookies that the script has set for a request to this URL.
    pub(super) fn cookies_for(&self, url: &str) -> Vec<(String, Value<'a>)> {
        let host = host(url);
        let is_for = |cookie: &&Cookie<'a>| match (&cookie.host, &host) {
            (Some(of), Some(host)) => of == host,
            _ => true,
        };
        let found = self.cookies.iter().filter(is_for);
        found.map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// A method of a jar.
    pub(super) fn jar_method(
        &mut self,
        jar: &Rc<Object<'a>>,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let is_own = jar.kind.get() == "own jar";
        let argument = |number: usize| arguments.get(number).cloned().unwrap_or(Value::Undefined);
        let field = argument(1).to_text();
        if name == "cookiesForURL" {
            return Value::unknown("the cookies of a jar");
        }
        if self.within.iter().any(Option::is_some) {
            self.drop(span, "the jar is changed on a condition; the plan does nothing of this");
            return Value::Undefined;
        }
        let of = argument(0).to_text().and_then(|url| host(&url));
        match (name, field) {
            ("set", Some(field)) if is_own => {
                self.collection_method(jar, "set", &[Value::text(&field), argument(2)], span);
            }
            ("delete", Some(field)) if is_own => {
                self.collection_method(jar, "delete", &[Value::text(&field)], span);
            }
            ("clear", _) if is_own => jar.entries.borrow_mut().clear(),
            ("set", Some(field)) => {
                self.cookies.retain(|known| known.name != field || known.host != of);
                let cookie = Cookie { host: of, name: field, value: argument(2) };
                self.cookies.push(cookie);
                self.remark(span, "the cookie is sent with each request that follows");
            }
            ("delete", Some(field)) => {
                self.cookies.retain(|known| known.name != field || known.host != of);
                let why = "what the script set itself is sent no more; a cookie that the server \
                           set still is";
                self.approximate(span, why);
            }
            ("clear", _) => {
                self.cookies.retain(|known| known.host != of);
                let head = [("clear_cookies".to_owned(), true.into())].into_iter().collect();
                self.push(Node::Block { head, lists: Vec::new() });
                self.remark(span, "cookies of all hosts are forgotten");
            }
            _ => self.drop(span, "what this does to the jar is not known"),
        }
        Value::Undefined
    }
}

/// The host of a URL, where the text says it.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.get(..rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    (!host.contains('$')).then(|| host.to_ascii_lowercase())
}
