use doorward_domain::device::{Device, DeviceToken};
use doorward_domain::user::User;
use doorward_domain::{Inserted, Locked, StoreError, Transaction, UserId};

use crate::Context;

/// Knows the browsers in which users have signed in, where `Security::known_devices` says so (RL-5).
#[derive(Clone, Debug)]
pub struct KnownDevices {
    context: Context,
}

/// The browser of a sign-in.
pub(crate) struct DeviceSignIn {
    /// The token it presented.
    pub(crate) token: Option<DeviceToken>,
    /// Whether the session outlives the browser. A browser that is to forget the session is not remembered either.
    pub(crate) is_remembered: bool,
}

/// What a sign-in says of its browser.
pub(crate) struct DeviceSeen {
    /// The token by which the browser is to be recognised.
    pub(crate) token: Option<DeviceToken>,
    /// Whether the user has signed in before, and never here.
    pub(crate) is_new: bool,
}

impl KnownDevices {
    /// Known devices in this context.
    #[must_use]
    pub const fn new(context: Context) -> Self {
        Self { context }
    }

    /// Whether the user signed in with this browser before. Nobody did with a browser that presents no token.
    pub async fn is_known(&self, user: &UserId, token: Option<&DeviceToken>) -> Result<bool, StoreError> {
        let Some(token) = token.filter(|_| self.are_kept()) else {
            return Ok(false);
        };
        let since = self.context.now() - Device::KNOWN_FOR;
        let devices = self.context.store().devices();
        devices.is_known(user, &token.digest(), since).await
    }

    /// Marks the browser of a sign-in as known to the user, and forgets the oldest ones above the limit.
    ///
    /// A token that the user does not know is replaced by a new one: somebody else may have put it into the browser, and would
    /// have a known device of the user then.
    pub(crate) async fn mark(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        sign_in: DeviceSignIn,
    ) -> Result<DeviceSeen, StoreError> {
        if !self.are_kept() {
            return Ok(DeviceSeen {
                token: None,
                is_new: false,
            });
        }
        let now = self.context.now();
        let live = tx.devices().list(&user.id).await?;
        let live = live
            .into_iter()
            .filter(|device| device.last_seen >= now - Device::KNOWN_FOR);
        let known: Vec<_> = live.map(|device| device.digest).collect();
        let is_known = |token: &DeviceToken| known.contains(&token.digest());
        let presented = sign_in.token.filter(is_known);
        let is_new = presented.is_none() && !known.is_empty();
        let entropy = self.context.entropy();
        let new = || sign_in.is_remembered.then(|| DeviceToken::mint(entropy));
        let token = presented.or_else(new);
        if let Some(token) = &token {
            let device = Device::new(user.id.clone(), token.digest(), now, entropy);
            if tx.devices().mark(&device).await? == Inserted::Inserted {
                tx.devices().trim(&user.id, Device::MOST_PER_USER).await?;
            }
        }
        Ok(DeviceSeen { token, is_new })
    }

    /// Forgets all browsers of the user but the one in which they have just shown to be themselves, and answers its new token:
    /// whoever signed in elsewhere may have had a password that others know.
    pub(crate) async fn keep_only_this(
        &self,
        tx: &dyn Transaction,
        user: &Locked<User>,
        is_remembered: bool,
    ) -> Result<Option<DeviceToken>, StoreError> {
        self.forget(tx, &user.id).await?;
        let browser = DeviceSignIn {
            token: None,
            is_remembered,
        };
        Ok(self.mark(tx, user, browser).await?.token)
    }

    /// Forgets all browsers of the user.
    pub(crate) async fn forget(&self, tx: &dyn Transaction, user: &UserId) -> Result<(), StoreError> {
        if self.are_kept() {
            tx.devices().forget(user).await?;
        }
        Ok(())
    }

    fn are_kept(&self) -> bool {
        self.context.settings.security.known_devices
    }
}
