use std::fmt;

use crate::UserId;

const MAX: usize = 254;

/// A canonical e-mail address: ASCII, lower case, of the shape `local@label.label` (IN-4).
///
/// Addresses that differ only in letter case are one address, here and in every store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Folds letter case, then checks the shape. The only way from input to an `Email`.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let folded = raw.to_ascii_lowercase();
        if is_address(&folded) {
            Ok(Self(folded))
        } else {
            Err(InvalidEmail)
        }
    }

    /// A value from the database, not validated.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The placeholder a deleted user holds in place of the address. `.invalid` never resolves (RFC 2606), and
    /// [`parse`](Self::parse) refuses it, so it can neither sign up nor sign in nor receive email.
    #[must_use]
    pub fn tombstone(id: &UserId) -> Self {
        Self(format!("deleted:{id}@doorward.invalid"))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The shape Better Auth accepts: an unquoted local part of letters, digits and `_'+-.`, and a domain of at
/// least two labels that ends in letters. Internationalised addresses are refused until mail to them works.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    text.len() <= MAX && is_local_part(local) && is_domain(domain)
}

fn is_local_part(local: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_'+-.".contains(&byte);
    let last_is_fine = local
        .bytes()
        .last()
        .is_some_and(|byte| byte != b'.' && byte != b'\'');
    local.len() <= 64
        && local.bytes().all(allowed)
        && last_is_fine
        && !local.starts_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let Some((_, top)) = domain.rsplit_once('.') else {
        return false;
    };
    domain.split('.').all(is_label) && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letter_case_is_folded() {
        assert_eq!(
            Email::parse("Ada.Lovelace@Example.TEST").unwrap().as_str(),
            "ada.lovelace@example.test"
        );
    }

    #[test]
    fn in_4_ordinary_addresses_are_taken() {
        for text in [
            "a@b.co",
            "o'brien@example.test",
            "a+b-c_d.e@x-y.example.museum",
            "1@2.de",
        ] {
            assert!(Email::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn in_4_other_shapes_are_refused() {
        let long = format!("{}@example.test", "a".repeat(65));
        for text in [
            "",
            "ada",
            "@",
            "ada@",
            "@example.test",
            "ada@localhost",
            "ada@@example.test",
            "a@b@example.test",
            "ada example@example.test",
            " ada@example.test",
            "ada@example.test ",
            "ada@example.test\n",
            "ada\0@example.test",
            "\"ada\"@example.test",
            "a,b@example.test",
            "a;b@example.test",
            "<ada@example.test>",
            ".ada@example.test",
            "ada.@example.test",
            "a..b@example.test",
            "ada@.test",
            "ada@example.",
            "ada@exa..mple.test",
            "ada@-example.test",
            "ada@example-.test",
            "ada@example.t",
            "ada@example.123",
            "ada@[127.0.0.1]",
            "ada@exämple.test",
            "аda@example.test",
            "ada@example。test",
            "ada%40x@example.test",
            "deleted:x@doorward.invalid",
            long.as_str(),
        ] {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }

    #[test]
    fn a_tombstone_cannot_be_typed() {
        let tombstone = Email::tombstone(&UserId::from_stored("abc"));
        assert_eq!(Email::parse(tombstone.as_str()), Err(InvalidEmail));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_canonical(text in ".*@.*") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()).unwrap(), email.clone());
                prop_assert!(email.as_str().is_ascii() && email.as_str().len() <= MAX);
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
            }
        }
    }
}
