use std::sync::Arc;

use doorward_application::hooks::Hooks;
use doorward_domain::Store;
use doorward_domain::access::Permission;
use doorward_domain::email::Mailer;

use crate::Module;

/// What a team brings along: everything that is not configuration.
#[derive(Default)]
pub struct Extensions {
    /// Features beside the shipped ones.
    pub modules: Vec<Arc<dyn Module>>,
    /// Steps around what users do.
    pub hooks: Hooks,
    /// Who sends emails, in place of the configured relay.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What stands in place of the shipped store, or around it.
    pub store: Option<StoreWrapper>,
}

impl Extensions {
    /// The permissions of the modules.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        self.modules
            .iter()
            .flat_map(|module| module.permissions())
            .collect()
    }
}

/// Makes a store out of the shipped one.
pub type StoreWrapper = Box<dyn FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + Send>;
