//! Users: entity, address, name, roles, ban, queries and repository.

mod administrators;
mod ban;
mod column;
mod decorator;
mod email;
mod entity;
mod filter_value;
mod image;
mod name;
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
pub use filter_value::FilterValue;
pub use image::ImageUrl;
pub use name::UserName;
pub use profile::{ProfileChange, UserChange};
pub use query::{
    Comparison, Cursor, Page, SearchField, SearchMatch, SortKey, UserFilter, UserOrder, UserPage, UserQuery,
    UserSearch,
};
pub use repository::UserRepository;
pub use roles::{InvalidRoles, RoleList};
pub use username::{ChosenUsername, InvalidUsername, Username, UsernameLength};

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockUserRepository;
