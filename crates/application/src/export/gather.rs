use doorward_domain::audit::{Event, EventKind};
use doorward_domain::email::EmailKind;
use doorward_domain::user::User;
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{StoreError, Transaction};
use serde_json::Value;

use super::{Held, HeldEmail, HeldVerification, UserExport};
use crate::Context;
use crate::email::open_waiting;

/// How many emails are in memory at a time.
const EMAILS: u64 = 100;

/// What was read in the transaction that records the export.
pub(crate) struct Gathered {
    user: User,
    modules: Vec<(&'static str, Value)>,
}

impl Gathered {
    /// Reads what modules hold, records the export, and commits. Nothing is shown that was not recorded (AU-1).
    pub(crate) async fn record(
        tx: Box<dyn Transaction>,
        context: &Context,
        user: User,
    ) -> Result<Self, StoreError> {
        let mut modules = Vec::new();
        for part in &context.ports.hooks.export {
            modules.push((part.name(), part.export(&*tx, &user.id).await?));
        }
        tx.record(Event::of(EventKind::DataExported, &user.id)).await?;
        tx.commit().await?;
        Ok(Self { user, modules })
    }
}

/// Reads the rest, outside of a transaction: nobody waits for an export.
pub(crate) async fn gather(context: &Context, gathered: Gathered) -> Result<UserExport, StoreError> {
    let Gathered { user, modules } = gathered;
    let store = context.store();
    let verifications = store.verifications().list(&user.id).await?;
    let held = Held {
        accounts: store.accounts().list(&user.id).await?,
        with_provider_tokens: store.accounts().with_provider_tokens(&user.id).await?,
        sessions: store.sessions().list_all(&user.id).await?,
        impersonations: store.sessions().list_impersonations(&user.id).await?,
        devices: store.devices().list(&user.id).await?,
        verifications: verifications.into_iter().map(HeldVerification::from).collect(),
        emails: emails(context, &user).await?,
        modules,
        user,
    };
    Ok(UserExport::new(context, held))
}

/// The emails that wait for one of the addresses of the user. Who they are for is sealed, so each is opened.
async fn emails(context: &Context, user: &User) -> Result<Vec<HeldEmail>, StoreError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = context.store().outbox().list(after, EMAILS).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = Some(last.id.clone());
        for waiting in page {
            // What another secret sealed says nothing of its recipient.
            let Some(message) = open_waiting(&waiting, context) else {
                continue;
            };
            if message.to == user.email || user.deleted_email.as_ref() == Some(&message.to) {
                found.push(HeldEmail {
                    kind: match &message.kind {
                        EmailKind::Custom(email) => email.kind().to_owned(),
                        kind => kind.to_stored().0.to_owned(),
                    },
                    created_at: waiting.created_at,
                    attempts: waiting.attempts,
                });
            }
        }
    }
}

impl From<Verification> for HeldVerification {
    fn from(row: Verification) -> Self {
        let mut purposes = Purpose::ALL.into_iter();
        Self {
            purpose: purposes.find(|purpose| row.identifier.starts_with(purpose.prefix())),
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}
