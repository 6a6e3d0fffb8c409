//! The session issuer: whatever the way in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::hooks::{Hook, HookError, HookList, Rejection};
use doorward_application::password::{
    SignIn, SignInError, SignInInput, SignInName, SignUp, SignUpError, SignUpInput,
};
use doorward_application::settings::Settings;
use doorward_application::sign_in::{Challenge, SecondFactor, SessionRequest, SignedIn};
use doorward_application::verification::{SendVerificationEmail, Verified, VerifyEmail, VerifyEmailInput};
use doorward_domain::password::Password;
use doorward_domain::session::{AuthMethod, Authentication};
use doorward_domain::user::Ban;
use doorward_domain::user::{ChosenUsername, User, UserName, Username};
use doorward_domain::verification::Verification;
use doorward_domain::{Locked, StoreError, Transaction};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::world::{remembered, token};
use super::{World, hardened};

/// Every way in that there is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Address,
    Username,
    SignUp,
    Link,
}

/// What a way in came to.
#[derive(Debug, PartialEq)]
enum Entry {
    Issued,
    NotIssued,
    Refused,
}

impl Way {
    const ALL: [Self; 4] = [Self::Address, Self::Username, Self::SignUp, Self::Link];

    /// What has to be there before: nobody who signs up, and Ada otherwise, with a link to her mailbox if she follows it.
    async fn prepare(self, world: &World) -> String {
        if self == Self::SignUp {
            return String::new();
        }
        let ada = User {
            username: Some(Username::from_stored("ada")),
            ..samples::user("ada")
        };
        world.add(ada).await;
        if self != Self::Link {
            return String::new();
        }
        SendVerificationEmail::new(world.context.clone())
            .for_anybody(&samples::request(), &samples::email("ada"), None, None)
            .await
            .unwrap();
        world.mailed_token().await
    }

    async fn enter(self, world: &World, link: &str) -> Entry {
        let (context, request) = (world.context.clone(), samples::request());
        let sign_in = |name| SignInInput {
            name,
            password: Password::new(PASSWORD),
            callback: None,
            session: remembered(),
        };
        let name = match self {
            Self::Address => SignInName::Email(samples::email("ada")),
            Self::Username => SignInName::Username(Username::from_stored("ada")),
            Self::SignUp => {
                let input = SignUpInput {
                    name: UserName::from_stored("Ada"),
                    email: samples::email("ada"),
                    password: Password::new(PASSWORD),
                    image: None,
                    username: None::<ChosenUsername>,
                    extra: std::collections::BTreeMap::new(),
                    callback: None,
                    session: remembered(),
                };
                return match SignUp::new(context).run(&request, input).await {
                    Ok(signed_up) => Entry::of(signed_up.opened.is_some()),
                    Err(SignUpError::Rejected(_)) => Entry::Refused,
                    Err(error) => panic!("{error:?}"),
                };
            }
            Self::Link => {
                let input = VerifyEmailInput {
                    token: link,
                    callback: None,
                    device: None,
                };
                return match VerifyEmail::new(context).run(&request, input).await.unwrap() {
                    Verified::Address { opened, .. } => Entry::of(opened.is_some()),
                    verified => panic!("{verified:?}"),
                };
            }
        };
        match SignIn::new(context).run(&request, sign_in(name)).await {
            Ok(SignedIn::Issued { .. }) => Entry::Issued,
            Ok(SignedIn::Challenged(challenge)) => {
                assert_eq!(challenge.methods, ["code"]);
                Entry::NotIssued
            }
            Err(SignInError::Rejected(_)) => Entry::Refused,
            Err(error) => panic!("{error:?}"),
        }
    }
}

impl Entry {
    const fn of(issued: bool) -> Self {
        if issued { Self::Issued } else { Self::NotIssued }
    }
}

fn settings() -> Settings {
    let mut settings = hardened();
    settings.username.enabled = true;
    settings.email_verification.send_verification_email = true;
    settings.email_verification.auto_sign_in_after_verification = true;
    settings
}

/// Counts, and notes itself in the transaction.
#[derive(Default)]
struct Doorman {
    refuses: bool,
    asked: AtomicUsize,
    told: AtomicUsize,
}

#[async_trait]
impl Hook for Doorman {
    async fn before_commit(&self, tx: &dyn Transaction, user: &User) -> Result<(), HookError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tx.verifications().insert(&mark("doorman", user)).await?;
        if self.refuses {
            return Err(Rejection {
                code: "NOT_TODAY",
                message: "Not today".into(),
            }
            .into());
        }
        Ok(())
    }

    async fn after_commit(&self, _: &User) {
        self.told.fetch_add(1, Ordering::SeqCst);
    }
}

fn mark(name: &str, user: &User) -> Verification {
    let owner = Some(user.id.clone());
    Verification::unique(name.to_owned(), String::new(), owner, at(3600), at(0))
}

fn has_mark(world: &World, name: &str) -> bool {
    let rows = world.snapshot().verifications;
    rows.iter().any(|row| row.identifier == name)
}

fn hooked(doorman: &Arc<Doorman>) -> World {
    World::with(settings(), |ports| {
        let mut list = HookList::default();
        list.push(doorman.clone());
        ports.hooks.sign_in = list;
    })
}

#[tokio::test]
async fn whatever_the_way_in_the_sign_in_hooks_run() {
    for way in Way::ALL {
        let doorman = Arc::new(Doorman::default());
        let world = hooked(&doorman);
        let link = way.prepare(&world).await;
        assert_eq!(way.enter(&world, &link).await, Entry::Issued, "{way:?}");
        let calls = [&doorman.asked, &doorman.told].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(calls, [1, 1], "{way:?}");
        assert!(has_mark(&world, "doorman"), "{way:?}");
        let snapshot = world.snapshot();
        let methods = &snapshot.sessions[0].authentication.methods;
        let expected = match way {
            Way::Link => AuthMethod::EmailLink,
            Way::Address | Way::Username | Way::SignUp => AuthMethod::Password,
        };
        assert_eq!(*methods, [expected], "{way:?}");
        let issued: Vec<_> = snapshot
            .audit_events
            .iter()
            .filter(|event| event.kind == "session.issued")
            .collect();
        assert_eq!(issued.len(), 1, "{way:?}");
    }
}

#[tokio::test]
async fn whatever_the_way_in_a_hook_that_refuses_leaves_no_session_and_nothing_it_wrote() {
    for way in Way::ALL {
        let doorman = Arc::new(Doorman {
            refuses: true,
            ..Doorman::default()
        });
        let world = hooked(&doorman);
        let link = way.prepare(&world).await;
        let before = world.snapshot();
        let entry = way.enter(&world, &link).await;
        assert_eq!(doorman.asked.load(Ordering::SeqCst), 1, "{way:?}");
        assert_eq!(doorman.told.load(Ordering::SeqCst), 0, "{way:?}");
        assert_eq!(world.snapshot().sessions, [], "{way:?}");
        assert!(!has_mark(&world, "doorman"), "{way:?}");
        if way == Way::Link {
            // The link did show whose mailbox it is: that is kept.
            assert_eq!(entry, Entry::NotIssued);
            assert!(world.user("ada").unwrap().email_verified);
            let events = ["email.verification_requested", "session.denied", "email.verified"];
            assert_eq!(world.events("ada"), events);
            continue;
        }
        assert_eq!(entry, Entry::Refused, "{way:?}");
        let mut after = world.snapshot();
        let events = std::mem::take(&mut after.audit_events);
        let denials: Vec<_> = events
            .iter()
            .map(|event| (&*event.kind, &*event.outcome, event.details.as_deref()))
            .collect();
        // Whoever was refused at sign-up was never there.
        let expected = [("session.denied", "denied", Some("NOT_TODAY"))];
        let count = usize::from(way != Way::SignUp);
        assert_eq!(denials, expected[..count], "{way:?}");
        assert!(after == before, "{way:?}");
    }
}

/// Asks everybody for a code, and remembers that it asked.
struct AskForCode;

#[async_trait]
impl SecondFactor for AskForCode {
    async fn challenge(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        authentication: &Authentication,
    ) -> Result<Option<Challenge>, StoreError> {
        assert_eq!(authentication.at, at(0));
        tx.verifications().insert(&mark("waits", user)).await?;
        Ok(Some(Challenge {
            methods: vec!["code".to_owned()],
        }))
    }
}

#[tokio::test]
async fn whatever_the_way_in_a_second_factor_is_asked_for_before_a_session_is_issued() {
    for way in Way::ALL {
        let doorman = Arc::new(Doorman::default());
        let world = World::with(settings(), |ports| {
            ports.second_factors.push(Arc::new(AskForCode));
            ports.hooks.sign_in.push(doorman.clone());
        });
        let link = way.prepare(&world).await;
        assert_eq!(way.enter(&world, &link).await, Entry::NotIssued, "{way:?}");
        assert_eq!(world.snapshot().sessions, [], "{way:?}");
        assert!(has_mark(&world, "waits"), "{way:?}: what waits is remembered");
        let calls = [&doorman.asked, &doorman.told].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(calls, [0, 0], "{way:?}: nobody came in");
    }
}

#[tokio::test]
async fn se_3_a_sign_in_that_is_not_over_leaves_the_former_session() {
    let world = World::with(settings(), |ports| {
        ports.second_factors.push(Arc::new(AskForCode));
    });
    let ada = world.add_user("ada").await;
    world.signed_in(&ada, "former").await;
    let input = SignInInput {
        name: SignInName::Email(ada.email),
        password: Password::new(PASSWORD),
        callback: None,
        session: SessionRequest {
            previous: Some(token("former")),
            ..remembered()
        },
    };
    SignIn::new(world.context.clone())
        .run(&samples::request(), input)
        .await
        .unwrap();
    assert_eq!(world.session_ids(), ["session-former"]);
}

#[tokio::test]
async fn who_is_banned_is_denied_and_that_is_recorded() {
    let world = World::new(settings());
    let ada = world
        .add(User {
            ban: Ban::of("spam".to_owned(), Some(at(10))),
            ..samples::user("ada")
        })
        .await;
    let outcome = world.sign_in(&ada, PASSWORD).await;
    assert!(matches!(outcome, Err(SignInError::Banned)), "{outcome:?}");
    let snapshot = world.snapshot();
    assert_eq!(snapshot.sessions, []);
    let event = &snapshot.audit_events[0];
    assert_eq!((&*event.kind, &*event.outcome), ("session.denied", "denied"));

    world.clock.advance(TimeDelta::seconds(10));
    assert!(world.sign_in(&ada, PASSWORD).await.is_ok());
    assert_eq!(world.user("ada").unwrap().ban, Ban::none(), "it ran out");
    assert_eq!(
        world.events("ada"),
        ["session.denied", "user.unbanned", "session.issued"]
    );
}

#[tokio::test]
async fn se_11_the_oldest_sessions_beyond_the_limit_end() {
    let mut settings = settings();
    settings.session.max_per_user = Some(2);
    let world = World::new(settings);
    let ada = world.add_user("ada").await;
    let mut issued = Vec::new();
    for _ in 0..3 {
        world.clock.advance(TimeDelta::seconds(1));
        let session = world.sign_in(&ada, PASSWORD).await.unwrap().session;
        issued.push(session.id.to_string());
    }
    assert_eq!(world.session_ids(), issued[1..]);
}
