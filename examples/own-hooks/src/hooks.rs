use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use doorward_application::hooks::{Hook, HookError, Rejection};
use doorward_domain::Transaction;
use doorward_domain::user::User;

/// Before the commit: lets only those sign up whose address is the company's. Nothing of a refused sign-up is kept.
pub(crate) struct ColleaguesOnly {
    pub(crate) domain: String,
}

#[async_trait]
impl Hook for ColleaguesOnly {
    async fn before_commit(&self, _: &dyn Transaction, user: &User) -> Result<(), HookError> {
        match user.email.as_str().rsplit_once('@') {
            Some((_, domain)) if domain == self.domain => Ok(()),
            _ => Err(Rejection {
                code: "NOT_A_COLLEAGUE",
                message: format!("Only addresses of {} can sign up", self.domain).into(),
            }
            .into()),
        }
    }
}

/// After the commit: counts who came in.
#[derive(Default)]
pub(crate) struct Doorbell {
    pub(crate) rung: AtomicUsize,
}

#[async_trait]
impl Hook for Doorbell {
    async fn after_commit(&self, _: &User) {
        self.rung.fetch_add(1, Ordering::Relaxed);
    }
}

/// In the transaction, with its repositories: nobody leaves who is signed in elsewhere, too.
pub(crate) struct NoticePeriod;

#[async_trait]
impl Hook for NoticePeriod {
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        if tx.sessions().list_all(&user.id).await?.len() > 1 {
            let message = "Sign out everywhere else first".into();
            return Err(Rejection {
                code: "STILL_SIGNED_IN",
                message,
            }
            .into());
        }
        Ok(())
    }
}
