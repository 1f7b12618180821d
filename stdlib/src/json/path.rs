//! Finding the value at a path.

use memchr::{memchr, memchr_iter, memmem};

use super::Found;
use super::scan::Scanner;

/// The value at a dotted path: names of members and positions in arrays, joined with
/// points, as in `items.0.id`.
///
/// Empty segments are passed over, so the empty path is the whole document. Negative
/// positions count from the end. Of members with the same name the last one counts. A member,
/// position or container that is not there is [`Found::Missing`], as is everything when the
/// document is not JSON.
///
/// The value is checked to be JSON. What stands before it is passed over: names are read, but
/// a string of no interest ends at its quote and an array or object where its brackets
/// balance, whatever is in it. What follows is searched for another member of the same name,
/// and gone through only when there may be one. So a value is found in a document that is
/// broken elsewhere; whoever wants to know whether all of a document is JSON asks for the
/// empty path.
#[must_use]
pub fn find<'b>(document: &'b [u8], path: &(impl AsRef<[u8]> + ?Sized)) -> Found<'b> {
    walk(document, names(path.as_ref()).map(Name))
}

/// A dotted path that is followed many times: taken apart, and the searches for its names
/// made ready.
#[derive(Clone, Debug)]
pub struct Path {
    segments: Vec<Segment>,
}

/// What a segment can be a step into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever is there: a member of an object, an item of an array.
    Any,
    /// An object only.
    Name,
    /// An array only.
    Position,
}

impl Path {
    /// The path as [`find`] reads it.
    #[must_use]
    pub fn new(path: &[u8]) -> Self {
        Self::of(names(path).map(|name| (name, Kind::Any)))
    }

    /// The path of these steps, whatever bytes are in the names.
    pub(super) fn of<'n>(steps: impl Iterator<Item = (&'n [u8], Kind)>) -> Self {
        let segments = steps.map(|(name, kind)| {
            let quoted = [b"\"", name, b"\""].concat();
            let finder = is_plain(name).then(|| memmem::Finder::new(&quoted).into_owned());
            Segment { name: name.into(), kind, finder }
        });
        Self { segments: segments.collect() }
    }

    /// The value at this path, as [`find`] finds it.
    #[must_use]
    pub fn find<'b>(&self, document: &'b [u8]) -> Found<'b> {
        walk(document, self.segments.iter())
    }
}

/// The segments of a path that count.
fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'.').filter(|segment| !segment.is_empty())
}

/// A step of a path.
trait Step: Copy {
    fn name(&self) -> &[u8];
    fn kind(&self) -> Kind;

    /// Whether there may be another member of the name in the rest of a document in which no
    /// character is written as `\uXXXX`; `false` is certain.
    ///
    /// Names hardly ever repeat, and searching for one is many times faster than reading all
    /// of the document to find that out.
    fn may_recur(&self, rest: &[u8]) -> bool;
}

/// A step that is gone many times.
#[derive(Clone, Debug)]
struct Segment {
    name: Box<[u8]>,
    kind: Kind,
    /// The search for the name between quotes; `None` when it has to be written with an escape,
    /// as there are several ways.
    finder: Option<memmem::Finder<'static>>,
}

impl Step for &Segment {
    #[inline(always)]
    fn name(&self) -> &[u8] {
        &self.name
    }

    #[inline(always)]
    fn kind(&self) -> Kind {
        self.kind
    }

    #[inline(always)]
    fn may_recur(&self, rest: &[u8]) -> bool {
        self.finder.as_ref().is_none_or(|finder| finder.find(rest).is_some())
    }
}

/// A step that is gone once: preparing a search would take longer than searching a small
/// document.
#[derive(Clone, Copy)]
struct Name<'n>(&'n [u8]);

impl Step for Name<'_> {
    fn name(&self) -> &[u8] {
        self.0
    }

    fn kind(&self) -> Kind {
        Kind::Any
    }

    fn may_recur(&self, rest: &[u8]) -> bool {
        let name = self.0;
        let is_quoted = |at: usize| {
            at.checked_sub(1).and_then(|before| rest.get(before)) == Some(&b'"')
                && rest.get(at + name.len()) == Some(&b'"')
        };
        !is_plain(name) || looks_written(rest, name) && memmem::find_iter(rest, name).any(is_quoted)
    }
}

fn walk<'b>(document: &'b [u8], steps: impl Iterator<Item = impl Step>) -> Found<'b> {
    let document = document.strip_prefix("\u{feff}".as_bytes()).unwrap_or(document);
    follow(Scanner::new(document), steps).unwrap_or(Found::Missing)
}

#[inline(always)]
fn follow<'b>(
    mut place: Scanner<'b>,
    mut steps: impl Iterator<Item = impl Step>,
) -> Option<Found<'b>> {
    let Some(mut step) = steps.next() else {
        let found = place.value()?;
        return place.peek().is_none().then_some(found);
    };
    // Known of the rest of the document once the first name was found.
    let mut is_literal = false;
    loop {
        match place.peek()? {
            b'{' if step.kind() != Kind::Position => {
                let (offset, rest_is_literal) = enter_member(place, step, is_literal)?;
                place.go_to(offset);
                is_literal = rest_is_literal;
            }
            b'[' if step.kind() != Kind::Name => enter_item(&mut place, step.name())?,
            _ => return None,
        }
        match steps.next() {
            Some(next) => step = next,
            None => return place.value(),
        }
    }
}

/// Where the value of an object's last member of a name begins, `place` being where the
/// object does, and whether no name in the rest of the document is written with `\u`, if it
/// is not known to be so already.
#[inline(always)]
fn enter_member(
    mut place: Scanner<'_>,
    step: impl Step,
    mut is_literal: bool,
) -> Option<(usize, bool)> {
    place.token()?;
    let mut last = None;
    while let Some(found) = place.name() {
        // Asked once only: the time must not grow with the number of repetitions.
        if found.is(step.name()) && last.replace(place.offset()).is_none() {
            is_literal = is_literal || !has_unicode_escape(place.rest());
            if is_literal && !step.may_recur(place.rest()) {
                break;
            }
        }
        if place.skip().is_none() || place.token() != Some(b',') {
            break;
        }
    }
    Some((last?, is_literal))
}

/// Goes from the start of an array to an item.
fn enter_item(place: &mut Scanner<'_>, position: &[u8]) -> Option<()> {
    let position: i64 = str::from_utf8(position).ok()?.trim().parse().ok()?;
    place.token()?;
    let mut before = match u64::try_from(position) {
        Ok(before) => before,
        Err(_) => match from_end(*place, position.unsigned_abs())? {
            FromEnd::At(offset) => {
                place.go_to(offset);
                0
            }
            FromEnd::After(before) => before,
        },
    };
    while before > 0 {
        place.skip()?;
        if place.token()? != b',' {
            return None;
        }
        before -= 1;
    }
    Some(())
}

/// Where an item counted from the end of an array is.
enum FromEnd {
    /// It begins here.
    At(usize),
    /// It comes after so many.
    After(u64),
}

/// Finds the item that is `back` items before the end of an array, 1 being the last, in one
/// reading if it is one of the last few.
fn from_end(mut place: Scanner<'_>, back: u64) -> Option<FromEnd> {
    if place.peek()? == b']' {
        return None;
    }
    let mut last = [0; 8];
    let mut count = 0_u64;
    loop {
        if let Some(slot) = last.get_mut((count % 8) as usize) {
            *slot = place.offset();
        }
        place.skip()?;
        count += 1;
        match place.token()? {
            b',' => {}
            b']' => break,
            _ => return None,
        }
    }
    let before = count.checked_sub(back)?;
    Some(match last.get((before % 8) as usize) {
        Some(&offset) if back <= 8 => FromEnd::At(offset),
        _ => FromEnd::After(before),
    })
}

/// Whether a name is written in one way only, apart from `\uXXXX`.
fn is_plain(name: &[u8]) -> bool {
    name.iter().all(|&byte| byte >= 0x20 && !matches!(byte, b'"' | b'\\' | b'/'))
}

/// Whether quotes and a name's first and last byte stand somewhere as in the name; `false`
/// is certain.
///
/// Preparing a search takes longer than searching a small document, and this needs no
/// preparation: four bytes are compared at each place, in a form that becomes vector
/// instructions.
fn looks_written(rest: &[u8], name: &[u8]) -> bool {
    const LANES: usize = 16;
    let (Some(&first), Some(&last)) = (name.first(), name.last()) else {
        return true;
    };
    let places = rest.len().saturating_sub(name.len() + 1);
    let from = |offset: usize| rest.get(offset..offset + places).unwrap_or_default();
    let (opening, firsts) = (from(0), from(1));
    let (lasts, closing) = (from(name.len()), from(name.len() + 1));

    let look = |opening: &[u8], firsts: &[u8], lasts: &[u8], closing: &[u8]| {
        let places = opening.iter().zip(firsts).zip(lasts.iter().zip(closing));
        places.fold(0, |hits, ((&a, &b), (&y, &z))| {
            let is_start = u8::from(a == b'"') & u8::from(b == first);
            let is_end = u8::from(y == last) & u8::from(z == b'"');
            hits | (is_start & is_end)
        })
    };
    let starts = opening.chunks_exact(LANES).zip(firsts.chunks_exact(LANES));
    let ends = lasts.chunks_exact(LANES).zip(closing.chunks_exact(LANES));
    let hits = starts.zip(ends).fold(0, |hits, ((a, b), (y, z))| hits | look(a, b, y, z));
    // The last places are looked at together with some before them.
    let ends = (lasts.last_chunk::<LANES>(), closing.last_chunk::<LANES>());
    let hits = match (opening.last_chunk::<LANES>(), firsts.last_chunk::<LANES>(), ends) {
        (Some(a), Some(b), (Some(y), Some(z))) => hits | look(a, b, y, z),
        _ => look(opening, firsts, lasts, closing),
    };
    hits != 0
}

/// Whether some character may be written as `\uXXXX`: any name may then be.
fn has_unicode_escape(rest: &[u8]) -> bool {
    // Nearly always there is no backslash at all.
    memchr(b'\\', rest).is_some_and(|first| {
        let rest = rest.get(first..).unwrap_or_default();
        memchr_iter(b'\\', rest).any(|at| rest.get(at + 1) == Some(&b'u'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawText;

    /// Finds in both ways, which have to agree.
    fn find<'b>(document: &'b [u8], path: &str) -> Found<'b> {
        let found = super::find(document, path);
        assert_eq!(Path::new(path.as_bytes()).find(document), found, "{path}");
        found
    }

    fn text(plain: &str) -> Found<'_> {
        Found::Text(RawText::plain(plain.as_bytes()))
    }

    #[test]
    fn a_path_is_names_and_positions() {
        let json = br#"{"data": {"items": [{"id": 7}, {"id": "b"}], "": 1, "a b": true}}"#;
        for (path, expected) in [
            ("data.items.0.id", Found::Int(7)),
            ("data.items.1.id", text("b")),
            ("data.items.-1.id", text("b")),
            ("data.items.-2.id", Found::Int(7)),
            ("data.items. +1 .id", text("b")),
            (".data..items.-1.", Found::Json(br#"{"id": "b"}"#)),
            ("data.a b", Found::Bool(true)),
            ("data.items.2", Found::Missing),
            ("data.items.-3", Found::Missing),
            ("data.items.-9223372036854775808", Found::Missing),
            ("data.items.id", Found::Missing),
            ("data.items[0]", Found::Missing),
            ("$.data", Found::Missing),
            ("data.items.0.id.x", Found::Missing),
        ] {
            assert_eq!(find(json, path), expected, "{path}");
        }
    }

    #[test]
    fn every_item_is_found_from_both_ends() {
        for count in 0..20 {
            let items: Vec<_> = (0..count).map(|item| item.to_string()).collect();
            let json = format!("[ {} ]", items.join(" , "));
            for item in 0..count {
                let found = Found::Int(item);
                assert_eq!(find(json.as_bytes(), &item.to_string()), found, "{json}");
                assert_eq!(find(json.as_bytes(), &(item - count).to_string()), found, "{json}");
            }
            assert_eq!(find(json.as_bytes(), &count.to_string()), Found::Missing);
            assert_eq!(find(json.as_bytes(), &(-1 - count).to_string()), Found::Missing);
        }
        assert_eq!(find(b"[1, 2", "-1"), Found::Missing);
    }

    #[test]
    fn there_is_nothing_in_null() {
        let json = br#"{"a": null, "b": [nul]}"#;
        assert_eq!(find(json, "a"), Found::Null);
        assert_eq!(find(json, "a.b.0"), Found::Missing);
        assert_eq!(find(json, "b.0.c"), Found::Missing);
    }

    #[test]
    fn of_equal_names_the_last_one_counts() {
        let json = br#"{"a": {"b": 1, "b": 2}, "c": "a", "a": {"b": 3}, "d": {"a": 4}}"#;
        assert_eq!(find(json, "a.b"), Found::Int(3));
        assert_eq!(find(br#"{"a": 1, "\u0061": 2}"#, "a"), Found::Int(2));
        assert_eq!(find(br#"{"a/b": 1, "a\/b": 2}"#, "a/b"), Found::Int(2));
    }

    #[test]
    fn a_repeated_name_is_seen_at_any_distance() {
        for distance in 0..70 {
            for name in ["a", "id", "token", "a name of its own length"] {
                let filler = "f".repeat(distance);
                for end in ["", ", \"\": []", ", \"z\": \"a rather long text to end with\""] {
                    let json = format!(r#"{{"{name}": 1, "{filler}": 0, "{name}": 2{end}}}"#);
                    assert_eq!(find(json.as_bytes(), name), Found::Int(2), "{json}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_the_value_is_not_checked_unless_the_path_is_empty() {
        assert_eq!(find(br#"{"a": 1, oops"#, "a"), Found::Int(1));
        assert_eq!(find(br#"{"b": oops, "c": [{]}, "a": 1}"#, "a"), Found::Int(1));
        assert_eq!(find(br#"{"b": "\q", "c": [1 2, {"d" 3}], "a": 1}"#, "a"), Found::Int(1));
        assert_eq!(find(br#"{"b": "oops, "a": 1}"#, "a"), Found::Missing);
        assert_eq!(find(br#"{"b": [1, "a": 1}"#, "a"), Found::Missing);
        assert_eq!(find(br#"{"b": , "a": 1}"#, "a"), Found::Missing);
        assert_eq!(find(br#"{"b": 1 "a": 1}"#, "a"), Found::Missing);
        assert_eq!(find(br#"{"a": [1 2]}"#, "a"), Found::Missing);
        assert_eq!(find(br#"{"a": 1, "a": oops"#, "a"), Found::Missing);
        assert_eq!(find(br#"{oops, "a": 1}"#, "a"), Found::Missing);
        assert_eq!(find(b"1 2", ""), Found::Missing);
    }

    #[test]
    fn scalars_are_read_with_their_types() {
        for (json, expected) in [
            ("0", Found::Int(0)),
            ("-0", Found::Int(0)),
            ("9223372036854775807", Found::Int(i64::MAX)),
            ("-9223372036854775808", Found::Int(i64::MIN)),
            ("9223372036854775808", Found::BigInt(b"9223372036854775808")),
            ("1.5e3", Found::Float(1500.0)),
            ("1E400", Found::Float(f64::INFINITY)),
            ("\u{feff} true\n", Found::Bool(true)),
            ("01", Found::Missing),
            ("1.", Found::Missing),
            (".5", Found::Missing),
            ("+1", Found::Missing),
            ("1e", Found::Missing),
            ("NaN", Found::Missing),
            ("truee", Found::Missing),
            ("'a'", Found::Missing),
            ("\"a\nb\"", Found::Missing),
            ("[1,]", Found::Missing),
            ("{\"a\":1,}", Found::Missing),
            ("{\"a\" 1}", Found::Missing),
            ("[1}", Found::Missing),
            ("", Found::Missing),
        ] {
            assert_eq!(find(json.as_bytes(), ""), expected, "{json}");
        }
    }
}
