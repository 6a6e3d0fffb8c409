//! Beginning the chain anew.

use std::sync::Arc;

use doorward_adapters::crypto::HmacSigner;
use doorward_adapters::system::SystemEntropy;
use doorward_application::audit_log::{
    FormerSecret, RestartChain, RestartError, Restarted, SealEvents, VerifyEvents,
};
use doorward_application::{Context, Ports};
use doorward_domain::audit::EventKind;
use doorward_domain::{Actor, Keyring, Repositories, Secret};
use doorward_testing::{FaultyStore, samples};

use super::{World, flaw, hardened, purge_after_a_year, record, seal, sealed_log, verify};

async fn try_restart(context: &Context, secret: FormerSecret) -> Result<Restarted, RestartError> {
    let operator = samples::request().with_actor(Actor::Operator("audit restart-chain"));
    RestartChain::new(context.clone()).run(&operator, secret).await
}

async fn restart(context: &Context) -> Restarted {
    try_restart(context, FormerSecret::Kept).await.unwrap()
}

/// A lost secret does not end the audit log: the chain is begun anew, over events that count as unsigned.
#[tokio::test]
async fn au_1_after_a_lost_secret_the_chain_can_be_begun_anew() {
    let world = World::new(hardened());
    for kind in [EventKind::SignedIn, EventKind::SignedOut] {
        record(&world, kind).await;
    }
    seal(&world).await.unwrap();
    record(&world, EventKind::SignedUp).await;
    let keys = Keyring::single(Secret::new("another secret of 32 characters!".to_owned()));
    let ports = Ports {
        signer: Arc::new(HmacSigner::new(&keys, "audit", Arc::new(SystemEntropy))),
        ..world.context.ports.clone()
    };
    let context = Context::new(ports, hardened());
    assert!(
        SealEvents::new(context.clone())
            .run(&samples::request())
            .await
            .is_err()
    );
    // It may be the wrong secret, and then nothing must be lost.
    let before = world.snapshot();
    let refused = try_restart(&context, FormerSecret::Kept).await;
    assert!(matches!(refused, Err(RestartError::OtherKey)), "{refused:?}");
    assert_eq!(world.snapshot(), before);
    let restarted = try_restart(&context, FormerSecret::Lost).await.unwrap();
    assert_eq!(
        restarted,
        Restarted {
            unsealed: 2,
            refuted: 3
        }
    );
    let restarted = world.snapshot().audit_events.last().unwrap().clone();
    assert_eq!(restarted.kind, "audit.chain_restarted");
    assert_eq!(restarted.actor_id.as_deref(), Some("audit restart-chain"));
    let sealed = SealEvents::new(context.clone()).run(&samples::request()).await;
    assert_eq!(sealed.unwrap(), 4);
    let operator = samples::request().with_actor(Actor::Operator("audit verify"));
    let found = VerifyEvents::new(context).run(&operator).await.unwrap();
    assert_eq!((found.verified, flaw(&found)), (4, None));
}

/// What was altered counts as unsigned after it, and what was not keeps its signature. Retention goes on.
#[tokio::test]
async fn au_1_a_chain_that_is_begun_anew_keeps_the_proofs_that_hold() {
    let world = World::new(hardened());
    sealed_log(&world, &[-400, -390, -10], |sealed| {
        if sealed.seq == 2 {
            sealed.event.details = Some("something else".to_owned());
        }
    })
    .await;
    assert!(purge_after_a_year(&world).await.is_err());
    let signatures = |world: &World| -> Vec<_> {
        let events = world.snapshot().audit_events.into_iter();
        events
            .take(3)
            .map(|event| event.proof.and_then(|proof| proof.signature))
            .collect()
    };
    let before = signatures(&world);
    assert_eq!(
        restart(&world.context).await,
        Restarted {
            unsealed: 3,
            refuted: 1
        }
    );
    assert_eq!(signatures(&world), [before[0].clone(), None, before[2].clone()]);
    assert_eq!(flaw(&verify(&world).await), None);
    seal(&world).await.unwrap();
    assert_eq!(flaw(&verify(&world).await), None);
    assert_eq!(purge_after_a_year(&world).await.unwrap(), 2);
    assert_eq!(flaw(&verify(&world).await), None);
}

/// Broken off anywhere, it is begun again and comes to the same.
#[tokio::test]
async fn dt_2_a_restart_of_the_chain_that_fails_is_run_again() {
    let mut stopped = 0;
    for broken_at in 1.. {
        let world = World::new(hardened());
        sealed_log(&world, &[-3, -2], |sealed| {
            sealed.event.details = Some("something else".to_owned());
        })
        .await;
        let store = Arc::new(FaultyStore::new(world.store.clone(), broken_at));
        let ports = Ports {
            store,
            ..world.context.ports.clone()
        };
        let context = Context::new(ports, hardened());
        let outcome = try_restart(&context, FormerSecret::Kept).await;
        if outcome.is_ok() {
            assert!(stopped > 3, "{stopped}");
            return;
        }
        let chain = world.store.audit_events().find_chain().await.unwrap().unwrap();
        let is_stopped = chain.check(&*world.context.ports.signer).is_err();
        assert_eq!(seal(&world).await.is_err(), is_stopped, "{broken_at}");
        stopped += u32::from(is_stopped);
        restart(&world.context).await;
        seal(&world).await.unwrap();
        assert_eq!(flaw(&verify(&world).await), None, "{broken_at}");
    }
}
