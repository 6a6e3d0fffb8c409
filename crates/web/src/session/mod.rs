//! Sessions over HTTP: cookies, extractors, routes.

pub mod cookie_cache;
pub mod extract;

pub(crate) mod bearer;
mod cookie;
mod read;
mod reply;
mod routes;

pub(crate) use cookie::SessionCookies;
pub(crate) use reply::{SessionReply, UserReply};
pub use routes::SessionModule;
pub(crate) use routes::{EmptyBody, SessionAndUserReply};
