use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Device;
use crate::{Inserted, StoreError, TokenDigest, UserId};

/// Where the known devices of users are kept. They go with their user.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait DeviceRepository: Send + Sync {
    /// Whether the user signed in with this device at `since` or later.
    async fn is_known(
        &self,
        user: &UserId,
        device: &TokenDigest,
        since: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Adds the device, or where the user knows it already, sets when it was seen last, and answers which. There is one row
    /// for a user and a device.
    async fn mark(&self, device: &Device) -> Result<Inserted, StoreError>;

    /// The devices of the user, the one seen last first.
    async fn list(&self, user: &UserId) -> Result<Vec<Device>, StoreError>;

    /// Removes those of the user's devices that were seen before the `keep` seen last, and answers how many.
    async fn trim(&self, user: &UserId, keep: u64) -> Result<u64, StoreError>;

    /// Removes all devices of the user, and answers how many.
    async fn forget(&self, user: &UserId) -> Result<u64, StoreError>;

    /// Removes at most `limit` devices that were seen last before `before`.
    async fn purge_unseen(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError>;
}
