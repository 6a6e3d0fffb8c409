//! What the database needs the secrets for.

use doorward_adapters::crypto::KeyFingerprint;
use doorward_adapters::sea_orm::DriverError;
use doorward_adapters::sea_orm::keys::{SignedLog, sealed_emails, signed_log};
use doorward_domain::{Key, KeyId};

use super::StartError;
use super::ports::open_to_look;
use crate::configuration::Configuration;

/// A secret, and what waits for it in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Its id.
    pub id: KeyId,
    /// What tells it from other secrets, on every node, without showing it.
    pub fingerprint: String,
    /// How many emails wait that are sealed with it.
    pub waiting_emails: u64,
    /// How many audit events it signed. They cannot be verified without it, and so are not removed either.
    pub audit_events: u64,
    /// Whether it signed how far the chain of audit events reaches. Without it nothing is sealed.
    pub signs_audit_chain: bool,
}

/// What the database needs secrets for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The configured secrets, the current one first.
    pub keys: Vec<KeyUse>,
    /// How many emails wait that none of them opens.
    pub unreadable_emails: u64,
}

/// Which secrets there are, how many emails wait for each, and what of the audit log each signed.
pub async fn key_report(configuration: &Configuration) -> Result<KeyReport, StartError> {
    let keys = &configuration.secrets;
    let store = open_to_look(configuration).await?;
    let failed = |error| StartError::Database(DriverError::from(error).into());
    let sealed = sealed_emails(store.connection()).await.map_err(failed)?;
    let mut logs = Vec::new();
    for key in keys.keys() {
        let fingerprint = KeyFingerprint::of(&key.secret);
        logs.push(
            signed_log(store.connection(), &fingerprint)
                .await
                .map_err(failed)?,
        );
    }
    store.connection().clone().close().await.map_err(failed)?;
    let oldest = keys.oldest().id;
    let used = |(key, log): (&Key, SignedLog)| {
        let fingerprint = KeyFingerprint::of(&key.secret).to_string();
        let its = sealed.iter().filter(|group| match &group.fingerprint {
            Some(other) => *other == fingerprint,
            None => key.id == oldest,
        });
        KeyUse {
            id: key.id,
            waiting_emails: its.map(|group| group.emails).sum(),
            audit_events: log.events,
            signs_audit_chain: log.is_chain,
            fingerprint,
        }
    };
    let keys: Vec<_> = keys.keys().zip(logs).map(used).collect();
    let all: u64 = sealed.iter().map(|group| group.emails).sum();
    let readable: u64 = keys.iter().map(|key| key.waiting_emails).sum();
    Ok(KeyReport {
        unreadable_emails: all - readable,
        keys,
    })
}
