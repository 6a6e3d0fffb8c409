//! What there is to be permitted here, and which role permits what: the one file that a new permission touches.

use doorward_domain::access::AccessPolicyBuilder;

doorward_domain::resource! {
    /// What accountants work on.
    pub(crate) mod invoice = "invoice" {
        READ = "read",
        APPROVE = "approve",
    }
}

pub(crate) fn declare(policy: AccessPolicyBuilder) -> AccessPolicyBuilder {
    policy
        .declare(invoice::ALL.iter().cloned())
        .role("clerk", [invoice::READ])
        .role("accountant", [invoice::READ, invoice::APPROVE])
        .extend_role("admin", [invoice::READ])
}
