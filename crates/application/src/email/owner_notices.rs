use doorward_domain::email::{Circumstances, EmailKind, EmailMessage};
use doorward_domain::user::{Email, User};
use doorward_domain::{Secret, StoreError, Transaction};

use super::{OutboxWriter, Written};
use crate::Context;

/// Tells the owner of an account by email what was done to it (ML-3), in the transaction that did it.
#[derive(Clone, Debug)]
pub(crate) struct OwnerNotices {
    context: Context,
    outbox: OutboxWriter,
}

impl OwnerNotices {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            outbox: OutboxWriter::new(context.clone()),
            context,
        }
    }

    /// About an act on the account. The email goes to the address that `owner` has, which after a change is the old one.
    pub(crate) async fn of_act(
        &self,
        tx: &dyn Transaction,
        owner: &User,
        kind: impl FnOnce(Circumstances) -> EmailKind + Send,
    ) -> Result<(), StoreError> {
        if !self.context.settings.security.mail_owner {
            return Ok(());
        }
        let circumstances = Circumstances::of_act(tx.request(), &owner.id);
        self.write(tx, owner, circumstances, kind).await
    }

    /// That an administrator impersonates the owner.
    pub(crate) async fn of_impersonation(
        &self,
        tx: &dyn Transaction,
        owner: &User,
    ) -> Result<(), StoreError> {
        if !self.context.settings.security.mail_impersonation {
            return Ok(());
        }
        let kind = |circumstances| EmailKind::ImpersonationStarted { circumstances };
        self.of_act(tx, owner, kind).await
    }

    /// That somebody signed in with a browser that is not known.
    pub(crate) async fn of_new_device(&self, tx: &dyn Transaction, owner: &User) -> Result<(), StoreError> {
        if !self.context.settings.security.mail_new_device {
            return Ok(());
        }
        let circumstances = Circumstances::of_sign_in(tx.request());
        let kind = |circumstances| EmailKind::NewDevice { circumstances };
        self.write(tx, owner, circumstances, kind).await
    }

    async fn write(
        &self,
        tx: &dyn Transaction,
        owner: &User,
        circumstances: Circumstances,
        kind: impl FnOnce(Circumstances) -> EmailKind + Send,
    ) -> Result<(), StoreError> {
        if owner.email == Email::tombstone(&owner.id) {
            return Ok(());
        }
        // An address that nobody verified may be a stranger's, who is not to learn where the user is.
        let circumstances = if owner.email_verified {
            circumstances
        } else {
            circumstances.without_client()
        };
        let message = EmailMessage {
            kind: kind(circumstances),
            to: owner.email.clone(),
            name: owner.name.clone(),
            link: Secret::new(self.context.settings.base_url.to_string()),
        };
        // Who got five of a kind within the hour knows.
        let (Written::Queued | Written::OverLimit) = self.outbox.write(tx, &message).await?;
        Ok(())
    }
}
