//! The person: entity, address, name and where they are kept.

mod email;
mod entity;
mod profile;
mod repository;

pub use email::{Email, InvalidEmail};
pub use entity::User;
pub use profile::{ImageUrl, ProfileChange, UserName};
pub use repository::UserRepository;

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockUserRepository;
