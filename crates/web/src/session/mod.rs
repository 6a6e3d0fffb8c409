//! Sessions over HTTP: cookies, extractors, routes.

pub mod codes;
pub mod extract;

mod cookie;
mod read;
mod reply;
mod routes;

pub(crate) use cookie::SessionCookies;
pub(crate) use reply::SessionReply;
pub(crate) use routes::SessionModule;
pub(crate) use routes::{EmptyBody, SessionAndUserReply};
