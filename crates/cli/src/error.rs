use doorward_application::access::AdminError;
use doorward_application::audit_log::RestartError;
use doorward_domain::audit::Flaw;
use doorward_web::wiring::{BackupError, StartError, UserCreationError, UserExportError};

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
    /// An argument of a command is wrong.
    #[error("{argument}: {problem}")]
    Argument {
        /// The argument.
        argument: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The audit log could not be read.
    #[error(transparent)]
    Audit(#[from] AdminError),
    /// The audit log is not as it was written.
    #[error("the audit log is not as it was written: number {seq} {flaw}{id}")]
    Flawed {
        /// The number of the first flaw.
        seq: i64,
        /// What is wrong.
        flaw: Flaw,
        /// The id of the event, in brackets; empty if there is none.
        id: String,
    },
    /// The chain of the audit log was not begun anew.
    #[error(transparent)]
    Restart(#[from] RestartError),
    /// The chain of the audit log has no flaw, so that it is not begun anew.
    #[error("the chain of the audit log holds, so it is not begun anew; nothing was changed")]
    ChainHolds,
    /// The database was not backed up or restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
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
            Self::Start(_)
            | Self::User(_)
            | Self::Argument { .. }
            | Self::Audit(_)
            | Self::Flawed { .. }
            | Self::ChainHolds
            | Self::Restart(_)
            | Self::Backup(_)
            | Self::Export(_)
            | Self::Io(_) => 1,
        }
    }
}
