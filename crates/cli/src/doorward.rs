use std::sync::Arc;

use doorward_application::hooks::Hook;
use doorward_domain::Store;
use doorward_domain::access::AccessPolicyBuilder;
use doorward_domain::email::Mailer;
use doorward_web::Module;
use doorward_web::wiring::{Extensions, Server};

use crate::banner::welcome;
use crate::commands::{Error, configured, print, ready};
use crate::configuration::Sources;

type Declare = Box<dyn FnOnce(AccessPolicyBuilder) -> AccessPolicyBuilder>;

/// A server that is configured like the binary, with what a team adds: roles, endpoints, ports, hooks.
#[must_use = "nothing happens before `serve`"]
pub struct Doorward {
    sources: Sources,
    declare: Declare,
    extensions: Extensions,
}

impl Doorward {
    /// A server configured by `doorward.toml` in the working directory and by the environment.
    pub fn from_env() -> Self {
        Self::of(Sources::of_process())
    }

    pub(crate) fn of(sources: Sources) -> Self {
        Self {
            sources,
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

    /// Adds endpoints.
    pub fn module(mut self, module: Arc<dyn Module>) -> Self {
        self.extensions.modules.push(module);
        self
    }

    /// Lets somebody else send the emails.
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

    /// Serves until the process is told to stop.
    pub async fn serve(self) -> Result<(), Error> {
        crate::choose_tls();
        let ready = ready(configured(&self.sources)?, self.declare, false).await?;
        let server = Server::bind(ready.configuration.clone(), self.extensions).await?;
        // A server serves although nobody reads where it is to be found.
        if let Err(error) = print(&welcome(&ready, server.address())) {
            tracing::warn!(%error, "the welcome could not be written to standard output");
        }
        Ok(server.run().await?)
    }
}
