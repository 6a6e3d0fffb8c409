//! doorward-adapters

pub mod cache;
pub mod crypto;
pub mod mail;
pub mod memory;
pub mod password;
pub mod sea_orm;
pub mod system;
