//! How features come into the server.

use std::collections::HashSet;
use std::sync::Arc;

use doorward_application::hooks::Hooks;
use doorward_application::settings::Settings;
use doorward_application::{Context, Ports, Worker};
use doorward_domain::access::{Permission, PolicyError};
use doorward_domain::audit::EventKind;
use doorward_migration::{MigrationTrait, ModuleMigrations};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::ErrorCode;
use crate::rate_limit::RateLimit;

/// Everything a feature brings. Those that Doorward ships and those of other teams register alike, and bring only what
/// they have: all but the name is optional.
///
/// A module is made before the server is, so that it takes part in making it: its permissions are declared and its
/// migrations run before there is a store. Routes, hooks and workers are made in the [`Context`], which has the store, the
/// clock and the settings.
pub trait Module: Send + Sync {
    /// Unique name of the feature: lower-case letters, digits and `_`, beginning with a letter. It is stored with the
    /// module's migrations and begins the names of its events and emails, so it never changes.
    fn id(&self) -> &'static str;

    /// Permissions that roles may grant. Which role grants which is for the operator to say, or for the program by
    /// `Doorward::access`.
    fn permissions(&self) -> Vec<Permission> {
        Vec::new()
    }

    /// The error codes its routes answer with beyond [those everybody uses](crate::codes).
    fn error_codes(&self) -> &'static [ErrorCode] {
        &[]
    }

    /// How often one client may use its routes; others have the general limit. A limit on a path for which an earlier module
    /// declares one takes its place.
    fn rate_limits(&self) -> &'static [RateLimit] {
        &[]
    }

    /// The kinds of emails it sends, each named `module.kind`, such as `clinic.discharge`. A declaration for people and tools:
    /// what is sent is not compared with it.
    fn emails(&self) -> &'static [&'static str] {
        &[]
    }

    /// The kinds of audit events it records: [`EventKind::Module`] with a name such as `clinic.patient_discharged`. A
    /// declaration, as with [`emails`](Self::emails).
    fn events(&self) -> &'static [EventKind] {
        &[]
    }

    /// Steps that make its tables in the server's database, in the order in which they are taken. Each is taken once, after
    /// Doorward's own and in a transaction with the note that it was; one that must not be in a transaction is refused. Names
    /// are unique in the module and never change.
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }

    /// Its steps around what users do, which run after those of the modules before it. The context is that of the server, but
    /// has no hooks: what a hook does through it runs no hook.
    fn hooks(&self, context: &Context) -> Hooks {
        let _ = context;
        Hooks::default()
    }

    /// Registers routes, relative to the base path. Only what is registered by `service` is documented, and only
    /// what is documented is served. The description of a route says what it takes and answers: a page is a route whose
    /// response is `text/html`, a form one whose request body is `application/x-www-form-urlencoded`.
    ///
    /// A path that an earlier module serves is refused. `app_data` is shared by all modules and found by its type, so give it a
    /// type of the module's own.
    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        let (_, _) = (context, config);
    }

    /// What it does in the background, for as long as the server runs. All workers of modules share a thread, so none may block.
    /// Their names are unique in the server.
    fn workers(&self, context: &Context) -> Vec<Arc<dyn Worker>> {
        let _ = context;
        Vec::new()
    }
}

/// All features of a server, in the order in which they were added.
#[derive(Clone, Default)]
pub struct Modules(Vec<Arc<dyn Module>>);

/// Two features that cannot live together, or one that contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum ModuleConflict {
    /// The same name twice.
    #[error("two modules are called `{0}`")]
    Id(&'static str),
    /// A name that cannot be one.
    #[error(
        "`{0}` is no name of a module: write lower-case letters, digits and `_`, beginning with a letter"
    )]
    InvalidId(&'static str),
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
    /// A kind of email or event that is not named after the module, or is there twice.
    #[error("module `{module}` brings `{name}`, which is not `{module}.` and a name of its own")]
    Name {
        /// The module.
        module: &'static str,
        /// The kind.
        name: &'static str,
    },
    /// Two migrations of one name, or one that must not be in a transaction.
    #[error("module `{module}`: there are two migrations `{name}`, or it wants no transaction")]
    Migration {
        /// The module.
        module: &'static str,
        /// The name.
        name: String,
    },
    /// Two workers of one name.
    #[error("two workers are called `{0}`")]
    Worker(&'static str),
    /// A route that is never reached, for an earlier module serves its path.
    #[error("module `{module}`: `{path}` is never reached, for another module serves {earlier}")]
    Route {
        /// The later module.
        module: &'static str,
        /// Its method and path.
        path: String,
        /// The path that is served.
        earlier: String,
    },
    /// A method that is not served.
    #[error("module `{module}` serves {path} by another method than GET, POST, PUT, PATCH and DELETE")]
    Method {
        /// The module.
        module: &'static str,
        /// The path.
        path: String,
    },
    /// A limit on requests to what nobody serves.
    #[error("module `{module}` limits `{path}`, which nobody serves")]
    RateLimit {
        /// The module.
        module: &'static str,
        /// The path.
        path: &'static str,
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
        let id = module.id();
        if !is_id(id) {
            return Err(ModuleConflict::InvalidId(id));
        }
        if self.0.iter().any(|other| other.id() == id) {
            return Err(ModuleConflict::Id(id));
        }
        let mut known: Vec<_> = self.error_codes().map(|(_, code)| code).collect();
        for code in module.error_codes() {
            if known.iter().any(|other| other.code == code.code && other != code) {
                return Err(ModuleConflict::Code {
                    module: id,
                    code: code.code,
                });
            }
            known.push(*code);
        }
        check_names(id, module.emails().iter().copied())?;
        check_names(
            id,
            module.events().iter().filter_map(|kind| match kind {
                EventKind::Module(name) => Some(*name),
                _ => None,
            }),
        )?;
        let mut migrations = HashSet::new();
        for step in module.migrations() {
            if step.use_transaction() == Some(false) || !migrations.insert(step.name().to_owned()) {
                return Err(ModuleConflict::Migration {
                    module: id,
                    name: step.name().to_owned(),
                });
            }
        }
        self.0.push(module);
        Ok(())
    }

    /// Every error code with the module that declares it; none declares the general ones.
    pub fn error_codes(&self) -> impl Iterator<Item = (Option<&'static str>, ErrorCode)> {
        let general = crate::error::codes::ALL.iter().map(|code| (None, *code));
        let own = self.0.iter().flat_map(|module| {
            let id = module.id();
            module.error_codes().iter().map(move |code| (Some(id), *code))
        });
        general.chain(own)
    }

    /// The context of a server of these modules: with their permissions, and their hooks after those that are there.
    pub fn context(&self, mut ports: Ports, mut settings: Settings) -> Result<Context, PolicyError> {
        let permissions = self.0.iter().flat_map(|module| module.permissions());
        settings.access = settings.access.declaring(permissions)?;
        let without_hooks = Ports {
            hooks: Hooks::default(),
            ..ports.clone()
        };
        let context = Context::new(without_hooks, settings.clone());
        for module in &self.0 {
            ports.hooks.append(module.hooks(&context));
        }
        Ok(Context::new(ports, settings))
    }

    /// What the modules need in the database.
    #[must_use]
    pub fn migrations(&self) -> Vec<ModuleMigrations> {
        let all = self.0.iter().map(|module| ModuleMigrations {
            module: module.id(),
            steps: module.migrations(),
        });
        all.filter(|migrations| !migrations.steps.is_empty()).collect()
    }

    /// What the modules do in the background.
    pub fn workers(&self, context: &Context) -> Result<Vec<Arc<dyn Worker>>, ModuleConflict> {
        let workers: Vec<_> = self.0.iter().flat_map(|module| module.workers(context)).collect();
        let mut names = HashSet::new();
        match workers.iter().find(|worker| !names.insert(worker.name())) {
            Some(worker) => Err(ModuleConflict::Worker(worker.name())),
            None => Ok(workers),
        }
    }

    /// Registers all routes.
    pub(crate) fn register(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        for module in self.iter() {
            module.routes(context, config);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Module> {
        self.0.iter().map(|module| &**module)
    }
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    id.starts_with(|first: char| first.is_ascii_lowercase()) && id.bytes().all(plain)
}

fn check_names(
    module: &'static str,
    names: impl Iterator<Item = &'static str>,
) -> Result<(), ModuleConflict> {
    let mut known = HashSet::new();
    for name in names {
        let rest = name.strip_prefix(module).and_then(|rest| rest.strip_prefix('.'));
        if !rest.is_some_and(is_id) || !known.insert(name) {
            return Err(ModuleConflict::Name { module, name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
