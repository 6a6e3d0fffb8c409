use super::User;
use crate::UserId;

/// Which users are administrators. By default nobody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Administrators {
    /// Roles whose holders are administrators.
    pub roles: Vec<String>,
    /// Users who are administrators whatever their role, and may do everything.
    pub users: Vec<UserId>,
}

impl Administrators {
    /// Whether this user is one of them, by a role the user has been given or by name.
    #[must_use]
    pub fn include(&self, user: &User) -> bool {
        let has = |role: &String| user.role.as_ref().is_some_and(|roles| roles.contains(role));
        self.users.contains(&user.id) || self.roles.iter().any(has)
    }
}
