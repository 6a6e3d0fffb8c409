//! Where adapters meet use-cases: the one place of this crate that names the adapters.

mod app;
mod extensions;
mod ports;
mod server;
mod workers;

use doorward_application::access::{CreateUser, CreateUserError};
use doorward_application::hooks::Hooks;
use doorward_application::settings::InvalidSetting;
use doorward_domain::password::Password;
use doorward_domain::redirect::InvalidPattern;
use doorward_domain::user::{Email, InvalidEmail, UserName};
use doorward_domain::{Actor, BoxError, InvalidText};

pub use app::Doorward;
pub use extensions::{Extensions, StoreWrapper};
pub use ports::{check, has_users, migrate};
pub use server::Server;

use crate::configuration::Configuration;
use crate::module::ModuleConflict;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database could not be opened or brought up to date.
    #[error("database: {0}")]
    Database(#[source] BoxError),
    /// The schema lacks steps, and may not be changed at start.
    #[error("database: the schema lacks {0}; run `doorward migrate`, or set database.auto_migrate = true")]
    Schema(String),
    /// An option cannot be used.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A port cannot be served with this configuration.
    #[error("{option}: {cause}")]
    Configuration {
        /// The option that is at fault.
        option: &'static str,
        /// What is wrong with it.
        #[source]
        cause: BoxError,
    },
    /// A trusted origin is none.
    #[error("trusted_origins: {0}")]
    Origins(#[from] InvalidPattern),
    /// Two modules cannot live together.
    #[error(transparent)]
    Modules(#[from] ModuleConflict),
    /// Nobody can listen there.
    #[error("listen: cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
}

/// Why an operator could not create a user.
#[derive(Debug, thiserror::Error)]
pub enum UserCreationError {
    /// The address is none.
    #[error("--email: {0}")]
    Email(#[from] InvalidEmail),
    /// The name is none.
    #[error("--name: {0}")]
    Name(#[from] InvalidText),
    /// The store could not be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The user was refused.
    #[error(transparent)]
    Refused(#[from] CreateUserError),
}

/// The description of the API a server of this configuration has: OpenAPI 3.1 as JSON.
pub async fn openapi_json(configuration: &Configuration) -> Result<String, StartError> {
    let context = ports::context(configuration, Hooks::default(), None).await?;
    let doorward = Doorward::new(&context, &configuration.http, &configuration.secret, [])?;
    Ok(doorward.document().to_owned())
}

/// Creates a user with a verified address and answers the id.
pub async fn create_user(
    configuration: &Configuration,
    email: &str,
    name: &str,
    password: &str,
    administrator: bool,
) -> Result<String, UserCreationError> {
    let (email, name) = (Email::parse(email)?, UserName::parse(name)?);
    let context = ports::context(configuration, Hooks::default(), None).await?;
    let request = context.internal_request(Actor::Operator("user create"));
    let user = CreateUser::new(context)
        .run(&request, name, email, Password::new(password), administrator)
        .await?;
    Ok(user.id.to_string())
}
