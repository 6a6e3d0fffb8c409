use super::AccessPolicy;
use crate::access::permissions;

impl AccessPolicy {
    /// The same policy, whose role `admin`, if there is one, permits to read the audit log, too.
    #[must_use]
    pub fn reading_audit_log(mut self) -> Self {
        if let Some(granted) = self.roles.get_mut(Self::ADMIN) {
            granted.insert(permissions::audit_log::READ);
        }
        self
    }
}
