//! The application's fields of users and sessions on the wire.

use chrono::SecondsFormat;
use doorward_domain::fields::{FieldChanges, FieldKind, FieldSpec, FieldValue, FieldValues};
use doorward_domain::{has_control_characters_in_lines, parse_moment};
use serde_json::{Map, Value};

use crate::body::RawBody;
use crate::error::ApiError;
use crate::error::codes::{FIELD_NOT_ALLOWED, MISSING_FIELD, VALIDATION_ERROR};

/// What a new user or session starts with.
pub(crate) fn of_new(
    specs: &[FieldSpec],
    sent: &RawBody,
    max: Option<usize>,
) -> Result<FieldChanges, ApiError> {
    let mut changes = FieldChanges::new();
    for spec in specs {
        let value = sent.get(spec.name.as_str()).filter(|value| !value.is_null());
        if !spec.input {
            if spec.default.is_none() && sent.is_truthy(spec.name.as_str()) {
                return Err(not_allowed(spec.name.as_str()));
            }
            continue;
        }
        match value {
            Some(value) => {
                changes.insert(spec.name.to_string(), Some(parse(spec, value, max)?));
            }
            None if spec.required && spec.default.is_none() => {
                return Err(MISSING_FIELD.with_message(format!("{} is required", spec.name)));
            }
            None => {}
        }
    }
    Ok(changes)
}

/// What changes about one that is there.
pub(crate) fn of_update(
    specs: &[FieldSpec],
    sent: &RawBody,
    max: Option<usize>,
) -> Result<FieldChanges, ApiError> {
    let mut changes = FieldChanges::new();
    for spec in specs {
        let Some(value) = sent.get(spec.name.as_str()) else {
            continue;
        };
        if !spec.input {
            if sent.is_truthy(spec.name.as_str()) {
                return Err(not_allowed(spec.name.as_str()));
            }
            continue;
        }
        let value = match value {
            Value::Null if spec.required => return Err(invalid(spec)),
            Value::Null => None,
            value => Some(parse(spec, value, max)?),
        };
        changes.insert(spec.name.to_string(), value);
    }
    Ok(changes)
}

/// What an administrator writes: any field, whether users may write it themselves or not.
pub(crate) fn of_admin(
    specs: &[FieldSpec],
    data: &Map<String, Value>,
    max: Option<usize>,
) -> Result<FieldChanges, ApiError> {
    let mut changes = FieldChanges::new();
    for spec in specs {
        let value = match data.get(spec.name.as_str()) {
            None => continue,
            Some(Value::Null) => None,
            Some(value) => Some(parse(spec, value, max)?),
        };
        changes.insert(spec.name.to_string(), value);
    }
    Ok(changes)
}

/// The fields an answer has: those that are returned, `null` where there is no value.
pub(crate) fn shown(specs: &[FieldSpec], values: &FieldValues) -> Map<String, Value> {
    let returned = specs.iter().filter(|spec| spec.returned);
    returned
        .map(|spec| {
            (
                spec.name.to_string(),
                values.get(spec.name.as_str()).map_or(Value::Null, to_json),
            )
        })
        .collect()
}

/// The values in a cached answer, for showing them once more.
pub(crate) fn cached(specs: &[FieldSpec], shown: &Value) -> FieldValues {
    let content = |value: &Value| match value {
        Value::String(text) => Some(FieldValue::Text(text.clone())),
        Value::Bool(flag) => Some(FieldValue::Bool(*flag)),
        Value::Number(number) => number.as_i64().map(FieldValue::Number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let values = specs
        .iter()
        .filter_map(|spec| Some((spec.name.to_string(), content(shown.get(spec.name.as_str())?)?)));
    values.collect()
}

fn to_json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Number(number) => (*number).into(),
        FieldValue::Bool(flag) => (*flag).into(),
        FieldValue::DateTime(moment) => moment.to_rfc3339_opts(SecondsFormat::Millis, true).into(),
    }
}

/// A value as JSON has it, or as a form sends it: a number in digits, a day without a time, 1 or 0 for a flag.
fn parse(spec: &FieldSpec, value: &Value, max: Option<usize>) -> Result<FieldValue, ApiError> {
    if let (FieldKind::Text, Some(text), Some(max)) = (spec.kind, value.as_str(), max)
        && text.chars().count() > max
    {
        return Err(refused(spec, &format!("text of at most {max} characters")));
    }
    let content = match spec.kind {
        FieldKind::Text => value
            .as_str()
            .filter(|text| !has_control_characters_in_lines(text))
            .map(|text| FieldValue::Text(text.to_owned())),
        FieldKind::Number => value
            .as_i64()
            .or_else(|| value.as_str()?.parse().ok())
            .filter(|number| i32::try_from(*number).is_ok())
            .map(FieldValue::Number),
        FieldKind::Bool => match (value.as_bool(), value.as_i64()) {
            (Some(flag), _) => Some(FieldValue::Bool(flag)),
            (None, Some(number @ (0 | 1))) => Some(FieldValue::Bool(number == 1)),
            _ => None,
        },
        FieldKind::DateTime => value.as_str().and_then(parse_moment).map(FieldValue::DateTime),
    };
    content.ok_or_else(|| invalid(spec))
}

fn invalid(spec: &FieldSpec) -> ApiError {
    let expected = match spec.kind {
        FieldKind::Text => "text without control characters other than line breaks and tabs",
        FieldKind::Number => "a whole number of 32 bits",
        FieldKind::Bool => "true or false",
        FieldKind::DateTime => "a date such as 2026-01-02T03:04:05.678Z or 2026-01-02",
    };
    refused(spec, expected)
}

fn refused(spec: &FieldSpec, expected: &str) -> ApiError {
    VALIDATION_ERROR.with_message(format!("[body.{}] Invalid input: expected {expected}", spec.name))
}

fn not_allowed(name: &str) -> ApiError {
    FIELD_NOT_ALLOWED.with_message(format!("{name} is not allowed to be set"))
}
