//! Fields of users that depend on the configuration.

use doorward_application::settings::Settings;
use doorward_domain::user::{ChosenUsername, UserName, Username};

use super::username::codes as username_codes;
use crate::body::RawBody;
use crate::error::{ApiError, codes};

/// Refuses what makes somebody more than they are (AC-3).
pub(crate) fn refuse_managed(settings: &Settings, sent: &RawBody, fields: &[&str]) -> Result<(), ApiError> {
    let managed = fields.iter().filter(|_| settings.admin.enabled);
    match managed.copied().find(|field| sent.is_truthy(field)) {
        Some(field) => {
            Err(codes::FIELD_NOT_ALLOWED.with_message(format!("{field} is not allowed to be set")))
        }
        None => Ok(()),
    }
}

/// The username somebody chose, if users have usernames. An empty one is none.
pub(crate) fn chosen_username(
    settings: &Settings,
    sent: &RawBody,
) -> Result<Option<ChosenUsername>, ApiError> {
    if !settings.username.enabled || !sent.is_truthy("username") {
        return Ok(None);
    }
    let invalid = |field: &str| codes::VALIDATION_ERROR.with_message(format!("[body.{field}] Invalid input"));
    let raw = sent.get("username").and_then(|value| value.as_str());
    let raw = raw.ok_or_else(|| invalid("username"))?;
    let username = Username::parse(raw, settings.username.length).map_err(username_codes::refusal)?;
    let display = match sent.get("displayUsername") {
        None | Some(serde_json::Value::Null) => raw,
        Some(display) => display.as_str().ok_or_else(|| invalid("displayUsername"))?,
    };
    let display = UserName::parse(display).map_err(|_| invalid("displayUsername"))?;
    Ok(Some(ChosenUsername {
        username,
        display: display.as_str().to_owned(),
    }))
}
