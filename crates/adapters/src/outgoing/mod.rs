//! Requests that the server itself sends, all of them through one client (IN-6).

mod address;
mod client;
mod url;

pub use address::is_public;
pub use client::{OutgoingClient, OutgoingError};
pub use url::{InvalidOutgoingUrl, OutgoingUrl};
