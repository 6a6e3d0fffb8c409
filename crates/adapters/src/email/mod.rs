//! Emails written from templates, and the ways to send them.

mod content;
mod relay;
mod smtp;
mod terminal;

pub use relay::RelayError;
pub use smtp::{SmtpError, SmtpMailer};
pub use terminal::TerminalMailer;
