use std::path::PathBuf;

use super::error::{DriverError, is_unavailable};

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is of another database.
    #[error("the URL must begin with sqlite:, postgres: or postgresql:")]
    Unsupported,
    /// The URL names a schema that cannot be one.
    #[error("`{0}` is not the name of a schema: letters, digits and _, not beginning with a digit")]
    InvalidSchema(String),
    /// The schema of the URL does not exist.
    #[error("the database has no schema `{0}`; correct the URL, or create the schema")]
    NoSchema(String),
    /// Another process restores the file.
    #[error("{} is being restored by another process", .0.display())]
    Replaced(PathBuf),
    /// The server refused, or could not be reached.
    #[error("cannot connect to the database")]
    Refused(#[source] DriverError),
    /// The database could not be opened.
    #[error("cannot open the database")]
    Failed(#[source] DriverError),
}

impl ConnectError {
    /// Whether trying again later may help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unsupported | Self::InvalidSchema(_) | Self::NoSchema(_) | Self::Replaced(_) => false,
            Self::Refused(error) | Self::Failed(error) => is_unavailable(error.cause()),
        }
    }
}
