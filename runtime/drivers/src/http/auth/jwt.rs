//! JSON Web Tokens (RFC 7519), signed once and used until they are about to expire.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ld_vm::Fault;
use p521::ecdsa::signature::Signer as _;
use p521::ecdsa::{Signature, SigningKey};
use p521::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

use super::{fault, text};

/// What `jsonwebtoken` cannot sign by.
const ES512: &str = "ES512";

pub(super) struct Jwt {
    claims: Value,
    key: Key,
    /// How long a token is good, in seconds; 0 for one without `iat` and `exp`.
    lifetime_s: u64,
    token: String,
    /// When the token is to be signed anew, in seconds since 1970.
    until_s: u64,
}

enum Key {
    Common(Box<(Header, EncodingKey)>),
    /// ECDSA by P-521 and SHA-512 (RFC 7518 §3.4), and the header in JSON.
    Es512(String, Box<SigningKey>),
}

impl Jwt {
    pub(super) fn new(plan: &Value) -> Result<Self, Fault> {
        let key = Key::new(&text(plan, "algorithm"), &text(plan, "key"), text(plan, "key_id"))?;
        let lifetime_s = plan.get("lifetime").and_then(Value::as_f64).unwrap_or(0.0);
        Ok(Self {
            claims: plan
                .get("claims")
                .cloned()
                .unwrap_or_else(|| Value::Object(Default::default())),
            key,
            lifetime_s: lifetime_s as u64,
            token: String::new(),
            until_s: 0,
        })
    }

    pub(super) fn write(&mut self, now_s: u64, out: &mut Vec<u8>) -> Result<(), Fault> {
        if now_s >= self.until_s || self.token.is_empty() {
            self.sign(now_s)?;
        }
        out.extend_from_slice(b"Authorization: Bearer ");
        out.extend_from_slice(self.token.as_bytes());
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn sign(&mut self, now_s: u64) -> Result<(), Fault> {
        self.until_s = u64::MAX;
        if let (1.., Value::Object(claims)) = (self.lifetime_s, &mut self.claims) {
            claims.insert("iat".to_owned(), now_s.into());
            claims.insert("exp".to_owned(), now_s.saturating_add(self.lifetime_s).into());
            // In good time: clocks differ, and the request is still to travel.
            self.until_s = now_s + self.lifetime_s - self.lifetime_s / 10;
        }
        self.token = self.key.sign(&self.claims)?;
        Ok(())
    }
}

impl Key {
    fn new(name: &str, key: &str, id: String) -> Result<Self, Fault> {
        let unusable =
            |error: &dyn Display| fault(&format!("the key for {name} cannot be used: {error}"));
        let id = Some(id).filter(|id| !id.is_empty());
        if name == ES512 {
            let key = SigningKey::from_pkcs8_pem(key).map_err(|error| unusable(&error))?;
            let mut header = json!({"typ": "JWT", "alg": name});
            if let (Some(id), Value::Object(header)) = (id, &mut header) {
                header.insert("kid".to_owned(), id.into());
            }
            return Ok(Self::Es512(header.to_string(), Box::new(key)));
        }
        let algorithm: Algorithm =
            name.parse().map_err(|_| fault(&format!("`{name}` is not an algorithm of JWT")))?;
        let key = match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                EncodingKey::from_secret(key.as_bytes())
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                EncodingKey::from_ec_pem(key.as_bytes()).map_err(|error| unusable(&error))?
            }
            _ => EncodingKey::from_rsa_pem(key.as_bytes()).map_err(|error| unusable(&error))?,
        };
        Ok(Self::Common(Box::new((Header { kid: id, ..Header::new(algorithm) }, key))))
    }

    fn sign(&self, claims: &Value) -> Result<String, Fault> {
        match self {
            Self::Common(common) => encode(&common.0, claims, &common.1)
                .map_err(|error| fault(&format!("the token cannot be signed: {error}"))),
            Self::Es512(header, key) => {
                let claims = claims.to_string();
                let [header, claims] = [header, &claims].map(|part| BASE64_URL.encode(part));
                let signed = format!("{header}.{claims}");
                let signature: Signature = key.sign(signed.as_bytes());
                Ok(format!("{signed}.{}", BASE64_URL.encode(signature.to_bytes())))
            }
        }
    }
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt").field("lifetime_s", &self.lifetime_s).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use p521::ecdsa::VerifyingKey;
    use p521::ecdsa::signature::Verifier as _;

    use super::*;

    /// Made for this test alone.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIB4n6cz8fEEKYt83Yr
g1eQfc7YnDLkQURYayCppJkRAAWVA6lAFmZkY9j9NkKaYb/+SlxjaPeMnwOjcsco
puwq3V2hgYkDgYYABACsUzCJeqQKaxTZs1+0RyQwxcZDj797n5dPyCJ89ej6FPYf
d3iS3w7BEDJa4Q98I4vIUex6VQaKn+fZ3r04zryjpwC7daWKZEC9oVABqQpqJujq
lrimmBaLxqgZkvpD2TfDAGh5KJInTjskhUkPlsqWGvw4oxfA2MtGSNElTaDM5KYE
Qg==
-----END PRIVATE KEY-----";

    #[test]
    fn tokens_are_signed_by_p521_too() {
        let plan =
            json!({"algorithm": "ES512", "key": KEY, "key_id": "k1", "claims": {"sub": "ada"}});
        let mut jwt = Jwt::new(&plan).unwrap();
        let mut line = Vec::new();
        jwt.write(0, &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        let token = line.trim().strip_prefix("Authorization: Bearer ").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&BASE64_URL.decode(signature).unwrap()).unwrap();
        let key = VerifyingKey::from(&SigningKey::from_pkcs8_pem(KEY).unwrap());
        key.verify(signed.as_bytes(), &signature).unwrap();
        let parts: Vec<_> =
            signed.split('.').map(|part| BASE64_URL.decode(part).unwrap()).collect();
        assert_eq!(parts[0], br#"{"typ":"JWT","alg":"ES512","kid":"k1"}"#);
        assert_eq!(parts[1], br#"{"sub":"ada"}"#);
    }

    #[test]
    fn a_key_that_is_none_is_told() {
        for algorithm in ["ES256", "ES512", "RS256"] {
            let plan = json!({"algorithm": algorithm, "key": "k"});
            let fault = Jwt::new(&plan).map(drop).unwrap_err();
            let start = format!("the key for {algorithm} cannot be used");
            assert!(fault.text.contains(&start), "{}", fault.text);
        }
    }
}
