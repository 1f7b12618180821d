//! Data sources that are queries of databases.

use ld_stdlib::{Span, Tree, TreeKind};
use ld_vm::program::SourceFormat;

use crate::diag::{Code, Diagnostic};
use crate::document::{mode, on_end, text};
use crate::files;
use crate::ir::Source;
use crate::json::Locator;
use crate::lower::Lower;
use crate::template::{self, Piece, Token};

/// What stands before the colon of a database's URL, without the name of a driver.
const SCHEMES: [&str; 5] = ["sqlite", "postgresql", "postgres", "mysql", "mariadb"];

/// Registers the queries of a list.
pub(crate) fn register_databases(sources: &Tree, lower: &mut Lower<'_>) {
    let TreeKind::List(entries) = &sources.kind else {
        return;
    };
    for entry in entries {
        if let TreeKind::Map(members) = &entry.kind {
            let fields = members.iter().map(|m| (m.name.as_str(), &m.value)).collect::<Vec<_>>();
            register_database(&fields, entry.span, lower);
        }
    }
}

/// Registers a query.
pub(crate) fn register_database(entry: &[(&str, &Tree)], span: Span, lower: &mut Lower<'_>) {
    let field = |name: &str| entry.iter().find(|(n, _)| *n == name).map(|(_, tree)| *tree);
    let (Some(name), Some(url), Some(query)) =
        (field("name").map(text), field("connection_string"), field("query").map(text))
    else {
        return;
    };
    let on_end = on_end(field("cycle"), field("on_end"), lower);
    let secrets = secrets(url, lower);
    let written = text(url);
    // A URL that is filled in whole is looked at when the run starts.
    if !written.starts_with("${") {
        known_scheme(&written, url, lower);
    }
    let source = Source {
        span,
        name: name.clone(),
        path: located(&written, lower),
        format: SourceFormat::Database,
        mode: mode(field("mode")),
        on_end,
        query: Some(query),
        secrets,
    };
    lower.scope.sources.insert(name, lower.ir.sources.len());
    // Which columns a query has is known once it has been made.
    lower.scope.columns.push(None);
    lower.ir.sources.push(source);
}

/// The secrets in a URL. Whatever else cannot be filled in when the run starts is reported.
fn secrets(url: &Tree, lower: &mut Lower<'_>) -> Vec<String> {
    let text = text(url);
    let mut place = Locator::new(lower.source.text(), url.span);
    let mut secrets = Vec::new();
    for piece in template::parse(&text, |_| {}) {
        let Piece::Placeholder(placeholder) = piece else {
            continue;
        };
        place.skip_to(placeholder.range.start);
        match &placeholder.token {
            Token::Prefixed { prefix, .. } if prefix.text.eq_ignore_ascii_case("env") => {}
            Token::Prefixed { prefix, rest } if prefix.text.eq_ignore_ascii_case("secret") => {
                secrets.push(rest.text.to_owned());
            }
            _ => {
                let message = "`connection_string` must be known before the run starts";
                let problem = Diagnostic::new(Code::WrongType, message)
                    .label(place.locate(&placeholder.range), "this is not filled here")
                    .help("`${env.NAME}` and `${secret.NAME}` are");
                lower.report(problem);
            }
        }
    }
    secrets
}

fn known_scheme(written: &str, url: &Tree, lower: &mut Lower<'_>) {
    let scheme = written.split_once(':').map_or("", |(scheme, _)| scheme);
    let kind = scheme.split('+').next().unwrap_or_default().to_ascii_lowercase();
    if SCHEMES.contains(&kind.as_str()) {
        return;
    }
    let problem = Diagnostic::new(Code::UnknownValue, "unsupported database URL scheme")
        .label(url.span, format!("known: {}", SCHEMES.join(", ")))
        .did_you_mean(&kind, SCHEMES);
    lower.report(problem);
}

/// The URL with the place of a sqlite file, which is seen from the working directory, then from
/// the plan's folder. Where there is no such file, it stays as it is.
fn located(written: &str, lower: &Lower<'_>) -> String {
    let Some((scheme, rest)) = written.split_once("://").filter(|(s, _)| s.starts_with("sqlite"))
    else {
        return written.to_owned();
    };
    let path = rest.strip_prefix('/').unwrap_or(rest);
    match files::find(lower.options.files, lower.file(), path) {
        (path, Ok(_)) => format!("{scheme}:///{path}"),
        (_, Err(_)) => written.to_owned(),
    }
}
