//! AWS Signature Version 4 in header lines.

use hmac::Hmac;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::encoding::{encode, hmac, pairs, split};
use super::{Signed, text};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

#[derive(Debug)]
pub(super) struct Credentials {
    access_key: String,
    secret_key: String,
    session_token: String,
    region: String,
    service: String,
}

impl Credentials {
    pub(super) fn new(plan: &Value) -> Self {
        let [access_key, secret_key, session_token, region, service] =
            ["access_key", "secret_key", "session_token", "region", "service"]
                .map(|name| text(plan, name));
        Self { access_key, secret_key, session_token, region, service }
    }

    /// Appends the lines that sign a request.
    pub(super) fn write(&self, request: &Signed<'_>, out: &mut Vec<u8>) {
        let time = time(request.now_s);
        let date = time.get(..8).unwrap_or_default();
        let content =
            request.body.iter().fold(Sha256::new(), |hash, piece| hash.chain_update(piece));
        let content = const_hex::encode(content.finalize());
        let is_s3 = self.service == "s3";

        let mut own = vec![("X-Amz-Date", time.as_str())];
        if is_s3 {
            own.push(("X-Amz-Content-Sha256", &content));
        }
        if !self.session_token.is_empty() {
            own.push(("X-Amz-Security-Token", &self.session_token));
        }
        let (headers, names) = headers(request, &own);
        let (path, query) = split(request.target);
        let canonical = [
            &String::from_utf8_lossy(request.method),
            canonical_path(path, is_s3).as_str(),
            &canonical_query(query),
            &headers,
            &names,
            &content,
        ]
        .join("\n");

        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let digest = const_hex::encode(Sha256::digest(canonical));
        let signed = format!("{ALGORITHM}\n{time}\n{scope}\n{digest}");
        let mut key = format!("AWS4{}", self.secret_key).into_bytes();
        for part in [date, &self.region, &self.service, "aws4_request"] {
            key = hmac::<Hmac<Sha256>>(&key, part);
        }
        let signature = const_hex::encode(hmac::<Hmac<Sha256>>(&key, &signed));

        for (name, value) in own {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let key = &self.access_key;
        let line = format!(
            "Authorization: {ALGORITHM} Credential={key}/{scope}, SignedHeaders={names}, \
             Signature={signature}\r\n"
        );
        out.extend_from_slice(line.as_bytes());
    }
}

/// `20150830T123600Z`.
fn time(now_s: u64) -> String {
    let seconds = i64::try_from(now_s).unwrap_or(i64::MAX);
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The header lines that are signed, and their names: `Host`, `Content-Type`, what is AWS's own.
fn headers(request: &Signed<'_>, own: &[(&str, &str)]) -> (String, String) {
    let mut all =
        vec![("host".to_owned(), String::from_utf8_lossy(request.authority).into_owned())];
    for line in &request.lines {
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = name.to_ascii_lowercase();
        if name == "content-type" || name.starts_with("x-amz-") {
            let value: Vec<_> = value.split_ascii_whitespace().collect();
            all.push((name, value.join(" ")));
        }
    }
    all.extend(own.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())));
    all.sort();
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    let lines: String = all.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    (lines, names.join(";"))
}

/// The path with its segments encoded once more and dots resolved; S3 takes it as it is.
fn canonical_path(path: &[u8], is_s3: bool) -> String {
    if is_s3 {
        return String::from_utf8_lossy(path).into_owned();
    }
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in path.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut out = String::new();
    for segment in &segments {
        out.push('/');
        encode(segment, &mut out);
    }
    if out.is_empty() || path.ends_with(b"/") {
        out.push('/');
    }
    out
}

/// The query's pairs, decoded, encoded in AWS's way and sorted.
fn canonical_query(query: &[u8]) -> String {
    let mut pairs: Vec<_> = pairs(query).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of AWS's published test suite, and the signature it gets.
    fn signature(token: &str, method: &str, target: &str, lines: &[&str], body: &str) -> String {
        let plan = serde_json::json!({
            "access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "session_token": token, "region": "us-east-1", "service": "service",
        });
        let request = Signed {
            method: method.as_bytes(),
            authority: b"example.amazonaws.com",
            target: target.as_bytes(),
            lines: lines.iter().map(|line| line.as_bytes()).collect(),
            body: vec![body.as_bytes()],
            is_tls: true,
            now_s: 1_440_938_160,
        };
        let mut out = Vec::new();
        Credentials::new(&plan).write(&request, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("X-Amz-Date: 20150830T123600Z\r\n"), "{out}");
        out.trim_end().rsplit("Signature=").next().unwrap().to_owned()
    }

    #[test]
    fn the_published_vectors_are_met() {
        for (method, target, expected) in [
            ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("GET", "/./", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "GET",
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "GET",
                "/\u{1234}",
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
            ),
            (
                "GET",
                "/?%E1%88%B4=bar",
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ),
        ] {
            assert_eq!(signature("", method, target, &[], ""), expected, "{method} {target}");
        }
        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        assert_eq!(
            signature(token, "GET", "/", &[], ""),
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"
        );
        let lines =
            ["Content-Type: application/x-www-form-urlencoded\r\n", "X-Other: not signed\r\n"];
        assert_eq!(
            signature("", "POST", "/", &lines, "Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }
}
