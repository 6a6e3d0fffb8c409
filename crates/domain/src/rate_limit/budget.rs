use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::digest::TokenDigest;
use crate::{Changed, Removed, StoreError};

/// How often something may be done before a time is over, such as guessing a password or mailing somebody.
///
/// It is spent before it is done. What turns out to be right refills it, and what could not be done is refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most times.
    pub max: u32,
    /// After what time it is full again.
    pub period: TimeDelta,
    /// From when that time counts.
    pub starts: PeriodStart,
    /// How it gets slower before it is empty.
    pub delays: Option<Delays>,
}

/// From when the period of a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodStart {
    /// From the first time.
    First,
    /// From the last time.
    Last,
}

/// Waits between two times, each twice as long as the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// How many times nobody has to wait after.
    pub free: u32,
    /// The wait after those.
    pub first: TimeDelta,
    /// The longest wait.
    pub longest: TimeDelta,
}

/// What was spent of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// How many times.
    pub used: u32,
    /// Until when everything is refused.
    pub not_before: DateTime<Utc>,
    /// When the budget is full again.
    pub expires_at: DateTime<Utc>,
}

/// Whether something may be done.
#[must_use = "what is refused must not be done"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spending {
    /// It may, and was counted.
    Granted {
        /// How many times were used, with this one.
        used: u32,
    },
    /// It may not, and was not counted.
    Refused {
        /// When it may, from now on.
        retry_after: TimeDelta,
    },
}

impl Budget {
    /// So many times within a period that begins with the first.
    #[must_use]
    pub const fn per(max: u32, period: TimeDelta) -> Self {
        Self {
            max,
            period,
            starts: PeriodStart::First,
            delays: None,
        }
    }

    /// So many attempts that fail one after the other (RL-4): after ten of them there is a second to wait, then two, then four,
    /// up to a quarter of an hour. `forgotten_after` the last one they are forgotten.
    #[must_use]
    pub const fn attempts(max: u32, forgotten_after: TimeDelta) -> Self {
        Self {
            max,
            period: forgotten_after,
            starts: PeriodStart::Last,
            delays: Some(Delays {
                free: 10,
                first: TimeDelta::seconds(1),
                longest: TimeDelta::minutes(15),
            }),
        }
    }

    /// Decides on one more time. Answers what is spent after it, or how long to wait.
    pub fn spend(&self, known: Option<&Spent>, now: DateTime<Utc>) -> Result<Spent, TimeDelta> {
        let full = |used| Spent {
            used,
            not_before: now + self.delay_after(used),
            expires_at: now + self.period,
        };
        let Some(known) = known.filter(|known| known.expires_at > now) else {
            return Ok(full(1));
        };
        if known.used >= self.max || known.not_before > now {
            return Err(self.wait(known, now));
        }
        let used = known.used + 1;
        Ok(match self.starts {
            PeriodStart::Last => full(used),
            PeriodStart::First => Spent {
                expires_at: known.expires_at,
                ..full(used)
            },
        })
    }

    /// How long to wait if this much is spent.
    #[must_use]
    pub fn wait(&self, known: &Spent, now: DateTime<Utc>) -> TimeDelta {
        let until = if known.used >= self.max {
            known.expires_at
        } else {
            known.not_before.min(known.expires_at)
        };
        (until - now).max(TimeDelta::milliseconds(1))
    }

    /// The wait after so many times.
    fn delay_after(&self, used: u32) -> TimeDelta {
        let mut steps = self.steps().into_iter();
        let step = steps.find(|(from, _)| used >= *from);
        step.map_or(TimeDelta::zero(), |(_, delay)| delay)
    }

    /// The waits, longest first, each after the number of times from which it holds. For stores that decide in one statement.
    #[must_use]
    pub fn steps(&self) -> Vec<(u32, TimeDelta)> {
        let Some(delays) = self.delays else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        let mut delay = delays.first.min(delays.longest);
        for from in delays.free.max(1)..self.max {
            steps.push((from, delay));
            if delay >= delays.longest || delay <= TimeDelta::zero() {
                break;
            }
            delay = (delay * 2).min(delays.longest);
        }
        steps.reverse();
        steps
    }
}

/// What a budget is for. Its name is part of the digest that is stored, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetKind(&'static str);

impl BudgetKind {
    /// The kind of that name, which no other has.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// Whose budget of a kind it is. A digest: the store does not learn who it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BudgetKey {
    id: TokenDigest,
    owner: TokenDigest,
}

impl BudgetKey {
    /// The budget of a subject, such as an address.
    #[must_use]
    pub fn new(kind: BudgetKind, subject: &str) -> Self {
        let owner = digest(&[kind.0, subject]);
        Self {
            id: owner.clone(),
            owner,
        }
    }

    /// A budget of its own for a part of the subject, such as a device. What is [reset](BudgetRepository::reset_all) for the
    /// subject is reset for all its parts.
    #[must_use]
    pub fn of_part(kind: BudgetKind, subject: &str, part: &str) -> Self {
        Self {
            id: digest(&[kind.0, subject, part]),
            owner: digest(&[kind.0, subject]),
        }
    }

    /// The digest of the whole key. Unique.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The digest without the part.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.owner.as_str()
    }
}

/// Each part with its length before it, so that no two lists of parts are one text.
fn digest(parts: &[&str]) -> TokenDigest {
    let parts: Vec<_> = parts
        .iter()
        .map(|part| format!("{}:{part}", part.len()))
        .collect();
    TokenDigest::of(&parts.concat())
}

/// Where it is kept what was spent of budgets.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait BudgetRepository: Send + Sync {
    /// Spends one of the budget, unless that is [refused](Budget::spend). Looking and counting MUST be one step: of any number
    /// of concurrent calls no more are granted than the budget allows.
    async fn spend(
        &self,
        key: &BudgetKey,
        budget: &Budget,
        now: DateTime<Utc>,
    ) -> Result<Spending, StoreError>;

    /// Gives back one that was spent for nothing. `used` is what [`spend`](Self::spend) answered: if nothing was spent since, the
    /// wait that followed is over, too.
    async fn refund(&self, key: &BudgetKey, used: u32, now: DateTime<Utc>) -> Result<Changed, StoreError>;

    /// Fills the budget.
    async fn reset(&self, key: &BudgetKey) -> Result<Removed, StoreError>;

    /// Fills the budget of the subject and of all its parts, and answers how many were not full.
    async fn reset_all(&self, key: &BudgetKey) -> Result<u64, StoreError>;

    /// Removes at most `limit` that are full again, and answers how many.
    async fn purge_expired(&self, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: TimeDelta = TimeDelta::days(1);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
    }

    #[test]
    fn rl_4_after_ten_failures_delays_grow_up_to_a_quarter_of_an_hour() {
        let budget = Budget::attempts(100, DAY);
        let delays: Vec<_> = (1..=100)
            .map(|used| budget.delay_after(used).num_seconds())
            .collect();
        assert_eq!(delays[..9], [0; 9]);
        assert_eq!(
            delays[9..20],
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900],
            "after the tenth"
        );
        assert_eq!(delays[20..], [900; 80]);
    }

    #[test]
    fn rl_4_no_more_than_a_hundred_failures_are_answered() {
        let budget = Budget::attempts(100, DAY);
        let (mut known, mut now, mut granted) = (None, at(0), 0);
        // Whoever comes back as soon as they may.
        while granted < 200 {
            match budget.spend(known.as_ref(), now) {
                Ok(spent) => {
                    granted += 1;
                    now = spent.not_before;
                    known = Some(spent);
                }
                Err(wait) => {
                    assert_eq!(granted, 100);
                    assert!(wait > TimeDelta::hours(23), "{wait}");
                    assert_eq!(budget.spend(known.as_ref(), now + wait).unwrap().used, 1);
                    return;
                }
            }
        }
        panic!("{granted} were granted");
    }

    #[test]
    fn rl_4_a_refused_attempt_does_not_prolong_the_wait() {
        let budget = Budget::attempts(100, DAY);
        let spent = Spent {
            used: 14,
            not_before: at(16),
            expires_at: at(100_000),
        };
        for now in 0..16 {
            let wait = budget.spend(Some(&spent), at(now)).unwrap_err();
            assert_eq!(wait.num_seconds(), 16 - now);
        }
        assert_eq!(budget.spend(Some(&spent), at(16)).unwrap().used, 15);
    }

    #[test]
    fn a_small_budget_ends_before_it_slows_down() {
        let budget = Budget::attempts(3, DAY);
        assert_eq!(budget.steps(), []);
        let spent = (0..3).fold(None, |known, _| {
            Some(budget.spend(known.as_ref(), at(0)).unwrap())
        });
        assert_eq!(
            budget.spend(spent.as_ref(), at(1)),
            Err(DAY - TimeDelta::seconds(1))
        );
    }

    #[test]
    fn rl_7_a_period_that_counts_from_the_first_time_is_not_prolonged() {
        let budget = Budget::per(2, TimeDelta::hours(1));
        let first = budget.spend(None, at(0)).unwrap();
        let second = budget.spend(Some(&first), at(3000)).unwrap();
        assert_eq!(
            budget.spend(Some(&second), at(3500)),
            Err(TimeDelta::seconds(100))
        );
        assert_eq!(budget.spend(Some(&second), at(3600)).unwrap().used, 1);
    }

    #[test]
    fn keys_are_digests_and_none_is_another() {
        const A: BudgetKind = BudgetKind::new("a");
        const AB: BudgetKind = BudgetKind::new("ab");
        let keys = [
            BudgetKey::new(A, "bc"),
            BudgetKey::new(AB, "c"),
            BudgetKey::of_part(A, "b", "c"),
            BudgetKey::of_part(A, "bc", ""),
            BudgetKey::new(A, "b:c"),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(TokenDigest::looks_like(key.id()));
            assert!(keys[..index].iter().all(|other| other.id() != key.id()));
        }
        assert_eq!(keys[0].owner(), keys[3].owner());
    }
}
