use chrono::{DateTime, Utc};
use doorward_application::export::{ExportedEvent, Held, HeldEmail, HeldVerification, UserExport};
use doorward_application::settings::Settings;
use doorward_domain::AccountId;
use doorward_domain::account::Account;
use doorward_domain::device::Device;
use doorward_domain::fields::{FieldSpec, FieldValues};
use doorward_domain::session::{Lifetime, Session};
use doorward_domain::user::{Ban, User};
use doorward_domain::verification::Purpose;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fields;
use crate::response::{WireDate, wire_date};

/// Everything held about a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserExport)]
pub(crate) struct UserExportReply {
    /// When it was read.
    #[serde(with = "wire_date")]
    exported_at: DateTime<Utc>,
    user: ExportedUser,
    /// The ways to sign in.
    accounts: Vec<ExportedAccount>,
    /// All sessions, expired ones too.
    sessions: Vec<ExportedSession>,
    /// Sessions in which the user impersonates others.
    impersonations: Vec<ExportedImpersonation>,
    /// Browsers in which the user signed in.
    devices: Vec<ExportedDevice>,
    /// Links that were mailed, and marks, without tokens.
    verifications: Vec<ExportedVerification>,
    /// Emails that wait to be sent, without their text.
    emails: Vec<ExportedEmail>,
    /// What modules hold, by their names.
    #[schema(value_type = Object)]
    modules: Map<String, Value>,
    /// What happened to the user, then what the user did to others.
    // The last field: `stream` writes the events after the rest.
    audit_events: Vec<AuditEventReply>,
}

/// The row of the user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedUser {
    id: String,
    name: String,
    email: String,
    email_verified: bool,
    image: Option<String>,
    username: Option<String>,
    display_username: Option<String>,
    role: Option<String>,
    banned: Option<bool>,
    ban_reason: Option<String>,
    #[schema(value_type = Option<String>)]
    ban_expires: Option<WireDate>,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    updated_at: DateTime<Utc>,
    #[schema(value_type = Option<String>)]
    deleted_at: Option<WireDate>,
    /// The address before the deletion.
    deleted_email: Option<String>,
    /// The username before the deletion.
    deleted_username: Option<String>,
    /// The fields of `user.additional_fields`.
    #[schema(value_type = Object)]
    additional_fields: Map<String, Value>,
    /// The names of fields that have a value and are never shown.
    withheld_fields: Vec<String>,
}

/// A way to sign in, without its secrets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedAccount {
    id: String,
    provider_id: String,
    account_id: String,
    scopes: Vec<String>,
    /// Whether the hash of a password is kept.
    has_password: bool,
    /// Whether tokens of the provider are kept.
    has_provider_tokens: bool,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    updated_at: DateTime<Utc>,
}

/// A session, without its token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedSession {
    id: String,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    updated_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    expires_at: DateTime<Utc>,
    /// Where it was opened from; not of an impersonation.
    ip_address: Option<String>,
    /// The browser; not of an impersonation.
    user_agent: Option<String>,
    /// Whether an administrator has it, in the user's place.
    impersonated: bool,
    /// How the user signed in, by names of RFC 8176.
    methods: Vec<String>,
    #[serde(with = "wire_date")]
    authenticated_at: DateTime<Utc>,
    /// Whether it ends with the browser, if that is known.
    browser_session: Option<bool>,
    /// The fields of `session.additional_fields`.
    #[schema(value_type = Object)]
    additional_fields: Map<String, Value>,
    /// The names of fields that have a value and are never shown.
    withheld_fields: Vec<String>,
}

/// A session in which the user impersonates somebody else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedImpersonation {
    id: String,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    expires_at: DateTime<Utc>,
    ip_address: Option<String>,
    user_agent: Option<String>,
}

/// A browser in which the user signed in, without its token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedDevice {
    id: String,
    #[serde(with = "wire_date")]
    first_seen: DateTime<Utc>,
    #[serde(with = "wire_date")]
    last_seen: DateTime<Utc>,
}

/// A row about a link that was mailed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedVerification {
    /// `reset-password`, `delete-account`, `verify-email`, `used-link`, `sign-up-notice`, `username-hold`, `links-cancelled` or `other`.
    purpose: &'static str,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    #[serde(with = "wire_date")]
    expires_at: DateTime<Utc>,
}

/// An email that waits to be sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExportedEmail {
    /// What it is about.
    kind: String,
    #[serde(with = "wire_date")]
    created_at: DateTime<Utc>,
    /// How often sending it failed.
    attempts: u32,
}

/// An audit event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExportedEvent)]
pub(super) struct AuditEventReply {
    #[serde(with = "wire_date")]
    at: DateTime<Utc>,
    kind: String,
    /// `success` or `denied`.
    outcome: String,
    /// Who did it: `self`, `other`, `operator`, `system` or `anonymous`.
    by: String,
    /// To whom: `self` or `other`; `null` if it is about no user.
    about: Option<&'static str>,
    /// Where the request came from; `null` if somebody else sent it.
    ip_address: Option<String>,
    /// The browser; `null` if it is somebody else's.
    user_agent: Option<String>,
    /// More about it.
    details: Option<String>,
}

impl UserExportReply {
    /// The export without its events.
    pub(super) fn without_events(export: &UserExport, settings: &Settings) -> Self {
        let Held {
            user,
            accounts,
            with_provider_tokens,
            sessions,
            impersonations,
            devices,
            verifications,
            emails,
            modules,
        } = &export.held;
        Self {
            exported_at: export.at,
            user: ExportedUser::new(user, settings),
            accounts: accounts
                .iter()
                .map(|account| ExportedAccount::new(account, with_provider_tokens))
                .collect(),
            sessions: sessions
                .iter()
                .map(|session| ExportedSession::new(session, settings))
                .collect(),
            impersonations: impersonations.iter().map(ExportedImpersonation::from).collect(),
            devices: devices.iter().map(ExportedDevice::from).collect(),
            verifications: verifications.iter().map(ExportedVerification::from).collect(),
            emails: emails.iter().map(ExportedEmail::from).collect(),
            modules: modules
                .iter()
                .map(|(name, part)| ((*name).to_owned(), part.clone()))
                .collect(),
            audit_events: Vec::new(),
        }
    }
}

/// The values of the application's fields, and the names of those that are not shown.
fn additional(specs: &[FieldSpec], values: &FieldValues) -> (Map<String, Value>, Vec<String>) {
    let withheld = specs.iter().filter(|spec| !spec.returned);
    let withheld = withheld.filter(|spec| values.contains_key(spec.name.as_str()));
    (
        fields::shown(specs, values),
        withheld.map(|spec| spec.name.to_string()).collect(),
    )
}

impl ExportedUser {
    fn new(user: &User, settings: &Settings) -> Self {
        let User {
            id,
            name,
            email,
            email_verified,
            image,
            username,
            display_username,
            extra,
            role,
            ban:
                Ban {
                    banned,
                    reason,
                    expires_at,
                },
            created_at,
            updated_at,
            deleted_at,
            deleted_email,
            deleted_username,
        } = user;
        let (additional_fields, withheld_fields) = additional(&settings.user_fields, extra);
        Self {
            id: id.to_string(),
            name: name.to_string(),
            email: email.to_string(),
            email_verified: *email_verified,
            image: image.as_ref().map(|image| image.as_str().to_owned()),
            username: username.as_ref().map(ToString::to_string),
            display_username: display_username.clone(),
            role: role.as_ref().map(|role| role.as_str().to_owned()),
            banned: *banned,
            ban_reason: reason.clone(),
            ban_expires: expires_at.map(WireDate),
            created_at: *created_at,
            updated_at: *updated_at,
            deleted_at: deleted_at.map(WireDate),
            deleted_email: deleted_email.as_ref().map(ToString::to_string),
            deleted_username: deleted_username.as_ref().map(ToString::to_string),
            additional_fields,
            withheld_fields,
        }
    }
}

impl ExportedAccount {
    fn new(account: &Account, with_provider_tokens: &[AccountId]) -> Self {
        Self {
            id: account.id.to_string(),
            provider_id: account.provider_id.clone(),
            account_id: account.account_id.clone(),
            scopes: account.scopes().into_iter().map(str::to_owned).collect(),
            has_password: account.password.is_some(),
            has_provider_tokens: with_provider_tokens.contains(&account.id),
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

impl ExportedSession {
    fn new(session: &Session, settings: &Settings) -> Self {
        let (additional_fields, withheld_fields) = additional(&settings.session_fields, &session.extra);
        let impersonated = session.impersonated_by.is_some();
        // Address and browser of an impersonation are the administrator's.
        let own = |text: &Option<String>| text.clone().filter(|_| !impersonated);
        Self {
            id: session.id.to_string(),
            created_at: session.created_at,
            updated_at: session.updated_at,
            expires_at: session.expires_at,
            ip_address: own(&session.ip_address),
            user_agent: own(&session.user_agent),
            impersonated,
            methods: session
                .authentication
                .methods
                .iter()
                .map(|method| method.name().to_owned())
                .collect(),
            authenticated_at: session.authentication.at,
            browser_session: session.lifetime.map(|it| it == Lifetime::BrowserSession),
            additional_fields,
            withheld_fields,
        }
    }
}

impl From<&Session> for ExportedImpersonation {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            ip_address: session.ip_address.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

impl From<&Device> for ExportedDevice {
    fn from(device: &Device) -> Self {
        let Device {
            id,
            user_id: _,
            digest: _,
            first_seen,
            last_seen,
        } = device;
        Self {
            id: id.clone(),
            first_seen: *first_seen,
            last_seen: *last_seen,
        }
    }
}

impl From<&HeldVerification> for ExportedVerification {
    fn from(row: &HeldVerification) -> Self {
        Self {
            purpose: match row.purpose {
                Some(Purpose::ResetPassword) => "reset-password",
                Some(Purpose::DeleteAccount) => "delete-account",
                Some(Purpose::VerifyEmail) => "verify-email",
                Some(Purpose::Consumed) => "used-link",
                Some(Purpose::SignUpNotice) => "sign-up-notice",
                Some(Purpose::UsernameHold) => "username-hold",
                Some(Purpose::LinksCancelled) => "links-cancelled",
                None => "other",
            },
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

impl From<&HeldEmail> for ExportedEmail {
    fn from(email: &HeldEmail) -> Self {
        Self {
            kind: email.kind.clone(),
            created_at: email.created_at,
            attempts: email.attempts,
        }
    }
}

impl From<ExportedEvent> for AuditEventReply {
    fn from(event: ExportedEvent) -> Self {
        let ExportedEvent {
            at,
            kind,
            outcome,
            by,
            about,
            ip_address,
            user_agent,
            details,
        } = event;
        Self {
            at,
            kind,
            outcome,
            by,
            about,
            ip_address,
            user_agent,
            details,
        }
    }
}
