//! Finding the value at a path.

use memchr::memchr_iter;

use super::Found;
use super::scan::Scanner;

/// The value at a dotted path: names of members and positions in arrays, joined with
/// points, as in `items.0.id`.
///
/// Empty segments are passed over, so the empty path is the whole document. Negative
/// positions count from the end. Of members with the same name the last one counts. `null`
/// on the way is [`Found::Null`]; a member, position or container that is not there is
/// [`Found::Missing`], as is everything when the document is not JSON.
///
/// The document is checked up to the end of the value. What follows it is searched for
/// another member of the same name, and checked only when there may be one: whoever wants
/// to know whether all of a document is JSON asks for the empty path.
#[must_use]
pub fn find<'b>(document: &'b [u8], path: &(impl AsRef<[u8]> + ?Sized)) -> Found<'b> {
    let document = document.strip_prefix("\u{feff}".as_bytes()).unwrap_or(document);
    walk(Scanner::new(document), path.as_ref()).unwrap_or(Found::Missing)
}

fn walk<'b>(mut place: Scanner<'b>, path: &[u8]) -> Option<Found<'b>> {
    let mut segments = path.split(|&byte| byte == b'.').filter(|segment| !segment.is_empty());
    let Some(first) = segments.next() else {
        let found = place.value()?;
        return place.peek().is_none().then_some(found);
    };
    for segment in std::iter::once(first).chain(segments) {
        match place.peek()? {
            b'{' => enter_member(&mut place, segment)?,
            b'[' => enter_item(&mut place, segment)?,
            b'n' => break,
            _ => return None,
        }
    }
    place.value()
}

/// Goes from the start of an object to the value of its last member called `name`.
fn enter_member(place: &mut Scanner<'_>, name: &[u8]) -> Option<()> {
    place.token()?;
    let mut ahead = *place;
    let mut last = None;
    while let Some(found) = ahead.name() {
        if found.is(name) {
            last = Some(ahead);
            if !may_recur(ahead.rest(), name) {
                break;
            }
        }
        if ahead.skip().is_none() || ahead.token() != Some(b',') {
            break;
        }
    }
    *place = last?;
    Some(())
}

/// Goes from the start of an array to an item.
fn enter_item(place: &mut Scanner<'_>, position: &[u8]) -> Option<()> {
    let position: i64 = str::from_utf8(position).ok()?.trim().parse().ok()?;
    place.token()?;
    let before = match u64::try_from(position) {
        Ok(before) => before,
        Err(_) => count_items(*place)?.checked_sub(position.unsigned_abs())?,
    };
    for _ in 0..before {
        place.skip()?;
        if place.token()? != b',' {
            return None;
        }
    }
    Some(())
}

/// How many items there are up to the end of the array.
fn count_items(mut place: Scanner<'_>) -> Option<u64> {
    if place.peek()? == b']' {
        return Some(0);
    }
    let mut count = 1;
    loop {
        place.skip()?;
        match place.token()? {
            b',' => count += 1,
            b']' => return Some(count),
            _ => return None,
        }
    }
}

/// Whether there may be another member called `name` in the rest of a document; `false` is
/// certain.
///
/// This is what makes it unnecessary to read all of a document for the sake of names that
/// hardly ever repeat, so it is written to be turned into vector instructions: three bytes
/// are compared at each place, without branches.
fn may_recur(rest: &[u8], name: &[u8]) -> bool {
    let is_plain = |&byte: &u8| byte >= 0x20 && !matches!(byte, b'"' | b'\\' | b'/');
    if !name.iter().all(is_plain) {
        return true;
    }
    let Some(&first) = name.first() else {
        return true;
    };
    let firsts = rest.get(1..).unwrap_or_default();
    let closing = rest.get(name.len() + 1..).unwrap_or_default();
    let written = rest.iter().zip(firsts).zip(closing).fold(0, |hits, ((&a, &b), &c)| {
        hits | (u8::from(a == b'"') & u8::from(b == first) & u8::from(c == b'"'))
    });
    written != 0 || has_unicode_escape(rest)
}

/// Whether some character may be written as `\uXXXX`: any name may then be.
fn has_unicode_escape(rest: &[u8]) -> bool {
    memchr_iter(b'\\', rest).any(|at| rest.get(at + 1) == Some(&b'u'))
}
