//! What one call of curl asks for: options to requests.

use serde_json::{Value, json};

use super::data::{self, Kind, Piece};
use super::options::{About, Given};
use super::shell::Input;
use super::{config, form, options, variables};
use crate::draft::Task;
use crate::notes::Notes;
use crate::options::Options;
use crate::source::Source;
use crate::text::plain;

/// A call of curl.
#[derive(Clone, Copy)]
pub(super) struct Call<'s> {
    pub(super) source: &'s Source,
    pub(super) place: &'s str,
    /// What it reads from standard input.
    pub(super) input: Option<&'s Input>,
    /// How many requests may be made of patterns in its URLs.
    pub(super) room: usize,
}

impl Call<'_> {
    /// The requests of the call, in order.
    pub(super) fn tasks(
        &self,
        arguments: &[String],
        choices: &Options,
        notes: &mut Notes,
    ) -> Vec<Task> {
        let (mut given, unknown) = options::parse(arguments);
        for option in unknown {
            notes.drop(self.place, &option, "curl has no such option");
        }
        config::read(&mut given, self, notes);
        variables::expand(&mut given, self, notes);
        let mut tasks = Vec::new();
        for part in given.split(|option| option.name == "next") {
            let mut operation = Operation::new(self);
            for option in part {
                operation.set(option, notes);
            }
            tasks.extend(operation.tasks(choices, notes));
        }
        tasks
    }
}

/// What a call asks for, as its options say one after the other.
pub(super) struct Operation<'s> {
    pub(super) source: &'s Source,
    pub(super) place: &'s str,
    pub(super) input: Option<&'s Input>,
    pub(super) room: usize,
    pub(super) urls: Vec<String>,
    /// The n-th belongs to the n-th URL.
    pub(super) uploads: Vec<String>,
    pub(super) method: Option<String>,
    pub(super) head: bool,
    pub(super) get: bool,
    pub(super) headers: Vec<(String, String)>,
    /// Headers that options of their own are for; those given by `-H` go before them.
    pub(super) own_headers: Vec<(String, String)>,
    /// Headers curl would send that are not to be sent.
    pub(super) without: Vec<String>,
    pub(super) pieces: Vec<Piece>,
    /// Whether the body is that of `--json`.
    pub(super) json: bool,
    pub(super) parts: Vec<Value>,
    pub(super) query: Vec<Piece>,
    pub(super) user: Option<String>,
    pub(super) scheme: Scheme,
    pub(super) bearer: Option<String>,
    pub(super) cookies: Vec<String>,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) proxy_user: Option<String>,
    pub(super) globbing: bool,
    pub(super) as_is: bool,
    pub(super) default_scheme: Option<String>,
    /// Fields of the task that an option sets directly.
    pub(super) fields: Vec<(&'static str, Value)>,
    pub(super) follow: bool,
}

/// How `-u` is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Basic,
    Digest,
    /// Provider, region and service of AWS' signature.
    Aws(String),
}

impl<'s> Operation<'s> {
    fn new(call: &Call<'s>) -> Self {
        Self {
            source: call.source,
            place: call.place,
            input: call.input,
            room: call.room,
            urls: Vec::new(),
            uploads: Vec::new(),
            method: None,
            head: false,
            get: false,
            headers: Vec::new(),
            own_headers: Vec::new(),
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
        let shown = given.shown();
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
                let shown = format!("--cookie {value}");
                notes.drop(
                    self.place,
                    &shown,
                    "recorded cookies are not taken over; log in instead",
                );
            }
            "cookie-jar" => notes.remark(self.place, shown, "each user keeps its cookies anyway"),
            "insecure" => {
                if on {
                    self.fields.push(("verify", json!(false)));
                }
            }
            "cacert" | "capath" | "cert" | "key" if plain(value).is_none() => {
                let shown = format!("--{} …", given.name);
                let why = "files of TLS must be known before a run; write the path itself";
                notes.drop(self.place, &shown, why);
            }
            "cacert" | "capath" => self.fields.push(("verify", json!(value))),
            "cert" => {
                // `FILE:PASSWORD`.
                let (file, password) = value.rsplit_once(':').unwrap_or((value, ""));
                self.cert = Some(file.to_owned());
                if !password.is_empty() {
                    notes.drop(self.place, "--cert …:…", "keys are read without a password");
                }
            }
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
            "http1.1" => self.fields.retain(|(name, _)| *name != "http_version"),
            "http2" => self.fields.push(("http_version", json!("auto"))),
            "http2-prior-knowledge" => self.fields.push(("http_version", json!("2"))),
            "path-as-is" => self.as_is = on,
            "proto-default" => self.default_scheme = Some(value.to_owned()),
            "expect100-timeout"
            | "disallow-username-in-url"
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
            "http1.0" | "http0.9" | "http3" | "http3-only" => {
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
            match data::file(path, self.source) {
                // A file that names files is taken one level deep, so that there is an end.
                Some(text) => text
                    .lines()
                    .filter(|line| !line.starts_with('@'))
                    .for_each(|line| self.header(line, notes)),
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
            let first = value.split_whitespace().next().unwrap_or_default();
            notes.drop(self.place, &format!("-H {first} …"), "a header is NAME: VALUE");
        }
    }

    /// Sets a header that an option of its own is for; one given by `-H` goes before it.
    fn replace_header(&mut self, name: &str, value: &str) {
        self.own_headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.own_headers.push((name.to_owned(), value.to_owned()));
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
}
