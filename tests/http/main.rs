//! The real server over HTTP, in memory and where it matters on SQLite and PostgreSQL: what must hold for all routes, and what the official client's scenarios
//! do not show. The wire itself is the business of `tests/compat`.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod access;
mod accounts;
mod administration;
mod answers;
mod audit;
mod bans;
mod bearer;
mod better_auth;
mod breached;
mod cached_sessions;
mod devices;
mod documentation;
mod exports;
mod fields;
mod findings;
mod guards;
mod hooks;
mod hostile;
mod impersonation;
mod limits;
mod links;
mod lists;
mod lockout;
mod metrics;
mod origins;
mod passwords;
mod privileges;
mod races;
mod secrets;
mod sessions;
mod signed_links;
mod traces;
mod usernames;
