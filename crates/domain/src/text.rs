/// Whether the text has a C0 control character, which no field, path or query may have (IN-5).
#[must_use]
pub fn has_control_characters(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 || byte == 0x7f)
}

/// The same of a text of several lines, which may have line breaks and tabs.
#[must_use]
pub fn has_control_characters_in_lines(text: &str) -> bool {
    text.bytes()
        .any(|byte| (byte < 0x20 && !b"\n\r\t".contains(&byte)) || byte == 0x7f)
}

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// It is longer than the field allows (IN-3).
    #[error("has more than {max} characters")]
    TooLong {
        /// The most characters the field takes.
        max: usize,
    },
    /// It contains a control character (IN-5).
    #[error("contains a control character")]
    ControlCharacter,
    /// It is not an absolute http or https URL (IN-6).
    #[error("is not an http or https URL")]
    NotWeb,
}

/// Checks length in characters and absence of control characters.
pub(crate) fn check(text: &str, max: usize) -> Result<(), InvalidText> {
    if has_control_characters(text) {
        return Err(InvalidText::ControlCharacter);
    }
    if text.chars().count() > max {
        return Err(InvalidText::TooLong { max });
    }
    Ok(())
}

/// The longest name of a resource, an action or a role, in bytes.
pub(crate) const NAME_MAX: usize = 64;

/// Whether the text can name a resource, an action or a role.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(fits)
}
