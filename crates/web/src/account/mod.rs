//! Ways to sign in, over HTTP.

pub mod codes;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use doorward_application::Context;
use doorward_application::account::{ListAccounts, UnlinkAccount, UnlinkError};
use doorward_domain::AccountId;
use doorward_domain::account::Account;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::error::ApiError;
use crate::response::{ErrorReply, StatusReply, json, wire_date};
use crate::session::extract::{CachedFresh, CachedSession, EvenImpersonated};
use crate::{Body, ErrorCode, Module};
use codes::{ACCOUNT_NOT_FOUND, FAILED_TO_UNLINK_LAST_ACCOUNT};

/// Listing and removing ways to sign in.
pub(crate) struct AccountModule;

impl Module for AccountModule {
    fn id(&self) -> &'static str {
        "account"
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(ListAccounts::new(context.clone())))
            .app_data(Data::new(UnlinkAccount::new(context.clone())))
            .service(list_accounts)
            .service(unlink_account);
    }
}

/// A way to sign in, without any secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account)]
struct AccountReply {
    /// What names the account when it is to be unlinked.
    id: String,
    /// `credential` for a password, else the other provider.
    provider_id: String,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    updated_at: DateTime<Utc>,
    /// The identity at the provider.
    account_id: String,
    user_id: String,
    /// What the provider lets us do.
    scopes: Vec<String>,
}

impl From<&Account> for AccountReply {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.as_str().to_owned(),
            provider_id: account.provider_id.clone(),
            created_at: account.created_at,
            updated_at: account.updated_at,
            account_id: account.account_id.clone(),
            user_id: account.user_id.as_str().to_owned(),
            scopes: account.scopes().into_iter().map(str::to_owned).collect(),
        }
    }
}

/// The ways the caller can sign in.
#[utoipa::path(tag = "account",
    responses((status = 200, description = "Accounts, oldest first", body = [AccountReply]),
              (status = 401, description = "Nobody is signed in", body = ErrorReply)))]
#[get("/list-accounts")]
async fn list_accounts(
    caller: EvenImpersonated<CachedSession>,
    list: Data<ListAccounts>,
) -> Result<HttpResponse, ApiError> {
    let accounts = list.run(caller.request()).await?;
    let replies: Vec<AccountReply> = accounts.iter().map(AccountReply::from).collect();
    Ok(json(&replies))
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UnlinkAccountBody {
    /// The `id` of an account in `/list-accounts`.
    account_id: String,
}

/// Removes one of the caller's ways to sign in. Needs a fresh session.
#[utoipa::path(tag = "account", request_body = UnlinkAccountBody,
    responses((status = 200, description = "Done", body = StatusReply),
              (status = 400, description = "Unknown, or the last one", body = ErrorReply),
              (status = 401, description = "Nobody is signed in", body = ErrorReply),
              (status = 403, description = "The session is not fresh", body = ErrorReply)))]
#[post("/unlink-account")]
async fn unlink_account(
    body: Body<UnlinkAccountBody>,
    caller: CachedFresh,
    unlink: Data<UnlinkAccount>,
) -> Result<HttpResponse, ApiError> {
    unlink
        .run(caller.request(), &AccountId::from_stored(body.0.account_id))
        .await?;
    Ok(json(&StatusReply::DONE))
}

impl From<UnlinkError> for ApiError {
    fn from(error: UnlinkError) -> Self {
        match error {
            UnlinkError::WasLast => FAILED_TO_UNLINK_LAST_ACCOUNT.into(),
            UnlinkError::Unknown => ACCOUNT_NOT_FOUND.into(),
            UnlinkError::NotSignedIn(error) => error.into(),
            UnlinkError::Store(error) => error.into(),
        }
    }
}
