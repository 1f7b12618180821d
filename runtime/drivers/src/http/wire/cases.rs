//! The cases in `tests/cases/wire`: a reply as it came (`NAME.reply`), and beside it what
//! is made of it (`NAME.txt`). Replies called `head-…` answer a HEAD request.
//!
//! Each is read whole, cut in two at every byte, and byte by byte, with the body kept and
//! with the body dropped. Run with `UPDATE_CASES=1` to write the texts anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::buffer::Buffer;
use super::error::WireError;
use super::head::Fields;
use super::probe::{Outcome, replay};
use super::reader::{Expect, Limits};

type Read = Result<Outcome, WireError>;

fn transcript(read: &Read, dropped: &Read) -> String {
    let mut text = String::new();
    let outcome = match read {
        Ok(outcome) => outcome,
        Err(error) => {
            writeln!(text, "{}: {error}", error.class().name()).unwrap();
            if let Err(other) = dropped
                && other != error
            {
                let class = other.class().name();
                writeln!(text, "when the body is dropped: {class}: {other}").unwrap();
            }
            return text;
        }
    };
    let connection = if outcome.keep_alive { "kept" } else { "closed" };
    writeln!(text, "status {}, connection {connection}", outcome.status).unwrap();
    for (name, value) in Fields::new(&outcome.head) {
        writeln!(text, "  {}: {}", escape(name), escape(value)).unwrap();
    }
    match &outcome.body {
        Ok(body) if body.len() as u64 == outcome.body_len => {
            writeln!(text, "body {}", body.len()).unwrap();
        }
        Ok(body) => writeln!(text, "body {}, decoded {}", outcome.body_len, body.len()).unwrap(),
        Err(error) => writeln!(text, "body {}: {error}", outcome.body_len).unwrap(),
    }
    for line in outcome.body.as_deref().unwrap_or_default().split_inclusive(|&b| b == b'\n') {
        writeln!(text, "  {}", escape(line)).unwrap();
    }
    text
}

/// Visible ASCII as it is, everything else as an escape.
fn escape(bytes: &[u8]) -> String {
    let escaped = bytes.escape_ascii().to_string();
    escaped.replace("\\\"", "\"").replace("\\'", "'")
}

fn check(name: &str, reply: &[u8], expected: &Path) {
    let keep = Expect { to_head_request: name.starts_with("head-"), body: true };
    let drop = Expect { body: false, ..keep };
    let mut buffer = Buffer::default();
    let [kept, dropped] = [keep, drop].map(|expect| {
        let mut read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            buffer.seen = None;
            replay(pieces, expect, Limits::default(), &mut buffer)
        };
        let whole = read(&mut [reply].into_iter());
        for cut in 0..=reply.len() {
            let (first, second) = reply.split_at(cut);
            let cut_read = read(&mut [first, second].into_iter());
            assert_eq!(cut_read, whole, "{name} cut at {cut}, {expect:?}");
        }
        let bytewise = read(&mut reply.chunks(1));
        assert_eq!(bytewise, whole, "{name} byte by byte, {expect:?}");
        let again = replay([reply], expect, Limits::default(), &mut buffer);
        assert_eq!(again, whole, "{name} with its head known, {expect:?}");
        whole
    });
    if let Ok(kept) = &kept {
        let body = Ok(Vec::new());
        assert_eq!(Ok(Outcome { body, ..kept.clone() }), dropped, "{name}, body dropped");
    }
    let text = transcript(&kept, &dropped);
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(expected, text).unwrap();
    } else {
        let expected = fs::read_to_string(expected).unwrap_or_default();
        assert_eq!(text, expected, "{name}");
    }
}

#[test]
fn recorded_replies_read_as_written_beside_them_however_they_are_cut() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/wire"));
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "reply") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            check(&name, &fs::read(&path).unwrap(), &path.with_extension("txt"));
            count += 1;
        }
    }
    assert!(count > 80, "only {count} cases in {}", folder.display());
}
