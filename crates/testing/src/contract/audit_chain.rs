//! Promises about the chain of audit events.

use std::sync::Arc;

use doorward_domain::audit::{
    AuditEvent, Chain, EventFilter, EventKind, EventProof, EventQuery, SealedEvent,
};
use doorward_domain::{Changed, Constraint, Inserted, Signer, Store, StoreError, UserId};
use futures_util::future::join_all;

use crate::samples::{self, at};
use crate::test_signer;

fn event(id: &str, second: i64) -> AuditEvent {
    samples::event(id, EventKind::SignedIn, &UserId::from_stored("ada"), at(second))
}

fn proof(name: &str) -> EventProof {
    EventProof {
        salt: Some(format!("salt of {name}")),
        commitment: format!("commitment of {name}"),
        signature: Some(format!("signature of {name}")),
    }
}

async fn add(store: &Arc<dyn Store>, id: &str, second: i64) -> AuditEvent {
    let event = AuditEvent {
        proof: Some(proof(id)),
        ..event(id, second)
    };
    store.audit_events().insert(&event).await.unwrap();
    event
}

fn sealed(event: &AuditEvent, seq: i64) -> SealedEvent {
    SealedEvent {
        event: event.clone(),
        seq,
        seal: format!("seal {seq}"),
    }
}

async fn unsealed(store: &Arc<dyn Store>, limit: u64) -> Vec<AuditEvent> {
    let tx = store.begin(&samples::request()).await.unwrap();
    tx.audit_events().lock_unsealed(limit).await.unwrap()
}

/// There is one chain. It changes from what is stored, or not at all.
pub async fn au_1_there_is_one_chain(store: Arc<dyn Store>) {
    let signer = test_signer();
    let signer: &dyn Signer = &*signer;
    let events = store.audit_events();
    assert_eq!(events.find_chain().await.unwrap(), None);
    assert_eq!(events.lock_chain().await.unwrap(), None);
    let first = Chain::empty(signer);
    assert_eq!(events.insert_chain(&first).await.unwrap(), Inserted::Inserted);
    let second = first.clone().all_signed_from_here(signer);
    assert_eq!(
        events.insert_chain(&second).await.unwrap(),
        Inserted::AlreadyThere
    );
    assert_eq!(events.find_chain().await.unwrap().as_ref(), Some(&first));
    assert_eq!(
        events.update_chain(&second, &first).await.unwrap(),
        Changed::Stale
    );
    assert_eq!(
        events.update_chain(&first, &second).await.unwrap(),
        Changed::Applied
    );
    assert_eq!(
        events.update_chain(&first, &second).await.unwrap(),
        Changed::Stale
    );
    let third = second.clone().up_to(&sealed(&event("a", 1), 1), signer);
    assert_eq!(
        events.update_chain(&second, &third).await.unwrap(),
        Changed::Applied
    );
    assert_eq!(events.find_chain().await.unwrap().as_ref(), Some(&third));
    let locked = events.lock_chain().await.unwrap().unwrap();
    assert_eq!(locked.into_inner(), third);
}

/// The proof of an event comes back as it was written, or is absent.
pub async fn proofs_are_kept(store: Arc<dyn Store>) {
    let full = add(&store, "a", 2).await;
    let unsigned = AuditEvent {
        proof: Some(EventProof {
            salt: None,
            signature: None,
            ..proof("b")
        }),
        ..event("b", 1)
    };
    let without = event("c", 0);
    for event in [&unsigned, &without] {
        store.audit_events().insert(event).await.unwrap();
    }
    let all = EventQuery::newest(EventFilter::default(), 9);
    assert_eq!(
        store.audit_events().list(&all).await.unwrap(),
        [full, unsigned, without]
    );
}

/// Each event gets its place once. What was committed late is found all the same.
pub async fn au_1_seal(store: Arc<dyn Store>) {
    let events = store.audit_events();
    assert_eq!(events.oldest_unsealed().await.unwrap(), None);
    let late = add(&store, "b", 2).await;
    let early = add(&store, "a", 1).await;
    assert_eq!(unsealed(&store, 1).await, std::slice::from_ref(&early));
    assert_eq!(unsealed(&store, 9).await, [early.clone(), late.clone()]);
    assert_eq!(events.oldest_unsealed().await.unwrap(), Some(at(1)));
    assert_eq!(events.count_unsealed().await.unwrap(), 2);
    assert_eq!(events.seal(&sealed(&late, 1)).await.unwrap(), Changed::Applied);
    assert_eq!(events.seal(&sealed(&late, 3)).await.unwrap(), Changed::Stale);
    assert_eq!(
        events.seal(&sealed(&event("unknown", 1), 3)).await.unwrap(),
        Changed::Stale
    );
    let taken = events.seal(&sealed(&early, 1)).await;
    assert!(
        matches!(taken, Err(StoreError::Conflict(Constraint::Other))),
        "{taken:?}"
    );
    assert_eq!(events.seal(&sealed(&early, 2)).await.unwrap(), Changed::Applied);
    // What was written before events had a proof gets what can be proved.
    let plain = event("c", 0);
    events.insert(&plain).await.unwrap();
    assert_eq!(unsealed(&store, 9).await, std::slice::from_ref(&plain));
    let proved = AuditEvent {
        proof: Some(EventProof {
            signature: None,
            ..proof("c")
        }),
        ..plain
    };
    assert_eq!(events.seal(&sealed(&proved, 3)).await.unwrap(), Changed::Applied);
    assert_eq!(unsealed(&store, 9).await, []);
    assert_eq!(events.count_unsealed().await.unwrap(), 0);
    let all = [sealed(&late, 1), sealed(&early, 2), sealed(&proved, 3)];
    assert_eq!(events.sealed_after(i64::MIN, 9).await.unwrap(), all);
    assert_eq!(events.sealed_after(1, 1).await.unwrap(), all[1..2]);
    assert_eq!(events.sealed_after(3, 9).await.unwrap(), []);
}

/// The oldest of the chain go, and nothing that is not sealed.
pub async fn au_2_remove_through(store: Arc<dyn Store>) {
    let events = store.audit_events();
    for (id, seq) in [("a", 1), ("b", 2), ("c", 3)] {
        let event = add(&store, id, seq).await;
        assert!(events.seal(&sealed(&event, seq)).await.unwrap().is_applied());
    }
    add(&store, "unsealed", 0).await;
    assert_eq!(events.remove_through(0).await.unwrap(), 0);
    assert_eq!(events.remove_through(2).await.unwrap(), 2);
    assert_eq!(events.remove_through(2).await.unwrap(), 0);
    let left = events.sealed_after(i64::MIN, 9).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].event.id, "c");
    assert_eq!(events.count_unsealed().await.unwrap(), 1);
}

/// Events are taken out of the chain from its beginning. What is proved of them stays, unless that is taken away.
pub async fn au_1_unseal(store: Arc<dyn Store>) {
    let events = store.audit_events();
    let mut written = Vec::new();
    for (id, seq) in [("a", 1), ("b", 2), ("c", 3)] {
        let event = add(&store, id, seq).await;
        assert!(events.seal(&sealed(&event, seq)).await.unwrap().is_applied());
        written.push(event);
    }
    assert_eq!(events.unseal(2).await.unwrap(), 2);
    assert_eq!(unsealed(&store, 9).await, written[..2]);
    assert_eq!(
        events.sealed_after(i64::MIN, 9).await.unwrap(),
        [sealed(&written[2], 3)]
    );
    for (id, outcome) in [("a", Changed::Applied), ("unknown", Changed::Stale)] {
        assert_eq!(events.remove_proof(id).await.unwrap(), outcome);
    }
    assert_eq!(events.unseal(9).await.unwrap(), 1);
    assert_eq!(events.unseal(9).await.unwrap(), 0);
    written[0].proof = None;
    assert_eq!(unsealed(&store, 9).await, written);
}

/// What is personal is erased with its salt, whether the event is sealed or not; the commitment stays.
pub async fn dt_2_commitments_stay(store: Arc<dyn Store>) {
    let user = super::add_user(&store, "ada").await;
    let first = add(&store, "a", 1).await;
    let second = add(&store, "b", 2).await;
    let events = store.audit_events();
    assert!(events.seal(&sealed(&first, 1)).await.unwrap().is_applied());
    assert!(store.users().delete(&user.id).await.unwrap().is_removed());
    let all = EventQuery::newest(EventFilter::default(), 9);
    for (event, mut written) in events.list(&all).await.unwrap().into_iter().zip([second, first]) {
        written.erase_personal_data();
        assert_eq!(event, written);
        let proof = event.proof.unwrap();
        assert_eq!((proof.salt, proof.commitment.is_empty()), (None, false));
    }
    let chain = events.sealed_after(0, 9).await.unwrap();
    assert_eq!((chain.len(), &*chain[0].seal), (1, "seal 1"));
}

/// Of several who seal at once, each waits for the one before, and every event has one place.
pub async fn au_1_those_who_seal_take_turns(store: Arc<dyn Store>) {
    const EVENTS: i64 = 24;
    let signer = test_signer();
    let empty = Chain::empty(&*signer);
    assert!(
        store
            .audit_events()
            .insert_chain(&empty)
            .await
            .unwrap()
            .is_inserted()
    );
    for number in 0..EVENTS {
        add(&store, &format!("{number:02}"), number).await;
    }
    let seal_some = async |store: Arc<dyn Store>| -> u64 {
        let tx = store.begin(&samples::request()).await.unwrap();
        let before = tx
            .audit_events()
            .lock_chain()
            .await
            .unwrap()
            .unwrap()
            .into_inner();
        let mut chain = before.clone();
        let events = tx.audit_events().lock_unsealed(5).await.unwrap();
        let signer = test_signer();
        for event in &events {
            let event = chain.seal(event.clone(), &*signer);
            assert!(tx.audit_events().seal(&event).await.unwrap().is_applied());
            chain = chain.up_to(&event, &*signer);
        }
        assert!(
            tx.audit_events()
                .update_chain(&before, &chain)
                .await
                .unwrap()
                .is_applied()
        );
        tx.commit().await.unwrap();
        u64::try_from(events.len()).unwrap()
    };
    let both = (0..3).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut sealed = 0;
            loop {
                match seal_some(store.clone()).await {
                    0 => return sealed,
                    some => sealed += some,
                }
            }
        })
    });
    let sealed: u64 = join_all(both).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(sealed, u64::try_from(EVENTS).unwrap());
    let chain = store.audit_events().find_chain().await.unwrap().unwrap();
    assert_eq!(chain.end.seq, EVENTS);
    let mut place = chain.begin.clone();
    for event in store.audit_events().sealed_after(0, 99).await.unwrap() {
        assert_eq!(event.seq, place.seq + 1);
        place = event.link();
    }
    assert_eq!(place, chain.end);
}
