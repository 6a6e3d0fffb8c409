//! What a server counts about itself, for those who watch it.
//!
//! Everything countable is one of a fixed list: no observation has room for an address, an id or a token, so that none can reach
//! a label.

use chrono::{DateTime, Utc};

/// Where use-cases report what happened.
///
/// Requests wait for the call. An implementation MUST neither block nor allocate.
pub trait Metrics: Send + Sync {
    /// Counts something that happened.
    fn observe(&self, observation: Observation);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMetrics;

impl Metrics for NoMetrics {
    fn observe(&self, _: Observation) {}
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// Somebody tried to sign in.
    SignIn(SignInOutcome),
    /// A limit was reached, and something was not done.
    LimitReached(Limit),
    /// An email was tried.
    Email(EmailOutcome),
    /// A session was read.
    SessionRead(SessionSource),
    /// Work in the background came to something.
    Work {
        /// The name of the worker.
        worker: &'static str,
        /// What it came to.
        outcome: WorkOutcome,
    },
}

/// What a part of the work of a worker came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkOutcome {
    /// It was done, at this time.
    Done(DateTime<Utc>),
    /// It failed, and is tried again.
    Failed,
    /// It died of a panic, and is begun again.
    Died,
}

/// A closed list of what is told apart, each with the name that a watcher sees.
pub trait Distinction: Copy + 'static {
    /// All there are.
    const ALL: &'static [Self];

    /// The name.
    fn label(self) -> &'static str;

    /// The place in [`ALL`](Self::ALL).
    fn index(self) -> usize;
}

macro_rules! distinctions {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$about:meta])* $variant:ident = $label:literal, )+ } )+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$about])* $variant, )+
        }

        impl Distinction for $name {
            const ALL: &'static [Self] = &[$( Self::$variant, )+];

            fn label(self) -> &'static str {
                match self {
                    $( Self::$variant => $label, )+
                }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    )+ };
}

distinctions! {
    /// How a sign-in ended.
    SignInOutcome {
        /// With a session.
        Issued = "issued",
        /// With the question for a second factor.
        Challenged = "challenged",
        /// Unknown user, no password, or the wrong one.
        WrongCredentials = "wrong_credentials",
        /// Too many passwords were wrong before, so that this one was not looked at.
        TooManyAttempts = "too_many_attempts",
        /// The address has to be verified first.
        EmailNotVerified = "email_not_verified",
        /// The user is banned.
        Banned = "banned",
        /// The user has a second factor that cannot be asked for.
        SecondFactorUnavailable = "second_factor_unavailable",
        /// A hook refused it.
        RefusedByHook = "refused_by_hook",
        /// Too many passwords waited to be hashed.
        Busy = "busy",
        /// The store or the hasher failed.
        Failed = "failed",
    }

    /// A limit.
    Limit {
        /// Requests of a client.
        Requests = "requests",
        /// Wrong passwords of an account.
        PasswordAttempts = "password_attempts",
        /// Emails of a kind to a recipient.
        EmailsToRecipient = "emails_to_recipient",
        /// Refusals that are recorded one by one as audit events.
        RecordedRefusals = "recorded_refusals",
    }

    /// What became of an attempt to send an email.
    EmailOutcome {
        /// It was sent.
        Sent = "sent",
        /// It is tried again.
        Postponed = "postponed",
        /// No relay took emails. It is tried again.
        NoRelay = "no_relay",
        /// It was refused for good, and dropped.
        Refused = "refused",
        /// It was tried for too long, and dropped.
        GivenUp = "given_up",
    }

    /// Where a session was read from.
    SessionSource {
        /// The cache.
        Cache = "cache",
        /// The store, because the cache did not have it.
        Store = "store",
        /// The store, because the cache may not answer.
        StoreOnly = "store_only",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn is_a_list_of_names<D: Distinction>() {
        let labels: HashSet<_> = D::ALL.iter().map(|it| it.label()).collect();
        assert_eq!(labels.len(), D::ALL.len(), "each has a name of its own");
        for (place, it) in D::ALL.iter().enumerate() {
            assert_eq!(it.index(), place);
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(it.label().bytes().all(is_plain), "{}", it.label());
        }
    }

    #[test]
    fn everything_that_is_told_apart_has_a_place_and_a_name() {
        is_a_list_of_names::<SignInOutcome>();
        is_a_list_of_names::<Limit>();
        is_a_list_of_names::<EmailOutcome>();
        is_a_list_of_names::<SessionSource>();
    }
}
