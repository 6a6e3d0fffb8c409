//! The chain of audit events: what is sealed, what is noticed, and what is left after the retention.

mod restart;

use std::sync::Arc;

use doorward_adapters::crypto::HmacSigner;
use doorward_adapters::system::SystemEntropy;
use doorward_application::audit_log::{PurgeEvents, SealError, SealEvents, Verification, VerifyEvents};
use doorward_application::purge_expired::PurgeExpired;
use doorward_application::{Context, Ports};
use doorward_domain::audit::{AuditEvent, Chain, Event, EventKind, Flaw, SealedEvent};
use doorward_domain::{Actor, Client, Keyring, Repositories, RequestContext, Secret, UserId};
use doorward_testing::{FaultyStore, samples};
use samples::at;

use super::{World, hardened};

const DAY: i64 = 24 * 3600;

async fn record(world: &World, kind: EventKind) {
    let client = Client::new("192.0.2.9".to_owned(), "browser");
    record_in(world, &world.context.request(Actor::Anonymous, client), kind).await;
}

async fn record_in(world: &World, request: &RequestContext, kind: EventKind) {
    let tx = world.context.store().begin(request).await.unwrap();
    tx.record(Event::of(kind, &UserId::from_stored("ada")))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn seal(world: &World) -> Result<u64, SealError> {
    SealEvents::new(world.context.clone())
        .run(&samples::request())
        .await
}

async fn verify(world: &World) -> Verification {
    let operator = samples::request().with_actor(Actor::Operator("audit verify"));
    VerifyEvents::new(world.context.clone())
        .run(&operator)
        .await
        .unwrap()
}

fn flaw(found: &Verification) -> Option<(i64, Flaw)> {
    found.flaw.as_ref().map(|finding| (finding.seq, finding.flaw))
}

#[tokio::test]
async fn au_1_events_are_signed_when_they_are_written_and_sealed_later() {
    let world = World::new(hardened());
    assert_eq!(flaw(&verify(&world).await), None, "a log without a chain");
    record(&world, EventKind::SignedIn).await;
    let event = world.snapshot().audit_events.last().unwrap().clone();
    assert!(
        event
            .proof
            .is_some_and(|proof| proof.signature.is_some() && proof.salt.is_some())
    );
    // The event of the verification, too, which an unsigned request of a test wrote.
    assert_eq!(seal(&world).await.unwrap(), 2);
    assert_eq!(seal(&world).await.unwrap(), 0);
    record(&world, EventKind::SignedOut).await;
    let found = verify(&world).await;
    assert_eq!((found.verified, found.unsealed, found.unsigned), (2, 1, 1));
    assert_eq!(flaw(&found), None);
    assert_eq!(found.oldest_unsealed, Some(at(0)));
    let kinds: Vec<_> = world
        .snapshot()
        .audit_events
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds.last().map(String::as_str), Some("audit.verified"));
}

#[tokio::test]
async fn au_1_an_event_that_was_committed_late_is_sealed_late() {
    let world = World::new(hardened());
    let slow = world.context.internal_request(Actor::System("slow"));
    world.clock.advance(chrono::TimeDelta::seconds(5));
    record(&world, EventKind::SignedIn).await;
    assert_eq!(seal(&world).await.unwrap(), 1);
    record_in(&world, &slow, EventKind::SignedOut).await;
    record(&world, EventKind::SignedUp).await;
    assert_eq!(seal(&world).await.unwrap(), 2);
    let sealed = world.store.audit_events().sealed_after(0, 9).await.unwrap();
    let kinds: Vec<_> = sealed.iter().map(|sealed| &*sealed.event.kind).collect();
    assert_eq!(kinds, ["session.issued", "session.signed_out", "user.signed_up"]);
    assert_eq!(flaw(&verify(&world).await), None);
}

#[tokio::test]
async fn au_1_only_what_was_there_before_the_chain_may_lack_a_signature() {
    let world = World::new(hardened());
    let ada = UserId::from_stored("ada");
    let number = 2 * SealEvents::BATCH;
    for id in 0..number {
        let event = samples::event(&format!("{id:05}"), EventKind::SignedIn, &ada, at(0));
        world.store.audit_events().insert(&event).await.unwrap();
    }
    for expected in [SealEvents::BATCH, SealEvents::BATCH, 0] {
        assert_eq!(seal(&world).await.unwrap(), expected);
    }
    let operator = world.context.internal_request(Actor::Operator("audit verify"));
    let verify = VerifyEvents::new(world.context.clone());
    let found = verify.run(&operator).await.unwrap();
    assert_eq!(
        (found.verified, found.unsigned, flaw(&found)),
        (number, number, None)
    );
    let forged = samples::event("forged", EventKind::SignedIn, &ada, at(-9));
    world.store.audit_events().insert(&forged).await.unwrap();
    assert_eq!(seal(&world).await.unwrap(), 2);
    let found = verify.run(&operator).await.unwrap();
    let finding = found.flaw.unwrap();
    assert_eq!(
        (finding.flaw, finding.id.as_deref()),
        (Flaw::Inserted, Some("forged"))
    );
    assert_eq!(found.verified, number);
    let last = world.snapshot().audit_events.last().unwrap().clone();
    assert_eq!((&*last.kind, &*last.outcome), ("audit.verified", "denied"));
}

#[tokio::test]
async fn au_1_a_chain_that_was_altered_is_not_gone_on_with() {
    let world = World::new(hardened());
    record(&world, EventKind::SignedIn).await;
    seal(&world).await.unwrap();
    record(&world, EventKind::SignedOut).await;
    let events = world.store.audit_events();
    let chain = events.find_chain().await.unwrap().unwrap();
    let cut = Chain {
        end: chain.begin.clone(),
        ..chain.clone()
    };
    assert!(events.update_chain(&chain, &cut).await.unwrap().is_applied());
    assert!(matches!(seal(&world).await, Err(SealError::Chain(Flaw::Altered))));
    assert_eq!(flaw(&verify(&world).await), Some((0, Flaw::Altered)));
    let purge = PurgeEvents::new(world.context.clone());
    let outcome = purge.run(&samples::request(), at(99), 9).await;
    assert!(
        matches!(outcome, Err(SealError::Chain(Flaw::Altered))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn au_1_with_another_secret_nothing_is_said_to_be_altered() {
    let world = World::new(hardened());
    record(&world, EventKind::SignedIn).await;
    seal(&world).await.unwrap();
    let keys = Keyring::single(Secret::new("another secret of 32 characters!".to_owned()));
    let ports = Ports {
        signer: Arc::new(HmacSigner::new(&keys, "audit", Arc::new(SystemEntropy))),
        ..world.context.ports.clone()
    };
    let context = Context::new(ports, hardened());
    let operator = samples::request().with_actor(Actor::Operator("audit verify"));
    let found = VerifyEvents::new(context.clone()).run(&operator).await.unwrap();
    assert_eq!(flaw(&found), Some((1, Flaw::OtherKey)));
    let outcome = SealEvents::new(context).run(&samples::request()).await;
    assert!(
        matches!(outcome, Err(SealError::Chain(Flaw::OtherKey))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn au_2_after_the_retention_the_rest_can_be_verified() {
    let world = World::new(hardened());
    for days in [400, 380, 370, 10] {
        let id = doorward_domain::RequestId::new(format!("{days}"));
        let request = RequestContext::new(Actor::Anonymous, Client::default(), id, at(-days * DAY));
        let request = request.signed_by(world.context.ports.signer.clone());
        record_in(&world, &request, EventKind::SignedIn).await;
    }
    let purge = PurgeExpired::new(world.context.clone());
    let nothing = purge.run(&samples::request()).await.unwrap();
    assert_eq!(nothing.events, 0, "what is not sealed is not removed");
    assert_eq!(seal(&world).await.unwrap(), 4);
    assert_eq!(purge.run(&samples::request()).await.unwrap().events, 3);
    assert_eq!(purge.run(&samples::request()).await.unwrap().events, 0);
    let operator = world.context.internal_request(Actor::Operator("audit verify"));
    let found = VerifyEvents::new(world.context.clone())
        .run(&operator)
        .await
        .unwrap();
    assert_eq!((found.verified, flaw(&found)), (1, None));
    record(&world, EventKind::SignedOut).await;
    seal(&world).await.unwrap();
    let found = VerifyEvents::new(world.context.clone())
        .run(&operator)
        .await
        .unwrap();
    assert_eq!((found.verified, flaw(&found)), (3, None));
    assert_eq!(found.end.unwrap().seq, 6);
}

/// A chain of these events, sealed as the server does it. Then `alter` changes what is stored.
async fn sealed_log(world: &World, days: &[i64], alter: impl Fn(&mut SealedEvent)) {
    let signer = &*world.context.ports.signer;
    let events = world.store.audit_events();
    let empty = Chain::empty(signer);
    assert!(events.insert_chain(&empty).await.unwrap().is_inserted());
    let mut chain = empty.clone().all_signed_from_here(signer);
    for day in days {
        let id = doorward_domain::RequestId::new(format!("{day}"));
        let request = RequestContext::new(Actor::Anonymous, Client::default(), id, at(day * DAY));
        let request = request.signed_by(world.context.ports.signer.clone());
        let event = Event::of(EventKind::SignedIn, &UserId::from_stored("ada"));
        let mut sealed = chain.seal(AuditEvent::new(&request.facts(), event), signer);
        chain = chain.up_to(&sealed, signer);
        alter(&mut sealed);
        events.insert(&sealed.event).await.unwrap();
        assert!(events.seal(&sealed).await.unwrap().is_applied());
    }
    assert!(events.update_chain(&empty, &chain).await.unwrap().is_applied());
}

async fn purge_after_a_year(world: &World) -> Result<u64, SealError> {
    let purge = PurgeEvents::new(world.context.clone());
    purge.run(&samples::request(), at(-365 * DAY), 9).await
}

/// Whoever can write to the database has no event removed by calling it old: the purge would sign that it was.
#[tokio::test]
async fn au_1_an_event_that_was_altered_is_not_removed_as_too_old() {
    let world = World::new(hardened());
    sealed_log(&world, &[-400, -10, -5], |sealed| {
        if sealed.seq == 2 {
            sealed.event.at = at(-390 * DAY);
        }
    })
    .await;
    let before = world.snapshot();
    let outcome = purge_after_a_year(&world).await;
    assert!(
        matches!(
            outcome,
            Err(SealError::Event {
                seq: 2,
                flaw: Flaw::Altered
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(world.snapshot(), before);
    assert_eq!(flaw(&verify(&world).await), Some((2, Flaw::Altered)));
}

/// What was inserted before the beginning does not go unseen with what is removed.
#[tokio::test]
async fn au_1_what_was_inserted_before_the_beginning_is_not_removed() {
    let world = World::new(hardened());
    sealed_log(&world, &[-400, -390, -5], |_| ()).await;
    let events = world.store.audit_events();
    let forged = SealedEvent {
        event: samples::event(
            "forged",
            EventKind::SignedIn,
            &UserId::from_stored("ada"),
            at(-399 * DAY),
        ),
        seq: 0,
        seal: "forged".to_owned(),
    };
    events.insert(&forged.event).await.unwrap();
    assert!(events.seal(&forged).await.unwrap().is_applied());
    let outcome = purge_after_a_year(&world).await;
    assert!(
        matches!(
            outcome,
            Err(SealError::Event {
                seq: 0,
                flaw: Flaw::Inserted
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(flaw(&verify(&world).await), Some((0, Flaw::Inserted)));
}

/// An event of a clock that ran far ahead keeps nothing that is older from its end.
#[tokio::test]
async fn au_2_an_event_dated_in_the_future_does_not_stop_the_retention() {
    let world = World::new(hardened());
    sealed_log(&world, &[-400, 4000, -390, 5000, -5], |_| ()).await;
    assert_eq!(purge_after_a_year(&world).await.unwrap(), 3);
    assert_eq!(purge_after_a_year(&world).await.unwrap(), 0);
    let found = verify(&world).await;
    assert_eq!((found.verified, flaw(&found)), (2, None));
}

/// A clock that ran far behind ends no retention: what is not old and not of the future stays, and what is sealed after it.
#[tokio::test]
async fn au_2_an_event_dated_in_the_past_ends_no_retention_of_others() {
    let world = World::new(hardened());
    sealed_log(&world, &[-10, -20_000, -5], |_| ()).await;
    assert_eq!(purge_after_a_year(&world).await.unwrap(), 0);
}

/// A server that knows how far the chain reached does not begin it anew, nor go on with one that was cut off.
#[tokio::test]
async fn au_1_a_chain_that_reached_further_is_not_gone_on_with() {
    for is_begun_anew in [false, true] {
        let world = World::new(hardened());
        let signer = &*world.context.ports.signer;
        let worker = SealEvents::new(world.context.clone());
        let events = world.store.audit_events();
        record(&world, EventKind::SignedIn).await;
        assert_eq!(worker.run(&samples::request()).await.unwrap(), 1);
        let cut = events.find_chain().await.unwrap().unwrap();
        record(&world, EventKind::SignedOut).await;
        assert_eq!(worker.run(&samples::request()).await.unwrap(), 1);
        let chain = events.find_chain().await.unwrap().unwrap();
        let begun_anew = Chain::empty(signer).all_signed_from_here(signer);
        let shorter = if is_begun_anew { begun_anew } else { cut };
        assert_eq!(events.remove_through(2).await.unwrap(), 2);
        assert!(events.update_chain(&chain, &shorter).await.unwrap().is_applied());
        for is_something_to_seal in [false, true] {
            if is_something_to_seal {
                record(&world, EventKind::SignedUp).await;
            }
            let before = world.snapshot();
            let outcome = worker.run(&samples::request()).await;
            assert!(
                matches!(outcome, Err(SealError::Rewound { seq: 2 })),
                "{outcome:?}"
            );
            assert_eq!(world.snapshot(), before);
        }
    }
}

/// Another server may have gone on, but with what this one knows.
#[tokio::test]
async fn au_1_a_chain_that_is_longer_must_hold_what_was_sealed_before() {
    for is_the_same in [true, false] {
        let world = World::new(hardened());
        let worker = SealEvents::new(world.context.clone());
        let events = world.store.audit_events();
        record(&world, EventKind::SignedIn).await;
        assert_eq!(worker.run(&samples::request()).await.unwrap(), 1);
        if !is_the_same {
            let signer = &*world.context.ports.signer;
            let chain = events.find_chain().await.unwrap().unwrap();
            assert_eq!(events.remove_through(1).await.unwrap(), 1);
            let begun_anew = Chain::empty(signer).all_signed_from_here(signer);
            assert!(
                events
                    .update_chain(&chain, &begun_anew)
                    .await
                    .unwrap()
                    .is_applied()
            );
        }
        for kind in [EventKind::SignedOut, EventKind::SignedUp] {
            record(&world, kind).await;
        }
        assert_eq!(seal(&world).await.unwrap(), 2);
        record(&world, EventKind::SignedIn).await;
        let outcome = worker.run(&samples::request()).await;
        if is_the_same {
            assert_eq!(outcome.unwrap(), 1);
        } else {
            assert!(
                matches!(outcome, Err(SealError::Rewound { seq: 1 })),
                "{outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn dt_2_a_log_without_what_was_personal_can_be_verified() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    record(&world, EventKind::SignedIn).await;
    seal(&world).await.unwrap();
    record(&world, EventKind::SignedOut).await;
    assert!(world.store.users().delete(&ada.id).await.unwrap().is_removed());
    seal(&world).await.unwrap();
    let found = verify(&world).await;
    assert_eq!((found.verified, found.erased, flaw(&found)), (2, 2, None));
}

/// Where somebody came from cannot be hidden by saying that it was erased.
#[tokio::test]
async fn au_1_what_is_personal_of_somebody_who_is_there_is_not_erased() {
    for removed in [true, false] {
        let world = World::new(hardened());
        let ada = world.add_user("ada").await;
        record(&world, EventKind::SignedIn).await;
        seal(&world).await.unwrap();
        assert!(world.store.users().delete(&ada.id).await.unwrap().is_removed());
        if !removed {
            world.store.users().insert(&ada).await.unwrap();
        }
        let expected = (!removed).then_some((1, Flaw::Altered));
        assert_eq!(flaw(&verify(&world).await), expected);
    }
}

/// All events of a batch get their place, or none.
#[tokio::test]
async fn re_2_a_batch_is_sealed_or_not() {
    for number in 1.. {
        let world = World::new(hardened());
        for kind in [EventKind::SignedIn, EventKind::SignedOut] {
            record(&world, kind).await;
        }
        let before = world.snapshot();
        let store = Arc::new(FaultyStore::new(world.store.clone(), number));
        let ports = Ports {
            store: store.clone(),
            ..world.context.ports.clone()
        };
        let outcome = SealEvents::new(Context::new(ports, hardened()))
            .run(&samples::request())
            .await;
        if !store.has_failed() {
            assert_eq!(outcome.unwrap(), 2);
            assert_eq!(flaw(&verify(&world).await), None);
            return;
        }
        assert!(outcome.is_err(), "write {number}");
        assert_eq!(world.snapshot(), before, "write {number}");
    }
}
