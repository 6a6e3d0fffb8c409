use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use doorward_domain::password::{HashError, HashForm, PasswordHash};
use doorward_domain::{AccountId, BoxError, RequestContext, StoreError};

use crate::{Context, Progress, Worker};

/// How often all hashes are looked at.
const PAUSE: Duration = Duration::from_hours(1);

/// Why the hasher did not learn which hashes are in use.
#[derive(Debug, thiserror::Error)]
pub enum LearnHashesError {
    /// A hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells the hasher which password hashes are in use, so that a refused sign-in takes as long as with the dearest of them
/// (EN-3): users of other servers are imported with theirs, and get a new one at their next sign-in.
#[derive(Debug)]
pub struct LearnPasswordHashes {
    context: Context,
    pass: Mutex<Pass>,
}

/// How far a look at all hashes has come.
#[derive(Debug, Default)]
struct Pass {
    after: Option<AccountId>,
    /// One hash of each form.
    found: BTreeMap<HashForm, PasswordHash>,
}

impl LearnPasswordHashes {
    /// Hashes that one run looks at.
    pub const BATCH: u64 = 500;
    /// So many forms are told apart. A store has a few.
    const MOST_FORMS: usize = 64;

    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            context,
            pass: Mutex::default(),
        }
    }

    /// Looks at the next hashes. After the last ones the hasher is told, and it begins anew.
    pub async fn run(&self, _request: &RequestContext) -> Result<Progress, LearnHashesError> {
        let after = self.with_pass(|pass| pass.after.clone());
        let accounts = self.context.store().accounts();
        let page = accounts.hashes(after.as_ref(), Self::BATCH).await?;
        let last = page.last().map(|(id, _)| id.clone());
        self.with_pass(|pass| {
            for (_, hash) in page {
                let Some(form) = HashForm::of(&hash) else {
                    continue;
                };
                if pass.found.len() < Self::MOST_FORMS {
                    pass.found.entry(form).or_insert(hash);
                }
            }
            pass.after.clone_from(&last);
        });
        if last.is_some() {
            return Ok(Progress::More);
        }
        let found = self.with_pass(std::mem::take).found;
        let in_use: Vec<_> = found.into_values().collect();
        self.context.ports.hasher.learn(&in_use).await?;
        Ok(Progress::Done)
    }

    fn with_pass<T>(&self, change: impl FnOnce(&mut Pass) -> T) -> T {
        change(&mut self.pass.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Worker for LearnPasswordHashes {
    fn name(&self) -> &'static str {
        "learn_password_hashes"
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    async fn run(&self, request: &RequestContext) -> Result<Progress, BoxError> {
        Ok(Self::run(self, request).await?)
    }
}
