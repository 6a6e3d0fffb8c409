use doorward_application::password::{SignIn, SignInError, SignInInput, SignInName};
use doorward_domain::password::{HashError, Password, PasswordHash, Verdict};
use doorward_domain::session::{Lifetime, SessionToken};
use doorward_domain::user::{Email, User};
use doorward_testing::{Mocks, PASSWORD, samples};

use super::{client, compatible, hardened};

fn input(password: &str) -> SignInInput {
    SignInInput {
        name: SignInName::Email(Email::parse("ada@example.test").unwrap()),
        password: Password::new(password),
        lifetime: Lifetime::Remembered,
        callback: None,
        client: client(),
        previous: None,
    }
}

fn known(mocks: &mut Mocks, user: User, hash: &'static str) {
    let credential = samples::credential(&user, hash);
    let locked = user.clone();
    mocks
        .store
        .users
        .expect_find_by_email()
        .returning(move |_| Ok(Some(user.clone())));
    mocks
        .store
        .users
        .expect_lock()
        .returning(move |_| Ok(Some(locked.clone())));
    mocks
        .store
        .accounts
        .expect_find_credential()
        .returning(move |_| Ok(Some(credential.clone())));
}

fn opening(mocks: &mut Mocks) {
    mocks.store.transactions = 1;
    mocks.store.sessions.expect_insert().once().returning(|_| Ok(()));
    mocks.store.sessions.expect_trim().returning(|_, _| Ok(0));
}

fn verdict(mocks: &mut Mocks, verdict: Verdict) {
    mocks
        .hasher
        .expect_verify()
        .once()
        .returning(move |_, _| Ok(verdict));
}

#[tokio::test]
async fn en_3_an_unknown_user_costs_a_comparison_like_a_known_one() {
    let mut mocks = Mocks::default();
    mocks
        .store
        .users
        .expect_find_by_email()
        .once()
        .returning(|_| Ok(None));
    mocks
        .hasher
        .expect_verify()
        .once()
        .withf(|_, hash| hash.is_none())
        .returning(|_, _| Ok(Verdict::Mismatch));
    let (context, _) = mocks.context(hardened());
    let outcome = SignIn::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_user_without_a_password_is_like_an_unknown_one_whatever_the_hasher_says() {
    let mut mocks = Mocks::default();
    mocks
        .store
        .users
        .expect_find_by_email()
        .once()
        .returning(|_| Ok(Some(samples::user("ada"))));
    mocks
        .store
        .accounts
        .expect_find_credential()
        .once()
        .returning(|_| Ok(None));
    verdict(&mut mocks, Verdict::Match);
    let (context, _) = mocks.context(hardened());
    let outcome = SignIn::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let mut mocks = Mocks::default();
    known(&mut mocks, samples::user("ada"), "hash");
    verdict(&mut mocks, Verdict::Mismatch);
    let (context, _) = mocks.context(hardened());
    let outcome = SignIn::new(context).run(input("wrong")).await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let mut mocks = Mocks::default();
    known(&mut mocks, samples::user("ada"), "hash");
    verdict(&mut mocks, Verdict::Match);
    opening(&mut mocks);
    let (context, commits) = mocks.context(hardened());
    let signed_in = SignIn::new(context).run(input(PASSWORD)).await.unwrap();
    assert_eq!(signed_in.opened.session.user_id.as_str(), "ada");
    assert_eq!(signed_in.opened.session.expires_at, samples::at(7 * 24 * 3600));
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn se_3_the_browser_s_former_session_ends_in_the_same_transaction() {
    let mut mocks = Mocks::default();
    let user = samples::user("ada");
    known(&mut mocks, user.clone(), "hash");
    verdict(&mut mocks, Verdict::Match);
    opening(&mut mocks);
    let former = samples::session(&user, "former");
    let found = former.clone();
    mocks
        .store
        .sessions
        .expect_find_with_user()
        .once()
        .returning(move |_| Ok(Some((found.clone(), user.clone()))));
    mocks
        .store
        .sessions
        .expect_delete()
        .once()
        .withf(move |id| *id == former.id)
        .returning(|_| Ok(true));
    let (context, commits) = mocks.context(hardened());
    let previous = SessionToken::parse("former").ok();
    SignIn::new(context)
        .run(SignInInput {
            previous,
            ..input(PASSWORD)
        })
        .await
        .unwrap();
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn pw_3_an_outdated_hash_is_replaced() {
    let mut mocks = Mocks::default();
    let user = samples::user("ada");
    let locked = user.clone();
    mocks
        .store
        .users
        .expect_find_by_email()
        .returning(move |_| Ok(Some(user.clone())));
    mocks
        .store
        .users
        .expect_lock()
        .returning(move |_| Ok(Some(locked.clone())));
    let mut reads = ["old", "new"].into_iter();
    mocks
        .store
        .accounts
        .expect_find_credential()
        .times(2)
        .returning(move |_| {
            Ok(reads
                .next()
                .map(|hash| samples::credential(&samples::user("ada"), hash)))
        });
    verdict(&mut mocks, Verdict::MatchOutdated);
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Ok(PasswordHash::from_stored("new")));
    let replaced = mocks.store.accounts.expect_replace_password().once();
    replaced
        .withf(|_, from, to, _| from.expose() == "old" && to.expose() == "new")
        .returning(|_, _, _, _| Ok(true));
    opening(&mut mocks);
    let (context, commits) = mocks.context(hardened());
    SignIn::new(context).run(input(PASSWORD)).await.unwrap();
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn pw_3_a_hash_that_cannot_be_replaced_keeps_nobody_out() {
    let mut mocks = Mocks::default();
    known(&mut mocks, samples::user("ada"), "old");
    verdict(&mut mocks, Verdict::MatchOutdated);
    mocks
        .hasher
        .expect_hash()
        .once()
        .returning(|_| Err(HashError::Busy));
    opening(&mut mocks);
    let (context, _) = mocks.context(hardened());
    assert!(SignIn::new(context).run(input(PASSWORD)).await.is_ok());
}

#[tokio::test]
async fn se_7_no_session_follows_a_password_that_was_reset_meanwhile() {
    let mut mocks = Mocks::default();
    let user = samples::user("ada");
    let locked = user.clone();
    mocks
        .store
        .users
        .expect_find_by_email()
        .returning(move |_| Ok(Some(user.clone())));
    mocks
        .store
        .users
        .expect_lock()
        .once()
        .returning(move |_| Ok(Some(locked.clone())));
    let mut reads = ["old", "reset", "reset"].into_iter();
    mocks
        .store
        .accounts
        .expect_find_credential()
        .times(3)
        .returning(move |_| {
            Ok(reads
                .next()
                .map(|hash| samples::credential(&samples::user("ada"), hash)))
        });
    mocks.hasher.expect_verify().times(2).returning(|_, hash| {
        let is_old = hash.is_some_and(|hash| hash.expose() == "old");
        Ok(if is_old { Verdict::Match } else { Verdict::Mismatch })
    });
    mocks.store.transactions = 1;
    let (context, commits) = mocks.context(hardened());
    let outcome = SignIn::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
    assert_eq!(commits.count(), 0);
}

#[tokio::test]
async fn a_user_deleted_meanwhile_is_not_let_in() {
    let mut mocks = Mocks::default();
    let user = samples::user("ada");
    let credential = samples::credential(&user, "hash");
    mocks
        .store
        .users
        .expect_find_by_email()
        .returning(move |_| Ok(Some(user.clone())));
    mocks
        .store
        .accounts
        .expect_find_credential()
        .returning(move |_| Ok(Some(credential.clone())));
    verdict(&mut mocks, Verdict::Match);
    mocks.store.transactions = 1;
    mocks.store.users.expect_lock().once().returning(|_| Ok(None));
    let (context, _) = mocks.context(hardened());
    let outcome = SignIn::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignInError::InvalidCredentials)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn en_4_an_unverified_address_is_told_to_who_knows_the_password_only() {
    let mut settings = hardened();
    settings.email_and_password.require_email_verification = true;
    for (verdict_of_hasher, told) in [(Verdict::Match, true), (Verdict::Mismatch, false)] {
        let mut mocks = Mocks::default();
        known(&mut mocks, samples::user("ada"), "hash");
        verdict(&mut mocks, verdict_of_hasher);
        let (context, _) = mocks.context(settings.clone());
        let outcome = SignIn::new(context).run(input(PASSWORD)).await;
        assert_eq!(
            matches!(outcome, Err(SignInError::EmailNotVerified)),
            told,
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_sign_in_mails_the_link_again_where_that_is_wanted() {
    let mut settings = compatible();
    settings.email_and_password.require_email_verification = true;
    settings.email_verification.send_verification_email = true;
    settings.email_verification.send_on_sign_in = true;
    let mut mocks = Mocks::default();
    known(&mut mocks, samples::user("ada"), "hash");
    verdict(&mut mocks, Verdict::Match);
    mocks.store.transactions = 1;
    mocks.store.outbox.expect_push().once().returning(|_| Ok(()));
    let (context, commits) = mocks.context(settings);
    let outcome = SignIn::new(context).run(input(PASSWORD)).await;
    assert!(
        matches!(outcome, Err(SignInError::EmailNotVerified)),
        "{outcome:?}"
    );
    assert_eq!(commits.count(), 1);
}

#[tokio::test]
async fn pw_5_an_overlong_password_costs_nothing() {
    for (settings, hidden) in [(hardened(), true), (compatible(), false)] {
        let (context, _) = Mocks::default().context(settings);
        let outcome = SignIn::new(context).run(input(&"x".repeat(129))).await;
        assert_eq!(
            matches!(outcome, Err(SignInError::InvalidCredentials)),
            hidden,
            "{outcome:?}"
        );
        assert_eq!(
            matches!(outcome, Err(SignInError::PasswordTooLong)),
            !hidden,
            "{outcome:?}"
        );
    }
}
