//! Checks of single fields, for the `validator` derive on bodies.
//!
//! Each asks the domain type the field becomes. The errors carry a code and a message of ours and never the value, which
//! may be a password.

use std::borrow::Cow;

use doorward_domain::user::{Email, ImageUrl, UserName};
use validator::{ValidationError, ValidationErrors};

fn problem(code: &'static str, message: impl Into<Cow<'static, str>>) -> ValidationError {
    ValidationError::new(code).with_message(message.into())
}

/// An e-mail address (IN-4).
pub(crate) fn email(text: &str) -> Result<(), ValidationError> {
    Email::parse(text)
        .map(drop)
        .map_err(|_| problem("email", "Invalid email address"))
}

/// A user's name (IN-3).
pub(crate) fn name(text: &str) -> Result<(), ValidationError> {
    UserName::parse(text)
        .map(drop)
        .map_err(|error| problem("name", format!("Invalid name: {error}")))
}

/// The address of a picture, as far as no option decides (IN-3).
pub(crate) fn image(text: &str) -> Result<(), ValidationError> {
    ImageUrl::parse_any(text, None)
        .map(drop)
        .map_err(|error| problem("image", format!("Invalid image: {error}")))
}

/// A text that must not be empty.
pub(crate) fn not_empty(text: &str) -> Result<(), ValidationError> {
    if text.is_empty() {
        Err(problem(
            "empty",
            "Too small: expected string to have >=1 characters",
        ))
    } else {
        Ok(())
    }
}

/// Field and message of every error, by the field's name in the struct.
pub(crate) fn messages(errors: &ValidationErrors) -> Vec<(String, String)> {
    let of_field = |(field, errors): (Cow<'static, str>, &Vec<ValidationError>)| {
        let first = errors
            .first()
            .and_then(|error| error.message.clone())
            .unwrap_or(Cow::Borrowed("Invalid value"));
        (field.into_owned(), first.into_owned())
    };
    errors.field_errors().into_iter().map(of_field).collect()
}
