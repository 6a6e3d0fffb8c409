//! What the database remembers of the secrets it was used with.

use std::sync::Arc;

use doorward_adapters::crypto::{AeadSealer, HmacSigner, KeyFingerprint};
use doorward_adapters::sea_orm::keys::{
    KeyCheck, SealedEmails, SignedLog, note_current_key, sealed_emails, signed_log,
};
use doorward_domain::audit::{Chain, EventKind};
use doorward_domain::{Keyring, Repositories, Sealer, Secret, UserId};
use doorward_testing::samples::{self, at};
use doorward_testing::{SeededEntropy, TestDatabase};

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

fn fingerprint(secret: &str) -> KeyFingerprint {
    KeyFingerprint::of(&Secret::new(secret.to_owned()))
}

#[tokio::test]
async fn kr_1_another_secret_than_at_the_start_before_is_noticed() {
    for test in databases().await {
        let store = test.store().await;
        let start = async |secrets: &[&str]| {
            let known: Vec<_> = secrets.iter().map(|secret| fingerprint(secret)).collect();
            note_current_key(store.connection(), &known[0], &known, at(0))
                .await
                .unwrap()
        };
        let unknown = |secret: &str| KeyCheck::Unknown {
            previous: fingerprint(secret).to_string(),
        };
        assert_eq!(start(&["old"]).await, KeyCheck::Known, "nobody was here before");
        assert_eq!(start(&["old"]).await, KeyCheck::Known);
        // A rotation on two nodes, one after the other, and the removal of the old secret.
        for node in [
            ["old", "new"],
            ["old", "new"],
            ["new", "old"],
            ["old", "new"],
            ["new", "old"],
        ] {
            assert_eq!(start(&node).await, KeyCheck::Known, "{node:?}");
        }
        assert_eq!(start(&["new"]).await, KeyCheck::Known);
        // The secret was lost, or another node has one of its own.
        assert_eq!(start(&["other"]).await, unknown("new"));
        assert_eq!(start(&["other"]).await, KeyCheck::Known, "once said");
        assert_eq!(start(&["new"]).await, unknown("other"));
        store.connection().clone().close().await.unwrap();
    }
}

#[tokio::test]
async fn kr_2_emails_that_wait_are_counted_by_their_secret() {
    for test in databases().await {
        let empty = test.connection().await;
        assert_eq!(sealed_emails(&empty).await.unwrap(), [], "there is no outbox yet");
        empty.close().await.unwrap();
        let store = test.store().await;
        assert_eq!(sealed_emails(store.connection()).await.unwrap(), []);
        let sealed = |secret: &str| {
            let keys = Keyring::single(Secret::new(secret.to_owned()));
            AeadSealer::new(&keys, "outbox", Arc::new(SeededEntropy::default())).seal(b"email")
        };
        for (id, text) in [
            ("a", sealed("new")),
            ("b", sealed("old")),
            ("c", sealed("new")),
            ("d", "v1.AAAA".to_owned()),
        ] {
            test.execute(&format!(
                r#"INSERT INTO doorward_outbox ("id", "sealed", "attempts", "dueAt", "createdAt") VALUES
                    ('{id}', '{text}', 0, '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z')"#
            ))
            .await;
        }
        let counted = sealed_emails(store.connection()).await.unwrap();
        for (fingerprint, emails) in [
            (Some(fingerprint("new").to_string()), 2),
            (Some(fingerprint("old").to_string()), 1),
            (None, 1),
        ] {
            let expected = SealedEmails { fingerprint, emails };
            assert!(counted.contains(&expected), "{counted:?}");
        }
        assert_eq!(counted.len(), 3);
        store.connection().clone().close().await.unwrap();
    }
}

#[tokio::test]
async fn kr_2_what_of_the_audit_log_needs_a_secret_is_counted() {
    for test in databases().await {
        let empty = test.connection().await;
        let old = fingerprint("old");
        assert_eq!(signed_log(&empty, &old).await.unwrap(), SignedLog::default());
        empty.close().await.unwrap();
        let store = test.store().await;
        let signer = |secret: &str| {
            let keys = Keyring::single(Secret::new(secret.to_owned()));
            HmacSigner::new(&keys, "audit", Arc::new(SeededEntropy::default()))
        };
        let events = store.audit_events();
        let begun = Chain::empty(&signer("old"));
        assert!(events.insert_chain(&begun).await.unwrap().is_inserted());
        let mut chain = begun.clone();
        for (id, secret) in [("a", "old"), ("b", "old"), ("c", "new")] {
            let event = samples::event(id, EventKind::SignedIn, &UserId::from_stored("ada"), at(0));
            events.insert(&event).await.unwrap();
            let sealed = chain.seal(event, &signer(secret));
            assert!(events.seal(&sealed).await.unwrap().is_applied());
            chain = chain.up_to(&sealed, &signer(secret));
        }
        for (is_old_chain, secret, number) in [(true, "old", 2), (false, "new", 1), (false, "none", 0)] {
            let found = signed_log(store.connection(), &fingerprint(secret))
                .await
                .unwrap();
            let expected = SignedLog {
                events: number,
                is_chain: is_old_chain,
            };
            assert_eq!(found, expected, "{secret}");
        }
        assert!(events.update_chain(&begun, &chain).await.unwrap().is_applied());
        let new = signed_log(store.connection(), &fingerprint("new")).await.unwrap();
        assert!(new.is_chain);
        store.connection().clone().close().await.unwrap();
    }
}
