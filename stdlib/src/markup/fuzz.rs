//! What a fuzzer runs: searches of arbitrary bytes.

use super::{Css, XPath};
use crate::late::Written as _;

/// Takes the bytes up to the first line end as a path and the rest as a body: searches it by
/// XPath and by CSS selector, if it is one.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let (Some(path), Some(body)) = (parts.next(), parts.next()) else {
        return;
    };
    let path = String::from_utf8_lossy(path);
    if let Ok(xpath) = XPath::read(&path) {
        let found = xpath.find(body);
        assert!((0..found.count()).all(|at| found.get(at).is_some()), "{found:?}");
    }
    if let Ok(css) = Css::read(&path) {
        let found = css.find(body, None);
        assert_eq!(found.get(found.count()), None);
    }
}
