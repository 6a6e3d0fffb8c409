//! Users: entity, address, name, roles, ban, queries and repository.

mod administrators;
mod ban;
mod decorator;
mod email;
mod entity;
mod image;
mod name;
mod profile;
mod query;
mod repository;
mod roles;
mod username;

pub use administrators::Administrators;
pub use ban::{Ban, BanChange};
pub use decorator::UserRepositoryDecorator;
pub use email::{Email, InvalidEmail};
pub use entity::User;
pub use image::ImageUrl;
pub use name::UserName;
pub use profile::{ProfileChange, UserChange};
pub use query::{
    Comparison, Cursor, FilterValue, Page, SearchField, SearchMatch, SortKey, UserColumn, UserFilter,
    UserOrder, UserPage, UserQuery, UserSearch, ValueKind,
};
pub use repository::UserRepository;
pub use roles::{InvalidRoles, RoleList};
pub use username::{ChosenUsername, InvalidUsername, Username, UsernameLength};

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockUserRepository;
