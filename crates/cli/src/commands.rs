//! What `doorward` can be told to do.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use doorward_domain::Secret;
use doorward_domain::access::AccessPolicyBuilder;
use doorward_web::wiring::{StartError, UserCreationError, create_user, has_users, migrate, openapi_json};

use crate::arguments::{Command, ConfigCommand, UserCommand};
use crate::configuration::{ConfigError, Loaded, Ready, Sources, load, reference, standard};
use crate::doorward::Doorward;
use crate::logging;

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
pub(crate) async fn run(command: Command, sources: &Sources) -> Result<(), Error> {
    crate::choose_tls();
    match command {
        Command::Serve => Doorward::of(sources.clone()).serve().await,
        Command::Migrate { new_tables } => {
            let ready = ready(configured(sources)?, |policy| policy, new_tables).await?;
            print(
                &match migrate(&ready.configuration, new_tables).await?.as_slice() {
                    [] => "The schema is up to date.\n".to_owned(),
                    steps => format!("Brought the schema up to date: {}.\n", steps.join(", ")),
                },
            )
        }
        Command::Config(ConfigCommand::Print) => print(&load(sources)?.print()),
        Command::Config(ConfigCommand::Check) => {
            load(sources)?.prepare()?;
            print("The configuration can be used.\n")
        }
        Command::Config(ConfigCommand::Reference) => print(&reference()),
        Command::User(UserCommand::Create { email, name, admin }) => {
            let ready = ready(configured(sources)?, |policy| policy, false).await?;
            let password = new_password()?;
            let id = create_user(&ready.configuration, &email, &name, password.expose(), admin).await?;
            print(&format!("Created user {id}.\n"))
        }
        Command::Version => print(&format!("doorward {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Openapi => print(&openapi_json(&standard()?).await?),
    }
}

pub(crate) fn configured(sources: &Sources) -> Result<Loaded, Error> {
    let loaded = load(sources)?;
    logging::start(loaded.log())?;
    Ok(loaded)
}

/// The whole configuration. A secret is made where none is set and no user is there to be signed out by it.
pub(crate) async fn ready(
    loaded: Loaded,
    declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder,
    new_tables: bool,
) -> Result<Ready, Error> {
    let mut ready = loaded.prepare_with(declare)?;
    if ready.lacks_secret() {
        let looking = Box::pin(has_users(&ready.configuration, new_tables));
        ready.make_secret(looking.await?)?;
    }
    Ok(ready)
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
