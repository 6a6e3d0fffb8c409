//! Known devices: the browsers in which a user has signed in.

mod known;

pub use known::KnownDevices;
pub(crate) use known::{DeviceSeen, DeviceSignIn};
