//! Whether the secret is the one that the database was served with before.

use doorward_adapters::crypto::KeyFingerprint;
use doorward_adapters::sea_orm::keys::{KeyCheck, note_current_key};
use doorward_adapters::sea_orm::{DriverError, SeaStore};
use doorward_adapters::system::SystemClock;
use doorward_domain::{Clock, Key, Keyring};

use super::StartError;

/// Says so if the database was last served with a secret that is not there any more.
pub(super) async fn check_keys(keys: &Keyring, store: &SeaStore) -> Result<(), StartError> {
    let fingerprint = |key: &Key| KeyFingerprint::of(&key.secret);
    let known: Vec<_> = keys.keys().map(fingerprint).collect();
    let current = fingerprint(keys.current());
    let outcome = note_current_key(store.connection(), &current, &known, SystemClock.now()).await;
    let failed = |error| StartError::Database(DriverError::from(error).into());
    if let KeyCheck::Unknown { previous } = outcome.map_err(failed)? {
        tracing::warn!(
            %current,
            %previous,
            "this database was last served with another secret, by its fingerprint: sessions signed with that one have ended \
             and emails sealed with it are not sent; if it is known, add it to `secrets` behind the current one"
        );
    }
    Ok(())
}
