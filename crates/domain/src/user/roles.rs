use std::fmt;

use crate::text::is_name;

/// The roles of a user, as the column `role` holds them: names joined by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleList(String);

/// The names cannot be roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a role, or a list of at most {max} roles", max = RoleList::MAX)]
pub struct InvalidRoles;

impl RoleList {
    /// The most roles of a user.
    pub const MAX: usize = 32;

    /// Roles from input: at least one, each made of letters, digits and `_-.`.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidRoles> {
        let names: Vec<_> = names.into_iter().flat_map(|text| text.split(',')).collect();
        let fits = (1..=Self::MAX).contains(&names.len()) && names.iter().all(|name| is_name(name));
        if fits {
            Ok(Self(names.join(",")))
        } else {
            Err(InvalidRoles)
        }
    }

    /// The column's value, whatever its shape.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The column's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One role after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }

    /// Whether this role is among them.
    #[must_use]
    pub fn contains(&self, role: &str) -> bool {
        self.iter().any(|name| name == role)
    }
}

impl fmt::Display for RoleList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_roles_are_one_text() {
        let roles = RoleList::parse(["support", "member,auditor"]).unwrap();
        assert_eq!(roles.as_str(), "support,member,auditor");
        assert!(roles.contains("member") && !roles.contains("memb"));
    }

    #[test]
    fn what_is_no_name_is_no_role() {
        for names in [&[][..], &[""], &["a,"], &["a", ""], &["a b"], &["a\0"], &["ä"]] {
            assert_eq!(
                RoleList::parse(names.iter().copied()),
                Err(InvalidRoles),
                "{names:?}"
            );
        }
        assert!(RoleList::parse(vec!["a"; 33]).is_err());
    }
}
