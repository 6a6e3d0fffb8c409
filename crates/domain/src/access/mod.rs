//! Who may do what: permissions, roles, the policy that ties them together, and bans.

mod ban;
mod permission;
mod policy;
mod roles;

pub use ban::{Ban, BanChange};
pub use permission::{InvalidPermission, Permission, permissions};
pub use policy::{AccessPolicy, AccessPolicyBuilder, Administrators, Decision, Denial, Grant, PolicyError};
pub use roles::{InvalidRoles, RoleList};
