use std::sync::Arc;

use doorward_application::password::{SignUp, SignUpError, SignUpInput};
use doorward_application::settings::Settings;
use doorward_domain::password::{HashError, MockCommonPasswords, Password, PasswordHash, PasswordProblem};
use doorward_domain::session::{Lifetime, TokenStorage};
use doorward_domain::user::{Email, UserName};
use doorward_domain::{Constraint, StoreError};
use doorward_testing::{Commits, FixedClock, Mocks, PASSWORD, samples};

use super::{client, compatible, hardened, out_of_reach};

fn input(password: &str) -> SignUpInput {
    SignUpInput {
        name: UserName::parse("Ada").unwrap(),
        email: Email::parse("ada@example.test").unwrap(),
        password: Password::new(password),
        image: None,
        username: None,
        extra: std::collections::BTreeMap::new(),
        lifetime: Lifetime::Remembered,
        callback: None,
        client: client(),
        previous: None,
    }
}

fn hashing(mocks: &mut Mocks) {
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Ok(PasswordHash::from_stored("hash")));
}

/// Expects one user, account and session.
fn writing(mocks: &mut Mocks) {
    mocks.store.transactions = 1;
    mocks.store.users.expect_insert().once().returning(|_| Ok(()));
    mocks.store.accounts.expect_insert().once().returning(|_| Ok(()));
    mocks.store.sessions.expect_insert().once().returning(|_| Ok(()));
    mocks.store.sessions.expect_trim().returning(|_, _| Ok(0));
}

#[tokio::test]
async fn user_account_and_session_are_one_transaction_and_hashing_is_before_it() {
    let (mut mocks, commits) = (Mocks::default(), Arc::new(Commits::default()));
    let seen = commits.clone();
    mocks.hasher.expect_hash().once().returning(move |_| {
        assert!(!seen.is_open(), "slow work belongs before the transaction");
        Ok(PasswordHash::from_stored("hash"))
    });
    mocks.store.transactions = 1;
    mocks
        .store
        .users
        .expect_insert()
        .once()
        .withf(|user| !user.email_verified)
        .returning(|_| Ok(()));
    let is_hash = |account: &doorward_domain::account::Account| {
        account
            .password
            .as_ref()
            .is_some_and(|password| password.expose() == "hash")
            && account.account_id == account.user_id.as_str()
    };
    mocks
        .store
        .accounts
        .expect_insert()
        .once()
        .withf(is_hash)
        .returning(|_| Ok(()));
    mocks
        .store
        .sessions
        .expect_insert()
        .once()
        .withf(|session| session.token.storage() == TokenStorage::Digest)
        .returning(|_| Ok(()));
    mocks
        .store
        .sessions
        .expect_trim()
        .once()
        .withf(|_, keep| *keep == 100)
        .returning(|_, _| Ok(0));
    let (context, commits) = mocks.context_with(hardened(), commits, Arc::new(FixedClock::default()));
    let signed_up = SignUp::new(context).run(input(PASSWORD)).await.unwrap();
    assert_eq!(commits.count(), 1);
    let opened = signed_up.opened.unwrap();
    assert_eq!(opened.session.user_id, signed_up.user.id);
    assert_ne!(opened.session.token.as_str(), opened.token.expose());
}

#[tokio::test]
async fn re_1_what_was_not_committed_is_not_acknowledged() {
    let mut mocks = Mocks::default();
    hashing(&mut mocks);
    writing(&mut mocks);
    mocks.store.commits_fail = true;
    let (context, _) = mocks.context(hardened());
    let outcome = SignUp::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignUpError::Store(StoreError::Unavailable(_)))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_letter_is_written_in_the_same_transaction() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    settings.email_verification.send_verification_email = true;
    let (mut mocks, commits) = (Mocks::default(), Arc::new(Commits::default()));
    hashing(&mut mocks);
    mocks.store.transactions = 1;
    mocks.store.users.expect_insert().once().returning(|_| Ok(()));
    mocks.store.accounts.expect_insert().once().returning(|_| Ok(()));
    mocks
        .store
        .verifications
        .expect_insert()
        .once()
        .returning(|_| Ok(()));
    let seen = commits.clone();
    mocks.store.outbox.expect_push().once().returning(move |message| {
        assert!(seen.is_open());
        assert!(!message.sealed.contains("ada"), "TK-2: sealed");
        Ok(())
    });
    let (context, commits) = mocks.context_with(settings, commits, Arc::new(FixedClock::default()));
    let signed_up = SignUp::new(context).run(input(PASSWORD)).await.unwrap();
    assert!(
        signed_up.opened.is_none(),
        "EN-4: not before the address is verified"
    );
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn a_taken_address_is_told_where_a_session_would_tell_it_anyway() {
    let mut mocks = Mocks::default();
    hashing(&mut mocks);
    mocks.store.transactions = 1;
    let taken = |_: &doorward_domain::user::User| Err(StoreError::Conflict(Constraint::UserEmail));
    mocks.store.users.expect_insert().once().returning(taken);
    let (context, commits) = mocks.context(compatible());
    let outcome = SignUp::new(context).run(input(PASSWORD)).await;
    assert!(matches!(outcome, Err(SignUpError::EmailTaken)), "{outcome:?}");
    assert_eq!(commits.count(), 0);
}

#[tokio::test]
async fn en_2_where_nothing_else_tells_it_a_taken_address_is_not_told_and_its_owner_is() {
    for first_today in [true, false] {
        let mut settings = hardened();
        settings.email_and_password.require_email_verification = true;
        let mut mocks = Mocks::default();
        hashing(&mut mocks);
        mocks.store.transactions = 2;
        let taken = |_: &doorward_domain::user::User| Err(StoreError::Conflict(Constraint::UserEmail));
        mocks.store.users.expect_insert().once().returning(taken);
        mocks
            .store
            .users
            .expect_find_by_email()
            .once()
            .returning(|_| Ok(Some(samples::user("ada"))));
        let mark = mocks.store.verifications.expect_insert_unless_live();
        mark.once().returning(move |row, _| {
            assert_eq!(row.id, "sign-up-notice:ada");
            Ok(first_today)
        });
        mocks
            .store
            .outbox
            .expect_push()
            .times(usize::from(first_today))
            .returning(|_| Ok(()));
        let (context, _) = mocks.context(settings);
        let signed_up = SignUp::new(context).run(input(PASSWORD)).await.unwrap();
        assert!(signed_up.opened.is_none());
        assert_ne!(signed_up.user.id.as_str(), "ada");
    }
}

#[tokio::test]
async fn what_is_refused_costs_no_hash_and_touches_nothing() {
    let disabled = |change: fn(&mut Settings)| {
        let mut settings = hardened();
        change(&mut settings);
        settings
    };
    for settings in [
        disabled(|settings| settings.email_and_password.enabled = false),
        disabled(|settings| settings.email_and_password.disable_sign_up = true),
    ] {
        let (context, _) = Mocks::default().context(settings);
        let outcome = SignUp::new(context).run(input(PASSWORD)).await;
        assert!(matches!(outcome, Err(SignUpError::Disabled)), "{outcome:?}");
    }
    for (password, problem) in [
        ("1234567", PasswordProblem::TooShort),
        (&*"x".repeat(129), PasswordProblem::TooLong),
        ("well known", PasswordProblem::TooCommon),
    ] {
        let mut common = MockCommonPasswords::new();
        common
            .expect_contains()
            .returning(|password| password == "well known");
        let mocks = Mocks {
            common_passwords: Some(common),
            ..Mocks::default()
        };
        let (context, _) = mocks.context(hardened());
        let outcome = SignUp::new(context).run(input(password)).await;
        assert!(
            matches!(outcome, Err(SignUpError::Password(found)) if found == problem),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn re_8_a_full_queue_is_told_and_touches_nothing() {
    let mut mocks = Mocks::default();
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Err(HashError::Busy));
    let (context, _) = mocks.context(hardened());
    let outcome = SignUp::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignUpError::Hash(HashError::Busy))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_store_that_fails_midway_leaves_nothing() {
    let mut mocks = Mocks::default();
    hashing(&mut mocks);
    mocks.store.transactions = 1;
    mocks.store.users.expect_insert().once().returning(|_| Ok(()));
    mocks
        .store
        .accounts
        .expect_insert()
        .once()
        .returning(|_| Err(out_of_reach()));
    let (context, commits) = mocks.context(hardened());
    assert!(SignUp::new(context).run(input(PASSWORD)).await.is_err());
    assert_eq!(commits.count(), 0);
}
