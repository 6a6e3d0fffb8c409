//! The application's fields, which the operator names.

use std::collections::BTreeMap;

use config::Value;
use doorward_domain::fields::{
    ColumnFeatures, FieldKind, FieldName, FieldSpec, FieldTable, FieldValue, NameTaken,
};
use doorward_domain::parse_moment;

use super::ConfigError;
use super::access::Named;
use super::value::OptionValue;

/// The properties of one field, as they were written.
type Properties = BTreeMap<String, Value>;

/// What is said about the application's fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldsDraft {
    user: BTreeMap<String, Properties>,
    session: BTreeMap<String, Properties>,
}

impl FieldsDraft {
    /// Takes an option if it is about a field.
    pub(crate) fn read(&mut self, key: &str, value: &Value) -> Named {
        let path: Vec<_> = key.split('.').collect();
        let (fields, name, property) = match *path.as_slice() {
            ["user", "additional_fields", name, property] => (&mut self.user, name, property),
            ["session", "additional_fields", name, property] => (&mut self.session, name, property),
            _ => return Named::Other,
        };
        let known = [
            "type",
            "required",
            "default",
            "default_value",
            "input",
            "returned",
        ];
        if !known.contains(&property) {
            return Named::Wrong;
        }
        let properties = fields.entry(name.to_owned()).or_default();
        properties.insert(property.to_owned(), value.clone());
        Named::Taken
    }

    /// The fields of users and of sessions.
    pub(crate) fn specs(
        &self,
        features: ColumnFeatures,
    ) -> Result<(Vec<FieldSpec>, Vec<FieldSpec>), ConfigError> {
        let of = |section: &str, fields: &BTreeMap<String, Properties>| {
            let specs = fields
                .iter()
                .map(|(name, properties)| spec(section, name, properties, features));
            specs.collect::<Result<Vec<_>, _>>()
        };
        Ok((of("user", &self.user)?, of("session", &self.session)?))
    }
}

fn spec(
    section: &str,
    name: &str,
    properties: &Properties,
    features: ColumnFeatures,
) -> Result<FieldSpec, ConfigError> {
    let key = |property: &str| format!("{section}.additional_fields.{name}.{property}");
    let field = FieldName::parse(name).map_err(|error| {
        let fix = "write letters, digits and `_` that are no column yet";
        ConfigError::new(key("type"), error.to_string(), fix)
    })?;
    let flag = |property: &str, standard: bool| match properties.get(property) {
        None => Ok(standard),
        Some(value) => bool::read(value.clone()).ok_or_else(|| {
            ConfigError::new(
                key(property),
                format!("`{value}` is not true or false"),
                "write true or false",
            )
        }),
    };
    let kind = properties
        .get("type")
        .and_then(|value| String::read(value.clone()));
    let kind = match kind.as_deref() {
        Some("string") => FieldKind::Text,
        Some("number") => FieldKind::Number,
        Some("boolean") => FieldKind::Bool,
        Some("date") => FieldKind::DateTime,
        _ => {
            let words = "string, number, boolean or date";
            return Err(ConfigError::new(
                key("type"),
                format!("is not {words}"),
                format!("write {words}"),
            ));
        }
    };
    let default = properties
        .get("default")
        .or_else(|| properties.get("default_value"));
    let default = default.map(|value| {
        content(kind, value).ok_or_else(|| {
            ConfigError::new(
                key("default"),
                format!("`{value}` is no value of this field"),
                "write one of its type",
            )
        })
    });
    let spec = FieldSpec {
        name: field,
        kind,
        required: flag("required", true)?,
        default: default.transpose()?,
        input: flag("input", true)?,
        returned: flag("returned", true)?,
    };
    let table = if section == "user" {
        FieldTable::User
    } else {
        FieldTable::Session
    };
    spec.check_name(table, features).map_err(|error| {
        let fix = match error {
            NameTaken::Column(_) => "write letters, digits and `_` that are no column yet",
            NameTaken::Feature(_) | NameTaken::Unfit(_) => {
                "name the field otherwise, or switch the feature off"
            }
        };
        ConfigError::new(key("type"), error.to_string(), fix)
    })?;
    Ok(spec)
}

fn content(kind: FieldKind, value: &Value) -> Option<FieldValue> {
    let text = || value.clone().into_string().ok();
    Some(match kind {
        FieldKind::Text => FieldValue::Text(text()?),
        FieldKind::Number => FieldValue::Number(text()?.parse::<i32>().ok()?.into()),
        FieldKind::Bool => FieldValue::Bool(bool::read(value.clone())?),
        FieldKind::DateTime => FieldValue::DateTime(parse_moment(&text()?)?),
    })
}
