use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::password::{Pepper, Peppers};
use crate::system::SystemEntropy;
use doorward_domain::Secret;
use doorward_domain::password::HashFamily;

const PASSWORD: &str = "correct horse battery";
// Made with Node's `scryptSync` and `pbkdf2Sync`, and with crypt(3).
const SCRYPT: &str = "000102030405060708090a0b0c0d0e0f:70cc7d605f9fd0bfd324b3978bd79ee81076d98810046ed91604c3cb8aa6957761a2b0b97abf1e7c417ec4a9baa7bd1ce53449880d90dc1117c88d69b4f0b72e";
const PBKDF2: &str =
    "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";

fn settings(scheme: HashScheme) -> HasherSettings {
    HasherSettings {
        scheme,
        argon2: Argon2Parameters::default(),
        threads: NonZeroUsize::MIN,
        queue: 8,
        equal_refusals: true,
    }
}

fn hasher(scheme: HashScheme) -> PooledHasher {
    PooledHasher::new(settings(scheme), Arc::new(SystemEntropy)).unwrap()
}

fn argon2() -> PooledHasher {
    hasher(HashScheme::Argon2id)
}

fn scrypt() -> PooledHasher {
    hasher(HashScheme::BetterAuthScrypt)
}

async fn verify(hasher: &PooledHasher, password: &str, hash: &str) -> Verdict {
    let hash = PasswordHash::from_stored(hash);
    hasher
        .verify(&Password::new(password), Some(&hash))
        .await
        .unwrap()
}

/// A hash at a cost of its own, which a [`PooledHasher`] would refuse to make.
fn argon2_phc(algorithm: &str, memory_kib: u32, iterations: u32, password: &str) -> String {
    use argon2::{Algorithm, Argon2, CustomizedPasswordHasher, Params};
    let params = Params::new(memory_kib, iterations, 1, Some(32)).unwrap();
    let hasher = Argon2::new(
        Algorithm::try_from(algorithm).unwrap(),
        argon2::Version::V0x13,
        params.clone(),
    );
    hasher
        .hash_password_customized(password.as_bytes(), &[7; 16], Some(algorithm), None, params)
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn pw_1_new_hashes_are_argon2id_in_phc_form() {
    let hasher = argon2();
    let hash = hasher.hash(&Password::new(PASSWORD)).await.unwrap();
    let text = hash.expose();
    let (head, rest) = text.split_at("$argon2id$v=19$m=19456,t=2,p=1$".len());
    assert_eq!(head, "$argon2id$v=19$m=19456,t=2,p=1$");
    let (salt, output) = rest.split_once('$').unwrap();
    assert_eq!((salt.len(), output.len()), (22, 43), "base64 of 16 and 32 bytes");
    assert_eq!(verify(&hasher, PASSWORD, text).await, Verdict::Match);
    assert_eq!(verify(&hasher, "wrong", text).await, Verdict::Mismatch);
    let again = hasher.hash(&Password::new(PASSWORD)).await.unwrap();
    assert_ne!(again.expose(), text, "the salt is new each time");
}

#[tokio::test]
async fn pw_2_weak_parameters_give_no_hasher() {
    let mut settings = settings(HashScheme::Argon2id);
    settings.argon2.iterations = 1;
    let error = PooledHasher::new(settings, Arc::new(SystemEntropy)).unwrap_err();
    assert!(matches!(error, HasherError::Weak(_)));
}

#[tokio::test]
async fn pw_3_lower_cost_is_outdated_and_higher_is_not() {
    let hasher = argon2();
    for (memory, iterations, expected) in [
        (8, 1, Verdict::MatchOutdated),
        (19_456, 1, Verdict::MatchOutdated),
        (19_455, 2, Verdict::MatchOutdated),
        (19_456, 2, Verdict::Match),
        (20_000, 3, Verdict::Match),
    ] {
        let hash = argon2_phc("argon2id", memory, iterations, PASSWORD);
        assert_eq!(verify(&hasher, PASSWORD, &hash).await, expected, "{hash}");
    }
    let argon2i = argon2_phc("argon2i", 20_000, 3, PASSWORD);
    assert_eq!(verify(&hasher, PASSWORD, &argon2i).await, Verdict::MatchOutdated);
    assert_eq!(verify(&hasher, "wrong", &argon2i).await, Verdict::Mismatch);
}

#[tokio::test]
async fn pw_6_normalised_forms_are_one_password() {
    let hasher = argon2();
    let hash = hasher.hash(&Password::new("pa\u{212b}word")).await.unwrap();
    assert_eq!(
        verify(&hasher, "pa\u{c5}word", hash.expose()).await,
        Verdict::Match
    );
    assert_eq!(
        verify(&hasher, " pa\u{c5}word", hash.expose()).await,
        Verdict::Mismatch
    );
}

#[tokio::test]
async fn pw_10_hashes_of_other_servers_verify_and_are_outdated() {
    let hasher = argon2();
    let versions = ["$2a$", "$2y$"].map(|version| BCRYPT.replace("$2b$", version));
    for hash in [SCRYPT, PBKDF2, BCRYPT, &versions[0], &versions[1]] {
        assert_eq!(
            verify(&hasher, PASSWORD, hash).await,
            Verdict::MatchOutdated,
            "{hash}"
        );
        assert_eq!(verify(&hasher, "wrong", hash).await, Verdict::Mismatch, "{hash}");
    }
}

#[tokio::test]
async fn pw_10_bcrypt_never_cuts_a_password() {
    let hasher = argon2();
    let longest = "x".repeat(72);
    let hash = bcrypt::hash_with_salt(&longest, 4, [3; 16]).unwrap().to_string();
    assert_eq!(verify(&hasher, &longest, &hash).await, Verdict::MatchOutdated);
    assert_eq!(verify(&hasher, &"x".repeat(73), &hash).await, Verdict::Mismatch);
}

#[test]
fn pw_10_unknown_and_absurd_hashes_are_not_computed() {
    let tail = "$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4";
    let absurd = [
        format!("$argon2id$v=19$m=262145,t=1,p=1{tail}"),
        format!("$argon2id$v=19$m=4294967295,t=1,p=1{tail}"),
        format!("$argon2id$v=19$m=65536,t=1000,p=1{tail}"),
        format!("$argon2id$v=19$m=19456,t=4294967295,p=1{tail}"),
        format!("$pbkdf2-sha256$i=4000000{tail}"),
        BCRYPT.replace("$04$", "$15$"),
        BCRYPT.replace("$04$", "$31$"),
    ];
    let unknown = [
        String::new(),
        PASSWORD.to_owned(),
        format!("$argon2d$v=19$m=19456,t=2,p=1{tail}"),
        format!("$argon2id$v=20$m=19456,t=2,p=1{tail}"),
        "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg".to_owned(),
        format!("$pbkdf2-sha512$i=1000{tail}"),
        format!("$pbkdf2-sha256$i=0{tail}"),
        format!("$scrypt$ln=14,r=16,p=1{tail}"),
        BCRYPT.replace("$2b$", "$2x$"),
        "$2b$04$short".to_owned(),
        ":".to_owned(),
        format!("{SCRYPT}00"),
        SCRYPT.replace("0001", "zz01"),
        "$$$".to_owned(),
        "ä:ö".to_owned(),
    ];
    for hash in absurd.iter().chain(&unknown) {
        assert!(StoredHash::parse(hash).is_none(), "{hash}");
    }
}

#[tokio::test]
async fn en_3_without_a_hash_a_stand_in_of_the_same_cost_is_compared() {
    for (hasher, prefix) in [(argon2(), "$argon2id$v=19$m=19456,t=2,p=1$"), (scrypt(), "")] {
        assert!(hasher.dummy_hash.expose().starts_with(prefix));
        assert!(StoredHash::parse(hasher.dummy_hash.expose()).is_some());
        let verdict = hasher.verify(&Password::new(PASSWORD), None).await.unwrap();
        assert_eq!(verdict, Verdict::Mismatch);
        assert_eq!(verify(&hasher, PASSWORD, "unknown form").await, Verdict::Mismatch);
    }
}

#[tokio::test]
async fn better_auths_scheme_makes_hashes_that_better_auth_reads() {
    let hasher = scrypt();
    assert_eq!(verify(&hasher, PASSWORD, SCRYPT).await, Verdict::Match);
    let hash = hasher.hash(&Password::new(PASSWORD)).await.unwrap();
    let (salt, key) = hash.expose().split_once(':').unwrap();
    assert_eq!((salt.len(), key.len()), (32, 128));
    assert_eq!(hash.expose(), hash.expose().to_lowercase());
    assert_eq!(verify(&hasher, PASSWORD, hash.expose()).await, Verdict::Match);
    assert_eq!(verify(&hasher, "wrong", hash.expose()).await, Verdict::Mismatch);
    let argon2id = argon2_phc("argon2id", 19_456, 2, PASSWORD);
    assert_eq!(verify(&hasher, PASSWORD, &argon2id).await, Verdict::MatchOutdated);
}

#[tokio::test]
async fn sk_2_nothing_secret_is_printed() {
    let hasher = argon2();
    let text = format!("{hasher:?}");
    assert!(!text.contains("$argon2"), "{text}");
}

fn peppered(peppers: &[&str]) -> PooledHasher {
    let parse = |text: &&str| {
        Pepper::parse(&Secret::new(format!(
            "{text}:0123456789abcdef0123456789abcdef-{text}"
        )))
        .unwrap()
    };
    let peppers = Peppers::new(peppers.iter().map(parse).collect()).unwrap();
    let settings = settings(HashScheme::Argon2id);
    PooledHasher::with_peppers(settings, peppers, Arc::new(SystemEntropy)).unwrap()
}

#[tokio::test]
async fn pw_11_a_peppered_hash_is_worth_nothing_without_the_pepper() {
    let hash = peppered(&["2026"]).hash(&Password::new(PASSWORD)).await.unwrap();
    let text = hash.expose();
    // base64 of "2026"
    assert!(
        text.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=MjAyNg$"),
        "{text}"
    );
    assert_eq!(verify(&peppered(&["2026"]), PASSWORD, text).await, Verdict::Match);
    assert_eq!(
        verify(&peppered(&["2026"]), "wrong", text).await,
        Verdict::Mismatch
    );
    assert_eq!(verify(&argon2(), PASSWORD, text).await, Verdict::Mismatch);
    assert_eq!(
        verify(&peppered(&["2027"]), PASSWORD, text).await,
        Verdict::Mismatch
    );
    let without_its_name = text.replace(",keyid=MjAyNg", "");
    assert_eq!(
        verify(&argon2(), PASSWORD, &without_its_name).await,
        Verdict::Mismatch
    );
}

#[tokio::test]
async fn pw_11_hashes_of_older_peppers_and_of_none_verify_and_are_brought_up_to_date() {
    let old = peppered(&["2026"]).hash(&Password::new(PASSWORD)).await.unwrap();
    let plain = argon2().hash(&Password::new(PASSWORD)).await.unwrap();
    let both = peppered(&["2027", "2026"]);
    for hash in [old.expose(), plain.expose(), SCRYPT] {
        assert_eq!(
            verify(&both, PASSWORD, hash).await,
            Verdict::MatchOutdated,
            "{hash}"
        );
        assert_eq!(verify(&both, "wrong", hash).await, Verdict::Mismatch, "{hash}");
    }
    let new = both.hash(&Password::new(PASSWORD)).await.unwrap();
    assert_eq!(verify(&both, PASSWORD, new.expose()).await, Verdict::Match);
}

/// How long a hash takes on a machine that does nothing else, whatever the machine of the test does.
fn known_time(form: HashForm, _: Duration) -> Duration {
    Duration::from_millis(match form.family {
        HashFamily::Argon2 => 19,
        HashFamily::Scrypt => 70,
        HashFamily::Bcrypt => 248,
        HashFamily::Pbkdf2 => 62,
    })
}

/// How long a refusal is held, in milliseconds, by a clock that goes on only while everything waits.
async fn held(hasher: &PooledHasher, password: &str, hash: Option<&str>) -> u128 {
    let hash = hash.map(PasswordHash::from_stored);
    let began = tokio::time::Instant::now();
    let verdict = hasher.verify(&Password::new(password), hash.as_ref()).await;
    assert_eq!(verdict.unwrap(), Verdict::Mismatch);
    began.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn en_3_a_refusal_takes_as_long_whatever_the_hash() {
    let mut hasher = argon2();
    hasher.stopwatch = known_time;
    let imported = [SCRYPT, BCRYPT, PBKDF2].map(PasswordHash::from_stored);
    hasher.learn(&imported).await.unwrap();
    let own = hasher.hash(&Password::new(PASSWORD)).await.unwrap();
    // 248 ms and an eighth.
    for (hash, takes) in [
        (None, 19),
        (Some("not a hash"), 19),
        (Some(own.expose()), 19),
        (Some(SCRYPT), 70),
        (Some(BCRYPT), 248),
        (Some(PBKDF2), 62),
    ] {
        let whole = held(&hasher, "wrong", hash).await + takes;
        assert!((278..=281).contains(&whole), "{hash:?}: {whole} ms");
    }
    let longer_than_bcrypt_sees = "ä".repeat(37);
    let whole = held(&hasher, &longer_than_bcrypt_sees, Some(BCRYPT)).await + 19;
    assert!((278..=281).contains(&whole), "{whole} ms");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_held_who_is_right_nor_where_all_hashes_are_alike() {
    let mut hasher = argon2();
    hasher.stopwatch = known_time;
    let own = hasher.hash(&Password::new(PASSWORD)).await.unwrap();
    for hash in [None, Some(own.expose())] {
        assert_eq!(held(&hasher, "wrong", hash).await, 0);
    }
    hasher.learn(&[PasswordHash::from_stored(BCRYPT)]).await.unwrap();
    assert!(held(&hasher, "wrong", None).await > 0);
    let began = tokio::time::Instant::now();
    assert_eq!(verify(&hasher, PASSWORD, own.expose()).await, Verdict::Match);
    assert_eq!(began.elapsed(), Duration::ZERO);
    hasher.learn(&[]).await.unwrap();
    assert_eq!(
        held(&hasher, "wrong", None).await,
        0,
        "the last one was brought up to date"
    );
}

#[tokio::test(start_paused = true)]
async fn refusals_are_not_held_where_that_is_switched_off() {
    let settings = HasherSettings {
        equal_refusals: false,
        ..settings(HashScheme::Argon2id)
    };
    let mut hasher = PooledHasher::new(settings, Arc::new(SystemEntropy)).unwrap();
    hasher.stopwatch = known_time;
    hasher.learn(&[PasswordHash::from_stored(BCRYPT)]).await.unwrap();
    for hash in [None, Some(BCRYPT)] {
        assert_eq!(held(&hasher, "wrong", hash).await, 0);
    }
}

#[tokio::test]
async fn nothing_is_computed_to_learn_that_all_hashes_are_alike() {
    static COMPUTED: AtomicU32 = AtomicU32::new(0);
    let mut hasher = argon2();
    hasher.stopwatch = |_, took| {
        COMPUTED.fetch_add(1, Ordering::Relaxed);
        took
    };
    let own = hasher.hash(&Password::new(PASSWORD)).await.unwrap();
    hasher.learn(&[]).await.unwrap();
    hasher.learn(&[own]).await.unwrap();
    assert_eq!(COMPUTED.load(Ordering::Relaxed), 0);
    hasher.learn(&[PasswordHash::from_stored(BCRYPT)]).await.unwrap();
    assert_eq!(COMPUTED.load(Ordering::Relaxed), 2, "the imported one and ours");
}

#[tokio::test]
async fn pw_10_a_hash_that_would_not_be_computed_is_not_learnt() {
    let hasher = argon2();
    let endless = BCRYPT.replace("$04$", "$31$");
    hasher.learn(&[PasswordHash::from_stored(endless)]).await.unwrap();
    assert_eq!(verify(&hasher, "wrong", BCRYPT).await, Verdict::Mismatch);
}
