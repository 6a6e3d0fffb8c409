//! Sessions over HTTP: cookies, extractors, routes.

pub mod extract;

mod cookie;
mod read;
mod reply;
mod routes;

pub(crate) use cookie::SessionCookies;
pub(crate) use reply::SessionReply;
pub use routes::SessionModule;
pub(crate) use routes::{EmptyBody, SessionAndUserReply};
