//! Cancels the links that were mailed to a user.

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::session::TokenStorage;
use doorward_domain::user::User;
use doorward_domain::verification::{EmailClaims, Purpose, Verification, VerificationKey};
use doorward_domain::{Locked, StoreError, Transaction, UserId};

use crate::Context;

/// How long a mark is kept, and so the age from which no signed link is honoured: the mark that would void it may be gone.
const KEPT: TimeDelta = TimeDelta::days(365);

/// Cancels all links that were mailed to the user, where `Security::cancel_older_links` says so (TK-5).
pub(crate) async fn cancel_links(
    tx: &dyn Transaction,
    context: &Context,
    user: &Locked<User>,
) -> Result<(), StoreError> {
    if context.settings.security.cancel_older_links {
        cancel_all_links(tx, context, user).await?;
    }
    Ok(())
}

/// Cancels all links that were mailed to the user, whatever the settings say: removes those that are rows, and leaves a mark
/// that voids those that are signed.
pub(crate) async fn cancel_all_links(
    tx: &dyn Transaction,
    context: &Context,
    user: &Locked<User>,
) -> Result<(), StoreError> {
    let purposes = [&Purpose::LINKS[..], &[Purpose::LinksCancelled]].concat();
    tx.verifications().cancel(&user.id, &purposes).await?;
    let mark = Verification::new(
        &key(&user.id),
        TokenStorage::Digest,
        user.id.clone(),
        user.id.to_string(),
        KEPT,
        context.now(),
        context.entropy(),
    );
    tx.verifications().insert(&mark).await
}

/// When the user's links were cancelled last.
pub(super) async fn cancelled_at(
    tx: &dyn Transaction,
    user: &UserId,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mark = tx.verifications().find(&key(user)).await?;
    Ok(mark.map(|mark| mark.created_at))
}

/// Whether a signed link was made before the user's links were cancelled, or could have been. It says when it was made in whole
/// seconds, so the second of the cancelling counts as before.
pub(super) async fn voids_signed(
    tx: &dyn Transaction,
    context: &Context,
    user: &Locked<User>,
    claims: &EmailClaims,
) -> Result<bool, StoreError> {
    if context.settings.security.cancel_older_links && claims.issued_at + KEPT <= context.now() {
        return Ok(true);
    }
    let cancelled = cancelled_at(tx, &user.id).await?;
    Ok(cancelled.is_some_and(|cancelled| claims.issued_at <= cancelled))
}

fn key(user: &UserId) -> VerificationKey {
    VerificationKey::of_user(Purpose::LinksCancelled, user)
}
