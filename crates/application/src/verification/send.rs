use doorward_domain::StoreError;
use doorward_domain::redirect::RedirectTarget;
use doorward_domain::user::{Email, User};

use super::VerificationLinks;
use crate::Context;

/// Why no verification email is sent.
#[derive(Debug, thiserror::Error)]
pub enum SendVerificationError {
    /// Verification emails are not configured.
    #[error("verification emails are not enabled")]
    NotEnabled,
    /// A signed-in user asked for an address that is not theirs.
    #[error("the address is not the caller's")]
    Mismatch,
    /// A signed-in user's address is verified already.
    #[error("the address is verified already")]
    AlreadyVerified,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mails a link that verifies an address.
#[derive(Clone, Debug)]
pub struct SendVerificationEmail {
    context: Context,
    links: VerificationLinks,
}

impl SendVerificationEmail {
    /// The use-case in this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            links: VerificationLinks::new(context.clone()),
            context,
        }
    }

    /// Refuses if verification emails are not configured.
    pub fn check_enabled(&self) -> Result<(), SendVerificationError> {
        let enabled = self.context.settings.email_verification.send_verification_email;
        if enabled {
            Ok(())
        } else {
            Err(SendVerificationError::NotEnabled)
        }
    }

    /// For somebody who is not signed in: mails the owner of the address, if there is one who has not verified it,
    /// and tells the caller nothing about that (EN-1).
    pub async fn for_anybody(
        &self,
        email: &Email,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), SendVerificationError> {
        self.check_enabled()?;
        match self.context.store().users().find_by_email(email).await? {
            Some(user) if !user.email_verified => self.mail(&user, callback).await,
            _ => Ok(()),
        }
    }

    /// For a signed-in user: mails the own address, which is the only one they may ask for.
    pub async fn for_user(
        &self,
        user: &User,
        email: &Email,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), SendVerificationError> {
        self.check_enabled()?;
        if user.email != *email {
            return Err(SendVerificationError::Mismatch);
        }
        if user.email_verified {
            return Err(SendVerificationError::AlreadyVerified);
        }
        self.mail(user, callback).await
    }

    async fn mail(
        &self,
        user: &User,
        callback: Option<&RedirectTarget>,
    ) -> Result<(), SendVerificationError> {
        let tx = self.context.store().begin().await?;
        self.links.mail_verification(&*tx, user, callback).await?;
        Ok(tx.commit().await?)
    }
}
