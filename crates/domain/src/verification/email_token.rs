use chrono::{DateTime, Utc};

use crate::UserId;
use crate::user::Email;

/// A step of a change of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChangeStep {
    /// The owner of the old address confirms the change.
    Confirmation,
    /// The owner of the new address verifies it; then the address changes.
    Verification,
}

/// A change of address under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChange {
    /// The address the user wants to have.
    pub to: Email,
    /// Who has to follow the link.
    pub step: EmailChangeStep,
}

/// The claims of a verification link: user, address, and what following the link does (TK-6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailClaims {
    /// The user's address when the link was made.
    pub email: Email,
    /// The user; absent in links of old versions of Better Auth.
    pub user_id: Option<UserId>,
    /// The change of address the link is part of; otherwise it verifies `email`.
    pub change: Option<EmailChange>,
    /// When the link was made, in whole seconds.
    pub issued_at: DateTime<Utc>,
    /// When the link expires, in whole seconds.
    pub expires_at: DateTime<Utc>,
}

/// Why a signed verification token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailTokenError {
    /// Not a token we signed.
    #[error("the token is invalid")]
    Invalid,
    /// A token we signed, past its end.
    #[error("the token has expired")]
    Expired,
}

/// Reads and writes the signed tokens (JWT, RFC 7519) of Better Auth's verification links.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait EmailTokenCodec: Send + Sync {
    /// Signs the claims.
    fn sign(&self, claims: &EmailClaims) -> String;

    /// Checks signature, algorithm (HS256 and no other, TK-7), form and expiry.
    fn read(&self, token: &str, now: DateTime<Utc>) -> Result<EmailClaims, EmailTokenError>;
}
