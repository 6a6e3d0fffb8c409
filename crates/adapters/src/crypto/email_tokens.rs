use std::fmt;

use chrono::{DateTime, Utc};
use doorward_domain::user::Email;
use doorward_domain::verification::{
    EmailChange, EmailChangeStep, EmailClaims, EmailTokenCodec, EmailTokenError,
};
use doorward_domain::{Keyring, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Better Auth's verification tokens: JWT, HS256 with the server's secret as the key.
///
/// Better Auth's header names no key, so the signature is compared under each of them.
pub struct JwtEmailTokens {
    header: Header,
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    validation: Validation,
}

/// The claims, in the order in which Better Auth writes them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_type: Option<RequestType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    iat: i64,
    exp: i64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum RequestType {
    #[serde(rename = "change-email-confirmation")]
    Confirmation,
    #[serde(rename = "change-email-verification")]
    Verification,
}

impl JwtEmailTokens {
    /// A codec with these keys.
    #[must_use]
    pub fn new(keys: &Keyring) -> Self {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = None;
        // The library would ask the system clock about `exp`; expiry is judged in `read`, by the Clock port's time.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self {
            header,
            signing: EncodingKey::from_secret(keys.current().secret.expose().as_bytes()),
            verifying: keys
                .keys()
                .map(|key| DecodingKey::from_secret(key.secret.expose().as_bytes()))
                .collect(),
            validation,
        }
    }
}

impl fmt::Debug for JwtEmailTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtEmailTokens").finish_non_exhaustive()
    }
}

impl EmailTokenCodec for JwtEmailTokens {
    fn sign(&self, claims: &EmailClaims) -> String {
        let Ok(token) = jsonwebtoken::encode(&self.header, &Claims::from(claims), &self.signing) else {
            unreachable!("claims are JSON and the key fits the algorithm");
        };
        token
    }

    fn read(&self, token: &str, now: DateTime<Utc>) -> Result<EmailClaims, EmailTokenError> {
        let token = self
            .verifying
            .iter()
            .find_map(|key| jsonwebtoken::decode::<Value>(token, key, &self.validation).ok())
            .ok_or(EmailTokenError::Invalid)?;
        if token.header.crit.is_some() {
            return Err(EmailTokenError::Invalid);
        }
        let ends = token.claims.get("exp").and_then(Value::as_i64).and_then(moment);
        if now >= ends.ok_or(EmailTokenError::Invalid)? {
            return Err(EmailTokenError::Expired);
        }
        serde_json::from_value::<Claims>(token.claims)
            .ok()
            .and_then(Claims::into_domain)
            .ok_or(EmailTokenError::Invalid)
    }
}

impl From<&EmailClaims> for Claims {
    fn from(claims: &EmailClaims) -> Self {
        let change = claims.change.as_ref();
        Self {
            email: claims.email.to_string(),
            update_to: change.map(|change| change.to.to_string()),
            request_type: change.map(|change| match change.step {
                EmailChangeStep::Confirmation => RequestType::Confirmation,
                EmailChangeStep::Verification => RequestType::Verification,
            }),
            user_id: claims.user_id.as_ref().map(ToString::to_string),
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        }
    }
}

impl Claims {
    fn into_domain(self) -> Option<EmailClaims> {
        let change = match (self.update_to, self.request_type) {
            (None, None) => None,
            (Some(to), Some(kind)) => Some(EmailChange {
                to: Email::parse(&to).ok()?,
                step: match kind {
                    RequestType::Confirmation => EmailChangeStep::Confirmation,
                    RequestType::Verification => EmailChangeStep::Verification,
                },
            }),
            (Some(_), None) | (None, Some(_)) => return None,
        };
        Some(EmailClaims {
            email: Email::parse(&self.email).ok()?,
            user_id: self.user_id.map(UserId::from_stored),
            change,
            issued_at: moment(self.iat)?,
            expires_at: moment(self.exp)?,
        })
    }
}

fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_secs(seconds)
}

#[cfg(test)]
mod tests;
