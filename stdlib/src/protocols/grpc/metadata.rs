//! What is sent along with a call: `metadata`.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use ld_vm::Escape;

use crate::protocols::{Problem, ProblemKind, Task};
use crate::span::Span;
use crate::template::{Template, Tree, TreeKind};

/// Values of keys that end with `-bin`: base64, with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keys that the call itself sets.
const OWN: [&str; 6] = ["te", "content-type", "host", "connection", "transfer-encoding", "upgrade"];

/// Lines `key: value`, one for each value.
pub(super) fn lines(task: &Task<'_>, problems: &mut Vec<Problem>) -> Template {
    let mut lines = Template::default();
    match task.field("metadata").map(|tree| &tree.kind) {
        Some(TreeKind::Map(members)) => {
            for member in members {
                push(&mut lines, &member.name, member.name_span, &member.value, problems);
            }
        }
        Some(TreeKind::List(pairs)) => {
            for pair in pairs {
                let parts = match &pair.kind {
                    TreeKind::List(parts) => parts.as_slice(),
                    _ => &[],
                };
                let [key, value] = parts else {
                    problems.push(problem(
                        pair.span,
                        "this is no pair of metadata".to_owned(),
                        "a list of a key and a value",
                    ));
                    continue;
                };
                match key.to_text().constant().and_then(|key| String::from_utf8(key).ok()) {
                    Some(name) => push(&mut lines, &name, key.span, value, problems),
                    None => problems.push(problem(
                        key.span,
                        "keys of metadata must be known before the run".to_owned(),
                        "only values may have placeholders",
                    )),
                }
            }
        }
        _ => {}
    }
    lines
}

fn push(lines: &mut Template, name: &str, span: Span, value: &Tree, problems: &mut Vec<Problem>) {
    if let Some((message, label)) = unusable(name) {
        problems.push(problem(span, message, label));
        return;
    }
    let values = match &value.kind {
        TreeKind::Null => return,
        TreeKind::List(values) => values.as_slice(),
        _ => std::slice::from_ref(value),
    };
    for value in values {
        let text = value.to_text();
        if let Some(constant) = text.constant()
            && let Err(why) = check(name, &constant)
        {
            problems.push(problem(
                value.span,
                format!("the value of `{name}` cannot be sent: {why}"),
                "this is not a value",
            ));
            continue;
        }
        lines.push_text(name.to_ascii_lowercase());
        lines.push_text(": ");
        lines.push_escaped(&text, Escape::Header);
        lines.push_text("\n");
    }
}

/// What is wrong with a key, if anything is.
fn unusable(name: &str) -> Option<(String, &'static str)> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_good) {
        let message = format!("`{name}` cannot be a key of metadata");
        return Some((message, "letters, digits and `-`, `_`, `.` only"));
    }
    let lower = name.to_ascii_lowercase();
    let is_own = lower.starts_with("grpc-") || OWN.contains(&lower.as_str());
    is_own.then(|| (format!("`{name}` is not for a plan to set"), "the call sets this itself"))
}

/// Whether a key may have this value.
///
/// # Errors
/// When it may not, says why.
pub fn check(name: &str, value: &[u8]) -> Result<(), &'static str> {
    if name.ends_with("-bin") {
        let trimmed = value.trim_ascii();
        return match BASE64.decode(trimmed) {
            Ok(_) => Ok(()),
            Err(_) => Err("keys that end with `-bin` have values in base64"),
        };
    }
    let is_good = value.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    if is_good { Ok(()) } else { Err("it has more than ASCII; use a key that ends with `-bin`") }
}

fn problem(span: Span, message: String, label: &str) -> Problem {
    let (label, help) = (label.to_owned(), String::new());
    Problem { span, kind: ProblemKind::Value, message, label, help }
}
