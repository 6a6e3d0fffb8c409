/// A text that may be the URL of something public, for a message: without a user and a password that somebody put into it
/// (SK-1).
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let Some((before, after)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    if !before.contains(':') {
        return text.to_owned();
    }
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://redacted@{after}"),
        None => format!("redacted@{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sk_1_what_lets_somebody_in_is_not_shown() {
        for (text, shown) in [
            ("https://a.test", "https://a.test"),
            ("https://u:p@a.test/x", "https://redacted@a.test/x"),
            ("https://key@a.test", "https://redacted@a.test"),
            ("https://u:p@p@a.test", "https://redacted@a.test"),
            ("u:p@a.test", "redacted@a.test"),
            ("myapp://u:p@host", "myapp://redacted@host"),
            ("Example <noreply@a.test>", "Example <noreply@a.test>"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
