//! What one call of curl asks for: options to requests.

use serde_json::{Value, json};

use super::data::{self, Kind, Piece};
use super::options::{About, Given};
use super::shell::{Command, Input};
use super::{form, glob, options, url};
use crate::body;
use crate::draft::Task;
use crate::notes::Notes;
use crate::options::Options;
use crate::source::Source;

/// The requests of a call, in order.
pub(super) fn tasks(
    source: &Source,
    place: &str,
    arguments: &[String],
    command: &Command,
    choices: &Options,
    notes: &mut Notes,
) -> Vec<Task> {
    let (mut given, unknown) = options::parse(arguments);
    for option in unknown {
        notes.drop(place, &option, "curl has no such option");
    }
    read_configs(&mut given, source, place, notes);
    let mut tasks = Vec::new();
    for part in given.split(|option| option.name == "next") {
        let mut operation = Operation::new(source, place);
        operation.input = command.input.as_ref();
        for option in part {
            operation.set(option, notes);
        }
        tasks.extend(operation.tasks(choices, notes));
    }
    tasks
}

/// Puts the options of `-K` files in their place.
fn read_configs(given: &mut Vec<Given>, source: &Source, place: &str, notes: &mut Notes) {
    while let Some(at) = given.iter().position(|option| option.name == "config") {
        let option = given.remove(at);
        let text = source.sibling(&option.value).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else {
            notes.drop(place, &format!("-K {}", option.value), "the file cannot be read");
            continue;
        };
        notes.keep();
        let words: Vec<String> = text.lines().flat_map(config_line).collect();
        let (inner, unknown) = options::parse(&words);
        for option in unknown {
            notes.drop(place, &option, "curl has no such option");
        }
        // A file that names files is taken one level deep, so that there is an end.
        let inner: Vec<Given> =
            inner.into_iter().filter(|option| option.name != "config").collect();
        given.splice(at..at, inner);
    }
}

/// `name = "value"`, `name: value`, `-x value` as words of a command line.
fn config_line(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Vec::new();
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=' || c == ':').unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end).unwrap_or((line, ""));
    let name = if name.starts_with('-') { name.to_owned() } else { format!("--{name}") };
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=' || c == ':');
    let value = match rest.strip_prefix('"') {
        None => rest.split_whitespace().next().unwrap_or_default().to_owned(),
        Some(quoted) => {
            let mut value = String::new();
            let mut chars = quoted.chars();
            while let Some(char) = chars.next() {
                match char {
                    '"' => break,
                    '\\' => match chars.next() {
                        Some('n') => value.push('\n'),
                        Some('t') => value.push('\t'),
                        Some('r') => value.push('\r'),
                        Some(other) => value.push(other),
                        None => {}
                    },
                    other => value.push(other),
                }
            }
            value
        }
    };
    if rest.is_empty() { vec![name] } else { vec![name, value] }
}

/// What a call asks for, as its options say one after the other.
struct Operation<'s> {
    source: &'s Source,
    place: &'s str,
    input: Option<&'s Input>,
    urls: Vec<String>,
    /// The n-th belongs to the n-th URL.
    uploads: Vec<String>,
    method: Option<String>,
    head: bool,
    get: bool,
    headers: Vec<(String, String)>,
    /// Headers curl would send that are not to be sent.
    without: Vec<String>,
    pieces: Vec<Piece>,
    /// Whether the body is that of `--json`.
    json: bool,
    parts: Vec<Value>,
    query: Vec<Piece>,
    user: Option<String>,
    scheme: Scheme,
    bearer: Option<String>,
    cookies: Vec<String>,
    cert: Option<String>,
    key: Option<String>,
    proxy: Option<String>,
    proxy_user: Option<String>,
    globbing: bool,
    as_is: bool,
    default_scheme: Option<String>,
    /// Fields of the task that an option sets directly.
    fields: Vec<(&'static str, Value)>,
    follow: bool,
}

/// How `-u` is used.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    Basic,
    Digest,
    /// Provider, region and service of AWS' signature.
    Aws(String),
}

impl<'s> Operation<'s> {
    fn new(source: &'s Source, place: &'s str) -> Self {
        Self {
            source,
            place,
            input: None,
            urls: Vec::new(),
            uploads: Vec::new(),
            method: None,
            head: false,
            get: false,
            headers: Vec::new(),
            without: Vec::new(),
            pieces: Vec::new(),
            json: false,
            parts: Vec::new(),
            query: Vec::new(),
            user: None,
            scheme: Scheme::Basic,
            bearer: None,
            cookies: Vec::new(),
            cert: None,
            key: None,
            proxy: None,
            proxy_user: None,
            globbing: true,
            as_is: false,
            default_scheme: None,
            fields: Vec::new(),
            follow: false,
        }
    }

    /// Takes an option in.
    fn set(&mut self, given: &Given, notes: &mut Notes) {
        let shown = if given.value.is_empty() {
            format!("--{}", given.name)
        } else {
            format!("--{} {}", given.name, given.value)
        };
        match given.about {
            About::Request => self.request_option(given, &shown, notes),
            About::Quiet => {}
            About::Network => {
                notes.drop(self.place, &shown, "the way to the server is the machine's own");
            }
            About::Security => notes.drop(self.place, &shown, "TLS cannot be told this"),
            About::Proxy => notes.drop(self.place, &shown, "proxies cannot be told this"),
            About::Other => notes.drop(self.place, &shown, "this is not about HTTP"),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm per option")]
    fn request_option(&mut self, given: &Given, shown: &str, notes: &mut Notes) {
        let value = given.value.as_str();
        let on = !given.negated;
        let read = |kind| data::read(kind, value, self.source, self.input);
        match given.name {
            "" | "url" => self.urls.push(value.to_owned()),
            "request" => self.method = Some(value.to_owned()),
            "head" => self.head = on,
            "get" => self.get = on,
            "header" => self.header(value, notes),
            "user-agent" if value.is_empty() => self.without.push("User-Agent".to_owned()),
            "user-agent" => self.replace_header("User-Agent", value),
            "referer" => {
                let (value, auto) =
                    value.split_once(";auto").map_or((value, false), |(url, _)| (url, true));
                if auto {
                    notes.approximate(self.place, shown, "redirects do not set it anew");
                }
                if !value.is_empty() {
                    self.replace_header("Referer", value);
                }
            }
            "range" => self.replace_header("Range", &format!("bytes={value}")),
            "continue-at" => {
                if value != "-" && value != "0" {
                    self.replace_header("Range", &format!("bytes={value}-"));
                }
            }
            "compressed" => {
                if on {
                    self.replace_header("Accept-Encoding", "deflate, gzip, br, zstd");
                }
            }
            "data" | "data-ascii" => self.pieces.push(read(Kind::Ascii)),
            "data-raw" => self.pieces.push(read(Kind::Raw)),
            "data-binary" => self.pieces.push(read(Kind::Binary)),
            "data-urlencode" => self.pieces.push(read(Kind::Encoded)),
            "json" => {
                self.json = true;
                self.pieces.push(read(Kind::Binary));
            }
            "url-query" => {
                let piece = match value.strip_prefix('+') {
                    Some(raw) => Piece::Text(raw.to_owned()),
                    None => read(Kind::Encoded),
                };
                self.query.push(piece);
            }
            "form" | "form-string" => {
                let literal = given.name == "form-string";
                let part = form::part(value, literal, self.source, self.input, self.place, notes);
                self.parts.extend(part);
            }
            "upload-file" => self.uploads.push(value.to_owned()),
            "user" => self.user = Some(value.to_owned()),
            "basic" => self.scheme = Scheme::Basic,
            "digest" => self.scheme = Scheme::Digest,
            "anyauth" => {
                notes.approximate(
                    self.place,
                    shown,
                    "credentials are sent without being asked for",
                );
            }
            "aws-sigv4" => self.scheme = Scheme::Aws(value.to_owned()),
            "oauth2-bearer" => self.bearer = Some(value.to_owned()),
            "ntlm" | "negotiate" => {
                notes.drop(self.place, shown, "this way of logging in is not spoken");
                self.user = None;
            }
            "cookie" if value.contains('=') => self.cookies.push(value.to_owned()),
            "cookie" if value.is_empty() => {}
            "cookie" => {
                notes.drop(self.place, shown, "recorded cookies are not taken over; log in instead")
            }
            "cookie-jar" => notes.remark(self.place, shown, "each user keeps its cookies anyway"),
            "insecure" => {
                if on {
                    self.fields.push(("verify", json!(false)));
                }
            }
            "cacert" | "capath" => self.fields.push(("verify", json!(value))),
            "cert" => self.cert = Some(value.to_owned()),
            "key" => self.key = Some(value.to_owned()),
            "location" | "follow" => self.follow = on,
            "location-trusted" => {
                self.follow = on;
                notes.approximate(self.place, shown, "credentials are not sent to other hosts");
            }
            "max-time" => match value.parse::<f64>() {
                Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
                    self.fields.push(("timeout", json!(seconds)));
                }
                _ => notes.drop(self.place, shown, "this is no number of seconds"),
            },
            "proxy" | "preproxy" | "proxy1.0" => self.set_proxy("http", value),
            "socks5" => self.set_proxy("socks5", value),
            "socks5-hostname" => self.set_proxy("socks5h", value),
            "proxy-user" => self.proxy_user = Some(value.to_owned()),
            "noproxy" => self.fields.push(("no_proxy", json!(value))),
            "tlsv1.2" | "tlsv1.3" => {
                let version = given.name.trim_start_matches("tlsv");
                self.fields.push(("tls", json!({"min_version": version})));
            }
            "tls-max" if matches!(value, "1.2" | "1.3") => {
                self.fields.push(("tls", json!({"max_version": value})));
            }
            "globoff" => self.globbing = !on,
            "path-as-is" => self.as_is = on,
            "proto-default" => self.default_scheme = Some(value.to_owned()),
            "expect100-timeout"
            | "disallow-username-in-url"
            | "http1.1"
            | "tlsv1"
            | "fail"
            | "fail-with-body"
            | "tlsv1.0"
            | "tlsv1.1"
            | "no-keepalive" => {}
            _ => return self.not_taken(given, shown, notes),
        }
        notes.keep();
    }

    /// Options about requests that a plan has nothing for, or nothing like it.
    fn not_taken(&self, given: &Given, shown: &str, notes: &mut Notes) {
        let why = match given.name {
            "http1.0" | "http0.9" | "http2" | "http2-prior-knowledge" | "http3" | "http3-only" => {
                return notes.approximate(self.place, shown, "requests are made with HTTP/1.1");
            }
            "connect-timeout" => {
                let why = "the time limit of a task, `timeout`, is about the whole exchange";
                return notes.approximate(self.place, shown, why);
            }
            "max-redirs" => {
                return notes.approximate(self.place, shown, "30 redirects are followed at most");
            }
            "parallel" | "parallel-immediate" | "parallel-max" => {
                return notes.approximate(
                    self.place,
                    shown,
                    "the requests are made one after the other",
                );
            }
            "retry" | "retry-delay" | "retry-all-errors" | "retry-connrefused"
            | "retry-max-time" => "a load test counts failures; see the field `retry`",
            "resolve" | "connect-to" => "give the run another `base_url`, and a header `Host`",
            "limit-rate" | "rate" => "see the fields `throttle` and `pace`",
            "netrc" | "netrc-file" | "netrc-optional" => {
                "credentials are not read from files; use `-u`"
            }
            "variable" => "variables of curl are not known; use those of the shell",
            "time-cond" | "etag-compare" => "set a header `If-Modified-Since` or `If-None-Match`",
            "request-target" => "what is asked for is what the URL says",
            "unix-socket" | "abstract-unix-socket" => "only TCP is spoken",
            "post301" | "post302" | "post303" => "redirects change the method as browsers do",
            "crlf" => "ends of lines are not changed",
            "tr-encoding" => "transfer codings are not asked for",
            "max-filesize" => "an assertion of type `size` can check it",
            "proxy-header" => "proxies get no headers of their own",
            "socks4" | "socks4a" => "proxies are HTTP or SOCKS5",
            _ => "a plan has nothing like it",
        };
        notes.drop(self.place, shown, why);
    }

    fn header(&mut self, value: &str, notes: &mut Notes) {
        if let Some(path) = value.strip_prefix('@') {
            match self.source.sibling(path).and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(text) => text.lines().for_each(|line| self.header(line, notes)),
                None => notes.drop(self.place, &format!("-H {value}"), "the file cannot be read"),
            }
        } else if let Some((name, content)) = value.split_once(':') {
            let (name, content) = (name.trim(), content.trim());
            if content.is_empty() {
                self.without.push(name.to_owned());
            } else {
                self.headers.push((name.to_owned(), content.to_owned()));
            }
        } else if let Some(name) = value.strip_suffix(';') {
            self.headers.push((name.trim().to_owned(), String::new()));
        } else {
            notes.drop(self.place, &format!("-H {value}"), "a header is NAME: VALUE");
        }
    }

    /// Sets a header that an option of its own is for; one given by `-H` goes before it.
    fn replace_header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn set_proxy(&mut self, scheme: &str, value: &str) {
        let proxy =
            if value.contains("://") { value.to_owned() } else { format!("{scheme}://{value}") };
        // curl's port for proxies is not that of the scheme.
        let authority = proxy.split_once("://").map_or("", |(_, authority)| authority);
        let host = authority.rsplit('@').next().unwrap_or(authority).trim_end_matches('/');
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        self.proxy =
            Some(if has_port { proxy } else { format!("{}:1080", proxy.trim_end_matches('/')) });
    }

    /// The requests: one for each URL, and each that a pattern stands for.
    fn tasks(&self, choices: &Options, notes: &mut Notes) -> Vec<Task> {
        if self.urls.is_empty() {
            if self.method.is_some() || !self.pieces.is_empty() || !self.headers.is_empty() {
                notes.drop_request(self.place, "curl", "there is no URL");
            }
            return Vec::new();
        }
        let mut tasks = Vec::new();
        for (number, pattern) in self.urls.iter().enumerate() {
            let (urls, cut) =
                if self.globbing { glob::expand(pattern) } else { (vec![pattern.clone()], false) };
            if cut {
                let why = format!("the first {} of its URLs are asked for", glob::MOST);
                notes.approximate(self.place, pattern, &why);
            }
            for url in urls {
                match url::read(&url, self.default_scheme.as_deref()) {
                    Ok(read) => {
                        tasks.push(self.task(read, self.uploads.get(number), choices, notes));
                        notes.keep_request();
                    }
                    Err(scheme) => {
                        let why = format!("`{scheme}` is not HTTP");
                        notes.drop_request(self.place, &url, &why);
                    }
                }
            }
        }
        tasks
    }

    fn task(
        &self,
        read: url::Read,
        upload: Option<&String>,
        choices: &Options,
        notes: &mut Notes,
    ) -> Task {
        let mut task = Task {
            url: if self.as_is { read.url } else { url::without_dots(&read.url) },
            headers: self.headers.clone(),
            ..Task::default()
        };
        if !choices.keep_headers {
            let framing = ["content-length", "connection", "transfer-encoding"];
            task.headers.retain(|(name, value)| {
                let is_framing = framing.contains(&name.to_ascii_lowercase().as_str());
                if is_framing && !is_what_clients_do(name, value) {
                    notes.drop(
                        self.place,
                        &format!("-H {name}: {value}"),
                        "the client frames requests itself",
                    );
                }
                !is_framing
            });
        }
        self.add_query(&mut task, notes);
        self.add_body(&mut task, upload, notes);
        self.add_credentials(&mut task, read.user, notes);
        if !self.cookies.is_empty() {
            let cookies = self.cookies.join("; ");
            task.fields.insert("cookies".to_owned(), json!(cookies));
        }
        task.method = match (&self.method, upload) {
            (Some(method), _) => method.clone(),
            (None, Some(_)) => "PUT".to_owned(),
            (None, None) if self.head => "HEAD".to_owned(),
            (None, None) if self.has_body() => "POST".to_owned(),
            (None, None) => "GET".to_owned(),
        };
        let by_default = ["accept", "accept-encoding", "content-type", "user-agent"];
        let left_out = self
            .without
            .iter()
            .filter(|name| by_default.contains(&name.to_ascii_lowercase().as_str()));
        task.without.extend(left_out.cloned());
        if !self.follow {
            task.fields.insert("allow_redirects".to_owned(), json!(false));
        }
        for (name, value) in &self.fields {
            match (task.fields.get_mut(*name), value) {
                // Both ends of a range of versions.
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more.clone()),
                _ => {
                    task.fields.insert((*name).to_owned(), value.clone());
                }
            }
        }
        if let Some(cert) = &self.cert {
            let value = self.key.as_ref().map_or_else(|| json!(cert), |key| json!([cert, key]));
            task.fields.insert("cert".to_owned(), value);
        }
        if let Some(proxy) = &self.proxy {
            let proxy = match (&self.proxy_user, proxy.split_once("://")) {
                (Some(user), Some((scheme, host))) => format!("{scheme}://{user}@{host}"),
                _ => proxy.clone(),
            };
            task.fields.insert("proxy".to_owned(), json!(proxy));
        }
        task
    }

    fn has_body(&self) -> bool {
        !self.get && (!self.pieces.is_empty() || !self.parts.is_empty())
    }

    fn add_query(&self, task: &mut Task, notes: &mut Notes) {
        let from_data: &[Piece] = if self.get { &self.pieces } else { &[] };
        for piece in self.query.iter().chain(from_data) {
            match piece {
                Piece::Text(text) => task.url = url::add_query(&task.url, text),
                Piece::File(path) => {
                    notes.drop(
                        self.place,
                        &format!("@{path}"),
                        "the file cannot be read, so its query is missing",
                    );
                }
            }
        }
    }

    fn add_body(&self, task: &mut Task, upload: Option<&String>, notes: &mut Notes) {
        if let Some(path) = upload {
            if task.url.ends_with('/') {
                task.url.push_str(path.rsplit('/').next().unwrap_or(path));
            }
            match (path.as_str(), self.input) {
                ("-" | ".", Some(Input::Text(text))) => body::set_text(task, text),
                ("-" | ".", None) => {
                    notes.drop(self.place, "-T -", "what standard input would be is not known");
                }
                _ => {
                    let path = data::named(path, self.input);
                    task.fields.insert("body_file".to_owned(), json!(path));
                }
            }
            return;
        }
        if !self.parts.is_empty() {
            task.headers.retain(|(name, value)| {
                !(name.eq_ignore_ascii_case("content-type")
                    && value.starts_with("multipart/form-data"))
            });
            task.fields.insert("files".to_owned(), json!(self.parts));
            return;
        }
        if !self.has_body() {
            return;
        }
        let without_type =
            self.without.iter().any(|name| name.eq_ignore_ascii_case("content-type"));
        if body::header(task, "content-type").is_none() && !without_type {
            let default = if self.json { "application/json" } else { body::FORM };
            task.headers.push(("Content-Type".to_owned(), default.to_owned()));
        }
        if self.json && body::header(task, "accept").is_none() {
            task.headers.push(("Accept".to_owned(), "application/json".to_owned()));
        }
        if let [Piece::File(path)] = self.pieces.as_slice() {
            notes.remark(
                self.place,
                &format!("@{path}"),
                "the file is not here; it is read when the plan runs",
            );
            task.fields.insert("body_file".to_owned(), json!(path));
            return;
        }
        let mut text = String::new();
        for (number, piece) in self.pieces.iter().enumerate() {
            if number > 0 && !self.json {
                text.push('&');
            }
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::File(path) => {
                    let why = "the file cannot be read, so this part of the body is missing";
                    notes.drop(self.place, &format!("@{path}"), why);
                }
            }
        }
        body::set_text(task, &text);
    }

    fn add_credentials(
        &self,
        task: &mut Task,
        in_url: Option<(String, String)>,
        notes: &mut Notes,
    ) {
        if let Some(token) = &self.bearer {
            task.fields.insert("auth".to_owned(), json!({"type": "bearer", "token": token}));
            return;
        }
        let user = match &self.user {
            Some(user) => match user.split_once(':') {
                Some((name, password)) => (name.to_owned(), password.to_owned()),
                None => {
                    notes.approximate(
                        self.place,
                        &format!("-u {user}"),
                        "curl would ask for the password",
                    );
                    (user.clone(), String::new())
                }
            },
            None => match in_url {
                Some(user) => user,
                None => return,
            },
        };
        let (name, password) = user;
        let auth = match &self.scheme {
            Scheme::Basic if body::header(task, "authorization").is_some() => return,
            Scheme::Basic => json!({"type": "basic", "username": name, "password": password}),
            Scheme::Digest => json!({"type": "digest", "username": name, "password": password}),
            Scheme::Aws(parameters) => {
                let mut parameters = parameters.split(':').skip(2);
                let host = task.url.split_once("://").map_or("", |(_, rest)| rest);
                let mut labels = host.split(['/', '.', ':']);
                let service = labels.next().unwrap_or_default();
                let region = labels.next().unwrap_or_default();
                json!({
                    "type": "aws_sigv4", "access_key": name, "secret_key": password,
                    "region": parameters.next().unwrap_or(region),
                    "service": parameters.next().unwrap_or(service),
                })
            }
        };
        task.fields.insert("auth".to_owned(), auth);
    }
}

/// Whether a header says what any client of HTTP/1.1 does by itself.
fn is_what_clients_do(name: &str, value: &str) -> bool {
    match name.to_ascii_lowercase().as_str() {
        "connection" => value.eq_ignore_ascii_case("keep-alive"),
        "content-length" => true,
        _ => false,
    }
}
