use std::path::PathBuf;
use std::sync::Arc;

use doorward_application::hooks::Hook;
use doorward_domain::Store;
use doorward_domain::access::AccessPolicyBuilder;
use doorward_domain::email::Mailer;
use doorward_web::Module;
use doorward_web::wiring::{Extensions, Server, has_users};

use crate::banner::welcome;
use crate::configuration::{Loaded, Ready, Sources, load};
use crate::error::Error;
use crate::logging;
use crate::terminal::print;

type Declare = Box<dyn FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder>;

/// A server that is configured like the binary, with what a team adds: modules, roles, ports, hooks.
#[must_use = "nothing happens before `run` or `serve`"]
pub struct Doorward {
    sources: Sources,
    declare: Declare,
    extensions: Extensions,
}

impl Doorward {
    /// A server configured by `doorward.toml` in the working directory and by the environment.
    pub fn from_env() -> Self {
        Self {
            sources: Sources::of_process(),
            declare: Box::new(|policy| policy),
            extensions: Extensions::default(),
        }
    }

    /// Declares resources and roles, beside those of the configuration. A role there may grant what is declared here.
    pub fn access(
        mut self,
        declare: impl FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder + 'static,
    ) -> Self {
        let before = self.declare;
        self.declare = Box::new(|policy| declare(before(policy)));
        self
    }

    /// Adds a feature: endpoints, permissions, tables, emails, hooks, work in the background.
    pub fn module(mut self, module: impl Module + 'static) -> Self {
        self.extensions.modules.push(Arc::new(module));
        self
    }

    /// Sends emails by this mailer instead of the shipped one.
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.extensions.mailer = Some(mailer);
        self
    }

    /// Puts a store in place of the shipped one, or around it.
    pub fn store(mut self, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + Send + 'static) -> Self {
        self.extensions.store = Some(Box::new(wrap));
        self
    }

    /// Adds steps around signing up.
    pub fn on_sign_up(mut self, hook: Arc<dyn Hook>) -> Self {
        self.extensions.hooks.sign_up.push(hook);
        self
    }

    /// Adds steps around signing in.
    pub fn on_sign_in(mut self, hook: Arc<dyn Hook>) -> Self {
        self.extensions.hooks.sign_in.push(hook);
        self
    }

    /// Adds steps around the removal of users.
    pub fn on_deletion(mut self, hook: Arc<dyn Hook>) -> Self {
        self.extensions.hooks.deletion.push(hook);
        self
    }

    /// The same with this file and these flags.
    pub(crate) fn with_flags(
        mut self,
        file: Option<PathBuf>,
        flags: Vec<(&'static str, &'static str, String)>,
    ) -> Self {
        self.sources = Sources {
            file,
            flags,
            ..self.sources
        };
        self
    }

    /// Serves until the process is told to stop. The arguments of the process are not read.
    pub async fn serve(self) -> Result<(), Error> {
        let (ready, extensions) = self.prepare(false).await?;
        let server = Server::bind(ready.configuration.clone(), extensions).await?;
        // The server runs although the welcome could not be printed.
        if let Err(error) = print(&welcome(&ready, server.address())) {
            tracing::warn!(%error, "the welcome could not be written to standard output");
        }
        Ok(server.run().await?)
    }

    /// Reads and checks the configuration, and starts the log. A secret is made where none is set, unless the database has users,
    /// whom a new one would sign out. With `new_tables` the database may have tables that look like those of users.
    pub(crate) async fn prepare(self, new_tables: bool) -> Result<(Ready, Extensions), Error> {
        let loaded = self.load()?;
        logging::start(loaded.log())?;
        let mut ready = loaded.prepare(self.extensions.permissions(), self.declare)?;
        if ready.lacks_secret() {
            let looking = Box::pin(has_users(&ready.configuration, new_tables));
            ready.make_secret(looking.await?)?;
        }
        Ok((ready, self.extensions))
    }

    /// Reads and checks the configuration, and starts the log. No secret is made and no database is opened.
    pub(crate) fn look(self) -> Result<Ready, Error> {
        let loaded = self.load()?;
        logging::start(loaded.log())?;
        let permissions = self.extensions.permissions();
        Ok(loaded.prepare(permissions, self.declare)?)
    }

    /// Whether a server would start with this configuration, as far as that can be told without the database.
    pub(crate) fn check(self) -> Result<(), Error> {
        self.ready().map(drop)
    }

    /// The configuration as a server would have it, without asking the database and without making a secret.
    pub(crate) fn ready(self) -> Result<Ready, Error> {
        let loaded = self.load()?;
        let permissions = self.extensions.permissions();
        Ok(loaded.prepare(permissions, self.declare)?)
    }

    /// What was read, not yet checked.
    pub(crate) fn load(&self) -> Result<Loaded, Error> {
        choose_tls();
        Ok(load(&self.sources)?)
    }

    /// What was added.
    pub(crate) fn into_extensions(self) -> Extensions {
        self.extensions
    }
}

/// Mail and PostgreSQL over TLS use the one provider that is linked.
fn choose_tls() {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("another TLS provider was installed before");
    }
}
