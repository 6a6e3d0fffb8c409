//! What `doorward` can be told to do.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use doorward_domain::Secret;
use doorward_web::wiring::{NewUser, StartError, UserCreationError, create_user, migrate, openapi_json};

use crate::arguments::{Command, ConfigCommand, UserCommand};
use crate::configuration::{ConfigError, reference, standard};
use crate::doorward::Doorward;

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
            | Self::Start(
                StartError::Setting(_) | StartError::Configuration { .. } | StartError::Origins(_),
            ) => 2,
            Self::Start(_) | Self::User(_) | Self::Io(_) => 1,
        }
    }
}

/// Does what was asked for.
pub(crate) async fn run(command: Command, doorward: Doorward) -> Result<(), Error> {
    match command {
        Command::Serve => doorward.serve().await,
        Command::Migrate { new_tables } => {
            let (ready, extensions) = doorward.prepare()?;
            let steps = migrate(&ready.configuration, extensions, new_tables).await?;
            print(&match steps.as_slice() {
                [] => "The schema is up to date.\n".to_owned(),
                steps => format!("Brought the schema up to date: {}.\n", steps.join(", ")),
            })
        }
        Command::Config(ConfigCommand::Print) => print(&doorward.load()?.print()),
        Command::Config(ConfigCommand::Check) => {
            doorward.check()?;
            print("The configuration can be used.\n")
        }
        Command::Config(ConfigCommand::Reference) => print(&reference()),
        Command::User(UserCommand::Create { email, name, admin }) => {
            let (ready, extensions) = doorward.prepare()?;
            let password = new_password()?;
            let user = NewUser {
                email: &email,
                name: &name,
                password: password.expose(),
                administrator: admin,
            };
            let id = create_user(&ready.configuration, extensions, user).await?;
            print(&format!("Created user {id}.\n"))
        }
        Command::Version => print(&format!("doorward {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Openapi => print(&openapi_json(&standard()?, doorward.into_extensions()).await?),
    }
}

/// Asks for a password, unseen, or takes the first line of what is piped in. Never from an argument (SK-3).
fn new_password() -> Result<Secret<String>, Error> {
    if stdin().is_terminal() {
        return Ok(Secret::new(rpassword::prompt_password("Password: ")?));
    }
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
