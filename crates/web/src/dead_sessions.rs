//! Which sessions turned out not to exist.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use doorward_domain::TokenDigest;

/// Sessions that did not exist when they were asked for. For the time of a window their requests are counted like those without
/// one, before the database is asked.
#[derive(Default)]
pub(crate) struct DeadSessions(Mutex<HashMap<TokenDigest, DateTime<Utc>>>);

impl DeadSessions {
    /// So many are remembered (RL-8). What is forgotten costs one more look into the database.
    const MOST: usize = 10_000;

    pub(crate) fn remember(&self, session: TokenDigest, now: DateTime<Utc>, until: DateTime<Utc>) {
        let mut sessions = self.locked();
        if sessions.len() >= Self::MOST {
            sessions.retain(|_, until| *until > now);
        }
        if sessions.len() >= Self::MOST {
            sessions.clear();
        }
        sessions.insert(session, until);
    }

    pub(crate) fn has(&self, session: &TokenDigest, now: DateTime<Utc>) -> bool {
        self.locked().get(session).is_some_and(|until| *until > now)
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<TokenDigest, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn rl_8_dead_sessions_are_remembered_for_a_while_and_not_without_end() {
        let (sessions, start) = (DeadSessions::default(), DateTime::UNIX_EPOCH);
        let second = TimeDelta::seconds(1);
        for number in 0..3 * DeadSessions::MOST {
            let session = TokenDigest::of(&number.to_string());
            sessions.remember(session.clone(), start, start + second);
            assert!(sessions.has(&session, start));
            assert!(!sessions.has(&session, start + second));
            assert!(sessions.locked().len() <= DeadSessions::MOST);
        }
    }
}
