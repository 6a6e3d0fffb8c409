use std::fmt;

/// The algorithm of new password hashes. Older ones verify all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashScheme {
    /// Argon2id, version 19, as a PHC string (PW-1).
    Argon2id,
    /// scrypt in Better Auth's form, for a database that Better Auth has to read as well.
    BetterAuthScrypt,
}

/// What an Argon2id hash costs. The default is OWASP's second row (PW-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Parameters {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes. They are computed one after the other; more than one helps an attacker with many cores.
    pub parallelism: u32,
}

impl Default for Argon2Parameters {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
        }
    }
}

/// OWASP's equivalent minima: memory in KiB, iterations (PW-2).
const MINIMA: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

/// The most an Argon2 hash may cost to be computed at all: 256 MiB, and 2 GiB written, about 1.5 s (PW-10).
const MOST_KIB: u32 = 256 * 1024;
const MOST_KIB_WRITTEN: u64 = 2 * 1024 * 1024;

/// Argon2 parameters that are unsafe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2id with {} KiB of memory, {} iterations and parallelism {} {problem}",
    parameters.memory_kib, parameters.iterations, parameters.parallelism
)]
pub struct WeakParameters {
    parameters: Argon2Parameters,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    TooWeak,
    TooCostly,
    Impossible,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooWeak => {
                f.write_str("is weaker than OWASP's minimum; at least (KiB/iterations)")?;
                for (index, (memory, iterations)) in MINIMA.iter().enumerate() {
                    let separator = if index == 0 { " " } else { " or " };
                    write!(f, "{separator}{memory}/{iterations}")?;
                }
                Ok(())
            }
            Self::TooCostly => {
                write!(
                    f,
                    "would need more than {MOST_KIB} KiB of memory or more than 2 s to verify"
                )
            }
            Self::Impossible => f.write_str("is not possible: it takes 1 lane, and 8 KiB of memory for each"),
        }
    }
}

impl Argon2Parameters {
    /// Refuses parameters that are weaker than OWASP's minima (PW-2) or so costly that the hash would not be verified
    /// (PW-10).
    pub fn check(self) -> Result<(), WeakParameters> {
        let is_enough =
            |&(memory, passes): &(u32, u32)| self.memory_kib >= memory && self.iterations >= passes;
        let problem = if !MINIMA.iter().any(is_enough) {
            Problem::TooWeak
        } else if !argon2_is_affordable(self.memory_kib, self.iterations) {
            Problem::TooCostly
        } else if self.parallelism == 0 || u64::from(self.memory_kib) < 8 * u64::from(self.parallelism) {
            Problem::Impossible
        } else {
            return Ok(());
        };
        Err(WeakParameters {
            parameters: self,
            problem,
        })
    }
}

/// Whether an Argon2 hash of this cost may be computed (PW-10).
#[must_use]
pub fn argon2_is_affordable(memory_kib: u32, iterations: u32) -> bool {
    memory_kib <= MOST_KIB && u64::from(memory_kib) * u64::from(iterations) <= MOST_KIB_WRITTEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<(), WeakParameters> {
        Argon2Parameters {
            memory_kib,
            iterations,
            parallelism,
        }
        .check()
    }

    #[test]
    fn pw_2_the_default_is_owasps_second_row() {
        let expected = Argon2Parameters {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
        };
        assert_eq!(Argon2Parameters::default(), expected);
        assert_eq!(expected.check(), Ok(()));
    }

    #[test]
    fn pw_2_every_equivalent_is_taken_and_nothing_weaker() {
        for (memory, iterations) in MINIMA {
            assert_eq!(check(memory, iterations, 1), Ok(()));
            assert_eq!(check(memory + 1, iterations + 1, 4), Ok(()));
            assert!(check(memory - 1, iterations, 1).is_err());
            assert!(check(memory, iterations - 1, 1).is_err());
        }
        let error = check(4096, 3, 1).unwrap_err().to_string();
        assert!(error.contains("4096 KiB"), "{error}");
        assert!(error.contains("19456/2"), "{error}");
    }

    #[test]
    fn what_could_not_be_verified_is_refused() {
        assert_eq!(check(262_144, 8, 1), Ok(()));
        for (memory, iterations, parallelism) in [
            (262_145, 1, 1),
            (262_144, 9, 1),
            (u32::MAX, u32::MAX, 1),
            (19_456, 2, 0),
            (19_456, 2, 2433),
        ] {
            assert!(
                check(memory, iterations, parallelism).is_err(),
                "{memory}/{iterations}/{parallelism}"
            );
        }
    }
}
