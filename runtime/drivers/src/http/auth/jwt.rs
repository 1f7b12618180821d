//! JSON Web Tokens (RFC 7519), signed once and used until they are about to expire.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ld_vm::Fault;
use serde_json::Value;

use super::{fault, text};

pub(super) struct Jwt {
    header: Header,
    claims: Value,
    key: EncodingKey,
    /// How long a token is good, in seconds; 0 for one without `iat` and `exp`.
    lifetime_s: u64,
    token: String,
    /// When the token is to be signed anew, in seconds since 1970.
    until_s: u64,
}

impl Jwt {
    pub(super) fn new(plan: &Value) -> Result<Self, Fault> {
        let name = text(plan, "algorithm");
        let algorithm: Algorithm =
            name.parse().map_err(|_| fault(&format!("`{name}` is not an algorithm of JWT")))?;
        let key = text(plan, "key");
        let unusable = |error| fault(&format!("the key for {name} cannot be used: {error}"));
        let encoding = match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                EncodingKey::from_secret(key.as_bytes())
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                EncodingKey::from_ec_pem(key.as_bytes()).map_err(unusable)?
            }
            _ => EncodingKey::from_rsa_pem(key.as_bytes()).map_err(unusable)?,
        };
        let mut header = Header::new(algorithm);
        header.kid = Some(text(plan, "key_id")).filter(|id| !id.is_empty());
        let lifetime_s = plan.get("lifetime").and_then(Value::as_f64).unwrap_or(0.0);
        Ok(Self {
            header,
            claims: plan
                .get("claims")
                .cloned()
                .unwrap_or_else(|| Value::Object(Default::default())),
            key: encoding,
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
        self.token = encode(&self.header, &self.claims, &self.key)
            .map_err(|error| fault(&format!("the token cannot be signed: {error}")))?;
        Ok(())
    }
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwt").field("header", &self.header).finish_non_exhaustive()
    }
}
