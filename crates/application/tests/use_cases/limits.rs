//! Limits on wrong passwords (RL-4).

mod owner;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::password::{
    ChangePassword, ChangePasswordError, ChangePasswordInput, SignIn, SignInError, SignInInput, SignInName,
    VerifyPassword, VerifyPasswordError,
};
use doorward_application::profile::{DeleteUser, DeleteUserError, DeleteUserInput};
use doorward_application::settings::Settings;
use doorward_domain::Store;
use doorward_domain::password::{HashError, Password, PasswordHash, PasswordHasher, Verdict};
use doorward_domain::session::Lifetime;
use doorward_domain::user::{Email, User, Username, UsernameLength};
use doorward_testing::{FaultyStore, PASSWORD, PlainHasher, samples};
use tokio::sync::Notify;

use super::world::remembered;
use super::{World, compatible, hardened};

const NEW: &str = "another staple of horses";

/// How a guess is answered: `Ok` if it was looked at, else how many seconds to wait.
async fn guess_by(world: &World, name: SignInName, password: &str) -> Result<bool, i64> {
    let input = SignInInput {
        name,
        password: Password::new(password),
        callback: None,
        session: remembered(),
    };
    match SignIn::new(world.context.clone())
        .run(&samples::request(), input)
        .await
    {
        Ok(_) => Ok(true),
        Err(SignInError::InvalidCredentials) => Ok(false),
        Err(SignInError::TooManyAttempts(error)) => Err(error.retry_after.num_seconds()),
        Err(error) => panic!("{error:?}"),
    }
}

fn by_email(id: &str) -> SignInName {
    SignInName::Email(samples::email(id))
}

async fn guess(world: &World, id: &str, password: &str) -> Result<bool, i64> {
    guess_by(world, by_email(id), password).await
}

fn pass(world: &World, seconds: i64) {
    world.clock.advance(TimeDelta::seconds(seconds));
}

/// Guesses until this many were looked at, waiting as long as it takes.
async fn fail(world: &World, name: &SignInName, times: u32) {
    let mut looked_at = 0;
    while looked_at < times {
        match guess_by(world, name.clone(), "wrong").await {
            Ok(right) => {
                assert!(!right);
                looked_at += 1;
            }
            Err(wait) => pass(world, wait),
        }
    }
}

#[tokio::test]
async fn rl_4_ten_wrong_passwords_are_answered_at_once_then_there_are_waits_that_grow() {
    // An unknown address is the same.
    for id in ["ada", "nobody"] {
        let world = World::new(hardened());
        world.add_user("ada").await;
        for _ in 0..10 {
            assert_eq!(guess(&world, id, "wrong").await, Ok(false));
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(guess(&world, id, "wrong").await, Err(wait), "{id}");
            assert_eq!(
                guess(&world, id, PASSWORD).await,
                Err(wait),
                "{id}: no password is looked at"
            );
            pass(&world, wait - 1);
            assert_eq!(
                guess(&world, id, "wrong").await,
                Err(1),
                "{id}: asking does not prolong it"
            );
            pass(&world, 1);
            assert_eq!(guess(&world, id, "wrong").await, Ok(false), "{id}");
        }
    }
}

#[tokio::test]
async fn rl_4_after_a_hundred_wrong_passwords_none_is_answered_until_they_are_forgotten() {
    for id in ["ada", "nobody"] {
        let world = World::new(hardened());
        world.add_user("ada").await;
        fail(&world, &by_email(id), 100).await;
        pass(&world, 24 * 3600 - 1);
        assert_eq!(guess(&world, id, PASSWORD).await, Err(1), "{id}");
        pass(&world, 1);
        assert_eq!(guess(&world, id, PASSWORD).await, Ok(id == "ada"));
    }
}

#[tokio::test]
async fn rl_4_the_right_password_forgets_the_wrong_ones() {
    let world = World::new(hardened());
    world.add_user("ada").await;
    for _ in 0..5 {
        fail(&world, &by_email("ada"), 9).await;
        assert_eq!(guess(&world, "ada", PASSWORD).await, Ok(true));
    }
    assert_eq!(world.snapshot().budgets, []);
}

const LENGTH: UsernameLength = UsernameLength { min: 3, max: 30 };

fn by_username(name: &str) -> SignInName {
    SignInName::Username(Username::parse(name, LENGTH).unwrap())
}

async fn add_countess(world: &World) -> User {
    let ada = User {
        username: Some(Username::parse("countess", LENGTH).unwrap()),
        ..samples::user("ada")
    };
    world.add(ada).await
}

#[tokio::test]
async fn rl_4_letter_case_leads_to_the_same_account() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let names = [ada.email.as_str().to_uppercase(), ada.email.as_str().to_owned()]
        .map(|email| SignInName::Email(Email::parse(&email).unwrap()));
    for number in 0..10 {
        assert_eq!(
            guess_by(&world, names[number % 2].clone(), "wrong").await,
            Ok(false)
        );
    }
    for name in names {
        assert_eq!(guess_by(&world, name, "wrong").await, Err(1));
    }
}

/// Who uses up one of them and looks at the other.
#[tokio::test]
async fn en_1_wrong_passwords_do_not_tell_which_address_a_username_has() {
    for username in ["countess", "nobody"] {
        for used_up_by_username in [false, true] {
            let world = World::new(hardened());
            add_countess(&world).await;
            let mut names = [by_email("ada"), by_username(username)];
            if used_up_by_username {
                names.reverse();
            }
            let [used_up, looked_at] = names;
            fail(&world, &used_up, 12).await;
            assert_eq!(guess_by(&world, used_up, "wrong").await, Err(4));
            for _ in 0..10 {
                let answer = guess_by(&world, looked_at.clone(), "wrong").await;
                assert_eq!(answer, Ok(false), "{username}");
            }
            assert_eq!(guess_by(&world, looked_at, "wrong").await, Err(1));
        }
    }
}

#[tokio::test]
async fn rl_4_both_names_of_an_account_together_have_a_hundred_guesses() {
    let mut settings = hardened();
    settings.username.enabled = true;
    let world = World::new(settings);
    add_countess(&world).await;
    for name in [by_email("ada"), by_username("countess"), by_username("nobody")] {
        fail(&world, &name, 50).await;
        let wait = guess_by(&world, name, PASSWORD).await.unwrap_err();
        assert!(wait > 23 * 3600, "{wait}");
    }
}

#[tokio::test]
async fn rl_4_one_account_is_not_another() {
    let world = World::new(hardened());
    world.add_user("ada").await;
    world.add_user("bob").await;
    fail(&world, &by_email("ada"), 10).await;
    assert_eq!(guess(&world, "bob", PASSWORD).await, Ok(true));
}

#[tokio::test]
async fn under_better_auth_wrong_passwords_are_not_counted() {
    let world = World::new(compatible());
    world.add_user("ada").await;
    for _ in 0..120 {
        assert_eq!(guess(&world, "ada", "wrong").await, Ok(false));
    }
    assert_eq!(world.snapshot().budgets, []);
}

#[tokio::test]
async fn the_store_does_not_learn_which_address_was_tried() {
    let world = World::new(hardened());
    fail(&world, &by_email("nobody"), 1).await;
    let [row] = &world.snapshot().budgets[..] else {
        panic!("one row");
    };
    assert!(!format!("{row:?}").contains("nobody"));
}

/// A hasher that is busy while a test says so.
#[derive(Default)]
struct Moody(AtomicBool);

#[async_trait]
impl PasswordHasher for Moody {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        PlainHasher.hash(password).await
    }

    async fn verify<'a>(
        &self,
        password: &Password,
        hash: Option<&'a PasswordHash>,
    ) -> Result<Verdict, HashError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(HashError::Busy);
        }
        PlainHasher.verify(password, hash).await
    }
}

#[tokio::test]
async fn rl_4_a_server_that_was_busy_counts_nothing() {
    let hasher = Arc::new(Moody::default());
    let world = World::with(hardened(), |ports| ports.hasher = hasher.clone());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    let verify = VerifyPassword::new(world.context.clone());
    fail(&world, &by_email("ada"), 12).await;
    for _ in 0..9 {
        let outcome = verify.run(&request, &Password::new("wrong")).await;
        assert!(matches!(outcome, Err(VerifyPasswordError::Wrong)), "{outcome:?}");
    }
    pass(&world, 4);
    let before = world.snapshot();
    hasher.0.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        let outcome = world.sign_in(&ada, "wrong").await;
        assert!(
            matches!(outcome, Err(SignInError::Hash(HashError::Busy))),
            "{outcome:?}"
        );
        let outcome = verify.run(&request, &Password::new("wrong")).await;
        assert!(
            matches!(outcome, Err(VerifyPasswordError::Hash(HashError::Busy))),
            "{outcome:?}"
        );
    }
    hasher.0.store(false, Ordering::SeqCst);
    let used = |tables: &doorward_adapters::memory::Tables| -> Vec<_> {
        tables.budgets.iter().map(|row| row.spent.used).collect()
    };
    assert_eq!(used(&world.snapshot()), used(&before));
    assert_eq!(
        guess(&world, "ada", PASSWORD).await,
        Ok(true),
        "nor is there a wait"
    );
}

/// A hasher that says that it began, and never ends.
#[derive(Default)]
struct Endless(Notify);

#[async_trait]
impl PasswordHasher for Endless {
    async fn hash(&self, _: &Password) -> Result<PasswordHash, HashError> {
        pending().await
    }

    async fn verify<'a>(&self, _: &Password, _: Option<&'a PasswordHash>) -> Result<Verdict, HashError> {
        self.0.notify_one();
        pending().await
    }
}

#[tokio::test]
async fn rl_4_an_attempt_whose_client_hangs_up_counts() {
    let hasher = Arc::new(Endless::default());
    let world = World::with(hardened(), |ports| ports.hasher = hasher.clone());
    for count in 1..=10 {
        tokio::select! {
            answer = guess(&world, "ada", "wrong") => panic!("{answer:?}"),
            () = hasher.0.notified() => {}
        }
        assert_eq!(world.snapshot().budgets[0].spent.used, count);
    }
    assert_eq!(guess(&world, "ada", "wrong").await, Err(1));
}

#[tokio::test]
async fn rl_4_a_store_that_failed_counts_nothing() {
    for number in 1.. {
        let world = World::new(hardened());
        let ada = world.add_user("ada").await;
        let store = Arc::new(FaultyStore::new(world.store.clone(), number));
        let outcome = {
            let faulty = World {
                context: doorward_application::Context::new(
                    doorward_application::Ports {
                        store: store.clone() as Arc<dyn Store>,
                        ..world.context.ports.clone()
                    },
                    hardened(),
                ),
                store: world.store.clone(),
                clock: world.clock.clone(),
            };
            faulty.sign_in(&ada, PASSWORD).await
        };
        assert_eq!(world.snapshot().budgets, [], "write {number}");
        if !store.has_failed() {
            outcome.unwrap();
            assert!(number > 6);
            return;
        }
        assert!(
            matches!(outcome, Err(SignInError::Store(_))),
            "write {number}: {outcome:?}"
        );
    }
}

fn change(current: &str) -> ChangePasswordInput {
    ChangePasswordInput {
        current: Password::new(current),
        new: Password::new(NEW),
        revoke_other_sessions: false,
        lifetime: Lifetime::Remembered,
    }
}

fn deletion(password: &str) -> DeleteUserInput<'static> {
    DeleteUserInput {
        password: Some(Password::new(password)),
        token: None,
        callback: None,
    }
}

fn with_deletion() -> Settings {
    let mut settings = hardened();
    settings.delete_user.enabled = true;
    settings
}

/// Whoever has somebody's open browser guesses their password no better than at the door, wherever it is asked for.
#[tokio::test]
async fn rl_4_passwords_of_somebody_signed_in_are_counted_wherever_they_are_asked_for() {
    let world = World::new(with_deletion());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    let (verify, changing, deleting) = (
        VerifyPassword::new(world.context.clone()),
        ChangePassword::new(world.context.clone()),
        DeleteUser::new(world.context.clone()),
    );
    for number in 0..10 {
        match number % 3 {
            0 => {
                let outcome = verify.run(&request, &Password::new("wrong")).await;
                assert!(matches!(outcome, Err(VerifyPasswordError::Wrong)), "{outcome:?}");
            }
            1 => {
                let outcome = changing.run(&request, change("wrong")).await;
                assert!(matches!(outcome, Err(ChangePasswordError::Wrong)), "{outcome:?}");
            }
            _ => {
                let outcome = deleting.run(&request, deletion("wrong")).await;
                assert!(
                    matches!(outcome, Err(DeleteUserError::WrongPassword)),
                    "{outcome:?}"
                );
            }
        }
    }
    let outcome = verify.run(&request, &Password::new(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(VerifyPasswordError::TooManyAttempts(_))),
        "{outcome:?}"
    );
    let outcome = changing.run(&request, change(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(ChangePasswordError::TooManyAttempts(_))),
        "{outcome:?}"
    );
    let outcome = deleting.run(&request, deletion(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(DeleteUserError::TooManyAttempts(_))),
        "{outcome:?}"
    );
    assert_eq!(
        guess(&world, "ada", PASSWORD).await,
        Ok(true),
        "RL-5: the door is another matter"
    );
    pass(&world, 1);
    assert!(verify.run(&request, &Password::new(PASSWORD)).await.is_ok());
    assert_eq!(
        world.snapshot().budgets,
        [],
        "the right one forgets the wrong ones"
    );
}
