use chrono::{DateTime, Utc};
use doorward_domain::account::{Account, PasswordHash};
use doorward_domain::fields;
use doorward_domain::user::{Ban, Email, ImageUrl, User, UserName};
use doorward_domain::{AccountId, StoreError, Transaction, UserId};

use crate::Context;

/// Writes a user and, if there is a password, the account they sign in with: never one without the other (RE-2).
pub(crate) async fn insert_user(
    tx: &dyn Transaction,
    context: &Context,
    user: &User,
    hash: Option<PasswordHash>,
) -> Result<(), StoreError> {
    tx.users().insert(user).await?;
    let Some(hash) = hash else {
        return Ok(());
    };
    let id = AccountId::mint(user.created_at, context.entropy());
    tx.accounts()
        .insert(&Account::with_password(
            id,
            user.id.clone(),
            hash,
            user.created_at,
        ))
        .await
}

/// A user about to be registered.
pub(crate) fn new_user(
    context: &Context,
    name: UserName,
    email: Email,
    image: Option<ImageUrl>,
    now: DateTime<Utc>,
) -> User {
    let mut user = User::new(UserId::mint(now, context.entropy()), name, email, image, now);
    user.extra = fields::defaults(&context.settings.user_fields);
    if context.settings.admin.enabled {
        user.role = Some(context.settings.access.default_role());
        user.ban = Ban::none();
    }
    user
}
