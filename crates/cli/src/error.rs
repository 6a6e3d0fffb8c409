use doorward_web::wiring::{StartError, UserCreationError, UserExportError};

use crate::configuration::ConfigError;

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option is wrong.
    #[error("configuration: {0}")]
    Configuration(#[from] ConfigError),
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The user was not created.
    #[error(transparent)]
    User(#[from] UserCreationError),
    /// The data of a user was not exported, or not whole.
    #[error(transparent)]
    Export(#[from] UserExportError),
    /// The terminal or the network failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// 2 for what the operator has to correct in the configuration, 1 for everything else.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_)
            | Self::Start(StartError::Setting(_) | StartError::Configuration { .. }) => 2,
            Self::Start(_) | Self::User(_) | Self::Export(_) | Self::Io(_) => 1,
        }
    }
}
