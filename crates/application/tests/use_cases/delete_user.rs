use std::sync::Arc;

use async_trait::async_trait;
use doorward_adapters::memory::MemoryStore;
use doorward_application::Context;
use doorward_application::profile::{DeleteUser, DeleteUserError, DeleteUserInput, Deletion};
use doorward_application::settings::{DeletionMode, Settings};
use doorward_domain::password::{HashError, Password, PasswordHash, PasswordHasher, Verdict};
use doorward_domain::session::{Authentication, Session};
use doorward_domain::verification::Purpose;
use doorward_domain::{Repositories, RequestContext, UserId};
use doorward_testing::{Mocks, PASSWORD, PlainHasher, in_memory_ports, samples};
use samples::at;

use super::{World, hardened};

fn enabled() -> Settings {
    let mut settings = hardened();
    settings.delete_user.enabled = true;
    settings
}

const fn wish() -> DeleteUserInput<'static> {
    DeleteUserInput {
        password: None,
        token: None,
        callback: None,
    }
}

/// Ada, who signed in that many seconds from now, and is signed in elsewhere; and Grace, whom nothing concerns.
async fn ada(world: &World, signed_in_at: i64) -> RequestContext {
    let ada = world.add_user("ada").await;
    let grace = world.add_user("grace").await;
    world.signed_in(&grace, "grace").await;
    world.signed_in(&ada, "elsewhere").await;
    let key = samples::key(Purpose::ResetPassword, "reset");
    let link = samples::verification(&key, &ada);
    world.store.verifications().insert(&link).await.unwrap();
    let session = Session {
        authentication: Authentication::unknown(at(signed_in_at)),
        ..samples::session(&ada, "alpha")
    };
    world.with_session(&ada, session, "alpha").await
}

fn assert_only_grace_is_signed_in(world: &World) {
    assert_eq!(world.session_ids(), ["session-grace"]);
    assert_eq!(world.links(), []);
    assert_eq!(world.events("ada"), ["user.deleted"]);
}

#[tokio::test]
async fn se_6_a_deletion_that_can_be_undone_hides_the_user_and_ends_all_sessions_and_links() {
    let world = World::new(enabled());
    let request = ada(&world, 0).await;
    let outcome = DeleteUser::new(world.context.clone()).run(&request, wish()).await;
    assert_eq!(outcome.unwrap(), Deletion::Done);
    assert_eq!(world.user("ada").unwrap().deleted_at, Some(at(0)));
    assert_only_grace_is_signed_in(&world);
}

#[tokio::test]
async fn a_deletion_that_cannot_removes_the_user() {
    let mut settings = enabled();
    settings.delete_user.mode = DeletionMode::Hard;
    let world = World::new(settings);
    let request = ada(&world, 0).await;
    let outcome = DeleteUser::new(world.context.clone()).run(&request, wish()).await;
    assert_eq!(outcome.unwrap(), Deletion::Done);
    assert!(world.user("ada").is_none());
    assert_only_grace_is_signed_in(&world);
}

#[tokio::test]
async fn pw_9_a_session_that_is_not_fresh_needs_the_password() {
    let world = World::new(enabled());
    let stale = ada(&world, -24 * 3600).await;
    let before = world.snapshot();
    let delete = DeleteUser::new(world.context.clone());
    let outcome = delete.run(&stale, wish()).await;
    assert!(matches!(outcome, Err(DeleteUserError::NotFresh)), "{outcome:?}");
    assert!(world.snapshot() == before);

    let input = DeleteUserInput {
        password: Some(Password::new(PASSWORD)),
        ..wish()
    };
    assert_eq!(delete.run(&stale, input).await.unwrap(), Deletion::Done);
    assert_only_grace_is_signed_in(&world);
}

#[tokio::test]
async fn a_wrong_password_deletes_nobody_however_fresh_the_session() {
    let world = World::new(enabled());
    let request = ada(&world, 0).await;
    let before = world.snapshot();
    let input = DeleteUserInput {
        password: Some(Password::new("wrong")),
        ..wish()
    };
    let outcome = DeleteUser::new(world.context.clone()).run(&request, input).await;
    assert!(
        matches!(outcome, Err(DeleteUserError::WrongPassword)),
        "{outcome:?}"
    );
    let mut after = world.snapshot();
    let events = std::mem::take(&mut after.audit_events);
    assert_eq!(events.len(), 1, "the wrong password is recorded");
    assert_eq!(after.budgets.len(), 1, "RL-4: it is counted");
    after.budgets.clear();
    assert!(after == before);
}

/// Verifies a password, and then the user changes it: what was verified is the password no more.
struct ChangedMeanwhile(Arc<MemoryStore>);

#[async_trait]
impl PasswordHasher for ChangedMeanwhile {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        PlainHasher.hash(password).await
    }

    async fn verify<'a>(
        &self,
        password: &Password,
        hash: Option<&'a PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let verdict = PlainHasher.verify(password, hash).await?;
        let (user, new) = (UserId::from_stored("ada"), PlainHasher::hash_of("another staple"));
        let changed = self.0.accounts().set_password(&user, &new, at(0)).await.unwrap();
        assert!(changed.is_applied());
        Ok(verdict)
    }
}

#[tokio::test]
async fn a_password_that_was_changed_after_it_was_verified_deletes_nobody() {
    for asks in [false, true] {
        let mut settings = enabled();
        settings.delete_user.send_delete_account_verification = asks;
        let (mut ports, store, clock) = in_memory_ports();
        ports.hasher = Arc::new(ChangedMeanwhile(store.clone()));
        let context = Context::new(ports, settings);
        let world = World {
            context,
            store,
            clock,
        };
        let request = ada(&world, 0).await;
        let input = DeleteUserInput {
            password: Some(Password::new(PASSWORD)),
            ..wish()
        };
        let outcome = DeleteUser::new(world.context.clone()).run(&request, input).await;
        assert!(
            matches!(outcome, Err(DeleteUserError::WrongPassword)),
            "{outcome:?}"
        );
        assert_eq!(world.user("ada").unwrap().deleted_at, None);
        assert!(world.emails().await.is_empty());
        assert!(world.events("ada").is_empty());
    }
}

#[tokio::test]
async fn tk_6_somebody_else_s_link_deletes_nobody_and_stays_good() {
    let world = World::new(enabled());
    let request = ada(&world, 0).await;
    let key = samples::key(Purpose::DeleteAccount, "link");
    let foreign = samples::verification(&key, &samples::user("grace"));
    world.store.verifications().insert(&foreign).await.unwrap();
    let before = world.snapshot();
    let outcome = DeleteUser::new(world.context.clone())
        .run(
            &request,
            DeleteUserInput {
                token: Some("link"),
                ..wish()
            },
        )
        .await;
    assert!(
        matches!(outcome, Err(DeleteUserError::InvalidToken)),
        "{outcome:?}"
    );
    assert!(world.snapshot() == before, "the link is Grace's as before");
}

#[tokio::test]
async fn where_an_email_asks_first_nothing_is_deleted_before_its_link_is_followed() {
    let mut settings = enabled();
    settings.delete_user.send_delete_account_verification = true;
    let world = World::new(settings);
    let request = ada(&world, 0).await;
    let delete = DeleteUser::new(world.context.clone());
    assert_eq!(delete.run(&request, wish()).await.unwrap(), Deletion::Asked);
    assert_eq!(world.user("ada").unwrap().deleted_at, None);
    assert_eq!(
        world.session_ids(),
        ["session-alpha", "session-elsewhere", "session-grace"]
    );

    let token = world.mailed_token().await;
    delete.confirm(&request, &token).await.unwrap();
    assert_eq!(world.user("ada").unwrap().deleted_at, Some(at(0)));
    assert_eq!(world.events("ada"), ["user.deletion_requested", "user.deleted"]);
}

#[tokio::test]
async fn it_is_off_unless_it_is_switched_on() {
    let (context, _) = Mocks::default().context(hardened());
    let request = samples::request_by(&samples::user("ada"));
    let outcome = DeleteUser::new(context).run(&request, wish()).await;
    assert!(matches!(outcome, Err(DeleteUserError::Disabled)), "{outcome:?}");
}
