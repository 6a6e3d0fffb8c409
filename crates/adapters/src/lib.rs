//! doorward-adapters

pub mod cache;
pub mod crypto;
pub mod email;
pub mod memory;
pub mod metrics;
pub mod outgoing;
pub mod password;
pub mod sea_orm;
pub mod system;
