use doorward_domain::Secret;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value};

use super::{Opened, opened_jwt};

/// A JWT signed with the secret itself, by HS256 and nothing else.
pub(super) struct Jwt {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

impl Jwt {
    pub(super) fn new(secret: &Secret<String>) -> Self {
        let secret = secret.expose().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would ask the wall clock; the codec asks the caller's.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
            validation,
        }
    }

    pub(super) fn seal(&self, claims: &Map<String, Value>) -> String {
        let header = Header {
            typ: None,
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).unwrap_or_else(|error| {
            // An empty cookie is no cache: the database answers.
            tracing::error!(%error, "the cookie cache could not be written");
            String::new()
        })
    }

    pub(super) fn open(&self, cookie: &str) -> Option<Opened> {
        let token = jsonwebtoken::decode(cookie, &self.verifying, &self.validation).ok()?;
        opened_jwt(token.claims)
    }
}
