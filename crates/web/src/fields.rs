//! The application's fields of users and sessions on the wire.

use chrono::{DateTime, SecondsFormat, Utc};
use doorward_domain::fields::{FieldChanges, FieldKind, FieldSpec, FieldValue, FieldValues};
use doorward_domain::has_control_characters;
use serde_json::{Map, Value};

use crate::body::RawBody;
use crate::error::{ApiError, codes};

/// What a new user or session starts with.
pub(crate) fn of_new(specs: &[FieldSpec], sent: &RawBody) -> Result<FieldChanges, ApiError> {
    let mut changes = FieldChanges::new();
    for spec in specs {
        let value = sent.get(&spec.name).filter(|value| !value.is_null());
        if !spec.input {
            if spec.default.is_none() && sent.is_truthy(&spec.name) {
                return Err(not_allowed(&spec.name));
            }
            continue;
        }
        match value {
            Some(value) => {
                changes.insert(spec.name.clone(), Some(parse(spec, value)?));
            }
            None if spec.required && spec.default.is_none() => {
                return Err(codes::MISSING_FIELD.with_message(format!("{} is required", spec.name)));
            }
            None => {}
        }
    }
    Ok(changes)
}

/// What changes about one that is there.
pub(crate) fn of_update(specs: &[FieldSpec], sent: &RawBody) -> Result<FieldChanges, ApiError> {
    let mut changes = FieldChanges::new();
    for spec in specs {
        let Some(value) = sent.get(&spec.name) else {
            continue;
        };
        if !spec.input {
            if sent.is_truthy(&spec.name) {
                return Err(not_allowed(&spec.name));
            }
            continue;
        }
        let value = match value {
            Value::Null if spec.required => return Err(invalid(spec)),
            Value::Null => None,
            value => Some(parse(spec, value)?),
        };
        changes.insert(spec.name.clone(), value);
    }
    Ok(changes)
}

/// What an administrator writes: any field, whether users may write it themselves or not.
pub(crate) fn of_admin(specs: &[FieldSpec], data: &Map<String, Value>) -> Result<FieldChanges, ApiError> {
    let mut changes = FieldChanges::new();
    for spec in specs {
        let value = match data.get(&spec.name) {
            None => continue,
            Some(Value::Null) => None,
            Some(value) => Some(parse(spec, value)?),
        };
        changes.insert(spec.name.clone(), value);
    }
    Ok(changes)
}

/// The fields an answer has: those that are returned, `null` where there is no value.
pub(crate) fn shown(specs: &[FieldSpec], values: &FieldValues) -> Map<String, Value> {
    let returned = specs.iter().filter(|spec| spec.returned);
    returned
        .map(|spec| {
            (
                spec.name.clone(),
                values.get(&spec.name).map_or(Value::Null, to_json),
            )
        })
        .collect()
}

/// The values in a cached answer, for showing them once more.
pub(crate) fn cached(shown: Map<String, Value>) -> FieldValues {
    let content = |value: Value| match value {
        Value::String(text) => Some(FieldValue::Text(text)),
        Value::Bool(flag) => Some(FieldValue::Bool(flag)),
        Value::Number(number) => number.as_i64().map(FieldValue::Number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let values = shown
        .into_iter()
        .filter_map(|(name, value)| Some((name, content(value)?)));
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

fn parse(spec: &FieldSpec, value: &Value) -> Result<FieldValue, ApiError> {
    let fits = |text: &&str| text.chars().count() <= FieldSpec::TEXT_MAX && !has_control_characters(text);
    let content = match spec.kind {
        FieldKind::Text => value
            .as_str()
            .filter(fits)
            .map(|text| FieldValue::Text(text.to_owned())),
        FieldKind::Number => value
            .as_i64()
            .filter(|number| i32::try_from(*number).is_ok())
            .map(FieldValue::Number),
        FieldKind::Bool => value.as_bool().map(FieldValue::Bool),
        FieldKind::DateTime => {
            let moment = value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
            moment.map(FieldValue::DateTime)
        }
    };
    content.ok_or_else(|| invalid(spec))
}

fn invalid(spec: &FieldSpec) -> ApiError {
    let expected = match spec.kind {
        FieldKind::Text => "text without control characters",
        FieldKind::Number => "a whole number of 32 bits",
        FieldKind::Bool => "true or false",
        FieldKind::DateTime => "a date such as 2026-01-02T03:04:05.678Z",
    };
    codes::VALIDATION_ERROR.with_message(format!("[body.{}] Invalid input: expected {expected}", spec.name))
}

fn not_allowed(name: &str) -> ApiError {
    codes::FIELD_NOT_ALLOWED.with_message(format!("{name} is not allowed to be set"))
}
