//! The person: entity, address, name and where they are kept.

mod email;
mod entity;
mod layer;
mod profile;
mod query;
mod repository;
mod username;

pub use email::{Email, InvalidEmail};
pub use entity::User;
pub use layer::UserLayer;
pub use profile::{ImageUrl, ProfileChange, UserChange, UserName};
pub use query::{
    Comparison, FilterValue, KeysetPosition, SearchField, SearchMatch, SortKey, UserColumn, UserFilter,
    UserOrder, UserPage, UserQuery, UserSearch, UserSlice, ValueKind,
};
pub use repository::UserRepository;
pub use username::{ChosenUsername, InvalidUsername, Username, UsernameLength};

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockUserRepository;
