//! Where adapters meet use-cases: the one place of this crate that names the adapters.

mod app_factory;
mod backup;
mod extensions;
mod http;
mod key_check;
mod key_report;
mod limits;
mod metrics;
mod modules;
mod ports;
mod server;
mod workers;

use doorward_application::Context;
use doorward_application::access::{AdminError, CreateUser, CreateUserError, ExportUser};
use doorward_application::settings::InvalidSetting;
use doorward_domain::access::PolicyError;
use doorward_domain::password::Password;
use doorward_domain::user::{Email, InvalidEmail, UserName};
use doorward_domain::{Actor, BoxError, InvalidText, StoreError, UserId};
use futures_util::TryStreamExt;

pub use app_factory::AppFactory;
pub use backup::{BackupError, backup, restore};
pub use doorward_adapters::metrics::metrics_reference;
pub use doorward_adapters::sea_orm::Restored;
pub use doorward_adapters::sea_orm::personal_data::personal_data_map;
pub use extensions::{Extensions, StoreWrapper};
pub use key_report::{KeyReport, KeyUse, key_report};
pub use metrics::{MetricsPage, Watched};
pub use modules::modules;
pub use ports::{check, clock, has_users, migrate};
pub use server::Server;

use ports::Purpose;

use crate::configuration::Configuration;
use crate::error::ErrorCode;
use crate::export::chunks;
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
    /// Two modules cannot live together.
    #[error(transparent)]
    Modules(#[from] ModuleConflict),
    /// A module declares a permission whose name is none.
    #[error(transparent)]
    Permissions(#[from] PolicyError),
    /// Nobody can listen there.
    #[error("{option}: cannot listen on {address}: {cause}")]
    Listen {
        /// The option that names the address.
        option: &'static str,
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

/// Why an operator got no export, or only the beginning of one.
#[derive(Debug, thiserror::Error)]
pub enum UserExportError {
    /// The address is none.
    #[error("{0}")]
    Email(#[from] InvalidEmail),
    /// The store could not be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Nobody has the address.
    #[error("no user has this address; a deleted user is named by id")]
    UnknownAddress,
    /// The user was not found.
    #[error(transparent)]
    Refused(#[from] AdminError),
    /// The store failed, or the output could not be written.
    #[error("the export is not whole: {0}")]
    Broken(#[source] BoxError),
}

impl From<StoreError> for UserExportError {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

/// The description of the API a server of this configuration has: OpenAPI 3.1 as JSON.
pub async fn openapi_json(
    configuration: &Configuration,
    extensions: Extensions,
) -> Result<String, StartError> {
    let app = ports::open(configuration, extensions, Purpose::Command).await?;
    Ok(app.document().to_owned())
}

/// The error codes of a server of this configuration, each with the id of the module that declares it; none for those that
/// every module uses.
pub fn error_catalogue(
    configuration: &Configuration,
    extensions: Extensions,
) -> Result<Vec<(Option<&'static str>, ErrorCode)>, StartError> {
    let modules = modules(&configuration.settings, extensions.modules)?;
    Ok(modules.error_codes().collect())
}

/// What the use-cases of an operator work with, on the database of this configuration.
pub async fn open_context(
    configuration: &Configuration,
    extensions: Extensions,
) -> Result<Context, StartError> {
    let app = ports::open(configuration, extensions, Purpose::Command).await?;
    Ok(app.context().clone())
}

/// A user whom an operator adds.
pub struct NewUser<'a> {
    /// The address, which counts as verified.
    pub email: &'a str,
    /// What the user is called.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// Whether the user administers the others.
    pub administrator: bool,
}

/// Creates a user with a verified address and answers the id.
pub async fn create_user(
    configuration: &Configuration,
    extensions: Extensions,
    user: NewUser<'_>,
) -> Result<String, UserCreationError> {
    let (email, name) = (Email::parse(user.email)?, UserName::parse(user.name)?);
    let longest = configuration.settings.email_and_password.password.max_length;
    let password = Password::parse(user.password, longest);
    let app = ports::open(configuration, extensions, Purpose::Command).await?;
    let context = app.context();
    let request = context.internal_request(Actor::Operator("user create"));
    let user = CreateUser::new(context.clone())
        .run(&request, name, email, password, user.administrator)
        .await?;
    Ok(user.id.to_string())
}

/// Writes everything held about a user as JSON, piece by piece. The user is named by id or address.
pub async fn export_user(
    configuration: &Configuration,
    extensions: Extensions,
    user: &str,
    mut write: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), UserExportError> {
    let email = user.contains('@').then(|| Email::parse(user)).transpose()?;
    let app = ports::open(configuration, extensions, Purpose::Command).await?;
    let context = app.context();
    let id = match email {
        Some(email) => {
            let found = context.store().users().find_by_email(&email).await?;
            found.ok_or(UserExportError::UnknownAddress)?.id
        }
        None => UserId::from_stored(user),
    };
    let request = context.internal_request(Actor::Operator("user export"));
    let export = ExportUser::new(context.clone()).run(&request, &id).await?;
    let mut chunks = std::pin::pin!(chunks(export, &context.settings));
    while let Some(chunk) = chunks.try_next().await.map_err(UserExportError::Broken)? {
        write(&chunk).map_err(|error| UserExportError::Broken(error.into()))?;
    }
    Ok(())
}
