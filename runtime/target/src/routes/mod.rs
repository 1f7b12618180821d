//! What the target answers: one table, one row for each route.

mod auth;
mod bodies;
mod cookies;
mod mirror;
mod redirects;
mod shop;
mod timing;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::reply::Reply;
use crate::request::{Request, decode_segment};
use crate::shop::Shop;

/// One thing the target can be asked for.
#[derive(Debug)]
pub struct Route {
    /// The methods it answers.
    pub methods: Methods,
    /// The path; a part in braces stands for any one segment.
    pub pattern: &'static str,
    /// What it answers, in a sentence.
    pub doc: &'static str,
    /// A request target that this row answers.
    pub example: &'static str,
    handler: fn(&Call<'_>, &mut Reply),
}

/// Which methods a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// Every method.
    Any,
    /// GET and HEAD.
    Get,
    /// POST.
    Post,
}

impl Methods {
    /// As written in listings and in `Allow` headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
        }
    }

    fn include(self, method: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Get => matches!(method, "GET" | "HEAD"),
            Self::Post => method == "POST",
        }
    }
}

/// Every route, sorted by pattern.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    Route { methods: Methods::Get, pattern: "/", doc: "this list", example: "/", handler: index },
    Route { methods: Methods::Get, pattern: "/basic-auth/{user}/{password}", doc: "200 for exactly these basic credentials, else 401", example: "/basic-auth/ada/secret", handler: auth::basic },
    Route { methods: Methods::Get, pattern: "/bearer", doc: "200 for any bearer token, which it repeats, else 401", example: "/bearer", handler: auth::bearer },
    Route { methods: Methods::Get, pattern: "/bytes/{count}", doc: "n bytes of text with a Content-Length (up to 1 GiB)", example: "/bytes/1024", handler: bodies::bytes },
    Route { methods: Methods::Get, pattern: "/chunked/{count}", doc: "n bytes of text in chunks of ?size= bytes (1024) and a trailer", example: "/chunked/4096?size=1000", handler: bodies::chunked },
    Route { methods: Methods::Any, pattern: "/close", doc: "answers, then closes the connection", example: "/close", handler: timing::close },
    Route { methods: Methods::Get, pattern: "/cookies", doc: "the cookies received, as JSON", example: "/cookies", handler: cookies::show },
    Route { methods: Methods::Get, pattern: "/cookies/set", doc: "sets each ?name=value as a cookie for the whole site", example: "/cookies/set?flavour=oat", handler: cookies::set },
    Route { methods: Methods::Get, pattern: "/deflate", doc: "the document of /json in deflate (zlib) coding", example: "/deflate", handler: bodies::deflate },
    Route { methods: Methods::Any, pattern: "/delay/{ms}", doc: "answers after that many milliseconds (up to 600000)", example: "/delay/5", handler: timing::delay },
    Route { methods: Methods::Any, pattern: "/echo", doc: "method, path, query, headers and body of the request, as JSON", example: "/echo?a=b", handler: mirror::echo },
    Route { methods: Methods::Get, pattern: "/gzip", doc: "the document of /json in gzip coding", example: "/gzip", handler: bodies::gzip },
    Route { methods: Methods::Get, pattern: "/health", doc: "{\"status\": \"ok\"}", example: "/health", handler: mirror::health },
    Route { methods: Methods::Get, pattern: "/json", doc: "a fixed JSON document of about 1 KB", example: "/json", handler: bodies::json },
    Route { methods: Methods::Post, pattern: "/login", doc: "for {\"user\": …, \"tenant\": …} a token that /orders accepts, as data.token", example: "/login", handler: shop::login },
    Route { methods: Methods::Get, pattern: "/orders", doc: "the newest 20 orders; needs the bearer token of /login", example: "/orders", handler: shop::list },
    Route { methods: Methods::Post, pattern: "/orders", doc: "201 and a new order for {\"item\": …, \"quantity\": …}; needs the token", example: "/orders", handler: shop::create },
    Route { methods: Methods::Get, pattern: "/orders/{id}", doc: "one order; needs the token", example: "/orders/1", handler: shop::one },
    Route { methods: Methods::Any, pattern: "/redirect-to", doc: "redirects to ?url= with ?status= (302)", example: "/redirect-to?url=/health&status=307", handler: redirects::to },
    Route { methods: Methods::Any, pattern: "/redirect/{count}", doc: "n redirects in a row, then 200", example: "/redirect/3", handler: redirects::count_down },
    Route { methods: Methods::Any, pattern: "/status/{code}", doc: "that status, 200 to 599", example: "/status/503", handler: mirror::status },
    Route { methods: Methods::Get, pattern: "/stream/{count}", doc: "n JSON lines, each a chunk of its own, ?pause= milliseconds (100) apart", example: "/stream/3?pause=1", handler: timing::stream },
];

/// The table as text: methods, pattern and meaning, one route a line.
#[must_use]
pub fn routes_text() -> String {
    let width = ROUTES.iter().map(|route| route.pattern.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Route { methods, pattern, doc, .. } in ROUTES {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:9}  {pattern:width$}  {doc}", methods.name());
    }
    text
}

/// A request on its way into a handler.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) shop: &'a Shop,
    params: [&'a str; 2],
}

impl<'a> Call<'a> {
    /// The first part in braces, decoded.
    fn first(&self) -> Cow<'a, str> {
        let [first, _] = self.params;
        decode_segment(first)
    }

    /// The second part in braces, decoded.
    fn second(&self) -> Cow<'a, str> {
        let [_, second] = self.params;
        decode_segment(second)
    }

    /// The first part in braces as a number up to `max`; answers 400 when it is none.
    fn number(&self, max: u64, reply: &mut Reply) -> Option<u64> {
        number(&self.first(), "the path", max, reply)
    }

    /// The query value `name` as a number up to `max`, `default` when it is absent.
    fn option(&self, name: &str, default: u64, max: u64, reply: &mut Reply) -> Option<u64> {
        let Some(value) = self.request.query_value(name) else { return Some(default) };
        number(&value, name, max, reply)
    }
}

fn number(text: &str, place: &str, max: u64, reply: &mut Reply) -> Option<u64> {
    let number = text.parse().ok().filter(|number| *number <= max);
    if number.is_none() {
        reply.error(400, &format!("{place} needs a whole number up to {max}, not {text:?}"));
    }
    number
}

/// The row of [`ROUTES`] that answers `request`.
pub(crate) fn find(request: &Request<'_>) -> Option<usize> {
    ROUTES.iter().position(|route| {
        route.methods.include(request.method) && params(route.pattern, request.path).is_some()
    })
}

/// Fills `reply` from the row `found`, or with 404 or 405 where there is none.
pub(crate) fn answer(request: &Request<'_>, found: Option<usize>, shop: &Shop, reply: &mut Reply) {
    let row = found.and_then(|index| ROUTES.get(index));
    match row.and_then(|route| Some((route, params(route.pattern, request.path)?))) {
        Some((route, params)) => (route.handler)(&Call { request, shop, params }, reply),
        None => refuse(request, reply),
    }
}

fn refuse(request: &Request<'_>, reply: &mut Reply) {
    let same_path = ROUTES.iter().filter(|route| params(route.pattern, request.path).is_some());
    let allowed: Vec<_> = same_path.map(|route| route.methods.name()).collect();
    let path = request.path;
    if allowed.is_empty() {
        reply.error(404, &format!("nothing at {path}; GET / lists what there is"));
    } else {
        let allowed = allowed.join(", ");
        reply.header("Allow", &allowed);
        reply.error(405, &format!("{path} answers {allowed}, not {}", request.method));
    }
}

/// What stands for the parts in braces when `path` has the shape of `pattern`.
fn params<'a>(pattern: &str, path: &'a str) -> Option<[&'a str; 2]> {
    let mut params = [""; 2];
    let mut free = params.iter_mut();
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        let segment = segments.next()?;
        if part.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            *free.next()? = segment;
        } else if part != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(params)
}

fn index(_: &Call<'_>, reply: &mut Reply) {
    reply.content("text/plain; charset=utf-8", routes_text().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_unique_and_documented() {
        let keys: Vec<_> =
            ROUTES.iter().map(|route| (route.pattern, route.methods.name())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for (index, route) in ROUTES.iter().enumerate() {
            assert!(!keys[..index].contains(&keys[index]), "{} twice", route.pattern);
            assert!(!route.doc.is_empty() && !route.doc.ends_with('.'), "{}", route.pattern);
        }
    }

    #[test]
    fn each_example_is_answered_by_its_own_row() {
        for (index, route) in ROUTES.iter().enumerate() {
            let method = if route.methods == Methods::Post { "POST" } else { "GET" };
            let path = route.example.split('?').next().unwrap();
            let request = Request { method, path, query: "", headers: &[], body: &[] };
            assert_eq!(find(&request), Some(index), "{}", route.example);
        }
    }

    #[test]
    fn patterns_match_whole_paths_only() {
        assert_eq!(params("/a/{x}", "/a/b"), Some(["b", ""]));
        assert_eq!(params("/a/{x}/{y}", "/a/b/c"), Some(["b", "c"]));
        for path in ["/a", "/a/", "/a/b/c", "/A/b", "a/b", ""] {
            assert_eq!(params("/a/{x}", path), None, "{path}");
        }
    }
}
