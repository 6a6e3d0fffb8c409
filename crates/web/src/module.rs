//! How features come into the server.

use std::sync::Arc;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ErrorCode;

/// A feature: the routes it serves and the error codes it answers with. Ours and those of other teams register alike.
pub trait Module: Send + Sync {
    /// Unique name of the feature.
    fn id(&self) -> &'static str;

    /// Registers routes, relative to the base path. Only what is registered by `service` is documented, and only
    /// what is documented is served.
    fn routes(&self, config: &mut ServiceConfig<'_>);

    /// The error codes its routes answer with beyond those everybody uses.
    fn error_codes(&self) -> &'static [ErrorCode] {
        &[]
    }
}

/// All features of a server.
#[derive(Clone, Default)]
pub struct Modules(Vec<Arc<dyn Module>>);

/// Two features that cannot live together.
#[derive(Debug, thiserror::Error)]
pub enum ModuleConflict {
    /// The same name twice.
    #[error("two modules are called `{0}`")]
    Id(&'static str),
    /// The same code with two meanings.
    #[error(
        "module `{module}` gives the error code `{code}` another status or message than there is already"
    )]
    Code {
        /// The later module.
        module: &'static str,
        /// The code.
        code: &'static str,
    },
    /// Two operations that readers of the API description could not tell apart.
    #[error("`{first}` and `{second}` both have the operation id `{id}`; give one another path")]
    Operation {
        /// The id, which follows from method and path.
        id: String,
        /// Method and path of the one.
        first: String,
        /// Method and path of the other.
        second: String,
    },
}

impl Modules {
    /// Adds a feature, unless it contradicts one that is there.
    pub fn add(&mut self, module: Arc<dyn Module>) -> Result<(), ModuleConflict> {
        if self.0.iter().any(|other| other.id() == module.id()) {
            return Err(ModuleConflict::Id(module.id()));
        }
        for code in module.error_codes() {
            let others = self.0.iter().flat_map(|other| other.error_codes());
            let mut known = others.chain(crate::error::codes::ALL);
            if known.any(|other| other.code == code.code && other != code) {
                return Err(ModuleConflict::Code {
                    module: module.id(),
                    code: code.code,
                });
            }
        }
        self.0.push(module);
        Ok(())
    }

    /// Every error code with the module that declares it; none declares the general ones.
    pub(crate) fn error_codes(&self) -> Vec<(Option<&'static str>, ErrorCode)> {
        let general = crate::error::codes::ALL.iter().map(|code| (None, *code));
        let own = self.0.iter().flat_map(|module| {
            let codes = module.error_codes().iter();
            codes.map(|code| (Some(module.id()), *code))
        });
        general.chain(own).collect()
    }

    pub(crate) fn register(&self, config: &mut ServiceConfig<'_>) {
        for module in &self.0 {
            module.routes(config);
        }
    }
}
