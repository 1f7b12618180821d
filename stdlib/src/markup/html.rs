//! HTML, as browsers read it, and CSS selectors.

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::TendrilSink;
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};

use super::Matches;
use crate::late::Written;

const MAX_BYTES: usize = 4 << 20;
const MAX_TAGS: usize = 50_000;
const MAX_NODES: usize = 400_000;
const MAX_DEPTH: usize = 512;
/// How many bytes are parsed before the limits are looked at: unclosed formatting elements let a
/// few bytes become as many nodes as there are such elements.
const STEP: usize = 128;

/// A CSS selector.
pub(crate) struct Css(Selector);

impl Written for Css {
    fn read(text: &str) -> Result<Self, String> {
        let parsed = Selector::parse(text);
        parsed.map(Self).map_err(|_| format!("`{text}` is not a CSS selector of this language"))
    }
}

impl Css {
    /// Everything that is selected: the values of an attribute, elements without it being passed
    /// over, or else the texts.
    pub(crate) fn find(&self, body: &[u8], attribute: Option<&str>) -> Matches {
        let Some(html) = parse(body) else {
            return Matches::Texts(Vec::new());
        };
        let text = |element: ElementRef<'_>| match attribute {
            Some(name) => element.attr(name).map(str::to_owned),
            None => Some(element.text().collect::<String>().trim().to_owned()),
        };
        Matches::Texts(html.select(&self.0).filter_map(text).collect())
    }
}

/// The tree of a body, unless it goes beyond the limits.
fn parse(body: &[u8]) -> Option<Html> {
    if body.len() > MAX_BYTES || memchr::memchr_iter(b'<', body).nth(MAX_TAGS).is_some() {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser = parse_document(sink, ParseOpts::default());
    let mut rest = &*text;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP));
        rest = after;
        parser.process(step.into());
        let html = parser.tokenizer.sink.sink.0.borrow();
        let depth = html.tree.nodes().next_back().map_or(0, |last| last.ancestors().count());
        if html.tree.values().len() > MAX_NODES || depth > MAX_DEPTH {
            return None;
        }
    }
    Some(parser.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><title>Shop</title>
        <form action="/pay"><input type=hidden name=token value="t&amp;1"></form>
        <ul><li class="item new">Lamp <b>39.50</b><li class=item>Cable</ul>"#;

    fn texts(selector: &str, attribute: Option<&str>, body: &[u8]) -> Vec<String> {
        match Css::read(selector).unwrap().find(body, attribute) {
            Matches::Texts(texts) => texts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn elements_are_found_as_in_a_browser() {
        let page = PAGE.as_bytes();
        assert_eq!(texts("title", None, page), ["Shop"]);
        assert_eq!(texts("ul > li.item", None, page), ["Lamp 39.50", "Cable"]);
        assert_eq!(texts("input[name=token]", Some("value"), page), ["t&1"]);
        assert_eq!(texts("li:nth-child(2)", None, page), ["Cable"]);
        assert_eq!(texts("li", Some("id"), page), [""; 0]);
        assert_eq!(texts("p", None, b"\xff<p>\xffa"), ["\u{fffd}a"]);
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for selector in ["", "li[", "::", "a >"] {
            assert!(Css::read(selector).is_err(), "{selector}");
        }
    }

    #[test]
    fn bodies_made_to_take_long_are_given_up() {
        let formats: String = (0..20_000).map(|n| format!("<font size={n}>")).collect();
        for body in [
            "<div>".repeat(40_000),
            "<p>".repeat(60_000),
            "x".repeat(MAX_BYTES + 1),
            format!("{formats}{}", "<p>x".repeat(20_000)),
            "<table><tr><td>".repeat(15_000),
        ] {
            assert!(texts("*", None, body.as_bytes()).is_empty(), "{}", &body[..20]);
        }
    }
}
