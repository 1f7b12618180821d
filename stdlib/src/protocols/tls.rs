//! What tasks of several protocols say about certificates: `verify` and `cert`.

use super::{Problem, ProblemKind, Task};
use crate::template::{Template, Tree, TreeKind};

/// The path of the CA file or folder, when `verify` is one.
pub(super) fn authorities(task: &Task<'_>) -> Template {
    match task.field("verify").map(|tree| &tree.kind) {
        Some(TreeKind::Text(path)) => path.clone(),
        _ => Template::default(),
    }
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
