use std::fmt;

use chrono::{DateTime, Utc};

use super::proof::EventProof;
use crate::request::RequestFacts;
use crate::{Actor, SessionId, UserId};

/// Declares the kinds of events and their names, so that the list is written once.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident = $name:literal,)+) => {
        /// The kind of an audit event. The name is stable: it is stored, and read by others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$about])* $kind,)+
            /// What happened in a module of another team, named after it: `clinic.patient_discharged`.
            Module(&'static str),
        }

        impl EventKind {
            /// All of Doorward's own.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The name under which it is stored.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                    Self::Module(name) => name,
                }
            }
        }
    };
}

kinds! {
    /// A user signed up.
    SignedUp = "user.signed_up",
    /// A user signed in: a session was issued.
    SignedIn = "session.issued",
    /// A sign-in was refused although the user authenticated.
    SignInDenied = "session.denied",
    /// A sign-in failed: the password was wrong, or there is no such user. Then it has no subject.
    SignInFailed = "session.failed",
    /// A session was replaced by another one with a new token.
    SessionRotated = "session.rotated",
    /// A session ended because its user signed out.
    SignedOut = "session.signed_out",
    /// One session was revoked.
    SessionRevoked = "session.revoked",
    /// All sessions of a user, or all but one, were revoked.
    SessionsRevoked = "session.all_revoked",
    /// An administrator read the list of a user's sessions.
    UserSessionsListed = "session.listed",
    /// The application's fields of a session changed.
    SessionUpdated = "session.updated",
    /// The user changed the password.
    PasswordChanged = "password.changed",
    /// A reset link was asked for.
    PasswordResetRequested = "password.reset_requested",
    /// The password was set by a reset link.
    PasswordReset = "password.reset",
    /// An administrator set the password.
    PasswordSet = "password.set",
    /// Password rehash: the stored hash was replaced by one with current parameters; the password is the same.
    PasswordRehashed = "password.rehashed",
    /// A signed-in user was asked for the password and gave a wrong one.
    PasswordCheckFailed = "password.check_failed",
    /// A verification link was asked for.
    VerificationRequested = "email.verification_requested",
    /// The address was verified.
    EmailVerified = "email.verified",
    /// A change of address was asked for.
    EmailChangeRequested = "email.change_requested",
    /// The address changed.
    EmailChanged = "email.changed",
    /// A sign-up with an address that is taken.
    SignUpAttempted = "email.sign_up_attempted",
    /// An administrator or an operator created the user.
    UserCreated = "user.created",
    /// Fields of the user changed.
    UserUpdated = "user.updated",
    /// The user has other roles.
    RoleChanged = "user.role_changed",
    /// The user was banned.
    UserBanned = "user.banned",
    /// The ban was lifted.
    UserUnbanned = "user.unbanned",
    /// A link that deletes the user was asked for.
    DeletionRequested = "user.deletion_requested",
    /// The user was deleted.
    UserDeleted = "user.deleted",
    /// The deletion was undone.
    UserRestored = "user.restored",
    /// The retention of a deleted user was over, and all that was left of them was removed.
    UserPurged = "user.purged",
    /// An administrator read a list of users.
    UsersListed = "user.listed",
    /// An administrator read a user.
    UserRead = "user.read",
    /// An administrator asked why a user has a permission or not.
    AccessExplained = "user.access_explained",
    /// An administrator began to impersonate the user.
    ImpersonationStarted = "impersonation.started",
    /// The administrator stopped.
    ImpersonationStopped = "impersonation.stopped",
    /// A way to sign in was removed.
    AccountUnlinked = "account.unlinked",
    /// An administrator or an operator read audit events.
    EventsListed = "audit.listed",
    /// An operator verified the audit log.
    EventsVerified = "audit.verified",
    /// An operator began the chain of the audit log anew. The details say over how many events.
    ChainRestarted = "audit.chain_restarted",
    /// More was refused than is recorded one by one. The details say how much.
    RefusalsOmitted = "audit.refusals_omitted",
    /// Everything held about the user was exported.
    DataExported = "user.exported",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Denied,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Success, Self::Denied];

    /// The outcome of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// The name under which it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
        }
    }
}

/// An audit event as a use-case records it: what happened, and to whom. The transaction adds who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The user it is about, if there is one.
    pub subject: Option<UserId>,
    /// Whether it was done.
    pub outcome: Outcome,
    /// Details, such as the name of a role. Never a secret, never an address (AU-2).
    pub details: Option<String>,
}

impl Event {
    /// Something that was done to nobody in particular.
    #[must_use]
    pub const fn without_subject(kind: EventKind) -> Self {
        Self {
            kind,
            subject: None,
            outcome: Outcome::Success,
            details: None,
        }
    }

    /// Something that was done to this user.
    #[must_use]
    pub fn of(kind: EventKind, subject: &UserId) -> Self {
        Self {
            subject: Some(subject.clone()),
            ..Self::without_subject(kind)
        }
    }

    /// The same, refused.
    #[must_use]
    pub fn denied(mut self) -> Self {
        self.outcome = Outcome::Denied;
        self
    }

    /// The same, with more about it.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }
}

/// An audit event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Unique. Sorts by request, and within a request by order.
    pub id: String,
    /// The name of an [`EventKind`].
    pub kind: String,
    /// When the request arrived that did it.
    pub at: DateTime<Utc>,
    /// `user`, `operator`, `system` or `anonymous`.
    pub actor_kind: String,
    /// The user's id, or the name of a command or worker.
    pub actor_id: Option<String>,
    /// The session the actor used.
    pub session_id: Option<SessionId>,
    /// The administrator who impersonated the actor.
    pub impersonated_by: Option<UserId>,
    /// To whom it happened.
    pub subject_id: Option<UserId>,
    /// The request that did it.
    pub request_id: String,
    /// Where the request came from.
    pub ip_address: Option<String>,
    /// The `User-Agent` of the request.
    pub user_agent: Option<String>,
    /// `success` or `denied`.
    pub outcome: String,
    /// More about it.
    pub details: Option<String>,
    /// What shows that it is as the server wrote it.
    pub proof: Option<EventProof>,
}

impl AuditEvent {
    /// What `actor_kind` is of a user.
    pub const USER: &str = Actor::USER;

    /// Whether this user did it, impersonated or not.
    #[must_use]
    pub fn is_by(&self, user: &UserId) -> bool {
        self.actor_kind == Self::USER && self.actor_id.as_deref() == Some(user.as_str())
    }

    /// What happened in this request.
    #[must_use]
    pub fn new(request: &RequestFacts, event: Event) -> Self {
        let kept = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let written = Self {
            id: request.next_event_id(),
            kind: event.kind.name().to_owned(),
            at: request.at,
            actor_kind: request.actor_kind.to_owned(),
            actor_id: request.actor_id.clone(),
            session_id: request.session_id.clone(),
            impersonated_by: request.impersonated_by.clone(),
            subject_id: event.subject,
            request_id: request.id.as_str().to_owned(),
            ip_address: kept(&request.client.ip_address),
            user_agent: kept(&request.client.user_agent),
            outcome: event.outcome.name().to_owned(),
            details: event.details,
            proof: None,
        };
        match request.signer() {
            Some(signer) => written.signed_by(signer),
            None => written,
        }
    }
}

impl AuditEvent {
    /// Whose what is personal in it is: of the administrator who impersonated somebody to cause it; else of the user who caused it
    /// or, where nobody knows who did, of the user it is about.
    #[must_use]
    pub fn personal_of(&self) -> Option<UserId> {
        if let Some(administrator) = &self.impersonated_by {
            return Some(administrator.clone());
        }
        match &*self.actor_kind {
            Actor::USER => self.actor_id.as_deref().map(UserId::from_stored),
            Actor::ANONYMOUS => self.subject_id.clone(),
            _ => None,
        }
    }

    /// Erases what is personal in it, with the salt by which it could be found out from the commitment. The ids stay.
    pub fn erase_personal_data(&mut self) {
        self.ip_address = None;
        self.user_agent = None;
        self.details = None;
        if let Some(proof) = &mut self.proof {
            proof.salt = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_kinds_have_one_name() {
        let names: HashSet<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
    }
}
