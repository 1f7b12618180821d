//! What tasks of several protocols say about certificates: `verify` and `cert`.

use super::{Problem, ProblemKind, Task};
use crate::field::{Field, Shape};
use crate::template::{Template, Tree, TreeKind};

/// The field that says whom a task trusts.
pub(super) const VERIFY: Field = Field::new(
    "verify",
    Shape::Either(&[Shape::Bool, Shape::ConstantText]),
    "Whether the server's certificate is checked, or the path of the CA file or folder to check it against.",
    "false",
)
.path()
.default("true");

/// The path of the CA file or folder, when `verify` is one.
pub(super) fn authorities(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let Some(verify) = task.field("verify") else {
        return Template::default();
    };
    let TreeKind::Text(path) = &verify.kind else {
        return Template::default();
    };
    let word = path.constant().unwrap_or_default().to_ascii_lowercase();
    if word == b"true" || word == b"false" {
        let word = String::from_utf8_lossy(&word);
        problems.push(Problem {
            span: verify.span,
            kind: ProblemKind::Value,
            message: format!("`verify` is the text \"{word}\" here, which would be a file"),
            label: "a path, because it stands in quotes".to_owned(),
            help: format!("write `\"verify\": {word}`"),
        });
    }
    path.clone()
}

/// The paths of the client certificate and of its key; that of the key is empty when both are
/// in one file.
pub(super) fn certificate(task: &Task<'_>, problems: &mut Vec<Problem>) -> (Template, Template) {
    let Some(cert) = task.field("cert") else {
        return Default::default();
    };
    match &cert.kind {
        TreeKind::List(files) => match files.as_slice() {
            [cert] => (cert.to_text(), Template::default()),
            [cert, key] => (cert.to_text(), key.to_text()),
            _ => {
                problems.push(Problem {
                    span: cert.span,
                    kind: ProblemKind::Value,
                    message: "`cert` is a file, or a pair of files".to_owned(),
                    label: format!("{} files", files.len()),
                    help: r#"write `["client.pem", "client.key"]`"#.to_owned(),
                });
                Default::default()
            }
        },
        _ => (Tree::to_text(cert), Template::default()),
    }
}
