mod audit_log;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Permission;
use super::permission::permissions;
use crate::UserId;
use crate::text::is_name;
use crate::user::{Administrators, RoleList, User};

/// The access policy: the declared permissions, the roles and what they permit, and the default role.
///
/// It is pure: a decision depends on its arguments only. A check is a few comparisons of short texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPolicy {
    resources: BTreeMap<String, BTreeSet<String>>,
    roles: BTreeMap<String, BTreeSet<Permission>>,
    default_role: String,
    administrators: Administrators,
}

/// Collects declarations until they are checked together.
#[derive(Clone, Debug)]
pub struct AccessPolicyBuilder {
    declared: BTreeSet<Permission>,
    roles: BTreeMap<String, BTreeSet<Permission>>,
    twice: Option<String>,
    missing: Option<String>,
    default_role: String,
    administrators: Administrators,
}

/// Why declarations are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A role permits an undeclared permission.
    #[error("role `{role}` grants `{permission}`, which is not declared; did you mean `{nearest}`?")]
    UndeclaredPermission {
        /// The role.
        role: String,
        /// What it grants.
        permission: Permission,
        /// The declared permission most like it.
        nearest: Permission,
    },
    /// A role is not declared.
    #[error("`{role}` is not a declared role; did you mean `{nearest}`?")]
    UndeclaredRole {
        /// The role.
        role: String,
        /// The declared role most like it.
        nearest: String,
    },
    /// A role is declared twice.
    #[error("role `{0}` is declared twice")]
    RoleTwice(String),
    /// A resource, an action or a role has an impossible name.
    #[error("`{0}` is no name: write at most 64 letters, digits and `_-.`")]
    InvalidName(String),
}

/// Whether a user has a permission, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Permitted.
    Granted(Grant),
    /// Not permitted.
    Denied(Denial),
}

/// What permits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// This role of theirs.
    Role(String),
    /// They are listed as an administrator.
    Listed,
}

/// Why a permission is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The user is deleted.
    Deleted,
    /// The user is banned.
    Banned,
    /// The permission is not declared.
    Undeclared {
        /// The declared permission most like it.
        nearest: Permission,
    },
    /// None of their roles permits it.
    Missing {
        /// The roles they have.
        roles: Vec<String>,
        /// The roles that permit it.
        granting: Vec<String>,
    },
}

impl AccessPolicy {
    /// The name of the role that administers, unless it is declared otherwise.
    pub const ADMIN: &str = "admin";
    /// The name of the default role, unless it is declared otherwise.
    pub const USER: &str = "user";

    /// Declarations to add to: the permissions of the admin endpoints, the role `admin` that has them all but those to
    /// impersonate administrators and to read the audit log, and the role `user` that has none. As in Better Auth's admin
    /// plugin.
    #[must_use]
    pub fn builder() -> AccessPolicyBuilder {
        let mut admin: BTreeSet<_> = builtin().collect();
        admin.remove(&permissions::user::IMPERSONATE_ADMINS);
        admin.remove(&permissions::audit_log::READ);
        AccessPolicyBuilder {
            roles: BTreeMap::from([
                (Self::ADMIN.to_owned(), admin),
                (Self::USER.to_owned(), BTreeSet::new()),
            ]),
            ..Self::bare_builder()
        }
    }

    /// The policy of [`builder`](Self::builder) alone.
    #[must_use]
    pub fn shipped() -> Self {
        Self::builder().assemble()
    }

    /// The same without any role.
    #[must_use]
    pub fn bare_builder() -> AccessPolicyBuilder {
        AccessPolicyBuilder {
            declared: builtin().collect(),
            roles: BTreeMap::new(),
            twice: None,
            missing: None,
            default_role: Self::USER.to_owned(),
            administrators: Administrators {
                roles: vec![Self::ADMIN.to_owned()],
                users: Vec::new(),
            },
        }
    }

    /// The policy with more permissions that roles may grant. What is declared already may be declared again.
    pub fn declaring(
        mut self,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> Result<Self, PolicyError> {
        for permission in permissions {
            let (resource, action) = (permission.resource(), permission.action());
            check_names([resource, action].into_iter())?;
            let actions = self.resources.entry(resource.to_owned()).or_default();
            actions.insert(action.to_owned());
        }
        Ok(self)
    }

    /// Whether the user has this permission. Bans and deletion are checked elsewhere.
    #[must_use]
    pub fn permits(&self, user: &User, permission: &Permission) -> bool {
        self.is_listed(&user.id)
            || self
                .granting_role(user, |granted| granted.contains(permission))
                .is_some()
    }

    /// Whether the user may impersonate others now (AC-6).
    #[must_use]
    pub fn may_impersonate(&self, user: &User, now: DateTime<Utc>) -> bool {
        !user.ban.is_active(now) && self.permits(user, &permissions::user::IMPERSONATE)
    }

    /// Whether one role of the user permits all of these. Nothing is never permitted, as in Better Auth.
    #[must_use]
    pub fn permits_all(&self, user: &User, wanted: &[Permission]) -> bool {
        let all =
            |granted: &BTreeSet<Permission>| wanted.iter().all(|permission| granted.contains(permission));
        !wanted.is_empty() && (self.is_listed(&user.id) || self.granting_role(user, all).is_some())
    }

    /// Whether the user has this permission, and what decides it.
    #[must_use]
    pub fn decide(&self, user: &User, permission: &Permission, now: DateTime<Utc>) -> Decision {
        if user.deleted_at.is_some() {
            return Decision::Denied(Denial::Deleted);
        }
        if user.ban.is_active(now) {
            return Decision::Denied(Denial::Banned);
        }
        if self.is_listed(&user.id) {
            return Decision::Granted(Grant::Listed);
        }
        if let Some(role) = self.granting_role(user, |granted| granted.contains(permission)) {
            return Decision::Granted(Grant::Role(role.to_owned()));
        }
        if !self.declares(permission) {
            let nearest = nearest_permission(self.declared(), permission);
            return Decision::Denied(Denial::Undeclared { nearest });
        }
        let granting = self
            .roles
            .iter()
            .filter(|(_, granted)| granted.contains(permission));
        Decision::Denied(Denial::Missing {
            roles: self.roles_of(user).map(str::to_owned).collect(),
            granting: granting.map(|(role, _)| role.clone()).collect(),
        })
    }

    /// Whether the user is an administrator: by role, or because they are listed.
    #[must_use]
    pub fn is_administrator(&self, user: &User) -> bool {
        self.is_listed(&user.id)
            || self
                .roles_of(user)
                .any(|role| self.administrators.roles.iter().any(|admin| admin == role))
    }

    /// Whether the caller has every permission of the other user, so that changing that user gives the caller no more rights.
    /// An administrator may change every user.
    #[must_use]
    pub fn covers(&self, caller: &User, other: &User) -> bool {
        self.is_administrator(caller)
            || (!self.is_administrator(other) && self.holds_all(caller, self.roles_of(other)))
    }

    /// Whether the caller may do everything these roles permit, so that granting them gives away no more than the caller
    /// has. An administrator may grant every role.
    #[must_use]
    pub fn may_grant(&self, caller: &User, roles: &RoleList) -> bool {
        let administers = |role: &str| self.administrators.roles.iter().any(|admin| admin == role);
        self.is_administrator(caller)
            || (!roles.iter().any(administers) && self.holds_all(caller, roles.iter()))
    }

    fn holds_all<'a>(&self, caller: &User, roles: impl Iterator<Item = &'a str>) -> bool {
        let mut granted = roles.filter_map(|role| self.roles.get(role)).flatten();
        granted.all(|permission| self.permits(caller, permission))
    }

    /// Whether the user has this role.
    #[must_use]
    pub fn has_role(&self, user: &User, role: &str) -> bool {
        self.roles_of(user).any(|name| name == role)
    }

    /// The administrators.
    #[must_use]
    pub const fn administrators(&self) -> &Administrators {
        &self.administrators
    }

    /// The default role.
    #[must_use]
    pub fn default_role(&self) -> RoleList {
        RoleList::from_stored(self.default_role.clone())
    }

    /// The first of these roles that is not declared.
    #[must_use]
    pub fn undeclared_role<'a>(&self, roles: &'a RoleList) -> Option<&'a str> {
        roles.iter().find(|role| !self.roles.contains_key(*role))
    }

    /// Whether such a permission is declared.
    #[must_use]
    pub fn declares(&self, permission: &Permission) -> bool {
        self.resources
            .get(permission.resource())
            .is_some_and(|actions| actions.contains(permission.action()))
    }

    /// The roles there are, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &BTreeSet<Permission>)> {
        self.roles.iter().map(|(name, granted)| (name.as_str(), granted))
    }

    fn is_listed(&self, id: &UserId) -> bool {
        self.administrators.users.contains(id)
    }

    fn roles_of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a str> {
        let stored = user.role.as_ref().map_or("", RoleList::as_str);
        let text = if stored.is_empty() {
            &self.default_role
        } else {
            stored
        };
        text.split(',').filter(|role| !role.is_empty())
    }

    /// The first role of the user whose permissions satisfy the question.
    fn granting_role<'a>(
        &'a self,
        user: &'a User,
        satisfies: impl Fn(&BTreeSet<Permission>) -> bool,
    ) -> Option<&'a str> {
        self.roles_of(user)
            .find(|role| self.roles.get(*role).is_some_and(&satisfies))
    }

    fn declared(&self) -> impl Iterator<Item = Permission> {
        let of_resource = |(resource, actions): (&String, &BTreeSet<String>)| {
            let named = actions.iter().map(|action| Permission::named(resource, action));
            named.filter_map(Result::ok).collect::<Vec<_>>()
        };
        self.resources.iter().flat_map(of_resource)
    }
}

impl AccessPolicyBuilder {
    /// Declares permissions.
    #[must_use]
    pub fn declare(mut self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        self.declared.extend(permissions);
        self
    }

    /// Declares a role that permits these. Each name once, `admin` and `user` of [`AccessPolicy::builder`] included.
    #[must_use]
    pub fn role(
        mut self,
        name: impl Into<String>,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> Self {
        let name = name.into();
        if self
            .roles
            .insert(name.clone(), permissions.into_iter().collect())
            .is_some()
        {
            self.twice.get_or_insert(name);
        }
        self
    }

    /// Lets a role that was declared before permit more.
    #[must_use]
    pub fn extend_role(
        mut self,
        name: impl Into<String>,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> Self {
        let name = name.into();
        match self.roles.get_mut(&name) {
            Some(granted) => granted.extend(permissions),
            None => drop(self.missing.get_or_insert(name)),
        }
        self
    }

    /// The default role; `user` unless set.
    #[must_use]
    pub fn default_role(mut self, name: impl Into<String>) -> Self {
        self.default_role = name.into();
        self
    }

    /// The administrators; users with the role `admin` unless set.
    #[must_use]
    pub fn administrators(mut self, administrators: Administrators) -> Self {
        self.administrators = administrators;
        self
    }

    /// The policy, if the declarations fit together.
    pub fn build(self) -> Result<AccessPolicy, PolicyError> {
        check_names(self.names())?;
        if let Some(role) = self.twice {
            return Err(PolicyError::RoleTwice(role));
        }
        for (role, granted) in &self.roles {
            if let Some(permission) = granted.difference(&self.declared).next() {
                return Err(PolicyError::UndeclaredPermission {
                    role: role.clone(),
                    permission: permission.clone(),
                    nearest: nearest_permission(self.declared.iter().cloned(), permission),
                });
            }
        }
        let named = std::iter::once(&self.default_role).chain(&self.administrators.roles);
        for role in named.chain(&self.missing) {
            if !self.roles.contains_key(role) {
                return Err(PolicyError::UndeclaredRole {
                    role: role.clone(),
                    nearest: nearest_name(self.roles.keys(), role),
                });
            }
        }
        Ok(self.assemble())
    }

    fn assemble(self) -> AccessPolicy {
        let mut resources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for permission in &self.declared {
            let actions = resources.entry(permission.resource().to_owned()).or_default();
            actions.insert(permission.action().to_owned());
        }
        AccessPolicy {
            resources,
            roles: self.roles,
            default_role: self.default_role,
            administrators: self.administrators,
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let of_permissions = self
            .declared
            .iter()
            .flat_map(|permission| [permission.resource(), permission.action()]);
        of_permissions.chain(self.roles.keys().map(String::as_str))
    }
}

fn check_names<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<(), PolicyError> {
    let wrong = names.find(|name| !is_name(name));
    wrong.map_or(Ok(()), |name| Err(PolicyError::InvalidName(name.to_owned())))
}

fn builtin() -> impl Iterator<Item = Permission> {
    let all = permissions::user::ALL.iter().chain(permissions::session::ALL);
    all.chain(permissions::audit_log::ALL).cloned()
}

/// The declared permission that is written most like this one.
fn nearest_permission(declared: impl Iterator<Item = Permission>, wanted: &Permission) -> Permission {
    let wanted = wanted.to_string();
    let likeness = |permission: &Permission| strsim::jaro_winkler(&permission.to_string(), &wanted);
    let nearest = declared.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    // Those of the admin endpoints are always declared.
    nearest.unwrap_or(permissions::user::GET)
}

fn nearest_name<'a>(names: impl Iterator<Item = &'a String>, wanted: &str) -> String {
    let likeness = |name: &&String| strsim::jaro_winkler(name, wanted);
    let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
