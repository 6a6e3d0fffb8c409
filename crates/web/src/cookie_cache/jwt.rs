use doorward_domain::Keyring;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value};

use super::{Opened, opened_jwt};

/// A JWT signed with the secret itself, by HS256 and nothing else. Better Auth's header names no key, so the signature is compared
/// under each of them.
pub(super) struct Jwt {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    validation: Validation,
}

impl Jwt {
    pub(super) fn new(keys: &Keyring) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would ask the wall clock; the codec asks the caller's.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            signing: EncodingKey::from_secret(keys.current().secret.expose().as_bytes()),
            verifying: keys
                .keys()
                .map(|key| DecodingKey::from_secret(key.secret.expose().as_bytes()))
                .collect(),
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
        let mut keys = self.verifying.iter();
        let token = keys.find_map(|key| jsonwebtoken::decode(cookie, key, &self.validation).ok())?;
        opened_jwt(token.claims)
    }
}
