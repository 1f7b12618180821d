//! The requests of an operation.

use serde_json::{Value, json};

use super::data::{self, Piece};
use super::operation::{Operation, Scheme};
use super::shell::Input;
use super::{glob, url};
use crate::body;
use crate::draft::Task;
use crate::notes::Notes;
use crate::options::Options;
use crate::text::append;

impl Operation<'_> {
    /// The requests: one for each URL, and each that a pattern stands for.
    pub(super) fn tasks(&self, choices: &Options, notes: &mut Notes) -> Vec<Task> {
        if self.urls.is_empty() {
            if self.method.is_some() || !self.pieces.is_empty() || !self.headers.is_empty() {
                notes.drop_request(self.place, "curl", "there is no URL");
            }
            return Vec::new();
        }
        let mut tasks = Vec::new();
        for (number, pattern) in self.urls.iter().enumerate() {
            let (urls, cut) = if self.globbing {
                glob::expand(pattern, self.room.saturating_sub(tasks.len()))
            } else {
                (vec![pattern.clone()], false)
            };
            if cut {
                let why = format!("the first {} of its URLs are asked for", urls.len());
                notes.approximate(self.place, &url::shown(pattern), &why);
            }
            let uploads = self.uploads_to(number);
            for url in urls {
                match url::read(&url, self.default_scheme.as_deref()) {
                    Ok(read) => {
                        for upload in &uploads {
                            tasks.push(self.task(read.clone(), upload.as_ref(), choices, notes));
                            notes.keep_request();
                        }
                    }
                    Err(scheme) => {
                        let why = format!("`{scheme}` is not HTTP");
                        notes.drop_request(self.place, &url::shown(&url), &why);
                    }
                }
            }
        }
        tasks
    }

    /// What is sent to the URL of this number, which a pattern may make several files.
    fn uploads_to(&self, number: usize) -> Vec<Option<String>> {
        match self.uploads.get(number) {
            Some(pattern) if self.globbing => {
                glob::expand(pattern, self.room).0.into_iter().map(Some).collect()
            }
            upload => vec![upload.cloned()],
        }
    }

    fn task(
        &self,
        read: url::Read,
        upload: Option<&String>,
        choices: &Options,
        notes: &mut Notes,
    ) -> Task {
        let mut task = Task {
            place: self.place.to_owned(),
            url: if self.as_is { read.url } else { url::without_dots(&read.url) },
            headers: self.headers.clone(),
            ..Task::default()
        };
        for (name, value) in &self.own_headers {
            let is_left_out = self.without.iter().any(|known| known.eq_ignore_ascii_case(name));
            if body::header(&task, name).is_none() && !is_left_out {
                task.headers.push((name.clone(), value.clone()));
            }
        }
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
                (Some(user), Some((scheme, host))) => {
                    let user = url::encode_userinfo(user);
                    format!("{scheme}://{user}@{host}")
                }
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
                ("-" | ".", Some(Input::Text(text))) => {
                    body::set_text(task, text);
                    if body::header(task, "content-type").is_none() {
                        task.without.push("Content-Type".to_owned());
                    }
                }
                ("-" | ".", None | Some(Input::Unknown)) => {
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
        if let [Piece::File(path)] = self.pieces.as_slice()
            && path != "-"
        {
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
                Piece::Text(piece) => append(&mut text, piece),
                Piece::File(path) if path == "-" => {
                    let why = "what standard input would be is not known, so this is missing";
                    notes.drop(self.place, "@-", why);
                }
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
        // A header that is given goes before what curl would make itself.
        let is_given = body::header(task, "authorization").is_some();
        if let Some(token) = &self.bearer {
            if is_given {
                return;
            }
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
            Scheme::Basic if is_given => return,
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
