//! Fields of users that depend on the configuration.

use doorward_application::settings::Settings;
use doorward_domain::user::{ChosenUsername, ImageUrl, UserName, Username};
use serde_json::Value;

use super::username_codes;
use crate::body::RawBody;
use crate::error::ApiError;
use crate::error::codes::{FIELD_NOT_ALLOWED, VALIDATION_ERROR};

/// Refuses what makes somebody more than they are (AC-3).
pub(crate) fn refuse_managed(settings: &Settings, sent: &RawBody, fields: &[&str]) -> Result<(), ApiError> {
    let managed = fields.iter().filter(|_| settings.admin.enabled);
    match managed.copied().find(|field| sent.is_truthy(field)) {
        Some(field) => Err(FIELD_NOT_ALLOWED.with_message(format!("{field} is not allowed to be set"))),
        None => Ok(()),
    }
}

/// The username somebody chose for themselves or another, if users have usernames.
pub(crate) fn chosen_username<'a>(
    settings: &Settings,
    get: impl Fn(&str) -> Option<&'a Value>,
) -> Result<Option<ChosenUsername>, ApiError> {
    let text = |field: &str| match get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(invalid(field)),
    };
    if !settings.username.enabled {
        return Ok(None);
    }
    let (raw, display) = (text("username")?, text("displayUsername")?);
    let username = raw.map(|raw| Username::parse(raw, settings.username.length));
    let username = username.transpose().map_err(username_codes::refusal)?;
    // An empty one is not said.
    let display = display.filter(|display| !display.is_empty()).or(raw);
    let display = display.map(UserName::parse).transpose();
    let display = display.map_err(|_| invalid("displayUsername"))?;
    Ok(display.map(|display| ChosenUsername {
        username,
        display: Some(display.as_str().to_owned()),
    }))
}

/// The same of somebody new, to whom a name that is shown gives a username if it can be one.
pub(crate) fn new_username<'a>(
    settings: &Settings,
    get: impl Fn(&str) -> Option<&'a Value>,
) -> Result<Option<ChosenUsername>, ApiError> {
    let mut chosen = chosen_username(settings, get)?;
    if let Some(ChosenUsername {
        username: username @ None,
        display: Some(display),
    }) = &mut chosen
    {
        *username = Username::parse(display, settings.username.length).ok();
    }
    Ok(chosen)
}

/// The address of a picture, or none: an empty one removes it, unless any text may stand there (IN-6).
pub(crate) fn picture(settings: &Settings, raw: Option<String>) -> Result<Option<ImageUrl>, ApiError> {
    let max = settings.security.max_image_length;
    let parsed = if settings.security.web_images_only {
        let raw = raw.filter(|raw| !raw.is_empty());
        raw.map(|raw| ImageUrl::parse(&raw, max)).transpose()
    } else {
        raw.map(|raw| ImageUrl::parse_any(&raw, max)).transpose()
    };
    parsed.map_err(|error| VALIDATION_ERROR.with_message(format!("[body.image] Invalid image: {error}")))
}

fn invalid(field: &str) -> ApiError {
    VALIDATION_ERROR.with_message(format!("[body.{field}] Invalid input"))
}
