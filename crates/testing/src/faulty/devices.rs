use async_trait::async_trait;
use chrono::{DateTime, Utc};
use doorward_domain::device::{Device, DeviceRepository};
use doorward_domain::{Inserted, Repositories, TokenDigest, UserId};

use super::{Answer, Faulty, Refers};

#[async_trait]
impl<S: Refers> DeviceRepository for Faulty<S> {
    async fn is_known(&self, user: &UserId, device: &TokenDigest, since: DateTime<Utc>) -> Answer<bool> {
        self.inner.devices().is_known(user, device, since).await
    }

    async fn mark(&self, device: &Device) -> Answer<Inserted> {
        self.write()?;
        self.inner.devices().mark(device).await
    }

    async fn list(&self, user: &UserId) -> Answer<Vec<Device>> {
        self.inner.devices().list(user).await
    }

    async fn trim(&self, user: &UserId, keep: u64) -> Answer<u64> {
        self.write()?;
        self.inner.devices().trim(user, keep).await
    }

    async fn forget(&self, user: &UserId) -> Answer<u64> {
        self.write()?;
        self.inner.devices().forget(user).await
    }

    async fn purge_unseen(&self, before: DateTime<Utc>, limit: u64) -> Answer<u64> {
        self.write()?;
        self.inner.devices().purge_unseen(before, limit).await
    }
}
