//! Doorward over HTTP: routes, bodies, cookies, errors and the API description, on actix-web.
//!
//! A handler translates: it turns a body into a use-case's input, and what the use-case says into the answer Better
//! Auth's clients expect. Everything that holds for all requests (content types, origins, limits, headers) happens in
//! the middleware `request_guard` before a handler runs. Features register through [`Module`], those of other teams too.
//! Only [`wiring`] knows the adapters.

pub mod access;
pub mod client_address;
pub mod configuration;
pub mod cookie_cache;
#[cfg(feature = "parsers")]
pub mod parsers;
pub mod session;
pub mod wiring;

mod account;
mod audit_log;
mod bearer;
mod body;
mod connections;
mod cookies;
mod dead_sessions;
mod error;
mod export;
mod fields;
mod json;
mod measure;
mod module;
mod openapi;
mod password;
mod profile;
mod query;
mod rate_limit;
mod redirects;
mod request_guard;
mod response;
pub mod sign_in;
mod state;
mod system;
mod telemetry;
mod throttle;
mod user;
mod username;
mod validation;
mod verification;

/// The error codes: those everybody answers with, and those of each room.
pub mod codes {
    pub use crate::access::codes as access;
    pub use crate::account::codes as account;
    pub use crate::error::codes::*;
    pub use crate::password::codes as password;
    pub use crate::profile::codes as profile;
    pub use crate::session::codes as session;
    pub use crate::sign_in::codes as sign_in;
    pub use crate::user::codes as user;
    pub use crate::user::username_codes as username;
    pub use crate::verification::codes as verification;
}

pub use body::Body;
pub use error::{ApiError, ErrorCode};
pub use module::{Module, ModuleConflict, Modules};
pub use query::Query;
pub use rate_limit::{Quota, RateLimit};
pub use session::extract::{CurrentSession, EvenImpersonated, Fresh};
pub use state::AppState;
