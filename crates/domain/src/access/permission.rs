use std::borrow::Cow;
use std::fmt;

use crate::text::{NAME_MAX, is_name};

/// Something a person may or may not do: an action on a kind of thing, written `invoice:approve`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    resource: Cow<'static, str>,
    action: Cow<'static, str>,
}

/// The text names no permission: it is not `resource:action`, or one of the two has other characters than
/// letters, digits and `_-.`, or none, or more than 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a permission such as invoice:approve")]
pub struct InvalidPermission;

impl Permission {
    /// The longest name of a resource, an action or a role, in bytes.
    pub const NAME_MAX: usize = NAME_MAX;

    /// A permission known when the program is written. [`resource!`](crate::resource) declares them in one place, so
    /// that a misspelt one does not compile.
    #[must_use]
    pub const fn new(resource: &'static str, action: &'static str) -> Self {
        Self {
            resource: Cow::Borrowed(resource),
            action: Cow::Borrowed(action),
        }
    }

    /// A permission out of a configuration or a request.
    pub fn named(resource: &str, action: &str) -> Result<Self, InvalidPermission> {
        if !is_name(resource) || !is_name(action) {
            return Err(InvalidPermission);
        }
        Ok(Self {
            resource: Cow::Owned(resource.to_owned()),
            action: Cow::Owned(action.to_owned()),
        })
    }

    /// Reads `resource:action`.
    pub fn parse(text: &str) -> Result<Self, InvalidPermission> {
        let (resource, action) = text.split_once(':').ok_or(InvalidPermission)?;
        Self::named(resource, action)
    }

    /// The kind of thing.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What is done to it.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action)
    }
}

/// Declares a resource and its actions as a module of constants, and `ALL` of them as a list.
///
/// ```
/// doorward_domain::resource! {
///     /// What accountants work on.
///     pub mod invoice = "invoice" {
///         READ = "read",
///         APPROVE = "approve",
///     }
/// }
///
/// assert_eq!(invoice::APPROVE.to_string(), "invoice:approve");
/// assert_eq!(invoice::ALL, [invoice::READ, invoice::APPROVE]);
/// ```
///
/// A misspelt permission is no constant:
///
/// ```compile_fail
/// doorward_domain::resource! { pub mod invoice = "invoice" { READ = "read" } }
/// let _ = invoice::RAED;
/// ```
#[macro_export]
macro_rules! resource {
    ($(#[$about:meta])* $visibility:vis mod $name:ident = $resource:literal {
        $($constant:ident = $action:literal),+ $(,)?
    }) => {
        $(#[$about])*
        $visibility mod $name {
            use $crate::access::Permission;

            $(
                #[doc = concat!("`", $resource, ":", $action, "`")]
                pub const $constant: Permission = Permission::new($resource, $action);
            )+

            /// All of them.
            pub const ALL: &[Permission] = &[$($constant),+];
        }
    };
}

/// The permissions the admin endpoints ask for, as Better Auth's admin plugin names them. `user:export` is Doorward's own.
pub mod permissions {
    crate::resource! {
        /// What is done to other people's users.
        pub mod user = "user" {
            CREATE = "create",
            LIST = "list",
            SET_ROLE = "set-role",
            BAN = "ban",
            IMPERSONATE = "impersonate",
            IMPERSONATE_ADMINS = "impersonate-admins",
            DELETE = "delete",
            SET_PASSWORD = "set-password",
            SET_EMAIL = "set-email",
            SET_PHONE = "set-phone",
            GET = "get",
            UPDATE = "update",
            EXPORT = "export",
        }
    }

    crate::resource! {
        /// What is done to other people's sessions.
        pub mod session = "session" {
            LIST = "list",
            REVOKE = "revoke",
            DELETE = "delete",
        }
    }

    crate::resource! {
        /// What is done with the audit log. Better Auth has none, so its role `admin` does not grant this.
        pub mod audit_log = "audit-log" {
            READ = "read",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_reads_back() {
        let approve = Permission::parse("invoice:approve").unwrap();
        assert_eq!(approve, Permission::new("invoice", "approve"));
        assert_eq!((approve.resource(), approve.action()), ("invoice", "approve"));
        let long = format!("a:{}", "x".repeat(65));
        for text in [
            "", ":", "invoice", "invoice:", ":read", "a:b:c", "a b:c", "a:b,c", "ä:b", &long,
        ] {
            assert_eq!(Permission::parse(text), Err(InvalidPermission), "{text}");
        }
    }
}
