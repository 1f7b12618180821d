//! OAuth 1.0 (RFC 5849): requests signed with secrets that client and server share.

use hmac::Hmac;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::encoding::{base64, drawn, encoded, hmac, pairs, split, value};
use super::{Proof, Signed, text};

#[derive(Debug)]
pub(super) struct OAuth1 {
    method: Method,
    /// Both secrets, as signatures have them for a key.
    key: String,
    realm: String,
    consumer_key: String,
    token: String,
    callback: String,
    verifier: String,
    version: String,
    /// Given ones, for servers under test; empty where each request has its own.
    nonce: String,
    timestamp: String,
    signs_body: bool,
    place: Place,
}

/// Where the parameters go (§3.5).
#[derive(Debug)]
enum Place {
    Header,
    Form,
    Query,
}

/// How a request is signed (§3.4).
#[derive(Clone, Copy, Debug)]
enum Method {
    Sha1,
    Sha256,
    Sha512,
    Plain,
}

impl Method {
    fn of(name: &str) -> Self {
        match name {
            "HMAC-SHA256" => Self::Sha256,
            "HMAC-SHA512" => Self::Sha512,
            "PLAINTEXT" => Self::Plain,
            _ => Self::Sha1,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha512 => "HMAC-SHA512",
            Self::Plain => "PLAINTEXT",
        }
    }

    fn signature(self, key: &str, text: &str) -> String {
        let bytes = key.as_bytes();
        match self {
            Self::Sha1 => base64(&hmac::<Hmac<Sha1>>(bytes, text)),
            Self::Sha256 => base64(&hmac::<Hmac<Sha256>>(bytes, text)),
            Self::Sha512 => base64(&hmac::<Hmac<Sha512>>(bytes, text)),
            Self::Plain => key.to_owned(),
        }
    }

    fn body_hash(self, body: &[&[u8]]) -> String {
        let content = body.concat();
        match self {
            Self::Sha1 => base64(&Sha1::digest(content)),
            Self::Sha256 => base64(&Sha256::digest(content)),
            Self::Sha512 => base64(&Sha512::digest(content)),
            Self::Plain => String::new(),
        }
    }
}

impl OAuth1 {
    pub(super) fn new(plan: &Value) -> Self {
        let member = |name: &str| text(plan, name);
        let secrets = ["consumer_secret", "token_secret"];
        Self {
            method: Method::of(&member("signature_method")),
            key: secrets.map(|name| encoded(member(name).as_bytes())).join("&"),
            realm: member("realm"),
            consumer_key: member("consumer_key"),
            token: member("token"),
            callback: member("callback"),
            verifier: member("verifier"),
            version: member("version"),
            nonce: member("nonce"),
            timestamp: member("timestamp"),
            signs_body: plan.get("body_hash") == Some(&Value::Bool(true)),
            place: match member("add_to").as_str() {
                "body" => Place::Form,
                "query" => Place::Query,
                _ => Place::Header,
            },
        }
    }

    /// Adds the parameters that sign a request, where the plan wants them.
    pub(super) fn write(&self, request: &Signed<'_>, proof: &mut Proof) {
        let given = |text: &str, other: &dyn Fn() -> String| {
            if text.is_empty() { other() } else { text.to_owned() }
        };
        let timestamp = given(&self.timestamp, &|| request.now_s.to_string());
        let nonce = given(&self.nonce, &|| drawn(16));
        self.write_drawn(request, timestamp, nonce, proof);
    }

    fn write_drawn(
        &self,
        request: &Signed<'_>,
        timestamp: String,
        nonce: String,
        proof: &mut Proof,
    ) {
        let is_form = value(&request.lines, b"content-type")
            .is_some_and(|of| of.starts_with(b"application/x-www-form-urlencoded"));
        let body_hash = if self.signs_body && !is_form {
            self.method.body_hash(&request.body)
        } else {
            String::new()
        };
        let mut parameters: Vec<(&str, String)> = [
            ("oauth_consumer_key", self.consumer_key.clone()),
            ("oauth_token", self.token.clone()),
            ("oauth_signature_method", self.method.name().to_owned()),
            ("oauth_timestamp", timestamp),
            ("oauth_nonce", nonce),
            ("oauth_version", self.version.clone()),
            ("oauth_body_hash", body_hash),
            ("oauth_callback", self.callback.clone()),
            ("oauth_verifier", self.verifier.clone()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, encoded(value.as_bytes())))
        .collect();
        let form = if is_form { request.body.concat() } else { Vec::new() };
        let signed = base_string(request, &parameters, &form);
        let signature = self.method.signature(&self.key, &signed);
        parameters.push(("oauth_signature", encoded(signature.as_bytes())));

        match self.place {
            Place::Header => {
                let mut all = Vec::new();
                if !self.realm.is_empty() {
                    all.push(format!("realm=\"{}\"", encoded(self.realm.as_bytes())));
                }
                all.extend(parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")));
                let line = format!("Authorization: OAuth {}\r\n", all.join(","));
                proof.lines.extend_from_slice(line.as_bytes());
            }
            Place::Form | Place::Query => {
                let all: Vec<_> =
                    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let is_in_form = matches!(self.place, Place::Form);
                let out = if is_in_form { &mut proof.form } else { &mut proof.query };
                out.extend_from_slice(all.join("&").as_bytes());
            }
        }
    }
}

/// What is signed (§3.4.1): the method, the URL without its query, and all parameters in order.
fn base_string(request: &Signed<'_>, own: &[(&str, String)], form: &[u8]) -> String {
    let (path, query) = split(request.target);
    let (scheme, port) = if request.is_tls { ("https", ":443") } else { ("http", ":80") };
    let authority = String::from_utf8_lossy(request.authority).to_ascii_lowercase();
    let authority = authority.strip_suffix(port).unwrap_or(&authority);
    let url = format!("{scheme}://{authority}{}", String::from_utf8_lossy(path));
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let mut all: Vec<(String, String)> = pairs(query).chain(pairs(form)).chain(own).collect();
    all.sort();
    let all: Vec<_> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let method = String::from_utf8_lossy(request.method).to_ascii_uppercase();
    [method, url, all.join("&")].map(|part| encoded(part.as_bytes())).join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'r>(method: &'r str, url: [&'r str; 2], form: &'r str) -> Signed<'r> {
        let lines = if form.is_empty() {
            Vec::new()
        } else {
            vec![&b"Content-Type: application/x-www-form-urlencoded\r\n"[..]]
        };
        Signed {
            method: method.as_bytes(),
            authority: url[0].as_bytes(),
            target: url[1].as_bytes(),
            lines,
            body: vec![form.as_bytes()],
            is_tls: method == "POST",
            now_s: 0,
        }
    }

    fn proof(mut plan: Value, more: Value, request: &Signed<'_>) -> Proof {
        plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut proof = Proof::default();
        OAuth1::new(&plan).write(request, &mut proof);
        proof
    }

    /// The client of RFC 5849 §1.2.
    fn printer() -> Value {
        serde_json::json!({"consumer_key": "dpf43f3p2l4k3l03", "consumer_secret": "kd94hf93k423kf44",
            "realm": "Photos"})
    }

    #[test]
    fn the_examples_of_the_rfc_are_met() {
        let token = serde_json::json!({"token": "nnch734d00sl2jdk", "token_secret": "pfkkdhi9sl3r4s00",
            "timestamp": "137131202", "nonce": "chapoH"});
        let url = ["photos.example.net", "/photos?file=vacation.jpg&size=original"];
        let lines = proof(printer(), token, &request("GET", url, "")).lines;
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "Authorization: OAuth realm=\"Photos\",oauth_consumer_key=\"dpf43f3p2l4k3l03\",\
             oauth_token=\"nnch734d00sl2jdk\",oauth_signature_method=\"HMAC-SHA1\",\
             oauth_timestamp=\"137131202\",oauth_nonce=\"chapoH\",\
             oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\"\r\n"
        );
        let verifier = serde_json::json!({"token": "hh5s93j4hdidpola", "token_secret": "hdhd0244k9j7ao03",
            "timestamp": "137131201", "nonce": "walatlh", "verifier": "hfdp7dh39dks9884"});
        let url = ["photos.example.net:443", "/token"];
        let lines = proof(printer(), verifier, &request("POST", url, "")).lines;
        let lines = String::from_utf8(lines).unwrap();
        assert!(lines.contains("oauth_signature=\"gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D\""), "{lines}");
    }

    #[test]
    fn parameters_of_query_and_form_are_signed_in_their_order() {
        let url = ["EXAMPLE.com:80", "/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"];
        let mut request = request("POST", url, "c2&a3=2+q");
        request.is_tls = false;
        let own = [
            ("oauth_consumer_key", "9djdj82h48djs9d2".to_owned()),
            ("oauth_token", "kkk9d7dh3k39sjv7".to_owned()),
            ("oauth_signature_method", "HMAC-SHA1".to_owned()),
            ("oauth_timestamp", "137131201".to_owned()),
            ("oauth_nonce", "7d8f3e4a".to_owned()),
        ];
        // RFC 5849 §3.4.1.1.
        assert_eq!(
            base_string(&request, &own, b"c2&a3=2+q"),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253\
             D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f\
             3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dk\
             kk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn parameters_go_where_they_are_wanted_and_are_new_each_time() {
        let url = ["a.example", "/"];
        let plain =
            |place: &str| serde_json::json!({"add_to": place, "signature_method": "PLAINTEXT"});
        let query = proof(printer(), plain("query"), &request("GET", url, ""));
        let text = String::from_utf8(query.query.clone()).unwrap();
        assert!(
            text.starts_with(
                "oauth_consumer_key=dpf43f3p2l4k3l03&oauth_signature_method=PLAINTEXT&"
            )
        );
        assert!(text.ends_with("&oauth_signature=kd94hf93k423kf44%26"), "{text}");
        assert!(query.lines.is_empty() && query.form.is_empty());
        let form = proof(printer(), plain("body"), &request("POST", url, "a=b"));
        assert!(form.form.starts_with(b"oauth_consumer_key=") && form.query.is_empty());
        let again = proof(printer(), plain("query"), &request("GET", url, ""));
        assert_ne!(query.query, again.query, "each request has a nonce of its own");
    }

    #[test]
    fn bodies_that_are_no_forms_can_be_signed_by_their_hash() {
        let mut request = request("POST", ["a.example", "/"], "");
        request.body = vec![b"Hello ", b"World!"];
        let given = serde_json::json!({"body_hash": true, "nonce": "n", "timestamp": "1"});
        let lines = String::from_utf8(proof(printer(), given, &request).lines).unwrap();
        // The example of the extension `OAuth Request Body Hash`.
        assert!(lines.contains("oauth_body_hash=\"Lve95gjOVATpfV8EL5X4nxwjKHE%3D\""), "{lines}");
    }
}
