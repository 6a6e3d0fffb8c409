/// The source of random bytes. Nothing else in Doorward makes random values.
///
/// Implementations MUST be fit for secrets: the operating system's generator in production (TK-1).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The alphabet of a random text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// `a-z A-Z 0-9`: 5.95 bits a character.
    Alphanumeric,
    /// `a-z 0-9`: 5.17 bits a character.
    LowerAlphanumeric,
}

impl Alphabet {
    const fn sent_emails(self) -> &'static [u8] {
        match self {
            Self::Alphanumeric => b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            Self::LowerAlphanumeric => b"abcdefghijklmnopqrstuvwxyz0123456789",
        }
    }
}

/// A random text of `length` letters, each equally likely.
pub fn random_text(entropy: &dyn Entropy, alphabet: Alphabet, length: usize) -> String {
    let letters = alphabet.sent_emails();
    // Bytes from the incomplete last run of the alphabet would favour its first letters.
    let usable = 256 - 256 % letters.len();
    let mut text = String::with_capacity(length);
    let mut buffer = [0_u8; 64];
    while text.len() < length {
        entropy.fill(&mut buffer);
        let drawn = buffer
            .iter()
            .map(|&byte| usize::from(byte))
            .filter(|&byte| byte < usable);
        text.extend(
            drawn
                .map(|byte| char::from(letters[byte % letters.len()]))
                .take(length - text.len()),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_would_bias_the_alphabet_are_refused() {
        let mut entropy = MockEntropy::new();
        entropy.expect_fill().returning(|buffer| {
            buffer.fill(255);
            buffer[0] = 0;
            buffer[1] = 61;
            buffer[2] = 62;
        });
        assert_eq!(random_text(&entropy, Alphabet::Alphanumeric, 3), "a9a");
        assert_eq!(random_text(&entropy, Alphabet::LowerAlphanumeric, 5), "az0az");
    }
}
