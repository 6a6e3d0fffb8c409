//! Hooks: steps that a team adds, before the commit, where an error rolls everything back, or after it, where nothing can fail.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use doorward_domain::user::User;
use doorward_domain::{StoreError, Transaction, UserId};
use serde_json::Value;

/// The refusal of a hook, as the client reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    /// What programs go by; stable, in capitals with underscores.
    pub code: &'static str,
    /// What people read.
    pub message: Cow<'static, str>,
}

/// Why a hook stops an operation. Its transaction is rolled back.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The hook refuses.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Steps around an event that concerns a user.
///
/// A team whose tables are in the same database reaches the live transaction by a checked downcast, see
/// `doorward_adapters::sea_orm::SeaTransaction::of`.
#[async_trait]
pub trait Hook: Send + Sync {
    /// In the transaction, after what the event writes: an error undoes the event.
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        let _ = (tx, user);
        Ok(())
    }

    /// After the commit, before the answer: the event has happened, whatever becomes of this. Keep it short; what takes long
    /// or has to be tried again belongs into a queue that [`before_commit`](Self::before_commit) writes to.
    async fn after_commit(&self, user: &User) {
        let _ = user;
    }
}

/// What a team holds about users in tables of its own, for the export of everything held about a user (DT-2).
#[async_trait]
pub trait ExportPart: Send + Sync {
    /// The name of the part in the export: that of the module.
    fn name(&self) -> &'static str;

    /// What is held about the user, without secrets. It is read in the transaction that records the export; write nothing.
    async fn export(&self, tx: &dyn Transaction, user: &UserId) -> Result<Value, StoreError>;
}

/// The hooks of one event, in the order in which they run.
#[derive(Clone, Default)]
pub struct HookList(Vec<Arc<dyn Hook>>);

/// All hooks.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Around signing up by oneself, before the sign-in hooks where signing up signs in; not around users whom an administrator
    /// or an operator adds.
    pub sign_up: HookList,
    /// Around signing in, whatever the method: also where signing up or an emailed link signs in.
    pub sign_in: HookList,
    /// Around the removal of a user, by themselves or by an administrator; not around the purge after the retention.
    pub deletion: HookList,
    /// What is held about users besides Doorward's own.
    pub export: Vec<Arc<dyn ExportPart>>,
}

impl Hooks {
    /// Adds these behind those that are there.
    pub fn append(&mut self, other: Self) {
        let Self {
            sign_up,
            sign_in,
            deletion,
            export,
        } = other;
        self.sign_up.0.extend(sign_up.0);
        self.sign_in.0.extend(sign_in.0);
        self.deletion.0.extend(deletion.0);
        self.export.extend(export);
    }
}

impl HookList {
    /// How many hooks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a hook. It runs after those that were added before.
    pub fn push(&mut self, hook: Arc<dyn Hook>) {
        self.0.push(hook);
    }

    pub(crate) async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        for hook in &self.0 {
            hook.before_commit(tx, user).await?;
        }
        Ok(())
    }

    pub(crate) async fn after_commit(&self, user: &User) {
        for hook in &self.0 {
            hook.after_commit(user).await;
        }
    }
}
