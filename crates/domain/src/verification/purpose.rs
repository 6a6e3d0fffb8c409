use crate::entropy::{Alphabet, Entropy, random_text};
use crate::session::TokenStorage;
use crate::{Secret, TokenDigest, UserId, has_control_characters};

/// The purpose of a token that is sent by email. A token of one purpose is invalid for every other (TK-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Setting a new password.
    ResetPassword,
    /// Deleting one's own user.
    DeleteAccount,
    /// Verifying an address, also a new one that replaces another.
    VerifyEmail,
    /// Not a usable token: a mark that a token was consumed, kept until the token would have expired (TK-3).
    Consumed,
    /// Not a usable token: a mark that an owner was notified of a sign-up with their address (EN-5).
    SignUpNotice,
    /// Not a usable token: a mark that a username is held (EN-2).
    UsernameHold,
    /// Not a usable token: a mark of when all links of a user were cancelled. Signed links have no row that could be removed
    /// (TK-5).
    LinksCancelled,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ResetPassword,
        Self::DeleteAccount,
        Self::VerifyEmail,
        Self::Consumed,
        Self::SignUpNotice,
        Self::UsernameHold,
        Self::LinksCancelled,
    ];

    /// Purposes of usable tokens, which a change of password, address or rights cancels (TK-5). Marks stay, or a signed link
    /// that was consumed would work once more (TK-3).
    pub const LINKS: [Self; 3] = [Self::ResetPassword, Self::DeleteAccount, Self::VerifyEmail];

    /// Whether a token of this purpose is usable.
    #[must_use]
    pub const fn is_link(self) -> bool {
        match self {
            Self::ResetPassword | Self::DeleteAccount | Self::VerifyEmail => true,
            Self::Consumed | Self::SignUpNotice | Self::UsernameHold | Self::LinksCancelled => false,
        }
    }

    /// What an `identifier` of this purpose begins with; the first two are Better Auth's.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset-password:",
            Self::DeleteAccount => "delete-account-",
            Self::VerifyEmail => "verify-email:",
            Self::Consumed => "spent:",
            Self::SignUpNotice => "sign-up-notice:",
            Self::UsernameHold => "username-hold:",
            Self::LinksCancelled => "links-cancelled:",
        }
    }

    fn mint(self, entropy: &dyn Entropy) -> String {
        match self {
            Self::ResetPassword => random_text(entropy, Alphabet::Alphanumeric, 24),
            Self::DeleteAccount => random_text(entropy, Alphabet::LowerAlphanumeric, 32),
            Self::VerifyEmail
            | Self::Consumed
            | Self::SignUpNotice
            | Self::UsernameHold
            | Self::LinksCancelled => random_text(entropy, Alphabet::Alphanumeric, 32),
        }
    }
}

/// A single-use token in an emailed link: at least 142 random bits (TK-1).
#[derive(Clone, Debug)]
pub struct OneTimeToken(Secret<String>);

impl OneTimeToken {
    const MAX: usize = 512;

    /// A new token in the form Better Auth gives tokens of this purpose.
    pub fn mint(purpose: Purpose, entropy: &dyn Entropy) -> Self {
        Self(Secret::new(purpose.mint(entropy)))
    }

    /// Parses a presented token; `None` if no token has this form (TK-2, TK-7).
    #[must_use]
    pub fn parse(presented: &str) -> Option<Self> {
        let plausible = !presented.is_empty()
            && presented.len() <= Self::MAX
            && !has_control_characters(presented)
            && !TokenDigest::looks_like(presented);
        plausible.then(|| Self(Secret::new(presented.to_owned())))
    }

    /// The token in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// How a verification is found: what it is for, and the token.
#[derive(Clone, Debug)]
pub struct VerificationKey {
    purpose: Purpose,
    token: OneTimeToken,
}

impl VerificationKey {
    /// The verification of this token for this purpose.
    #[must_use]
    pub const fn new(purpose: Purpose, token: OneTimeToken) -> Self {
        Self { purpose, token }
    }

    /// A mark about a user: no token, the user's id in its place.
    #[must_use]
    pub fn of_user(purpose: Purpose, user: &UserId) -> Self {
        Self {
            purpose,
            token: OneTimeToken(Secret::new(user.as_str().to_owned())),
        }
    }

    /// The `identifier` under which it is stored.
    #[must_use]
    pub fn identifier(&self, storage: TokenStorage) -> String {
        let prefix = self.purpose.prefix();
        match storage {
            TokenStorage::Digest => format!("{prefix}{}", TokenDigest::of(self.token.expose())),
            TokenStorage::Plaintext => format!("{prefix}{}", self.token.expose()),
        }
    }

    /// Both identifiers it may be stored under: rows left by Better Auth have the token in clear.
    #[must_use]
    pub fn identifiers(&self) -> [String; 2] {
        [
            self.identifier(TokenStorage::Digest),
            self.identifier(TokenStorage::Plaintext),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_name_the_purpose() {
        let token = OneTimeToken::parse("abc").unwrap();
        let key = VerificationKey::new(Purpose::ResetPassword, token.clone());
        assert_eq!(key.identifier(TokenStorage::Plaintext), "reset-password:abc");
        assert!(
            key.identifier(TokenStorage::Digest)
                .starts_with("reset-password:sha256:ba78")
        );
        let other = VerificationKey::new(Purpose::DeleteAccount, token);
        assert_eq!(other.identifier(TokenStorage::Plaintext), "delete-account-abc");
    }

    #[test]
    fn tk_2_a_stored_identifier_is_no_token() {
        assert!(OneTimeToken::parse(TokenDigest::of("abc").as_str()).is_none());
        assert!(OneTimeToken::parse("").is_none());
        assert!(OneTimeToken::parse("a\0").is_none());
    }

    #[test]
    fn tk_5_what_can_be_cancelled_are_the_links() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::LINKS.contains(&purpose), purpose.is_link());
        }
    }

    #[test]
    fn tk_6_no_prefix_begins_another() {
        for a in Purpose::ALL {
            for b in Purpose::ALL {
                assert!(a == b || !a.prefix().starts_with(b.prefix()));
            }
        }
    }
}
