use chrono::{DateTime, Utc};
use doorward_application::settings::Settings;
use doorward_domain::fields::FieldValues;
use doorward_domain::session::{Authentication, Session, StoredToken};
use doorward_domain::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::body::given;
use crate::fields;
use crate::response::wire_date;

/// A session as clients see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionReply {
    /// The moment from which the session is worth nothing.
    #[serde(with = "wire_date")]
    pub(crate) expires_at: DateTime<Utc>,
    /// Of the own session: its token. In lists: what names the session when it is to be revoked.
    pub(crate) token: String,
    /// When the user signed in.
    #[serde(with = "wire_date")]
    pub(crate) created_at: DateTime<Utc>,
    /// When the session was last extended.
    #[serde(with = "wire_date")]
    pub(crate) updated_at: DateTime<Utc>,
    /// Where it was opened from; empty if unknown.
    pub(crate) ip_address: Option<String>,
    /// The browser it was opened by.
    pub(crate) user_agent: Option<String>,
    /// Whose session it is.
    pub(crate) user_id: String,
    /// The administrator who uses it in the user's place. Only with `admin.enabled`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub(crate) impersonated_by: Option<Option<String>>,
    /// Opaque.
    pub(crate) id: String,
    /// The fields of `session.additional_fields`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub(crate) extra: Map<String, Value>,
}

impl SessionReply {
    pub(crate) fn new(session: &Session, token: &str, settings: &Settings) -> Self {
        let by = session.impersonated_by.as_ref();
        Self {
            extra: fields::shown(&settings.session_fields, &session.extra),
            impersonated_by: settings.admin.enabled.then(|| by.map(ToString::to_string)),
            expires_at: session.expires_at,
            token: token.to_owned(),
            created_at: session.created_at,
            updated_at: session.updated_at,
            ip_address: session.ip_address.clone(),
            user_agent: session.user_agent.clone(),
            user_id: session.user_id.as_str().to_owned(),
            id: session.id.as_str().to_owned(),
        }
    }
}

impl SessionReply {
    /// The session in a cached answer. What is in a column of a plugin that is off is an application's field of that name.
    pub(crate) fn cached(reply: Value, settings: &Settings) -> Option<Session> {
        let extra = fields::cached(&settings.session_fields, &reply);
        let mut session = Session::from(serde_json::from_value::<Self>(reply).ok()?);
        if !settings.admin.enabled {
            session.impersonated_by = None;
        }
        session.extra = extra;
        Some(session)
    }
}

impl From<SessionReply> for Session {
    fn from(reply: SessionReply) -> Self {
        Self {
            id: SessionId::from_stored(reply.id),
            user_id: UserId::from_stored(reply.user_id),
            token: StoredToken::from_stored(reply.token),
            expires_at: reply.expires_at,
            created_at: reply.created_at,
            updated_at: reply.updated_at,
            ip_address: reply.ip_address,
            user_agent: reply.user_agent,
            extra: FieldValues::new(),
            impersonated_by: reply.impersonated_by.flatten().map(UserId::from_stored),
            authentication: Authentication::unknown(reply.created_at),
            lifetime: None,
            imported_at: None,
        }
    }
}
