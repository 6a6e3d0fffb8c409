//! The person: entity, address, name, roles, ban and where they are kept.

mod administrators;
mod ban;
mod column;
mod decorator;
mod email;
mod entity;
mod profile;
mod query;
mod repository;
mod roles;
mod taken_names;
mod username;

pub use administrators::Administrators;
pub use ban::{Ban, BanChange};
pub use column::{UserColumn, ValueKind};
pub use decorator::UserRepositoryDecorator;
pub use email::{Email, InvalidEmail};
pub use entity::User;
pub use profile::{ImageUrl, ProfileChange, UserChange, UserName};
pub use query::{
    Comparison, Cursor, FilterValue, Page, SearchField, SearchMatch, SortKey, UserFilter, UserOrder,
    UserPage, UserQuery, UserSearch,
};
pub use repository::UserRepository;
pub use roles::{InvalidRoles, RoleList};
pub use username::{ChosenUsername, InvalidUsername, Username, UsernameLength};

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockUserRepository;
