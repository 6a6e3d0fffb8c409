use std::error::Error;
use std::fmt;

/// Shows an error with all that led to it, each said once: `the store failed: no such table: user`.
#[derive(Clone, Copy, Debug)]
pub struct ErrorChain<'a>(pub &'a dyn Error);

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let words = error.to_string();
            if !text.contains(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            cause = error.source();
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreError;

    #[derive(Debug, thiserror::Error)]
    #[error("query refused: {0}")]
    struct Refused(#[source] std::io::Error);

    #[test]
    fn every_cause_is_shown_once() {
        let error = StoreError::Failed(Box::new(Refused(std::io::Error::other("no such table"))));
        assert_eq!(
            ErrorChain(&error).to_string(),
            format!("{error}: query refused: no such table")
        );
    }
}
