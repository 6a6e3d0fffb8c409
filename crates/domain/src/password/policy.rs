use super::Password;
use crate::user::{Email, UserName};

/// How the length of a password is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// Unicode code points after normalisation (PW-4).
    CodePoints,
    /// UTF-16 code units as typed, like Better Auth.
    Utf16Units,
}

/// Why a password was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Shorter than the policy's minimum.
    #[error("the password is too short")]
    TooShort,
    /// Longer than the policy's maximum.
    #[error("the password is too long")]
    TooLong,
    /// Among the most common ones, or derived from the user's name or address (PW-7).
    #[error("the password is too easy to guess")]
    TooCommon,
    /// Known to others by a data breach (PW-8).
    #[error("the password is known from a data breach")]
    Compromised,
}

/// The list of common passwords.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait CommonPasswords: Send + Sync {
    /// Whether the password, whatever its letter case, is among at least the 3,000 most common ones (PW-7).
    fn contains(&self, password: &str) -> bool;
}

/// The rules for a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least length.
    pub min_length: usize,
    /// The greatest length. Anything longer is refused before any costly work (PW-5).
    pub max_length: usize,
    /// What lengths count.
    pub unit: LengthUnit,
    /// Whether passwords that are easy to guess are refused (PW-7).
    pub refuse_common: bool,
    /// Further words that are refused as passwords, such as the name of the product; lower case.
    pub context_words: Vec<String>,
}

impl PasswordPolicy {
    /// Checks the length alone.
    pub fn check_length(&self, password: &Password) -> Result<(), PasswordProblem> {
        if self.length(password) < self.min_length {
            return Err(PasswordProblem::TooShort);
        }
        if self.is_too_long(password) {
            return Err(PasswordProblem::TooLong);
        }
        Ok(())
    }

    /// Whether the password is longer than any that could have been set.
    #[must_use]
    pub fn is_too_long(&self, password: &Password) -> bool {
        self.length(password) > self.max_length
    }

    /// Checks a new password of a user with this name and address.
    pub fn check(
        &self,
        password: &Password,
        name: &UserName,
        email: &Email,
        common: &dyn CommonPasswords,
    ) -> Result<(), PasswordProblem> {
        self.check_length(password)?;
        if self.refuse_common && self.is_guessable(password, name, email, common) {
            return Err(PasswordProblem::TooCommon);
        }
        Ok(())
    }

    fn is_guessable(
        &self,
        password: &Password,
        name: &UserName,
        email: &Email,
        common: &dyn CommonPasswords,
    ) -> bool {
        let folded = password.expose().to_lowercase();
        let own = [
            name.as_str().to_lowercase(),
            name.as_str().to_lowercase().replace(' ', ""),
        ];
        own.contains(&folded)
            || folded == email.as_str()
            || folded == email.local_part()
            || self.context_words.contains(&folded)
            || common.contains(password.expose())
    }

    fn length(&self, password: &Password) -> usize {
        match self.unit {
            LengthUnit::CodePoints => password.code_points(),
            LengthUnit::Utf16Units => password.utf16_units(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MockCommonPasswords;
    use super::*;

    fn policy(unit: LengthUnit) -> PasswordPolicy {
        PasswordPolicy {
            min_length: 8,
            max_length: 128,
            unit,
            refuse_common: true,
            context_words: vec!["doorward".into()],
        }
    }

    fn check(policy: &PasswordPolicy, password: &str) -> Result<(), PasswordProblem> {
        let mut common = MockCommonPasswords::new();
        common
            .expect_contains()
            .returning(|password| password == "letmein123");
        let name = UserName::parse("Ada Lovelace").unwrap();
        let email = Email::parse("countess.ada@example.test").unwrap();
        policy.check(&Password::new(password), &name, &email, &common)
    }

    #[test]
    fn pw_4_lengths_are_bounded_at_both_ends() {
        let policy = policy(LengthUnit::CodePoints);
        assert_eq!(check(&policy, "1234567"), Err(PasswordProblem::TooShort));
        assert_eq!(check(&policy, "q8d7w6e5"), Ok(()));
        assert_eq!(check(&policy, &"é".repeat(128)), Ok(()));
        assert_eq!(check(&policy, &"é".repeat(129)), Err(PasswordProblem::TooLong));
    }

    #[test]
    fn pw_4_the_unit_decides_how_emoji_count() {
        assert_eq!(
            check(&policy(LengthUnit::CodePoints), "🦀🦀🦀🦀"),
            Err(PasswordProblem::TooShort)
        );
        assert_eq!(check(&policy(LengthUnit::Utf16Units), "🦀🦀🦀🦀"), Ok(()));
    }

    #[test]
    fn pw_7_own_name_address_and_common_words_are_refused() {
        let policy = policy(LengthUnit::CodePoints);
        for guess in [
            "letmein123",
            "Ada Lovelace",
            "adalovelace",
            "Countess.Ada",
            "countess.ada@example.test",
            "Doorward",
        ] {
            assert_eq!(check(&policy, guess), Err(PasswordProblem::TooCommon), "{guess}");
        }
        let lenient = PasswordPolicy {
            refuse_common: false,
            ..policy
        };
        assert_eq!(check(&lenient, "letmein123"), Ok(()));
    }
}
