//! Known devices: browsers in which a user has signed in before.

mod entity;
mod repository;
mod token;

pub use entity::Device;
pub use repository::DeviceRepository;
pub use token::DeviceToken;

#[cfg(any(test, feature = "mocks"))]
pub use repository::MockDeviceRepository;
