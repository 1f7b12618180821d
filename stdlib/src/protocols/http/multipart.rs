//! Forms with files: `multipart/form-data` (RFC 7578).

use ld_vm::Escape;

use super::MAX_FILES;
use super::body::pairs;
use crate::protocols::{Problem, ProblemKind};
use crate::template::{Piece, Template, Tree, TreeKind};

/// A form as it is sent.
pub(super) struct Multipart {
    /// The text up to the first file that is read from a path.
    pub(super) text: Template,
    /// Paths of files, and the text after each.
    pub(super) files: Vec<(Template, Template)>,
    pub(super) content_type: String,
}

/// One field of a form.
struct Entry {
    /// Its header lines and the empty line.
    head: Template,
    content: Content,
}

enum Content {
    Text(Template),
    Path(Template),
}

/// The form of the fields in `data` and the files in `files`.
pub(super) fn form(data: Option<&Tree>, files: &Tree, problems: &mut Vec<Problem>) -> Multipart {
    let mut entries: Vec<Entry> = data
        .map(pairs)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| {
            let mut head = disposition(&Template::text(name));
            head.push_text("\r\n\r\n");
            Entry { head, content: Content::Text(value.to_text()) }
        })
        .collect();
    match &files.kind {
        TreeKind::Map(members) => {
            for member in members {
                entries.extend(file(&Template::text(&member.name), &member.value, problems));
            }
        }
        TreeKind::List(items) => {
            for item in items {
                let field = item.member("field").map(Tree::to_text).unwrap_or_default();
                entries.extend(file(&field, item, problems));
            }
        }
        _ => {}
    }
    let paths = entries.iter().filter(|entry| matches!(entry.content, Content::Path(_))).count();
    if paths > MAX_FILES {
        problems.push(Problem {
            span: files.span,
            kind: ProblemKind::Value,
            message: format!("a request takes {MAX_FILES} files with a path, and this has {paths}"),
            label: "too many files".to_owned(),
            help: "send them in several requests".to_owned(),
        });
    }
    let boundary = boundary(&entries);
    let mut form = Multipart {
        text: Template::default(),
        files: Vec::new(),
        content_type: format!("multipart/form-data; boundary={boundary}"),
    };
    for entry in entries {
        let text = form.last();
        text.push_text(format!("--{boundary}\r\n"));
        text.push(&entry.head);
        match entry.content {
            Content::Text(content) => text.push(&content),
            Content::Path(path) => form.files.push((path, Template::default())),
        }
        form.last().push_text("\r\n");
    }
    form.last().push_text(format!("--{boundary}--\r\n"));
    form
}

impl Multipart {
    /// The text that is being written.
    fn last(&mut self) -> &mut Template {
        match self.files.last_mut() {
            Some((_, text)) => text,
            None => &mut self.text,
        }
    }
}

/// A file; the reference calls one that is only a text by its field.
fn file(field: &Template, tree: &Tree, problems: &mut Vec<Problem>) -> Option<Entry> {
    let member = |name: &str| tree.member(name).map(Tree::to_text);
    let is_object = matches!(tree.kind, TreeKind::Map(_));
    let content = match (member("content"), member("path")) {
        (Some(content), None) => Content::Text(content),
        (None, Some(path)) => Content::Path(path),
        _ if !is_object => Content::Text(tree.to_text()),
        (content, _) => {
            let which = if content.is_some() { "both" } else { "neither" };
            problems.push(Problem {
                span: tree.span,
                kind: ProblemKind::Value,
                message: "a file of a form has `content` or `path`".to_owned(),
                label: format!("{which} of them"),
                help: r#"write `"path": "photo.jpg"`, or `"content": "…"`"#.to_owned(),
            });
            return None;
        }
    };
    let is_field = tree.member("filename").is_some_and(|name| name.kind == TreeKind::Null);
    let filename = member("filename").unwrap_or_else(|| match &content {
        Content::Path(path) => last_segment(path).unwrap_or_else(|| field.clone()),
        Content::Text(_) => field.clone(),
    });
    let mut head = disposition(field);
    if !is_field {
        head.push_text("; filename=\"");
        head.push(&quoted(&filename));
        head.push_text("\"");
    }
    head.push_text("\r\n");
    let is_file = !is_field && matches!(content, Content::Path(_));
    let default = is_file.then_some("application/octet-stream");
    if let Some(content_type) = member("content_type").or_else(|| default.map(Template::text)) {
        head.push_text("Content-Type: ");
        head.push_escaped(&content_type, Escape::Header);
        head.push_text("\r\n");
    }
    head.push_text("\r\n");
    Some(Entry { head, content })
}

fn disposition(name: &Template) -> Template {
    let mut out = Template::text("Content-Disposition: form-data; name=\"");
    out.push(&quoted(name));
    out.push_text("\"");
    out
}

/// A name in quotes as browsers write it: quotes and line ends percent-encoded (WHATWG HTML,
/// "multipart/form-data encoding algorithm"). In what a slot is filled with, line ends become
/// spaces.
fn quoted(name: &Template) -> Template {
    let mut out = Template::default();
    for piece in &name.pieces {
        match piece {
            Piece::Text(text) => {
                for &byte in text {
                    match byte {
                        b'"' => out.push_text("%22"),
                        b'\r' => out.push_text("%0D"),
                        b'\n' => out.push_text("%0A"),
                        _ => out.push_text([byte]),
                    }
                }
            }
            Piece::Slot { slot, escape } => out.push_slot(*slot, escape.inside(Escape::Header)),
        }
    }
    match out.constant() {
        Some(text) => Template::text(text),
        None => out,
    }
}

fn last_segment(path: &Template) -> Option<Template> {
    let path = path.constant()?;
    path.rsplit(|&byte| byte == b'/').next().map(Template::text)
}

/// A boundary that depends on nothing but the plan, and is not in what the plan sends.
fn boundary(entries: &[Entry]) -> String {
    let texts: Vec<&[u8]> = entries
        .iter()
        .flat_map(|entry| {
            let (Content::Text(content) | Content::Path(content)) = &entry.content;
            entry.head.pieces.iter().chain(&content.pieces)
        })
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_slice()),
            Piece::Slot { .. } => None,
        })
        .collect();
    // FNV-1a: any spread will do, and this one never changes.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    loop {
        for &byte in texts.iter().copied().flatten() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        let boundary = format!("----ldvm{hash:016x}");
        if texts.iter().all(|text| memchr::memmem::find(text, boundary.as_bytes()).is_none()) {
            return boundary;
        }
        hash = hash.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;
    use crate::template::Member;

    fn text(text: &str) -> Tree {
        Tree { span: Span::default(), kind: TreeKind::Text(Template::text(text)) }
    }

    fn map(members: &[(&str, Tree)]) -> Tree {
        let members = members.iter().map(|(name, value)| Member {
            name: (*name).to_owned(),
            name_span: Span::default(),
            value: value.clone(),
        });
        Tree { span: Span::default(), kind: TreeKind::Map(members.collect()) }
    }

    fn written(form: &Multipart) -> String {
        let mut out = form.text.constant().unwrap();
        for (path, text) in &form.files {
            out.extend([b"<".to_vec(), path.constant().unwrap(), b">".to_vec()].concat());
            out.extend(text.constant().unwrap());
        }
        let boundary = form.content_type.split("boundary=").nth(1).unwrap();
        String::from_utf8(out).unwrap().replace(boundary, "B").replace("\r\n", "\n")
    }

    #[test]
    fn fields_come_before_files_and_texts_are_files_of_their_fields_name() {
        let mut problems = Vec::new();
        let data = map(&[("a", text("1"))]);
        let files = map(&[
            ("b\"\r\n", text("two")),
            ("c", map(&[("path", text("dir/photo.jpg")), ("content_type", text("image/jpeg"))])),
        ]);
        let form = form(Some(&data), &files, &mut problems);
        assert_eq!(problems, []);
        assert_eq!(
            written(&form),
            "--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n\
             --B\nContent-Disposition: form-data; name=\"b%22%0D%0A\"; filename=\"b%22%0D%0A\"\n\ntwo\n\
             --B\nContent-Disposition: form-data; name=\"c\"; filename=\"photo.jpg\"\n\
             Content-Type: image/jpeg\n\n<dir/photo.jpg>\n--B--\n"
        );
    }

    #[test]
    fn a_boundary_is_the_same_each_time_and_not_in_what_is_sent() {
        let mut problems = Vec::new();
        let first = form(None, &map(&[("a", text("x"))]), &mut problems).content_type;
        assert_eq!(first, form(None, &map(&[("a", text("x"))]), &mut problems).content_type);
        assert_ne!(first, form(None, &map(&[("a", text("y"))]), &mut problems).content_type);
    }

    #[test]
    fn a_file_has_one_content() {
        let mut problems = Vec::new();
        let both = map(&[("content", text("x")), ("path", text("y"))]);
        form(None, &map(&[("a", both), ("b", map(&[]))]), &mut problems);
        let labels: Vec<_> = problems.iter().map(|problem| problem.label.as_str()).collect();
        assert_eq!(labels, ["both of them", "neither of them"]);
    }
}
