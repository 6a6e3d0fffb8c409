//! What is kept of people: an export shows all of it, and what ran out goes within a day.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use doorward_application::access::{AdminError, ExportUser};
use doorward_application::email::{DeliverMail, Delivery};
use doorward_application::export::{ExportError, ExportOwnData, UserExport};
use doorward_application::purge_expired::PurgeExpired;
use doorward_domain::audit::{AuditEvent, Event, EventKind};
use doorward_domain::email::{EmailMessage, MailError, Mailer};
use doorward_domain::session::Session;
use doorward_domain::verification::Purpose;
use doorward_domain::{Actor, Repositories, UserId};
use doorward_testing::samples::{self, at};

use crate::hardened;
use crate::world::World;

async fn events(export: &mut UserExport) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = export.next_events().await.unwrap();
        assert!(page.len() <= usize::try_from(UserExport::PAGE).unwrap());
        if page.is_empty() {
            return found;
        }
        found.extend(page.into_iter().map(|event| event.details.unwrap_or(event.kind)));
    }
}

#[tokio::test]
async fn dt_2_an_export_of_very_many_events_has_each_once_and_a_page_at_a_time() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    let count = UserExport::PAGE * 2 + 7;
    for number in 0..count {
        // Most happened at the same moment.
        let mut event = AuditEvent::new(
            &request.facts(),
            Event::of(EventKind::UserUpdated, &ada.id).with_details(format!("event {number}")),
        );
        event.id = format!("{:05}", (number * 7919) % 10_007);
        event.at = at(i64::from(number % 3 == 0));
        world.store.audit_events().insert(&event).await.unwrap();
    }
    let mut export = ExportOwnData::new(world.context.clone())
        .run(&request)
        .await
        .unwrap();
    let found = events(&mut export).await;
    let distinct: BTreeSet<_> = found.iter().collect();
    assert_eq!(found.len(), distinct.len(), "each once");
    let expected = usize::try_from(count).unwrap() + 1;
    assert_eq!(found.len(), expected, "all of them, and the export itself");
    assert!(export.next_events().await.unwrap().is_empty(), "and no more");
}

#[tokio::test]
async fn dt_2_an_export_needs_a_fresh_session_of_the_user_that_has_not_ended() {
    let world = World::new(hardened());
    let (ada, grace) = (world.add_user("ada").await, world.add_user("grace").await);
    let export = ExportOwnData::new(world.context.clone());
    let nobody = export.run(&samples::request()).await;
    assert!(matches!(nobody, Err(ExportError::NotSignedIn(_))), "{nobody:?}");
    let impersonation = Session {
        impersonated_by: Some(grace.id.clone()),
        ..samples::session(&ada, "beta")
    };
    let request = world.with_session(&ada, impersonation, "beta").await;
    let refused = export.run(&request).await;
    assert!(matches!(refused, Err(ExportError::Impersonated)), "{refused:?}");
    let request = world.signed_in(&ada, "alpha").await;
    let id = samples::session(&ada, "alpha").id;
    assert!(world.store.sessions().delete(&id).await.unwrap().is_removed());
    let ended = export.run(&request).await;
    assert!(matches!(ended, Err(ExportError::NotSignedIn(_))), "{ended:?}");
    let request = world.signed_in(&ada, "alpha").await;
    world.clock.advance(TimeDelta::days(2));
    let old = export.run(&request).await;
    assert!(matches!(old, Err(ExportError::NotFresh)), "{old:?}");
    assert!(world.events("ada").is_empty(), "nothing was exported");
}

#[tokio::test]
async fn dt_2_an_operator_exports_anybody_and_it_is_recorded() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let request = world.context.internal_request(Actor::Operator("user export"));
    let export = ExportUser::new(world.context.clone());
    let mut exported = export.run(&request, &ada.id).await.unwrap();
    assert_eq!((&exported.held.user, exported.held.accounts.len()), (&ada, 1));
    assert_eq!(events(&mut exported).await, ["user.exported"]);
    let deleted = world.store.users().soft_delete(&ada.id, at(1)).await.unwrap();
    assert!(deleted.is_removed());
    let exported = export.run(&request, &ada.id).await.unwrap();
    assert_eq!(exported.held.user.deleted_email.as_ref(), Some(&ada.email));
    let unknown = export.run(&request, &UserId::from_stored("nobody")).await;
    assert!(matches!(unknown, Err(AdminError::UserNotFound)), "{unknown:?}");
    let anonymous = export.run(&samples::request(), &ada.id).await;
    assert!(
        matches!(anonymous, Err(AdminError::NotPermitted(_))),
        "{anonymous:?}"
    );
}

/// No email arrives.
struct Unreachable;

#[async_trait]
impl Mailer for Unreachable {
    async fn send(&self, _: &str, _: &EmailMessage) -> Result<(), MailError> {
        Err(MailError::Temporary("no relay".into()))
    }
}

#[tokio::test]
async fn dt_2_sessions_tokens_and_emails_are_gone_a_day_after_they_ran_out() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    world.signed_in(&ada, "alpha").await;
    let key = samples::key(Purpose::ResetPassword, "token");
    let row = samples::verification(&key, &ada);
    world.store.verifications().insert(&row).await.unwrap();
    let email = samples::message("email", at(0));
    world.store.outbox().push(&email).await.unwrap();
    let expires_at = world.snapshot().sessions[0].expires_at;

    // What the workers of a server do, every ten minutes.
    let purge = PurgeExpired::new(world.context.clone());
    let deliver = DeliverMail::new(world.context.clone(), Arc::new(Unreachable));
    let work = async |until| {
        while world.context.now() < until {
            world.clock.advance(TimeDelta::minutes(10));
            purge.run(&samples::request()).await.unwrap();
            while deliver.run(&samples::request(), pending()).await.unwrap() != Delivery::Nothing {}
        }
        world.snapshot()
    };
    let a_day = TimeDelta::hours(24);
    let left = work(row.expires_at + a_day).await;
    assert_eq!(left.verifications, []);
    let left = work(email.created_at + a_day).await;
    assert_eq!(left.outbox, []);
    let left = work(expires_at + a_day).await;
    assert_eq!(left.sessions, []);
    assert_eq!(left.users, [ada]);
}
