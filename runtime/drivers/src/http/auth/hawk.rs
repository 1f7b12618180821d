//! Hawk, version 1: requests with a code over their method, target, host, time and nonce.

use hmac::Hmac;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::encoding::{base64, drawn, hmac, value};
use super::{Signed, text};

#[derive(Debug)]
pub(super) struct Hawk {
    id: String,
    key: String,
    is_sha1: bool,
    /// Given ones, for servers under test; empty where each request has its own.
    nonce: String,
    timestamp: String,
    ext: String,
    app: String,
    delegation: String,
    signs_body: bool,
}

impl Hawk {
    pub(super) fn new(plan: &Value) -> Self {
        let member = |name: &str| text(plan, name);
        Self {
            id: member("key_id"),
            key: member("key"),
            is_sha1: member("algorithm") == "sha1",
            nonce: member("nonce"),
            timestamp: member("timestamp"),
            ext: member("ext"),
            app: member("app"),
            delegation: member("delegation"),
            signs_body: plan.get("body_hash") == Some(&Value::Bool(true)),
        }
    }

    /// Appends the line that signs a request.
    pub(super) fn write(&self, request: &Signed<'_>, out: &mut Vec<u8>) {
        let time = match self.timestamp.as_str() {
            "" => request.now_s.to_string(),
            given => given.to_owned(),
        };
        let nonce = if self.nonce.is_empty() { drawn(6) } else { self.nonce.clone() };
        let has_body = request.body.iter().any(|piece| !piece.is_empty());
        let hash =
            if self.signs_body && has_body { self.body_hash(request) } else { String::new() };
        let mac = self.mac(request, &time, &nonce, &hash);

        let optional = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!(", {name}=\"{}\"", quoted(text)) }
        };
        let line = format!(
            "Authorization: Hawk id=\"{}\", ts=\"{}\", nonce=\"{}\"{}{}, mac=\"{mac}\"{}{}\r\n",
            quoted(&self.id),
            quoted(&time),
            quoted(&nonce),
            optional("hash", &hash),
            optional("ext", &self.ext),
            optional("app", &self.app),
            optional("dlg", if self.app.is_empty() { "" } else { &self.delegation }),
        );
        out.extend_from_slice(line.as_bytes());
    }

    fn mac(&self, request: &Signed<'_>, time: &str, nonce: &str, hash: &str) -> String {
        let authority = String::from_utf8_lossy(request.authority).to_ascii_lowercase();
        let default = if request.is_tls { "443" } else { "80" };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority.as_str(), default),
        };
        let method = String::from_utf8_lossy(request.method).to_ascii_uppercase();
        let target = String::from_utf8_lossy(request.target);
        // As Hawk's own implementation escapes them: the first of each.
        let ext = self.ext.replacen('\\', "\\\\", 1).replacen('\n', "\\n", 1);
        let mut signed = format!(
            "hawk.1.header\n{time}\n{nonce}\n{method}\n{target}\n{host}\n{port}\n{hash}\n{ext}\n"
        );
        if !self.app.is_empty() {
            signed.push_str(&format!("{}\n{}\n", self.app, self.delegation));
        }
        let key = self.key.as_bytes();
        base64(&if self.is_sha1 {
            hmac::<Hmac<Sha1>>(key, &signed)
        } else {
            hmac::<Hmac<Sha256>>(key, &signed)
        })
    }

    fn body_hash(&self, request: &Signed<'_>) -> String {
        let content_type = value(&request.lines, b"content-type").unwrap_or_default();
        let content_type = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
        let content_type = content_type.trim_ascii().to_ascii_lowercase();
        let start = [&b"hawk.1.payload\n"[..], &content_type, b"\n"];
        let signed = [start.concat(), request.body.concat(), b"\n".to_vec()].concat();
        base64(&if self.is_sha1 {
            Sha1::digest(signed).to_vec()
        } else {
            Sha256::digest(signed).to_vec()
        })
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(method: &str, body: &str) -> String {
        let plan = serde_json::json!({
            "key_id": "dh37fgj492je", "key": "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
            "algorithm": "sha256", "timestamp": "1353832234", "nonce": "j4h3g2",
            "ext": "some-app-ext-data", "body_hash": true,
        });
        let request = Signed {
            method: method.as_bytes(),
            authority: b"Example.com:8000",
            target: b"/resource/1?b=1&a=2",
            lines: vec![b"Content-Type: Text/plain; charset=utf-8\r\n"],
            body: vec![body.as_bytes()],
            is_tls: false,
            now_s: 0,
        };
        let mut out = Vec::new();
        Hawk::new(&plan).write(&request, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_published_examples_are_met() {
        let start = "Authorization: Hawk id=\"dh37fgj492je\", ts=\"1353832234\", nonce=\"j4h3g2\"";
        assert_eq!(
            line("GET", ""),
            format!(
                "{start}, ext=\"some-app-ext-data\", \
                 mac=\"6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=\"\r\n"
            )
        );
        assert_eq!(
            line("POST", "Thank you for flying Hawk"),
            format!(
                "{start}, hash=\"Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=\", \
                 ext=\"some-app-ext-data\", mac=\"aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=\"\r\n"
            )
        );
    }
}
