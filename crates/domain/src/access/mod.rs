//! Who may do what: permissions, and the policy that ties roles to them.

mod permission;
mod policy;

pub use permission::{InvalidPermission, Permission, permissions};
pub use policy::{AccessPolicy, AccessPolicyBuilder, Decision, Denial, Grant, PolicyError};
