//! The application's fields, which the operator names.

use std::collections::BTreeMap;

use config::Value;
use doorward_domain::fields::{FieldKind, FieldSpec, FieldValue};
use doorward_domain::parse_moment;

use super::ConfigError;
use super::access::Named;
use super::value::OptionValue;

/// Columns that users have anyway, and names that mean something else in what signs them up.
const OF_USERS: [&str; 12] = [
    "id",
    "name",
    "email",
    "emailVerified",
    "image",
    "createdAt",
    "updatedAt",
    "deletedAt",
    "deletedEmail",
    "deletedUsername",
    "password",
    "callbackURL",
];

/// Columns that sessions have anyway.
const OF_SESSIONS: [&str; 9] = [
    "id",
    "expiresAt",
    "token",
    "createdAt",
    "updatedAt",
    "ipAddress",
    "userAgent",
    "userId",
    "adoptedAt",
];

/// A column that is in use where a plugin is on, and what it holds.
struct PluginColumn {
    table: &'static str,
    name: &'static str,
    kind: FieldKind,
    is_on: fn(&Plugins) -> bool,
}

const OF_PLUGINS: [PluginColumn; 7] = [
    PluginColumn::of("user", "role", FieldKind::Text, |plugins| plugins.admin),
    PluginColumn::of("user", "banned", FieldKind::Bool, |plugins| plugins.admin),
    PluginColumn::of("user", "banReason", FieldKind::Text, |plugins| plugins.admin),
    PluginColumn::of("user", "banExpires", FieldKind::DateTime, |plugins| plugins.admin),
    PluginColumn::of("user", "username", FieldKind::Text, |plugins| plugins.username),
    PluginColumn::of("user", "displayUsername", FieldKind::Text, |plugins| {
        plugins.username
    }),
    PluginColumn::of("session", "impersonatedBy", FieldKind::Text, |plugins| {
        plugins.admin
    }),
];

impl PluginColumn {
    const fn of(
        table: &'static str,
        name: &'static str,
        kind: FieldKind,
        is_on: fn(&Plugins) -> bool,
    ) -> Self {
        Self {
            table,
            name,
            kind,
            is_on,
        }
    }
}

/// Which plugins with columns are on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plugins {
    /// `admin.enabled`
    pub(crate) admin: bool,
    /// `username.enabled`
    pub(crate) username: bool,
}

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
    pub(crate) fn specs(&self, plugins: Plugins) -> Result<(Vec<FieldSpec>, Vec<FieldSpec>), ConfigError> {
        let of = |section: &str, fields: &BTreeMap<String, Properties>| {
            let specs = fields
                .iter()
                .map(|(name, properties)| spec(section, name, properties, plugins));
            specs.collect::<Result<Vec<_>, _>>()
        };
        Ok((of("user", &self.user)?, of("session", &self.session)?))
    }
}

/// Whether a column of this name is in use in the table, whatever its letter case: SQLite takes them for one.
fn is_taken(section: &str, name: &str) -> bool {
    let columns: &[&str] = if section == "user" {
        &OF_USERS
    } else {
        &OF_SESSIONS
    };
    columns.iter().any(|column| column.eq_ignore_ascii_case(name))
}

/// What is wrong with a field that has the name of a plugin's column.
fn clash(section: &str, name: &str, kind: FieldKind, plugins: Plugins) -> Option<&'static str> {
    let column = OF_PLUGINS
        .iter()
        .find(|column| column.table == section && column.name.eq_ignore_ascii_case(name))?;
    if (column.is_on)(&plugins) {
        return Some("is a column of a feature that is on");
    }
    (column.name != name || column.kind != kind)
        .then_some("is a column that is there already, written otherwise or of another type")
}

fn spec(
    section: &str,
    name: &str,
    properties: &Properties,
    plugins: Plugins,
) -> Result<FieldSpec, ConfigError> {
    let key = |property: &str| format!("{section}.additional_fields.{name}.{property}");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if is_taken(section, name)
        || name.len() > 60
        || !name.bytes().all(plain)
        || name.starts_with(|first: char| first.is_ascii_digit())
    {
        let problem = format!("`{name}` cannot be the name of a field");
        return Err(ConfigError::new(
            key("type"),
            problem,
            "write letters, digits and `_` that are no column yet",
        ));
    }
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
    if let Some(problem) = clash(section, name, kind, plugins) {
        return Err(ConfigError::new(
            key("type"),
            format!("`{name}` {problem}"),
            "name the field otherwise, or switch the feature off",
        ));
    }
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
    Ok(FieldSpec {
        name: name.to_owned(),
        kind,
        required: flag("required", true)?,
        default: default.transpose()?,
        input: flag("input", true)?,
        returned: flag("returned", true)?,
    })
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
