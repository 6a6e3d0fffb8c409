use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::account::PasswordHash;
use doorward_domain::account::{Account, AccountRepository, CREDENTIAL_PROVIDER, Unlinked};
use doorward_domain::fields::{FieldValue, FieldValues};
use doorward_domain::{AccountId, Changed, StoreError, UserId};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, UpdateMany,
};

use super::SeaRepositories;
use super::error::store_error;
use super::row::account_row::{ActiveModel, Column, Entity};
use super::schema::has_column;

/// By which Better Auth 1.7.0 to 1.7.2 find the account that has the password.
const LOCAL_ISSUER: &str = "local:credential";

/// Columns of Better Auth for tokens of other providers. A schema that a team made may lack them.
const PROVIDER_TOKENS: [&str; 3] = ["accessToken", "refreshToken", "idToken"];

/// The account that signs in by the user's password: its name at the provider, which is the user's own store, is the user's
/// id. A row with another name is not about this user's password.
fn credential(user: &UserId) -> Condition {
    Condition::all()
        .add(Column::UserId.eq(user.as_str()))
        .add(Column::AccountId.eq(user.as_str()))
        .add(Column::ProviderId.eq(CREDENTIAL_PROVIDER))
}

impl<C: ConnectionTrait> SeaRepositories<C> {
    fn set_password_of(
        &self,
        user: &UserId,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> UpdateMany<Entity> {
        Entity::update_many()
            .col_expr(Column::Password, Expr::value(password.expose()))
            .col_expr(Column::UpdatedAt, Expr::value(self.at(now)))
            .filter(credential(user))
    }

    /// Whether accounts have an issuer, as those of Better Auth 1.7.0 to 1.7.2 have. Looked up each time: Better Auth, running
    /// beside, may add the column at any time.
    async fn has_issuer(&self) -> Result<bool, StoreError> {
        let has = has_column(&self.connection, "account", "issuer").await;
        has.map_err(store_error)
    }

    async fn update_account(&self, update: UpdateMany<Entity>) -> Result<Changed, StoreError> {
        let outcome = update.exec(&self.connection).await.map_err(store_error)?;
        Ok(Changed::by_count(outcome.rows_affected))
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync + 'static> AccountRepository for SeaRepositories<C> {
    async fn insert(&self, account: &Account) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(account.id.to_string()),
            user_id: Set(account.user_id.to_string()),
            provider_id: Set(account.provider_id.clone()),
            account_id: Set(account.account_id.clone()),
            scope: Set(account.scope.clone()),
            password: Set(account
                .password
                .as_ref()
                .map(|password| password.expose().to_owned())),
            created_at: Set(self.at(account.created_at)),
            updated_at: Set(Some(self.at(account.updated_at))),
        };
        let mut issuer = FieldValues::new();
        if account.provider_id == CREDENTIAL_PROVIDER && self.has_issuer().await? {
            issuer.insert("issuer".to_owned(), FieldValue::Text(LOCAL_ISSUER.to_owned()));
        }
        self.insert_row("account", &row, &issuer).await
    }

    async fn hashes<'a>(
        &self,
        after: Option<&'a AccountId>,
        limit: u64,
    ) -> Result<Vec<(AccountId, PasswordHash)>, StoreError> {
        let mut select = Entity::find()
            .select_only()
            .column(Column::Id)
            .column(Column::Password)
            .filter(Column::Password.is_not_null());
        if let Some(after) = after {
            select = select.filter(Column::Id.gt(after.as_str()));
        }
        let page = select.order_by_asc(Column::Id).limit(limit);
        let page = page.into_tuple::<(String, String)>().all(&self.connection).await;
        let pairs = page.map_err(store_error)?.into_iter();
        Ok(pairs
            .map(|(id, hash)| (AccountId::from_stored(id), PasswordHash::from_stored(hash)))
            .collect())
    }

    async fn find_credential(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        let row = self.row(Entity::find().filter(credential(user))).await?;
        Ok(row.map(Account::from))
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        let select = Entity::find().filter(Column::UserId.eq(user.as_str()));
        let oldest_first = select.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
        let rows = self.rows(oldest_first).await?;
        Ok(rows.into_iter().map(Account::from).collect())
    }

    async fn with_provider_tokens(&self, user: &UserId) -> Result<Vec<AccountId>, StoreError> {
        let mut has_token = Condition::any();
        for column in PROVIDER_TOKENS {
            let exists = has_column(&self.connection, "account", column).await;
            if exists.map_err(store_error)? {
                has_token = has_token.add(Expr::col(column).is_not_null());
            }
        }
        if has_token.is_empty() {
            return Ok(Vec::new());
        }
        let ids = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::UserId.eq(user.as_str()))
            .filter(has_token)
            .order_by_asc(Column::Id)
            .into_tuple::<String>()
            .all(&self.connection)
            .await
            .map_err(store_error)?;
        Ok(ids.into_iter().map(AccountId::from_stored).collect())
    }

    async fn set_password(
        &self,
        user: &UserId,
        password: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        self.update_account(self.set_password_of(user, password, now))
            .await
    }

    async fn replace_password(
        &self,
        user: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<Changed, StoreError> {
        let update = self
            .set_password_of(user, to, now)
            .filter(Column::Password.eq(from.expose()));
        self.update_account(update).await
    }

    async fn unlink(
        &self,
        user: &UserId,
        account: &AccountId,
        allow_last: bool,
    ) -> Result<Unlinked, StoreError> {
        let accounts = AccountRepository::list(self, user).await?;
        if accounts.len() <= 1 && !allow_last {
            return Ok(Unlinked::WasLast);
        }
        let one = Entity::delete_many()
            .filter(Column::Id.eq(account.as_str()))
            .filter(Column::UserId.eq(user.as_str()));
        let outcome = one.exec(&self.connection).await.map_err(store_error)?;
        Ok(if outcome.rows_affected > 0 {
            Unlinked::Done
        } else {
            Unlinked::Unknown
        })
    }
}
