use chrono::{DateTime, Utc};
use doorward_domain::account::Account;
use doorward_domain::audit::{AuditEvent, EventPosition, Involvement};
use doorward_domain::device::Device;
use doorward_domain::session::Session;
use doorward_domain::user::User;
use doorward_domain::verification::Purpose;
use doorward_domain::{AccountId, StoreError, UserId};
use serde_json::Value;

use crate::Context;

/// Everything held about a user. Audit events, of which there may be very many, are read page by page.
#[derive(Debug)]
pub struct UserExport {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// What was read.
    pub held: Held,
    events: Events,
}

/// A row of a single-use token, without the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldVerification {
    /// What it is for; none if only Better Auth knows.
    pub purpose: Option<Purpose>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// An email that waits to be sent, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldEmail {
    /// The name of its kind.
    pub kind: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// How often sending it failed.
    pub attempts: u32,
}

/// An audit event as the user may see it: what it says of somebody else is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: String,
    /// Whether it was done.
    pub outcome: String,
    /// Who did it: `self`, `other`, `operator`, `system` or `anonymous`.
    pub by: String,
    /// To whom: `self` or `other`; none if it is about no user.
    pub about: Option<&'static str>,
    /// Where the request came from, unless somebody else sent it.
    pub ip_address: Option<String>,
    /// The browser, unless it is somebody else's.
    pub user_agent: Option<String>,
    /// More about it, if it is about the user.
    pub details: Option<String>,
}

/// Where reading of the events has arrived.
#[derive(Debug)]
struct Events {
    context: Context,
    user: UserId,
    /// What is left to be read, the next first.
    involvements: &'static [Involvement],
    after: Option<EventPosition>,
}

/// What is held about a user, besides audit events.
#[derive(Debug)]
pub struct Held {
    /// The user, deleted or not.
    pub user: User,
    /// The ways to sign in. They have hashes, which are not to be shown.
    pub accounts: Vec<Account>,
    /// The ids of accounts with tokens of another provider.
    pub with_provider_tokens: Vec<AccountId>,
    /// All sessions, expired ones too, and those in which an administrator impersonates the user. They have digests of tokens, which are not to be shown.
    pub sessions: Vec<Session>,
    /// The sessions in which the user impersonates others.
    pub impersonations: Vec<Session>,
    /// The browsers in which the user signed in. They have digests of tokens, which are not to be shown.
    pub devices: Vec<Device>,
    /// What waits for a link to be followed, and marks.
    pub verifications: Vec<HeldVerification>,
    /// Emails to the user that wait to be sent.
    pub emails: Vec<HeldEmail>,
    /// What modules hold, by their names.
    pub modules: Vec<(&'static str, Value)>,
}

impl UserExport {
    /// How many events are in memory at a time.
    pub const PAGE: u64 = 500;

    pub(super) fn new(context: &Context, held: Held) -> Self {
        let events = Events {
            context: context.clone(),
            user: held.user.id.clone(),
            involvements: &Involvement::ALL,
            after: None,
        };
        Self {
            at: context.now(),
            held,
            events,
        }
    }

    /// The next events: first those about the user, then those of the user about others, each oldest first. None are left when
    /// it answers an empty list.
    pub async fn next_events(&mut self) -> Result<Vec<ExportedEvent>, StoreError> {
        let Events {
            context,
            user,
            involvements,
            after,
        } = &mut self.events;
        while let Some((involvement, rest)) = involvements.split_first() {
            let events = context.store().audit_events();
            let page = events
                .list_involving(user, *involvement, after.clone(), Self::PAGE)
                .await?;
            if let Some(last) = page.last() {
                *after = Some(EventPosition::of(last));
                return Ok(page.into_iter().map(|event| exported(event, user)).collect());
            }
            (*involvements, *after) = (rest, None);
        }
        Ok(Vec::new())
    }
}

fn exported(event: AuditEvent, user: &UserId) -> ExportedEvent {
    let by = match &event.impersonated_by {
        Some(administrator) if administrator == user => "self",
        Some(_) => "other",
        None if event.is_by(user) => "self",
        None if event.actor_kind == AuditEvent::USER => "other",
        None => &*event.actor_kind,
    };
    // Who is not signed in may be the user, as at every sign-in.
    let may_be_user = matches!(by, "self" | "anonymous");
    let by = by.to_owned();
    let is_about_user = event.subject_id.as_ref() == Some(user);
    let about = event.subject_id.as_ref();
    ExportedEvent {
        at: event.at,
        kind: event.kind,
        outcome: event.outcome,
        by,
        about: about.map(|_| if is_about_user { "self" } else { "other" }),
        ip_address: event.ip_address.filter(|_| may_be_user),
        user_agent: event.user_agent.filter(|_| may_be_user),
        details: event.details.filter(|_| is_about_user),
    }
}
