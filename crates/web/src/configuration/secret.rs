use std::collections::HashSet;

use doorward_application::settings::{InvalidSetting, Preset};
use doorward_domain::redirect::Origin;
use doorward_domain::{Key, Keyring, Secret};
use zxcvbn::zxcvbn;

const LEAST_BYTES: usize = 32;
/// Better Auth only warns of a short secret, and replacing it signs everybody out; so its preset takes shorter ones.
const LEAST_BYTES_OF_BETTER_AUTH: usize = 16;
/// Fewer guesses than for 18 random digits. `zxcvbn` counts up to some 1.8e19.
const LEAST_GUESSES: u64 = 1_000_000_000_000_000_000;
/// The same for the shorter ones.
const LEAST_GUESSES_OF_BETTER_AUTH: u64 = 1_000_000_000_000;
/// The estimate takes time that grows with the length.
const MOST_ESTIMATED: usize = 100;
const LEAST_DIFFERENT_CHARACTERS: usize = 10;
/// Texts that stand in the documentation and sources of Better Auth, and so in many a configuration.
const PUBLISHED: [&str; 2] = ["better-auth-secret", "change-me"];
/// Texts that stand in our own sources and tests.
const OF_TESTS: [&str; 5] = [
    "describing-a-server-needs-no-secret",
    "contract-secret-for-tests-only",
    "handover-secret-for-tests-only",
    "bench-secret-of-no-importance",
    "test-secret-of-no-importance",
];
/// Names that lead nowhere else than to this machine or its tests (RFC 6761).
const RESERVED_NAMES: [&str; 4] = ["localhost", "test", "example", "invalid"];

/// SK-4, of all secrets of the server.
///
/// One that only verifies may be as short as Better Auth's in every preset: who replaces a short secret has to name it.
pub(super) fn check_keys(keys: &Keyring, preset: Preset, base_url: &Origin) -> Result<(), InvalidSetting> {
    let current = keys.current();
    if keys.others().is_empty() {
        let may_verify = || check_secret("secret", &current.secret, Preset::BetterAuth, base_url).is_ok();
        return check_secret("secret", &current.secret, preset, base_url).map_err(|problem| {
            if !may_verify() {
                return problem;
            }
            let way_out = "and set DOORWARD_SECRETS=2:NEW,1:PRESENT, so that nobody is signed out";
            let remedy = format!("{}, {way_out}", problem.remedy);
            InvalidSetting { remedy, ..problem }
        });
    }
    let option = "secrets";
    let refused = |key: &Key, refused: InvalidSetting, remedy: String| {
        let problem = format!("the secret with the id {} {}", key.id, refused.problem);
        InvalidSetting::new(option, problem, remedy)
    };
    check_secret(option, &current.secret, preset, base_url).map_err(|problem| {
        let remedy = problem.remedy.clone();
        refused(current, problem, remedy)
    })?;
    for key in keys.others() {
        check_secret(option, &key.secret, Preset::BetterAuth, base_url).map_err(|problem| {
            let remedy = "remove it; who signed in by it has to sign in again";
            refused(key, problem, remedy.to_owned())
        })?;
    }
    Ok(())
}

/// SK-4: refuses a secret that is short, well-known or easily guessed. Only its length is told.
///
/// Secrets of our own tests are accepted where the base URL is this machine's or under a name reserved for tests.
pub(super) fn check_secret(
    option: &'static str,
    secret: &Secret<String>,
    preset: Preset,
    base_url: &Origin,
) -> Result<(), InvalidSetting> {
    let text = secret.expose();
    let refused = |problem: String| {
        let remedy = "use at least 32 random bytes, for example from: openssl rand -hex 32";
        Err(InvalidSetting::new(option, problem, remedy))
    };
    let (least_bytes, least_guesses) = match preset {
        Preset::BetterAuth if text.len() < LEAST_BYTES => {
            (LEAST_BYTES_OF_BETTER_AUTH, LEAST_GUESSES_OF_BETTER_AUTH)
        }
        Preset::BetterAuth | Preset::Hardened => (LEAST_BYTES, LEAST_GUESSES),
    };
    if text.len() < least_bytes {
        return refused(format!("has {} bytes; {least_bytes} are needed", text.len()));
    }
    let lower = text.to_lowercase();
    let is_of_tests = OF_TESTS.iter().any(|known| lower.contains(known));
    if PUBLISHED.iter().any(|known| lower.contains(known)) || is_of_tests && !is_for_tests(base_url) {
        return refused("stands in public documentation or sources".to_owned());
    }
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    let beginning: String = text.chars().take(MOST_ESTIMATED).collect();
    if characters.len() < LEAST_DIFFERENT_CHARACTERS
        || repeats(text.as_bytes())
        || !looks_drawn(text.as_bytes()) && zxcvbn(&beginning, &[]).guesses() < least_guesses
    {
        return refused("is not random".to_owned());
    }
    Ok(())
}

/// The keys that passed although they are shorter than they should be.
pub(crate) fn short_keys(keys: &Keyring) -> impl Iterator<Item = &Key> {
    keys.keys().filter(|key| key.secret.expose().len() < LEAST_BYTES)
}

/// Whether only this machine and its tests reach that address.
fn is_for_tests(base_url: &Origin) -> bool {
    let top = base_url.host().rsplit('.').next().unwrap_or_default();
    RESERVED_NAMES.contains(&top) || base_url.is_loopback()
}

/// Whether the text is a shorter text over and over again.
fn repeats(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|length| text.chunks(length).all(|chunk| text.starts_with(chunk)))
}

/// Whether the text looks like one that a generator drew, in hexadecimal digits or base64. Most such texts do, so that a start
/// need not load the dictionaries of `zxcvbn`, which take longer than all the rest of it; what does not is estimated.
fn looks_drawn(text: &[u8]) -> bool {
    let is_class = |byte: &u8| {
        [
            byte.is_ascii_lowercase(),
            byte.is_ascii_uppercase(),
            byte.is_ascii_digit(),
        ]
    };
    let share = |count: usize| count * 100 / text.len();
    let changes = text
        .windows(2)
        .filter(|pair| is_class(&pair[0]) != is_class(&pair[1]));
    let is_step = |distance: usize| {
        let pairs = text.iter().zip(&text[distance..]);
        pairs.filter(|(one, other)| one.abs_diff(**other) <= 1).count()
    };
    let mut parts = HashSet::new();
    let repeated = text.windows(4).filter(|part| !parts.insert(*part)).count();
    text.len() >= LEAST_BYTES
        // Words and numbers are long runs of one class.
        && share(changes.count()) >= 30
        // Sequences: `0123…`, `a1b2c3…`.
        && share(is_step(1)) <= 40
        && share(is_step(2)) <= 40
        // Repetitions. Of four hexadecimal digits some come twice by chance.
        && repeated <= text.len() / 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_generator_drew_needs_no_dictionary() {
        for drawn in [
            "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e",
            "kX9vQ2mB7nR4tY8wZ1cF5hJ3pL6sD0gA",
            "1f81f7c09d541f7c6cbe5c56130d0f727c74834aff67db63c4af50b061770d2a",
            "q7Zr1uE5yT0pXw8Lk3Nd6Vb2Hs9Cj4Gm+Qa/Rf1Ye8=",
        ] {
            assert!(looks_drawn(drawn.as_bytes()), "{drawn}");
        }
        for other in [
            "",
            "kX9vQ2mB7nR4tY8w",
            "correcthorsebatterystaplecorrect1",
            "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6",
            "P4ssw0rdP4ssw0rdP4ssw0rdP4ssw0rd",
            "01234567890123456789012345678901",
            "2024-01-15-2023-02-16-2022-03-17",
            "abcdefghijklmnopqrstuvwxyzabcdef",
        ] {
            assert!(!looks_drawn(other.as_bytes()), "{other}");
        }
    }

    fn check(text: &str, preset: Preset, base_url: &str) -> Result<(), InvalidSetting> {
        let base_url = Origin::from_base_url(base_url).unwrap();
        check_secret("secret", &Secret::new(text.to_owned()), preset, &base_url)
    }

    #[test]
    fn sk_4_weak_secrets_are_refused() {
        for weak in [
            "",
            "short",
            "0123456789012345678901234567890",
            "better-auth-secret-123456789012345678901234567890",
            "abcdefghijklmnopabcdefghijklmnop",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababacacac",
            "passwordpasswordpassword12345678",
            "abcdefghijklmnopqrstuvwxyzabcdef",
        ] {
            let problem = check(weak, Preset::Hardened, "http://localhost:3000").unwrap_err();
            assert!(
                weak.is_empty() || !problem.to_string().contains(weak),
                "SK-1: {problem}"
            );
        }
        assert!(
            check(
                "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e",
                Preset::Hardened,
                "https://a.com"
            )
            .is_ok()
        );
    }

    #[test]
    fn sk_4_secrets_of_our_sources_are_for_tests() {
        for known in [
            "describing-a-server-needs-no-secret",
            "contract-secret-for-tests-only-0123456789",
        ] {
            assert!(check(known, Preset::Hardened, "https://auth.doorward.com").is_err());
            for tested in [
                "http://127.0.0.1:4000",
                "https://auth.example.test",
                "http://[::1]:1",
            ] {
                assert_eq!(check(known, Preset::BetterAuth, tested), Ok(()));
            }
        }
    }

    #[test]
    fn a_short_secret_of_better_auth_goes_on_working_in_its_preset() {
        let short = "kX9#vQ2!mZ7$wL4p";
        assert_eq!(check(short, Preset::BetterAuth, "https://a.com"), Ok(()));
        assert!(check(short, Preset::Hardened, "https://a.com").is_err());
        for weak in ["kX9#vQ2!mZ7$wL4", "password12345678", "aaaaaaaaaaaaaaaa"] {
            assert!(
                check(weak, Preset::BetterAuth, "https://a.com").is_err(),
                "{weak}"
            );
        }
    }

    #[test]
    fn m1_a_short_secret_may_verify_until_it_is_replaced() {
        let (short, good) = ("1:kX9#vQ2!mZ7$wL4p", "2:9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e");
        let check = |entries: [&str; 2]| {
            let keys = Keyring::parse(&entries.map(|entry| Secret::new(entry.to_owned()))).unwrap();
            let base_url = Origin::from_base_url("https://a.com").unwrap();
            let outcome = check_keys(&keys, Preset::Hardened, &base_url);
            assert_eq!(short_keys(&keys).count(), 1);
            outcome.map_err(|problem| problem.to_string())
        };
        assert_eq!(check([good, short]), Ok(()));
        let alone = |secret: &str| {
            let keys = Keyring::single(Secret::new(secret[2..].to_owned()));
            let base_url = Origin::from_base_url("https://a.com").unwrap();
            let refused = check_keys(&keys, Preset::Hardened, &base_url).unwrap_err();
            refused.remedy.contains("DOORWARD_SECRETS=2:NEW,1:PRESENT")
        };
        assert!(alone(short), "the way out is told");
        assert!(!alone("7:password12345678"), "it may not even verify");
        let current = check([short, good]).unwrap_err();
        assert!(
            current.contains("secrets: the secret with the id 1 has 16 bytes"),
            "{current}"
        );
        let weak = check([good, "7:password12345678"]).unwrap_err();
        assert!(weak.contains("the secret with the id 7 is not random"), "{weak}");
        assert!(
            weak.contains("remove it") && !weak.contains("password12345678"),
            "{weak}"
        );
    }

    #[test]
    fn an_endless_secret_is_estimated_by_its_beginning() {
        let long = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e".to_owned() + &"x1!".repeat(100_000);
        assert_eq!(check(&long, Preset::Hardened, "https://a.com"), Ok(()));
    }
}
