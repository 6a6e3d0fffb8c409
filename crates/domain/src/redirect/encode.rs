/// Percent-encodes like JavaScript's `encodeURIComponent`: everything but `A-Z a-z 0-9 - _ . ! ~ * ' ( )`.
#[must_use]
pub fn encode_uri_component(text: &str) -> String {
    encode_unless(text, |byte| {
        byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
    })
}

/// Percent-encodes the bytes of the text that are not to be kept.
pub(super) fn encode_unless(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unreserved_set_is_that_of_javascript() {
        let kept = "ABCXYZabcxyz019-_.!~*'()";
        assert_eq!(encode_uri_component(kept), kept);
        assert_eq!(
            encode_uri_component(" \"#$%&+,/:;<=>?@[\\]^`{|}\u{7f}"),
            "%20%22%23%24%25%26%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D%7F"
        );
        assert_eq!(
            encode_uri_component("Zoë €😀"),
            "Zo%C3%AB%20%E2%82%AC%F0%9F%98%80"
        );
    }
}
