//! Resources and roles, which the operator names: options whose names are not known beforehand.

use std::collections::BTreeMap;

use config::{Value, ValueKind};
use doorward_domain::UserId;
use doorward_domain::access::{AccessPolicy, AccessPolicyBuilder, Permission, PolicyError};
use doorward_domain::user::Administrators;

use super::ConfigError;
use super::value::OptionValue;

/// Actions by resource.
type Grants = BTreeMap<String, Vec<String>>;

/// What is said about resources and roles.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessDraft {
    pub(crate) default_role: Option<String>,
    pub(crate) admin_roles: Option<Vec<String>>,
    pub(crate) admin_user_ids: Vec<String>,
    /// `access.resources.RESOURCE`
    resources: Grants,
    /// `access.roles.ROLE.RESOURCE`, beside the shipped ones.
    roles: BTreeMap<String, Grants>,
    /// `admin.roles.ROLE.RESOURCE`, in place of the shipped ones, as in Better Auth.
    replaced: BTreeMap<String, Grants>,
}

/// A name that an operator chose, as far as it has been read.
pub(crate) enum Named {
    /// It is a resource or a role, and was taken in.
    Taken,
    /// It is one, and its value is none.
    Wrong,
    /// It is something else.
    Other,
}

impl AccessDraft {
    /// Takes an option if it names a resource or a role.
    pub(crate) fn read(&mut self, key: &str, value: &Value) -> Named {
        let path: Vec<_> = key.split('.').collect();
        let (place, resource) = match *path.as_slice() {
            ["access", "resources", resource] => (&mut self.resources, resource),
            ["access", "roles", role, resource] => (self.roles.entry(role.to_owned()).or_default(), resource),
            ["admin", "roles", role, resource] => {
                (self.replaced.entry(role.to_owned()).or_default(), resource)
            }
            // A role that permits nothing.
            ["access", "roles", role] => return Self::empty(&mut self.roles, role, value),
            ["admin", "roles", role] => return Self::empty(&mut self.replaced, role, value),
            _ => return Named::Other,
        };
        match <Vec<String>>::read(value.clone()) {
            Some(actions) => {
                place.insert(resource.to_owned(), actions);
                Named::Taken
            }
            None => Named::Wrong,
        }
    }

    /// Whether the operator names all roles, also those that are shipped.
    pub(crate) fn replaces_roles(&self) -> bool {
        !self.replaced.is_empty()
    }

    fn empty(roles: &mut BTreeMap<String, Grants>, role: &str, value: &Value) -> Named {
        let nothing = match &value.kind {
            ValueKind::Table(table) => table.is_empty(),
            ValueKind::String(text) => text.is_empty(),
            _ => false,
        };
        if !nothing {
            return Named::Wrong;
        }
        roles.entry(role.to_owned()).or_default();
        Named::Taken
    }

    /// The policy these declarations make, together with those of a program.
    pub(crate) fn policy(
        &self,
        declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder,
    ) -> Result<AccessPolicy, ConfigError> {
        let mut builder = declare(self.shipped_or_replaced()?);
        for (resource, actions) in &self.resources {
            let key = format!("access.resources.{resource}");
            builder = builder.declare(permissions(&key, resource, actions)?);
        }
        for (role, grants) in &self.roles {
            builder = builder.role(role, granted("access.roles", role, grants)?);
        }
        let default_role = self
            .default_role
            .clone()
            .unwrap_or_else(|| AccessPolicy::USER.to_owned());
        if self.default_role.is_none()
            && !self.replaced.is_empty()
            && !self.replaced.contains_key(&default_role)
        {
            builder = builder.role(&default_role, []);
        }
        let has_admin = self.replaced.is_empty() || self.replaced.contains_key(AccessPolicy::ADMIN);
        let standard = || Vec::from_iter(has_admin.then(|| AccessPolicy::ADMIN.to_owned()));
        let administrators = Administrators {
            roles: self.admin_roles.clone().unwrap_or_else(standard),
            users: self.admin_user_ids.iter().map(UserId::from_stored).collect(),
        };
        let built = builder
            .default_role(default_role)
            .administrators(administrators)
            .build();
        built.map_err(|error| self.problem(&error))
    }

    /// What Better Auth's roles grant counts as declared, unless it is a misspelt permission of the admin endpoints.
    fn shipped_or_replaced(&self) -> Result<AccessPolicyBuilder, ConfigError> {
        if self.replaced.is_empty() {
            return Ok(AccessPolicy::builder());
        }
        let mut builder = AccessPolicy::bare_builder();
        for (role, grants) in &self.replaced {
            let granted = granted("admin.roles", role, grants)?;
            let own = granted.iter().filter(|permission| {
                let name = permission.resource();
                !["user", "session"].contains(&name) && !self.resources.contains_key(name)
            });
            builder = builder
                .declare(own.cloned().collect::<Vec<_>>())
                .role(role, granted);
        }
        Ok(builder)
    }

    fn problem(&self, error: &PolicyError) -> ConfigError {
        let section = |role: &String| {
            if self.replaced.contains_key(role) {
                "admin.roles"
            } else {
                "access.roles"
            }
        };
        let (key, fix) = match error {
            PolicyError::UndeclaredPermission {
                role,
                permission,
                nearest,
            } => (
                format!("{}.{role}.{}", section(role), permission.resource()),
                format!(
                    "write {nearest}, or declare it: [access.resources] {} = [\"{}\"]",
                    permission.resource(),
                    permission.action()
                ),
            ),
            PolicyError::UndeclaredRole { role, nearest } => {
                let is_default = self.default_role.as_ref() == Some(role);
                let key = if is_default {
                    "admin.default_role"
                } else {
                    "admin.admin_roles"
                };
                (
                    key.to_owned(),
                    format!("write {nearest}, or declare [access.roles.{role}]"),
                )
            }
            PolicyError::RoleTwice(role) => {
                (format!("access.roles.{role}"), "give it another name".to_owned())
            }
            PolicyError::InvalidName(_) => ("access".to_owned(), "give it another name".to_owned()),
        };
        ConfigError::new(key, error.to_string(), fix)
    }
}

fn granted(section: &str, role: &str, grants: &Grants) -> Result<Vec<Permission>, ConfigError> {
    let mut granted = Vec::new();
    for (resource, actions) in grants {
        granted.extend(permissions(
            &format!("{section}.{role}.{resource}"),
            resource,
            actions,
        )?);
    }
    Ok(granted)
}

fn permissions(key: &str, resource: &str, actions: &[String]) -> Result<Vec<Permission>, ConfigError> {
    let parsed = actions.iter().map(|action| {
        Permission::named(resource, action).map_err(|error| {
            let problem = format!("`{resource}:{action}` {error}");
            ConfigError::new(key, problem, "write at most 64 letters, digits and `_-.`")
        })
    });
    parsed.collect()
}
