//! Fields of users that depend on the configuration.

use doorward_application::settings::Settings;

use crate::body::SentFields;
use crate::error::{ApiError, codes};

/// Refuses what makes somebody more than they are (AC-3).
pub(crate) fn refuse_managed(
    settings: &Settings,
    sent: &SentFields,
    fields: &[&str],
) -> Result<(), ApiError> {
    let managed = fields.iter().filter(|_| settings.admin.enabled);
    match managed.copied().find(|field| sent.is_truthy(field)) {
        Some(field) => {
            Err(codes::FIELD_NOT_ALLOWED.with_message(format!("{field} is not allowed to be set")))
        }
        None => Ok(()),
    }
}
