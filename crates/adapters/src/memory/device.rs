use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::device::{Device, DeviceRepository};
use doorward_domain::{Constraint, Inserted, StoreError, TokenDigest, UserId};

use super::store::{Access, MemoryRepositories, purge_expired, remove};

/// The user's devices, the one seen last first.
fn of_user<'a>(devices: &'a [Device], user: &UserId) -> Vec<&'a Device> {
    let mut theirs: Vec<_> = devices.iter().filter(|device| device.user_id == *user).collect();
    theirs.sort_by(|a, b| (b.last_seen, &b.id).cmp(&(a.last_seen, &a.id)));
    theirs
}

#[async_trait]
impl<A: Access> DeviceRepository for MemoryRepositories<A> {
    async fn is_known(
        &self,
        user: &UserId,
        device: &TokenDigest,
        since: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let is_meant =
            |known: &Device| known.user_id == *user && known.digest == *device && known.last_seen >= since;
        Ok(self.read(|tables| tables.devices.iter().any(is_meant)))
    }

    async fn mark(&self, device: &Device) -> Result<Inserted, StoreError> {
        self.write(|tables| {
            let mut devices = tables.devices.iter_mut();
            let known =
                devices.find(|known| known.user_id == device.user_id && known.digest == device.digest);
            if let Some(known) = known {
                known.last_seen = device.last_seen;
                return Ok(Inserted::AlreadyThere);
            }
            if tables.devices.iter().any(|other| other.id == device.id) {
                return Err(StoreError::Conflict(Constraint::Other));
            }
            tables.devices.push(device.clone());
            Ok(Inserted::Inserted)
        })
        .await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Device>, StoreError> {
        Ok(self.read(|tables| of_user(&tables.devices, user).into_iter().cloned().collect()))
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| {
                let keep = usize::try_from(keep).unwrap_or(usize::MAX);
                let theirs = of_user(&tables.devices, user);
                let old: Vec<_> = theirs
                    .into_iter()
                    .skip(keep)
                    .map(|device| device.id.clone())
                    .collect();
                remove(&mut tables.devices, |device| old.contains(&device.id))
            })
            .await)
    }

    async fn forget(&self, user: &UserId) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| remove(&mut tables.devices, |device| device.user_id == *user))
            .await)
    }

    async fn purge_unseen(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        Ok(self
            .write(|tables| purge_expired(&mut tables.devices, limit, |device| device.last_seen < before))
            .await)
    }
}
