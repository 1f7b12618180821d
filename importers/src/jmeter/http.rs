//! HTTP samplers.

use serde_json::{Value, json};

use super::arguments::{self, Argument};
use super::managers;
use super::reader::Reader;
use super::rewriting;
use super::steps::Scope;
use super::text::{self, Part};
use super::tree::Element;
use crate::body;
use crate::draft::Task;

/// Methods whose arguments are a query whatever else they send.
const WITH_QUERY: &[&str] = &["GET", "DELETE", "OPTIONS"];

/// The settings of a sampler: its own, and of what it leaves open those of the defaults, the
/// nearest first.
struct Settings<'e> {
    own: &'e Element,
    defaults: Vec<&'e Element>,
}

impl<'e> Settings<'e> {
    fn of(own: &'e Element, scope: &Scope<'e>) -> Self {
        let is_http =
            |element: &&Element| element.gui == "HttpDefaultsGui" || element.gui.is_empty();
        Self { own, defaults: scope.inner_first("ConfigTestElement").filter(is_http).collect() }
    }

    fn text(&self, name: &str) -> &'e str {
        let all = std::iter::once(self.own).chain(self.defaults.iter().copied());
        all.map(|element| element.text(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        match self.text(name) {
            "" => default,
            text => text.eq_ignore_ascii_case("true"),
        }
    }

    fn arguments(&self) -> Vec<&'e Element> {
        let mut all = std::iter::once(self.own).chain(self.defaults.iter().copied());
        all.find_map(|element| {
            let arguments = element.element("HTTPsampler.Arguments")?;
            let list: Vec<&Element> = arguments.elements("Arguments.arguments").collect();
            (!list.is_empty()).then_some(list)
        })
        .unwrap_or_default()
    }

    fn files(&self) -> Vec<File<'e>> {
        let mut files = Vec::new();
        if let Some(list) = self.own.element("HTTPsampler.Files") {
            let list = list.elements("HTTPFileArgs.files");
            files.extend(list.map(|file| File {
                path: file.text("File.path"),
                field: file.text("File.paramname"),
                mime: file.text("File.mimetype"),
            }));
        }
        // As it was written up to 2.3.
        if files.is_empty() {
            files.push(File {
                path: self.own.text("HTTPSampler.FILE_NAME"),
                field: self.own.text("HTTPSampler.FILE_FIELD"),
                mime: self.own.text("HTTPSampler.mimetype"),
            });
        }
        files.retain(|file| !file.path.is_empty());
        files
    }
}

struct File<'e> {
    path: &'e str,
    field: &'e str,
    mime: &'e str,
}

/// The request of a sampler.
pub(super) fn task<'e>(reader: &mut Reader<'_>, element: &'e Element, scope: &Scope<'e>) -> Task {
    let settings = Settings::of(element, scope);
    let method = match settings.text("HTTPSampler.method").trim() {
        "" => "GET".to_owned(),
        method => reader.text(&method.to_ascii_uppercase()),
    };
    let mut task = Task {
        place: reader.place.clone(),
        name: Some(element.name.clone()).filter(|name| !name.trim().is_empty()),
        method,
        ..Task::default()
    };
    reader.notes.keep_request();
    let given = settings.arguments();
    // What a GraphQL request sends is in its arguments, too, unless it was written by hand.
    if given.is_empty() && !element.text("GraphQLHTTPSampler.query").is_empty() {
        graphql(reader, element, &mut task);
    }
    let is_raw = !given.is_empty()
        && (element.flag("HTTPSampler.postBodyRaw", false)
            || given.iter().all(|argument| argument.text("Argument.name").is_empty()));
    let mut arguments = arguments::read(reader, &given);
    address(reader, &settings, &mut task);
    rewriting::apply(reader, element, scope, &mut task, &mut arguments);
    managers::headers(reader, scope, &mut task);
    content(reader, &settings, &mut task, &arguments, is_raw);
    managers::credentials(reader, scope, &mut task);
    managers::cookies(reader, scope, &mut task);
    transport(reader, &settings, &mut task);
    task
}

/// The URL, without the query that arguments are.
fn address(reader: &mut Reader<'_>, settings: &Settings<'_>, task: &mut Task) {
    let mut path = text::parse(settings.text("HTTPSampler.path").trim());
    for part in &mut path {
        if let Part::Text(text) = part {
            *text = text.replace(' ', "%20");
        }
    }
    let path = reader.parts(&path);
    if path.starts_with("http://") || path.starts_with("https://") {
        task.url = path;
        return;
    }
    let domain = reader.text(settings.text("HTTPSampler.domain").trim());
    let port = reader.text(settings.text("HTTPSampler.port").trim());
    let protocol = match settings.text("HTTPSampler.protocol").trim() {
        "" => "http".to_owned(),
        protocol => reader.text(protocol).to_ascii_lowercase_outside(),
    };
    let domain = if domain.is_empty() {
        if !path.starts_with("${") {
            let why = "there is no server name; it is asked of `localhost`";
            reader.approximate("HTTP request", why);
        }
        "localhost".to_owned()
    } else {
        domain
    };
    let domain = domain.trim_start_matches("http://").trim_start_matches("https://");
    let is_default = matches!(
        (protocol.as_str(), port.as_str()),
        (_, "" | "0" | "-1") | ("http", "80") | ("https", "443")
    );
    let port = if is_default { String::new() } else { format!(":{port}") };
    let slash = if path.starts_with('/') { "" } else { "/" };
    task.url = format!("{protocol}://{}{port}{slash}{path}", domain.trim_end_matches('/'));
}

trait LowerOutside {
    fn to_ascii_lowercase_outside(self) -> String;
}

impl LowerOutside for String {
    /// In small letters, unless a placeholder stands in it.
    fn to_ascii_lowercase_outside(self) -> String {
        if self.contains("${") { self } else { self.to_ascii_lowercase() }
    }
}

/// The query or the body.
fn content(
    reader: &mut Reader<'_>,
    settings: &Settings<'_>,
    task: &mut Task,
    arguments: &[Argument],
    is_raw: bool,
) {
    let files = settings.files();
    let has_query = WITH_QUERY.contains(&task.method.as_str());
    let is_form = settings.flag("HTTPSampler.DO_MULTIPART_POST", false) && !has_query;
    if is_raw {
        let charset = reader.text(settings.text("HTTPSampler.contentEncoding").trim());
        raw(task, arguments, &files, &charset);
        return;
    }
    if has_query || task.method == "HEAD" {
        if has_query {
            arguments::query(task, arguments);
            // With DELETE they are sent a second time, as a form.
            if task.method == "DELETE" && !arguments.is_empty() {
                arguments::form(task, arguments);
            }
        } else if !arguments.is_empty() {
            reader.remark("parameters", "JMeter sends none with HEAD");
        }
        if let [file] = files.as_slice()
            && file.field.is_empty()
            && arguments.is_empty()
        {
            whole_file(reader, task, file);
        }
        return;
    }
    let parts: Vec<&File<'_>> = files.iter().filter(|file| !file.field.is_empty()).collect();
    match files.as_slice() {
        [file] if file.field.is_empty() && arguments.is_empty() => whole_file(reader, task, file),
        _ if is_form || !parts.is_empty() => multipart(reader, task, arguments, &parts),
        _ if !arguments.is_empty() => arguments::form(task, arguments),
        _ => {}
    }
}

/// A body as it is written.
fn raw(task: &mut Task, arguments: &[Argument], files: &[File<'_>], charset: &str) {
    let text: String = arguments.iter().map(|argument| argument.value.as_str()).collect();
    let mime = files.first().map(|file| file.mime).filter(|mime| !mime.is_empty());
    if body::header(task, "content-type").is_none() {
        let mime = match (mime, charset) {
            (Some(mime), _) => mime.to_owned(),
            (None, "") => "text/plain".to_owned(),
            (None, charset) => format!("text/plain; charset={charset}"),
        };
        task.headers.push(("Content-Type".to_owned(), mime));
    }
    body::set_text(task, &text);
}

/// A file as the body.
fn whole_file(reader: &mut Reader<'_>, task: &mut Task, file: &File<'_>) {
    if body::header(task, "content-type").is_none() && !file.mime.is_empty() {
        let mime = reader.text(file.mime);
        task.headers.push(("Content-Type".to_owned(), mime));
    }
    let path = reader.text(file.path);
    task.fields.insert("body_file".to_owned(), json!(path));
}

fn multipart(
    reader: &mut Reader<'_>,
    task: &mut Task,
    arguments: &[Argument],
    files: &[&File<'_>],
) {
    task.headers.retain(|(name, value)| {
        let is_type = name.eq_ignore_ascii_case("content-type");
        !(is_type && value.to_ascii_lowercase().starts_with("multipart/"))
    });
    let mut parts = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.name.is_empty()) {
        let mut part = json!({
            "field": argument.name, "content": argument.value, "filename": null,
        });
        if !argument.content_type.is_empty()
            && let Some(part) = part.as_object_mut()
        {
            part.insert("content_type".to_owned(), json!(argument.content_type));
        }
        parts.push(part);
    }
    for file in files {
        let path = reader.text(file.path);
        let mut part = json!({"field": reader.text(file.field), "path": path});
        if !file.mime.is_empty()
            && let Some(part) = part.as_object_mut()
        {
            part.insert("content_type".to_owned(), json!(reader.text(file.mime)));
        }
        parts.push(part);
    }
    task.fields.insert("files".to_owned(), Value::Array(parts));
}

fn graphql(reader: &mut Reader<'_>, element: &Element, task: &mut Task) {
    let query = reader.text(element.text("GraphQLHTTPSampler.query"));
    let variables = reader.text(element.text("GraphQLHTTPSampler.variables"));
    let operation = reader.text(element.text("GraphQLHTTPSampler.operationName"));
    let mut graphql = json!({"query": query});
    if let Some(graphql) = graphql.as_object_mut() {
        if let Ok(variables @ Value::Object(_)) = serde_json::from_str(&variables) {
            graphql.insert("variables".to_owned(), variables);
        } else if !variables.trim().is_empty() {
            reader.drop("GraphQL variables", "they are not a JSON object");
        }
        if !operation.is_empty() {
            graphql.insert("operation_name".to_owned(), json!(operation));
        }
        graphql.insert("allow_errors".to_owned(), json!(true));
    }
    task.fields.insert("graphql".to_owned(), graphql);
}

/// How it is sent.
fn transport(reader: &mut Reader<'_>, settings: &Settings<'_>, task: &mut Task) {
    let follows = settings.flag("HTTPSampler.follow_redirects", false)
        || settings.flag("HTTPSampler.auto_redirects", false);
    if !follows {
        task.fields.insert("allow_redirects".to_owned(), json!(false));
    }
    if !settings.flag("HTTPSampler.use_keepalive", true) {
        task.fields.insert("connection".to_owned(), json!("close"));
    }
    let connect = reader.number(settings.text("HTTPSampler.connect_timeout"));
    let response = reader.number(settings.text("HTTPSampler.response_timeout"));
    let total = connect.unwrap_or(0.0) + response.unwrap_or(0.0);
    if total > 0.0 && response.is_some_and(|response| response > 0.0) {
        task.fields.insert("timeout".to_owned(), json!(total / 1000.0));
    } else if total > 0.0 {
        let why = "there is a time limit for the whole request only; it is left at its default";
        reader.approximate("the time limit for connecting", why);
    }
    let proxy = settings.text("HTTPSampler.proxyHost");
    if !proxy.is_empty() {
        let host = reader.text(proxy);
        let port = reader.text(settings.text("HTTPSampler.proxyPort"));
        let user = reader.text(settings.text("HTTPSampler.proxyUser"));
        let password = reader.text(settings.text("HTTPSampler.proxyPass"));
        let user = if user.is_empty() { user } else { format!("{user}:{password}@") };
        let port = if port.is_empty() { "80".to_owned() } else { port };
        task.fields.insert("proxy".to_owned(), json!(format!("http://{user}{host}:{port}")));
    }
    if settings.flag("HTTPSampler.image_parser", false) {
        let why = "what a page embeds is not fetched; add its requests in `parallel`";
        reader.drop("embedded resources", why);
    }
    if settings.flag("HTTPSampler.md5", false) {
        reader.remark("MD5 of the reply", "replies are not kept");
    }
    if !settings.text("HTTPSampler.ipSource").is_empty() {
        reader.drop("the source address", "the system chooses it");
    }
}
