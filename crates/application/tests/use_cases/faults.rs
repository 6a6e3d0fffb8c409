//! Every use-case that writes, with the store failing at its first write, its second and so on: it does everything or nothing.

mod administration;
mod oneself;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::audit_log::SealEvents;
use doorward_application::hooks::{Hook, HookList, Hooks};
use doorward_application::purge_expired::PurgeExpired;
use doorward_application::settings::Settings;
use doorward_application::{Context, Ports};
use doorward_domain::audit::EventKind;
use doorward_domain::email::EmailKind;
use doorward_domain::session::Session;
use doorward_domain::user::User;
use doorward_domain::verification::{Purpose, Verification};
use doorward_domain::{Repositories, Secret};
use doorward_testing::{FaultyStore, PASSWORD, PlainHasher, samples};
use samples::at;

use super::{World, hardened};

type Outcome = Result<(), Box<dyn Error>>;

/// Counts how often something was said to be done.
#[derive(Default)]
struct Announcements(AtomicUsize);

#[async_trait]
impl Hook for Announcements {
    async fn after_commit(&self, _: &User) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn hooks(hook: &Arc<Announcements>) -> Hooks {
    let mut list = HookList::default();
    list.push(hook.clone());
    Hooks {
        sign_up: list.clone(),
        sign_in: list.clone(),
        deletion: list,
        ..Hooks::default()
    }
}

/// The hardened preset with everything switched on.
fn settings() -> Settings {
    let mut settings = hardened();
    settings.email_and_password.send_reset_password = true;
    settings.email_verification.send_verification_email = true;
    settings.change_email.enabled = true;
    settings.delete_user.enabled = true;
    settings.username.enabled = true;
    settings.admin.enabled = true;
    settings.admin.setup_token = Some(Secret::new("set-up".to_owned()));
    settings.session.max_per_user = Some(2);
    settings
}

/// Lets the first write of the use-case fail, then the second and so on, each time in a new world, until there is no write
/// left to fail. Every failure is answered as one, leaves all tables as they were, and is announced to nobody.
async fn all_or_nothing<P>(
    settings: Settings,
    prepare: impl AsyncFn(&World) -> P,
    act: impl AsyncFn(Context, &P) -> Outcome,
) {
    for number in 1.. {
        let announced = Arc::new(Announcements::default());
        let world = World::with(settings.clone(), |ports| ports.hooks = hooks(&announced));
        let prepared = prepare(&world).await;
        let before = world.snapshot();
        announced.0.store(0, Ordering::SeqCst);
        let store = Arc::new(FaultyStore::new(world.store.clone(), number));
        let ports = Ports {
            store: store.clone(),
            ..world.context.ports.clone()
        };
        let outcome = act(Context::new(ports, settings.clone()), &prepared).await;
        if !store.has_failed() {
            outcome.unwrap();
            assert!(number > 3, "begins, writes and commits");
            assert!(world.snapshot() != before, "it does something");
            return;
        }
        assert!(outcome.is_err(), "write {number} failed, and nobody was told");
        let after = world.snapshot();
        assert!(
            after == before,
            "write {number} failed, yet something changed: {after:#?}"
        );
        assert_eq!(announced.0.load(Ordering::SeqCst), 0, "write {number} failed");
    }
}

/// An outdated hash is replaced before the session is issued, by a transaction of its own, and failing to is no reason to
/// keep anybody out (PW-3). Neither transaction is ever half done.
#[tokio::test]
async fn pw_3_replacing_a_hash_and_signing_in_are_each_done_or_not() {
    let old = PlainHasher::outdated_hash_of(PASSWORD);
    let new = PlainHasher::hash_of(PASSWORD);
    let mut settings = settings();
    // An attempt is counted before, by a transaction of its own.
    settings.security.max_password_attempts = None;
    for number in 1.. {
        let world = World::new(settings.clone());
        let ada = samples::user("ada");
        world.store.users().insert(&ada).await.unwrap();
        let credential = samples::credential(&ada, old.expose());
        world.store.accounts().insert(&credential).await.unwrap();
        let store = Arc::new(FaultyStore::new(world.store.clone(), number));
        let ports = Ports {
            store: store.clone(),
            ..world.context.ports.clone()
        };
        let faulty = World {
            context: Context::new(ports, settings.clone()),
            store: world.store.clone(),
            clock: world.clock.clone(),
        };
        let outcome = faulty.sign_in(&ada, PASSWORD).await;

        let replaced = world.hash("ada").as_deref() == Some(new.expose());
        let issued = world.snapshot().sessions.len() == 1;
        let recorded: Vec<_> = [(replaced, "password.rehashed"), (issued, "session.issued")]
            .into_iter()
            .filter_map(|(done, event)| done.then_some(event))
            .collect();
        assert_eq!(world.events("ada"), recorded, "write {number}");
        assert_eq!(outcome.is_ok(), issued, "write {number}");
        if !store.has_failed() {
            assert!(replaced && issued);
            return;
        }
        assert!(replaced != issued, "write {number}: one of the two failed");
    }
}

/// Two transactions, so that a user who cannot be removed keeps nothing else back.
#[tokio::test]
async fn dt_2_each_kind_is_purged_or_not() {
    for number in 1.. {
        let world = World::new(settings());
        let ada = world.add_user("ada").await;
        let gone = world
            .add(samples::user("gone").deleted(at(-31 * 24 * 3600)))
            .await;
        let session = Session {
            expires_at: at(-6),
            ..samples::session(&ada, "expired")
        };
        world.store.sessions().insert(&session).await.unwrap();
        let key = samples::key(Purpose::ResetPassword, "expired");
        let link = Verification {
            expires_at: at(-6),
            ..samples::verification(&key, &ada)
        };
        world.store.verifications().insert(&link).await.unwrap();
        let old = samples::event("old", EventKind::SignedIn, &ada.id, at(-366 * 24 * 3600));
        world.store.audit_events().insert(&old).await.unwrap();
        let seal = SealEvents::new(world.context.clone());
        assert_eq!(seal.run(&samples::request()).await.unwrap(), 1);
        let store = Arc::new(FaultyStore::new(world.store.clone(), number));
        let ports = Ports {
            store: store.clone(),
            ..world.context.ports.clone()
        };
        let outcome = PurgeExpired::new(Context::new(ports, settings()))
            .run(&samples::request())
            .await;

        let after = world.snapshot();
        let sessions_left = !after.sessions.is_empty();
        assert_eq!(
            sessions_left,
            !after.verifications.is_empty(),
            "write {number}: one transaction"
        );
        let user_left = after.users.iter().any(|user| user.id == gone.id);
        let account_left = after.accounts.iter().any(|account| account.user_id == gone.id);
        assert_eq!(user_left, account_left, "write {number}: one transaction");
        if !store.has_failed() {
            assert!(outcome.is_ok() && !sessions_left && !user_left);
            assert_eq!(world.events(gone.id.as_str()), ["user.purged"]);
            assert_eq!(world.events("ada"), [""; 0]);
            return;
        }
        // Events are purged after that, by themselves.
        let events_left = after.audit_events.iter().any(|event| event.id == "old");
        assert!(outcome.is_err() && events_left, "write {number}");
    }
}

/// What the email of this kind has in its link.
async fn mailed(world: &World, kind: &EmailKind) -> String {
    let emails = world.emails().await;
    let email = emails.iter().find(|email| email.kind == *kind).unwrap();
    super::world::token_of(email)
}

/// A second later: so that what is issued now differs from what was issued before.
fn later(world: &World) {
    world.clock.advance(TimeDelta::seconds(1));
}
