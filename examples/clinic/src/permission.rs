//! The permissions, and the role that has them.

use doorward_domain::access::{AccessPolicyBuilder, Permission};
use doorward_web::access::Requires;

doorward_domain::resource! {
    /// The people who are treated.
    pub(crate) mod patient = "patient" {
        ADMIT = "admit",
        DISCHARGE = "discharge",
    }
}

/// Doctors may do both. The configuration may grant them to other roles, too.
pub(crate) fn roles(policy: AccessPolicyBuilder) -> AccessPolicyBuilder {
    policy.role("doctor", patient::ALL.iter().cloned())
}

/// What a handler asks for that admits patients.
pub(crate) struct AdmitPatient;

impl Requires for AdmitPatient {
    const PERMISSION: Permission = patient::ADMIT;
}

/// What a handler asks for that discharges patients. Which patients, the rule in `patient.rs` says.
pub(crate) struct DischargePatient;

impl Requires for DischargePatient {
    const PERMISSION: Permission = patient::DISCHARGE;
}
