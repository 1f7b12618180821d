//! The values in an address that a reply leads to: where a redirect goes, or where what was made is.

use percent_encoding::percent_decode_str;

use super::reply::Way;

/// Shows `visit` the values of a `Location`: their names, what they are once decoded, and where
/// they stand.
pub(crate) fn parts(location: &str, visit: &mut dyn FnMut(&str, &str, Way<'_>)) {
    let start = location.find("://").map_or(0, |at| at + 3);
    let path_at = location.get(start..).and_then(|rest| rest.find('/')).map(|at| start + at);
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let path = path_at.filter(|at| *at < end).and_then(|at| location.get(at..end));
    let mut before = "";
    for segment in path.unwrap_or_default().split('/') {
        let mut pieces = segment.split(';');
        let name = pieces.next().unwrap_or_default();
        if !name.is_empty() && !before.is_empty() {
            let left = format!("/{before}/");
            let right = next(location, &left, name);
            show(before, name, Way::Location { left, right, is_path: true }, visit);
        }
        for (name, value) in pieces.filter_map(|piece| piece.split_once('=')) {
            let left = format!(";{name}=");
            let right = next(location, &left, value);
            show(name, value, Way::Location { left, right, is_path: false }, visit);
        }
        before = name;
    }
    for sign in ['?', '#'] {
        let Some((_, rest)) = location.split_once(sign) else { continue };
        let rest = rest.split('#').next().unwrap_or_default();
        for (number, pair) in rest.split('&').enumerate() {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let left = format!("{}{name}=", if number == 0 { sign } else { '&' });
            let right = next(location, &left, value);
            show(name, value, Way::Location { left, right, is_path: false }, visit);
        }
    }
}

fn show(name: &str, value: &str, way: Way<'_>, visit: &mut dyn FnMut(&str, &str, Way<'_>)) {
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    if !decoded.is_empty() {
        visit(name, &decoded, way);
    }
}

/// What may end a value: the character that does, or the one that would if more followed.
fn next(location: &str, left: &str, value: &str) -> &'static str {
    let behind = location.split_once(left).and_then(|(_, rest)| rest.strip_prefix(value));
    match behind.and_then(|rest| rest.chars().next()) {
        Some('/') => "/",
        Some(';') => ";",
        Some('?') => "?",
        Some('#') => "#",
        Some('&') => "&",
        _ if left.starts_with(['/', ';']) => "?",
        _ => "&",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(location: &str) -> Vec<(String, String, String, &'static str)> {
        let mut shown = Vec::new();
        parts(location, &mut |name, value, way| {
            if let Way::Location { left, right, .. } = way {
                shown.push((name.to_owned(), value.to_owned(), left, right));
            }
        });
        shown
    }

    #[test]
    fn values_stand_in_segments_their_parameters_the_query_and_the_fragment() {
        let row = |name: &str, value: &str, left: &str, right| {
            (name.to_owned(), value.to_owned(), left.to_owned(), right)
        };
        assert_eq!(
            shown("https://a.example/orders/17;jsessionid=AB?code=4%2F0&state=s#id_token=t"),
            [
                row("orders", "17", "/orders/", ";"),
                row("jsessionid", "AB", ";jsessionid=", "?"),
                row("code", "4/0", "?code=", "&"),
                row("state", "s", "&state=", "#"),
                row("id_token", "t", "#id_token=", "&"),
            ]
        );
        assert_eq!(shown("/orders/17"), [row("orders", "17", "/orders/", "?")]);
        assert!(shown("https://a.example").is_empty());
    }
}
