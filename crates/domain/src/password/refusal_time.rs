use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{HashFamily, HashForm};

/// How long a refused password is held, so that a refusal takes as long whatever hash it was compared with (EN-3).
///
/// Imported hashes cost more than new ones, and the dummy hash of an unknown user costs as much as a new one. So a refusal
/// takes as long as with the dearest hash in use: who was compared with a cheaper one is held for the rest, without work.
/// The times are those of this machine. They are scaled by how slow the machine is at the moment.
#[derive(Clone, Debug, Default)]
pub struct RefusalTime {
    /// The dearest form of each algorithm, and how long it takes when nothing else goes on.
    dearest: BTreeMap<HashFamily, Cost>,
    /// By how much the last computations took longer than that.
    loads: VecDeque<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Cost {
    weight: u64,
    time: Duration,
}

impl Cost {
    /// How long another form of the same algorithm takes.
    fn of(self, weight: u64) -> Duration {
        self.time.mul_f64(ratio(weight, self.weight))
    }
}

impl RefusalTime {
    /// How many computations decide how slow the machine is.
    const LOADS: usize = 9;
    /// What the median of times is below the longest of them.
    const MARGIN: f64 = 1.125;
    /// No refusal takes longer because it is held.
    const LONGEST: Duration = Duration::from_secs(5);

    /// Whether the time of this form is known, or that of a dearer one of the same algorithm.
    #[must_use]
    pub fn knows(&self, form: HashForm) -> bool {
        let known = self.dearest.get(&form.family);
        known.is_some_and(|known| known.weight >= form.weight)
    }

    /// Notes how long a computation took. The shortest counts: the others were held up.
    pub fn learn(&mut self, form: HashForm, took: Duration) {
        let new = Cost {
            weight: form.weight,
            time: took,
        };
        let known = self.dearest.entry(form.family).or_insert(new);
        if form.weight > known.weight {
            *known = new;
        } else if took < known.of(form.weight) {
            known.time = took.mul_f64(ratio(known.weight, form.weight));
        }
    }

    /// Forgets the forms that are not among those in use.
    pub fn retain(&mut self, in_use: &[HashForm]) {
        let dearest = |family: HashFamily| {
            let weights = in_use.iter().filter(|form| form.family == family);
            weights.map(|form| form.weight).max()
        };
        self.dearest.retain(|family, _| dearest(*family).is_some());
        for (family, known) in &mut self.dearest {
            if let Some(weight) = dearest(*family).filter(|weight| *weight < known.weight) {
                *known = Cost {
                    weight,
                    time: known.of(weight),
                };
            }
        }
    }

    /// How long a refusal is held whose comparison took so long.
    #[must_use]
    pub fn hold(&mut self, form: HashForm, took: Duration) -> Duration {
        self.learn(form, took);
        let Some(own) = self.dearest.get(&form.family) else {
            return Duration::ZERO;
        };
        if self.dearest.len() == 1 && own.weight == form.weight {
            // Nothing dearer is in use.
            return Duration::ZERO;
        }
        let load = took.as_secs_f64() / own.of(form.weight).as_secs_f64();
        let longest = self.dearest.values().map(|cost| cost.time).max();
        let until = longest
            .unwrap_or_default()
            .mul_f64(self.usual_load(load) * Self::MARGIN);
        until.min(Self::LONGEST).saturating_sub(took)
    }

    /// The median of the last loads.
    fn usual_load(&mut self, last: f64) -> f64 {
        // A computation of no time at all tells nothing.
        if last.is_finite() {
            self.loads.push_back(last.clamp(1.0, 20.0));
        }
        if self.loads.len() > Self::LOADS {
            self.loads.pop_front();
        }
        let mut sorted: Vec<_> = self.loads.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a factor for a time, which is not exact either"
)]
fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to.max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ARGON2: HashForm = form(HashFamily::Argon2, 38_912);
    const SCRYPT: HashForm = form(HashFamily::Scrypt, 1);
    const BCRYPT: HashForm = form(HashFamily::Bcrypt, 1024);
    const DEAR_BCRYPT: HashForm = form(HashFamily::Bcrypt, 4096);

    const fn form(family: HashFamily, weight: u64) -> HashForm {
        HashForm { family, weight }
    }

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// How long each takes on a machine that does nothing else.
    const TIMES: [(HashForm, Duration); 4] = [
        (ARGON2, ms(19)),
        (SCRYPT, ms(70)),
        (BCRYPT, ms(62)),
        (DEAR_BCRYPT, ms(248)),
    ];

    fn learnt() -> RefusalTime {
        let mut time = RefusalTime::default();
        for (form, took) in TIMES {
            time.learn(form, took);
        }
        time
    }

    #[test]
    fn en_3_a_refusal_takes_as_long_whatever_the_hash() {
        let mut time = learnt();
        for (form, took) in TIMES {
            let whole = took + time.hold(form, took);
            assert!(whole.abs_diff(ms(279)) < ms(1), "{form:?}: {whole:?}");
        }
    }

    #[test]
    fn en_3_also_on_a_machine_that_is_busy() {
        let mut time = learnt();
        for _ in 0..RefusalTime::LOADS {
            let _ = time.hold(ARGON2, ms(38));
        }
        for (form, took) in TIMES {
            let whole = took * 2 + time.hold(form, took * 2);
            assert!(whole.abs_diff(ms(558)) < ms(1), "{form:?}: {whole:?}");
        }
    }

    #[test]
    fn where_all_hashes_are_alike_nobody_waits() {
        let mut time = RefusalTime::default();
        for took in [19, 25, 400, 18] {
            assert_eq!(time.hold(ARGON2, ms(took)), Duration::ZERO);
        }
    }

    #[test]
    fn en_3_a_form_that_was_never_seen_counts_from_its_first_refusal() {
        let mut time = RefusalTime::default();
        assert_eq!(time.hold(ARGON2, ms(20)), Duration::ZERO);
        assert!(!time.knows(BCRYPT));
        let _ = time.hold(BCRYPT, ms(60));
        assert!(time.knows(BCRYPT) && !time.knows(DEAR_BCRYPT));
        assert!(time.hold(ARGON2, ms(20)) > ms(40));
    }

    #[test]
    fn en_3_where_the_dearest_takes_too_long_all_others_are_still_alike() {
        let mut time = learnt();
        time.learn(form(HashFamily::Pbkdf2, 1000), ms(60_000));
        for (form, took) in TIMES {
            assert_eq!(took + time.hold(form, took), RefusalTime::LONGEST, "{form:?}");
        }
    }

    #[test]
    fn what_is_not_in_use_any_more_holds_nobody() {
        let mut time = learnt();
        time.retain(&[ARGON2, BCRYPT]);
        assert!(!time.knows(SCRYPT) && !time.knows(DEAR_BCRYPT));
        let whole = ms(19) + time.hold(ARGON2, ms(19));
        assert!(whole.abs_diff(ms(62).mul_f64(1.125)) < ms(1), "{whole:?}");
        time.retain(&[ARGON2]);
        assert_eq!(time.hold(ARGON2, ms(19)), Duration::ZERO);
    }

    #[test]
    fn no_time_at_all_is_no_reason_to_panic() {
        let mut time = RefusalTime::default();
        for form in [ARGON2, SCRYPT, form(HashFamily::Pbkdf2, 0)] {
            assert_eq!(time.hold(form, Duration::ZERO), Duration::ZERO);
        }
    }

    proptest! {
        /// Whatever the machine does, a refusal is neither shorter than its work nor held without bound.
        #[test]
        fn a_hold_is_bounded(refusals in proptest::collection::vec((0_usize..4, 0_u64..10_000_000_000), 1..50)) {
            let mut time = RefusalTime::default();
            for (which, nanos) in refusals {
                let hold = time.hold(TIMES[which].0, Duration::from_nanos(nanos));
                prop_assert!(hold <= RefusalTime::LONGEST);
            }
        }
    }
}
