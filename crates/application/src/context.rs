use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use doorward_domain::password::{CommonPasswords, PasswordHasher};
use doorward_domain::session::SessionCache;
use doorward_domain::verification::EmailTokenCodec;
use doorward_domain::{Clock, Entropy, Sealer, Store};

use crate::hooks::Hooks;
use crate::settings::Settings;

/// What the outside provides.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Remembers who holds a token.
    pub session_cache: Arc<dyn SessionCache>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Knows the passwords everybody uses.
    pub common_passwords: Arc<dyn CommonPasswords>,
    /// Signs and reads Better Auth's verification tokens.
    pub email_tokens: Arc<dyn EmailTokenCodec>,
    /// Seals emails in the outbox.
    pub sealer: Arc<dyn Sealer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes random values.
    pub entropy: Arc<dyn Entropy>,
    /// What a team does beside.
    pub hooks: Hooks,
}

/// The ports a use-case works through and the settings it obeys. Cheap to clone.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

/// What a [`Context`] points to.
pub struct Inner {
    /// What the outside provides.
    pub ports: Ports,
    /// What the operator decided.
    pub settings: Settings,
}

impl Context {
    /// Brings ports and settings together.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self(Arc::new(Inner { ports, settings }))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.ports.clock.now()
    }

    /// Where everything is kept.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.ports.store
    }

    /// Where random values come from.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }
}

impl Deref for Context {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
